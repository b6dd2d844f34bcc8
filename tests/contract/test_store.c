/* The contract of the store, part one: schema, people, what is due, history, lease, inbox,
 * settings. */
#include "store_fixture.h"

#include <string.h>

#define FIXTURE struct fixture *fixture = *state

/* ---- schema ---- */

static void opens_and_describes(void **state)
{
    FIXTURE;
    assert_non_null(strstr(store_description(fixture->store), "sqlite"));
    struct store *other = NULL;
    assert_err(ERR_CONFIG,
               store_open("postgres://localhost/x", STORE_WRITER, &other, &fixture->detail));
    assert_non_null(strstr(fixture->detail.text, "sqlite:PATH"));
    assert_err(ERR_CONFIG, store_open("", STORE_WRITER, &other, &fixture->detail));
    assert_err(ERR_CONFIG, store_open("sqlite:", STORE_WRITER, &other, &fixture->detail));
    assert_err(ERR_NOT_FOUND,
               store_open("sqlite:/nowhere/at/all.db", STORE_READER, &other, &fixture->detail));
    assert_err(ERR_NOT_FOUND,
               store_open("sqlite:/nowhere/at/all.db", STORE_WRITER, &other, &fixture->detail));
    assert_null(other);
}

static void count_migration(void *context, const char *name)
{
    assert_non_null(name);
    ++*(int *)context;
}

static void migrates_once(void **state)
{
    FIXTURE;
    struct migration_state before;
    assert_ok(store_migration_state(fixture->store, &before, &fixture->detail));
    assert_true(before.applied > 0);
    assert_int_equal(before.pending, 0);
    int applied = 0;
    assert_ok(store_migrate(fixture->store, count_migration, &applied, &fixture->detail));
    assert_int_equal(applied, 0);
}

static void prepares_every_block(void **state)
{
    FIXTURE;
    int count;
    const char *const *names = store_blocks(&count);
    assert_true(count > 50);
    for (int i = 0; i < count; i++) {
        int args = -1;
        assert_true(i == 0 || strcmp(names[i - 1], names[i]) < 0);
        assert_ok(store_block_prepare(fixture->store, names[i], &args, &fixture->detail));
        assert_true(args >= 0);
    }
}

/* ---- people ---- */

static void check_user(const struct user *a, const struct user *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->joined_at_ms, b->joined_at_ms);
    assert_true(str_equal(a->first_name, b->first_name));
    assert_true(str_equal(a->username, b->username));
    assert_true(str_equal(a->source, b->source));
    assert_string_equal(a->language, b->language);
    assert_string_equal(a->zone, b->zone);
    for (int i = CHANNEL_TELEGRAM; i < CHANNEL_COUNT; i++) {
        assert_true(str_equal(a->contacts[i].address, b->contacts[i].address));
        assert_int_equal(a->contacts[i].reach, b->contacts[i].reach);
    }
    assert_int_equal(a->channel, b->channel);
    assert_int_equal(a->set, b->set);
    assert_int_equal(a->set_assigned, b->set_assigned);
    assert_int_equal(a->is_test, b->is_test);
    assert_int_equal(a->is_held, b->is_held);
    assert_int_equal(a->existing, b->existing);
    assert_int_equal(a->stopped, b->stopped);
    assert_int_equal(a->paused_until_ms, b->paused_until_ms);
    assert_int_equal(a->crisis_hold, b->crisis_hold);
    assert_int_equal(a->quiet_from_minute, b->quiet_from_minute);
    assert_int_equal(a->quiet_to_minute, b->quiet_to_minute);
    assert_int_equal(a->nudge_last_at_ms, b->nudge_last_at_ms);
    assert_int_equal(a->nudge_day, b->nudge_day);
    assert_int_equal(a->nudge_count, b->nudge_count);
    assert_int_equal(a->followup_day, b->followup_day);
    assert_int_equal(a->followup_count, b->followup_count);
}

