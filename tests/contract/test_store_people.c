/* The contract of the store, part one: schema, people, what is due, history, lease, inbox,
 * settings. */
#include "store_fixture.h"

#include <string.h>

#define FIXTURE struct fixture *fixture = *state

/* ---- schema
 * ---------------------------------------------------------------------------------------- */

static void opens_and_describes(void **state)
{
    FIXTURE;
    const char *name = fixture->is_file ? "sqlite" : "postgresql";
    assert_non_null(strstr(store_description(fixture->store), name));
    struct store *other = NULL;
    assert_err(ERR_CONFIG,
               store_open("mysql://localhost/x", STORE_WRITER, &other, &fixture->detail));
    assert_non_null(strstr(fixture->detail.text, "sqlite:PATH"));
    assert_err(ERR_CONFIG, store_open("", STORE_WRITER, &other, &fixture->detail));
    assert_err(ERR_CONFIG, store_open("sqlite:", STORE_WRITER, &other, &fixture->detail));
    assert_err(ERR_NOT_FOUND,
               store_open("sqlite:/nowhere/at/all.db", STORE_READER, &other, &fixture->detail));
    assert_err(ERR_IO,
               store_open("sqlite:/nowhere/at/all.db", STORE_WRITER, &other, &fixture->detail));
    assert_non_null(strstr(fixture->detail.text, "cannot create"));
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

/* ---- people
 * ---------------------------------------------------------------------------------------- */

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
    assert_int_equal(a->operator_holds, b->operator_holds);
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
    assert_true(str_equal(a->picture_alt, b->picture_alt));
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

/* Everything changes once: updates write every column too. */
static void changes_come_back(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct commitment *commitment = fixture_commitment(fixture, person, COMMITMENT_ACTIVE);
    struct run *run = fixture_run(fixture, person, RUN_ACTIVE);
    struct delivery *delivery = fixture_delivery(fixture, person, run, DELIVERY_SCHEDULED);
    fixture_save(fixture, person);

    struct user empty = {.id = person->user.id,
                         .delivery_last_id = person->user.delivery_last_id,
                         .saved_next_at_ms = person->user.saved_next_at_ms,
                         .changed = true,
                         .commitments_total = 1};
    person->user = empty;
    struct commitment plain = {.id = commitment->id,
                               .user_id = commitment->user_id,
                               .saved_next_at_ms = commitment->saved_next_at_ms,
                               .changed = true};
    *commitment = plain;
    struct run bare = {.id = run->id,
                       .user_id = run->user_id,
                       .saved_next_at_ms = run->saved_next_at_ms,
                       .changed = true};
    *run = bare;
    struct delivery blank = {.id = delivery->id,
                             .user_id = delivery->user_id,
                             .run_id = delivery->run_id,
                             .created_at_ms = delivery->created_at_ms,
                             .saved_next_at_ms = delivery->saved_next_at_ms,
                             .counted = delivery->counted,
                             .next_at_ms = NOW_MS,
                             .state = DELIVERY_SENDING,
                             .changed = true};
    *delivery = blank;
    fixture_save(fixture, person);

    struct person *loaded =
        fixture_load(fixture, &(struct person_want){.user_id = person->user.id, .now_ms = NOW_MS});
    check_user(&person->user, &loaded->user);
    check_user_habits(&person->user, &loaded->user);
    check_commitment(commitment, loaded->commitments[0]);
    check_run(run, loaded->runs[0]);
    check_delivery(delivery, loaded->deliveries[0]);
}

static void unknown_and_erased_people_are_nobody(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    fixture_save(fixture, person);
    const struct person_want wants[] = {{.user_id = 12345, .now_ms = NOW_MS},
                                        {.user_id = person->user.id, .now_ms = NOW_MS}};
    struct person *people[2];
    assert_ok(
        store_people_load(fixture->store, fixture->arena, wants, 2, people, &fixture->detail));
    assert_null(people[0]);
    assert_non_null(people[1]);
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_user_erase(fixture->store, person->user.id, NOW_MS, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    assert_ok(
        store_people_load(fixture->store, fixture->arena, wants, 2, people, &fixture->detail));
    assert_null(people[1]);
}

/* Open and recent ones, newest last; older ended ones only when they are asked for. */
static void commitments_are_chosen(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct id_source old_ids = {0};
    struct commitment *old_open = fixture_commitment(fixture, person, COMMITMENT_ACTIVE);
    struct commitment *old_done = fixture_commitment(fixture, person, COMMITMENT_COMPLETED);
    old_open->id = id_next(&old_ids, NOW_MS - 100 * DAY_MS, 42);
    old_done->id = id_next(&old_ids, NOW_MS - 99 * DAY_MS, 42);
    struct commitment *missed = fixture_commitment(fixture, person, COMMITMENT_MISSED);
    struct commitment *open = fixture_commitment(fixture, person, COMMITMENT_ACTIVE);
    struct commitment *dropped = fixture_commitment(fixture, person, COMMITMENT_DROPPED);
    fixture_save(fixture, person);

    struct person_want want = {.user_id = person->user.id, .now_ms = NOW_MS};
    struct person *loaded = fixture_load(fixture, &want);
    const int64_t expected[] = {old_open->id, missed->id, open->id, dropped->id};
    assert_int_equal(loaded->commitment_count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(loaded->commitments[i]->id, expected[i]);
    }
    want.commitment_id = old_done->id;
    loaded = fixture_load(fixture, &want);
    assert_int_equal(loaded->commitment_count, 5);
    assert_int_equal(loaded->commitments[1]->id, old_done->id);
    want.commitment_id = open->id; /* loaded once */
    assert_int_equal(fixture_load(fixture, &want)->commitment_count, 4);
}

/* All moves between states, since the state is part of the key. */
static void commitments_move_between_states(void **state)
{
    FIXTURE;
    static const enum commitment_state path[] = {
        COMMITMENT_COMPLETED, COMMITMENT_ACTIVE,  COMMITMENT_MISSED, COMMITMENT_COMPLETED,
        COMMITMENT_MISSED,    COMMITMENT_DROPPED, COMMITMENT_ACTIVE, COMMITMENT_DROPPED};
    struct person *person = fixture_person(fixture);
    struct commitment *commitment = fixture_commitment(fixture, person, COMMITMENT_ACTIVE);
    fixture_save(fixture, person);
    for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
        commitment->state = path[i];
        commitment->changed = true;
        person->user.commitments_completed = path[i] == COMMITMENT_COMPLETED;
        person->user.commitments_missed = path[i] == COMMITMENT_MISSED;
        person->user.commitments_dropped = path[i] == COMMITMENT_DROPPED;
        person->user.changed = true;
        fixture_save(fixture, person);
        struct person *loaded = fixture_load(
            fixture, &(struct person_want){.user_id = person->user.id, .now_ms = NOW_MS});
        assert_int_equal(loaded->commitment_count, 1);
        assert_int_equal(loaded->commitments[0]->state, path[i]);
    }
}

static void loading_is_limited_to_the_newest(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct commitment *first_done = NULL;
    struct commitment *open = fixture_commitment(fixture, person, COMMITMENT_ACTIVE);
    for (int i = 0; i < LIMIT_COMMITMENTS_LOADED + 20; i++) {
        struct commitment *done = fixture_commitment(fixture, person, COMMITMENT_COMPLETED);
        first_done = first_done == NULL ? done : first_done;
    }
    fixture_save(fixture, person);
    struct person_want want = {.user_id = person->user.id, .now_ms = NOW_MS};
    struct person *loaded = fixture_load(fixture, &want);
    assert_int_equal(loaded->commitment_count, LIMIT_COMMITMENTS_LOADED);
    assert_non_null(person_commitment(loaded, open->id));
    assert_null(person_commitment(loaded, first_done->id));
    assert_int_equal(loaded->commitments[LIMIT_COMMITMENTS_LOADED - 1]->id,
                     person->commitments[person->commitment_count - 1]->id);
}

/* Active runs and their unfinished messages; ended runs and other messages only when asked for. */
static void runs_and_messages_are_chosen(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct run *ended = fixture_run(fixture, person, RUN_COMPLETED);
    struct run *active = fixture_run(fixture, person, RUN_ACTIVE);
    struct delivery *of_ended = fixture_delivery(fixture, person, ended, DELIVERY_SENDING);
    struct delivery *sent = fixture_delivery(fixture, person, active, DELIVERY_SENT);
    struct delivery *sending = fixture_delivery(fixture, person, active, DELIVERY_SENDING);
    struct delivery *waiting = fixture_delivery(fixture, person, active, DELIVERY_SCHEDULED);
    struct delivery *again = fixture_delivery(fixture, person, active, DELIVERY_UNCERTAIN);
    struct delivery *lost = fixture_delivery(fixture, person, active, DELIVERY_UNCERTAIN);
    lost->next_at_ms = 0; /* is not sent again: done */
    struct delivery *reply = fixture_delivery(fixture, person, NULL, DELIVERY_SENDING);
    fixture_save(fixture, person);

    struct person_want want = {.user_id = person->user.id, .now_ms = NOW_MS};
    struct person *loaded = fixture_load(fixture, &want);
    assert_int_equal(loaded->run_count, 1);
    assert_int_equal(loaded->runs[0]->id, active->id);
    assert_int_equal(loaded->delivery_count, 3);
    assert_non_null(person_delivery(loaded, sending->id));
    assert_non_null(person_delivery(loaded, waiting->id));
    assert_non_null(person_delivery(loaded, again->id));
    assert_null(person_delivery(loaded, lost->id));

    want.run_id = ended->id;
    want.delivery_id = sent->id;
    loaded = fixture_load(fixture, &want);
    assert_int_equal(loaded->run_count, 2);
    assert_non_null(person_run(loaded, ended->id));
    assert_int_equal(loaded->delivery_count, 4);
    assert_non_null(person_delivery(loaded, sent->id));
    want.delivery_id = reply->id;
    assert_non_null(person_delivery(fixture_load(fixture, &want), reply->id));
    want.delivery_id = of_ended->id;
    assert_non_null(person_delivery(fixture_load(fixture, &want), of_ended->id));
}

/* Ids in buttons and reports come from outside: those of others give nothing. */
static void rows_of_others_are_not_loaded(void **state)
{
    FIXTURE;
    struct person *other = fixture_person(fixture);
    struct run *run = fixture_run(fixture, other, RUN_COMPLETED);
    struct commitment *commitment = fixture_commitment(fixture, other, COMMITMENT_COMPLETED);
    struct delivery *delivery = fixture_delivery(fixture, other, run, DELIVERY_SENT);
    fixture_save(fixture, other);
    struct person *person = fixture_person(fixture);
    fixture_save(fixture, person);
    struct person *loaded =
        fixture_load(fixture, &(struct person_want){.user_id = person->user.id,
                                                    .run_id = run->id,
                                                    .commitment_id = commitment->id,
                                                    .delivery_id = delivery->id,
                                                    .now_ms = NOW_MS});
    assert_int_equal(loaded->run_count + loaded->commitment_count + loaded->delivery_count, 0);
}

/* People as different as they come, loaded at once; each must be as when loaded alone. */
static void many_are_loaded_as_each_alone(void **state)
{
    FIXTURE;
    enum { PEOPLE = 12 };
    struct person_want wants[PEOPLE + 2];
    struct person *together[PEOPLE + 2];
    for (int i = 0; i < PEOPLE; i++) {
        struct person *person = fixture_person(fixture);
        wants[i] = (struct person_want){.user_id = person->user.id, .now_ms = NOW_MS};
        for (int k = 0; k < i % 4; k++) {
            enum commitment_state is = (enum commitment_state)((i + k) % (COMMITMENT_DROPPED + 1));
            fixture_commitment(fixture, person, is);
        }
        for (int k = 0; k < i % 3; k++) {
            struct run *run = fixture_run(fixture, person, k == 1 ? RUN_COMPLETED : RUN_ACTIVE);
            fixture_delivery(fixture, person, run, k == 1 ? DELIVERY_SENT : DELIVERY_SENDING);
            wants[i].run_id = i % 2 == 0 ? run->id : 0;
            wants[i].delivery_id = i % 4 != 1 ? person->deliveries[k]->id : 0;
        }
        if (i % 5 == 3 && person->commitment_count > 0) {
            wants[i].commitment_id = person->commitments[0]->id;
        }
        fixture_save(fixture, person);
    }
    wants[PEOPLE] = (struct person_want){.user_id = 12345, .run_id = 7, .now_ms = NOW_MS};
    wants[PEOPLE + 1] = wants[7]; /* somebody twice */
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_load(fixture->store, fixture->arena, wants, PEOPLE + 2, together,
                                &fixture->detail));
    store_rollback(fixture->store);
    assert_null(together[PEOPLE]);
    for (int i = 0; i < PEOPLE + 2; i++) {
        if (i == PEOPLE) {
            continue;
        }
        struct person *alone = fixture_load(fixture, &wants[i]);
        check_user(&together[i]->user, &alone->user);
        assert_int_equal(together[i]->commitment_count, alone->commitment_count);
        assert_int_equal(together[i]->run_count, alone->run_count);
        assert_int_equal(together[i]->delivery_count, alone->delivery_count);
        for (int k = 0; k < alone->commitment_count; k++) {
            check_commitment(together[i]->commitments[k], alone->commitments[k]);
        }
        for (int k = 0; k < alone->run_count; k++) {
            check_run(together[i]->runs[k], alone->runs[k]);
        }
        for (int k = 0; k < alone->delivery_count; k++) {
            check_delivery(together[i]->deliveries[k], alone->deliveries[k]);
        }
    }
}

