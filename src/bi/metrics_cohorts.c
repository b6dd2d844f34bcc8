/* Funnel and retention: figures about people by when they joined (metrics.h). */
#include <stddef.h>

#include "base/limits.h"
#include "bi/metrics_parts.h"

enum { COHORTS_MAX = 520, WEEK_DAYS = 7 };

enum err metrics_funnel(struct store *store, struct arena *arena,
                        const struct metrics_filter *filter, int64_t now_ms,
                        struct funnel_stage ret_stages[FUNNEL_STAGES], struct err_detail *detail)
{
    struct metrics_reading reading = {store, arena, filter, now_ms, detail};
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

/* Rows (week, cell, eligible, active), ordered by week and cell. */
static enum err retention_rows(struct metrics_reading *reading, int last_cell,
                               struct rows *ret_rows)
{
    struct arg more[] = {metrics_activity_types(reading->arena), ARG_INT(last_cell)};
    return metrics_query(reading, "metrics_retention", more, 2, COHORTS_MAX * RETENTION_CELLS,
                         ret_rows);
}

enum err metrics_read_retention(struct metrics_reading *reading, struct metrics *metrics)
{
    struct rows rows;
    enum err error = retention_rows(reading, 2, &rows);
    if (error != OK) {
        return error;
    }
    int64_t eligible[3] = {0};
    int64_t active[3] = {0};
    for (int i = 0; i < rows.count; i++) {
        const struct cell *cell = &rows.cells[i * rows.columns];
        eligible[cell[1].integer] += cell[2].integer;
        active[cell[1].integer] += cell[3].integer;
    }
    metrics->week_1_retention = rate_of(active[1], eligible[1]);
    metrics->week_2_retention = rate_of(active[2], eligible[2]);
    struct arg types = metrics_activity_types(reading->arena);
    error = metrics_query(reading, "metrics_retention_month", &types, 1, 1, &rows);
    if (error == OK) {
        metrics->month_1_retention = rate_of(rows.cells[1].integer, rows.cells[0].integer);
    }
    return error;
}

enum err metrics_retention(struct store *store, struct arena *arena,
                           const struct metrics_filter *filter, int64_t now_ms,
                           struct retention_cohort **ret_cohorts, int *ret_count,
                           struct err_detail *detail)
{
    struct metrics_reading reading = {store, arena, filter, now_ms, detail};
    struct rows rows;
    enum err error = retention_rows(&reading, RETENTION_CELLS - 1, &rows);
    if (error != OK) {
        return error;
    }
    struct retention_cohort *cohorts =
        ARENA_ARRAY(arena, struct retention_cohort, (size_t)rows.count);
    int count = 0;
    for (int i = 0; i < rows.count; i++) {
        const struct cell *cell = &rows.cells[i * rows.columns];
        /* Week 0 began on Monday 1969-12-29, three days before 1970. */
        int64_t monday_ms = (cell[0].integer * WEEK_DAYS - 3) * DAY_MS;
        if (count == 0 || cohorts[count - 1].monday_ms != monday_ms) {
            cohorts[count++] = (struct retention_cohort){.monday_ms = monday_ms};
        }
        struct retention_cohort *cohort = &cohorts[count - 1];
        cohort->active[cell[1].integer] = rate_of(cell[3].integer, cell[2].integer);
        cohort->cells = (int)cell[1].integer + 1;
    }
    *ret_cohorts = cohorts;
    *ret_count = count;
    return OK;
}
