/* Facts: each is known for a full person and has the value that its description promises; the
 * reference page is made from the table (UPDATE=1 in the environment rewrites it). */
#include "core/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sample_person.h"

static struct fact_value read_fact(struct sample *sample, const char *name, const char *language)
{
    struct facts facts = sample_facts(sample, language);
    int index = facts_find(str_of(name));
    if (index < 0) {
        print_error("no fact %s\n", name);
    }
    assert_true(index >= 0);
    return facts_read(&facts, index);
}

static void assert_text(struct sample *sample, const char *name, const char *expected)
{
    struct fact_value value = read_fact(sample, name, "en");
    if (!value.known || !str_is(value.text, expected)) {
        print_error("%s is \"%.*s\", expected \"%s\"\n", name, STR_ARG(value.text), expected);
    }
    assert_true(value.known && str_is(value.text, expected));
}

static void assert_number(struct sample *sample, const char *name, double expected)
{
    struct fact_value value = read_fact(sample, name, "en");
    if (!value.known || value.number < expected || value.number > expected) {
        print_error("%s is %g, expected %g\n", name, value.number, expected);
    }
    assert_true(value.known && value.number >= expected && value.number <= expected);
}

static void assert_unknown(struct sample *sample, const char *name)
{
    assert_false(read_fact(sample, name, "en").known);
}

static void every_fact_of_a_full_person_is_known(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct sample sample;
    sample_init(&sample, arena);
    struct facts facts = sample_facts(&sample, "en");
    int count;
    const struct fact_row *rows = facts_rows(&count);
    int unknown = 0;
    for (int i = 0; i < count; i++) {
        assert_int_equal(facts_find(str_of(rows[i].name)), i);
        if (!facts_read(&facts, i).known) {
            print_error("%s is not known\n", rows[i].name);
            unknown++;
        }
    }
    assert_int_equal(unknown, 0);
    assert_int_equal(facts_find(STR("nobody")), -1);
    assert_int_equal(facts_find(STR_NONE), -1);
    arena_free(arena);
}

static void values_are_what_the_page_says(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct sample sample;
    sample_init(&sample, arena);
    assert_text(&sample, "first_name", "Kim");
    assert_text(&sample, "set", "optimized");
    assert_text(&sample, "channel", "telegram");
    assert_text(&sample, "feeling_word", "calm");
    assert_text(&sample, "plan_what", "stretch");
    assert_number(&sample, "commitments_open", 1);
    assert_number(&sample, "completion_rate", 80);
    assert_number(&sample, "quick_completion_rate", 75);
    assert_number(&sample, "avg_completion_hours", 2.5);
    assert_number(&sample, "days_since_joined", 10);
    assert_number(&sample, "days_since_activity", 2);
    assert_number(&sample, "since_activity_ms", 50.0 * (double)HOUR_MS);
    assert_text(&sample, "suggested_size", "5 min");
    assert_text(&sample, "next_size", "15 min");
    assert_text(&sample, "performance_tier", "power_user");
    assert_text(&sample, "local_time", "17:05");
    assert_number(&sample, "local_weekday", 1);
    assert_number(&sample, "steps_completed", 2);
    assert_text(&sample, "commitment_state", "active");
    assert_text(&sample, "commitment_size", "10 min");
    assert_number(&sample, "commitment_hours", 3);
    assert_text(&sample, "commitment_time", "3 h");
    assert_text(&sample, "planned_time", "18:05");
    arena_free(arena);
}

