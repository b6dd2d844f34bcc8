/* Reading the figures (metrics.h). Each part reads one block and fills its fields; what is no sum
 * is reckoned here: intervals, percentiles, inequality, verdicts. */
#include "bi/metrics.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/limits.h"
#include "bi/metrics_parts.h"
#include "core/delivery.h"

/* Distinct totals of commitments; more people than this have none of their own. */
enum { DISTRIBUTION_ROWS_MAX = 1 << 20 };

/* As it is stored; -1: any. */
static int64_t set_number(struct str name)
{
    return name.length == 0                                ? -1
           : str_is(name, journey_set_name(SET_OPTIMIZED)) ? SET_OPTIMIZED
                                                           : SET_ORIGINAL;
}

enum err metrics_query(struct metrics_reading *reading, const char *block, const struct arg *more,
                       int more_count, int row_max, struct rows *ret_rows)
{
    const struct metrics_filter *filter = reading->filter;
    enum { COMMON = 6, MORE_MAX = 2 };
    struct arg args[COMMON + MORE_MAX] = {
        ARG_INT(filter->from_ms), ARG_INT(filter->to_ms > 0 ? filter->to_ms : INT64_MAX),
        ARG_TEXT(filter->source), ARG_TEXT(filter->language),
        ARG_INT(reading->now_ms), ARG_INT(set_number(filter->set)),
    };
    for (int i = 0; i < more_count && i < MORE_MAX; i++) {
        args[COMMON + i] = more[i];
    }
    return store_query(reading->store, reading->arena, block, args, COMMON + more_count, row_max,
                       ret_rows, reading->detail);
}

/* The one row of a block of sums. */
static enum err query_one(struct metrics_reading *reading, const char *block,
                          const struct arg *more, int more_count, const struct cell **ret_cells)
{
    struct rows rows;
    enum err error = metrics_query(reading, block, more, more_count, 1, &rows);
    if (error == OK) {
        *ret_cells = rows.cells;
    }
    return error;
}

struct arg metrics_activity_types(struct arena *arena)
{
    json_t *types = json_array();
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        if (event_type_is_activity((enum event_type)type)) {
            json_array_append_new(types, json_string(event_type_name((enum event_type)type)));
        }
    }
    struct str text = json_write(arena, types);
    json_decref(types);
    return ARG_TEXT(text);
}

/* ---- people and commitments -------------------------------------------------------------------
 */

static enum err read_people(struct metrics_reading *reading, struct metrics *metrics)
{
    const struct cell *cell;
    struct arg within = ARG_INT(reading->filter->within_ms);
    enum err error = query_one(reading, "metrics_people", &within, 1, &cell);
    if (error != OK) {
        return error;
    }
    int64_t users = cell[0].integer;
    int64_t inactive = cell[3].integer;
    int64_t commitments = cell[7].integer;
    int64_t completed = cell[8].integer;
    metrics->total_users = users;
    metrics->users_with_commitments = users - inactive;
    metrics->inactive_users = inactive;
    metrics->total_commitments = commitments;
    metrics->completed_commitments = completed;
    metrics->quick_completions = cell[9].integer;
    metrics->power_users = cell[13].integer;
    metrics->conversion_rate = rate_of(cell[1].integer, users);
    metrics->conversion_rate_outside_onboarding = rate_of(cell[2].integer, users);
    metrics->inactive_rate = rate_of(inactive, users);
    metrics->activation_rate = rate_of(cell[4].integer, users);
    metrics->silent_7d_rate = rate_of(cell[5].integer, users);
    metrics->silent_30d_rate = rate_of(cell[6].integer, users);
    metrics->completion_rate = rate_of(completed, commitments);
    metrics->quick_completion_rate = rate_of(cell[9].integer, completed);
    metrics->completion_rate_outside_onboarding = rate_of(cell[11].integer, cell[10].integer);
    metrics->power_user_share = rate_of(cell[13].integer, users);
    metrics->power_activity_share = rate_of(cell[14].integer, commitments);
    metrics->avg_completion_hours =
        ratio((double)cell[12].integer, (double)completed * (double)HOUR_MS);
    return OK;
}

