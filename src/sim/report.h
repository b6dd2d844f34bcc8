/* What a rehearsal says: figures with their intervals, the funnel, differences of two sides. The
 * table of the command line, the JSON and the page are all made from these. Pure. */
#pragma once

#include "base/json.h"
#include "bi/stats.h"
#include "sim/sim.h"

/* One of the things that are compared. */
struct sim_side {
    const char *name; /* "original", "optimized@my-journeys" */
    const struct catalog *catalog;
    enum journey_set set;
    const struct sim_result *result;
};

struct sim_figure {
    const char *name; /* as metrics are named */
    const char *label;
    struct rate rate;
    double baseline, target; /* of the plan; NAN: none */
};
enum { SIM_FIGURES = 9 };
/* Fills SIM_FIGURES figures. */
void sim_figures(const struct sim_result *result, struct sim_figure *ret_figures);

/* Figures that are no shares. NAN: unknown. */
struct sim_number {
    const char *name;
    const char *label;
    double value, low, high; /* low, high: 95 % interval of a mean; NAN: none */
    int decimals;
};
enum { SIM_NUMBERS = 6 };
void sim_numbers(const struct sim_result *result, struct sim_number *ret_numbers);

/* b - a in points with its 95 % interval (Newcombe's, from the Wilson intervals of both). It treats
 * the sides as if other people had been asked, so it is rather too wide: they are the same ones. */
struct sim_difference {
    double points, low, high;
};
struct sim_difference sim_difference(const struct rate *a, const struct rate *b);

/* Whether the side's newcomers can enter the journey, or anybody did. */
bool sim_is_shown(const struct sim_side *side, int journey);
/* A step: completed of sent. A step that expects nothing has none: n is 0. */
struct rate sim_step_rate(const struct sim_side *side, int journey, int step);

/* Whether nobody was forgotten and no invariant broken, on all sides. */
bool sim_is_sound(const struct sim_side *sides, int count);

/* A replay of what a store keeps. */
struct sim_replay {
    int64_t from_ms, until_ms;
    int64_t now_ms;        /* nobody does anything from then on */
    int64_t kept_since_ms; /* decisions; 0: none are kept */
    int64_t really_sent[CLASS_NUDGE + 1];
};

/* What was rehearsed, or replayed. */
struct sim_about {
    const struct sim_replay *replay; /* NULL: a rehearsal, of: */
    const struct people *people;
    int64_t users;
    int days;
    uint64_t seed;
    int64_t start_ms;
};
/* Said wherever figures are shown. */
const char *sim_note(const struct sim_about *about);
/* Times and facts about the machine; the only part of the JSON that is not the same again. */
struct sim_run_facts {
    double seconds, cpu_seconds;
    int threads;
    int64_t decisions;
    int64_t memory_bytes; /* most resident */
    const char *program;
};
/* A new reference. */
json_t *sim_json(const struct sim_about *about, const struct sim_side *sides, int count);
json_t *sim_run_json(const struct sim_run_facts *facts);
