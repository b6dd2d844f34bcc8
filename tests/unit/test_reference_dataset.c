/* The reference dataset gives exactly the figures it stands for, and agrees with doctor. */
#include "bi/reference_dataset.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "bi/metrics.h"
#include "bi/population.h"

static const int64_t NOW_MS = 1764000000000;

struct loaded {
    char folder[64];
    char path[96];
    struct store *store;
    struct arena *arena;
    struct err_detail detail;
};

static int load_at(void **state, int64_t now_ms)
{
    struct loaded *loaded = calloc(1, sizeof(*loaded));
    *state = loaded;
    snprintf(loaded->folder, sizeof(loaded->folder), "/tmp/nudge-reference-XXXXXX");
    if (mkdtemp(loaded->folder) == NULL) {
        return -1;
    }
    snprintf(loaded->path, sizeof(loaded->path), "%s/nudge.db", loaded->folder);
    char url[128];
    snprintf(url, sizeof(url), "sqlite:%s", loaded->path);
    loaded->arena = arena_new(64 * 1024);
    if (store_open(url, STORE_WRITER, &loaded->store, &loaded->detail) != OK ||
        store_migrate(loaded->store, NULL, NULL, &loaded->detail) != OK ||
        reference_dataset_load(loaded->store, now_ms, &loaded->detail) != OK) {
        fprintf(stderr, "setup: %s\n", loaded->detail.text);
        return -1;
    }
    return 0;
}

static int setup(void **state)
{
    return load_at(state, NOW_MS);
}

static int teardown(void **state)
{
    struct loaded *loaded = *state;
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    store_close(loaded->store);
    for (size_t i = 0; i < 3; i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s%s", loaded->path, suffixes[i]);
        unlink(path);
    }
    int failed = rmdir(loaded->folder);
    arena_free(loaded->arena);
    free(loaded);
    return failed;
}

static struct metrics metrics_at(struct loaded *loaded, int64_t now_ms)
{
    struct metrics metrics;
    struct metrics_filter everybody = {0};
    struct catalog *catalog = NULL;
    struct mistakes mistakes = {0};
    assert_int_equal(catalog_build_embedded(loaded->arena, &catalog, &mistakes), OK);
    enum err error = metrics_read(loaded->store, loaded->arena, catalog, &everybody, now_ms,
                                  &metrics, &loaded->detail);
    catalog_free(catalog);
    if (error != OK) {
        fail_msg("%s", loaded->detail.text);
    }
    return metrics;
}

static void assert_rate(const struct rate *rate, int64_t hits, int64_t n, int64_t tenths)
{
    assert_int_equal(rate->hits, hits);
    assert_int_equal(rate->n, n);
    assert_int_equal(rate_tenths(rate), tenths);
}

static void the_six_figures_hold(void **state)
{
    struct metrics metrics = metrics_at(*state, NOW_MS);
    assert_rate(&metrics.conversion_rate, 5, 18, 278);
    assert_rate(&metrics.completion_rate, 36, 75, 480);
    assert_rate(&metrics.quick_completion_rate, 34, 36, 944);
    assert_int_equal(tenths_of(metrics.avg_completion_hours), 34);
    assert_true(fabs(metrics.avg_completion_hours - 3.4) < 1e-12);
    assert_rate(&metrics.inactive_rate, 13, 18, 722);
    assert_rate(&metrics.power_user_share, 3, 18, 167);
    assert_rate(&metrics.power_activity_share, 45, 75, 600);
}

static void what_follows_from_them_holds(void **state)
{
    struct metrics metrics = metrics_at(*state, NOW_MS);
    assert_rate(&metrics.activation_rate, 3, 18, 167);
    assert_rate(&metrics.conversion_rate_outside_onboarding, 5, 18, 278);
    assert_int_equal(metrics.total_users, REFERENCE_PEOPLE);
    assert_int_equal(metrics.total_commitments, REFERENCE_COMMITMENTS);
    assert_int_equal(metrics.users_with_commitments, 5);
    assert_int_equal(metrics.users_0_commitments, 13);
    assert_int_equal(metrics.users_over_10_commitments, 5);
    assert_int_equal(metrics.conversion_health, HEALTH_CRITICAL);
    assert_int_equal(metrics.completion_health, HEALTH_CRITICAL);
    assert_true(metrics.mau > 0 && metrics.wau > 0);
    assert_true(metrics.gini > 0.7 && metrics.gini < 1);
    assert_true(fabs(metrics.lorenz[10] - 1.0) < 1e-12);
    assert_true(metrics.lorenz[7] == 0.0);
    assert_true(isnan(metrics.step_1_completion.percent)); /* nobody was ever onboarded */
}

