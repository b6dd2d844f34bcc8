/* core/decide.h where a golden script would not show it: what is stored beside the messages, inputs
 * of a sidecar, reports in any order, timers, and buttons of somebody else. */
#include "actor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "core/delivery.h"
#include "core/join.h"
#include "core/run.h"

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

static void says_beside_another_bot(struct actor *actor, const char *text)
{
    struct input input = {.kind = INPUT_TEXT,
                          .source = STR("sidecar"),
                          .channel = CHANNEL_TELEGRAM,
                          .identity = STR("4711"),
                          .may_create = true,
                          .text = str_of(text)};
    actor_input(actor, &input);
}

static void beside_another_bot_only_ours_is_answered(void **state)
{
    struct actor *actor = *state;
    says_beside_another_bot(actor, "/start");
    assert_true(actor->decision.handled);
    assert_int_equal(actor->sent_count, 1);
    says_beside_another_bot(actor, "/list");
    assert_false(actor->decision.handled);
    assert_true(actor_tap(actor, "done"));
    int sent = actor->sent_count;
    says_beside_another_bot(actor, "what is the weather like?");
    assert_false(actor->decision.handled);
    says_beside_another_bot(actor, "/start");
    assert_false(actor->decision.handled);
    assert_int_equal(actor->sent_count, sent);
    actor_pass(actor, 2 * HOUR_MS);
    says_beside_another_bot(actor, "calm");
    assert_true(actor->decision.handled);
    says_beside_another_bot(actor, "/stop");
    assert_true(actor->decision.handled);
    assert_true(actor->person->user.stopped);
    /* It still counts as activity of theirs. */
    actor_pass(actor, HOUR_MS);
    says_beside_another_bot(actor, "/list");
    assert_int_equal(actor->person->user.activity_last_at_ms, actor->world.now_ms);
}

static void answers_are_noted_on_message_run_and_user(void **state)
{
    struct actor *actor = *state;
    actor_text(actor, "/start");
    const struct delivery *step = actor_last(actor);
    struct input tap = {.kind = INPUT_BUTTON,
                        .source = STR("telegram"),
                        .channel = CHANNEL_TELEGRAM,
                        .identity = STR("4711"),
                        .token = step->buttons[0].token};
    decide(actor->arena, &actor->world, actor->person, &tap, &actor->decision);
    assert_int_equal(actor->person->answered_delivery_id, step->id);
    assert_int_equal(actor->person->answered_at_ms, actor->world.now_ms);
    actor_pass(actor, 2 * HOUR_MS);
    actor_text(actor, "Peaceful \"and\" calm");
    const struct run *run = actor_run(actor, "superior_onboarding");
    assert_true(str_is(actor->person->user.feeling_word, "Peaceful"));
    assert_true(str_is(run->answers, "{\"user_feeling_word\":\"Peaceful\"}"));
    assert_int_equal(run->step_completed_at_ms[1], actor->world.now_ms);
    assert_int_equal(run->step_sent_at_ms[1], MONDAY_9 + 2 * HOUR_MS);
}

static void entries_are_remembered_for_good(void **state)
{
    struct actor *actor = *state;
    actor_text(actor, "/start");
    assert_true(str_is(actor->person->user.entered, "{\"superior_onboarding\":1795420800000}"));
    actor_text(actor, "/commit read");
    actor_pass(actor, HOUR_MS);
    actor_text(actor, "/commit write");
    assert_true(str_is(actor->person->user.entered, "{\"superior_onboarding\":1795420800000,"
                                                    "\"quick_execution_followup\":1795424400000}"));
    assert_true(actor->person->user.onboarding_completed);
    assert_true(str_is(actor->person->user.onboarding_version, "superior_v2.0"));
    assert_int_equal(actor->person->user.onboarding_ended_at_ms, MONDAY_9);
}

static void the_set_is_decided_once(void **state)
{
    struct actor *actor = *state;
    actor->installation.rollout.share_permyriad = 0;
    actor_text(actor, "/start");
    assert_int_equal(actor->person->user.set, SET_ORIGINAL);
    actor->installation.rollout.share_permyriad = 10000;
    actor_text(actor, "/start");
    actor_pass(actor, DAY_MS);
    actor_text(actor, "/commit read");
    assert_int_equal(actor->person->user.set, SET_ORIGINAL);
    assert_non_null(actor_run(actor, "commitment_followup"));
    assert_null(actor_run(actor, "superior_onboarding"));
}

