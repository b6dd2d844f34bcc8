/* A person of the previous bot's tables, read from the row as JSON. Three shapes of those tables
 * exist, and columns come and go, so that what is absent is simply not known. Pure; nothing here
 * decides what becomes of the person. All texts are hostile: they live as long as the arena and
 * the JSON value, and are cut to our limits. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/calendar.h"
#include "base/digest.h"
#include "base/json.h"
#include "core/person.h"

/* Source of commitments that were imported: what was promised elsewhere is not followed up here. */
#define LIVE_SOURCE "import"

/* The ways in which a person may have refused there. X(constant, name) */
#define LIVE_REFUSAL_LIST(X)                                                                       \
    X(STYLE_PAUSED, "communication_preferences.communication_style = paused")                      \
    X(COMMUNICATION_OFF, "communication_preferences.is_active = false")                            \
    X(TELEGRAM_OFF, "users.notification_preferences.telegram = false")                             \
    X(EMAIL_OFF, "users.notification_preferences.email = false")                                   \
    X(INACTIVE, "users.is_active = false")                                                         \
    X(UNSUBSCRIBED, "user_email_preferences.unsubscribed")                                         \
    X(UNSUBSCRIBED_AT, "user_email_preferences.unsubscribed_at")                                   \
    X(EMAIL_DISABLED, "user_email_preferences.email_enabled = false")                              \
    X(NO_SEQUENCES, "user_email_preferences.opt_in_sequences = false")                             \
    X(NURTURE_OFF, "nurture_user_preferences.enabled = false")                                     \
    X(NURTURE_OUT, "nurture_user_preferences.opted_out_at")                                        \
    X(SEQUENCE_STOPPED, "user_sequence_state.stopped_at")

enum live_refusal {
#define LIVE_REFUSAL_ENUM(constant, name) LIVE_REFUSAL_##constant,
    LIVE_REFUSAL_LIST(LIVE_REFUSAL_ENUM)
#undef LIVE_REFUSAL_ENUM
        LIVE_REFUSAL_COUNT
};
const char *live_refusal_name(enum live_refusal refusal);

struct live_commitment {
    struct str id;
    struct str text;
    enum commitment_state state;
    bool odd_status; /* a word of no known meaning: read as dropped */
    int size_s;      /* 0 unknown */
    int64_t created_at_ms;
    int64_t planned_at_ms; /* 0 none */
    int64_t due_at_ms;
    int64_t ended_at_ms; /* completed, missed or dropped; 0 open */
};

struct live_person {
    int64_t telegram_id; /* also an invented one */
    bool invented;       /* nobody has that Telegram id */
    bool is_test;
    bool is_bot;
    bool in_group;
    struct str id; /* their uuid, "" none */
    struct str first_name, username;
    struct str email; /* "" none, or an invented one */
    struct str language;
    struct str zone; /* one that the calendar knows, or "" */
    int64_t joined_at_ms;
    unsigned refusals;                   /* bit for each enum live_refusal */
    int64_t paused_until_ms;             /* after now; 0 none */
    struct live_commitment *commitments; /* in the order in which they were made */
    int commitment_count;
    /* What they are known by after an erasure, too: a hash of the old id. */
    char key[DIGEST_HEX_BYTES + 1];
    /* Of all the above; equal as long as nothing changed there. */
    char fingerprint[DIGEST_HEX_BYTES + 1];
};

/* `document`: {"user": row, "commitments": [rows], and rows of the tables of consents by their
 * names}, as store/live.h gives it. zone: where the person has none. ERR_INVALID when the row holds
 * no id. */
MUST_CHECK enum err live_person_read(struct arena *arena, const json_t *document,
                                     const struct zone *zone, int64_t now_ms,
                                     struct live_person *ret_person, struct err_detail *detail);
