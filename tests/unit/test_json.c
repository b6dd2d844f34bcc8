/* Reading and writing JSON: limits, mistakes with their place, and text that survives both ways. */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

static enum err read_text(const char *text, json_t **ret_json, struct err_detail *detail)
{
    return json_read(str_of(text), 4096, ret_json, detail);
}

static void mistakes_are_refused_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err code;
        const char *detail;
    } cases[] = {
        {"", ERR_INVALID, "got nothing"},
        {" \n", ERR_INVALID, "got nothing"},
        {"{", ERR_INVALID, "ends too early"},
        {"{\"a\":1,\n \"b\" 2}", ERR_INVALID, "line 2, column 6: the syntax is wrong"},
        {"{\"a\":1,\"a\":2}", ERR_INVALID, "stands twice"},
        {"[99999999999999999999]", ERR_INVALID, "out of range"},
        {"[1e999]", ERR_INVALID, "out of range"},
        {"[\"\\u0000\"]", ERR_INVALID, "NUL"},
        {"{\"a\\u0000b\":1}", ERR_INVALID, "NUL"},
        {"[\"\xff\"]", ERR_INVALID, "UTF-8"},
        {"[\"\xed\xa0\x80\"]", ERR_INVALID, "UTF-8"},
        {"[\"\\ud800\"]", ERR_INVALID, "line 1"},
        {"[1] 2", ERR_INVALID, "follows the end"},
        {"[01]", ERR_INVALID, "line 1"},
        {"[NaN]", ERR_INVALID, "syntax"},
        {"{'a':1}", ERR_INVALID, "syntax"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct err_detail detail = {""};
        json_t *json = NULL;
        assert_int_equal(read_text(cases[i].text, &json, &detail), cases[i].code);
        assert_null(json);
        assert_non_null(strstr(detail.text, cases[i].detail));
    }
}

static void details_never_quote_the_input(void **state)
{
    (void)state;
    struct err_detail detail;
    json_t *json = NULL;
    assert_int_equal(read_text("{\"text\": hidden}", &json, &detail), ERR_INVALID);
    assert_null(strstr(detail.text, "hidden"));
}

static void depth_is_limited_but_not_by_strings(void **state)
{
    (void)state;
    char text[256];
    struct err_detail detail;
    json_t *json = NULL;
    for (int extra = 0; extra < 2; extra++) {
        size_t levels = (size_t)(LIMIT_JSON_DEPTH + extra);
        memset(text, '[', levels);
        memset(text + levels, ']', levels);
        text[2 * levels] = '\0';
        assert_int_equal(read_text(text, &json, &detail), extra == 0 ? OK : ERR_LIMIT);
        if (extra == 0) {
            json_decref(json);
        }
    }
    assert_non_null(strstr(detail.text, "column 33"));
    memset(text, '[', 100);
    memcpy(text, "[\"\\\"", 4);
    memcpy(text + 100, "\"]", 3);
    assert_int_equal(read_text(text, &json, &detail), OK);
    json_decref(json);
}

static void length_is_limited(void **state)
{
    (void)state;
    struct err_detail detail;
    json_t *json = NULL;
    assert_int_equal(json_read(STR("[1,2]"), 4, &json, &detail), ERR_LIMIT);
    assert_int_equal(json_read(STR("[1,2]"), 5, &json, &detail), OK);
    json_decref(json);
}

static void members_are_typed(void **state)
{
    (void)state;
    json_t *json = NULL;
    assert_int_equal(
        read_text("{\"s\":\"x\",\"i\":7,\"r\":1.5,\"b\":true,\"o\":{},\"a\":[]}", &json, NULL), OK);
    assert_true(str_is(json_get_str(json, "s"), "x"));
    assert_null(json_get_str(json, "i").ptr);
    assert_int_equal(json_get_int(json, "i", -1), 7);
    assert_int_equal(json_get_int(json, "r", -1), -1);
    assert_int_equal(json_get_int(json, "none", -1), -1);
    assert_true(json_get_number(json, "r", 0) == 1.5);
    assert_true(json_get_number(json, "i", 0) == 7.0);
    assert_true(json_get_number(json, "s", 2.5) == 2.5);
    assert_true(json_get_bool(json, "b", false));
    assert_true(json_get_bool(json, "i", true));
    assert_non_null(json_get_object(json, "o"));
    assert_null(json_get_object(json, "a"));
    assert_non_null(json_get_array(json, "a"));
    assert_null(json_get_array(NULL, "a"));
    json_decref(json);
}