static void during_a_rollback_first_contacts_get_the_original(void **state)
{
    struct actor *actor = *state;
    actor->installation.rollout.rolled_back_entries = true;
    actor_text(actor, "/start");
    assert_non_null(actor_run(actor, "onboarding"));
    actor->installation.rollout.rolled_back_entries = false;
    actor_text(actor, "/commit read");
    assert_non_null(actor_run(actor, "commitment_followup"));
}

static void a_rollback_of_nurture_moves_nurture_only(void **state)
{
    struct actor *actor = *state;
    actor_text(actor, "/start");
    actor_text(actor, "/commit read");
    struct rollout *rollout = &actor->installation.rollout;
    rollout->rolled_back_nurture = true;
    struct input input = {.kind = INPUT_MOVE, .name = STR("rollback")};
    actor_input(actor, &input);
    assert_int_equal(actor_run(actor, "quick_execution_followup")->outcome, RUN_ROLLED_BACK);
    assert_int_equal(actor_run(actor, "commitment_followup")->outcome, RUN_ACTIVE);
    assert_int_equal(actor->person->user.set, SET_OPTIMIZED);
    rollout->rolled_back_entries = true;
    input = (struct input){.kind = INPUT_MOVE, .name = STR("rollback")};
    actor_input(actor, &input);
    assert_int_equal(actor->person->user.set, SET_ORIGINAL);
}

static void report(struct actor *actor, const struct delivery *delivery, enum report_kind kind)
{
    struct input input = {
        .kind = INPUT_REPORT, .ref_kind = DUE_DELIVERY, .ref_id = delivery->id, .report = kind};
    actor_input(actor, &input);
}

static void reports_in_any_order_move_the_run_once(void **state)
{
    struct actor *actor = *state;
    actor->sending = ACTOR_SILENT;
    actor_text(actor, "/start");
    struct delivery *step = actor_last(actor);
    const struct run *run = actor_run(actor, "superior_onboarding");
    assert_int_equal(run->phase, PHASE_SENDING);
    report(actor, step, REPORT_OPENED);
    assert_int_equal(step->state, DELIVERY_OPENED);
    assert_int_equal(run->phase, PHASE_WAITING);
    assert_int_equal(run->step_sent_at_ms[0], MONDAY_9);
    int64_t next_at_ms = run->next_at_ms;
    actor_pass(actor, MINUTE_MS);
    report(actor, step, REPORT_SENT);
    report(actor, step, REPORT_UNCERTAIN);
    report(actor, step, REPORT_RETRY);
    report(actor, step, REPORT_DELIVERED);
    assert_int_equal(step->state, DELIVERY_OPENED);
    assert_int_equal(run->next_at_ms, next_at_ms);
    assert_int_equal(actor_events(actor, EVENT_STEP_SENT), 0);
}

static void an_answer_before_the_report_counts(void **state)
{
    struct actor *actor = *state;
    actor->sending = ACTOR_SILENT;
    actor_text(actor, "/start");
    struct delivery *step = actor_last(actor);
    assert_true(actor_tap(actor, "done"));
    const struct run *run = actor_run(actor, "superior_onboarding");
    assert_int_equal(run->step, 1);
    assert_int_equal(run->step_sent_at_ms[0], MONDAY_9);
    assert_int_equal(actor_events(actor, EVENT_STEP_SENT), 1);
    report(actor, step, REPORT_SENT);
    assert_int_equal(run->step, 1);
    assert_int_equal(run->phase, PHASE_DUE);
    assert_int_equal(actor_events(actor, EVENT_STEP_SENT), 0);
}

/* Its answer is lost, or it is to be tried again: whoever answered it does not get it once more. */
static void what_was_answered_is_not_sent_again(void **state)
{
    struct actor *actor = *state;
    actor->sending = ACTOR_SILENT;
    actor_text(actor, "/start");
    struct delivery *step = actor_last(actor);
    assert_true(actor_tap(actor, "done"));
    actor_pass(actor, 30 * MINUTE_MS);
    assert_int_equal(step->attempts, 1);
    assert_int_equal(step->state, DELIVERY_UNCERTAIN);
    assert_int_equal(step->next_at_ms, 0);
    report(actor, step, REPORT_SENT);
    assert_int_equal(step->state, DELIVERY_SENT);
}

