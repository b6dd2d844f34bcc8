/* What sweep.c (going over people in pages) and broadcast.c (what a broadcast is) share. Private.
 */
#pragma once

#include "base/limits.h"
#include "core/condition.h"
#include "core/template.h"
#include "engine/internal.h"

enum { SWEEP_LANGUAGES_MAX = 16, SWEEP_EXAMPLES_MAX = 3 };

enum sweep_kind {
    SWEEP_COUNT,     /* whom a broadcast would reach; then answered, or begun */
    SWEEP_BROADCAST, /* makes the messages */
    SWEEP_TAKE_BACK, /* takes back those of a cancelled broadcast that wait */
    SWEEP_MOVE       /* changes of set */
};

/* Numbers in the store. */
enum broadcast_state {
    BROADCAST_SCHEDULED,
    BROADCAST_RUNNING,
    BROADCAST_PAUSED,
    BROADCAST_DONE,
    BROADCAST_CANCELLED,
    BROADCAST_STATE_COUNT
};

/* What a batch changes; settled by its commit. */
struct progress {
    int64_t cursor; /* people (of SWEEP_TAKE_BACK: messages) up to this id were looked at */
    int64_t considered;
    int64_t matched;
    int64_t started_at_ms;
    int64_t next_at_ms;
    double credit; /* messages that the pace allows now; at most a second's worth */
    int64_t credited_at_ms;
    bool left; /* SWEEP_TAKE_BACK: some are under way and may come back */
    bool done;
};

struct language_text {
    char language[LIMIT_LANGUAGE_BYTES];
    struct template *template;
};

struct sweep {
    struct sweep *next;
    enum sweep_kind kind;
    bool fresh;      /* begun by the batch that is not committed yet */
    bool ending;     /* ended by the batch that is not committed yet */
    int64_t id;      /* of the broadcast */
    char name[32];   /* of the move */
    struct str text; /* of the move, in the arena */
    struct arena *arena;
    struct condition *filter; /* NULL: everyone */
    struct language_text texts[SWEEP_LANGUAGES_MAX];
    int text_count;
    double pace_per_s;
    struct progress now, saved;
    /* of SWEEP_COUNT: who is to be told, and what is to be sent then */
    bool preview;
    int64_t at_ms;
    struct str text_json, filter_source, actor;
    int64_t inbox_id;
    struct item *item;
    struct str examples[SWEEP_EXAMPLES_MAX];
    int example_count;
    struct str result; /* in the arena of the batch that answers it */
};

struct sweep *sweep_new(struct engine *engine, enum sweep_kind kind);

/* How many of `pace_per_s` are allowed now, at most `most`; 0: *ret_next_at_ms says when one is. */
int sweep_credit(struct progress *progress, double pace_per_s, int most, int64_t now_ms,
                 int64_t *ret_next_at_ms);

/* broadcast.c */
bool broadcast_reaches(struct batch *batch, const struct sweep *sweep, const struct person *person);
struct str broadcast_render(struct batch *batch, const struct sweep *sweep,
                            const struct person *person);
/* SWEEP_COUNT is done: the answer; unless it was a preview, the broadcast is inserted. */
enum err broadcast_counted(struct engine *engine, struct batch *batch, struct sweep *sweep,
                           struct err_detail *detail);
/* A page of SWEEP_TAKE_BACK. */
enum err broadcast_take_back(struct engine *engine, struct batch *batch, struct sweep *sweep,
                             struct err_detail *detail);
enum err broadcast_save_progress(struct engine *engine, struct batch *batch,
                                 const struct sweep *sweep, struct err_detail *detail);
/* What a previous process left unfinished. */
enum err broadcast_load_all(struct engine *engine, struct err_detail *detail);
