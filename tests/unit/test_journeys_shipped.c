/* The definitions compiled into the program, and the page that explains them: they build without a
 * mistake, so that every text is complete in every language and within its limits, and they say
 * what the product promises. */
#include "core/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/limits.h"
#include "core/journey_words.h"
#include "core/mistakes.h"

struct fixture {
    struct arena *arena;
    struct catalog *catalog;
};

static void print_all(struct arena *arena, const struct mistakes *mistakes)
{
    for (int i = 0; i < mistakes->count; i++) {
        struct str line = mistake_line(arena, &mistakes->items[i]);
        print_error("%.*s\n", STR_ARG(line));
    }
}

static int set_up(void **state)
{
    struct fixture *fixture = test_calloc(1, sizeof(*fixture));
    struct mistakes mistakes;
    fixture->arena = arena_new(64 * 1024);
    enum err error = catalog_build_embedded(fixture->arena, &fixture->catalog, &mistakes);
    print_all(fixture->arena, &mistakes);
    assert_int_equal(error, OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    catalog_free(fixture->catalog);
    arena_free(fixture->arena);
    test_free(fixture);
    return 0;
}

static const struct journey *journey_of(const struct fixture *fixture, const char *name)
{
    const struct journey *journey = catalog_journey(fixture->catalog, str_of(name));
    assert_non_null(journey);
    return journey;
}

/* ---- what every text must be ----------------------------------------------------------------- */

static bool has_word(struct str text, const char *word)
{
    return memmem(text.ptr, text.length, word, strlen(word)) != NULL;
}

/* Guilt, and words that a day later would be wrong. */
static void check_copy(const struct message *message, bool may_say_today)
{
    static const char *const never[] = {
        "should have", "failed",         "you forgot", "disappoint",     "you must", "hättest du",
        "versagt",     "vergessen hast", "enttäusch",  "du musst heute", "Sie "};
    if (message == NULL) {
        return;
    }
    for (int language = 0; language < 2; language++) {
        const struct template *template = message->by_language[language];
        struct str text = template_source(template);
        size_t emoji;
        assert_true(template_length(template, &emoji) <= LIMIT_MESSAGE_CODE_POINTS);
        assert_true(emoji <= LIMIT_MESSAGE_EMOJI);
        for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
            if (has_word(text, never[i])) {
                print_error("%.*s says \"%s\"\n", STR_ARG(message->key), never[i]);
            }
            assert_false(has_word(text, never[i]));
        }
        bool says_today = has_word(text, "today") || has_word(text, "heute");
        if (says_today && !may_say_today) {
            print_error("%.*s says \"today\"\n", STR_ARG(message->key));
        }
        assert_true(may_say_today || !says_today);
    }
}

static void check_prompt(const struct prompt *prompt, bool may_say_today)
{
    if (prompt == NULL) {
        return;
    }
    check_copy(prompt->text, may_say_today);
    for (int i = 0; i < prompt->button_count; i++) {
        check_copy(prompt->buttons[i].text, may_say_today);
        check_copy(prompt->buttons[i].value, may_say_today);
        check_copy(prompt->buttons[i].reply, may_say_today);
    }
}

static void every_text_is_short_kind_and_true_later(void **state)
{
    const struct fixture *fixture = *state;
    int count;
    catalog_languages(fixture->catalog, &count);
    assert_int_equal(count, 2);
    for (int i = 0; i < catalog_journey_count(fixture->catalog); i++) {
        const struct journey *journey = catalog_journey_at(fixture->catalog, i);
        for (int s = 0; s < journey->step_count; s++) {
            const struct step *step = &journey->steps[s];
            bool may = !journey->is_onboarding || s < 2 || step->class == CLASS_REPLY;
            for (int v = 0; v < step->variant_count; v++) {
                check_copy(step->variants[v].text, may);
            }
            check_prompt(&step->prompt, may);
            check_prompt(step->recovery, may);
            check_prompt(step->ultra, may);
            check_copy(step->celebration, may || step->celebration_later != NULL);
            check_copy(step->celebration_later, false);
            check_copy(step->ask_when, false);
        }
        check_copy(journey->abandonment, false);
        check_copy(journey->graduation, false);
        check_copy(journey->graduation_early, false);
        check_prompt(journey->rating, false);
    }
}

/* ---- what the product promises --------------------------------------------------------------- */