static void what_was_answered_is_not_tried_again(void **state)
{
    struct actor *actor = *state;
    actor->sending = ACTOR_SILENT;
    actor_text(actor, "/start");
    struct delivery *step = actor_last(actor);
    assert_true(actor_tap(actor, "done"));
    report(actor, step, REPORT_RETRY);
    actor_pass(actor, 30 * MINUTE_MS);
    assert_int_equal(step->attempts, 1);
    assert_int_equal(step->state, DELIVERY_SUPPRESSED);
}

/* Its report comes after "too much", or never: it has been there all the same. */
static void a_recovery_under_way_is_not_offered_again(void **state)
{
    static const struct {
        int64_t after_ms;
        enum delivery_state state;
        bool reported;
    } cases[] = {{MINUTE_MS, DELIVERY_SENDING, true},
                 {MINUTE_MS, DELIVERY_SENDING, false},
                 {2 * MINUTE_MS + 1000, DELIVERY_UNCERTAIN, false}};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct actor *actor = actor_new(4712, MONDAY_9);
        actor_text(actor, "/start");
        actor->sending = ACTOR_SILENT;
        actor_pass(actor, 6 * HOUR_MS + cases[i].after_ms);
        struct delivery *recovery = actor_last(actor);
        assert_int_equal(recovery->kind, KIND_RECOVERY);
        assert_int_equal(recovery->state, cases[i].state);
        actor->sending = ACTOR_SENDS;
        actor_text(actor, "I give up");
        assert_int_equal(actor_last(actor)->kind, KIND_ULTRA);
        if (cases[i].reported) {
            report(actor, recovery, REPORT_SENT);
            assert_int_equal(actor_events(actor, EVENT_RECOVERY_SENT), 1);
        }
        actor_pass(actor, 23 * HOUR_MS);
        assert_int_equal(actor_last(actor)->kind, KIND_ULTRA);
        actor_pass(actor, 2 * HOUR_MS);
        assert_int_equal(actor_last(actor)->kind, KIND_ABANDONMENT);
        actor_free(actor);
    }
}

static void retries_end_after_eight_attempts(void **state)
{
    struct actor *actor = *state;
    actor->sending = ACTOR_REPORTS;
    actor->report = REPORT_RETRY;
    actor_text(actor, "/start");
    struct delivery *step = actor->person->deliveries[0];
    assert_int_equal(step->state, DELIVERY_SCHEDULED);
    assert_in_range(step->next_at_ms - MONDAY_9, 4000, 6000);
    actor_pass(actor, 5 * HOUR_MS);
    assert_int_equal(step->state, DELIVERY_DEAD);
    assert_int_equal(step->attempts, 8);
    assert_int_equal(actor_run(actor, "superior_onboarding")->phase, PHASE_WAITING);
}

static void lost_nudges_are_never_sent_twice(void **state)
{
    struct actor *actor = *state;
    actor_text(actor, "/start");
    actor_text(actor, "/commit read");
    actor->sending = ACTOR_SILENT;
    int sent = actor->sent_count;
    actor_pass(actor, 2 * HOUR_MS + 10 * MINUTE_MS);
    assert_int_equal(actor->sent_count, sent + 1);
    assert_int_equal(
        actor_deliveries(actor, "quick_execution_followup", KIND_STEP, DELIVERY_UNCERTAIN), 1);
    assert_int_equal(actor_run(actor, "quick_execution_followup")->phase, PHASE_DUE);
}

static void somebody_elses_button_changes_nothing(void **state)
{
    struct actor *actor = *state;
    struct actor *other = actor_new(4712, MONDAY_9);
    actor_text(actor, "/start");
    actor_text(other, "/start");
    actor_tap_token(actor, actor_last(other)->buttons[0].token);
    assert_int_equal(actor->decision.act_count, 1);
    assert_int_equal(actor->decision.acts[0].kind, ACT_ANSWER_TAP);
    assert_true(actor->decision.acts[0].text.length > 0);
    assert_int_equal(actor_run(actor, "superior_onboarding")->step_completed_at_ms[0], 0);
    assert_int_equal(actor_events(actor, EVENT_STEP_COMPLETED), 0);
    actor_free(other);
}

static void the_users_timer_is_rearmed_lazily(void **state)
{
    struct actor *actor = *state;
    actor_text(actor, "/start");
    assert_int_equal(actor->person->user.next_at_ms, 0); /* onboarding is active */
    actor_text(actor, "/commit read");
    const struct user *user = &actor->person->user;
    assert_int_equal(user->next_at_ms, MONDAY_9 + 3 * DAY_MS);
    actor_pass(actor, 2 * DAY_MS);
    actor_text(actor, "/list");
    assert_int_equal(user->next_at_ms, MONDAY_9 + 3 * DAY_MS);
    actor_pass(actor, 36 * HOUR_MS);
    assert_int_equal(user->next_at_ms, MONDAY_9 + 5 * DAY_MS);
    assert_null(actor_run(actor, "inactive_rescue"));
    actor_pass(actor, 2 * DAY_MS);
    assert_non_null(actor_run(actor, "inactive_rescue"));
}

