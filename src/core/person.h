/* What we know about one person, as plain data: the user, active runs, commitments, and the
 * deliveries that the present input is about. Loaded by the store, changed in place by the core,
 * saved by the store. All pointers live in the arena of the batch.
 *
 * Rows that wait for an instant carry it as next_at_ms (0: they wait for nothing). The store keeps
 * one narrow due row for each such instant; `saved_next_at_ms` is what it last wrote. That is the
 * only way to wait for anything. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "core/channel_kind.h"

/* ---- the user ---- */

enum journey_set { SET_ORIGINAL = 0, SET_OPTIMIZED = 1, SET_BOTH = 2 /* of journeys only */ };

enum reach {
    REACH_NONE = 0, /* no address on this channel */
    REACH_OK = 1,
    REACH_BLOCKED = 2, /* the person blocked the bot; a later message of theirs lifts it */
    REACH_GONE = 3     /* account deleted, chat unknown, never started */
};

struct contact {
    struct str address; /* Telegram chat id in decimal, web-chat session id, e-mail address */
    enum reach reach;
};

/* Holds that an operator put there; the others are the person's own wish. */
enum operator_hold { OPERATOR_STOPPED = 1, OPERATOR_PAUSED = 2 };

/* What the next plain text of the person means, when the bot asked for something. */
enum dialog {
    DIALOG_NONE = 0,
    DIALOG_COMMITMENT_TEXT = 1, /* after /commit without text */
    DIALOG_FEEDBACK_TEXT = 2,
    DIALOG_RENAME = 3, /* dialog_ref: commitment */
    DIALOG_ZONE = 4,
    DIALOG_QUIET_HOURS = 5,
    DIALOG_EMAIL = 6,
    DIALOG_EMAIL_CODE = 7,
    DIALOG_DELETE = 8, /* confirmation of erasure */
    DIALOG_PLAN_WHEN =
        9 /* step "plan tomorrow": the what is known, the when was asked; dialog_ref: run */
};

struct user {
    int64_t id;
    int64_t joined_at_ms;
    struct str first_name;
    struct str username;
    struct str source; /* deep-link payload or integration it came from; "" unknown */
    char language[12]; /* chosen or from the channel; "" = installation default */
    char zone[64];     /* IANA; "" = installation default */
    struct contact contacts[CHANNEL_COUNT];
    enum channel_kind channel; /* where we write to */

    /* assignment: stored once, for good */
    enum journey_set set;
    bool set_assigned;
    bool is_test;
    bool is_held;  /* imported: no nudge, nothing about the past, until its stage opens */
    bool existing; /* imported: joined before the rollout began, and elsewhere */
    bool is_erased;
    int64_t alias_of; /* of a shell that was joined into another person: that person; else 0 */

    /* consent and pressure */
    bool stopped;
    int64_t paused_until_ms; /* 0: not paused */
    unsigned operator_holds; /* enum operator_hold */
    bool crisis_hold;        /* all proactive messages held until an admin or the person resumes */
    int quiet_from_minute;   /* -1: the installation's */
    int quiet_to_minute;
    int64_t nudge_last_at_ms;
    int64_t nudge_day; /* local day number that nudge_count is about */
    int nudge_count;
    int64_t followup_day;
    int followup_count;

    /* counters, kept by the same transaction as what they count; `doctor` recounts them */
    int commitments_total;
    int commitments_completed;
    int commitments_quick;   /* completed within 24 h of being made */
    int commitments_outside; /* made outside onboarding */
    int commitments_outside_completed;
    int commitments_missed;
    int commitments_dropped;
    int64_t completion_ms_sum; /* over completed */
    int64_t first_commitment_at_ms;
    int64_t first_completion_at_ms;

    /* habit */
    int64_t activity_last_at_ms;
    int64_t activity_day;   /* local day number of bit 0 of activity_days */
    uint64_t activity_days; /* bit k: active k days before activity_day */
    int streak_days;        /* ending on streak_day */
    int streak_best_days;
    int64_t streak_day; /* local day number of the last completion */
    int ladder_rung;    /* index of the suggested size; -1: none yet */
    int quick_in_row;
    int misses_in_row;

    /* onboarding */
    bool onboarding_completed;
    int64_t onboarding_completed_at_ms;
    struct str onboarding_version; /* "superior_v2.0" */
    struct str feeling_word;
    struct str amplification_choice;
    bool in_group;
    bool leaderboard_opt_in;
    int64_t help_last_at_ms; /* two /help within an hour count as a support request */

    /* journeys */
    struct str entered; /* JSON object: journey -> instant of its last entry in ms; "" none yet */
    int64_t onboarding_ended_at_ms; /* the clocks of inactivity start anew then; 0: never ended */

    enum dialog dialog;
    int64_t dialog_ref;
    int64_t dialog_at_ms;

    int64_t event_last_id;    /* head of this user's chain of events */
    int64_t delivery_last_id; /* head of the chain of deliveries; the store's business alone */
    int64_t decision_last_id; /* head of the chain of decisions; the engine's business alone */

