/* The contract of the store: what is due, seen, recorded, told; lease, inbox, settings, queries. */
#include "store_fixture.h"

#include <string.h>

#include "core/delivery.h"

#define FIXTURE struct fixture *fixture = *state

static void begin(struct fixture *fixture)
{
    assert_ok(store_begin(fixture->store, &fixture->detail));
}

static void commit(struct fixture *fixture)
{
    assert_ok(store_commit(fixture->store, &fixture->detail));
}

/* ---- due ------------------------------------------------------------------------------------- */

static int load_line(struct fixture *fixture, int line, int64_t until_ms, int limit,
                     struct due *due)
{
    int count = -1;
    assert_ok(store_due_load(fixture->store, line, until_ms, limit, due, &count, &fixture->detail));
    return count;
}

static void due_rows_follow_the_instants(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct commitment *commitment = fixture_commitment(fixture, person, COMMITMENT_ACTIVE);
    struct run *run = fixture_run(fixture, person, RUN_ACTIVE);
    struct delivery *delivery = fixture_delivery(fixture, person, run, DELIVERY_SCHEDULED);
    fixture_save(fixture, person);
    struct due due[8];
    assert_int_equal(fixture_due(fixture, INT64_MAX, due, 8), 4);
    const struct due expected[] = {
        {commitment->next_at_ms, commitment->id, DUE_COMMITMENT, person->user.id, 0},
        {run->next_at_ms, run->id, DUE_RUN, person->user.id, 0},
        {delivery->next_at_ms, delivery->id, DUE_DELIVERY, person->user.id,
         delivery_line(delivery)},
        {person->user.next_at_ms, person->user.id, DUE_USER, person->user.id, 0},
    };
    for (int i = 0; i < 4; i++) { /* oldest first */
        assert_int_equal(due[i].due_at_ms, expected[i].due_at_ms);
        assert_int_equal(due[i].id, expected[i].id);
        assert_int_equal(due[i].kind, expected[i].kind);
        assert_int_equal(due[i].user_id, expected[i].user_id);
        assert_int_equal(due[i].line, expected[i].line);
    }
    assert_int_equal(fixture_due(fixture, run->next_at_ms, due, 8), 2);
    assert_int_equal(load_line(fixture, 0, run->next_at_ms, 1, due), 1);

    /* One moves, one ends, one is untouched; a row not marked changed moves too. */
    run->next_at_ms = NOW_MS + 1;
    delivery->next_at_ms = 0;
    delivery->state = DELIVERY_SUPPRESSED;
    delivery->changed = true;
    person->user.next_at_ms = NOW_MS + 2;
    fixture_save(fixture, person);
    assert_int_equal(fixture_due(fixture, INT64_MAX, due, 8), 3);
    assert_int_equal(due[0].id, run->id);
    assert_int_equal(due[1].id, person->user.id);
    assert_int_equal(due[2].id, commitment->id);
    int64_t next;
    assert_ok(store_due_next(fixture->store, 0, &next, &fixture->detail));
    assert_int_equal(next, NOW_MS + 1);
}

/* A message stands in the line of its channel and priority while it is to be sent, in none while
 * it is under way. */
static void messages_change_their_line(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct run *run = fixture_run(fixture, person, RUN_ACTIVE);
    struct delivery *delivery = fixture_delivery(fixture, person, run, DELIVERY_SCHEDULED);
    int line = line_number(delivery->channel, delivery_priority(delivery));
    struct due due[8];
    fixture_save(fixture, person);
    assert_int_equal(load_line(fixture, line, INT64_MAX, 8, due), 1);
    int64_t next;
    assert_ok(store_due_next(fixture->store, line, &next, &fixture->detail));
    assert_int_equal(next, delivery->next_at_ms);
    delivery->state = DELIVERY_SENDING; /* at the same instant */
    delivery->changed = true;
    fixture_save(fixture, person);
    assert_int_equal(load_line(fixture, line, INT64_MAX, 8, due), 0);
    assert_int_equal(fixture_due(fixture, INT64_MAX, due, 8), 3);
    assert_ok(store_due_next(fixture->store, line, &next, &fixture->detail));
    assert_int_equal(next, INT64_MAX);
    struct person_want want = {.user_id = person->user.id, .now_ms = NOW_MS};
    person = fixture_load(fixture, &want); /* as it was read it is written */
    delivery = person->deliveries[0];
    delivery->state = DELIVERY_UNCERTAIN;
    delivery->kind = KIND_BROADCAST;
    delivery->changed = true;
    fixture_save(fixture, person);
    assert_int_equal(load_line(fixture, line, INT64_MAX, 8, due), 0);
    line = line_number(delivery->channel, PRIORITY_BROADCAST);
    assert_int_equal(load_line(fixture, line, INT64_MAX, 8, due), 1);
    assert_int_equal(fixture_due(fixture, INT64_MAX, due, 8), 3);
}