static void a_rescue_comes_once_in_thirty_days(void **state)
{
    struct actor *actor = *state;
    actor_text(actor, "/start");
    actor_text(actor, "/commit read");
    int entered = 0;
    for (int day = 0; day < 60; day++) {
        actor_pass(actor, DAY_MS);
        if (day % 7 == 6) {
            actor_text(actor, "/list"); /* silent for six days, again and again */
        }
    }
    for (int i = 0; i < actor->person->run_count; i++) {
        entered += str_is(actor->person->runs[i]->journey, "inactive_rescue");
    }
    assert_int_equal(entered, 2);
}

static void move(struct actor *actor, const char *name)
{
    struct input input = {.kind = INPUT_MOVE, .source = STR("sweep"), .name = str_of(name)};
    actor_input(actor, &input);
}

static enum err operator_asks(struct actor *actor, const char *name, const char *source)
{
    struct input input = {.kind = INPUT_ADMIN, .source = str_of(source), .name = str_of(name)};
    actor_input(actor, &input);
    return actor->decision.error;
}

static void what_a_person_stopped_no_operator_resumes(void **state)
{
    struct actor *actor = *state;
    const struct user *user = &actor->person->user;
    actor_text(actor, "/start");
    actor_text(actor, "/pause 3");
    int64_t until_ms = user->paused_until_ms;
    assert_int_equal(operator_asks(actor, "resume", "cli"), ERR_CONFLICT);
    assert_non_null(strstr(actor->decision.detail.text, "/resume"));
    assert_int_equal(user->paused_until_ms, until_ms);
    assert_int_equal(operator_asks(actor, "pause", "cli"), OK); /* for longer: still theirs */
    assert_true(user->paused_until_ms > until_ms);
    assert_int_equal(operator_asks(actor, "resume", "cli"), ERR_CONFLICT);
    actor_text(actor, "/resume");
    actor_text(actor, "/stop");
    assert_int_equal(operator_asks(actor, "stop", "cli"), OK); /* does not make it the operator's */
    assert_int_equal(operator_asks(actor, "resume", "api"), ERR_CONFLICT);
    assert_true(user->stopped);
    actor_text(actor, "/resume");
    assert_false(user->stopped);
    assert_int_equal(operator_asks(actor, "stop", "unsubscribe"), OK); /* their link in a mail */
    assert_int_equal(operator_asks(actor, "resume", "cli"), ERR_CONFLICT);
    assert_int_equal(operator_asks(actor, "resume", "unsubscribe"), OK);
    assert_false(user->stopped);
}

static void what_an_operator_held_an_operator_resumes(void **state)
{
    struct actor *actor = *state;
    const struct user *user = &actor->person->user;
    actor_text(actor, "/start");
    actor_text(actor, "/pause 1");
    actor_pass(actor, 2 * DAY_MS); /* their own is over */
    assert_int_equal(operator_asks(actor, "pause", "cli"), OK);
    assert_int_equal(operator_asks(actor, "stop", "cli"), OK);
    assert_true(user->stopped && user->paused_until_ms > actor->world.now_ms);
    assert_int_equal(operator_asks(actor, "resume", "cli"), OK);
    assert_true(!user->stopped && user->paused_until_ms == 0);
    assert_int_equal(operator_asks(actor, "stop", "cli"), OK);
    actor_text(actor, "/stop"); /* from now on their own wish */
    assert_int_equal(operator_asks(actor, "resume", "cli"), ERR_CONFLICT);
    actor_text(actor, "/resume");
    actor_text(actor, "I want to die");
    assert_true(user->crisis_hold);
    assert_int_equal(operator_asks(actor, "resume", "cli"), OK);
    assert_false(user->crisis_hold);
}

static int followups_sent(const struct actor *actor, const char *journey)
{
    return actor_deliveries(actor, journey, KIND_STEP, DELIVERY_SENT);
}