/* The percentile from the rows (place, time) around its place. */
static double interpolate(const struct rows *rows, struct quantile_place place)
{
    double low = NAN;
    double high = NAN;
    for (int i = 0; i < rows->count; i++) {
        const struct cell *cell = &rows->cells[2 * i];
        if (cell[0].integer == place.index) {
            low = (double)cell[1].integer;
        }
        if (cell[0].integer == place.index + 1) {
            high = (double)cell[1].integer;
        }
    }
    /* There is none after the last. */
    return (isnan(high) ? low : low + (high - low) * place.weight) / (double)HOUR_MS;
}

static enum err read_times(struct metrics_reading *reading, struct metrics *metrics)
{
    int64_t completed = metrics->completed_commitments;
    metrics->median_completion_hours = NAN;
    metrics->p90_completion_hours = NAN;
    if (completed == 0) {
        return OK;
    }
    struct quantile_place middle = quantile_place(completed, 0.5);
    struct quantile_place high = quantile_place(completed, 0.9);
    struct arg places[] = {ARG_INT(middle.index), ARG_INT(high.index)};
    struct rows rows;
    enum err error = metrics_query(reading, "metrics_completion_times", places, 2, 4, &rows);
    if (error == OK) {
        metrics->median_completion_hours = interpolate(&rows, middle);
        metrics->p90_completion_hours = interpolate(&rows, high);
    }
    return error;
}

/* ---- onboarding -------------------------------------------------------------------------------
 */

/* How long the steps wait for their answers: {"superior_onboarding": [21600000, …], …}. Younger
 * sends say nothing yet. */
static struct arg no_answer_times(struct metrics_reading *reading)
{
    json_t *journeys = json_object();
    for (int i = 0; i < catalog_journey_count(reading->catalog); i++) {
        const struct journey *journey = catalog_journey_at(reading->catalog, i);
        if (journey->is_onboarding) {
            json_t *times = json_array();
            for (int step = 0; step < journey->step_count; step++) {
                json_array_append_new(times, json_integer(journey->steps[step].no_answer_ms));
            }
            const char *name = arena_printf(reading->arena, "%.*s", STR_ARG(journey->name)).ptr;
            json_object_set_new(journeys, name, times);
        }
    }
    struct str text = json_write(reading->arena, journeys);
    json_decref(journeys);
    return ARG_TEXT(text);
}

static void fill_targets(const struct catalog *catalog, struct metrics *metrics)
{
    const struct journey *journey = catalog_journey(catalog, STR("superior_onboarding"));
    for (int i = 0; i < METRICS_STEPS; i++) {
        bool known = journey != NULL && i < journey->step_count && journey->steps[i].target > 0;
        metrics->step_target[i] = known ? journey->steps[i].target : (double)NAN;
    }
}

static enum err read_steps(struct metrics_reading *reading, struct metrics *metrics)
{
    struct rate *rates[METRICS_STEPS] = {&metrics->step_1_completion, &metrics->step_2_completion,
                                         &metrics->step_3_completion, &metrics->step_4_completion};
    for (int i = 0; i < METRICS_STEPS; i++) {
        *rates[i] = rate_of(0, 0);
    }
    fill_targets(reading->catalog, metrics);
    struct arg no_answer = no_answer_times(reading);
    struct rows rows;
    enum err error = metrics_query(reading, "metrics_steps", &no_answer, 1, LIMIT_STEPS, &rows);
    if (error != OK) {
        return error;
    }
    for (int i = 0; i < rows.count; i++) {
        const struct cell *cell = &rows.cells[i * rows.columns];
        if (cell[0].integer >= 1 && cell[0].integer <= METRICS_STEPS) {
            *rates[cell[0].integer - 1] = rate_of(cell[2].integer, cell[1].integer);
        }
    }
    /* Who reaches the third step has made a commitment there. */
    metrics->conversion_rate_implied =
        rates[0]->percent * rates[1]->percent * rates[2]->percent / 1e4;
    return OK;
}

