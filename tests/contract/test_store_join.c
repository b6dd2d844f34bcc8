/* The contract of the store: two rows of one person become one, and nothing is lost or kept twice.
 */
#include "store_fixture.h"

#define FIXTURE struct fixture *fixture = *state

static void append(struct fixture *fixture, struct person *person, enum event_type type,
                   int64_t at_ms)
{
    struct event event = fixture_event(fixture, person, type, at_ms);
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_save(fixture->store, &person, 1, &fixture->detail));
    assert_ok(store_events_append(fixture->store, &event, 1, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
}

/* A saved person with a row of each kind, known in Telegram and the web chat. */
static struct person *full_person(struct fixture *fixture, const char *telegram, const char *web)
{
    struct person *person = fixture_person(fixture);
    int64_t owner = 0;
    fixture_commitment(fixture, person, COMMITMENT_ACTIVE);
    fixture_commitment(fixture, person, COMMITMENT_COMPLETED);
    struct run *run = fixture_run(fixture, person, RUN_ACTIVE);
    fixture_run(fixture, person, RUN_COMPLETED);
    fixture_delivery(fixture, person, run, DELIVERY_SCHEDULED);
    fixture_delivery(fixture, person, run, DELIVERY_SENT);
    fixture_save(fixture, person);
    append(fixture, person, EVENT_USER_JOINED, NOW_MS);
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_identity_add(fixture->store, CHANNEL_TELEGRAM, str_of(telegram),
                                 person->user.id, NOW_MS, &owner, &fixture->detail));
    assert_ok(store_identity_add(fixture->store, CHANNEL_WEBCHAT, str_of(web), person->user.id,
                                 NOW_MS, &owner, &fixture->detail));
    assert_ok(store_definition_put(fixture->store, STR("abc123"), STR("superior_onboarding"),
                                   STR("2.0"), STR("x"), NOW_MS, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    return person;
}

static void must_be_healthy(struct fixture *fixture)
{
    struct finding *findings = NULL;
    int count = 0;
    int checks = 0;
    assert_ok(store_doctor(fixture->store, fixture->arena, 10, &findings, &count, &checks,
                           &fixture->detail));
    for (int i = 0; i < count; i++) {
        print_message("%.*s: %.*s\n", STR_ARG(findings[i].check), STR_ARG(findings[i].text));
    }
    assert_int_equal(count, 0);
}

static void join(struct fixture *fixture, int64_t survivor_id, int64_t alias_id)
{
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_join(fixture->store, survivor_id, alias_id, NOW_MS, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
}

static void all_rows_become_the_survivors(void **state)
{
    FIXTURE;
    struct person *old = full_person(fixture, "1", "a");
    struct person *young = full_person(fixture, "2", "b");
    append(fixture, old, EVENT_COMMAND_USED, NOW_MS + 1); /* the chains interleave */
    append(fixture, young, EVENT_COMMAND_USED, NOW_MS + 2);
    append(fixture, old, EVENT_COMMAND_USED, NOW_MS + 3);
    must_be_healthy(fixture);
    join(fixture, old->user.id, young->user.id);
    must_be_healthy(fixture);

    const struct person_want want = {.user_id = old->user.id, .now_ms = NOW_MS};
    const struct person *person = fixture_load(fixture, &want);
    assert_int_equal(person->user.commitments_total, 4);
    assert_int_equal(person->user.commitments_completed, 2);
    assert_int_equal(person->commitment_count, 4);
    assert_int_equal(person->run_count, 2);
    assert_int_equal(person->delivery_count, 2);
    struct due due[16];
    int due_count = fixture_due(fixture, INT64_MAX, due, 16);
    assert_int_equal(due_count, 7); /* the shell waits for nothing */
    for (int i = 0; i < due_count; i++) {
        assert_int_equal(due[i].user_id, old->user.id);
    }
    static const char *const values[] = {"1", "2"};
    for (size_t i = 0; i < 2; i++) {
        int64_t owner = 0;
        assert_ok(store_identity_find(fixture->store, CHANNEL_TELEGRAM, str_of(values[i]), &owner,
                                      &fixture->detail));
        assert_int_equal(owner, old->user.id);
    }
}

static void the_shell_leads_to_the_person(void **state)
{
    FIXTURE;
    struct person *first = full_person(fixture, "1", "a");
    struct person *second = full_person(fixture, "2", "b");
    struct person *third = full_person(fixture, "3", "c");
    int64_t found = 0;
    join(fixture, second->user.id, third->user.id);
    join(fixture, first->user.id, second->user.id);
    join(fixture, first->user.id, second->user.id); /* again: nothing happens */
    must_be_healthy(fixture);
    const int64_t ids[] = {first->user.id, second->user.id, third->user.id};
    for (size_t i = 0; i < 3; i++) {
        assert_ok(store_alias_find(fixture->store, ids[i], &found, &fixture->detail));
        assert_int_equal(found, first->user.id);
    }
    struct person *person = NULL;
    const struct person_want want = {.user_id = second->user.id, .now_ms = NOW_MS};
    assert_ok(
        store_people_load(fixture->store, fixture->arena, &want, 1, &person, &fixture->detail));
    assert_null(person);
    assert_int_equal(fixture_number(fixture, "user_counts", NULL, 0), 1);

    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_user_erase(fixture->store, first->user.id, NOW_MS, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    must_be_healthy(fixture);
    assert_ok(store_alias_find(fixture->store, third->user.id, &found, &fixture->detail));
    assert_int_equal(found, 0);
}

static void nobody_is_joined_with_nobody(void **state)
{
    FIXTURE;
    struct person *person = full_person(fixture, "1", "a");
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_err(ERR_NOT_FOUND,
               store_people_join(fixture->store, person->user.id, 77, NOW_MS, &fixture->detail));
    assert_err(ERR_NOT_FOUND,
               store_people_join(fixture->store, 77, person->user.id, NOW_MS, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    must_be_healthy(fixture);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(all_rows_become_the_survivors),
        CASE(the_shell_leads_to_the_person),
        CASE(nobody_is_joined_with_nobody),
    };
    return cmocka_run_group_tests_name("store_join", tests, NULL, NULL);
}