static void a_due_row_without_its_row_can_be_dropped(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    fixture_save(fixture, person);
    struct rows rows;
    const struct arg args[] = {ARG_INT(0), ARG_INT(person->user.next_at_ms),
                               ARG_INT(person->user.id)};
    assert_ok(store_query(fixture->store, fixture->arena, "due_drop", args, 3, 0, &rows,
                          &fixture->detail));
    int64_t next;
    assert_ok(store_due_next(fixture->store, 0, &next, &fixture->detail));
    assert_int_equal(next, INT64_MAX);
}

/* ---- seen and identities --------------------------------------------------------------------- */

static bool seen(struct fixture *fixture, const char *source, const char *id, int64_t at_ms)
{
    bool is_new = false;
    assert_ok(
        store_seen(fixture->store, str_of(source), str_of(id), at_ms, &is_new, &fixture->detail));
    return is_new;
}

static void inputs_are_seen_once_by_source(void **state)
{
    FIXTURE;
    begin(fixture);
    assert_true(seen(fixture, "telegram", "1", NOW_MS));
    assert_false(seen(fixture, "telegram", "1", NOW_MS + 1));
    assert_true(seen(fixture, "api", "1", NOW_MS));
    assert_true(seen(fixture, "telegram", "2", NOW_MS + 5));
    commit(fixture);
    begin(fixture);
    assert_true(seen(fixture, "telegram", "3", NOW_MS));
    store_rollback(fixture->store); /* then it was never seen */
    begin(fixture);
    assert_true(seen(fixture, "telegram", "3", NOW_MS + 6));
    assert_ok(store_seen_prune(fixture->store, STR("telegram"), NOW_MS + 5, &fixture->detail));
    assert_true(seen(fixture, "telegram", "1", NOW_MS)); /* forgotten */
    assert_false(seen(fixture, "telegram", "2", NOW_MS));
    assert_false(seen(fixture, "api", "1", NOW_MS)); /* another source */
    commit(fixture);
}

static void an_identity_has_one_owner(void **state)
{
    FIXTURE;
    int64_t owner = -1;
    begin(fixture);
    assert_ok(
        store_identity_find(fixture->store, CHANNEL_TELEGRAM, STR("7"), &owner, &fixture->detail));
    assert_int_equal(owner, 0);
    assert_ok(store_identity_add(fixture->store, CHANNEL_TELEGRAM, STR("7"), 70, NOW_MS, &owner,
                                 &fixture->detail));
    assert_int_equal(owner, 70);
    assert_ok(store_identity_add(fixture->store, CHANNEL_TELEGRAM, STR("7"), 71, NOW_MS, &owner,
                                 &fixture->detail));
    assert_int_equal(owner, 70);
    assert_ok(store_identity_add(fixture->store, CHANNEL_WEBCHAT, STR("7"), 71, NOW_MS, &owner,
                                 &fixture->detail));
    assert_int_equal(owner, 71);
    assert_ok(
        store_identity_find(fixture->store, CHANNEL_WEBCHAT, STR("7"), &owner, &fixture->detail));
    assert_int_equal(owner, 71);
    commit(fixture);
}

