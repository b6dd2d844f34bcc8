/* A decision: what follows from one input. Changes of the person's rows are made in place in
 * struct person; this holds the rest. */
#pragma once

#include "base/ids.h"
#include "core/event.h"
#include "core/input.h"

/* Requests to a channel that are no messages: done after the commit, best effort, never repeated.
 */
enum act_kind {
    ACT_ANSWER_TAP,   /* answer the callback (text may be "") */
    ACT_EDIT_MESSAGE, /* replace text and remove buttons of message_id */
    ACT_SEND_FILE,    /* /export: the person's own data as a JSON file */
    ACT_SEND_TEXT     /* text to an address of nobody we know: the answer in a group */
};

struct act {
    enum act_kind kind;
    enum channel_kind channel;
    struct str address;
    struct str callback_id;
    struct str message_id;
    bool is_captioned;  /* ACT_EDIT_MESSAGE: of the message, as in struct input */
    struct str preview; /* ACT_EDIT_MESSAGE: stays as it is */
    struct str text; /* Markdown; plain text of ACT_ANSWER_TAP (<= 200 characters); file content */
    struct str file_name;
    struct button *buttons; /* ACT_EDIT_MESSAGE: the buttons that stay */
    int button_count;
};

/* Something operators are told (kept in operator_messages, sent to ADMIN_CHAT_IDS). */
struct notice {
    struct str kind; /* "crisis", "first_ten", "milestone", … */
    int64_t user_id;
    struct str text; /* no message texts of people */
};

struct feedback {
    int64_t user_id;
    int64_t run_id;
    struct str text; /* "" for a rating */
    int rating;      /* 1 helpful, -1 not, 0 none */
    bool is_problem; /* marked as a problem: counts as a support request */
};

/* Changes of identities that the store must make. */
struct identity_change {
    enum channel_kind channel;
    struct str old_value; /* "" none: add */
    struct str new_value; /* "" none: remove */
};

struct decision {
    struct event *events;
    int event_count, event_capacity;
    struct act *acts;
    int act_count, act_capacity;
    struct notice *notices;
    int notice_count, notice_capacity;
    struct feedback *feedback;
    int feedback_count, feedback_capacity;
    struct identity_change *identities;
    int identity_count, identity_capacity;
    bool erase;        /* the person asked to be erased: the store does it in this transaction */
    bool export_file;  /* the engine adds the person's data as an ACT_SEND_FILE */
    bool handled;      /* false: nothing of ours (sidecar: the caller goes on itself) */
    struct str result; /* for API/CLI callers: short JSON object or "" */
    enum err error;    /* of API/CLI inputs: ERR_INVALID, ERR_NOT_FOUND, ERR_CONFLICT; else OK */
    struct err_detail detail;
};

/* Appends; strings are kept as views (must live in the same arena). */
struct event *decision_event(struct arena *arena, struct decision *decision, enum event_type type);
struct act *decision_act(struct arena *arena, struct decision *decision, enum act_kind kind);
struct notice *decision_notice(struct arena *arena, struct decision *decision);
struct feedback *decision_feedback(struct arena *arena, struct decision *decision);
/* When all is decided: gives the events their ids and chains them to those the user has. */
void decision_chain_events(struct decision *decision, struct user *user, int64_t now_ms,
                           struct id_source *ids);
