/* A compiled journey definition: immutable, valid as long as its catalog. One YAML file is one
 * journey, with its texts in every language, so that its content hash pins all that a run needs.
 * docs/reference/journeys.md describes the YAML. Pure data, any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "core/condition.h"
#include "core/person.h"
#include "core/template.h"

/* A text in all languages of the catalog. NULL pointer to one = not given. */
struct message {
    struct str key; /* where it stands: "superior_onboarding/first_win/message", for explain */
    const struct template **by_language; /* indexed as catalog_languages */
};

enum trigger {
    TRIGGER_NONE = 0, /* only by `nudge onboarding trigger` and the API */
    TRIGGER_FIRST_CONTACT,
    TRIGGER_EXISTING_CONTACT, /* someone who joined before the rollout began writes to us */
    TRIGGER_COMMITMENT_MADE,
    TRIGGER_COMMITMENT_COMPLETED,
    TRIGGER_COMMITMENT_MISSED,
    TRIGGER_INACTIVITY, /* `after` without activity; at most once in one silence */
    TRIGGER_STREAK      /* a streak length in `streaks` was reached */
};

enum stage { STAGE_NONE = 0, STAGE_EXISTING_RESCUE, STAGE_EXISTING_AMPLIFICATION };

enum again { AGAIN_ALWAYS = 0, AGAIN_NEVER, AGAIN_AFTER /* again_after_ms since the last entry */ };

/* What the delay of a step counts from. A skipped step leaves "previous" where it was. */
enum anchor {
    ANCHOR_PREVIOUS =
        0, /* previous step completed (sent, when it expects nothing); entry for the first */
    ANCHOR_ENTERED,
    ANCHOR_PLANNED, /* the commitment's planned time, when it has one, else when it was made; it
                     * moves when the plan is postponed */
    ANCHOR_JOINED
};

enum expects { EXPECTS_NOTHING = 0, EXPECTS_BUTTON, EXPECTS_TEXT, EXPECTS_BUTTON_OR_TEXT };

/* How a text answer is read and what it makes. */
enum takes {
    TAKES_TEXT = 0, /* whole text */
    TAKES_WORD,     /* first word, <= 32 graphemes */
    TAKES_ACTION,   /* what was done; makes a completed commitment (source onboarding) */
    TAKES_PLAN      /* what + when; makes an open commitment planned for the user's tomorrow */
};

/* Verbs of a button; a button may have several, done in order, before the leave rules look at what
 * happened. Buttons of any step already sent count as long as the run is active, whether the step
 * waits for them or not: a step that expects nothing may have buttons. */
enum verb {
    VERB_COMPLETE = 0, /* the step is completed by this button */
    VERB_OVERWHELMED,  /* offer the ultra-micro alternative */
    VERB_ANSWER,       /* as if `value` had been written */
    VERB_COMMITMENT_COMPLETE,
    VERB_COMMITMENT_HALVE,    /* largest rung <= half, confirmed */
    VERB_COMMITMENT_POSTPONE, /* planned time + 4 h, one check-in re-armed */
    VERB_COMMITMENT_DROP,
    VERB_COMMITMENT_MAKE, /* a new small one, its text = `value` */
    VERB_SIZE_UP,         /* suggestion for the next one: one rung up */
    VERB_SIZE_SAME,
    VERB_STORE, /* amplification_choice = `value` */
    VERB_RATE_HELPFUL,
    VERB_RATE_UNHELPFUL,
    VERB_LEAVE, /* end the run */
    VERB_STAY,  /* acknowledge only */
    VERB_COUNT
};

enum { VERBS_PER_BUTTON = 4 };

struct step_button {
    struct str id; /* <= 16 bytes, in the token */
    const struct message *text;
    const struct message
        *value; /* of VERB_ANSWER, VERB_COMMITMENT_MAKE, VERB_STORE; NULL: the id */
    const struct message *reply; /* sent after it (class reply), NULL: none */
    enum verb verbs[VERBS_PER_BUTTON];
    int verb_count;
};