static enum err read_abandonment(struct metrics_reading *reading, struct metrics *metrics)
{
    const struct cell *cell;
    enum err error = query_one(reading, "metrics_abandonment", NULL, 0, &cell);
    if (error == OK) {
        metrics->abandonment_rate = rate_of(cell[1].integer, cell[0].integer);
    }
    return error;
}

/* ---- activity, growth, distribution -----------------------------------------------------------
 */

static enum err read_activity(struct metrics_reading *reading, struct metrics *metrics)
{
    const struct cell *cell;
    struct arg types = metrics_activity_types(reading->arena);
    enum err error = query_one(reading, "metrics_activity", &types, 1, &cell);
    if (error != OK) {
        return error;
    }
    metrics->dau = cell[0].integer;
    metrics->wau = cell[1].integer;
    metrics->mau = cell[2].integer;
    metrics->stickiness = rate_of(metrics->dau, metrics->mau);
    return OK;
}

static enum err read_growth(struct metrics_reading *reading, struct metrics *metrics)
{
    const struct cell *cell;
    enum err error = query_one(reading, "metrics_joins", NULL, 0, &cell);
    if (error != OK) {
        return error;
    }
    int64_t last = cell[0].integer;
    int64_t previous = cell[1].integer;
    metrics->joins_last_7_days = last;
    metrics->joins_previous_7_days = previous;
    metrics->joins_last_30_days = cell[2].integer;
    metrics->growth_rate = NAN;
    metrics->growth = GROWTH_UNKNOWN;
    if (previous > 0) {
        metrics->growth_rate = 100.0 * (double)(last - previous) / (double)previous;
        metrics->growth = (last - previous) * 20 > previous    ? GROWTH_GROWING
                          : (last - previous) * 20 < -previous ? GROWTH_DECLINING
                                                               : GROWTH_STABLE;
    }
    error = query_one(reading, "metrics_commitments_recent", NULL, 0, &cell);
    if (error == OK) {
        metrics->commitments_last_30_days = cell[0].integer;
    }
    return error;
}

static void count_into_buckets(struct metrics *metrics, int64_t commitments, int64_t people)
{
    if (commitments == 0) {
        metrics->users_0_commitments += people;
    } else if (commitments <= 3) {
        metrics->users_1_to_3_commitments += people;
    } else if (commitments <= 10) {
        metrics->users_4_to_10_commitments += people;
    } else {
        metrics->users_over_10_commitments += people;
    }
}

/* The Lorenz curve is a line between the groups of people with the same total. */
static void fill_lorenz(struct metrics *metrics, const struct rows *rows)
{
    double people = (double)metrics->total_users;
    double all = (double)metrics->total_commitments;
    double seen_people = 0;
    double seen = 0;
    double area = 0;
    int point = 1;
    metrics->lorenz[0] = 0;
    for (int i = 0; i < rows->count; i++) {
        double total = (double)rows->cells[2 * i].integer;
        double group = (double)rows->cells[2 * i + 1].integer;
        for (; point < METRICS_LORENZ_POINTS &&
               (double)point * people <= (seen_people + group) * (METRICS_LORENZ_POINTS - 1);
             point++) {
            double inside = (double)point * people / (METRICS_LORENZ_POINTS - 1) - seen_people;
            metrics->lorenz[point] = (seen + inside * total) / all;
        }
        area += group * (2 * seen + group * total);
        seen_people += group;
        seen += group * total;
    }
    metrics->gini = 1.0 - area / (people * all);
}

