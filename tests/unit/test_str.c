/* Views of text: comparing, splitting, copying whole characters, numbers and UTF-8. */
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void views_are_compared_by_bytes(void **state)
{
    (void)state;
    assert_true(str_equal(STR_NONE, STR("")));
    assert_true(str_is(STR("abc"), "abc"));
    assert_false(str_is(STR("abc"), "abcd"));
    assert_true(str_is(str_of(NULL), ""));
    assert_true(str_starts(STR("abc"), STR("ab")));
    assert_true(str_starts(STR("abc"), STR_NONE));
    assert_false(str_starts(STR("a"), STR("ab")));
    assert_int_equal(str_compare(STR("a"), STR("b")), -1);
    assert_int_equal(str_compare(STR("b"), STR("a")), 1);
    assert_int_equal(str_compare(STR("a"), STR("ab")), -1);
    assert_int_equal(str_compare(STR("\xC3"), STR("a")), 1);
    assert_int_equal(str_compare(STR_NONE, STR("")), 0);
}

static void trimming_and_splitting(void **state)
{
    (void)state;
    assert_true(str_is(str_trim(STR(" \t a b\r\n")), "a b"));
    assert_true(str_is(str_trim(STR("  ")), ""));
    struct str rest = STR("a,,b");
    assert_true(str_is(str_split(rest, ',', &rest), "a"));
    assert_true(str_is(str_split(rest, ',', &rest), ""));
    assert_true(str_is(str_split(rest, ',', &rest), "b"));
    assert_null(rest.ptr);
    assert_true(str_is(str_split(STR("a,"), ',', &rest), "a"));
    assert_non_null(rest.ptr); /* something empty follows */
    assert_true(str_is(str_split(STR_NONE, ',', &rest), ""));
    assert_null(rest.ptr);
}

static void copies_end_at_whole_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
        const char *copy;
    } cases[] = {
        {"abc", 4, "abc"},
        {"abc", 3, "ab"},
        {"abc", 1, ""},
        {"a\u00E4", 3, "a"},
        {"a\u00E4", 4, "a\u00E4"},
        {"\u20AC", 3, ""},
        {"\U0001F600x", 5, "\U0001F600"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char buffer[8] = "#######";
        size_t copied = str_copy(buffer, cases[i].size, str_of(cases[i].text));
        assert_string_equal(buffer, cases[i].copy);
        assert_int_equal(copied, strlen(cases[i].copy));
    }
    char untouched = '#';
    assert_int_equal(str_copy(&untouched, 0, STR("a")), 0);
    assert_int_equal(untouched, '#');
}

static void numbers_have_no_surprises(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool read;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"99999999999999999999", false, 0},
        {"", false, 0},
        {"-1", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"0x1", false, 0},
        {"1.0", false, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = -7;
        assert_int_equal(str_to_int64(str_of(cases[i].text), &value), cases[i].read);
        assert_int_equal(value, cases[i].read ? cases[i].value : -7);
    }
}

/* Every code point there is, encoded by the definition, and every start of it. */
static void every_character_is_read_and_no_part_of_one(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char bytes[4];
        size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        uint32_t left = c;
        for (size_t i = length - 1; i > 0; i--) {
            bytes[i] = (char)(0x80U | (left & 0x3FU));
            left >>= 6;
        }
        static const uint32_t leads[] = {0, 0, 0xC0, 0xE0, 0xF0};
        bytes[0] = (char)(leads[length] | left);
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        struct str text = {bytes, length};
        assert_int_equal(str_utf8_length(text), surrogate ? 0 : length);
        assert_int_equal(str_utf8_next(&text), surrogate ? 0xFFFD : c);
        assert_int_equal(text.length, surrogate ? length - 1 : 0);
        if (length > 1) {
            assert_int_equal(str_utf8_length((struct str){bytes, length - 1}), 0);
        }
    }
    assert_int_equal(str_utf8_length(STR_NONE), 0);
    assert_int_equal(str_utf8_length(STR("\x80")), 0);
    assert_int_equal(str_utf8_length(STR("\xC1\xBF")), 0);
    assert_int_equal(str_utf8_length(STR("\xE0\x9F\xBF")), 0);
    assert_int_equal(str_utf8_length(STR("\xF4\x90\x80\x80")), 0);
    assert_int_equal(str_utf8_length(STR("\xF5\x80\x80\x80")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_are_compared_by_bytes),
        cmocka_unit_test(trimming_and_splitting),
        cmocka_unit_test(copies_end_at_whole_characters),
        cmocka_unit_test(numbers_have_no_surprises),
        cmocka_unit_test(every_character_is_read_and_no_part_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
