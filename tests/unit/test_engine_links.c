/* What opening a signed link does to the engine's people: in one batch with other inputs, used
 * twice, after a restart, with reports under way. */
#include "lib/engine_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

static int64_t user_of(struct engine_fixture *fixture, const char *identity)
{
    char sql[128];
    snprintf(sql, sizeof(sql), "SELECT user_id FROM identities WHERE value = '%s'", identity);
    return fixture_int(fixture, sql);
}

/* Opens a link of the person in the chat; not decided before a step. */
static void open_link(struct engine_fixture *fixture, int64_t chat, int64_t user_id)
{
    struct str link = engine_link(fixture->engine, fixture->arena, user_id);
    assert_true(link.length > 0);
    fixture_text(fixture, chat, arena_printf(fixture->arena, "/start %.*s", STR_ARG(link)).ptr);
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
    open_link(fixture, 77, young);
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
    struct str link = engine_link(fixture->engine, fixture->arena, user_id);
    const char *text = arena_printf(fixture->arena, "/start %.*s", STR_ARG(link)).ptr;
    fixture_restart(fixture);
    fixture_text(fixture, 78, text);
    fixture_text(fixture, 79, text); /* in the same batch */
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
    open_link(fixture, 77, shell);
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
        CASE(two_become_one_amid_a_batch),
        CASE(a_link_outlives_a_restart_and_is_good_once),
        CASE(reports_under_way_find_the_person),
    };
    return cmocka_run_group_tests_name("engine_links", tests, NULL, NULL);
}