/* What was looked up ahead answers as if it had not been: the second of two, too. */
static void looking_ahead_changes_no_answer(void **state)
{
    FIXTURE;
    const struct look looks[] = {
        {false, STR("telegram"), STR("1")}, {true, STR("telegram"), STR("7")},
        {false, STR("telegram"), STR("2")}, {true, STR("telegram"), STR("8")},
        {false, STR("telegram"), STR("2")}, {true, STR("telegram"), STR("8")},
        {false, STR("api"), STR("2")},      {true, STR("email"), STR("7")},
    };
    int64_t owner = -1;
    begin(fixture);
    assert_true(seen(fixture, "telegram", "1", NOW_MS));
    assert_ok(store_identity_claim(fixture->store, CHANNEL_TELEGRAM, STR("7"), 70, NOW_MS,
                                   &fixture->detail));
    commit(fixture);
    begin(fixture);
    assert_ok(store_look_ahead(fixture->store, looks, 8, &fixture->detail));
    assert_false(seen(fixture, "telegram", "1", NOW_MS));
    assert_true(seen(fixture, "telegram", "2", NOW_MS));
    assert_false(seen(fixture, "telegram", "2", NOW_MS));
    assert_true(seen(fixture, "api", "2", NOW_MS));
    assert_ok(
        store_identity_find(fixture->store, CHANNEL_TELEGRAM, STR("7"), &owner, &fixture->detail));
    assert_int_equal(owner, 70);
    assert_ok(
        store_identity_find(fixture->store, CHANNEL_TELEGRAM, STR("8"), &owner, &fixture->detail));
    assert_int_equal(owner, 0);
    assert_ok(store_identity_claim(fixture->store, CHANNEL_TELEGRAM, STR("8"), 80, NOW_MS,
                                   &fixture->detail));
    assert_ok(
        store_identity_find(fixture->store, CHANNEL_TELEGRAM, STR("8"), &owner, &fixture->detail));
    assert_int_equal(owner, 80);
    assert_ok(
        store_identity_find(fixture->store, CHANNEL_EMAIL, STR("7"), &owner, &fixture->detail));
    assert_int_equal(owner, 0);
    commit(fixture);
}

/* Whoever claims what is somebody's changes nothing. */
static void a_claimed_identity_is_not_claimed_again(void **state)
{
    FIXTURE;
    int64_t owner = -1;
    begin(fixture);
    assert_ok(store_identity_claim(fixture->store, CHANNEL_TELEGRAM, STR("7"), 70, NOW_MS,
                                   &fixture->detail));
    commit(fixture);
    begin(fixture);
    assert_true(seen(fixture, "telegram", "1", NOW_MS));
    enum err error = store_identity_claim(fixture->store, CHANNEL_TELEGRAM, STR("7"), 71, NOW_MS,
                                          &fixture->detail);
    if (error == OK) {
        error = store_commit(fixture->store, &fixture->detail);
    } else {
        store_rollback(fixture->store);
    }
    assert_int_not_equal(error, OK);
    assert_ok(
        store_identity_find(fixture->store, CHANNEL_TELEGRAM, STR("7"), &owner, &fixture->detail));
    assert_int_equal(owner, 70);
    begin(fixture);
    assert_true(seen(fixture, "telegram", "1", NOW_MS)); /* nothing of it was kept */
    commit(fixture);
}

static int64_t owner_of(struct fixture *fixture, const char *value)
{
    int64_t owner = -1;
    assert_ok(store_identity_find(fixture->store, CHANNEL_EMAIL, str_of(value), &owner,
                                  &fixture->detail));
    return owner;
}

static void identities_change(void **state)
{
    FIXTURE;
    begin(fixture);
    struct identity_change change = {CHANNEL_EMAIL, STR(""), STR("a@example.org")};
    assert_ok(store_identity_change(fixture->store, 70, &change, NOW_MS, &fixture->detail));
    assert_int_equal(owner_of(fixture, "a@example.org"), 70);
    assert_err(ERR_CONFLICT,
               store_identity_change(fixture->store, 71, &change, NOW_MS, &fixture->detail));
    assert_null(strstr(fixture->detail.text, "example")); /* no addresses in details */
    change = (struct identity_change){CHANNEL_EMAIL, STR("a@example.org"), STR("b@example.org")};
    assert_ok(store_identity_change(fixture->store, 70, &change, NOW_MS, &fixture->detail));
    assert_int_equal(owner_of(fixture, "a@example.org"), 0);
    assert_int_equal(owner_of(fixture, "b@example.org"), 70);
    change = (struct identity_change){CHANNEL_EMAIL, STR("b@example.org"), STR("")};
    assert_ok(store_identity_change(fixture->store, 71, &change, NOW_MS, &fixture->detail));
    assert_int_equal(owner_of(fixture, "b@example.org"), 70); /* not theirs to remove */
    assert_ok(store_identity_change(fixture->store, 70, &change, NOW_MS, &fixture->detail));
    assert_int_equal(owner_of(fixture, "b@example.org"), 0);
    commit(fixture);
}