static void runs_end_and_change_after_it(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct run *run = fixture_run(fixture, person, RUN_ACTIVE);
    fixture_save(fixture, person);
    run->outcome = RUN_COMPLETED;
    run->phase = PHASE_RATING;
    run->ended_at_ms = NOW_MS;
    run->next_at_ms = 0;
    run->changed = true;
    fixture_save(fixture, person);
    run->flags |= RUN_FLAG_RATED;
    run->phase = PHASE_ENDED;
    run->changed = true;
    fixture_save(fixture, person);
    struct person *loaded = fixture_load(
        fixture,
        &(struct person_want){.user_id = person->user.id, .run_id = run->id, .now_ms = NOW_MS});
    assert_int_equal(loaded->run_count, 1);
    check_run(run, loaded->runs[0]);
}

/* Outcomes leave the text alone; the first answer to a message counts. */
static void outcomes_and_answers(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct run *run = fixture_run(fixture, person, RUN_ACTIVE);
    struct delivery *delivery = fixture_delivery(fixture, person, run, DELIVERY_SENDING);
    fixture_save(fixture, person);
    delivery->state = DELIVERY_SENT;
    delivery->reason = STR("");
    delivery->sent_at_ms = NOW_MS + 1;
    delivery->attempts = 3;
    delivery->uncertain = 2;
    delivery->provider_id = STR("9002");
    delivery->next_at_ms = 0;
    delivery->changed = true;
    fixture_save(fixture, person);
    struct person_want want = {
        .user_id = person->user.id, .delivery_id = delivery->id, .now_ms = NOW_MS};
    check_delivery(delivery, fixture_load(fixture, &want)->deliveries[0]);
    for (int i = 0; i < 2; i++) {
        person->answered_delivery_id = delivery->id;
        person->answered_at_ms = NOW_MS + 7 + i;
        fixture_save(fixture, person);
        assert_int_equal(person->answered_delivery_id, 0);
    }
    delivery->answered_at_ms = NOW_MS + 7;
    check_delivery(delivery, fixture_load(fixture, &want)->deliveries[0]);
}

