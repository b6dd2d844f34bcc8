/* The people who are kept out of every variant beside all others: what everything that was tried
 * and shipped brought together. Those count who joined since the holdout is as large as it is, for
 * what they did within seven days of joining, and only when these are over. One thread, the
 * store's. */
#pragma once

#include "bi/experiments/analysis.h"

enum { HOLDOUT_FIGURES = 3 };

struct holdout_figure {
    const char *name; /* "conversion", …: static storage */
    struct sample held, others;
    struct effect effect; /* others - held: what variants brought */
    bool found;           /* e-BH over all figures says they differ */
};

struct holdout {
    int permyriad;
    int64_t since_ms; /* 0 unknown: everybody counts */
    double split_p;   /* below 0.01: people are not split as planned, and nothing can be said */
    bool has_begun;   /* enough people to say anything */
    struct holdout_figure figures[HOLDOUT_FIGURES];
};

/* experiments may be NULL. */
MUST_CHECK enum err holdout_read(struct store *store, const struct experiments *experiments,
                                 int64_t now_ms, struct holdout *ret_holdout,
                                 struct err_detail *detail);
/* One sentence for people, never more certain than the numbers. */
struct str holdout_text(struct arena *arena, const struct holdout *holdout);
/* {"holdout", "since_ms", "held_out", "others", "split_p", "text", "figures": [...]}. Unknown
 * numbers are null. New reference. */
json_t *holdout_json(struct arena *arena, const struct holdout *holdout);