static enum err read_distribution(struct metrics_reading *reading, struct metrics *metrics)
{
    struct rows rows;
    enum err error =
        metrics_query(reading, "metrics_distribution", NULL, 0, DISTRIBUTION_ROWS_MAX, &rows);
    if (error != OK) {
        return error;
    }
    for (int i = 0; i < rows.count; i++) {
        count_into_buckets(metrics, rows.cells[2 * i].integer, rows.cells[2 * i + 1].integer);
    }
    metrics->gini = NAN;
    for (int i = 0; i < METRICS_LORENZ_POINTS; i++) {
        metrics->lorenz[i] = NAN;
    }
    if (metrics->total_commitments > 0) {
        fill_lorenz(metrics, &rows);
    }
    return OK;
}

/* ---- revenue, feedback, errors ----------------------------------------------------------------
 */

static enum err read_revenue(struct metrics_reading *reading, struct metrics *metrics)
{
    const struct cell *cell;
    enum err error = query_one(reading, "metrics_revenue", NULL, 0, &cell);
    if (error != OK) {
        return error;
    }
    metrics->revenue = cell[0].real;
    metrics->revenue_per_user = ratio(cell[0].real, (double)metrics->total_users);
    return OK;
}

static enum err read_feedback(struct metrics_reading *reading, struct metrics *metrics)
{
    const struct cell *cell;
    enum err error = query_one(reading, "metrics_feedback", NULL, 0, &cell);
    if (error != OK) {
        return error;
    }
    metrics->feedback_positive_share = rate_of(cell[1].integer, cell[0].integer);
    metrics->support_requests = cell[2].integer;
    metrics->support_requests_before = cell[3].integer;
    error = query_one(reading, "metrics_support_events", NULL, 0, &cell);
    if (error != OK) {
        return error;
    }
    metrics->support_requests += cell[0].integer;
    metrics->support_requests_before += cell[1].integer;
    metrics->support_requests_per_100 =
        100.0 * ratio((double)metrics->support_requests, (double)metrics->wau);
    return OK;
}

static enum err read_errors(struct metrics_reading *reading, struct metrics *metrics)
{
    const struct cell *cell;
    enum err error = query_one(reading, "metrics_dead_deliveries", NULL, 0, &cell);
    if (error != OK) {
        return error;
    }
    metrics->dead_deliveries = cell[0].integer;
    struct arg now = ARG_INT(reading->now_ms);
    struct rows rows;
    error = store_query(reading->store, reading->arena, "metrics_errors", &now, 1, 1, &rows,
                        reading->detail);
    if (error == OK) {
        cell = rows.cells;
        metrics->invariant_failures = cell[0].integer;
        metrics->requests_5xx = cell[1].integer;
        metrics->critical_errors =
            metrics->dead_deliveries + metrics->invariant_failures + metrics->requests_5xx;
    }
    return error;
}

/* ---- verdicts ---------------------------------------------------------------------------------
 */

/* Below `critical` percent critical, below `warning` warning, compared as products of integers;
 * or_equal: the threshold itself is on the worse side. */
static enum health judge(const struct rate *rate, int critical, int warning, bool or_equal)
{
    if (rate->n == 0) {
        return HEALTH_UNKNOWN;
    }
    int64_t scaled = rate->hits * 100 - (or_equal ? 1 : 0);
    if (scaled < critical * rate->n) {
        return HEALTH_CRITICAL;
    }
    return scaled < warning * rate->n ? HEALTH_WARNING : HEALTH_GOOD;
}

enum err metrics_read(struct store *store, struct arena *arena, const struct catalog *catalog,
                      const struct metrics_filter *filter, int64_t now_ms,
                      struct metrics *ret_metrics, struct err_detail *detail)
{
    struct metrics_reading reading = {store, arena, catalog, filter, now_ms, detail};
    struct metrics metrics = {.now_ms = now_ms, .filter = *filter};
    enum err error = read_people(&reading, &metrics);
    static enum err (*const parts[])(struct metrics_reading *, struct metrics *) = {
        read_times,        read_steps,   read_abandonment, read_activity, read_growth,
        read_distribution, read_revenue, read_feedback,    read_errors,   metrics_read_retention};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && error == OK; i++) {
        error = parts[i](&reading, &metrics);
    }
    if (error != OK) {
        return error;
    }
    metrics.conversion_health = judge(&metrics.conversion_rate, 50, 70, false);
    metrics.completion_health = judge(&metrics.completion_rate, 50, 70, false);
    metrics.retention_health = judge(&metrics.week_1_retention, 40, 60, true);
    *ret_metrics = metrics;
    return OK;
}