/* ---- events and what is told ----------------------------------------------------------------- */

static void history_is_walked_back_sixty_days(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct event events[] = {
        fixture_event(fixture, person, EVENT_MESSAGE_RECEIVED, NOW_MS - 61 * DAY_MS),
        fixture_event(fixture, person, EVENT_COMMITMENT_MADE, NOW_MS - 59 * DAY_MS),
        fixture_event(fixture, person, EVENT_STEP_SENT, NOW_MS - 3 * DAY_MS),
        fixture_event(fixture, person, EVENT_BUTTON_PRESSED, NOW_MS - 2),
    };
    person->user.is_new = true;
    begin(fixture);
    assert_ok(store_events_append(fixture->store, events, 4, &fixture->detail));
    assert_ok(store_people_save(fixture->store, &person, 1, &fixture->detail));
    commit(fixture);
    struct person_want want = {.user_id = person->user.id, .now_ms = NOW_MS};
    assert_false(fixture_load(fixture, &want)->has_history);
    want.history = true;
    struct person *loaded = fixture_load(fixture, &want);
    assert_true(loaded->has_history);
    assert_int_equal(loaded->activity_count, 2); /* receiving a message is not activity */
    assert_int_equal(loaded->activity_at_ms[0], NOW_MS - 59 * DAY_MS);
    assert_int_equal(loaded->activity_at_ms[1], NOW_MS - 2);
}

static void feedback_and_notices_are_kept(void **state)
{
    FIXTURE;
    const struct feedback feedback[] = {
        {.user_id = 7, .run_id = 8, .text = STR(""), .rating = 1},
        {.user_id = 7, .text = STR("it is broken"), .is_problem = true},
    };
    const struct notice notices[] = {{STR("crisis"), 7, STR("someone needs a person")},
                                     {STR("milestone"), 0, STR("65 %")}};
    begin(fixture);
    assert_ok(store_feedback_append(fixture->store, feedback, 2, NOW_MS, &fixture->ids,
                                    &fixture->detail));
    assert_ok(
        store_notices_append(fixture->store, notices, 2, NOW_MS, &fixture->ids, &fixture->detail));
    commit(fixture);
    struct rows rows;
    assert_ok(store_query(fixture->store, fixture->arena, "operator_messages_unsent", &ARG_INT(10),
                          1, 10, &rows, &fixture->detail));
    assert_int_equal(rows.count, 2);
    assert_str("crisis", rows.cells[2].text);
    assert_int_equal(rows.cells[3].integer, 7);
    const struct arg sent[] = {ARG_INT(rows.cells[0].integer), ARG_INT(NOW_MS + 1)};
    assert_ok(store_query(fixture->store, fixture->arena, "operator_message_sent", sent, 2, 0,
                          &rows, &fixture->detail));
    assert_ok(store_query(fixture->store, fixture->arena, "operator_messages_unsent", &ARG_INT(10),
                          1, 10, &rows, &fixture->detail));
    assert_int_equal(rows.count, 1);
    assert_str("milestone", rows.cells[2].text);
    assert_ok(store_query(fixture->store, fixture->arena, "export_feedback", &ARG_INT(7), 1, 10,
                          &rows, &fixture->detail));
    assert_int_equal(rows.count, 2);
}

/* ---- lease ----------------------------------------------------------------------------------- */

enum { LEASE_MS = 600000 };

/* At so many milliseconds after NOW_MS, for so long; a server reckons from its own now. */
static enum err take(struct fixture *fixture, int64_t owner, int64_t pid, int64_t at_ms,
                     int64_t lasts_ms, struct lease *ret_lease)
{
    return store_lease_take(fixture->store, owner, pid, NOW_MS + at_ms, NOW_MS + at_ms + lasts_ms,
                            ret_lease, &fixture->detail);
}

static int64_t left(struct fixture *fixture, int64_t at_ms)
{
    struct lease lease = {0};
    assert_ok(store_lease_show(fixture->store, NOW_MS + at_ms, &lease, &fixture->detail));
    return lease.left_ms;
}