/* Reminder at 11:00, check-in at 13:00, missed at 11:00 of the next day. */
static void only_the_newest_of_what_is_due_about_a_commitment_goes_out(void **state)
{
    struct actor *actor = *state;
    static const struct {
        int64_t outage_ms;
        int reminders, check_ins, notes;
    } cases[] = {
        {150 * MINUTE_MS, 1, 0, 0}, /* until 11:30 */
        {5 * HOUR_MS, 0, 1, 0},     /* until 14:00 */
        {27 * HOUR_MS, 0, 0, 1},    /* until noon of the next day */
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct actor *other = i == 0 ? actor : actor_new(5000 + (int64_t)i, MONDAY_9);
        actor_text(other, "/start");
        actor_text(other, "/commit read at 11:00");
        actor_outage(other, cases[i].outage_ms);
        actor_pass(other, 0);
        assert_int_equal(followups_sent(other, "commitment_reminder"), cases[i].reminders);
        assert_int_equal(followups_sent(other, "quick_execution_followup"), cases[i].check_ins);
        assert_int_equal(followups_sent(other, "commitment_missed"), cases[i].notes);
        actor_pass(other, 10 * MINUTE_MS);
        assert_int_equal(followups_sent(other, "commitment_reminder"), cases[i].reminders);
        if (other != actor) {
            actor_free(other);
        }
    }
}

static void what_waited_is_superseded_by_newer_words(void **state)
{
    struct actor *actor = *state;
    actor_text(actor, "/start");
    actor_text(actor, "/commit read at 22:30"); /* in the quiet hours, as the check-in is */
    actor_until(actor, MONDAY_9 + DAY_MS);
    assert_int_equal(followups_sent(actor, "quick_execution_followup"), 1);
    assert_int_equal(actor_deliveries(actor, "commitment_reminder", KIND_STEP, DELIVERY_SUPPRESSED),
                     1);
    assert_int_equal(actor_run(actor, "commitment_reminder")->outcome, RUN_EXPIRED);
}

static void after_a_pause_only_the_newest_goes_out(void **state)
{
    struct actor *actor = *state;
    actor_text(actor, "/start");
    actor_text(actor, "/commit read at 11:00");
    actor_text(actor, "/commit write at 11:00");
    actor_text(actor, "/pause 1");
    actor_pass(actor, DAY_MS + MINUTE_MS);
    assert_int_equal(followups_sent(actor, "commitment_reminder"), 0);
    assert_int_equal(followups_sent(actor, "quick_execution_followup"), 2); /* one for each */
}

