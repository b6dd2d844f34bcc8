/* Funnel, retention and revenue by group: figures about people by when they joined (metrics.h). */
#include <stddef.h>

#include "base/limits.h"
#include "bi/metrics_parts.h"

enum { COHORTS_MAX = 520, VARIANTS_MAX = 1000, WEEK_DAYS = 7 };

enum err metrics_funnel(struct store *store, struct arena *arena,
                        const struct metrics_filter *filter, int64_t now_ms,
                        struct funnel_stage ret_stages[FUNNEL_STAGES], struct err_detail *detail)
{
    struct metrics_reading reading = {store, arena, NULL, filter, now_ms, detail};
    struct arg variant[] = {ARG_TEXT(filter->experiment), ARG_TEXT(filter->variant)};
    struct rows rows;
    enum err error = metrics_query(&reading, "metrics_funnel", variant, 2, 1, &rows);
    if (error != OK) {
        return error;
    }
    int64_t joined = rows.cells[0].integer;
    for (int i = 0; i < FUNNEL_STAGES; i++) {
        int64_t people = rows.cells[i].integer;
        ret_stages[i] = (struct funnel_stage){rows.names[i], people, rate_of(people, joined)};
    }
    return OK;
}

/* Puts one row (week, cell, eligible, active) into its cohort; cell -1 is the month. */
static void take_cell(struct retention_cohort *cohort, int64_t k, int64_t eligible, int64_t active)
{
    struct rate rate = rate_of(active, eligible);
    if (k < 0) {
        cohort->month_1 = rate;
    } else {
        cohort->active[k] = rate;
        cohort->cells = (int)k + 1;
    }
}

/* Week 0 began on Monday 1969-12-29, three days before 1970. */
static int64_t monday_of(int64_t week)
{
    return (week * WEEK_DAYS - 3) * DAY_MS;
}

/* Cells without a row, whose events have left, have nobody in them. */
static struct retention_cohort nobody_of(int64_t monday_ms)
{
    struct retention_cohort cohort = {.monday_ms = monday_ms, .month_1 = rate_of(0, 0)};
    for (int k = 0; k < RETENTION_CELLS; k++) {
        cohort.active[k] = rate_of(0, 0);
    }
    return cohort;
}

static enum err read_cohorts(struct metrics_reading *reading, struct retention_cohort **ret_cohorts,
                             int *ret_count)
{
    struct arg more[] = {metrics_activity_types(reading->arena), ARG_INT(RETENTION_CELLS - 1)};
    struct rows rows;
    enum err error = metrics_query(reading, "metrics_retention", more, 2,
                                   COHORTS_MAX * (RETENTION_CELLS + 1), &rows);
    if (error != OK) {
        return error;
    }
    struct retention_cohort *cohorts =
        ARENA_ARRAY(reading->arena, struct retention_cohort, (size_t)rows.count);
    int count = 0;
    for (int i = 0; i < rows.count; i++) {
        const struct cell *cell = &rows.cells[i * rows.columns];
        int64_t monday_ms = monday_of(cell[0].integer);
        if (count == 0 || cohorts[count - 1].monday_ms != monday_ms) {
            cohorts[count++] = nobody_of(monday_ms);
        }
        struct retention_cohort *cohort = &cohorts[count - 1];
        take_cell(cohort, cell[1].integer, cell[2].integer, cell[3].integer);
        if (cell[4].integer > cohort->imported) {
            cohort->imported = cell[4].integer;
        }
    }
    *ret_cohorts = cohorts;
    *ret_count = count;
    return OK;
}

/* One cell of all cohorts together; cell -1 is the month. */
static struct rate over_all(const struct metrics *metrics, int cell)
{
    int64_t eligible = 0;
    int64_t active = 0;
    for (int i = 0; i < metrics->cohort_count; i++) {
        const struct retention_cohort *cohort = &metrics->cohorts[i];
        if (cell < cohort->cells) {
            const struct rate *rate = cell < 0 ? &cohort->month_1 : &cohort->active[cell];
            eligible += rate->n;
            active += rate->hits;
        }
    }
    return rate_of(active, eligible);
}

bool metrics_row_is_retention(const struct metric_row *row)
{
    return row->offset == offsetof(struct metrics, week_1_retention) ||
           row->offset == offsetof(struct metrics, week_2_retention) ||
           row->offset == offsetof(struct metrics, month_1_retention);
}

enum err metrics_read_retention(struct metrics_reading *reading, struct metrics *metrics)
{
    if (reading->filter->without_retention) {
        metrics->week_1_retention = metrics->week_2_retention = metrics->month_1_retention =
            rate_of(0, 0);
        return OK;
    }
    enum err error = read_cohorts(reading, &metrics->cohorts, &metrics->cohort_count);
    if (error != OK) {
        return error;
    }
    metrics->week_1_retention = over_all(metrics, 1);
    metrics->week_2_retention = over_all(metrics, 2);
    metrics->month_1_retention = over_all(metrics, -1);
    return OK;
}

enum err metrics_retention(struct store *store, struct arena *arena,
                           const struct metrics_filter *filter, int64_t now_ms,
                           struct retention_cohort **ret_cohorts, int *ret_count,
                           struct err_detail *detail)
{
    struct metrics_reading reading = {store, arena, NULL, filter, now_ms, detail};
    return read_cohorts(&reading, ret_cohorts, ret_count);
}

enum err metrics_revenue_groups(struct store *store, struct arena *arena,
                                const struct metrics_filter *filter, int64_t now_ms,
                                struct revenue_groups *ret_groups, struct err_detail *detail)
{
    struct metrics_reading reading = {store, arena, NULL, filter, now_ms, detail};
    struct rows cohorts;
    struct rows variants = {0};
    enum err error =
        metrics_query(&reading, "metrics_revenue_cohorts", NULL, 0, COHORTS_MAX, &cohorts);
    if (error == OK) {
        error =
            metrics_query(&reading, "metrics_revenue_variants", NULL, 0, VARIANTS_MAX, &variants);
    }
    if (error != OK) {
        return error;
    }
    struct revenue_groups groups = {
        .cohorts = ARENA_ARRAY(arena, struct revenue_group, (size_t)cohorts.count),
        .variants = ARENA_ARRAY(arena, struct revenue_group, (size_t)variants.count),
        .cohort_count = cohorts.count,
        .variant_count = variants.count};
    for (int i = 0; i < cohorts.count; i++) {
        const struct cell *cell = &cohorts.cells[i * cohorts.columns];
        groups.cohorts[i] = (struct revenue_group){.monday_ms = monday_of(cell[0].integer),
                                                   .people = cell[1].integer,
                                                   .revenue = cell[2].real};
    }
    for (int i = 0; i < variants.count; i++) {
        const struct cell *cell = &variants.cells[i * variants.columns];
        groups.variants[i] = (struct revenue_group){.experiment = cell[0].text,
                                                    .variant = cell[1].text,
                                                    .people = cell[2].integer,
                                                    .revenue = cell[3].real};
    }
    *ret_groups = groups;
    return OK;
}
