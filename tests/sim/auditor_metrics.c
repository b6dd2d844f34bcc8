/* The figures of the product by their plain definitions: everybody's rows are walked over, without
 * counters and without the statements of production. What is shown must equal it, and nothing may
 * be shown that is not reckoned here. */
#include "auditor_parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

enum { STEPS = 4, RETENTIONS = 3, BUCKETS = 4 };
#define MONTH_MS (30 * DAY_MS)

/* What one person did. */
struct walked {
    UT_hash_handle hh;
    int64_t user_id;
    int64_t joined_at_ms;
    int64_t last_active_ms;
    int64_t made, done, quick, outside, outside_done;
    bool sent[STEPS], completed[STEPS];
    bool active_day, active_week, active_month;
    bool retained[RETENTIONS];
    double revenue;
    int64_t ratings, helpful;
};

struct walk {
    struct auditor *auditor;
    const struct audited_metric *metrics; /* what production says */
    int metric_count;
    uint64_t reckoned; /* bit of each that was compared */
    int64_t now_ms;
    struct walked *people;
    double *took_hours; /* of all completed commitments */
    int64_t took_count, took_capacity;
    int64_t made_lately;
    int64_t runs_entered, runs_abandoned;
    int64_t support[2]; /* the last week, the one before */
    int64_t dead;
};

/* ---- walking ---- */

typedef void walk_row(struct walk *walk, struct walked *person, sqlite3_stmt *row);

/* Calls for each row of the statement, whose first column is a person who counts. */
static void each(struct walk *walk, const char *sql, walk_row *take)
{
    sqlite3_stmt *row = audited_prepare(walk->auditor, sql);
    while (sqlite3_step(row) == SQLITE_ROW) {
        int64_t user_id = sqlite3_column_int64(row, 0);
        struct walked *person = NULL;
        HASH_FIND(hh, walk->people, &user_id, sizeof(user_id), person);
        if (person != NULL) {
            take(walk, person, row);
        }
    }
    sqlite3_finalize(row);
}

static void load_people(struct walk *walk)
{
    sqlite3_stmt *row = audited_prepare(walk->auditor, "SELECT id, joined_at_ms FROM users "
                                                       "WHERE is_test = 0 AND is_erased = 0");
    while (sqlite3_step(row) == SQLITE_ROW) {
        struct walked *person = calloc(1, sizeof(*person));
        ASSERT(person != NULL);
        person->user_id = sqlite3_column_int64(row, 0);
        person->joined_at_ms = sqlite3_column_int64(row, 1);
        HASH_ADD(hh, walk->people, user_id, sizeof(person->user_id), person);
    }
    sqlite3_finalize(row);
}

static void take_commitment(struct walk *walk, struct walked *person, sqlite3_stmt *row)
{
    bool done = sqlite3_column_int(row, 1) == 1;
    bool outside = strcmp((const char *)sqlite3_column_text(row, 2), "onboarding") != 0;
    int64_t created_at_ms = sqlite3_column_int64(row, 3);
    int64_t took_ms = sqlite3_column_int64(row, 4) - created_at_ms;
    person->made++;
    person->outside += outside;
    person->done += done;
    person->outside_done += done && outside;
    person->quick += done && took_ms <= DAY_MS;
    walk->made_lately += created_at_ms > walk->now_ms - MONTH_MS;
    if (!done) {
        return;
    }
    if (walk->took_count == walk->took_capacity) {
        walk->took_capacity = walk->took_capacity == 0 ? 256 : 2 * walk->took_capacity;
        walk->took_hours =
            realloc(walk->took_hours, (size_t)walk->took_capacity * sizeof(*walk->took_hours));
        ASSERT(walk->took_hours != NULL);
    }
    walk->took_hours[walk->took_count++] = (double)took_ms / (double)HOUR_MS;
}

