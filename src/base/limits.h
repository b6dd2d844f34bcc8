/* All limits in one place, each with its unit and reason.
 *
 * How much goes at once changes nothing but speed. A test build (-Dlimits=hostile) therefore makes
 * all portions as small as they can be: batches of one, arrays that begin with room for one, a
 * block of memory for each allocation. What people may do stays as it is. */
#pragma once

#include <stdint.h>

/* The usual portion, and that of the test build. */
#ifdef LIMITS_HOSTILE
#define PORTION(usual, hostile) (hostile)
#else
#define PORTION(usual, hostile) (usual)
#endif

#define MINUTE_MS ((int64_t)60 * 1000)
#define HOUR_MS   ((int64_t)60 * MINUTE_MS)
#define DAY_MS    ((int64_t)24 * HOUR_MS)

/* From taking a message to reporting what became of it, waiting behind others included: every
 * channel keeps to it. */
#define LIMIT_SEND_MS ((int64_t)100 * 1000)
/* Without any report by then a message counts as lost, and may be sent once more. */
#define SENDING_LOST_MS (2 * MINUTE_MS)
_Static_assert(SENDING_LOST_MS - LIMIT_SEND_MS >= 15 * 1000,
               "a message is not taken for lost while its channel may still send it");

enum {
    /* Outside bytes. */
    LIMIT_HTTP_BODY_BYTES =
        1024 * 1024, /* a Telegram update is a few KB; tracking batches 500 KB */
    LIMIT_JSON_DEPTH = 32,
    LIMIT_TEXT_BYTES = 32 * 1024, /* a message of a person; Telegram's own limit for raw text */
    LIMIT_YAML_BYTES = 256 * 1024,
    LIMIT_YAML_DEPTH = 16,
    LIMIT_CONDITION_BYTES = 1024,
    LIMIT_CONDITION_DEPTH = 32,
    LIMIT_TEMPLATE_BYTES = 8 * 1024,
    LIMIT_NAME_BYTES = 128,       /* a person's name as a channel gives it */
    LIMIT_COMMITMENT_BYTES = 500, /* shown in lists and buttons */
    LIMIT_LANGUAGE_BYTES = 12,    /* an IETF tag as far as we use it */
    LIMIT_ZONE_BYTES = 64,        /* the longest IANA zone name has 38 */
    LIMIT_KEY_BYTES = 64,         /* names in definitions: journeys, steps, buttons, facts */
    LIMIT_URL_BYTES = 1024,       /* addresses of pictures */
    LIMIT_CALLBACK_BYTES = 64,    /* Telegram's limit of callback_data */

    /* Messages of ours. */
    LIMIT_MESSAGE_CODE_POINTS = 350, /* the product's own rule: short */
    LIMIT_MESSAGE_EMOJI = 2,
    LIMIT_BUTTONS = 12, /* of one message */
    LIMIT_BOT_TEXT_CODE_POINTS =
        3000, /* answers to commands (help lists all of them); Telegram: 4096 */
    LIMIT_BOT_TEXT_EMOJI = 20,

    /* What a person may ask for. */
    PAUSE_DAYS = 7,         /* of /pause without a number */
    LIMIT_PAUSE_DAYS = 365, /* longer is what /stop is for */

    /* A journey. */
    LIMIT_STEPS = 32,
    LIMIT_JOURNEYS = 128,

    /* A person in memory. */
    LIMIT_COMMITMENTS_OPEN = 50,    /* of one person; more are refused politely */
    LIMIT_RUNS_ACTIVE = 128,        /* of one person: a reminder and a followup of each, and more */
    LIMIT_COMMITMENTS_LOADED = 400, /* open ones and those of the last 90 days */

    /* One decision needs no limit of its own: it says a few things of each active run, open
     * commitment and unfinished message, all limited above, and its arrays grow in the arena. */

    /* The engine. */
    LIMIT_BATCH_INPUTS = PORTION(256, 1),
    LIMIT_BATCH_DUE = PORTION(256, 1),
    LIMIT_BATCH_INBOX = PORTION(64, 1), /* commands of other processes */
    LIMIT_BATCH_PRUNED = PORTION(20000, 1),
    LIMIT_PAGE_USERS = PORTION(64, 1), /* of a sweep, in one batch */
    LIMIT_PAGE_MESSAGES = PORTION(64, 1),
    LIMIT_QUEUE_INPUTS = PORTION(4096, 8),
    LIMIT_IN_FLIGHT = PORTION(256, 5),        /* requests to providers under way at once */
    LIMIT_IN_FLIGHT_REPLIES = PORTION(64, 2), /* of them, those kept for replies */
    LIMIT_UNSENT_ACTS = PORTION(4096, 1),     /* above it acts are left out */
    LIMIT_PACED_ADDRESSES =
        PORTION(20000, 1),           /* above it those that wait for nothing are forgotten */
    LIMIT_UPDATES = PORTION(100, 1), /* of one answer to polling */

    /* The store. */
    LIMIT_COUNT_KEYS = PORTION(64, 1), /* of one transaction at once; more are written in between */
    LIMIT_ROWS_OF_MANY = PORTION(512, 1), /* that travel together */
    LIMIT_ROWS_COPIED = PORTION(4096, 5), /* likewise, by COPY */
    COPY_FROM_ROWS = PORTION(500, 3),     /* fewer are not worth leaving the pipeline */
};

_Static_assert(LIMIT_RUNS_ACTIVE >= 2 * LIMIT_COMMITMENTS_OPEN,
               "each open commitment is reminded of and followed");