static void doctor_finds_nothing(void **state)
{
    struct loaded *loaded = *state;
    struct finding *findings;
    int count;
    int checks;
    assert_int_equal(
        store_doctor(loaded->store, loaded->arena, 10, &findings, &count, &checks, &loaded->detail),
        OK);
    for (int i = 0; i < count; i++) {
        print_error("%.*s: %.*s\n", STR_ARG(findings[i].check), STR_ARG(findings[i].text));
    }
    assert_int_equal(count, 0);
    assert_true(checks > 5);
}

static void json_has_plain_numbers_under_the_names(void **state)
{
    struct loaded *loaded = *state;
    struct metrics metrics = metrics_at(loaded, NOW_MS);
    json_t *json = metrics_json(loaded->arena, &metrics);
    static const char *const names[] = {
        "conversion_rate", "completion_rate",  "quick_completion_rate", "avg_completion_hours",
        "inactive_rate",   "power_user_share", "power_activity_share"};
    static const double values[] = {500.0 / 18, 48, 3400.0 / 36, 3.4, 1300.0 / 18, 300.0 / 18, 60};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        json_t *value = json_object_get(json, names[i]);
        assert_true(json_is_number(value));
        assert_true(fabs(json_number_value(value) - values[i]) < 1e-9);
    }
    assert_int_equal(json_integer_value(json_object_get(json, "conversion_rate_n")), 18);
    assert_true(json_is_real(json_object_get(json, "conversion_rate_low")));
    assert_true(json_is_real(json_object_get(json, "conversion_rate_high")));
    assert_true(json_is_null(json_object_get(json, "step_1_completion")));
    assert_int_equal(json_integer_value(json_object_get(json, "step_1_completion_n")), 0);
    json_t *target = json_object_get(json_object_get(json, "targets"), "conversion_rate");
    assert_true(json_number_value(json_object_get(target, "target")) == 65);
    assert_true(fabs(json_number_value(json_object_get(target, "factor")) - 1) < 0.01);
    json_decref(json);
}

static void time_that_runs_ahead_is_followed(void **state)
{
    struct loaded *loaded = *state;
    int64_t now_ms = 0;
    assert_int_equal(
        metrics_now(loaded->store, loaded->arena, NOW_MS + DAY_MS, &now_ms, &loaded->detail), OK);
    assert_int_equal(now_ms, NOW_MS + DAY_MS);
    assert_int_equal(
        metrics_now(loaded->store, loaded->arena, NOW_MS - 10 * DAY_MS, &now_ms, &loaded->detail),
        OK);
    /* The newest thing that happened: an open commitment of 90 minutes ago. */
    assert_int_equal(now_ms, NOW_MS - 90 * MINUTE_MS);
}

static void it_holds_at_any_instant(void **state)
{
    static const int64_t instants[] = {1764000000123, 1709208000000 /* a leap day */,
                                       1774746000000 /* the clocks change */, 4000000000000};
    (void)state;
    for (size_t i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
        void *inner = NULL;
        assert_int_equal(load_at(&inner, instants[i]), 0);
        struct metrics metrics = metrics_at(inner, instants[i]);
        assert_rate(&metrics.conversion_rate, 5, 18, 278);
        assert_rate(&metrics.completion_rate, 36, 75, 480);
        assert_true(fabs(metrics.avg_completion_hours - 3.4) < 1e-12);
        assert_int_equal(teardown(&inner), 0);
    }
}

static void the_chat_learns_where_a_person_stands(void **state)
{
    struct loaded *loaded = *state;
    struct population_cache *cache = population_new();
    struct user user = {.commitments_total = 15, .commitments_completed = 12};
    struct input input = {.kind = INPUT_TEXT, .text = STR("/metrics")};
    struct population population;
    population_read(cache, loaded->store, loaded->arena, &user, &input, NOW_MS, &population);
    assert_int_equal(population.active_users, 5);
    assert_true(fabs(population.percentile - 50.0) < 1e-9); /* two of the four others have fewer */
    assert_true(population.typical_hours > 1 && population.typical_hours < 3.4);
    assert_int_equal(population.leaderboard.length, 0); /* nobody asked to be on it */
    input.text = STR("hello");
    population_read(cache, loaded->store, loaded->arena, &user, &input, NOW_MS, &population);
    assert_int_equal(population.active_users, 0);
    population_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_six_figures_hold, setup, teardown),
        cmocka_unit_test_setup_teardown(what_follows_from_them_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(doctor_finds_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(json_has_plain_numbers_under_the_names, setup, teardown),
        cmocka_unit_test_setup_teardown(time_that_runs_ahead_is_followed, setup, teardown),
        cmocka_unit_test(it_holds_at_any_instant),
        cmocka_unit_test_setup_teardown(the_chat_learns_where_a_person_stands, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
