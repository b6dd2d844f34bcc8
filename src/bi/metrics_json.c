/* The figures as JSON (metrics.h): plain numbers under exactly their names, full precision. */
#include <math.h>
#include <stdio.h>

#include "base/calendar.h"
#include "bi/metrics.h"

static json_t *number(double value)
{
    return isnan(value) ? json_null() : json_real(value);
}

static void put_rate(json_t *object, struct arena *arena, const char *name, const struct rate *rate)
{
    json_object_set_new(object, name, number(rate->percent));
    json_object_set_new(object, arena_printf(arena, "%s_n", name).ptr, json_integer(rate->n));
    json_object_set_new(object, arena_printf(arena, "%s_low", name).ptr, number(rate->low));
    json_object_set_new(object, arena_printf(arena, "%s_high", name).ptr, number(rate->high));
}

static void put_row(json_t *object, struct arena *arena, const struct metrics *metrics,
                    const struct metric_row *row)
{
    const char *field = (const char *)metrics + row->offset;
    switch (row->kind) {
    case METRIC_RATE:
        put_rate(object, arena, row->name, (const struct rate *)(const void *)field);
        break;
    case METRIC_HOUR:
    case METRIC_NUMBER:
        json_object_set_new(object, row->name, number(*(const double *)(const void *)field));
        break;
    case METRIC_COUNT:
        json_object_set_new(object, row->name, json_integer(*(const int64_t *)(const void *)field));
        break;
    }
}

/* {"conversion_rate": {"baseline": 27.8, "target": 65, "gained": …, "factor": …}, …} */
static json_t *targets(const struct metrics *metrics)
{
    json_t *all = json_object();
    int count;
    const struct metric_row *rows = metrics_rows(&count);
    for (int i = 0; i < count; i++) {
        struct metric_target target = metrics_target(metrics, rows[i].name);
        if (isnan(target.target) || rows[i].kind != METRIC_RATE) {
            continue;
        }
        const struct rate *rate =
            (const struct rate *)(const void *)((const char *)metrics + rows[i].offset);
        json_t *one = json_object();
        json_object_set_new(one, "baseline", number(target.baseline));
        json_object_set_new(one, "target", json_real(target.target));
        json_object_set_new(one, "gained", number(rate->percent - target.baseline));
        json_object_set_new(one, "factor", number(rate->percent / target.baseline));
        json_object_set_new(all, rows[i].name, one);
    }
    return all;
}

static json_t *instant(struct arena *arena, int64_t at_ms)
{
    return at_ms == 0 ? json_null() : json_str(calendar_iso(arena, at_ms));
}

json_t *metrics_json(struct arena *arena, const struct metrics *metrics)
{
    json_t *object = json_object();
    json_object_set_new(object, "now", instant(arena, metrics->now_ms));
    json_object_set_new(object, "cohort_from", instant(arena, metrics->filter.from_ms));
    json_object_set_new(object, "cohort_to", instant(arena, metrics->filter.to_ms));
    json_object_set_new(object, "within_ms",
                        metrics->filter.within_ms > 0 ? json_integer(metrics->filter.within_ms)
                                                      : json_null());
    int count;
    const struct metric_row *rows = metrics_rows(&count);
    for (int i = 0; i < count; i++) {
        put_row(object, arena, metrics, &rows[i]);
    }
    json_t *lorenz = json_array();
    for (int i = 0; i < METRICS_LORENZ_POINTS; i++) {
        json_array_append_new(lorenz, number(metrics->lorenz[i]));
    }
    json_object_set_new(object, "lorenz", lorenz);
    json_object_set_new(object, "trend", json_string(growth_name(metrics->growth)));
    json_object_set_new(object, "conversion_health",
                        json_string(health_name(metrics->conversion_health)));
    json_object_set_new(object, "completion_health",
                        json_string(health_name(metrics->completion_health)));
    json_object_set_new(object, "retention_health",
                        json_string(health_name(metrics->retention_health)));
    json_object_set_new(object, "targets", targets(metrics));
    return object;
}

static void put_bounded(json_t *object, const char *name, const struct rate *rate)
{
    char key[64];
    json_object_set_new(object, name, number(rate->percent));
    snprintf(key, sizeof(key), "%s_low", name);
    json_object_set_new(object, key, number(rate->low));
    snprintf(key, sizeof(key), "%s_high", name);
    json_object_set_new(object, key, number(rate->high));
}

json_t *funnel_json(const struct funnel_stage stages[FUNNEL_STAGES])
{
    json_t *list = json_array();
    for (int i = 0; i < FUNNEL_STAGES; i++) {
        json_t *stage = json_object();
        int64_t people = stages[i].people;
        int64_t before = i > 0 ? stages[i - 1].people : 0;
        json_object_set_new(stage, "stage", json_string(stages[i].name));
        json_object_set_new(stage, "people", json_integer(people));
        put_bounded(stage, "share_of_joined", &stages[i].of_joined);
        /* Some come to a stage without the one before: then nobody can be said to be lost. */
        struct rate of_previous = people <= before ? rate_of(people, before) : rate_of(0, 0);
        put_bounded(stage, "share_of_previous", &of_previous);
        json_array_append_new(list, stage);
    }
    return list;
}

json_t *retention_json(struct arena *arena, const struct retention_cohort *cohorts, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++) {
        json_t *cells = json_array();
        for (int k = 0; k < cohorts[i].cells; k++) {
            json_t *cell = json_object();
            json_object_set_new(cell, "eligible", json_integer(cohorts[i].active[k].n));
            json_object_set_new(cell, "active", json_integer(cohorts[i].active[k].hits));
            json_object_set_new(cell, "rate", number(cohorts[i].active[k].percent));
            json_array_append_new(cells, cell);
        }
        json_t *cohort = json_object();
        json_object_set_new(cohort, "week", instant(arena, cohorts[i].monday_ms));
        json_object_set_new(cohort, "imported", json_integer(cohorts[i].imported));
        json_object_set_new(cohort, "cells", cells);
        json_object_set_new(cohort, "month_1", number(cohorts[i].month_1.percent));
        json_array_append_new(list, cohort);
    }
    return list;
}

static void put_revenue(json_t *object, const struct revenue_group *group)
{
    json_object_set_new(object, "people", json_integer(group->people));
    json_object_set_new(object, "revenue", json_real(group->revenue));
    json_object_set_new(object, "revenue_per_user",
                        number(ratio(group->revenue, (double)group->people)));
}

json_t *revenue_json(struct arena *arena, const struct revenue_groups *groups)
{
    json_t *cohorts = json_array();
    for (int i = 0; i < groups->cohort_count; i++) {
        json_t *one = json_object();
        json_object_set_new(one, "week", instant(arena, groups->cohorts[i].monday_ms));
        put_revenue(one, &groups->cohorts[i]);
        json_array_append_new(cohorts, one);
    }
    json_t *variants = json_array();
    for (int i = 0; i < groups->variant_count; i++) {
        json_t *one = json_object();
        json_object_set_new(one, "experiment", json_str(groups->variants[i].experiment));
        json_object_set_new(one, "variant", json_str(groups->variants[i].variant));
        put_revenue(one, &groups->variants[i]);
        json_array_append_new(variants, one);
    }
    return json_pack("{s:o, s:o}", "by_cohort", cohorts, "by_variant", variants);
}
