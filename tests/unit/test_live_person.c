/* core/live_person.h: rows of a previous bot, in the words of three shapes and none. */
#include "core/live_person.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

static const int64_t NOW_MS = 1768471200000; /* 2026-01-15 10:00 UTC */

static struct arena *arena;

static enum err read_as(const char *text, struct live_person *person)
{
    json_t *json = NULL;
    struct err_detail detail = {""};
    assert_int_equal(json_read(str_of(text), 1 << 20, &json, &detail), OK);
    enum err error =
        live_person_read(arena, json, zone_find(STR("Europe/Berlin")), NOW_MS, person, &detail);
    json_decref(json);
    return error;
}

static struct live_person read_good(const char *text)
{
    struct live_person person;
    assert_int_equal(read_as(text, &person), OK);
    return person;
}

static void who_has_no_id_is_refused(void **state)
{
    (void)state;
    struct live_person person;
    assert_int_equal(read_as("{\"user\":{\"first_name\":\"A\"}}", &person), ERR_INVALID);
    assert_int_equal(read_as("{\"user\":[]}", &person), ERR_INVALID);
    assert_int_equal(read_as("{}", &person), ERR_INVALID);
}

static void instants_of_all_kinds(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "2026-01-10T09:30:00.123456+00:00",
        "2026-01-10T09:30:00.123",
        "2026-01-10 10:30:00.123+01",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct str text = arena_printf(
            arena, "{\"user\":{\"telegram_id\":7000001,\"joined_at\":\"%s\"}}", texts[i]);
        assert_int_equal(read_good(text.ptr).joined_at_ms, 1768037400123);
    }
    static const char *const odd[] = {"infinity", "2036-01-10T09:30:00Z", "yesterday", ""};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct str text = arena_printf(
            arena, "{\"user\":{\"telegram_id\":7000001,\"joined_at\":\"%s\"}}", odd[i]);
        assert_int_equal(read_good(text.ptr).joined_at_ms, NOW_MS);
    }
}

static void invented_people(void **state)
{
    (void)state;
    assert_true(read_good("{\"user\":{\"telegram_id\":100000}}").invented);
    assert_true(read_good("{\"user\":{\"telegram_id\":999999}}").invented);
    assert_true(read_good("{\"user\":{\"telegram_id\":-5}}").invented);
    assert_true(read_good("{\"user\":{\"id\":\"x\"}}").invented);
    assert_false(read_good("{\"user\":{\"telegram_id\":99999}}").invented);
    assert_false(read_good("{\"user\":{\"telegram_id\":1000000}}").invented);
    struct live_person person =
        read_good("{\"user\":{\"telegram_id\":1000000,\"email\":\"1@Telegram.User\"}}");
    assert_false(person.invented);
    assert_int_equal(person.email.length, 0);
    assert_true(read_good("{\"user\":{\"telegram_id\":1000000,\"email\":\"1@telegram.emergency\"}}")
                    .invented);
}

static struct live_commitment one(const char *members)
{
    struct str text =
        arena_printf(arena,
                     "{\"user\":{\"telegram_id\":7000001,\"created_at\":\"2026-01-01T00:00:00Z\"},"
                     "\"commitments\":[{\"id\":5,\"created_at\":\"2026-01-10T09:00:00Z\",%s}]}",
                     members);
    struct live_person person = read_good(text.ptr);
    assert_int_equal(person.commitment_count, 1);
    return person.commitments[0];
}

static void commitments_end_as_they_ended(void **state)
{
    (void)state;
    const int64_t made_ms = 1768035600000;
    struct live_commitment done =
        one("\"status\":\"completed\",\"completed_at\":\"2026-01-10T11:00:00Z\"");
    assert_int_equal(done.state, COMMITMENT_COMPLETED);
    assert_int_equal(done.ended_at_ms, made_ms + 2 * HOUR_MS);
    assert_int_equal(one("\"status\":\"active\",\"completed_at\":\"2026-01-10T11:00:00Z\"").state,
                     COMMITMENT_COMPLETED);
    struct live_commitment early =
        one("\"status\":\"completed\",\"completed_at\":\"2026-01-09T11:00:00Z\"");
    assert_int_equal(early.ended_at_ms, made_ms);
    assert_int_equal(one("\"status\":\"completed\"").ended_at_ms, made_ms);
    assert_int_equal(one("\"status\":\"failed\"").state, COMMITMENT_MISSED);
    assert_int_equal(one("\"status\":\"paused\"").state, COMMITMENT_DROPPED);
    assert_false(one("\"status\":\"paused\"").odd_status);
    assert_true(one("\"status\":\"what\"").odd_status);
    assert_true(one("\"status\":7").odd_status);
    struct live_commitment open = one("\"status\":\"pending\",\"text\":\" a\\nb \"");
    assert_int_equal(open.state, COMMITMENT_ACTIVE);
    assert_int_equal(open.ended_at_ms, 0);
    assert_int_equal(open.due_at_ms, made_ms + DAY_MS);
    assert_true(str_is(open.text, "a b"));
    struct live_commitment day = one("\"status\":\"active\",\"due_date\":\"2026-01-12\"");
    assert_int_equal(day.due_at_ms, 1768258800000); /* the end of that day in Berlin */
    assert_int_equal(one("\"status\":\"active\",\"due_date\":\"2026-01-02\"").planned_at_ms, 0);
}

static void the_fingerprint_follows_what_counts(void **state)
{
    (void)state;
    struct live_person person = read_good("{\"user\":{\"telegram_id\":7000001}}");
    struct live_person seen =
        read_good("{\"user\":{\"telegram_id\":7000001,\"last_seen\":\"2026-01-12T00:00:00Z\"}}");
    struct live_person off = read_good("{\"user\":{\"telegram_id\":7000001,\"is_active\":false}}");
    struct live_person other = read_good("{\"user\":{\"telegram_id\":7000002}}");
    assert_string_equal(person.fingerprint, seen.fingerprint);
    assert_string_not_equal(person.fingerprint, off.fingerprint);
    assert_string_equal(person.key, off.key);
    assert_string_not_equal(person.key, other.key);
}

static int open_arena(void **state)
{
    (void)state;
    arena = arena_new((size_t)64 * 1024);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_no_id_is_refused),
        cmocka_unit_test(instants_of_all_kinds),
        cmocka_unit_test(invented_people),
        cmocka_unit_test(commitments_end_as_they_ended),
        cmocka_unit_test(the_fingerprint_follows_what_counts),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