static void there_is_a_journey_for_each_purpose(void **state)
{
    const struct fixture *fixture = *state;
    static const struct {
        const char *name;
        enum journey_set set;
        enum trigger trigger;
        enum message_class class;
        const char *replaces;
    } expected[] = {
        {"superior_onboarding", SET_OPTIMIZED, TRIGGER_FIRST_CONTACT, CLASS_ONBOARDING,
         "onboarding"},
        {"micro_onboarding", SET_OPTIMIZED, TRIGGER_EXISTING_CONTACT, CLASS_ONBOARDING,
         "onboarding"},
        {"quick_execution_followup", SET_OPTIMIZED, TRIGGER_COMMITMENT_MADE, CLASS_FOLLOWUP,
         "commitment_followup"},
        {"progressive_scaling", SET_OPTIMIZED, TRIGGER_COMMITMENT_COMPLETED, CLASS_NUDGE, ""},
        {"inactive_rescue", SET_OPTIMIZED, TRIGGER_INACTIVITY, CLASS_NUDGE, "re_engagement"},
        {"power_user_amplification", SET_OPTIMIZED, TRIGGER_COMMITMENT_COMPLETED, CLASS_NUDGE, ""},
        {"commitment_reminder", SET_BOTH, TRIGGER_COMMITMENT_MADE, CLASS_FOLLOWUP, ""},
        {"commitment_missed", SET_BOTH, TRIGGER_COMMITMENT_MISSED, CLASS_FOLLOWUP, ""},
        {"streak_celebration", SET_BOTH, TRIGGER_STREAK, CLASS_NUDGE, ""},
        {"onboarding", SET_ORIGINAL, TRIGGER_FIRST_CONTACT, CLASS_ONBOARDING,
         "superior_onboarding"},
        {"commitment_followup", SET_ORIGINAL, TRIGGER_COMMITMENT_MADE, CLASS_FOLLOWUP,
         "quick_execution_followup"},
        {"re_engagement", SET_ORIGINAL, TRIGGER_INACTIVITY, CLASS_NUDGE, "inactive_rescue"},
        {"pod_journey", SET_ORIGINAL, TRIGGER_COMMITMENT_COMPLETED, CLASS_NUDGE, ""},
        {"community_building", SET_ORIGINAL, TRIGGER_INACTIVITY, CLASS_NUDGE, ""},
    };
    int count = (int)(sizeof(expected) / sizeof(expected[0]));
    assert_int_equal(catalog_journey_count(fixture->catalog), count);
    for (int i = 0; i < count; i++) {
        const struct journey *journey = journey_of(fixture, expected[i].name);
        assert_int_equal(journey->set, expected[i].set);
        assert_int_equal(journey->trigger, expected[i].trigger);
        assert_int_equal(journey->class, expected[i].class);
        assert_true(str_is(journey->replaces, expected[i].replaces));
    }
}

static void check_onboarding(const struct journey *journey)
{
    static const struct {
        const char *id, *stores;
        int64_t after_ms, no_answer_ms;
        double target;
        enum takes takes;
        bool has_recovery;
    } steps[] = {
        {"first_win", "", 0, 6 * HOUR_MS, 95, TAKES_TEXT, true},
        {"momentum", "user_feeling_word", 2 * HOUR_MS, 12 * HOUR_MS, 85, TAKES_WORD, true},
        {"personal_action", "chosen_action", 4 * HOUR_MS, 8 * HOUR_MS, 75, TAKES_ACTION, true},
        {"plan_tomorrow", "tomorrow_commitment", 6 * HOUR_MS, 24 * HOUR_MS, 80, TAKES_PLAN, false},
    };
    assert_int_equal(journey->step_count, 4);
    for (int i = 0; i < 4; i++) {
        const struct step *step = &journey->steps[i];
        assert_true(str_is(step->id, steps[i].id));
        assert_true(str_is(step->stores, steps[i].stores));
        assert_int_equal(step->number, i + 1);
        assert_int_equal(step->anchor, ANCHOR_PREVIOUS);
        assert_int_equal(step->after_ms, steps[i].after_ms);
        assert_int_equal(step->no_answer_ms, steps[i].no_answer_ms);
        assert_int_equal(step->expires_after_ms, steps[i].no_answer_ms);
        assert_true(step->target >= steps[i].target && step->target <= steps[i].target);
        assert_int_equal(step->takes, steps[i].takes);
        assert_int_equal(step->recovery != NULL, steps[i].has_recovery);
        assert_int_equal(step->class, i == 0 ? CLASS_REPLY : CLASS_ONBOARDING);
        assert_non_null(step->ultra);
        assert_true(step->ultra->accepts_any);
        assert_non_null(step->celebration);
    }
    assert_int_equal(journey->steps[1].recovery->button_count, 3);
    assert_int_equal(journey->steps[1].ultra->button_count, 3);
    assert_int_equal(journey->steps[2].prompt.button_count, 6); /* five examples, too much */
    assert_int_equal(journey->steps[2].ultra->button_count, 3);
    assert_int_equal(journey->steps[3].ultra->button_count, 3);
    assert_non_null(journey->steps[2].celebration_later);
    assert_int_equal(journey->abandon_after_ms, 24 * HOUR_MS);
    assert_int_equal(journey->give_up_after_ms, 72 * HOUR_MS);
    assert_int_equal(journey->partial_after_step, 3);
    assert_true(str_is(journey->completes_as, "superior_v2.0"));
    assert_int_equal(journey->leave_count, 1);
    assert_true(journey->leaves[0].graduates);
    assert_int_equal(journey->leaves[0].on, LEAVE_ON_COMMITMENT_MADE);
    assert_non_null(journey->rating);
    assert_true(journey->is_onboarding);
}

