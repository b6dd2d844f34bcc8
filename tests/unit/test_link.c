/* core/link.h: signed links; every way to change one makes it nobody's. */
#include "core/link.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "core/input.h"

static const int64_t NOW_MS = 1795428000000;
static const char SECRET[] = "0123456789abcdef0123456789abcdef";
static const char OTHER[] = "0123456789abcdef0123456789abcdeF";

static int set_up(void **state)
{
    *state = arena_new(16 * 1024);
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static int64_t read_at(struct arena *arena, struct str payload, int64_t now_ms)
{
    int64_t user_id = 0;
    return link_read(arena, str_of(SECRET), payload, now_ms, &user_id) ? user_id : 0;
}

static void it_fits_a_deep_link_and_names_its_person(void **state)
{
    struct arena *arena = *state;
    static const int64_t ids[] = {1, 35, 36, 3708745364275200600, INT64_MAX};
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct str link = link_make(arena, str_of(SECRET), ids[i], NOW_MS);
        assert_true(link.length <= LINK_BYTES_MAX);
        assert_int_equal(strspn(link.ptr, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                          "0123456789_-"),
                         link.length);
        assert_true(link_is_meant(link));
        assert_int_equal(read_at(arena, link, NOW_MS), ids[i]);
    }
}

static void it_ends_after_a_day(void **state)
{
    struct arena *arena = *state;
    struct str link = link_make(arena, str_of(SECRET), 77, NOW_MS);
    assert_int_equal(read_at(arena, link, NOW_MS + DAY_MS - 1), 77);
    assert_int_equal(read_at(arena, link, NOW_MS + DAY_MS), 0);
    assert_int_equal(read_at(arena, link, NOW_MS + 400 * DAY_MS), 0);
}

static void another_installation_signs_otherwise(void **state)
{
    struct arena *arena = *state;
    int64_t user_id = 0;
    struct str link = link_make(arena, str_of(OTHER), 77, NOW_MS);
    assert_int_equal(read_at(arena, link, NOW_MS), 0);
    assert_true(link_read(arena, str_of(OTHER), link, NOW_MS, &user_id));
}

/* Each byte, changed to each other byte. */
static void no_byte_can_be_changed(void **state)
{
    struct str link = link_make(*state, str_of(SECRET), 3708745364275200600, NOW_MS);
    char forged[LINK_BYTES_MAX + 1];
    for (size_t at = 0; at < link.length; at++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(forged, link.ptr, link.length);
            forged[at] = (char)byte;
            struct arena *arena = arena_new(4096);
            int64_t found = read_at(arena, (struct str){forged, link.length}, NOW_MS);
            assert_int_equal(found, forged[at] == link.ptr[at] ? 3708745364275200600 : 0);
            arena_free(arena);
        }
    }
}

static void no_byte_can_be_added_or_left_out(void **state)
{
    struct arena *arena = *state;
    struct str link = link_make(arena, str_of(SECRET), 77, NOW_MS);
    for (size_t length = 0; length < link.length; length++) {
        assert_int_equal(read_at(arena, (struct str){link.ptr, length}, NOW_MS), 0);
        assert_int_equal(
            read_at(arena, (struct str){link.ptr + length + 1, link.length - length - 1}, NOW_MS),
            0);
    }
    struct str code = {link.ptr + link.length - 22, 22};
    static const struct {
        const char *before, *after;
    } forms[] = {{"", "="}, {"", "=="}, {"", "A"}, {"", "_"}, {" ", ""}, {"", " "}, {"l", ""}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct str forged =
            arena_printf(arena, "%s%.*s%s", forms[i].before, STR_ARG(link), forms[i].after);
        assert_int_equal(read_at(arena, forged, NOW_MS), 0);
    }
    /* Leading zeros, numbers that overflow, no person, parts that are missing. */
    static const char *const heads[] = {"l_025_1_",
                                        "l_zzzzzzzzzzzzzz_1_",
                                        "l_3w5e11264sgsg_1_",
                                        "l_0_1_",
                                        "l__1_",
                                        "l_1__",
                                        "l_",
                                        "l___",
                                        "link_"};
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        struct str forged =
            arena_printf(arena, "%.*s%.*s", STR_ARG(str_of(heads[i])), STR_ARG(code));
        assert_int_equal(read_at(arena, forged, NOW_MS), 0);
    }
}

static void the_payload_follows_start(void **state)
{
    (void)state;
    static const struct {
        const char *text, *payload;
    } cases[] = {{"/start l_1_2_3", "l_1_2_3"},
                 {" /start@bot  l_1 ", "l_1"},
                 {"/start", ""},
                 {"/starts l_1", ""},
                 {"start l_1", ""},
                 {"/commit l_1", ""}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct input input = {.kind = INPUT_TEXT, .text = str_of(cases[i].text)};
        assert_true(str_is(input_start_payload(&input), cases[i].payload));
        input.kind = INPUT_TEXT_EDITED;
        assert_int_equal(input_start_payload(&input).length, 0);
    }
}

static void only_an_answer_to_the_question_takes_or_refuses(void **state)
{
    struct arena *arena = *state;
    struct str link = link_make(arena, str_of(SECRET), 77, NOW_MS);
    const struct {
        enum input_kind kind;
        const char *before;
        enum link_deed deed;
    } cases[] = {
        {INPUT_TEXT, "/start ", LINK_OPENED},         {INPUT_TEXT, LINK_TAKE, LINK_NO_DEED},
        {INPUT_BUTTON, LINK_TAKE, LINK_TAKEN},        {INPUT_BUTTON, LINK_REFUSE, LINK_REFUSED},
        {INPUT_BUTTON, "/start ", LINK_NO_DEED},      {INPUT_BUTTON, "x:help:", LINK_NO_DEED},
        {INPUT_TEXT_EDITED, "/start ", LINK_NO_DEED},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str whole = arena_printf(arena, "%s%.*s", cases[i].before, STR_ARG(link));
        const struct input input = {.kind = cases[i].kind, .text = whole, .token = whole};
        struct str payload = STR_NONE;
        assert_int_equal(link_deed(&input, &payload), cases[i].deed);
        assert_true(cases[i].deed == LINK_NO_DEED || str_equal(payload, link));
        assert_true(whole.length <= LIMIT_CALLBACK_BYTES);
    }
    struct str payload;
    const struct input bare = {.kind = INPUT_BUTTON, .token = STR(LINK_TAKE)};
    assert_int_equal(link_deed(&bare, &payload), LINK_NO_DEED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_fits_a_deep_link_and_names_its_person, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(it_ends_after_a_day, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_an_answer_to_the_question_takes_or_refuses, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(another_installation_signs_otherwise, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_byte_can_be_changed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_byte_can_be_added_or_left_out, set_up, tear_down),
        cmocka_unit_test(the_payload_follows_start),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