    /* the user's own timer: end of a pause, inactivity (lazily re-armed) */
    int64_t next_at_ms;
    int64_t saved_next_at_ms;
    bool saved_is_test; /* whether the messages saved so far count; the store's business alone */
    bool is_new;
    bool changed;
};

/* ---- commitments ---- */

enum commitment_state {
    COMMITMENT_ACTIVE = 0, /* open */
    COMMITMENT_COMPLETED = 1,
    COMMITMENT_MISSED = 2,
    COMMITMENT_DROPPED = 3
};

enum repeat_kind { REPEAT_NONE = 0, REPEAT_DAILY = 1, REPEAT_WEEKDAYS = 2, REPEAT_WEEKLY = 3 };

struct commitment {
    int64_t id;
    int64_t user_id;
    enum commitment_state state;
    enum commitment_state undo_state; /* what /undo within 10 minutes returns to */
    int64_t undo_until_ms;            /* 0: nothing to undo */
    struct str text;
    int size_s;             /* 0: not known; seconds, since the smallest rung is half a minute */
    struct str source;      /* "onboarding", "chat", "api", … */
    struct str external_id; /* id of an integration; "" none */
    int64_t created_at_ms;
    int64_t planned_at_ms; /* 0: no planned time */
    int64_t due_at_ms;     /* planned, else created + 24 h */
    int64_t completed_at_ms;
    int64_t ended_at_ms; /* missed or dropped */
    enum repeat_kind repeat;
    int repeat_weekday; /* 1 Monday .. 7 */
    int repeat_minute;  /* of the local day */
    int followups;      /* messages of class followup about it so far */
    int64_t next_at_ms; /* missed timer of an open one */
    int64_t saved_next_at_ms;
    bool is_new;
    bool changed;
};

/* ---- runs ---- */

enum run_phase {
    PHASE_DUE = 0,      /* the step's message is to be sent at next_at_ms */
    PHASE_SENDING = 1,  /* its delivery exists and has no outcome yet; next action: the delivery */
    PHASE_WAITING = 2,  /* sent; waits for the answer, no-answer timer at next_at_ms */
    PHASE_RECOVERY = 3, /* recovery sent (or being sent); waits, abandonment at next_at_ms */
    PHASE_ABANDONING = 4, /* abandonment message sent; gives up at next_at_ms */
    PHASE_RATING = 5,     /* never active: graduated, the one-tap rating may still come */
    PHASE_ENDED = 6
};

enum run_outcome {
    RUN_ACTIVE = 0,
    RUN_COMPLETED = 1, /* graduated, or the last step passed */
    RUN_LEFT = 2,      /* a leave rule held (activity, completed, dropped, …) */
    RUN_ABANDONED = 3,
    RUN_EXPIRED = 4,
    RUN_ROLLED_BACK = 5,
    RUN_STOPPED = 6 /* /stop, erasure */
};

enum run_flag {
    RUN_FLAG_PARTIAL = 1,  /* graduated by giving up after step 3 */
    RUN_FLAG_ASSISTED = 2, /* some step completed by its recovery or ultra-micro alternative */
    RUN_FLAG_OVERWHELMED = 4,
    RUN_FLAG_RATED = 8,
    RUN_FLAG_TEST = 16,
    RUN_FLAG_RECOVERED = 32, /* the recovery of the present step was offered */
    RUN_FLAG_POSTPONED = 64  /* "need more time": the check-in comes once more, then nothing */
};

enum { RUN_STEPS_MAX = 32 };

struct run {
    int64_t id;
    int64_t user_id;
    struct str journey;    /* name */
    struct str definition; /* content hash of the definition it started with, hex */
    struct str sequence;   /* name in rows, e.g. superior_onboarding_v2 */
    int64_t subject_id;    /* commitment it is about, 0: none */
    enum run_outcome outcome;
    enum run_phase phase;
    int step;       /* index of the present step */
    bool ultra;     /* the ultra-micro alternative of the present step was offered */
    unsigned flags; /* enum run_flag */
    int64_t entered_at_ms;
    int64_t ended_at_ms;
    int64_t anchor_at_ms; /* when the previous step was completed or sent: delays count from it */
    int64_t delivery_id;  /* of the latest message of the run, 0: none that is of use */
    int64_t step_sent_at_ms[RUN_STEPS_MAX];
    int64_t step_completed_at_ms[RUN_STEPS_MAX];
    uint32_t steps_assisted; /* bit per step */
    struct str answers;      /* JSON object: user_feeling_word, chosen_action, … */
    struct str variants;     /* JSON object: experiment -> variant */
    int64_t held_ms;         /* time the present step was held by quiet hours or pause */
    int64_t next_at_ms;
    int64_t saved_next_at_ms;
    bool is_new;
    bool changed;
};

/* ---- deliveries ---- */

enum message_class { CLASS_REPLY = 0, CLASS_ONBOARDING = 1, CLASS_FOLLOWUP = 2, CLASS_NUDGE = 3 };

