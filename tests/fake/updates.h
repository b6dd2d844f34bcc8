/* Updates that wait for a bot, and getUpdates.
 *
 * Updates are kept in the order of their ids, and at the same time in one queue for each source
 * (chat, or person and kind), which is what a webhook is fed from. They are forgotten when the bot
 * confirms them, or 24 hours (a button press: 150 seconds) after they happened. */
#ifndef FAKE_UPDATES_H
#define FAKE_UPDATES_H

#include "state.h"

struct call;

struct update {
    int64_t id;
    int64_t expires_ms; /* the bot's clock */
    char *json;         /* the whole Update object */
    bool in_flight;     /* its webhook request is under way */
    bool doomed;        /* to be removed once that has ended */
    struct update_queue *queue;
    struct update *prev;
    struct update *next;
    struct update *queue_prev;
    struct update *queue_next;
};

struct update_queue {
    int64_t key;
    struct update *head;
    bool in_flight;
    int attempts;        /* of the first update */
    int64_t next_try_ms; /* the bot's clock */
    UT_hash_handle hh;
};

struct update_queues {
    struct update *head;
    size_t count;
    int64_t next_id;
    struct update_queue *queues;
    unsigned allowed;        /* bit set of kinds */
    int64_t previous_offset; /* of getUpdates */
    int64_t previous_call_ms;
    int64_t next_conflict_ms; /* further conflicts are answered late */
};

struct update_queues *updates_new(int64_t bot_id);
void updates_free(struct update_queues *updates);

/* Adds an update of the kind with the given content (a JSON value). Returns its id, or 0 when the
 * bot does not want that kind. `id` 0 takes the next one. `happened_ms` starts its retention. */
int64_t updates_add(struct bot *bot, const char *kind, const char *content, int64_t source,
                    int64_t happened_ms, int64_t id);
void updates_remove(struct bot *bot, struct update *update);
void updates_drop_all(struct bot *bot);
void updates_purge(struct bot *bot); /* forgets what has expired */
/* Appends [{…},…] with all that wait. */
void updates_render(struct bot *bot, struct buf *out);

/* Reads the parameter allowed_updates, when given. True when the setting changed. */
bool updates_set_allowed(struct call *call);
/* The list as JSON, or false when it is the default. */
bool updates_render_allowed(const struct update_queues *updates, struct buf *out);

void method_get_updates(struct call *call);
/* Ends a waiting getUpdates with 409 and this description. */
void updates_end_poll(struct bot *bot, const char *description);

#endif