/* Renewed until a moment ago, by another connection. */
static void let_run_out(struct fixture *fixture, int64_t owner, int64_t now_ms)
{
    struct store *other = NULL;
    struct lease lease;
    assert_ok(store_open(fixture->url, STORE_WRITER, &other, &fixture->detail));
    assert_ok(store_lease_take(other, owner, 50, now_ms, now_ms - 1, &lease, &fixture->detail));
    store_close(other);
}

static void one_owner_holds_the_lease(void **state)
{
    FIXTURE;
    struct lease lease = {0};
    assert_int_equal(left(fixture, 0), 0);
    assert_ok(take(fixture, 111, 50, 0, LEASE_MS, &lease));
    assert_int_equal(lease.fence, 1);
    assert_ok(take(fixture, 111, 50, 5000, LEASE_MS, &lease));
    assert_int_equal(lease.fence, 1); /* renewed */
    struct lease other = {0};
    assert_err(ERR_CONFLICT, take(fixture, 222, 60, 6000, LEASE_MS, &other));
    assert_int_equal(other.pid, 50);
    assert_non_null(strstr(fixture->detail.text, "50"));
    let_run_out(fixture, 111, NOW_MS + 7000);
    assert_int_equal(left(fixture, 7000), 0);
    assert_ok(take(fixture, 222, 60, 7000, LEASE_MS, &other));
    assert_int_equal(other.fence, 2);                                   /* taken over */
    assert_ok(store_lease_give(fixture->store, 111, &fixture->detail)); /* no longer theirs */
    assert_in_range(left(fixture, 7000), LEASE_MS / 2, LEASE_MS);
    assert_ok(store_lease_give(fixture->store, 222, &fixture->detail));
    assert_int_equal(left(fixture, 7000), 0);
    assert_ok(take(fixture, 111, 50, 8000, LEASE_MS, &lease));
    assert_int_equal(lease.fence, 3);
    begin(fixture); /* inside the engine's own transaction */
    assert_ok(take(fixture, 111, 50, 9000, 3 * LEASE_MS, &lease));
    store_rollback(fixture->store);
    assert_in_range(left(fixture, 8000), LEASE_MS / 2, LEASE_MS);
}

/* Where machines meet, their clocks do not count; a file is one machine's. */
static void whose_clock_ends_the_lease(void **state)
{
    FIXTURE;
    struct lease lease = {0};
    assert_ok(take(fixture, 111, 50, 0, LEASE_MS, &lease));
    assert_int_equal(left(fixture, LEASE_MS + 1) == 0, fixture->is_file);
    assert_err(fixture->is_file ? OK : ERR_CONFLICT,
               take(fixture, 222, 60, LEASE_MS + 1, LEASE_MS, &lease));
}

/* It stood still, was replaced, and ends: who replaced it is not taken for dead thereby. */
static void who_replaced_one_that_stood_still_lives(void **state)
{
    FIXTURE;
    struct lease lease = {0};
    struct store *still = NULL;
    struct store *third = NULL;
    assert_ok(store_open(fixture->url, STORE_WRITER, &still, &fixture->detail));
    assert_ok(store_open(fixture->url, STORE_WRITER, &third, &fixture->detail));
    assert_ok(store_lease_take(still, 1, 10, NOW_MS, NOW_MS - 1, &lease, &fixture->detail));
    assert_ok(take(fixture, 2, 20, 0, LEASE_MS, &lease));
    store_close(still);
    int tries = 0;
    do { /* a server notices the end of a connection a moment later */
        assert_ok(store_lease_show(third, NOW_MS, &lease, &fixture->detail));
    } while (lease.is_alive && ++tries < 100000);
    store_lease_lock(fixture->store);
    assert_err(ERR_CONFLICT,
               store_lease_take(third, 3, 30, NOW_MS + 2, NOW_MS + 9000, &lease, &fixture->detail));
    assert_int_equal(lease.pid, 20);
    store_close(third);
}

/* ---- inbox ----------------------------------------------------------------------------------- */