/* What a delivery is of its step. */
enum message_kind {
    KIND_STEP = 0,
    KIND_RECOVERY = 1,
    KIND_ULTRA = 2,
    KIND_CELEBRATION = 3,
    KIND_ABANDONMENT = 4,
    KIND_GRADUATION = 5,
    KIND_RATING = 6,
    KIND_REPLY = 7, /* answer to a command, a text, a button; belongs to no step */
    KIND_BROADCAST = 8,
    KIND_COUNT
};

/* The state only moves forward (core/delivery.h holds the table). */
enum delivery_state {
    DELIVERY_SCHEDULED = 0,
    DELIVERY_SENDING = 1,
    DELIVERY_UNCERTAIN = 2, /* the provider's answer was lost */
    DELIVERY_SENT = 3,
    DELIVERY_DELIVERED = 4,
    DELIVERY_OPENED = 5,
    DELIVERY_CLICKED = 6,
    DELIVERY_SUPPRESSED = 7, /* never sent, see reason */
    DELIVERY_EXPIRED = 8,
    DELIVERY_FAILED = 9, /* refused for good */
    DELIVERY_DEAD = 10,  /* retries used up; can be retried by hand */
    DELIVERY_STATE_COUNT
};

struct button {
    struct str text;
    struct str token; /* callback data, <= 64 bytes; "" when url is given */
    struct str url;
};

/* How the store counted a message last. Its business alone. */
struct counted_delivery {
    bool is_counted;
    bool is_answered;
    enum delivery_state state;
    enum channel_kind channel;
    int64_t day; /* UTC */
    struct str sequence;
};

struct delivery {
    int64_t id;
    int64_t user_id;
    int64_t previous_id;   /* the user's delivery before it; set by the store */
    int64_t run_id;        /* 0: none */
    int64_t commitment_id; /* 0: none */
    int64_t broadcast_id;  /* 0: none */
    struct str journey;
    struct str
        sequence;    /* sequence_type in rows; recoveries and celebrations have their own names */
    struct str step; /* step id */
    int step_index;  /* -1: none */
    enum message_kind kind;
    enum message_class class;
    enum channel_kind channel;
    struct str address;
    struct str language;
    struct str variant;
    struct str text;        /* Markdown, rendered; "" until first claimed */
    struct str picture;     /* URL, "" none */
    struct str picture_alt; /* what it shows, in words; "" decoration */
    struct button *buttons;
    int button_count;
    enum delivery_state state;
    struct str
        reason; /* short machine word: why suppressed, expired, failed, dead; sent without what */
    int64_t created_at_ms;
    int64_t expires_at_ms; /* 0: never */
    int64_t sent_at_ms;
    int64_t answered_at_ms;
    int attempts;
    int uncertain;          /* how often the answer was lost */
    struct str provider_id; /* message id of the channel */
    int64_t next_at_ms;     /* due (scheduled), or when a sending one counts as lost */
    int64_t saved_next_at_ms;
    int saved_line; /* delivery_line() then */
    bool is_new;
    bool changed;
    bool dispatch; /* set by the core: hand to the channel after the commit */
    struct counted_delivery counted;
};

/* ---- the person ---- */

struct person {
    struct user user;
    struct run **runs; /* active ones, the one the input refers to, and new ones */
    int run_count, run_capacity;
    struct commitment **commitments; /* open, of the last 90 days, referred to, new; newest last */
    int commitment_count, commitment_capacity;
    struct delivery *
        *deliveries; /* the one the input refers to, the pending ones of its runs, new */
    int delivery_count, delivery_capacity;
    /* A sent delivery (it need not be loaded) that the present input answered: the store sets its
     * answered_at_ms where that is 0, and clears this. 0: none. */
    int64_t answered_delivery_id;
    int64_t answered_at_ms;
    /* Loaded only for inputs that need it (input_needs_history): instants of activity of the last
     * 60 days, oldest first. */
    const int64_t *activity_at_ms;
    int activity_count;
    bool has_history;
    /* Why some of its rows cannot be read, "" all is well. Then nothing else but user.id is to be
     * used, and nothing is decided about this person. */
    struct str broken;
};

/* A new person: zeroed but for what "not set" is another number; is_new and changed are set. */
void person_init(struct person *person, int64_t user_id, int64_t joined_at_ms);
/* Appends a zeroed row with is_new set (id and user_id are the caller's to set). */
struct run *person_add_run(struct arena *arena, struct person *person);
struct commitment *person_add_commitment(struct arena *arena, struct person *person);
struct delivery *person_add_delivery(struct arena *arena, struct person *person);
/* Rows by id; NULL when not loaded. */
struct run *person_run(const struct person *person, int64_t id);
struct commitment *person_commitment(const struct person *person, int64_t id);
struct delivery *person_delivery(const struct person *person, int64_t id);
/* The active run of a journey about the subject (0: any subject); NULL when there is none. */
struct run *person_active_run(const struct person *person, struct str journey, int64_t subject_id);
