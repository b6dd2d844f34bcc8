/* Experiments that were started on the variants of a step: who takes part, and what became of it.
 *
 * A step's variants without a started experiment are given to everybody by the journey's weights.
 * Starting one fixes seed, weights, coverage and namespace until it is stopped; a stopped one says
 * the first variant to everybody, a shipped one the variant it was shipped with. Kept as one
 * setting of the store ("experiments"), read by the core and by whoever evaluates. Pure. */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/json.h"
#include "core/journey.h"

enum { EXPERIMENT_ARMS_MAX = 8, EXPERIMENTS_MAX = 100, EXPERIMENT_PHASES_MAX = 100 };

enum experiment_state { EXPERIMENT_RUNNING = 0, EXPERIMENT_STOPPED = 1, EXPERIMENT_SHIPPED = 2 };

struct experiment_arm {
    struct str variant;
    double weight; /* of the people who take part; all sum to 1 */
};

/* Fixed weights, or weights that follow what was seen (Thompson sampling): each change of them
 * begins a phase, by whose weights messages are dealt out that are made from then on. */
enum experiment_allocation { ALLOCATION_FIXED = 0, ALLOCATION_THOMPSON = 1 };
struct experiment_phase {
    int64_t since_ms;
    double weights[EXPERIMENT_ARMS_MAX]; /* multiples of 1/10000, as the hash's values are */
};

struct experiment {
    struct str name; /* as the step calls it */
    enum experiment_state state;
    struct str shipped; /* the variant, "" unless shipped */
    struct str seed;    /* of the hash that decides the variant */
    double coverage;    /* share of all people who take part, 0..1 */
    struct str space;   /* namespace: people whose hash by it is in [from, to); "" everybody */
    double space_from, space_to;
    struct experiment_arm arms[EXPERIMENT_ARMS_MAX]; /* the first is the control */
    int arm_count;
    enum experiment_allocation allocation;
    struct experiment_phase
        *phases;         /* the latest, oldest first; the arms have the last's weights */
    int phase_count;     /* 0 when allocation is fixed */
    int64_t phases_left; /* how many came before these */

    /* The plan, for whoever evaluates. Not part of a decision. */
    struct str metric;  /* step_completion, conversion, completion, revenue or event:NAME */
    int64_t window_ms;  /* an outcome counts so long after exposure, and no earlier is it read */
    int64_t min_people; /* before a verdict */
    int64_t min_ms;     /* running time before a verdict */
    double floor;       /* Thompson sampling: no weight is lower */
    int64_t started_at_ms;
    int64_t ended_at_ms; /* stopped or shipped; 0: running */
};

struct experiments {
    int holdout_permyriad;    /* of all people, who get the first variant of everything */
    int64_t holdout_since_ms; /* since when so many; 0 unknown. Not part of a decision */
    struct experiment *items;
    int count;
};

/* NULL: none of that name was ever started. experiments may be NULL. */
const struct experiment *experiment_find(const struct experiments *experiments, struct str name);
const char *experiment_allocation_name(enum experiment_allocation allocation);
const char *experiment_state_name(enum experiment_state state);
/* Whether it says what people do: step_completion, conversion, completion, revenue, event:NAME. */
bool experiment_metric_is_known(struct str metric);

/* One experiment, and all. ERR_INVALID names the field and what was expected. Texts live in the
 * arena. json may be NULL: none, and *ret_experiments is NULL. */
MUST_CHECK enum err experiment_read(struct arena *arena, const json_t *json,
                                    struct experiment *ret_experiment, struct err_detail *detail);
MUST_CHECK enum err experiments_read(struct arena *arena, const json_t *json,
                                     struct experiments **ret_experiments,
                                     struct err_detail *detail);
/* The inverse; new references. One alone says which phase it is in instead of all its phases. */
json_t *experiment_json(const struct experiment *experiment);
json_t *experiments_json(const struct experiments *experiments);
/* [{"id", "weight"}]: the variants of a step as the journey has them. New reference. */
json_t *step_variants_json(const struct step *step);