static void take_step(struct walk *walk, struct walked *person, sqlite3_stmt *row)
{
    static const int64_t answered_within_ms[STEPS] = {6 * HOUR_MS, 12 * HOUR_MS, 8 * HOUR_MS,
                                                      24 * HOUR_MS};
    int step = sqlite3_column_int(row, 1);
    int64_t sent_at_ms = sqlite3_column_int64(row, 2);
    if (step < STEPS && sent_at_ms > 0 && sent_at_ms <= walk->now_ms - answered_within_ms[step]) {
        person->sent[step] = true;
        person->completed[step] |= sqlite3_column_int64(row, 3) > 0;
    }
}

static void take_run(struct walk *walk, struct walked *person, sqlite3_stmt *row)
{
    (void)person;
    if (sqlite3_column_int64(row, 1) <= walk->now_ms - 8 * DAY_MS) {
        walk->runs_entered++;
        walk->runs_abandoned += sqlite3_column_int(row, 2) == 3;
    }
}

static bool within(int64_t at_ms, int64_t from_ms, int64_t to_ms)
{
    return at_ms >= from_ms && at_ms < to_ms;
}

static void take_activity(struct walk *walk, struct walked *person, sqlite3_stmt *row)
{
    static const int64_t lived_days[RETENTIONS][2] = {{7, 14}, {14, 21}, {30, 60}};
    int64_t at_ms = sqlite3_column_int64(row, 1);
    int64_t today_ms = walk->now_ms / DAY_MS * DAY_MS;
    person->last_active_ms = at_ms > person->last_active_ms ? at_ms : person->last_active_ms;
    person->active_day |= within(at_ms, today_ms - DAY_MS, today_ms);
    person->active_week |= at_ms >= walk->now_ms - 7 * DAY_MS;
    person->active_month |= at_ms >= walk->now_ms - MONTH_MS;
    for (int i = 0; i < RETENTIONS; i++) {
        person->retained[i] |= within(at_ms, person->joined_at_ms + lived_days[i][0] * DAY_MS,
                                      person->joined_at_ms + lived_days[i][1] * DAY_MS);
    }
}

static void take_support(struct walk *walk, int64_t at_ms)
{
    if (at_ms > walk->now_ms - 14 * DAY_MS) {
        walk->support[at_ms <= walk->now_ms - 7 * DAY_MS]++;
    }
}

static void take_tracked(struct walk *walk, struct walked *person, sqlite3_stmt *row)
{
    const char *name = (const char *)sqlite3_column_text(row, 2);
    person->revenue += sqlite3_column_double(row, 3);
    if (name != NULL &&
        (strcmp(name, "Support Requested") == 0 || strcmp(name, "Help Repeated") == 0)) {
        take_support(walk, sqlite3_column_int64(row, 1));
    }
}

static void take_feedback(struct walk *walk, struct walked *person, sqlite3_stmt *row)
{
    int rating = sqlite3_column_int(row, 1);
    person->ratings += rating != 0;
    person->helpful += rating == 1;
    if (sqlite3_column_int(row, 2) != 0) {
        take_support(walk, sqlite3_column_int64(row, 3));
    }
}

static void take_dead(struct walk *walk, struct walked *person, sqlite3_stmt *row)
{
    (void)person;
    walk->dead += sqlite3_column_int64(row, 1) >= walk->now_ms - 7 * DAY_MS;
}

static void walk_over_everybody(struct walk *walk)
{
    load_people(walk);
    each(walk, "SELECT user_id, state, source, created_at_ms, completed_at_ms FROM commitments",
         take_commitment);
    each(walk,
         "SELECT r.user_id, s.key, s.value ->> 0, s.value ->> 1 FROM runs AS r, "
         "json_each(r.steps) AS s WHERE r.journey IN ('superior_onboarding', 'micro_onboarding')",
         take_step);
    each(walk,
         "SELECT user_id, entered_at_ms, outcome FROM runs "
         "WHERE journey IN ('superior_onboarding', 'micro_onboarding')",
         take_run);
    /* Whatever a person does. */
    each(walk,
         "SELECT user_id, at_ms FROM events WHERE type IN ('message_received', 'button_pressed', "
         "'command_used', 'commitment_made', 'commitment_completed', 'commitment_dropped', "
         "'commitment_renamed', 'commitment_undone', 'commitment_changed', 'step_completed', "
         "'step_answered', 'overwhelmed', 'crisis', 'stopped', 'paused', 'resumed', 'feedback', "
         "'rated', 'settings_changed')",
         take_activity);
    each(walk,
         "SELECT user_id, at_ms, CASE type WHEN 'tracked' THEN data ->> '$.event' END, revenue "
         "FROM events WHERE type = 'tracked' OR revenue <> 0",
         take_tracked);
    each(walk, "SELECT user_id, rating, is_problem, at_ms FROM feedback", take_feedback);
    each(walk, "SELECT user_id, id >> 21 FROM deliveries WHERE state = 10", take_dead);
}