static void writing_sorts_escapes_and_keeps_numbers_short(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *written;
    } cases[] = {
        {"{\"b\":1,\"a\":[true,false,null,{}]}", "{\"a\":[true,false,null,{}],\"b\":1}"},
        {"[27.8,0.1,1e300,-0.5,100.0,1234567.125]", "[27.8,0.1,1e+300,-0.5,100.0,1234567.125]"},
        {"[0.30000000000000004]", "[0.30000000000000004]"},
        {"[9223372036854775807,-9223372036854775808]",
         "[9223372036854775807,-9223372036854775808]"},
        {"\"q\\\" \\\\ \\n \\u001f \xc3\xa4\"", "\"q\\\" \\\\ \\n \\u001f \xc3\xa4\""},
        {"[]", "[]"},
    };
    struct arena *arena = arena_new(1024);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *json = NULL;
        assert_int_equal(read_text(cases[i].text, &json, NULL), OK);
        assert_string_equal(json_write(arena, json).ptr, cases[i].written);
        json_decref(json);
    }
    arena_free(arena);
}

static void long_documents_survive(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    json_t *json = json_array();
    for (int i = 0; i < 2000; i++) {
        json_array_append_new(json, json_pack("{s:i,s:s}", "n", i, "text", "twenty bytes of text"));
    }
    struct str text = json_write(arena, json);
    json_t *again = NULL;
    assert_int_equal(json_read(text, text.length, &again, NULL), OK);
    assert_true(json_equal(json, again));
    json_decref(json);
    json_decref(again);
    arena_free(arena);
}

static void any_bytes_become_a_string(void **state)
{
    (void)state;
    static const struct {
        struct str bytes;
        const char *expected;
    } cases[] = {
        {{NULL, 0}, ""},
        {{"plain", 5}, "plain"},
        {{"a\0b", 3},
         "a\xEF\xBF\xBD"
         "b"},
        {{"\xff\xc3\xa4\xc3", 4}, "\xEF\xBF\xBD\xc3\xa4\xEF\xBF\xBD"},
        {{"\xf4\x90\x80\x80", 4}, "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *json = json_str(cases[i].bytes);
        assert_string_equal(json_string_value(json), cases[i].expected);
        json_decref(json);
    }
}

static void small_objects_need_no_tree(void **state)
{
    struct arena *arena = arena_new(4096);
    (void)state;
    struct json_writer empty = json_begin(arena);
    assert_string_equal(json_end(&empty).ptr, "{}");
    struct json_writer writer = json_begin(arena);
    json_put_int(&writer, "a", -5);
    json_put_str(&writer, "b", STR("say \"hi\" \\ \n \u00FC \xFF"));
    json_put_str(&writer, "c", STR_NONE);
    json_put_int(&writer, "long", INT64_MAX);
    struct str text = json_end(&writer);
    json_t *json = NULL;
    assert_int_equal(json_read(text, text.length, &json, NULL), OK);
    assert_int_equal(json_get_int(json, "a", 0), -5);
    assert_true(str_equal(json_get_str(json, "b"), STR("say \"hi\" \\ \n \u00FC \uFFFD")));
    assert_true(str_equal(json_write(arena, json), text));
    json_decref(json);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_refused_with_their_place),
        cmocka_unit_test(details_never_quote_the_input),
        cmocka_unit_test(depth_is_limited_but_not_by_strings),
        cmocka_unit_test(length_is_limited),
        cmocka_unit_test(members_are_typed),
        cmocka_unit_test(writing_sorts_escapes_and_keeps_numbers_short),
        cmocka_unit_test(long_documents_survive),
        cmocka_unit_test(any_bytes_become_a_string),
        cmocka_unit_test(small_objects_need_no_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