enum err metrics_now(struct store *store, struct arena *arena, int64_t clock_ms,
                     int64_t *ret_now_ms, struct err_detail *detail)
{
    struct rows rows;
    enum err error = store_query(store, arena, "metrics_newest", NULL, 0, 1, &rows, detail);
    if (error == OK) {
        int64_t newest_ms = rows.cells[0].integer;
        *ret_now_ms = newest_ms > clock_ms ? newest_ms : clock_ms;
    }
    return error;
}

enum err metrics_conversion(struct store *store, struct arena *arena,
                            const struct metrics_filter *filter, int64_t now_ms,
                            struct rate *ret_all, struct rate *ret_outside,
                            struct err_detail *detail)
{
    struct metrics_reading reading = {store, arena, NULL, filter, now_ms, detail};
    struct metrics metrics = {.now_ms = now_ms};
    enum err error = read_people(&reading, &metrics);
    if (error == OK) {
        *ret_all = metrics.conversion_rate;
        *ret_outside = metrics.conversion_rate_outside_onboarding;
    }
    return error;
}

enum err metrics_typical(struct store *store, struct arena *arena,
                         const struct metrics_filter *filter, int64_t now_ms,
                         double *ret_median_hours, double *ret_quick_percent,
                         struct err_detail *detail)
{
    struct metrics_reading reading = {store, arena, NULL, filter, now_ms, detail};
    struct metrics metrics = {.now_ms = now_ms};
    enum err error = read_people(&reading, &metrics);
    if (error == OK) {
        error = read_times(&reading, &metrics);
    }
    if (error == OK) {
        *ret_median_hours = metrics.median_completion_hours;
        *ret_quick_percent = metrics.quick_completion_rate.percent;
    }
    return error;
}

const char *health_name(enum health health)
{
    static const char *const names[] = {"unknown", "critical", "warning", "good"};
    return names[health];
}

const char *growth_name(enum growth growth)
{
    static const char *const names[] = {"unknown", "growing", "stable", "declining"};
    return names[growth];
}

struct metric_target metrics_target(const struct metrics *metrics, const char *name)
{
    const struct {
        const char *name;
        struct metric_target target;
    } targets[] = {
        {"conversion_rate", {27.8, 65}},
        {"completion_rate", {48, 75}},
        {"step_1_completion", {NAN, metrics->step_target[0]}},
        {"step_2_completion", {NAN, metrics->step_target[1]}},
        {"step_3_completion", {NAN, metrics->step_target[2]}},
        {"step_4_completion", {NAN, metrics->step_target[3]}},
    };
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        if (strcmp(targets[i].name, name) == 0) {
            return targets[i].target;
        }
    }
    return (struct metric_target){NAN, NAN};
}

const struct metric_row *metrics_rows(int *ret_count)
{
    static const struct metric_row rows[] = {
#define METRIC_ROW(field, label) {#field, label, METRIC_RATE, offsetof(struct metrics, field)},
        METRIC_RATES(METRIC_ROW)
#undef METRIC_ROW
#define METRIC_ROW(field, label) {#field, label, METRIC_HOUR, offsetof(struct metrics, field)},
            METRIC_HOURS(METRIC_ROW)
#undef METRIC_ROW
#define METRIC_ROW(field, label) {#field, label, METRIC_COUNT, offsetof(struct metrics, field)},
                METRIC_COUNTS(METRIC_ROW)
#undef METRIC_ROW
#define METRIC_ROW(field, label) {#field, label, METRIC_NUMBER, offsetof(struct metrics, field)},
                    METRIC_NUMBERS(METRIC_ROW)
#undef METRIC_ROW
    };
    *ret_count = sizeof(rows) / sizeof(rows[0]);
    return rows;
}