/* ---- comparing ---- */

static const struct audited_metric *said(struct walk *walk, const char *name)
{
    for (int i = 0; i < walk->metric_count; i++) {
        if (strcmp(walk->metrics[i].name, name) == 0) {
            walk->reckoned |= (uint64_t)1 << i;
            return &walk->metrics[i];
        }
    }
    auditor_fail(walk->auditor, "metric %s is not there", name);
    return NULL;
}

static void rate(struct walk *walk, const char *name, int64_t hits, int64_t n)
{
    const struct audited_metric *metric = said(walk, name);
    if (metric != NULL && (metric->hits != hits || metric->n != n)) {
        auditor_fail(walk->auditor, "metric %s says %lld of %lld, reckoned %lld of %lld", name,
                     (long long)metric->hits, (long long)metric->n, (long long)hits, (long long)n);
    }
}

static void number(struct walk *walk, const char *name, double value)
{
    const struct audited_metric *metric = said(walk, name);
    if (metric == NULL || (isnan(value) && isnan(metric->value))) {
        return;
    }
    if (!(fabs(metric->value - value) <= 1e-6 * (1 + fabs(value)))) {
        auditor_fail(walk->auditor, "metric %s says %f, reckoned %f", name, metric->value, value);
    }
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : (double)NAN;
}