/* Each message names the person's one before it. */
/* Answers of one save: each counts once, and that of another person's message not at all. */
static void many_answer_at_once(void **state)
{
    FIXTURE;
    enum { PEOPLE = 5 };
    struct person *people[PEOPLE];
    struct delivery *deliveries[PEOPLE];
    for (int i = 0; i < PEOPLE; i++) {
        people[i] = fixture_person(fixture);
        struct run *run = fixture_run(fixture, people[i], RUN_ACTIVE);
        deliveries[i] = fixture_delivery(fixture, people[i], run, DELIVERY_SENT);
        fixture_save(fixture, people[i]);
    }
    for (int again = 0; again < 2; again++) {
        for (int i = 0; i < PEOPLE; i++) {
            people[i]->answered_delivery_id = i == 3 ? deliveries[2]->id : deliveries[i]->id;
            people[i]->answered_at_ms = NOW_MS + 10 + i + again;
        }
        assert_ok(store_begin(fixture->store, &fixture->detail));
        assert_ok(store_people_save(fixture->store, people, PEOPLE, &fixture->detail));
        assert_ok(store_commit(fixture->store, &fixture->detail));
    }
    for (int i = 0; i < PEOPLE; i++) {
        struct person_want want = {
            .user_id = people[i]->user.id, .delivery_id = deliveries[i]->id, .now_ms = NOW_MS};
        const struct delivery *loaded = fixture_load(fixture, &want)->deliveries[0];
        assert_int_equal(loaded->answered_at_ms, i == 3 ? 0 : NOW_MS + 10 + i);
    }
}