/* One thing we say: text, buttons, what ends it. */
struct prompt {
    const struct message *text;
    const struct message *picture;     /* URL, NULL: none */
    const struct message *picture_alt; /* what it shows, in words; NULL: decoration */
    struct step_button *buttons;
    int button_count;
    bool accepts_any; /* recovery, ultra: any word or button back completes the step */
};

struct variant {
    struct str id;
    const struct message *text;
    double weight;
};

struct step {
    struct str id;   /* "first_win" */
    struct str was;  /* its id in the version before, "" the same */
    struct str name; /* for people: "First win" */
    int number;      /* 1-based, as in row names step_1 … */
    enum message_class class;
    enum anchor anchor;
    int64_t after_ms;
    struct condition *when; /* NULL: always; false when due: the step is skipped */
    struct prompt prompt;
    struct str experiment; /* "" none: variants of prompt.text, which is the first */
    struct variant *variants;
    int variant_count;
    int allocation; /* enum experiment_allocation, of the experiment when it is started */
    double floor;   /* its lowest weight; 0: not said */
    enum expects expects;
    enum takes takes;
    struct str stores;                 /* key in run answers, "" none */
    const struct message *ask_when;    /* TAKES_PLAN: asks for the time when only the what came */
    double target;                     /* percent, 0: none */
    int64_t no_answer_ms;              /* 0: never */
    int64_t expires_after_ms;          /* default: no_answer_ms, else 24 h */
    struct prompt *recovery;           /* NULL: none */
    struct prompt *ultra;              /* NULL: none */
    const struct message *celebration; /* NULL: none */
    const struct message *celebration_later; /* used when the day of step 1 is over; NULL: same */
};

enum leave_on {
    LEAVE_ON_ACTIVITY = 0,
    LEAVE_ON_COMMITMENT_MADE,
    LEAVE_ON_COMMITMENT_COMPLETED, /* of the run's subject, when it has one */
    LEAVE_ON_COMMITMENT_ENDED,     /* subject completed, dropped or missed */
    LEAVE_ON_ANSWERED              /* the waiting step was answered */
};

struct leave_rule {
    enum leave_on on;
    bool graduates; /* outcome completed instead of left: onboarding, when a commitment is made */
};

struct journey {
    struct str name;
    struct str version; /* for people: "2.0" */
    struct str hash;    /* SHA-256 of the file, hex: identifies the definition */
    struct str source;  /* the YAML text */
    struct str file;
    enum journey_set set;
    enum message_class class;
    struct str sequence;     /* sequence_type in rows */
    bool is_onboarding;      /* family of states and deliveries; completes_as etc. apply */
    struct str replaces;     /* the other set's journey of the pair, "" none */
    struct str completes_as; /* onboarding_version on graduation: "superior_v2.0" */

    enum trigger trigger;
    int64_t trigger_after_ms; /* TRIGGER_INACTIVITY */
    const int *streaks;
    int streak_count;
    struct condition *when;
    enum again again;
    int64_t again_after_ms;
    bool per_commitment; /* subject of the run = the commitment of the trigger */
    bool needs_plan;     /* enters only for commitments with a planned time */
    enum stage stage;    /* for existing users: must be open */

    struct leave_rule *leaves;
    int leave_count;
    int64_t ends_after_ms; /* then the run expires; 0: never */
    /* What ends_after counts from: ANCHOR_PREVIOUS the last message sent (entry when there was
     * none), ANCHOR_ENTERED, ANCHOR_PLANNED. A run whose next message is still to come does not end
     * by ANCHOR_PREVIOUS. */
    enum anchor ends_anchor;

    /* abandonment: silent for abandon_after_ms after a recovery (a step without one: after sending)
     */
    int64_t abandon_after_ms; /* 0: none */
    const struct message *abandonment;
    int64_t give_up_after_ms; /* since the abandonment message */
    int partial_after_step;   /* with this many steps done giving up graduates (flag partial); 0:
                                 never */

    const struct message *graduation;
    const struct message *graduation_early; /* left by making a commitment; NULL: graduation */
    struct prompt *rating;                  /* buttons helpful / not; NULL: none */

    struct condition *goal; /* NULL: none; counted in reports */
    struct step *steps;
    int step_count;
};
