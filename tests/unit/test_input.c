/* core/input.h: what the engine asks before it loads anything; tokens are hostile. */
#include "core/input.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void refs(const char *token, int64_t run_id, int64_t commitment_id)
{
    int64_t found_run = -1, found_commitment = -1;
    input_token_refs(str_of(token), &found_run, &found_commitment);
    assert_int_equal(found_run, run_id);
    assert_int_equal(found_commitment, commitment_id);
}

static void tokens_name_their_rows(void **state)
{
    (void)state;
    refs("r:123:first_win:done", 123, 0);
    refs("r:9223372036854775807:_rating:helpful", INT64_MAX, 0);
    refs("c:77:done", 0, 77);
    refs("r:9223372036854775808:a:b", 0, 0);
    refs("r:-1:a:b", 0, 0);
    refs("r:12", 0, 0);
    refs("c:12:", 0, 0);
    refs("r: 12:a:b", 0, 0);
    refs("x:12:a", 0, 0);
    refs("complete_12", 0, 0);
    refs("", 0, 0);
    refs(":::::", 0, 0);
}

static void only_some_commands_need_history(void **state)
{
    (void)state;
    static const char *const with[] = {"/metrics", "/progress@our_bot", "  /insights now",
                                       "/streaks\nplease"};
    static const char *const without[] = {"/start", "/metricsx", "metrics", "/", "", "/list"};
    for (size_t i = 0; i < sizeof(with) / sizeof(with[0]); i++) {
        struct input input = {.kind = INPUT_TEXT, .text = str_of(with[i])};
        assert_true(input_needs_history(&input));
        input.kind = INPUT_TEXT_EDITED;
        assert_false(input_needs_history(&input));
    }
    for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
        struct input input = {.kind = INPUT_TEXT, .text = str_of(without[i])};
        assert_false(input_needs_history(&input));
    }
}

static void groups_and_taps_create_nobody(void **state)
{
    (void)state;
    for (int kind = INPUT_TEXT; kind <= INPUT_MOVE; kind++) {
        struct input input = {.kind = (enum input_kind)kind};
        assert_false(input_creates_user(&input));
        input.may_create = true;
        bool creates = kind == INPUT_TEXT || kind == INPUT_UNSUPPORTED || kind == INPUT_TRIGGER ||
                       kind == INPUT_TRACK || kind == INPUT_COMMITMENT || kind == INPUT_ANSWER ||
                       kind == INPUT_ADMIN;
        assert_true(input_creates_user(&input) == creates);
    }
    struct input in_group = {.kind = INPUT_TEXT, .may_create = true, .in_group = true};
    assert_false(input_creates_user(&in_group));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_name_their_rows),
        cmocka_unit_test(only_some_commands_need_history),
        cmocka_unit_test(groups_and_taps_create_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