static void messages_are_chained(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct delivery *first = fixture_delivery(fixture, person, NULL, DELIVERY_SENT);
    struct delivery *second = fixture_delivery(fixture, person, NULL, DELIVERY_SENT);
    fixture_save(fixture, person);
    struct person *again =
        fixture_load(fixture, &(struct person_want){.user_id = person->user.id, .now_ms = NOW_MS});
    struct delivery *third = fixture_delivery(fixture, again, NULL, DELIVERY_SENT);
    fixture_save(fixture, again);
    assert_int_equal(first->previous_id, 0);
    assert_int_equal(second->previous_id, first->id);
    assert_int_equal(third->previous_id, second->id);
    assert_int_equal(again->user.delivery_last_id, third->id);
}

static void a_row_to_change_must_exist(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct run *run = fixture_run(fixture, person, RUN_ACTIVE);
    fixture_save(fixture, person);
    run->id += 256;
    run->changed = true;
    assert_ok(store_begin(fixture->store, &fixture->detail));
    /* At the latest with the commit: rows may travel together. */
    enum err error = store_people_save(fixture->store, &person, 1, &fixture->detail);
    if (error == OK) {
        error = store_commit(fixture->store, &fixture->detail);
    }
    assert_int_equal(error, ERR_STORE);
    assert_non_null(strstr(fixture->detail.text, "run"));
    store_rollback(fixture->store);
}