static void check_user_habits(const struct user *a, const struct user *b)
{
    assert_int_equal(a->commitments_total, b->commitments_total);
    assert_int_equal(a->commitments_completed, b->commitments_completed);
    assert_int_equal(a->commitments_quick, b->commitments_quick);
    assert_int_equal(a->commitments_outside, b->commitments_outside);
    assert_int_equal(a->commitments_outside_completed, b->commitments_outside_completed);
    assert_int_equal(a->commitments_missed, b->commitments_missed);
    assert_int_equal(a->commitments_dropped, b->commitments_dropped);
    assert_int_equal(a->completion_ms_sum, b->completion_ms_sum);
    assert_int_equal(a->first_commitment_at_ms, b->first_commitment_at_ms);
    assert_int_equal(a->first_completion_at_ms, b->first_completion_at_ms);
    assert_int_equal(a->activity_last_at_ms, b->activity_last_at_ms);
    assert_int_equal(a->activity_day, b->activity_day);
    assert_true(a->activity_days == b->activity_days);
    assert_int_equal(a->streak_days, b->streak_days);
    assert_int_equal(a->streak_best_days, b->streak_best_days);
    assert_int_equal(a->streak_day, b->streak_day);
    assert_int_equal(a->ladder_rung, b->ladder_rung);
    assert_int_equal(a->quick_in_row, b->quick_in_row);
    assert_int_equal(a->misses_in_row, b->misses_in_row);
    assert_int_equal(a->onboarding_completed, b->onboarding_completed);
    assert_int_equal(a->onboarding_completed_at_ms, b->onboarding_completed_at_ms);
    assert_true(str_equal(a->onboarding_version, b->onboarding_version));
    assert_true(str_equal(a->feeling_word, b->feeling_word));
    assert_true(str_equal(a->amplification_choice, b->amplification_choice));
    assert_int_equal(a->in_group, b->in_group);
    assert_int_equal(a->leaderboard_opt_in, b->leaderboard_opt_in);
    assert_int_equal(a->help_last_at_ms, b->help_last_at_ms);
    assert_true(str_equal(a->entered, b->entered));
    assert_int_equal(a->onboarding_ended_at_ms, b->onboarding_ended_at_ms);
    assert_int_equal(a->dialog, b->dialog);
    assert_int_equal(a->dialog_ref, b->dialog_ref);
    assert_int_equal(a->dialog_at_ms, b->dialog_at_ms);
    assert_int_equal(a->event_last_id, b->event_last_id);
    assert_int_equal(a->next_at_ms, b->next_at_ms);
    assert_int_equal(b->saved_next_at_ms, b->next_at_ms);
}

static void check_commitment(const struct commitment *a, const struct commitment *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->user_id, b->user_id);
    assert_int_equal(a->state, b->state);
    assert_int_equal(a->undo_state, b->undo_state);
    assert_int_equal(a->undo_until_ms, b->undo_until_ms);
    assert_true(str_equal(a->text, b->text));
    assert_int_equal(a->size_s, b->size_s);
    assert_true(str_equal(a->source, b->source));
    assert_true(str_equal(a->external_id, b->external_id));
    assert_int_equal(a->created_at_ms, b->created_at_ms);
    assert_int_equal(a->planned_at_ms, b->planned_at_ms);
    assert_int_equal(a->due_at_ms, b->due_at_ms);
    assert_int_equal(a->completed_at_ms, b->completed_at_ms);
    assert_int_equal(a->ended_at_ms, b->ended_at_ms);
    assert_int_equal(a->repeat, b->repeat);
    assert_int_equal(a->repeat_weekday, b->repeat_weekday);
    assert_int_equal(a->repeat_minute, b->repeat_minute);
    assert_int_equal(a->followups, b->followups);
    assert_int_equal(a->next_at_ms, b->next_at_ms);
    assert_int_equal(b->saved_next_at_ms, b->next_at_ms);
    assert_false(b->is_new || b->changed);
}

