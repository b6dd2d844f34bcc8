/* Text in many scripts: cleaning, measuring, cutting, folding, words and formats of languages. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#define FAMILY "\U0001F468\u200D\U0001F469\u200D\U0001F467" /* three people joined */
#define FLAG   "\U0001F1E9\U0001F1EA"

static struct arena *arena_of(void **state)
{
    return *state;
}

static int arena_setup(void **state)
{
    *state = arena_new(4096);
    return 0;
}

static int arena_teardown(void **state)
{
    arena_free(*state);
    return 0;
}

static void cleaning_repairs_and_composes(void **state)
{
    static const struct {
        struct str text;
        const char *clean;
    } cases[] = {
        {{"plain\ttext\n", 11}, "plain\ttext\n"},
        {{"", 0}, ""},
        {{"a\0b", 3}, "a\uFFFDb"},
        {{"a\x01\x7F", 3}, "a\uFFFD\uFFFD"},
        {{"a\xC2\x85"
          "b",
          4},
         "a\uFFFDb"},
        {{"one\r\ntwo\rthree", 14}, "one\ntwo\nthree"},
        {{"\xFF\xC3", 2}, "\uFFFD\uFFFD"},
        {{"\xED\xA0\x80", 3}, "\uFFFD\uFFFD\uFFFD"},
        {{"\xC0\xAF", 2}, "\uFFFD\uFFFD"},
        {{"e\xCC\x81", 3}, "\u00E9"},
        {{"\u00FCber", 5}, "\u00FCber"},
        {{"\u1112\u1161\u11AB", 9}, "\uD55C"},
        {{"\u212B", 3}, "\u00C5"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str clean = text_clean(arena_of(state), cases[i].text);
        assert_true(str_is(clean, cases[i].clean));
        struct str again = text_clean(arena_of(state), clean);
        assert_ptr_equal(again.ptr, clean.ptr);
    }
    const char *emoji = "fine " FAMILY;
    assert_ptr_equal(text_clean(arena_of(state), str_of(emoji)).ptr, emoji);
}

static void utf8_is_told_from_other_bytes(void **state)
{
    (void)state;
    static const char *const valid[] = {"",
                                        "a",
                                        "\u00E4\u20AC\U0001F600",
                                        "12345678\u00E4",
                                        "\xF4\x8F\xBF\xBF",
                                        "\xED\x9F\xBF",
                                        "\xEE\x80\x80"};
    static const char *const invalid[] = {"\x80",
                                          "a\xC3",
                                          "12345678\xFF",
                                          "\xE0\x80\x80",
                                          "\xED\xA0\x80",
                                          "\xF4\x90\x80\x80",
                                          "\xF8\x88\x80\x80\x80",
                                          "\xF0\x8F\xBF\xBF"};
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        assert_true(text_is_utf8(str_of(valid[i])));
    }
    for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++) {
        assert_false(text_is_utf8(str_of(invalid[i])));
    }
}

static void lengths_are_counted_in_each_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t code_points, utf16, graphemes, emoji;
    } cases[] = {
        {"", 0, 0, 0, 0},
        {"hello", 5, 5, 5, 0},
        {"a\r\nb", 4, 4, 3, 0},
        {"\u00E4\u00F6\u00FC", 3, 3, 3, 0},
        {"e\u0301", 2, 2, 1, 0},
        {"\U0001F600", 1, 2, 1, 1},
        {FAMILY, 5, 8, 1, 1},
        {FLAG, 2, 4, 1, 1},
        {"\U0001F44D\U0001F3FD", 2, 4, 1, 1},
        {"\u2764\uFE0F", 2, 2, 1, 1},
        {"\u2764", 1, 1, 1, 0},
        {"1\uFE0F\u20E3 2", 5, 5, 3, 1},
        {"1 # *", 5, 5, 5, 0},
        {"\u231A\uFE0E", 2, 2, 1, 0},
        {"\u00A9", 1, 1, 1, 0},
        {"\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35", 6, 6, 4, 0},
        {"\xFF"
         "a",
         2, 2, 2, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str text = str_of(cases[i].text);
        assert_int_equal(text_code_points(text), cases[i].code_points);
        assert_int_equal(text_utf16_units(text), cases[i].utf16);
        assert_int_equal(text_graphemes(text), cases[i].graphemes);
        assert_int_equal(text_emoji(text), cases[i].emoji);
    }
}