static void times_and_sizes_are_put_into_words(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct sample sample;
    sample_init(&sample, arena);
    sample.commitment.size_s = 30;
    assert_text(&sample, "commitment_size", "30 s");
    sample.commitment.size_s = 5400;
    assert_text(&sample, "commitment_size", "1 h 30 min");
    sample.commitment.size_s = 7200;
    assert_text(&sample, "commitment_size", "2 h");
    assert_text(&sample, "next_size", "2 h");
    sample.commitment.size_s = 0;
    assert_unknown(&sample, "commitment_size");
    assert_text(&sample, "next_size", "10 min");
    sample.commitment.state = COMMITMENT_COMPLETED;
    sample.commitment.completed_at_ms = sample.commitment.created_at_ms + 42 * MINUTE_MS;
    assert_text(&sample, "commitment_time", "42 min");
    sample.commitment.completed_at_ms = sample.commitment.created_at_ms + 5000;
    assert_text(&sample, "commitment_time", "1 min");
    sample.commitment.completed_at_ms = sample.commitment.created_at_ms + 204 * MINUTE_MS;
    assert_text(&sample, "commitment_time", "3.4 h");
    assert_true(str_is(read_fact(&sample, "commitment_time", "de").text, "3,4 h"));
    sample.commitment.planned_at_ms = SAMPLE_NOW_MS + 15 * HOUR_MS;
    assert_non_null(strstr(read_fact(&sample, "planned_time", "en").text.ptr, ", 08:05"));
    assert_non_null(strstr(read_fact(&sample, "planned_time", "en").text.ptr, "24"));
    sample.run.step_sent_at_ms[0] = SAMPLE_NOW_MS - 18 * HOUR_MS;
    assert_false(read_fact(&sample, "run_same_day", "en").yes);
    sample.run.step_sent_at_ms[0] = SAMPLE_NOW_MS - 17 * HOUR_MS;
    assert_true(read_fact(&sample, "run_same_day", "en").yes);
    arena_free(arena);
}

static void a_new_person_has_few_facts(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct sample sample;
    sample_init(&sample, arena);
    person_init(&sample.person, 256, SAMPLE_NOW_MS);
    sample.person.user.activity_last_at_ms = 0;
    sample.world.population = NULL;
    sample.installation.bot_name = STR_NONE;
    static const char *const unknown[] = {
        "first_name",
        "username",
        "source",
        "channel",
        "completion_rate",
        "quick_completion_rate",
        "best_hour",
        "percentile",
        "avg_completion_hours",
        "onboarding_version",
        "bot_name",
        "amplification_choice",
    };
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_unknown(&sample, unknown[i]);
    }
    assert_number(&sample, "commitments_total", 0);
    assert_number(&sample, "days_since_activity", 0);
    assert_text(&sample, "performance_tier", "new_user");
    arena_free(arena);
}

static void outside_runs_and_commitments_their_facts_are_unknown(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64 * 1024);
    struct sample sample;
    sample_init(&sample, arena);
    struct facts facts = sample_facts(&sample, "en");
    facts.run = NULL;
    facts.commitment = NULL;
    int count;
    const struct fact_row *rows = facts_rows(&count);
    for (int i = 0; i < count; i++) {
        bool is_of_them = i >= facts_find(STR("steps_completed"));
        if (is_of_them == facts_read(&facts, i).known) {
            print_error("%s\n", rows[i].name);
        }
        assert_true(is_of_them != facts_read(&facts, i).known);
    }
    struct fact_value word = facts_read(&facts, facts_find(STR("feeling_word")));
    assert_true(str_is(word.text, "awake"));
    sample.run.answers = STR("{broken");
    assert_unknown(&sample, "chosen_action");
    arena_free(arena);
}

static void the_page_is_made_from_the_table(void **state)
{
    (void)state;
    static const char path[] = TEST_DATA_DIR "/../../docs/reference/facts.md";
    struct arena *arena = arena_new(64 * 1024);
    struct str page = facts_page(arena);
    if (getenv("UPDATE") != NULL) {
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_int_equal(fwrite(page.ptr, 1, page.length, file), page.length);
        fclose(file);
    }
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char *bytes = arena_alloc(arena, page.length + 2);
    size_t length = fread(bytes, 1, page.length + 1, file);
    fclose(file);
    assert_true(str_equal(page, (struct str){bytes, length}));
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fact_of_a_full_person_is_known),
        cmocka_unit_test(values_are_what_the_page_says),
        cmocka_unit_test(times_and_sizes_are_put_into_words),
        cmocka_unit_test(a_new_person_has_few_facts),
        cmocka_unit_test(outside_runs_and_commitments_their_facts_are_unknown),
        cmocka_unit_test(the_page_is_made_from_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