static void of_two_rows_of_one_person_a_wish_outweighs_an_operator(void **state)
{
    struct actor *actor = *state;
    static const struct {
        bool stopped, other_stopped;
        unsigned holds, others, joined;
    } cases[] = {
        {true, false, OPERATOR_STOPPED, 0, OPERATOR_STOPPED},
        {false, true, 0, OPERATOR_STOPPED, OPERATOR_STOPPED},
        {true, true, OPERATOR_STOPPED, OPERATOR_STOPPED, OPERATOR_STOPPED},
        {true, true, OPERATOR_STOPPED, 0, 0},
        {true, true, 0, OPERATOR_STOPPED, 0},
        {true, false, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct person survivor, alias;
        person_init(&survivor, 7 * 256, MONDAY_9);
        person_init(&alias, 8 * 256, MONDAY_9 + 1);
        survivor.user.stopped = cases[i].stopped;
        survivor.user.operator_holds = cases[i].holds;
        alias.user.stopped = cases[i].other_stopped;
        alias.user.operator_holds = cases[i].others;
        struct input input = {.kind = INPUT_TEXT};
        struct decision of_survivor = {0};
        struct decision of_alias = {0};
        join_people(actor->arena, &actor->world, &input, &survivor, &alias, NULL, 0, &of_survivor,
                    &of_alias);
        assert_true(survivor.user.stopped);
        assert_int_equal(survivor.user.operator_holds, cases[i].joined);
    }
}

static void stages_move_only_whom_they_are_about(void **state)
{
    struct actor *actor = *state;
    struct rollout *rollout = &actor->installation.rollout;
    struct user *user = &actor->person->user;
    rollout->share_permyriad = 0;
    rollout->started_at_ms = actor->world.now_ms - DAY_MS;
    rollout->stage_existing_rescue = true;
    rollout->stage_existing_amplification = true;
    actor_text(actor, "/start"); /* new, and of the control group: assigned for good */
    move(actor, "existing_rescue");
    move(actor, "existing_amplification");
    assert_int_equal(user->set, SET_ORIGINAL);
    user->existing = true;
    move(actor, "existing_amplification"); /* no power user */
    assert_int_equal(user->set, SET_ORIGINAL);
    rollout->rolled_back_nurture = true;
    move(actor, "existing_rescue");
    assert_int_equal(user->set, SET_ORIGINAL);
    rollout->rolled_back_nurture = false;
    rollout->stage_existing_rescue = false; /* closed while the sweep was on its way */
    move(actor, "existing_rescue");
    assert_int_equal(user->set, SET_ORIGINAL);
    user->commitments_total = user->commitments_completed = 10;
    move(actor, "existing_amplification");
    assert_int_equal(user->set, SET_OPTIMIZED);
    assert_int_equal(actor_events(actor, EVENT_SET_ASSIGNED), 1);
}

static void a_rescue_comes_in_time_for_whom_the_stage_moved(void **state)
{
    struct actor *actor = *state;
    struct rollout *rollout = &actor->installation.rollout;
    rollout->share_permyriad = 0;
    actor_text(actor, "/start");
    actor_text(actor, "/commit read");
    actor_pass(actor, 10 * DAY_MS); /* the original set asks after a week */
    actor_text(actor, "/list");
    actor_pass(actor, DAY_MS);
    assert_null(actor_run(actor, "inactive_rescue"));
    rollout->started_at_ms = actor->world.now_ms;
    rollout->stage_existing_rescue = true;
    move(actor, "existing_rescue");
    assert_null(actor_run(actor, "inactive_rescue")); /* silent for a day only */
    assert_int_equal(actor->person->user.set, SET_ORIGINAL);
    actor_pass(actor, 2 * DAY_MS + HOUR_MS);
    assert_non_null(actor_run(actor, "inactive_rescue"));
    assert_int_equal(actor->person->user.set, SET_OPTIMIZED);
}

static void a_rescue_takes_the_place_of_the_original(void **state)
{
    struct actor *actor = *state;
    struct rollout *rollout = &actor->installation.rollout;
    rollout->share_permyriad = 0;
    actor_text(actor, "/start");
    actor_text(actor, "/commit read");
    actor_pass(actor, 12 * DAY_MS);
    assert_int_equal(actor_run(actor, "re_engagement")->outcome, RUN_ACTIVE);
    rollout->started_at_ms = actor->world.now_ms;
    rollout->stage_existing_rescue = true;
    move(actor, "existing_rescue");
    assert_int_equal(actor_run(actor, "re_engagement")->outcome, RUN_LEFT);
    assert_int_equal(actor_run(actor, "inactive_rescue")->outcome, RUN_ACTIVE);
}

static void a_stage_leaves_alone_who_is_on_hold_or_gone(void **state)
{
    struct actor *actor = *state;
    struct rollout *rollout = &actor->installation.rollout;
    struct user *user = &actor->person->user;
    rollout->share_permyriad = 0;
    actor_text(actor, "/start");
    actor_text(actor, "/commit read");
    actor_pass(actor, 12 * DAY_MS);
    rollout->started_at_ms = actor->world.now_ms;
    rollout->stage_existing_rescue = true;
    user->is_held = true;
    user->paused_until_ms = actor->world.now_ms + DAY_MS;
    move(actor, "existing_rescue");
    user->paused_until_ms = 0;
    user->crisis_hold = true;
    move(actor, "existing_rescue");
    user->crisis_hold = false;
    user->contacts[user->channel].reach = REACH_BLOCKED;
    move(actor, "existing_rescue");
    user->contacts[user->channel].reach = REACH_OK;
    user->stopped = true;
    move(actor, "existing_rescue");
    user->stopped = false;
    assert_null(actor_run(actor, "inactive_rescue"));
    assert_int_equal(user->set, SET_ORIGINAL);
    move(actor, "existing_rescue");
    assert_non_null(actor_run(actor, "inactive_rescue"));
    assert_false(user->is_held);
}

static void nobody_is_held_once_both_stages_are_open(void **state)
{
    struct actor *actor = *state;
    struct rollout *rollout = &actor->installation.rollout;
    rollout->share_permyriad = 0;
    actor_text(actor, "/start");
    actor->person->user.existing = actor->person->user.is_held = true;
    rollout->stage_existing_rescue = true;
    move(actor, "existing_rescue");
    assert_true(actor->person->user.is_held); /* neither silent nor a power user */
    rollout->stage_existing_amplification = true;
    move(actor, "existing_amplification");
    assert_false(actor->person->user.is_held);
    assert_int_equal(actor->person->user.set, SET_ORIGINAL);
}

static void each_of_many_commitments_is_reminded_of(void **state)
{
    struct actor *actor = *state;
    actor_text(actor, "/start");
    int runs = 0;
    for (int i = 0; i < LIMIT_COMMITMENTS_OPEN; i++) {
        actor_text(actor, "/commit read by 18:00");
    }
    for (int i = 0; i < actor->person->run_count; i++) {
        runs += str_is(actor->person->runs[i]->journey, "commitment_reminder");
    }
    assert_int_equal(runs, LIMIT_COMMITMENTS_OPEN);
}

static void quiet_hours_do_not_count_towards_expiry(void **state)
{
    struct actor *actor = *state;
    actor_pass(actor, 12 * HOUR_MS + 30 * MINUTE_MS); /* 21:30 */
    actor_text(actor, "/start");
    assert_true(actor_tap(actor, "done"));
    actor_pass(actor, 2 * HOUR_MS); /* 23:30: step 2, to expire 12 h later */
    const struct delivery *step = actor_last(actor);
    assert_int_equal(step->state, DELIVERY_SCHEDULED);
    int64_t held_ms = step->next_at_ms - actor->world.now_ms;
    assert_in_range(held_ms - 8 * HOUR_MS - 30 * MINUTE_MS, 0, 15 * MINUTE_MS - 1);
    assert_int_equal(step->expires_at_ms, actor->world.now_ms + 12 * HOUR_MS + held_ms);
    assert_int_equal(actor_run(actor, "superior_onboarding")->held_ms, held_ms);
}

static void a_sticker_is_a_hello_where_any_word_counts(void **state)
{
    struct actor *actor = *state;
    actor_text(actor, "/start");
    struct input sticker = {.kind = INPUT_UNSUPPORTED,
                            .source = STR("telegram"),
                            .channel = CHANNEL_TELEGRAM,
                            .identity = STR("4711")};
    struct input once = sticker;
    actor_input(actor, &once);
    const struct run *run = actor_run(actor, "superior_onboarding");
    assert_int_equal(run->step, 0);
    assert_true(actor->decision.handled); /* but answered */
    actor_pass(actor, 7 * HOUR_MS);
    actor_input(actor, &sticker);
    assert_int_equal(run->step, 1);
    assert_int_equal(run->steps_assisted, 1);
}

static void pausing_stops_the_clocks(void **state)
{
    struct actor *actor = *state;
    actor_text(actor, "/start");
    actor_text(actor, "/pause 2");
    actor_pass(actor, 2 * DAY_MS - MINUTE_MS);
    assert_int_equal(actor_deliveries(actor, "superior_onboarding", KIND_RECOVERY, DELIVERY_SENT),
                     0);
    actor_pass(actor, 2 * MINUTE_MS);
    assert_int_equal(actor_deliveries(actor, "superior_onboarding", KIND_RECOVERY, DELIVERY_SENT),
                     1);
    assert_int_equal(actor->person->user.paused_until_ms, 0);
}

static void moving_west_keeps_the_days_of_activity(void **state)
{
    struct actor *actor = *state;
    struct user *user = &actor->person->user;
    actor_text(actor, "/start");
    actor_pass(actor, DAY_MS);
    actor_text(actor, "/list");
    actor_pass(actor, 3 * DAY_MS);
    actor_text(actor, "/list");
    assert_true(user->activity_days == 0x19); /* today, three and four days before */
    int64_t day = user->activity_day;
    str_copy(user->zone, sizeof(user->zone), STR("Pacific/Honolulu"));
    actor_text(actor, "/list");
    assert_int_equal(user->activity_day, day);
    assert_true(user->activity_days == 0x19);
    actor_pass(actor, 100 * DAY_MS);
    actor_text(actor, "/list");
    assert_true(user->activity_days == 1);
}

/* Inputs of one batch are decided before anything is sent: nobody answers what they cannot have
 * seen. */
static void two_inputs_of_one_batch_greet_once(void **state)
{
    struct actor *actor = *state;
    static const char *const texts[] = {"/start", "hello?", "/start"};
    for (int i = 0; i < 3; i++) {
        struct input input = {.kind = INPUT_TEXT,
                              .source = STR("telegram"),
                              .channel = CHANNEL_TELEGRAM,
                              .identity = STR("4711"),
                              .may_create = true,
                              .text = str_of(texts[i])};
        decide(actor->arena, &actor->world, actor->person, &input, &actor->decision);
        assert_true(actor->decision.handled);
    }
    assert_int_equal(actor->person->delivery_count, 1);
    assert_int_equal(actor->person->runs[0]->step_completed_at_ms[0], 0);
    assert_null(run_check(&actor->world, actor->person));
}

static void an_erased_person_is_met_with_silence(void **state)
{
    struct actor *actor = *state;
    actor->person->user.is_erased = true;
    actor_text(actor, "/start");
    assert_int_equal(actor->sent_count, 0);
    assert_int_equal(actor->decision.event_count, 0);
}

static int active_runs(const struct actor *actor)
{
    int count = 0;
    for (int i = 0; i < actor->person->run_count; i++) {
        count += actor->person->runs[i]->outcome == RUN_ACTIVE;
    }
    return count;
}

/* The most that one person can have under way ends in one decision, which stays bounded by it. */
static void stopping_ends_as_many_runs_as_there_can_be(void **state)
{
    enum { PER_RUN = 3, MORE = 4 }; /* its end, a message withdrawn; the command and its answer */
    struct actor *actor = *state;
    actor_text(actor, "/start");
    for (int i = 0; i < LIMIT_COMMITMENTS_OPEN; i++) {
        char text[64];
        snprintf(text, sizeof(text), "/commit read page %d at 18:00", i);
        actor_text(actor, text);
    }
    assert_int_equal(active_runs(actor), 2 * LIMIT_COMMITMENTS_OPEN); /* reminder and followup */
    actor_pass(actor, 20 * HOUR_MS); /* at night: what is due by now waits */
    int runs = active_runs(actor);
    assert_true(runs > LIMIT_COMMITMENTS_OPEN);
    int said = actor->person->delivery_count;
    actor_text(actor, "/stop");
    assert_int_equal(active_runs(actor), 0);
    assert_int_equal(actor_events(actor, EVENT_RUN_ENDED), runs);
    assert_int_equal(actor->person->delivery_count, said + 1);
    assert_true(actor->decision.event_count <= PER_RUN * runs + MORE);
    assert_int_equal(actor->decision.act_count, 0);
    for (int i = 0; i < actor->person->delivery_count; i++) {
        assert_int_not_equal(actor->person->deliveries[i]->state, DELIVERY_SCHEDULED);
    }
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(beside_another_bot_only_ours_is_answered),
        CASE(answers_are_noted_on_message_run_and_user),
        CASE(entries_are_remembered_for_good),
        CASE(the_set_is_decided_once),
        CASE(during_a_rollback_first_contacts_get_the_original),
        CASE(a_rollback_of_nurture_moves_nurture_only),
        CASE(reports_in_any_order_move_the_run_once),
        CASE(an_answer_before_the_report_counts),
        CASE(what_was_answered_is_not_sent_again),
        CASE(what_was_answered_is_not_tried_again),
        CASE(a_recovery_under_way_is_not_offered_again),
        CASE(retries_end_after_eight_attempts),
        CASE(lost_nudges_are_never_sent_twice),
        CASE(somebody_elses_button_changes_nothing),
        CASE(the_users_timer_is_rearmed_lazily),
        CASE(a_rescue_comes_once_in_thirty_days),
        CASE(each_of_many_commitments_is_reminded_of),
        CASE(what_a_person_stopped_no_operator_resumes),
        CASE(what_an_operator_held_an_operator_resumes),
        CASE(only_the_newest_of_what_is_due_about_a_commitment_goes_out),
        CASE(what_waited_is_superseded_by_newer_words),
        CASE(after_a_pause_only_the_newest_goes_out),
        CASE(of_two_rows_of_one_person_a_wish_outweighs_an_operator),
        CASE(stages_move_only_whom_they_are_about),
        CASE(a_rescue_comes_in_time_for_whom_the_stage_moved),
        CASE(a_rescue_takes_the_place_of_the_original),
        CASE(a_stage_leaves_alone_who_is_on_hold_or_gone),
        CASE(nobody_is_held_once_both_stages_are_open),
        CASE(quiet_hours_do_not_count_towards_expiry),
        CASE(a_sticker_is_a_hello_where_any_word_counts),
        CASE(pausing_stops_the_clocks),
        CASE(moving_west_keeps_the_days_of_activity),
        CASE(two_inputs_of_one_batch_greet_once),
        CASE(an_erased_person_is_met_with_silence),
        CASE(stopping_ends_as_many_runs_as_there_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