static void cutting_keeps_whole_characters(void **state)
{
    static const struct {
        const char *text;
        size_t count;
        const char *cut;
    } cases[] = {
        {"hello", 5, "hello"},
        {"hello", 9, "hello"},
        {"hello", 4, "hel\u2026"},
        {"hello", 1, "\u2026"},
        {"hello", 0, ""},
        {"", 0, ""},
        {"read ten pages", 6, "read\u2026"},
        {FAMILY FAMILY FAMILY, 2, FAMILY "\u2026"},
        {"e\u0301e\u0301e\u0301", 2, "e\u0301\u2026"},
        {FAMILY, 1, FAMILY},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_true(
            str_is(text_cut(arena_of(state), str_of(cases[i].text), cases[i].count), cases[i].cut));
    }
}

static void first_words_are_found_in_any_script(void **state)
{
    static const struct {
        const char *text;
        const char *word;
    } cases[] = {
        {"calm", "calm"},
        {"  \"Calm\", I think", "Calm"},
        {"can't say", "can't"},
        {"\u2026ruhig & gelassen", "ruhig"},
        {"\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35\u0E04\u0E23\u0E31\u0E1A",
         "\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35"},
        {"\u5143\u6C17\u3067\u3059", "\u5143\u6C17"},
        {"\u0441\u043F\u043E\u043A\u043E\u0439\u043D\u043E!",
         "\u0441\u043F\u043E\u043A\u043E\u0439\u043D\u043E"},
        {"!!! " FAMILY " ...", FAMILY},
        {FAMILY " happy", "happy"},
        {"7 out of 10", "7"},
        {"...", ""},
        {"", ""},
        {"   ", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str word = text_first_word(arena_of(state), str_of(cases[i].text), 32);
        assert_true(str_is(word, cases[i].word));
    }
    struct str cut = text_first_word(arena_of(state), STR("abcdefgh"), 3);
    assert_true(str_is(cut, "abc"));
}

static void folding_makes_phrases_comparable(void **state)
{
    static const struct {
        const char *text;
        const char *folded;
    } cases[] = {
        {"already folded", "already folded"},
        {"  Too  MUCH\t\nfor me ", "too much for me"},
        {"I CAN\u2019T", "i can't"},
        {"can`t", "can't"},
        {"\u201Equoted\u201C \u00ABtext\u00BB", "\"quoted\" \"text\""},
        {"STRASSE Stra\u00DFe", "strasse strasse"},
        {"\u00DCBERFORDERT", "\u00FCberfordert"},
        {"U\u0308ber", "\u00FCber"},
        {"\u039F\u0394\u039F\u03A3 \u03BF\u03B4\u03BF\u03C2",
         "\u03BF\u03B4\u03BF\u03C3 \u03BF\u03B4\u03BF\u03C3"},
        {"a\u00A0\u2003b", "a b"},
        {"", ""},
        {" ", ""},
        {"\u3000", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str folded = text_fold(arena_of(state), str_of(cases[i].text));
        assert_true(str_is(folded, cases[i].folded));
        assert_true(str_equal(text_fold(arena_of(state), folded), folded));
    }
}

static void words_come_in_order_without_punctuation(void **state)
{
    struct str *words;
    struct arena *arena = arena_of(state);
    assert_int_equal(text_words(arena, STR("i can't, really \xE2\x80\x94 24/7 3.5"), 20, &words),
                     6);
    static const char *const expected[] = {"i", "can't", "really", "24", "7", "3.5"};
    for (size_t i = 0; i < 6; i++) {
        assert_true(str_is(words[i], expected[i]));
    }
    assert_int_equal(text_words(arena, STR("one two three"), 2, &words), 2);
    assert_true(str_is(words[1], "two"));
    assert_int_equal(text_words(arena, STR_NONE, 10, &words), 0);
    assert_int_equal(text_words(arena, STR("a"), 0, &words), 0);
    assert_int_equal(text_words(arena,
                                STR("\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35\u0E04\u0E23\u0E31\u0E1A"),
                                10, &words),
                     2);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed >> 20;
}

/* A word of another script at the end makes ICU cut the whole text: the others must be the same. */
static void plain_texts_are_cut_as_others_are(void **state)
{
    static const char signs[] = "abzAZ059  ''\"\".,:;!?-_()/@#*\n\tIt's 3,5 e.g. 1:30";
    struct arena *arena = arena_of(state);
    uint64_t seed = 88172645463325252U;
    for (int n = 0; n < 20000; n++) {
        char bytes[64];
        size_t length = (size_t)(next_random(&seed) % 24);
        for (size_t i = 0; i < length; i++) {
            bytes[i] = signs[next_random(&seed) % (sizeof(signs) - 1)];
        }
        struct str text = {bytes, length};
        struct str with_other = arena_printf(arena, "%.*s \u00DCber", STR_ARG(text));
        struct str *words, *others;
        size_t count = text_words(arena, text, 64, &words);
        assert_int_equal(text_words(arena, with_other, 64, &others), count + 1);
        for (size_t i = 0; i < count; i++) {
            assert_true(str_equal(words[i], others[i]));
        }
        if (count > 2) {
            assert_int_equal(text_words(arena, text, 2, &words), 2);
        }
        arena_reset(arena);
    }
}

/* Behind a thousand every number is ICU's: the hundreds, tens and so on must be the same. */
static void small_numbers_are_written_as_others_are(void **state)
{
    static const char *const languages[] = {"en", "de", "fr", "ar", "hi", "pt-BR"};
    struct arena *arena = arena_of(state);
    uint64_t seed = 362436069U;
    for (int n = 0; n < 20000; n++) {
        const char *language = languages[n % 6];
        double value = 100 + (double)(next_random(&seed) % 89900000) / 100000;
        value = n % 3 == 0 ? (double)(int64_t)(value * 32) / 32 : value; /* halves, exactly */
        for (int decimals = 0; decimals < 2; decimals++) {
            struct str small = text_number(arena, language, value, decimals);
            struct str large = text_number(arena, language, value + 1000, decimals);
            assert_true(large.length > small.length);
            assert_memory_equal(large.ptr + large.length - small.length, small.ptr, small.length);
        }
        arena_reset(arena);
    }
}

/* Any bytes must be taken, and what comes out must be clean. */
static void random_bytes_do_no_harm(void **state)
{
    uint64_t seed = 2463534242U;
    struct arena *arena = arena_new(4096);
    (void)state;
    for (int n = 0; n < 3000; n++) {
        char bytes[64];
        size_t length = (size_t)(n % 64);
        for (size_t i = 0; i < length; i++) {
            bytes[i] = (char)next_random(&seed);
        }
        struct str text = {bytes, length};
        struct str clean = text_clean(arena, text);
        assert_true(text_is_utf8(clean));
        assert_true(text_is_utf8(text_fold(arena, text)));
        assert_true(text_is_utf8(text_title(arena, text, "de")));
        assert_true(text_graphemes(clean) <= text_code_points(clean));
        assert_true(text_graphemes(text_cut(arena, clean, 5)) <= 5);
        assert_true(text_graphemes(text_first_word(arena, text, 3)) <= 3);
        (void)text_emoji(text);
        struct str *words;
        (void)text_words(arena, text, 8, &words);
        arena_reset(arena);
    }
    arena_free(arena);
}

static void languages_have_their_formats(void **state)
{
    struct arena *arena = arena_of(state);
    assert_string_equal(text_number(arena, "en", 1234.55, 1).ptr, "1,234.6");
    assert_string_equal(text_number(arena, "de", 1234.5, 1).ptr, "1.234,5");
    assert_string_equal(text_number(arena, "en", 27.75, 1).ptr, "27.8");
    assert_string_equal(text_number(arena, "en", 0.25, 1).ptr, "0.3");
    assert_string_equal(text_number(arena, "en", 48.0, 1).ptr, "48");
    assert_string_equal(text_number(arena, "en", 2.5, 0).ptr, "3");
    assert_true(text_number(arena, "en", 1e300, 0).length > 300);
    assert_string_equal(text_title(arena, STR("read a Book"), "en").ptr, "Read a Book");
    assert_string_equal(text_title(arena, STR("\u00FCben"), "de").ptr, "\u00DCben");
    assert_string_equal(text_title(arena, STR("istanbul"), "tr").ptr, "\u0130stanbul");
    assert_string_equal(text_language_name(arena, "de").ptr, "Deutsch");
    assert_string_equal(text_language_name(arena, "en").ptr, "English");
    assert_string_equal(text_language_name(arena, "fr").ptr, "Fran\u00E7ais");
    /* 2026-11-23, a Monday */
    assert_string_equal(text_date(arena, "en", 20780).ptr, "Mon, 23 Nov");
    assert_string_equal(text_date(arena, "de", 20780).ptr, "Mo., 23. Nov.");
    assert_string_equal(text_date(arena, "en-US", 20780).ptr, "Mon, Nov 23");
    /* Gregorian also where another calendar is usual. */
    assert_non_null(strstr(text_date(arena, "fa", 20780).ptr, "\u06F2\u06F3"));
}

static void plural_categories_follow_cldr(void **state)
{
    (void)state;
    assert_string_equal(text_plural_category("en", 1), "one");
    assert_string_equal(text_plural_category("en", 0), "other");
    assert_string_equal(text_plural_category("en", 1.5), "other");
    assert_string_equal(text_plural_category("pl", 3), "few");
    assert_string_equal(text_plural_category("pl", 5), "many");
    assert_string_equal(text_plural_category("ar", 2), "two");
    assert_string_equal(text_plural_category("ja", 1), "other");
    assert_string_equal(text_plural_category("fr", 0), "one");
    const char *names[6];
    assert_int_equal(text_plural_categories("en", names), 2);
    assert_string_equal(names[0], "one");
    assert_string_equal(names[1], "other");
    assert_int_equal(text_plural_categories("ar", names), 6);
    assert_int_equal(text_plural_categories("ru", names), 4);
    assert_int_equal(text_plural_categories("ja", names), 1);
}

static void unknown_languages_are_english(void **state)
{
    struct arena *arena = arena_of(state);
    static const char *const unknown[] = {
        NULL, "", "xx", "zz-ZZ", "../../etc", "en_", "%s%s%n", "abcdefghijklmnopqrstuvwxyz"};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        assert_string_equal(text_number(arena, unknown[i], 1234.5, 1).ptr, "1,234.5");
        assert_string_equal(text_date(arena, unknown[i], 20780).ptr, "Mon, 23 Nov");
    }
    assert_string_equal(text_number(arena, "pt-BR", 1234.5, 1).ptr, "1.234,5");
    assert_string_equal(text_number(arena, "de-XX", 1234.5, 1).ptr, "1.234,5");
    /* More languages than a thread keeps open. */
    static const char *const many[] = {"de", "fr", "es", "it", "pl", "ru", "ja", "th", "nl", "sv"};
    for (size_t i = 0; i < 3 * sizeof(many) / sizeof(many[0]); i++) {
        (void)text_plural_category(many[i % 10], 2);
    }
    assert_string_equal(text_number(arena, "de", 0.5, 1).ptr, "0,5");
}

static void *work_in_thread(void *result)
{
    struct arena *arena = arena_new(256);
    size_t *length = result;
    *length = text_first_word(arena, STR("\u00FCber alles"), 9).length;
    *length += text_number(arena, "de", 1.5, 1).length;
    arena_free(arena);
    return NULL;
}

static void threads_have_their_own_iterators(void **state)
{
    (void)state;
    pthread_t threads[4];
    size_t lengths[4] = {0};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, work_in_thread, &lengths[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(lengths[i], 8);
    }
}

#define TEXT_TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEXT_TEST(cleaning_repairs_and_composes),
        TEXT_TEST(utf8_is_told_from_other_bytes),
        TEXT_TEST(lengths_are_counted_in_each_unit),
        TEXT_TEST(cutting_keeps_whole_characters),
        TEXT_TEST(first_words_are_found_in_any_script),
        TEXT_TEST(folding_makes_phrases_comparable),
        TEXT_TEST(words_come_in_order_without_punctuation),
        TEXT_TEST(plain_texts_are_cut_as_others_are),
        TEXT_TEST(small_numbers_are_written_as_others_are),
        TEXT_TEST(random_bytes_do_no_harm),
        TEXT_TEST(languages_have_their_formats),
        TEXT_TEST(plural_categories_follow_cldr),
        TEXT_TEST(unknown_languages_are_english),
        TEXT_TEST(threads_have_their_own_iterators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
