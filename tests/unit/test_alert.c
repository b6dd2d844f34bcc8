/* core/alert.h: an alert fires once, is over once, and is told of as it should. */
#include "core/alert.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"

static const int64_t START_MS = 1764000000000;
static const struct alert_terms terms = {ALERT_WARNING, 2 * HOUR_MS, 6 * HOUR_MS};

/* A look an hour; the outcome as letters: F fired, T told, E escalated, R resolved, O told over. */
static void looks(struct alert *alert, const struct alert_terms *of, int64_t *now_ms,
                  const char *findings, const char *expected)
{
    for (size_t i = 0; findings[i] != '\0'; i++) {
        enum alert_finding finding = findings[i] == 'h'   ? ALERT_HOLDS
                                     : findings[i] == '?' ? ALERT_UNSURE
                                                          : ALERT_CLEAR;
        struct alert_outcome outcome = alert_look(alert, of, finding, *now_ms);
        char letter = outcome.escalate    ? 'E'
                      : outcome.fired     ? (outcome.tell ? 'F' : 'f')
                      : outcome.tell      ? 'T'
                      : outcome.tell_over ? 'O'
                      : outcome.resolved  ? 'R'
                                          : '.';
        if (letter != expected[i]) {
            fail_msg("look %zu of \"%s\": %c, expected %c", i, findings, letter, expected[i]);
        }
        *now_ms += HOUR_MS;
    }
}

static void it_fires_once_and_is_over_once(void **state)
{
    (void)state;
    struct alert alert = {0};
    int64_t now_ms = START_MS;
    looks(&alert, &terms, &now_ms, "..hhhhh?h..", "....F....O.");
    assert_int_equal(alert.phase, ALERT_QUIET);
    looks(&alert, &terms, &now_ms, "hhh", "..F");
}

static void it_must_hold_all_the_time_before(void **state)
{
    (void)state;
    struct alert alert = {0};
    int64_t now_ms = START_MS;
    looks(&alert, &terms, &now_ms, "hh.hh?hh", "........");
    assert_int_equal(alert.phase, ALERT_PENDING);
    /* Nobody looked for a day: that says nothing about the time between. */
    now_ms += DAY_MS;
    looks(&alert, &terms, &now_ms, "hhh", "..F");
    const struct alert_terms at_once = {ALERT_CRITICAL, 0, 0};
    struct alert other = {0};
    looks(&other, &at_once, &now_ms, "h.", "FO");
}

static void it_gets_louder_once_unless_somebody_is_at_it(void **state)
{
    (void)state;
    struct alert alert = {0};
    int64_t now_ms = START_MS;
    looks(&alert, &terms, &now_ms, "hhhhhhhhhhhh", "..F.....E...");
    struct alert seen = {0};
    looks(&seen, &terms, &now_ms, "hhh", "..F");
    assert_true(alert_acknowledge(&seen, now_ms));
    assert_false(alert_acknowledge(&seen, now_ms));
    assert_int_equal(seen.phase, ALERT_ACKNOWLEDGED);
    looks(&seen, &terms, &now_ms, "hhhhhhhhhh.", "..........O");
    struct alert quiet = {0};
    assert_false(alert_acknowledge(&quiet, now_ms));
}

/* It happens all the same: what a rule does by itself is done, and told afterwards if it lasts. */
static void silenced_it_is_told_later_or_not_at_all(void **state)
{
    (void)state;
    struct alert alert = {0};
    int64_t now_ms = START_MS;
    alert.silenced_until_ms = now_ms + 4 * HOUR_MS;
    looks(&alert, &terms, &now_ms, "hhhhh", "..f.T");
    struct alert short_one = {0};
    short_one.silenced_until_ms = now_ms + 9 * HOUR_MS;
    looks(&short_one, &terms, &now_ms, "hhh.", "..fR");
}

static void a_milestone_stays(void **state)
{
    (void)state;
    const struct alert_terms milestone = {ALERT_MILESTONE, 0, 0};
    struct alert alert = {0};
    int64_t now_ms = START_MS;
    looks(&alert, &milestone, &now_ms, ".h.h..h", ".F.....");
}

static void it_is_kept_as_it_is(void **state)
{
    (void)state;
    const struct alert alert = {ALERT_ACKNOWLEDGED, 1, 2, 3, 4, 5, true};
    struct alert read;
    json_t *json = alert_json(&alert);
    alert_from_json(json, &read);
    json_decref(json);
    assert_int_equal(read.phase, ALERT_ACKNOWLEDGED);
    assert_int_equal(read.since_ms, 1);
    assert_int_equal(read.holds_since_ms, 2);
    assert_int_equal(read.told_ms, 3);
    assert_int_equal(read.silenced_until_ms, 4);
    assert_int_equal(read.seen_ms, 5);
    assert_true(read.is_escalated);
    alert_from_json(NULL, &read);
    assert_int_equal(read.phase, ALERT_QUIET);
    assert_int_equal(read.since_ms, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_fires_once_and_is_over_once),
        cmocka_unit_test(it_must_hold_all_the_time_before),
        cmocka_unit_test(it_gets_louder_once_unless_somebody_is_at_it),
        cmocka_unit_test(silenced_it_is_told_later_or_not_at_all),
        cmocka_unit_test(a_milestone_stays),
        cmocka_unit_test(it_is_kept_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