static int64_t count_where(const struct walk *walk,
                           bool (*holds)(const struct walk *walk, const struct walked *person))
{
    int64_t count = 0;
    const struct walked *person, *next;
    HASH_ITER (hh, walk->people, person, next) {
        count += holds(walk, person);
    }
    return count;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double percentile(const struct walk *walk, double part)
{
    if (walk->took_count == 0) {
        return NAN;
    }
    double place = part * (double)(walk->took_count - 1);
    int64_t below = (int64_t)place;
    int64_t above = below + 1 < walk->took_count ? below + 1 : below;
    double weight = place - (double)below;
    return walk->took_hours[below] * (1 - weight) + walk->took_hours[above] * weight;
}

static void compare_hours(struct walk *walk)
{
    double sum = 0;
    for (int64_t i = 0; i < walk->took_count; i++) {
        sum += walk->took_hours[i];
    }
    if (walk->took_count > 0) {
        qsort(walk->took_hours, (size_t)walk->took_count, sizeof(*walk->took_hours), by_value);
    }
    number(walk, "avg_completion_hours", share(sum, (double)walk->took_count));
    number(walk, "median_completion_hours", percentile(walk, 0.5));
    number(walk, "p90_completion_hours", percentile(walk, 0.9));
}

/* Half the mean difference between two people, over the mean. */
static double gini(const struct walk *walk, double people, double made)
{
    double differences = 0;
    const struct walked *one, *other, *next_one, *next_other;
    HASH_ITER (hh, walk->people, one, next_one) {
        HASH_ITER (hh, walk->people, other, next_other) {
            differences += (double)llabs(one->made - other->made);
        }
    }
    return share(differences, 2 * people * made);
}

static bool silent_7d(const struct walk *walk, const struct walked *person)
{
    return person->last_active_ms < walk->now_ms - 7 * DAY_MS;
}

static bool silent_30d(const struct walk *walk, const struct walked *person)
{
    return person->last_active_ms < walk->now_ms - MONTH_MS;
}

static bool joined_lately(const struct walk *walk, const struct walked *person)
{
    return person->joined_at_ms > walk->now_ms - 7 * DAY_MS;
}

static bool joined_before(const struct walk *walk, const struct walked *person)
{
    return person->joined_at_ms <= walk->now_ms - 7 * DAY_MS &&
           person->joined_at_ms > walk->now_ms - 14 * DAY_MS;
}

static bool joined_in_month(const struct walk *walk, const struct walked *person)
{
    return person->joined_at_ms > walk->now_ms - MONTH_MS;
}

static bool is_power_user(const struct walked *person)
{
    return person->made >= 10 && person->done * 100 >= person->made * 80;
}

static void compare_retention(struct walk *walk)
{
    static const char *const names[RETENTIONS] = {"week_1_retention", "week_2_retention",
                                                  "month_1_retention"};
    static const int64_t old_days[RETENTIONS] = {14, 21, 60};
    for (int i = 0; i < RETENTIONS; i++) {
        int64_t n = 0, hits = 0;
        const struct walked *person, *next;
        HASH_ITER (hh, walk->people, person, next) {
            bool old = person->joined_at_ms + old_days[i] * DAY_MS <= walk->now_ms;
            n += old;
            hits += old && person->retained[i];
        }
        rate(walk, names[i], hits, n);
    }
}

static void compare_steps(struct walk *walk)
{
    double implied = 100;
    for (int i = 0; i < STEPS; i++) {
        char name[32];
        int64_t sent = 0, completed = 0;
        const struct walked *person, *next;
        HASH_ITER (hh, walk->people, person, next) {
            sent += person->sent[i];
            completed += person->completed[i];
        }
        snprintf(name, sizeof(name), "step_%d_completion", i + 1);
        rate(walk, name, completed, sent);
        implied *= i < 3 ? share((double)completed, (double)sent) : 1;
    }
    number(walk, "conversion_rate_implied", implied);
    rate(walk, "abandonment_rate", walk->runs_abandoned, walk->runs_entered);
}

static void compare_joins(struct walk *walk)
{
    int64_t last = count_where(walk, joined_lately);
    int64_t before = count_where(walk, joined_before);
    number(walk, "joins_last_7_days", (double)last);
    number(walk, "joins_previous_7_days", (double)before);
    number(walk, "joins_last_30_days", (double)count_where(walk, joined_in_month));
    number(walk, "growth_rate", 100 * share((double)(last - before), (double)before));
}

/* Sums over people of what the walk found. */
struct sums {
    int64_t people, converted, converted_outside, activated;
    int64_t made, done, quick, outside, outside_done;
    int64_t power_users, power_made;
    int64_t of_bucket[BUCKETS];
    int64_t day, week, month;
    int64_t ratings, helpful;
    double revenue;
};

static struct sums sums_of(const struct walk *walk)
{
    struct sums sums = {0};
    const struct walked *person, *next;
    HASH_ITER (hh, walk->people, person, next) {
        sums.people++;
        sums.converted += person->made > 0;
        sums.converted_outside += person->outside > 0;
        sums.activated += person->done > 0;
        sums.made += person->made;
        sums.done += person->done;
        sums.quick += person->quick;
        sums.outside += person->outside;
        sums.outside_done += person->outside_done;
        sums.power_users += is_power_user(person);
        sums.power_made += is_power_user(person) ? person->made : 0;
        sums.of_bucket[(person->made > 0) + (person->made > 3) + (person->made > 10)]++;
        sums.day += person->active_day;
        sums.week += person->active_week;
        sums.month += person->active_month;
        sums.ratings += person->ratings;
        sums.helpful += person->helpful;
        sums.revenue += person->revenue;
    }
    return sums;
}

static void compare_commitments(struct walk *walk, const struct sums *sums)
{
    static const char *const buckets[BUCKETS] = {"users_0_commitments", "users_1_to_3_commitments",
                                                 "users_4_to_10_commitments",
                                                 "users_over_10_commitments"};
    rate(walk, "conversion_rate", sums->converted, sums->people);
    rate(walk, "conversion_rate_outside_onboarding", sums->converted_outside, sums->people);
    rate(walk, "activation_rate", sums->activated, sums->people);
    rate(walk, "completion_rate", sums->done, sums->made);
    rate(walk, "completion_rate_outside_onboarding", sums->outside_done, sums->outside);
    rate(walk, "quick_completion_rate", sums->quick, sums->done);
    rate(walk, "inactive_rate", sums->people - sums->converted, sums->people);
    rate(walk, "power_user_share", sums->power_users, sums->people);
    rate(walk, "power_activity_share", sums->power_made, sums->made);
    number(walk, "total_users", (double)sums->people);
    number(walk, "users_with_commitments", (double)sums->converted);
    number(walk, "total_commitments", (double)sums->made);
    number(walk, "completed_commitments", (double)sums->done);
    number(walk, "quick_completions", (double)sums->quick);
    number(walk, "power_users", (double)sums->power_users);
    number(walk, "inactive_users", (double)(sums->people - sums->converted));
    number(walk, "commitments_last_30_days", (double)walk->made_lately);
    number(walk, "gini", gini(walk, (double)sums->people, (double)sums->made));
    for (int i = 0; i < BUCKETS; i++) {
        number(walk, buckets[i], (double)sums->of_bucket[i]);
    }
}

static void compare_activity(struct walk *walk, const struct sums *sums)
{
    rate(walk, "silent_7d_rate", count_where(walk, silent_7d), sums->people);
    rate(walk, "silent_30d_rate", count_where(walk, silent_30d), sums->people);
    rate(walk, "stickiness", sums->day, sums->month);
    rate(walk, "feedback_positive_share", sums->helpful, sums->ratings);
    number(walk, "dau", (double)sums->day);
    number(walk, "wau", (double)sums->week);
    number(walk, "mau", (double)sums->month);
    number(walk, "revenue", sums->revenue);
    number(walk, "revenue_per_user", share(sums->revenue, (double)sums->people));
    number(walk, "support_requests", (double)walk->support[0]);
    number(walk, "support_requests_before", (double)walk->support[1]);
    number(walk, "support_requests_per_100",
           100 * share((double)walk->support[0], (double)sums->week));
}

/* Of the last seven days; requests are none in this world. */
static void compare_errors(struct walk *walk)
{
    char sql[160];
    int64_t today = walk->now_ms / DAY_MS;
    snprintf(sql, sizeof(sql),
             "SELECT coalesce(sum(count), 0) FROM error_counts "
             "WHERE kind = 'invariant' AND day BETWEEN %lld AND %lld",
             (long long)today - 6, (long long)today);
    int64_t invariant = audited_int(walk->auditor, sql);
    number(walk, "dead_deliveries", (double)walk->dead);
    number(walk, "invariant_failures", (double)invariant);
    number(walk, "requests_5xx", 0);
    number(walk, "critical_errors", (double)(walk->dead + invariant));
}

void auditor_metrics(struct auditor *auditor, const struct audited_metric *metrics, int count,
                     int64_t now_ms)
{
    struct walk walk = {
        .auditor = auditor, .metrics = metrics, .metric_count = count, .now_ms = now_ms};
    ASSERT(count <= 64);
    walk_over_everybody(&walk);
    struct sums sums = sums_of(&walk);
    compare_commitments(&walk, &sums);
    compare_hours(&walk);
    compare_activity(&walk, &sums);
    compare_steps(&walk);
    compare_retention(&walk);
    compare_joins(&walk);
    compare_errors(&walk);
    for (int i = 0; i < count; i++) {
        if ((walk.reckoned & (uint64_t)1 << i) == 0) {
            auditor_fail(auditor, "metric %s is shown and not reckoned here", metrics[i].name);
        }
    }
    struct walked *person, *next;
    HASH_ITER (hh, walk.people, person, next) {
        HASH_DEL(walk.people, person);
        free(person);
    }
    free(walk.took_hours);
}