static void commands_cross_processes(void **state)
{
    FIXTURE;
    struct store *other = NULL;
    assert_ok(store_open(fixture->url, STORE_WRITER, &other, &fixture->detail));
    int64_t before;
    int64_t after;
    int64_t first;
    int64_t second;
    assert_ok(store_change_mark(fixture->store, &before, &fixture->detail));
    assert_ok(store_inbox_put(other, STR("sending"), STR("{\"mode\":\"off\"}"), STR("cli"), NOW_MS,
                              &first, &fixture->detail));
    assert_ok(store_change_mark(fixture->store, &after, &fixture->detail));
    assert_true(before != after);
    assert_ok(store_inbox_put(other, STR("rollout"), STR("{}"), STR("cli"), NOW_MS, &second,
                              &fixture->detail));
    bool done = true;
    enum err outcome;
    struct str result;
    assert_ok(store_inbox_result(other, fixture->arena, first, &done, &outcome, &result,
                                 &fixture->detail));
    assert_false(done);

    struct inbox_row *rows;
    int count;
    begin(fixture);
    assert_ok(
        store_inbox_load(fixture->store, fixture->arena, 10, &rows, &count, &fixture->detail));
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].id, first);
    assert_str("sending", rows[0].kind);
    assert_str("{\"mode\":\"off\"}", rows[0].payload);
    assert_str("cli", rows[0].actor);
    assert_ok(store_inbox_answer(fixture->store, first, ERR_CONFLICT, STR("{\"a\":1}"), NOW_MS + 1,
                                 &fixture->detail));
    assert_err(ERR_NOT_FOUND, store_inbox_answer(fixture->store, first, OK, STR(""), NOW_MS + 1,
                                                 &fixture->detail));
    commit(fixture);
    assert_ok(store_inbox_result(other, fixture->arena, first, &done, &outcome, &result,
                                 &fixture->detail));
    assert_true(done);
    assert_int_equal(outcome, ERR_CONFLICT);
    assert_str("{\"a\":1}", result);
    assert_ok(store_inbox_load(fixture->store, fixture->arena, 1, &rows, &count, &fixture->detail));
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].id, second);
    assert_err(ERR_NOT_FOUND, store_inbox_result(other, fixture->arena, 999, &done, &outcome,
                                                 &result, &fixture->detail));
    store_close(other);
}

/* ---- settings and their like ----------------------------------------------------------------- */

static void settings_definitions_and_pauses(void **state)
{
    FIXTURE;
    struct str text;
    assert_ok(
        store_setting_get(fixture->store, fixture->arena, "sending", &text, &fixture->detail));
    assert_str("", text);
    begin(fixture);
    assert_ok(store_setting_put(fixture->store, "sending", STR("{\"mode\":\"on\"}"), NOW_MS,
                                &fixture->detail));
    assert_ok(store_setting_put(fixture->store, "sending", STR("{\"mode\":\"off\"}"), NOW_MS,
                                &fixture->detail));
    assert_ok(store_audit_append(fixture->store, STR("cli"), STR("sending"), STR("\"on\""),
                                 STR("\"off\""), NOW_MS, &fixture->ids, &fixture->detail));
    assert_ok(store_definition_put(fixture->store, STR("h1"), STR("onboarding"), STR("1.0"),
                                   STR("journey: onboarding\n"), NOW_MS, &fixture->detail));
    assert_ok(store_definition_put(fixture->store, STR("h1"), STR("onboarding"), STR("1.0"),
                                   STR("journey: onboarding\n"), NOW_MS, &fixture->detail));
    assert_ok(
        store_pause_put(fixture->store, CHANNEL_TELEGRAM, STR(""), NOW_MS + 500, &fixture->detail));
    assert_ok(
        store_pause_put(fixture->store, CHANNEL_TELEGRAM, STR(""), NOW_MS + 100, &fixture->detail));
    assert_ok(store_pause_put(fixture->store, CHANNEL_TELEGRAM, STR("55"), NOW_MS + 200,
                              &fixture->detail));
    commit(fixture);
    assert_ok(
        store_setting_get(fixture->store, fixture->arena, "sending", &text, &fixture->detail));
    assert_str("{\"mode\":\"off\"}", text);
    assert_ok(
        store_definition_get(fixture->store, fixture->arena, STR("h1"), &text, &fixture->detail));
    assert_str("journey: onboarding\n", text);
    assert_err(ERR_NOT_FOUND, store_definition_get(fixture->store, fixture->arena, STR("h2"), &text,
                                                   &fixture->detail));
    struct rows rows;
    assert_ok(store_query(fixture->store, fixture->arena, "pauses_load", &ARG_INT(NOW_MS + 200), 1,
                          9, &rows, &fixture->detail));
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.cells[2].integer, NOW_MS + 500); /* the later end counts */
    assert_ok(store_query(fixture->store, fixture->arena, "audit_list", &ARG_INT(5), 1, 9, &rows,
                          &fixture->detail));
    assert_int_equal(rows.count, 1);
    assert_str("\"off\"", rows.cells[5].text);
}

