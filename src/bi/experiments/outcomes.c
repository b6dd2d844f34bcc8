/* Reading outcomes (outcomes.h). What somebody did within their window does not change when it is
 * over, so that each person adds the same to all looks after it: the store counts them in the first
 * look that sees them, and sums over earlier looks give what a look saw. */
#include "bi/experiments/outcomes.h"

#include <string.h>

#include "base/limits.h"
#include "bi/metrics_parts.h"
#include "core/event.h"

/* A look's people were exposed within two looks of each other, in as many variants as there ever
 * were under that name. */
enum { VARIANTS_MAX = 64, ROWS_MAX = VARIANTS_MAX * (1 + 2 * LOOKS_MAX) };

struct looks looks_once(int64_t now_ms)
{
    return (struct looks){INT64_MAX, now_ms, 1};
}

struct looks looks_since_start(const struct experiment *experiment, int64_t now_ms)
{
    static const int64_t steps[] = {HOUR_MS,     2 * HOUR_MS,  3 * HOUR_MS,
                                    6 * HOUR_MS, 12 * HOUR_MS, DAY_MS};
    int64_t start_ms = experiment->started_at_ms;
    int64_t last_ms = now_ms;
    if (experiment->ended_at_ms > 0 && experiment->ended_at_ms + experiment->window_ms < now_ms) {
        last_ms = experiment->ended_at_ms + experiment->window_ms;
    }
    last_ms = last_ms > start_ms ? last_ms : start_ms;
    int64_t step_ms = ((last_ms - start_ms) / (DAY_MS * LOOKS_MAX) + 1) * DAY_MS;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (last_ms - start_ms <= steps[i] * LOOKS_MAX) {
            step_ms = steps[i];
            break;
        }
    }
    return (struct looks){step_ms, last_ms, (int)((last_ms - start_ms - 1) / step_ms) + 1};
}

int64_t look_at_ms(const struct looks *looks, const struct experiment *experiment, int look)
{
    return look == looks->count - 1 ? looks->last_ms
                                    : experiment->started_at_ms + (look + 1) * looks->step_ms;
}

struct outcome_rule outcome_of_metric(struct str metric)
{
    if (str_is(metric, "step_completion")) {
        return (struct outcome_rule){.type = STR("step_completed"), .of_step = true};
    }
    if (str_is(metric, "conversion")) {
        return (struct outcome_rule){.type = STR("commitment_made")};
    }
    if (str_is(metric, "completion")) {
        return (struct outcome_rule){.type = STR("commitment_completed")};
    }
    if (str_is(metric, "revenue")) {
        return (struct outcome_rule){.is_money = true};
    }
    struct str name;
    str_split(metric, ':', &name);
    return event_type_of(name) != EVENT_TYPE_COUNT
               ? (struct outcome_rule){.type = name}
               : (struct outcome_rule){.type = STR("tracked"), .name = name};
}

static int arm_of(const struct experiment *experiment, struct str variant)
{
    for (int i = 0; i < experiment->arm_count; i++) {
        if (str_equal(experiment->arms[i].variant, variant)) {
            return i;
        }
    }
    return -1;
}

static void add(struct paired_sums *sums, const struct paired_sums *more)
{
    sums->people += more->people;
    sums->y += more->y;
    sums->yy += more->yy;
    sums->x += more->x;
    sums->xx += more->xx;
    sums->xy += more->xy;
}

static void add_weighted(struct weighted_sums *sums, const struct weighted_sums *more)
{
    sums->w += more->w;
    sums->ww += more->ww;
    sums->yw += more->yw;
    sums->yww += more->yww;
    sums->yyww += more->yyww;
}

/* variant, look of exposure, look of judging (-1: none yet), exposed, judged, sums, of known
 * propensity, weighted sums */
static void add_row(const struct experiment *experiment, const struct cell *cell, int look_count,
                    struct look_counts *counts)
{
    int arm = arm_of(experiment, cell[0].text);
    int64_t seen = cell[1].integer;
    int64_t judged = cell[2].integer;
    if (arm < 0 || seen < 0 || seen >= look_count || judged >= look_count) {
        return;
    }
    const struct weighted_sums weighted = {cell[11].real, cell[12].real, cell[13].real,
                                           cell[14].real, cell[15].real};
    counts[seen].arms[arm].exposed += cell[3].integer;
    counts[seen].arms[arm].unknown += cell[3].integer - cell[10].integer;
    add_weighted(&counts[seen].arms[arm].shown, &weighted);
    if (judged >= 0) {
        const struct paired_sums sums = {.people = (double)cell[4].integer,
                                         .y = cell[5].real,
                                         .yy = cell[6].real,
                                         .x = cell[7].real,
                                         .xx = cell[8].real,
                                         .xy = cell[9].real};
        add(&counts[judged].arms[arm].sums, &sums);
        add_weighted(&counts[judged].arms[arm].judged, &weighted);
    }
}

enum err outcomes_read(struct store *store, struct arena *arena,
                       const struct experiment *experiment, const struct outcome_rule *outcome,
                       const struct looks *looks, struct look_counts *ret_counts,
                       struct err_detail *detail)
{
    int64_t to_ms = experiment->ended_at_ms > 0 ? experiment->ended_at_ms : looks->last_ms + 1;
    const struct arg args[] = {
        ARG_TEXT(experiment->name), ARG_INT(experiment->started_at_ms), ARG_INT(to_ms),
        ARG_INT(looks->last_ms),    ARG_INT(experiment->window_ms),     ARG_TEXT(outcome->type),
        ARG_TEXT(outcome->name),    ARG_INT(outcome->of_step),          ARG_TEXT(outcome->rule),
        ARG_INT(outcome->is_money), metrics_activity_types(arena),      ARG_INT(looks->step_ms)};
    struct rows rows = {0};
    enum err error = store_query(store, arena, "experiment_arms", args,
                                 sizeof(args) / sizeof(args[0]), ROWS_MAX, &rows, detail);
    memset(ret_counts, 0, (size_t)looks->count * sizeof(*ret_counts));
    for (int i = 0; error == OK && i < rows.count; i++) {
        add_row(experiment, rows.cells + (ptrdiff_t)i * rows.columns, looks->count, ret_counts);
    }
    for (int look = 1; look < looks->count; look++) {
        for (int i = 0; i < experiment->arm_count; i++) {
            struct arm_counts *counts = &ret_counts[look].arms[i];
            const struct arm_counts *before = &ret_counts[look - 1].arms[i];
            counts->exposed += before->exposed;
            counts->unknown += before->unknown;
            add_weighted(&counts->shown, &before->shown);
            add(&counts->sums, &before->sums);
            add_weighted(&counts->judged, &before->judged);
        }
    }
    return error;
}
