/* A mail whose answer was lost: asked for again under its key, as long as that is known. */
#include "actor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/limits.h"

#define MONDAY_9 ((int64_t)1795420800000) /* 23 November 2026, 09:00 in Berlin */

static int setup(void **state)
{
    *state = actor_new(4711, MONDAY_9);
    return 0;
}

static int teardown(void **state)
{
    actor_free(*state);
    return 0;
}

static void report(struct actor *actor, const struct delivery *delivery, enum report_kind kind)
{
    struct input input = {
        .kind = INPUT_REPORT, .ref_kind = DUE_DELIVERY, .ref_id = delivery->id, .report = kind};
    actor_input(actor, &input);
}

/* The second step, just handed to Resend. */
static struct delivery *a_mail_under_way(struct actor *actor)
{
    actor_text(actor, "/start");
    assert_true(actor_tap(actor, "done"));
    actor->sending = ACTOR_SILENT;
    actor_pass(actor, 2 * HOUR_MS + MINUTE_MS);
    struct delivery *mail = actor_last(actor);
    assert_int_equal(mail->class, CLASS_ONBOARDING);
    assert_int_equal(mail->state, DELIVERY_SENDING);
    actor->person->user.contacts[CHANNEL_EMAIL] =
        (struct contact){STR("ann@example.org"), REACH_OK};
    mail->channel = CHANNEL_EMAIL;
    return mail;
}

static void a_mail_is_asked_for_again_until_it_is_known(void **state)
{
    struct actor *actor = *state;
    struct delivery *mail = a_mail_under_way(actor);
    for (int attempt = 1; attempt < 8; attempt++) {
        assert_int_equal(mail->attempts, attempt);
        report(actor, mail, REPORT_UNCERTAIN);
        assert_int_equal(mail->state, DELIVERY_UNCERTAIN);
        actor_until(actor, mail->next_at_ms);
        assert_int_equal(mail->channel, CHANNEL_EMAIL);
    }
    /* A refusal of the copy says nothing about the first one. */
    report(actor, mail, REPORT_PAUSED);
    assert_int_equal(mail->state, DELIVERY_UNCERTAIN);
    actor_until(actor, mail->next_at_ms);
    report(actor, mail, REPORT_UNCERTAIN);
    assert_int_equal(mail->next_at_ms, 0);
}

static void a_mail_is_not_asked_for_again_when_its_key_is_forgotten(void **state)
{
    struct actor *actor = *state;
    struct delivery *mail = a_mail_under_way(actor);
    report(actor, mail, REPORT_UNCERTAIN);
    actor_text(actor, "/pause 3");
    actor_pass(actor, 4 * DAY_MS);
    assert_int_equal(mail->attempts, 1);
    assert_int_equal(mail->state, DELIVERY_UNCERTAIN);
    assert_int_equal(mail->next_at_ms, 0);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_mail_is_asked_for_again_until_it_is_known),
        CASE(a_mail_is_not_asked_for_again_when_its_key_is_forgotten),
    };
#undef CASE
    return cmocka_run_group_tests(tests, NULL, NULL);
}