static void broadcasts_go_in_pages(void **state)
{
    FIXTURE;
    struct person *people[3];
    for (int i = 0; i < 3; i++) {
        people[i] = fixture_person(fixture);
        fixture_save(fixture, people[i]);
    }
    struct rows rows;
    const struct arg insert[] = {
        ARG_INT(NOW_MS << 21), ARG_TEXT(STR("Hello")), ARG_TEXT(STR("commitments_total = 0")),
        ARG_INT(NOW_MS),       ARG_REAL(2.5),          ARG_INT(NOW_MS),
        ARG_TEXT(STR("cli"))};
    assert_ok(store_query(fixture->store, fixture->arena, "broadcast_insert", insert, 7, 0, &rows,
                          &fixture->detail));
    const struct arg page[] = {ARG_INT(people[0]->user.id), ARG_INT(10)};
    assert_ok(store_query(fixture->store, fixture->arena, "users_page", page, 2, 10, &rows,
                          &fixture->detail));
    assert_int_equal(rows.count, 2);
    assert_int_equal(rows.cells[1].integer, people[2]->user.id);
    const struct arg progress[] = {ARG_INT(NOW_MS << 21),
                                   ARG_INT(3),
                                   ARG_INT(people[2]->user.id),
                                   ARG_INT(3),
                                   ARG_INT(2),
                                   ARG_INT(NOW_MS),
                                   ARG_INT(NOW_MS + 1)};
    assert_ok(store_query(fixture->store, fixture->arena, "broadcasts_waiting", NULL, 0, 10, &rows,
                          &fixture->detail));
    assert_int_equal(rows.count, 1);
    assert_ok(store_query(fixture->store, fixture->arena, "broadcast_progress", progress, 7, 0,
                          &rows, &fixture->detail));
    assert_ok(store_query(fixture->store, fixture->arena, "broadcasts_waiting", NULL, 0, 10, &rows,
                          &fixture->detail));
    assert_int_equal(rows.count, 0);
}

/* ---- queries --------------------------------------------------------------------------------- */

static void queries_give_cells_by_type(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    fixture_commitment(fixture, person, COMMITMENT_COMPLETED);
    fixture_save(fixture, person);
    struct rows rows;
    assert_ok(store_query(fixture->store, fixture->arena, "export_user", &ARG_INT(person->user.id),
                          1, 5, &rows, &fixture->detail));
    assert_int_equal(rows.count, 1);
    assert_string_equal(rows.names[0], "id");
    assert_int_equal(rows.cells[0].type, CELL_INT);
    assert_int_equal(rows.cells[0].integer, person->user.id);
    assert_true(rows.cells[0].real > 0);
    assert_int_equal(rows.cells[2].type, CELL_TEXT);
    assert_str("Žofie \"Z\"", rows.cells[2].text);
    assert_err(ERR_LIMIT, store_query(fixture->store, fixture->arena, "export_commitments",
                                      &ARG_INT(person->user.id), 1, 0, &rows, &fixture->detail));
    assert_ok(store_query(fixture->store, fixture->arena, "export_user", &ARG_NULL, 1, 5, &rows,
                          &fixture->detail));
    assert_int_equal(rows.count, 0);
    assert_int_equal(fixture_number(fixture, "due_count", NULL, 0), 1);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(due_rows_follow_the_instants),
        CASE(messages_change_their_line),
        CASE(a_due_row_without_its_row_can_be_dropped),
        CASE(inputs_are_seen_once_by_source),
        CASE(an_identity_has_one_owner),
        CASE(looking_ahead_changes_no_answer),
        CASE(a_claimed_identity_is_not_claimed_again),
        CASE(identities_change),
        CASE(history_is_walked_back_sixty_days),
        CASE(feedback_and_notices_are_kept),
        CASE(one_owner_holds_the_lease),
        CASE(whose_clock_ends_the_lease),
        CASE(who_replaced_one_that_stood_still_lives),
        CASE(commands_cross_processes),
        CASE(settings_definitions_and_pauses),
        CASE(broadcasts_go_in_pages),
        CASE(queries_give_cells_by_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
