/* What opening, taking and refusing a signed link does to the engine's people: in one batch with
 * other inputs, used twice, after a restart, with reports under way. */
#include "lib/engine_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "core/link.h"

static int64_t user_of(struct engine_fixture *fixture, const char *identity)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT user_id FROM identities WHERE value = '%s'", identity);
    return fixture_int(fixture, sql);
}

static const char *link_of(struct engine_fixture *fixture, int64_t user_id)
{
    struct str link = engine_link(fixture->engine, fixture->arena, user_id);
    assert_true(link.length > 0);
    return arena_strdup(fixture->arena, arena_printf(fixture->arena, "%.*s", STR_ARG(link)).ptr);
}

/* None of these is decided on before a step. */
static void open_link(struct engine_fixture *fixture, int64_t chat, const char *link)
{
    fixture_text(fixture, chat, arena_printf(fixture->arena, "/start %s", link).ptr);
}

static void take_link(struct engine_fixture *fixture, int64_t chat, const char *link)
{
    fixture_button(fixture, chat, arena_printf(fixture->arena, LINK_TAKE "%s", link).ptr);
}

static void refuse_link(struct engine_fixture *fixture, int64_t chat, const char *link)
{
    fixture_button(fixture, chat, arena_printf(fixture->arena, LINK_REFUSE "%s", link).ptr);
}

static int64_t joins(struct engine_fixture *fixture)
{
    return fixture_int(fixture, "SELECT count(*) FROM audit_log WHERE action = 'people_join'");
}

/* Somebody sends others the link of their own page: what the others do and did stays theirs. */
static void opening_a_link_joins_nobody(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fixture_know(fixture, 78);
    int64_t theirs = user_of(fixture, "77");
    int64_t own = user_of(fixture, "78");
    const char *link = link_of(fixture, theirs);
    open_link(fixture, 78, link);
    open_link(fixture, 79, link); /* who was never here */
    fixture_settle(fixture);
    assert_int_equal(user_of(fixture, "78"), own);
    assert_int_not_equal(user_of(fixture, "79"), 0);
    assert_int_not_equal(user_of(fixture, "79"), theirs);
    assert_int_equal(joins(fixture), 0);
    const struct fake_sent *question = fixture_last(fixture);
    assert_non_null(strstr(question->text, "Was that you?"));
    assert_int_equal(question->button_count, 2);
    assert_true(str_starts(str_of(question->tokens[0]), STR(LINK_TAKE)));
    assert_string_equal(question->tokens[1] + strlen(LINK_REFUSE), link);
    /* The newcomer is greeted only when they say that it was not them. */
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM runs WHERE user_id = "
                                          "(SELECT user_id FROM identities WHERE value = '79')"),
                     0);
    refuse_link(fixture, 79, link);
    fixture_settle(fixture);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM runs WHERE user_id = "
                                          "(SELECT user_id FROM identities WHERE value = '79')"),
                     1);
    take_link(fixture, 78, link); /* refused once, it is of no use to anybody */
    open_link(fixture, 78, link);
    fixture_settle(fixture);
    assert_int_equal(user_of(fixture, "78"), own);
    assert_int_equal(joins(fixture), 0);
    assert_non_null(strstr(fixture_last(fixture)->text, "not valid any more"));
}

static void the_question_ends_with_the_link(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    const char *link = link_of(fixture, user_of(fixture, "77"));
    open_link(fixture, 78, link);
    fixture_advance(fixture, DAY_MS);
    take_link(fixture, 78, link);
    fixture_settle(fixture);
    assert_int_not_equal(user_of(fixture, "78"), user_of(fixture, "77"));
    assert_int_equal(joins(fixture), 0);
}

static void two_become_one_amid_a_batch(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fixture_advance(fixture, HOUR_MS);
    fixture_know(fixture, 78);
    int64_t old = user_of(fixture, "77");
    int64_t young = user_of(fixture, "78");
    fixture_text(fixture, 78, "/commit before");
    fixture_text(fixture, 79, "/help");
    take_link(fixture, 77, link_of(fixture, young));
    fixture_text(fixture, 78, "/commit after");
    fixture_text(fixture, 77, "/commit last");
    fixture_settle(fixture);
    assert_int_equal(user_of(fixture, "77"), old);
    assert_int_equal(user_of(fixture, "78"), old);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users WHERE is_erased = 0"), 2);
    char texts[100];
    fixture_string(fixture,
                   "SELECT group_concat(text) FROM (SELECT text FROM commitments ORDER BY id)",
                   texts, sizeof(texts));
    assert_string_equal(texts, "before,after,last");
    assert_int_equal(
        fixture_int(fixture, "SELECT count(*) FROM audit_log WHERE action = 'people_join'"), 1);
}

static void a_link_outlives_a_restart_and_is_good_once(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    int64_t user_id = user_of(fixture, "77");
    const char *link = link_of(fixture, user_id);
    fixture_restart(fixture);
    open_link(fixture, 78, link);
    open_link(fixture, 79, link);
    take_link(fixture, 78, link); /* all in the same batch */
    take_link(fixture, 79, link);
    fixture_settle(fixture);
    assert_int_equal(user_of(fixture, "78"), user_id);
    assert_int_not_equal(user_of(fixture, "79"), user_id);
    fixture_command(fixture, "setting_put", "{\"name\":\"secret/links\",\"value\":{\"key\":\"\"}}");
    fixture_settle(fixture);
    assert_int_equal(fixture->error, ERR_INVALID);
}

/* A message was under way to the row that became a shell: its report finds the person. */
static void reports_under_way_find_the_person(void **state)
{
    struct engine_fixture *fixture = *state;
    fixture_know(fixture, 77);
    fixture_advance(fixture, HOUR_MS);
    fixture_know(fixture, 78);
    fake_channel_swallow(fixture->telegram, true);
    fixture_text(fixture, 78, "/help");
    fixture_settle(fixture);
    int64_t shell = user_of(fixture, "78");
    int64_t delivery = fixture_int(fixture, "SELECT max(id) FROM deliveries WHERE state = 1");
    assert_int_not_equal(delivery, 0);
    take_link(fixture, 77, link_of(fixture, shell));
    fixture_settle(fixture);
    struct channel_sink sink = engine_sink(fixture->engine);
    const struct report report = {.kind = REPORT_SENT,
                                  .channel = CHANNEL_TELEGRAM,
                                  .user_id = shell,
                                  .delivery_id = delivery,
                                  .address = STR("78"),
                                  .provider_id = STR("9")};
    sink.report(sink.context, &report);
    fixture_settle(fixture);
    char sql[160];
    snprintf(sql, sizeof(sql), "SELECT state FROM deliveries WHERE id = %lld AND user_id <> %lld",
             (long long)delivery, (long long)shell);
    assert_int_equal(fixture_int(fixture, sql), DELIVERY_SENT);
}

#define CASE(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, engine_fixture_set_up, engine_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(opening_a_link_joins_nobody),       CASE(the_question_ends_with_the_link),
        CASE(two_become_one_amid_a_batch),       CASE(a_link_outlives_a_restart_and_is_good_once),
        CASE(reports_under_way_find_the_person),
    };
    return cmocka_run_group_tests_name("engine_links", tests, NULL, NULL);
}