static void a_rollback_leaves_nothing(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    fixture_commitment(fixture, person, COMMITMENT_ACTIVE);
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_save(fixture->store, &person, 1, &fixture->detail));
    store_rollback(fixture->store);
    store_rollback(fixture->store); /* once more does no harm */
    struct person *loaded;
    struct person_want want = {.user_id = person->user.id, .now_ms = NOW_MS};
    assert_ok(
        store_people_load(fixture->store, fixture->arena, &want, 1, &loaded, &fixture->detail));
    assert_null(loaded);
    int64_t next;
    assert_ok(store_due_next(fixture->store, 0, &next, &fixture->detail));
    assert_int_equal(next, INT64_MAX);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(opens_and_describes),
        CASE(migrates_once),
        CASE(prepares_every_block),
        CASE(every_field_comes_back),
        CASE(changes_come_back),
        CASE(unknown_and_erased_people_are_nobody),
        CASE(commitments_are_chosen),
        CASE(commitments_move_between_states),
        CASE(loading_is_limited_to_the_newest),
        CASE(runs_and_messages_are_chosen),
        CASE(rows_of_others_are_not_loaded),
        CASE(many_are_loaded_as_each_alone),
        CASE(runs_end_and_change_after_it),
        CASE(outcomes_and_answers),
        CASE(many_answer_at_once),
        CASE(messages_are_chained),
        CASE(a_row_to_change_must_exist),
        CASE(a_rollback_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