static void the_onboardings_have_their_four_steps(void **state)
{
    const struct fixture *fixture = *state;
    const struct journey *superior = journey_of(fixture, "superior_onboarding");
    const struct journey *micro = journey_of(fixture, "micro_onboarding");
    check_onboarding(superior);
    check_onboarding(micro);
    assert_true(str_is(superior->sequence, "superior_onboarding_v2"));
    assert_int_equal(superior->steps[0].variant_count, 2);
    assert_int_equal(micro->steps[0].variant_count, 0);
    assert_int_equal(micro->stage, STAGE_EXISTING_RESCUE);
}

static void check_delays(const struct fixture *fixture, const char *name, int count,
                         const int64_t *delays_ms)
{
    const struct journey *journey = journey_of(fixture, name);
    assert_int_equal(journey->step_count, count);
    for (int i = 0; i < count; i++) {
        assert_int_equal(journey->steps[i].after_ms, delays_ms[i]);
    }
}

static void delays_are_those_of_the_product(void **state)
{
    const struct fixture *fixture = *state;
    static const int64_t quick[] = {2 * HOUR_MS, 2 * HOUR_MS};
    static const int64_t followup[] = {6 * HOUR_MS, 22 * HOUR_MS};
    static const int64_t weekly[] = {0, 7 * DAY_MS};
    static const int64_t original[] = {0, 24 * HOUR_MS, 72 * HOUR_MS};
    static const int64_t group[] = {2 * HOUR_MS, 72 * HOUR_MS};
    static const int64_t none[] = {0};
    check_delays(fixture, "quick_execution_followup", 2, quick);
    check_delays(fixture, "commitment_followup", 2, followup);
    check_delays(fixture, "inactive_rescue", 2, weekly);
    check_delays(fixture, "re_engagement", 2, weekly);
    check_delays(fixture, "onboarding", 3, original);
    check_delays(fixture, "pod_journey", 2, group);
    check_delays(fixture, "community_building", 1, none);
    check_delays(fixture, "commitment_reminder", 1, none);
    check_delays(fixture, "commitment_missed", 1, none);
    check_delays(fixture, "progressive_scaling", 1, none);
    check_delays(fixture, "power_user_amplification", 1, none);
    check_delays(fixture, "streak_celebration", 1, none);
    assert_int_equal(journey_of(fixture, "inactive_rescue")->trigger_after_ms, 3 * DAY_MS);
    assert_int_equal(journey_of(fixture, "inactive_rescue")->again_after_ms, 30 * DAY_MS);
    assert_int_equal(journey_of(fixture, "re_engagement")->trigger_after_ms, 7 * DAY_MS);
    assert_int_equal(journey_of(fixture, "community_building")->trigger_after_ms, 4 * DAY_MS);
    assert_int_equal(journey_of(fixture, "quick_execution_followup")->steps[0].anchor,
                     ANCHOR_PLANNED);
    assert_int_equal(journey_of(fixture, "power_user_amplification")->ends_after_ms, 7 * DAY_MS);
    static const int days[] = {3, 7, 14, 30, 60, 100};
    const struct journey *streak = journey_of(fixture, "streak_celebration");
    assert_int_equal(streak->streak_count, 6);
    assert_memory_equal(streak->streaks, days, sizeof(days));
}

/* ---- reading the catalog --------------------------------------------------------------------- */

static void journeys_are_found_by_name_and_hash(void **state)
{
    const struct fixture *fixture = *state;
    const struct journey *journey = journey_of(fixture, "inactive_rescue");
    assert_int_equal(journey->hash.length, 64);
    assert_ptr_equal(catalog_definition(fixture->catalog, journey->hash), journey);
    assert_null(catalog_definition(fixture->catalog, STR("0")));
    assert_null(catalog_journey(fixture->catalog, STR("nobody")));
    assert_int_equal(catalog_language_index(fixture->catalog, "en"), 0);
    assert_int_equal(catalog_language_index(fixture->catalog, "de"), 1);
    assert_int_equal(catalog_language_index(fixture->catalog, "de-AT"), 1);
    assert_int_equal(catalog_language_index(fixture->catalog, "fr"), -1);
    assert_int_equal(catalog_language_index(fixture->catalog, ""), -1);
    assert_non_null(catalog_text(fixture->catalog, "command_help"));
    assert_null(catalog_text(fixture->catalog, "nobody"));
}

