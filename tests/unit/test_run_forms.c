/* Forms of a journey that none of the shipped ones has, played with a journey of its own, and what
 * an integration is told about its mistakes. */
#include "actor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"
#include "core/delivery.h"
#include "core/run.h"

#define MONDAY_9 ((int64_t)1795420800000) /* 23 November 2026, 09:00 in Berlin */

static const char EXTRA[] =
    "journey: extra\n"
    "version: \"1\"\n"
    "set: both\n"
    "class: nudge\n"
    "enter: {on: api}\n"
    "steps:\n"
    "  - id: ask\n"
    "    name: Ask\n"
    "    after: 26h\n"
    "    from: joined\n"
    "    message: {en: \"Tap it\", de: \"Tippen\"}\n"
    "    picture: {en: \"https://example.org/a.png\", de: \"https://example.org/b.png\"}\n"
    "    picture_alt: {en: \"{{first_name|Somebody}} waves\", de: \"Jemand winkt\"}\n"
    "    buttons:\n"
    "      - {id: tap, text: {en: Tap, de: Tippen}, do: complete}\n"
    "      - {id: make, text: {en: Make, de: Machen}, do: commitment_make,\n"
    "         value: {en: Stand up, de: Aufstehen}}\n"
    "      - {id: too_much, text: {en: Too much, de: Zu viel}, do: overwhelmed}\n"
    "    expects: button\n"
    "    no_answer: 3h\n"
    "    recovery:\n"
    "      message: {en: \"Anything counts\", de: \"Alles gilt\"}\n"
    "      accepts: any\n"
    "    ultra:\n"
    "      message: {en: \"One word\", de: \"Ein Wort\"}\n"
    "      accepts: any\n"
    "  - id: tell\n"
    "    name: Tell\n"
    "    message: {en: \"Some more\", de: \"Noch etwas\"}\n"
    "    buttons:\n"
    "      - {id: fine, text: {en: Fine, de: Gut}, do: stay}\n"
    "      - {id: over, text: {en: Enough, de: Genug}, do: leave}\n";

static int setup(void **state)
{
    struct actor *actor = actor_new_with(4711, MONDAY_9, EXTRA);
    actor_text(actor, "/start");
    actor_text(actor, "/stop"); /* nothing else runs */
    actor_text(actor, "/resume");
    struct input input = {.kind = INPUT_TRIGGER, .source = STR("api"), .name = STR("extra")};
    actor_input(actor, &input);
    assert_true(actor->decision.handled);
    *state = actor;
    return 0;
}

static int teardown(void **state)
{
    actor_free(*state);
    return 0;
}

static struct run *run_of(struct actor *actor)
{
    struct run *run = actor_run(actor, "extra");
    assert_non_null(run);
    return run;
}

static void delays_may_count_from_joining(void **state)
{
    struct actor *actor = *state;
    assert_int_equal(run_of(actor)->phase, PHASE_DUE);
    /* Stretched by half or shortened by the person's engagement, as all nudges are. */
    assert_true(run_of(actor)->next_at_ms >= MONDAY_9 + 18 * HOUR_MS);
    actor_pass(actor, 3 * DAY_MS);
    assert_true(run_of(actor)->step_sent_at_ms[0] != 0);
}

static void to_first_message(struct actor *actor)
{
    while (run_of(actor)->step_sent_at_ms[0] == 0) {
        actor_pass(actor, 10 * MINUTE_MS);
    }
}

static void a_picture_goes_with_its_message(void **state)
{
    struct actor *actor = *state;
    to_first_message(actor);
    assert_true(str_is(actor_last(actor)->picture, "https://example.org/a.png"));
    assert_true(str_is(actor_last(actor)->picture_alt, "Ada waves"));
}

static void a_text_is_no_answer_where_a_button_is_wanted(void **state)
{
    struct actor *actor = *state;
    to_first_message(actor);
    actor_text(actor, "something");
    assert_int_equal(run_of(actor)->step, 0);
    assert_true(actor_last(actor)->class == CLASS_REPLY);
    actor_pass(actor, 4 * HOUR_MS);
    assert_int_equal(actor_deliveries(actor, "extra", KIND_RECOVERY, DELIVERY_SENT), 1);
    actor_text(actor, "something");
    assert_int_equal(run_of(actor)->step, 1);
    assert_int_equal(run_of(actor)->steps_assisted, 1);
}

static void without_abandonment_the_next_step_follows(void **state)
{
    struct actor *actor = *state;
    to_first_message(actor);
    actor_pass(actor, DAY_MS);
    assert_int_equal(run_of(actor)->step, 1);
    assert_int_equal(run_of(actor)->step_completed_at_ms[0], 0);
}

