/* Messages by day, sequence and channel: whatever happens to messages and people, what is kept
 * equals what doctor counts anew. */
#include "store_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define FIXTURE    struct fixture *fixture = *state
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

enum { PEOPLE = 6, TURNS = 400 };

static uint64_t draw(uint64_t *seed, uint64_t below)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed % below;
}

/* Doctor's findings about counts alone: these people are not healthy otherwise. */
static int wrong_counts(struct fixture *fixture)
{
    enum { FINDINGS_MAX = 10000 };
    struct finding *findings;
    int count = 0;
    int checks = 0;
    int wrong = 0;
    assert_ok(store_doctor(fixture->store, fixture->arena, FINDINGS_MAX, &findings, &count, &checks,
                           &fixture->detail));
    assert_true(count < FINDINGS_MAX);
    for (int i = 0; i < count; i++) {
        if (str_is(findings[i].check, "delivery_counts")) {
            print_error("%.*s\n", STR_ARG(findings[i].text));
            wrong++;
        }
    }
    return wrong;
}

static void change(struct delivery *delivery, uint64_t *seed)
{
    static const char *const sequences[] = {"superior_onboarding_v2", "inactive_rescue", "x"};
    delivery->state = (enum delivery_state)draw(seed, DELIVERY_STATE_COUNT);
    delivery->next_at_ms = delivery->state <= DELIVERY_SENDING ? NOW_MS + 1 : 0;
    delivery->sent_at_ms = delivery->state >= DELIVERY_SENT && draw(seed, 2) == 0
                               ? NOW_MS + (int64_t)draw(seed, 3) * DAY_MS
                               : 0;
    if (delivery->state <= DELIVERY_SENDING) {
        delivery->sequence = str_of(sequences[draw(seed, 3)]);
        delivery->channel = (enum channel_kind)draw(seed, CHANNEL_COUNT);
    }
    delivery->changed = true;
}

static void turn(struct fixture *fixture, struct person **people, uint64_t *seed)
{
    struct person *person = people[draw(seed, PEOPLE)];
    struct run *run = person->runs[0];
    uint64_t what = draw(seed, 8);
    if (person->delivery_count == 0 || what == 0) {
        change(fixture_delivery(fixture, person, run, DELIVERY_SCHEDULED), seed);
    }
    struct delivery *one = person->deliveries[draw(seed, (uint64_t)person->delivery_count)];
    if (what == 1) {
        person->answered_delivery_id = one->id;
        person->answered_at_ms = NOW_MS + 5;
    } else if (what == 2) {
        person->user.is_test = !person->user.is_test;
        person->user.changed = true;
    } else {
        change(one, seed);
    }
    /* As the engine does: everything is loaded anew afterwards. */
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_save(fixture->store, &person, 1, &fixture->detail));
    if (draw(seed, 10) == 0) {
        store_rollback(fixture->store);
    } else {
        assert_ok(store_commit(fixture->store, &fixture->detail));
    }
}

static struct person *load_anew(struct fixture *fixture, const struct person *old)
{
    struct person_want want = {
        .user_id = old->user.id, .run_id = old->runs[0]->id, .now_ms = NOW_MS};
    struct person *person = fixture_load(fixture, &want);
    person->delivery_count = 0;
    for (int i = 0; i < old->delivery_count; i++) {
        want.delivery_id = old->deliveries[i]->id;
        struct delivery *found = person_delivery(fixture_load(fixture, &want), want.delivery_id);
        if (found != NULL) {
            *person_add_delivery(fixture->arena, person) = *found;
        }
    }
    return person;
}

static void counts_follow_what_happens(void **state)
{
    FIXTURE;
    uint64_t seed = 88172645463325252ULL;
    struct person *people[PEOPLE];
    for (int i = 0; i < PEOPLE; i++) {
        people[i] = fixture_person(fixture);
        people[i]->user.is_test = i == 0;
        fixture_run(fixture, people[i], RUN_ACTIVE);
        fixture_save(fixture, people[i]);
    }
    for (int i = 0; i < TURNS; i++) {
        turn(fixture, people, &seed);
        for (int k = 0; k < PEOPLE; k++) {
            people[k] = load_anew(fixture, people[k]);
        }
        if (i % 20 == 0) {
            assert_int_equal(wrong_counts(fixture), 0);
        }
    }
    assert_int_equal(wrong_counts(fixture), 0);
    for (int i = 0; i < PEOPLE; i++) {
        assert_ok(store_begin(fixture->store, &fixture->detail));
        assert_ok(store_user_erase(fixture->store, people[i]->user.id, NOW_MS, &fixture->detail));
        assert_ok(store_commit(fixture->store, &fixture->detail));
        assert_int_equal(wrong_counts(fixture), 0);
    }
}

/* More keys in one transaction than are kept in memory. */
static void many_keys_fit_one_transaction(void **state)
{
    enum { DAYS = 200 };
    FIXTURE;
    struct person *person = fixture_person(fixture);
    person->user.is_test = false;
    struct run *run = fixture_run(fixture, person, RUN_ACTIVE);
    for (int i = 0; i < DAYS; i++) {
        struct delivery *delivery = fixture_delivery(fixture, person, run, DELIVERY_SENT);
        delivery->sent_at_ms = NOW_MS + i * DAY_MS;
    }
    fixture_save(fixture, person);
    assert_int_equal(wrong_counts(fixture), 0);
    person->deliveries[3]->counted.is_counted = false; /* as if it were counted twice */
    person->deliveries[3]->changed = true;
    fixture_save(fixture, person);
    assert_int_equal(wrong_counts(fixture), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(counts_follow_what_happens),
        CASE(many_keys_fit_one_transaction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