static void an_older_definition_lives_beside_the_new_one(void **state)
{
    const struct fixture *fixture = *state;
    static const char old[] = "journey: inactive_rescue\nversion: \"0.9\"\nset: optimized\n"
                              "class: nudge\nenter: {on: inactivity, after: 2d}\nsteps:\n"
                              "  - {id: only, message: {de: Hallo}}\n"
                              "  - {id: french, message: {fr: Salut}}\n";
    struct mistakes mistakes;
    const struct journey *now = journey_of(fixture, "inactive_rescue");
    assert_int_equal(catalog_add_pinned(fixture->catalog, str_of(old), &mistakes), OK);
    assert_int_equal(catalog_add_pinned(fixture->catalog, str_of(old), &mistakes), OK);
    assert_ptr_equal(journey_of(fixture, "inactive_rescue"), now);
    char hex[65];
    digest_sha256_hex(str_of(old), hex);
    const struct journey *pinned = catalog_definition(fixture->catalog, str_of(hex));
    assert_non_null(pinned);
    assert_true(str_is(pinned->version, "0.9"));
    for (int language = 0; language < 2; language++) {
        assert_true(
            str_is(template_source(pinned->steps[0].prompt.text->by_language[language]), "Hallo"));
        assert_true(
            str_is(template_source(pinned->steps[1].prompt.text->by_language[language]), "Salut"));
    }
    assert_int_equal(catalog_add_pinned(fixture->catalog, STR("journey: broken"), &mistakes),
                     ERR_INVALID);
    assert_true(mistakes.count > 0);
}

/* ---- the page -------------------------------------------------------------------------------- */

static struct str read_page(struct arena *arena)
{
    enum { PAGE_BYTES = 64 * 1024 };
    FILE *file = fopen(TEST_DATA_DIR "/../../docs/reference/journeys.md", "re");
    assert_non_null(file);
    char *bytes = arena_alloc(arena, PAGE_BYTES);
    size_t length = fread(bytes, 1, PAGE_BYTES - 1, file);
    fclose(file);
    return (struct str){bytes, length};
}

static void the_page_has_an_example_that_works(void **state)
{
    const struct fixture *fixture = *state;
    struct str page = read_page(fixture->arena);
    const char *start = strstr(page.ptr, "```yaml\n");
    assert_non_null(start);
    start += strlen("```yaml\n");
    const char *end = strstr(start, "```");
    assert_non_null(end);
    const struct definition_file file = {STR("both/evening_walk.yaml"),
                                         {start, (size_t)(end - start)}};
    struct catalog *catalog = NULL;
    struct mistakes mistakes;
    enum err error = catalog_build(fixture->arena, &file, 1, &catalog, &mistakes);
    print_all(fixture->arena, &mistakes);
    assert_int_equal(error, OK);
    assert_int_equal(catalog_journey_count(catalog), 1);
    catalog_free(catalog);
}

static void the_page_names_every_word(void **state)
{
    const struct fixture *fixture = *state;
    static const struct schema_word *const lists[] = {
        SET_WORDS,  CLASS_WORDS,   TRIGGER_WORDS, STAGE_WORDS, ANCHOR_WORDS,
        ENDS_WORDS, EXPECTS_WORDS, TAKES_WORDS,   LEAVE_WORDS, VERB_WORDS};
    struct str page = read_page(fixture->arena);
    for (size_t list = 0; list < sizeof(lists) / sizeof(lists[0]); list++) {
        for (int i = 0; lists[list][i].word != NULL; i++) {
            struct str quoted = arena_printf(fixture->arena, "`%s`", lists[list][i].word);
            if (strstr(page.ptr, quoted.ptr) == NULL) {
                print_error("the page does not explain %s\n", quoted.ptr);
            }
            assert_non_null(strstr(page.ptr, quoted.ptr));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_is_short_kind_and_true_later),
        cmocka_unit_test(there_is_a_journey_for_each_purpose),
        cmocka_unit_test(the_onboardings_have_their_four_steps),
        cmocka_unit_test(delays_are_those_of_the_product),
        cmocka_unit_test(journeys_are_found_by_name_and_hash),
        cmocka_unit_test(an_older_definition_lives_beside_the_new_one),
        cmocka_unit_test(the_page_has_an_example_that_works),
        cmocka_unit_test(the_page_names_every_word),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