static void buttons_of_a_last_note_count_for_a_week(void **state)
{
    struct actor *actor = *state;
    to_first_message(actor);
    assert_true(actor_tap(actor, "tap"));
    struct run *run = run_of(actor);
    assert_int_equal(run->step, 1);
    assert_int_equal(run->phase, PHASE_WAITING);
    assert_int_equal(run->next_at_ms, run->step_sent_at_ms[1] + 7 * DAY_MS);
    assert_true(actor_tap(actor, "fine"));
    assert_int_equal(actor_events(actor, EVENT_STEP_ANSWERED), 1);
    assert_true(actor_tap(actor, "fine"));
    assert_int_equal(actor_events(actor, EVENT_STEP_ANSWERED), 0);
    assert_int_equal(run->outcome, RUN_ACTIVE);
    assert_true(actor_tap(actor, "over"));
    assert_int_equal(run->outcome, RUN_LEFT);
}

static void a_last_note_completes_when_its_week_is_over(void **state)
{
    struct actor *actor = *state;
    to_first_message(actor);
    assert_true(actor_tap(actor, "tap"));
    actor_pass(actor, 8 * DAY_MS);
    assert_int_equal(run_of(actor)->outcome, RUN_COMPLETED);
}

static void a_made_commitment_is_confirmed(void **state)
{
    struct actor *actor = *state;
    to_first_message(actor);
    assert_true(actor_tap(actor, "make"));
    assert_int_equal(actor->person->user.commitments_outside, 1);
    assert_int_equal(run_of(actor)->step, 1);
}

static void the_smaller_task_takes_any_word(void **state)
{
    struct actor *actor = *state;
    to_first_message(actor);
    assert_true(actor_tap(actor, "too_much"));
    assert_int_equal(actor_deliveries(actor, "extra", KIND_ULTRA, DELIVERY_SENT), 1);
    assert_int_equal(run_of(actor)->phase, PHASE_WAITING);
    actor_text(actor, "hm");
    assert_int_equal(run_of(actor)->step, 1);
    assert_int_equal(run_of(actor)->steps_assisted, 1);
}

static void refused(struct actor *actor, enum input_kind kind, const char *name, const char *text,
                    const char *data, enum err error)
{
    struct input input = {.kind = kind,
                          .source = STR("api"),
                          .name = str_of(name),
                          .text = str_of(text),
                          .data = str_of(data)};
    actor_input(actor, &input);
    assert_int_equal(actor->decision.error, error);
    assert_false(actor->decision.handled);
    assert_true(actor->decision.detail.text[0] != '\0');
}

static void mistakes_of_integrations_are_named(void **state)
{
    struct actor *actor = *state;
    refused(actor, INPUT_TRACK, "", "", "", ERR_INVALID);
    refused(actor, INPUT_TRACK, "Opened", "", "[1]", ERR_INVALID);
    refused(actor, INPUT_TRACK, "Opened", "", "{", ERR_INVALID);
    refused(actor, INPUT_COMMITMENT, "", " ", "", ERR_INVALID);
    refused(actor, INPUT_COMMITMENT, "", "read", "{\"size_minutes\":-1}", ERR_INVALID);
    refused(actor, INPUT_COMMITMENT, "", "read", "{\"planned_at\":\"soon\"}", ERR_INVALID);
    refused(actor, INPUT_ADMIN, "pause", "", "{\"days\":0}", ERR_INVALID);
    refused(actor, INPUT_ADMIN, "reply", "", "", ERR_INVALID);
    refused(actor, INPUT_ADMIN, "retry", "", "", ERR_NOT_FOUND);
    refused(actor, INPUT_TRIGGER, "nowhere", "", "", ERR_NOT_FOUND);
    struct input made = {.kind = INPUT_COMMITMENT,
                         .source = STR("api"),
                         .text = STR("read"),
                         .data = STR("{\"size_minutes\":2.5,\"external_id\":\"x-1\","
                                     "\"planned_at\":\"2026-11-24T09:00:00+01:00\"}")};
    actor_input(actor, &made);
    assert_true(actor->decision.handled);
    const struct commitment *commitment =
        actor->person->commitments[actor->person->commitment_count - 1];
    assert_int_equal(commitment->size_s, 150);
    assert_int_equal(commitment->planned_at_ms, MONDAY_9 + DAY_MS);
    assert_true(str_is(commitment->external_id, "x-1"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(delays_may_count_from_joining),
        CASE(a_picture_goes_with_its_message),
        CASE(a_text_is_no_answer_where_a_button_is_wanted),
        CASE(without_abandonment_the_next_step_follows),
        CASE(buttons_of_a_last_note_count_for_a_week),
        CASE(a_last_note_completes_when_its_week_is_over),
        CASE(a_made_commitment_is_confirmed),
        CASE(the_smaller_task_takes_any_word),
        CASE(mistakes_of_integrations_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
