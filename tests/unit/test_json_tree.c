/* JSON that is only looked at: members, mistakes, limits; and whatever json_read takes or refuses
 * is taken or refused here too, on thousands of damaged documents. */
#include "base/json_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/limits.h"

static const char UPDATE[] =
    "{\"update_id\":1,\"message\":{\"from\":{\"id\":5000000001,\"is_bot\":false,\"first_name\":"
    "\"Zo\\u00eb \\ud83d\\ude00\",\"language_code\":\"de\"},\"rate\":1.5e3,\"none\":null,\"text\":"
    "\"a \\\"quote\\\"\\n\xc3\xa4\",\"entities\":[{\"offset\":0},{\"offset\":-7},[],true]}}";

static int set_up(void **state)
{
    *state = arena_new(4096);
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static enum err read_text(struct arena *arena, struct str text, const struct json_node **ret_root,
                          struct err_detail *detail)
{
    *ret_root = NULL;
    return json_tree_read(arena, text, 4096, ret_root, detail);
}

static void members_are_found_by_name_and_type(void **state)
{
    const struct json_node *root;
    assert_int_equal(read_text(*state, str_of(UPDATE), &root, NULL), OK);
    assert_true(json_node_is_object(root));
    assert_int_equal(json_node_int(root, "update_id", -1), 1);
    const struct json_node *message = json_node_object(root, "message");
    const struct json_node *from = json_node_object(message, "from");
    assert_int_equal(json_node_int(from, "id", 0), 5000000001);
    assert_true(json_node_is_bool(from, "is_bot"));
    assert_false(json_node_bool(from, "is_bot", true));
    assert_true(str_is(json_node_str(from, "first_name"), "Zo\xc3\xab \xf0\x9f\x98\x80"));
    assert_true(str_is(json_node_str(message, "text"), "a \"quote\"\n\xc3\xa4"));
    assert_true(json_node_has(message, "none"));
    assert_false(json_node_has(message, "nothing"));
    const struct json_node *entity = json_node_first(json_node_array(message, "entities"));
    assert_int_equal(json_node_int(entity, "offset", 9), 0);
    entity = json_node_next(entity);
    assert_int_equal(json_node_int(entity, "offset", 9), -7);
    entity = json_node_next(json_node_next(entity));
    assert_non_null(entity);
    assert_null(json_node_next(entity));
}

static void what_is_absent_or_another_type_is_the_fallback(void **state)
{
    const struct json_node *root;
    assert_int_equal(read_text(*state, str_of(UPDATE), &root, NULL), OK);
    const struct json_node *message = json_node_object(root, "message");
    assert_int_equal(json_node_str(root, "update_id").length, 0);
    assert_int_equal(json_node_int(message, "text", 7), 7);
    assert_int_equal(json_node_int(message, "rate", 7), 7);
    assert_true(json_node_bool(message, "text", true));
    assert_null(json_node_object(message, "entities"));
    assert_null(json_node_array(root, "message"));
    assert_null(json_node_first(message));
    assert_null(json_node_object(NULL, "a"));
    assert_int_equal(json_node_int(NULL, "a", 3), 3);
}

static void whole_numbers_have_all_of_64_bits(void **state)
{
    static const struct {
        const char *json;
        int64_t value;
    } cases[] = {
        {"{\"n\":-9223372036854775808}", INT64_MIN},
        {"{\"n\":9223372036854775807}", INT64_MAX},
        {"{\"n\":-0}", 0},
        {"{\"n\":-1}", -1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct json_node *root;
        assert_int_equal(read_text(*state, str_of(cases[i].json), &root, NULL), OK);
        assert_int_equal(json_node_int(root, "n", 7), cases[i].value);
    }
}

static void mistakes_are_named_without_the_text(void **state)
{
    static const struct {
        const char *text;
        enum err code;
        const char *detail;
    } cases[] = {
        {"", ERR_INVALID, "got nothing"},
        {" \n", ERR_INVALID, "got nothing"},
        {"{\"a\": hidden}", ERR_INVALID, "syntax"},
        {"{", ERR_INVALID, "syntax"},
        {"[1] 2", ERR_INVALID, "syntax"},
        {"[1] \"half", ERR_INVALID, "syntax"},
        {"1 tru", ERR_INVALID, "syntax"},
        {"[99999999999999999999]", ERR_INVALID, "range"},
        {"[9223372036854775808]", ERR_INVALID, "range"},
        {"[-9223372036854775809]", ERR_INVALID, "range"},
        {"[1e400]", ERR_INVALID, "range"},
        {"[1]\v", ERR_INVALID, "control character"},
        {"[1,\f2]", ERR_INVALID, "control character"},
        {"[\"\\ud83d\"]", ERR_INVALID, "surrogate"},
        {"[\"\\ud83d\\n\"]", ERR_INVALID, "surrogate"},
        {"[\"\\uDE00\"]", ERR_INVALID, "surrogate"},
        {"[\"\\ud83d\\ud83d\"]", ERR_INVALID, "surrogate"},
        {"[\"\\u0000\"]", ERR_INVALID, "NUL"},
        {"{\"a\\u0000b\":1}", ERR_INVALID, "NUL"},
        {"[\"\xff\"]", ERR_INVALID, "UTF-8"},
        {"[\"\xed\xa0\x80\"]", ERR_INVALID, "UTF-8"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct json_node *root;
        struct err_detail detail = {""};
        assert_int_equal(read_text(*state, str_of(cases[i].text), &root, &detail), cases[i].code);
        assert_null(root);
        assert_non_null(strstr(detail.text, cases[i].detail));
        assert_null(strstr(detail.text, "hidden"));
    }
}

/* Both parsers behind take NUL for the end of the document. */
static void nothing_hides_behind_a_nul(void **state)
{
    const struct json_node *root;
    struct err_detail detail = {""};
    assert_int_equal(read_text(*state, STR("[1]\0]"), &root, &detail), ERR_INVALID);
    assert_non_null(strstr(detail.text, "control character"));
    json_t *json = NULL;
    struct err_detail other = {""};
    assert_int_equal(json_read(STR("[1]\0]"), 100, &json, &other), ERR_INVALID);
    assert_string_equal(detail.text, other.text);
}

static void length_and_depth_are_limited(void **state)
{
    const struct json_node *root;
    struct err_detail detail;
    assert_int_equal(json_tree_read(*state, STR("[1,2]"), 4, &root, &detail), ERR_LIMIT);
    char text[2 * LIMIT_JSON_DEPTH + 4];
    for (size_t extra = 0; extra < 2; extra++) {
        size_t levels = LIMIT_JSON_DEPTH + extra;
        memset(text, '[', levels);
        memset(text + levels, ']', levels);
        enum err error = read_text(*state, (struct str){text, 2 * levels}, &root, &detail);
        assert_int_equal(error, extra == 0 ? OK : ERR_LIMIT);
    }
}

/* A change of one byte at every place, to each of some that mean something. */
static void damaged_documents_are_refused_as_json_read_does(void **state)
{
    static const char bytes[] = "\"\\{}[],:0-.e tnu\x01\x80\xc3";
    char text[sizeof(UPDATE)];
    int taken = 0;
    for (size_t at = 0; at < sizeof(UPDATE) - 1; at++) {
        for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
            memcpy(text, UPDATE, sizeof(UPDATE));
            text[at] = bytes[i];
            struct str damaged = {text, sizeof(UPDATE) - 1};
            const struct json_node *root;
            json_t *json = NULL;
            enum err error = json_read(damaged, 4096, &json, NULL);
            arena_reset(*state);
            bool refused = read_text(*state, damaged, &root, NULL) != OK;
            /* Half a surrogate becomes '?' here, which json_read refuses. */
            bool whole = strstr(text, " \\ud83d\\ude00") != NULL;
            assert_true(error == OK ? !refused : refused || !whole);
            taken += error == OK;
            json_decref(json);
        }
    }
    assert_true(taken > 500);
}

#define TREE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TREE_TEST(members_are_found_by_name_and_type),
        TREE_TEST(what_is_absent_or_another_type_is_the_fallback),
        TREE_TEST(whole_numbers_have_all_of_64_bits),
        TREE_TEST(mistakes_are_named_without_the_text),
        TREE_TEST(nothing_hides_behind_a_nul),
        TREE_TEST(length_and_depth_are_limited),
        TREE_TEST(damaged_documents_are_refused_as_json_read_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