static void check_run(const struct run *a, const struct run *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->user_id, b->user_id);
    assert_true(str_equal(a->journey, b->journey));
    assert_true(str_equal(a->definition, b->definition));
    assert_true(str_equal(a->sequence, b->sequence));
    assert_int_equal(a->subject_id, b->subject_id);
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->phase, b->phase);
    assert_int_equal(a->step, b->step);
    assert_int_equal(a->ultra, b->ultra);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->entered_at_ms, b->entered_at_ms);
    assert_int_equal(a->ended_at_ms, b->ended_at_ms);
    assert_int_equal(a->anchor_at_ms, b->anchor_at_ms);
    assert_int_equal(a->delivery_id, b->delivery_id);
    assert_memory_equal(a->step_sent_at_ms, b->step_sent_at_ms, sizeof(a->step_sent_at_ms));
    assert_memory_equal(a->step_completed_at_ms, b->step_completed_at_ms,
                        sizeof(a->step_completed_at_ms));
    assert_int_equal(a->steps_assisted, b->steps_assisted);
    assert_true(str_equal(a->answers, b->answers));
    assert_true(str_equal(a->variants, b->variants));
    assert_int_equal(a->held_ms, b->held_ms);
    assert_int_equal(a->next_at_ms, b->next_at_ms);
    assert_int_equal(b->saved_next_at_ms, b->next_at_ms);
    assert_false(b->is_new || b->changed);
}

static void check_delivery(const struct delivery *a, const struct delivery *b)
{
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->user_id, b->user_id);
    assert_int_equal(a->run_id, b->run_id);
    assert_int_equal(a->commitment_id, b->commitment_id);
    assert_int_equal(a->broadcast_id, b->broadcast_id);
    assert_true(str_equal(a->journey, b->journey));
    assert_true(str_equal(a->sequence, b->sequence));
    assert_true(str_equal(a->step, b->step));
    assert_int_equal(a->step_index, b->step_index);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->class, b->class);
    assert_int_equal(a->channel, b->channel);
    assert_true(str_equal(a->address, b->address));
    assert_true(str_equal(a->language, b->language));
    assert_true(str_equal(a->variant, b->variant));
    assert_true(str_equal(a->text, b->text));
    assert_true(str_equal(a->picture, b->picture));
    assert_int_equal(a->button_count, b->button_count);
    for (int i = 0; i < a->button_count; i++) {
        assert_true(str_equal(a->buttons[i].text, b->buttons[i].text));
        assert_true(str_equal(a->buttons[i].token, b->buttons[i].token));
        assert_true(str_equal(a->buttons[i].url, b->buttons[i].url));
    }
    assert_int_equal(a->state, b->state);
    assert_true(str_equal(a->reason, b->reason));
    assert_int_equal(a->created_at_ms, b->created_at_ms);
    assert_int_equal(a->expires_at_ms, b->expires_at_ms);
    assert_int_equal(a->sent_at_ms, b->sent_at_ms);
    assert_int_equal(a->answered_at_ms, b->answered_at_ms);
    assert_int_equal(a->attempts, b->attempts);
    assert_int_equal(a->uncertain, b->uncertain);
    assert_true(str_equal(a->provider_id, b->provider_id));
    assert_int_equal(a->next_at_ms, b->next_at_ms);
    assert_int_equal(b->saved_next_at_ms, b->next_at_ms);
    assert_false(b->is_new || b->changed);
}

static void every_field_comes_back(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct commitment *commitment = fixture_commitment(fixture, person, COMMITMENT_ACTIVE);
    struct run *run = fixture_run(fixture, person, RUN_ACTIVE);
    struct delivery *delivery = fixture_delivery(fixture, person, run, DELIVERY_SENDING);
    delivery->commitment_id = commitment->id;
    delivery->broadcast_id = 6;
    run->delivery_id = delivery->id;
    fixture_save(fixture, person);
    assert_false(person->user.is_new || person->user.changed || delivery->is_new);

    struct person *loaded =
        fixture_load(fixture, &(struct person_want){.user_id = person->user.id, .now_ms = NOW_MS});
    check_user(&person->user, &loaded->user);
    check_user_habits(&person->user, &loaded->user);
    assert_false(loaded->user.is_new || loaded->user.changed);
    assert_int_equal(loaded->commitment_count, 1);
    check_commitment(commitment, loaded->commitments[0]);
    assert_int_equal(loaded->run_count, 1);
    check_run(run, loaded->runs[0]);
    assert_int_equal(loaded->delivery_count, 1);
    check_delivery(delivery, loaded->deliveries[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(opens_and_describes, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(migrates_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(prepares_every_block, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_field_comes_back, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
