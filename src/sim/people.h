/* The people of a rehearsal: personas read from YAML (docs/reference/simulate.md). A persona is a
 * list of chances; who somebody is and what they do is drawn from it. Immutable once read, any
 * thread may read. */
#pragma once

#include "base/calendar.h"
#include "core/catalog.h"
#include "core/schema.h"
#include "sim/draw.h"

/* What a message asks of the person, whatever journey it belongs to. */
enum ask {
    ASK_TAP,        /* a button: a step of onboarding that takes nothing else */
    ASK_WORD,       /* one word, or any text */
    ASK_ACTION,     /* something to be done at once and told */
    ASK_PLAN,       /* what and when */
    ASK_INVITATION, /* to commit to something of one's own, by /commit */
    ASK_RECOVERY,   /* the smaller task after silence */
    ASK_SMALLER,    /* the smallest one, after "too much" */
    ASK_LAST_CALL,  /* before giving up */
    ASK_FOLLOWUP,   /* about a commitment of theirs */
    ASK_NUDGE,      /* anything else that begins with us and has buttons */
    ASK_RATING,
    ASK_COUNT,
    ASK_NOTHING = ASK_COUNT /* praise, answers: nobody has to do anything */
};
/* "tap", …, as in the file. */
const char *ask_name(enum ask ask);

enum { CHOICES_MAX = 16, SAYINGS_MAX = 64, PERSONAS_MAX = 32, JOINING_DAYS_MAX = 90 };

/* Names with weights. */
struct choices {
    struct str names[CHOICES_MAX];
    int weights[CHOICES_MAX];
    int count;
};

/* What people write, in one language. */
struct sayings {
    struct str items[SAYINGS_MAX];
    int count;
};
enum saying { SAY_WORD, SAY_ACTION, SAY_PLAN, SAY_COMMITMENT, SAY_TOO_MUCH, SAY_HELLO, SAY_COUNT };
struct voice {
    struct str language;
    struct sayings says[SAY_COUNT];
};

/* Chances are in 1/10000. */
struct persona {
    struct str id;
    int share; /* weight among the personas */
    struct choices languages;
    struct choices zones;
    const struct zone *zone_of[CHOICES_MAX]; /* as zones */
    int hours[24];                           /* of each local hour: factor of chances; 0: asleep */
    int weekdays[7];                         /* Monday first */
    int answers[ASK_COUNT];
    struct span delay;   /* until they answer */
    int pressure;        /* each unanswered message of the last day takes so much of the chance */
    int too_much;        /* says so instead of doing the task */
    int blocks;          /* chance to block us, for each unanswered message of the last day */
    int commits_before;  /* a day, by themselves, before the first commitment of their own */
    int commits_after;   /* and after it */
    int does;            /* keeps a commitment without being asked */
    int tells;           /* and says so by themselves */
    int does_when_asked; /* a message about it makes them do it after all, and say so */
    struct span doing;   /* from committing to having done it */
};

struct people {
    struct str name;
    struct str about;
    int64_t joining_ms; /* people join over so long */
    struct persona personas[PERSONAS_MAX];
    int persona_count;
    int shares[PERSONAS_MAX];
    struct voice voices[LANGUAGES_MAX];
    int voice_count;
};

/* Compiles one file into the arena. On ERR_INVALID every mistake is in *ret_mistakes, sorted. */
MUST_CHECK enum err people_read(struct arena *arena, struct str file, struct str yaml,
                                const struct people **ret_people, struct mistakes *ret_mistakes);
/* The set that is part of the program. */
MUST_CHECK enum err people_read_embedded(struct arena *arena, const struct people **ret_people,
                                         struct mistakes *ret_mistakes);
/* What somebody of the language may write; never NULL. */
const struct voice *people_voice(const struct people *people, struct str language);
