/* The contract of letting old events go: what leaves is counted, what somebody paid stays, and
 * nobody who walks along a person's events minds where they end. On PostgreSQL the months of 2034
 * are parts of their own, so that they leave as a whole or in portions, as it comes. */
#include "store_fixture.h"

#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "store/driver.h"

#define FIXTURE struct fixture *fixture = *state

enum { PEOPLE = 6, EVENTS = 240, DAYS = 120, ROUNDS_MAX = 2000 };

static int64_t day_ms(int year, int month, int day)
{
    return calendar_day_number(year, month, day) * DAY_MS;
}

static struct rows ask(struct fixture *fixture, const char *sql)
{
    struct rows rows;
    const struct driver *driver = fixture->store->driver;
    assert_ok(driver->begin_reading(fixture->store, &fixture->detail));
    assert_ok(driver->ask(fixture->store, fixture->arena, sql, NULL, 0, &rows, &fixture->detail));
    store_rollback(fixture->store);
    return rows;
}

static int64_t number(struct fixture *fixture, const char *sql)
{
    struct rows rows = ask(fixture, sql);
    assert_int_equal(rows.count, 1);
    return rows.cells[0].integer;
}

static void make_months(struct fixture *fixture)
{
    for (int i = 0; i < 8; i++) { /* each call makes two years at most */
        assert_ok(store_begin(fixture->store, &fixture->detail));
        assert_ok(store_events_make_room(fixture->store, day_ms(2034, 6, 1), &fixture->detail));
        assert_ok(store_commit(fixture->store, &fixture->detail));
    }
}

/* Once; whether there is more. */
static bool leave(struct fixture *fixture, int64_t before_ms, int limit)
{
    bool more = false;
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_events_leave(fixture->store, before_ms, limit, &more, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    return more;
}

static void leave_all(struct fixture *fixture, int64_t before_ms, int limit)
{
    int rounds = 0;
    while (leave(fixture, before_ms, limit)) {
        assert_true(rounds++ < ROUNDS_MAX);
    }
}

/* What doctor says of events. */
static int findings(struct fixture *fixture)
{
    struct finding *found = NULL;
    int count = 0;
    int checks = 0;
    int about = 0;
    assert_ok(store_doctor(fixture->store, fixture->arena, 50, &found, &count, &checks,
                           &fixture->detail));
    for (int i = 0; i < count; i++) {
        about += str_is(found[i].check, "events");
    }
    return about;
}

static void append(struct fixture *fixture, struct person *person, const struct event *events,
                   int count)
{
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_save(fixture->store, &person, 1, &fixture->detail));
    assert_ok(store_events_append(fixture->store, events, count, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
}

/* One of each kind, by its number. */
static struct event an_event(struct fixture *fixture, struct person *person, int kind,
                             int64_t at_ms)
{
    static const enum event_type types[] = {EVENT_STEP_SENT, EVENT_MESSAGE_RECEIVED, EVENT_TRACKED,
                                            EVENT_EXPERIMENT_EXPOSED, EVENT_TRACKED};
    static const char *const data[] = {
        "", "{\"text\":\"a\"}", "{\"event\":\"Opened\",\"properties\":{}}",
        "{\"experiment\":\"greeting\",\"variant\":\"warm\"}", "{\"event\":\"Bought\"}"};
    struct event event = fixture_event(fixture, person, types[kind], at_ms);
    event.data = str_of(data[kind]);
    event.revenue = kind == 4 ? 9.5 : 0;
    return event;
}

/* People with events over four months of 2034, in the order of time. Of the first nothing is
 * counted. */
static struct person **fill(struct fixture *fixture)
{
    struct person **people = ARENA_ARRAY(fixture->arena, struct person *, PEOPLE);
    make_months(fixture);
    for (int i = 0; i < PEOPLE; i++) {
        people[i] = fixture_person(fixture);
        people[i]->user.is_test = i == 0;
        people[i]->user.event_last_id = 0;
        fixture_save(fixture, people[i]);
    }
    for (int i = 0; i < EVENTS; i++) {
        int64_t at_ms = day_ms(2034, 1, 1) + i * (DAYS * DAY_MS / EVENTS);
        struct event event = an_event(fixture, people[i * 7 / 5 % PEOPLE], i / 3 % 5, at_ms + i);
        append(fixture, people[i * 7 / 5 % PEOPLE], &event, 1);
    }
    assert_int_equal(number(fixture, "SELECT count(*) FROM events"), EVENTS);
    assert_int_equal(findings(fixture), 0);
    return people;
}

/* All that is counted or still there, without what test people did: it must never change. */
static const char *everything(struct fixture *fixture)
{
    const char *name = fixture->is_file ? "e.data ->> 'event'" : "e.data::json ->> 'event'";
    const char *sql =
        arena_printf(fixture->arena,
                     "SELECT day, type, journey, step, name, channel, sum(n) FROM ("
                     "SELECT day, type, journey, step, name, channel, count AS n FROM event_counts "
                     "WHERE type <> 'experiment_exposed' UNION ALL "
                     "SELECT e.at_ms / 86400000, e.type, e.journey, e.step, "
                     "CASE WHEN e.type = 'tracked' THEN %s ELSE '' END, u.channel, 1 "
                     "FROM events AS e JOIN users AS u ON u.id = e.user_id "
                     "WHERE u.is_test = 0 AND e.type <> 'experiment_exposed' UNION ALL "
                     "SELECT day, type, journey, step, name || variant, channel, count "
                     "FROM event_counts WHERE type = 'experiment_exposed' UNION ALL "
                     "SELECT e.at_ms / 86400000, e.type, e.journey, e.step, 'greetingwarm', "
                     "u.channel, 1 FROM events AS e JOIN users AS u ON u.id = e.user_id "
                     "WHERE u.is_test = 0 AND e.type = 'experiment_exposed') AS x "
                     "GROUP BY day, type, journey, step, name, channel "
                     "ORDER BY day, type, journey, step, name, channel",
                     name)
            .ptr;
    struct rows rows = ask(fixture, sql);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    for (int i = 0; i < rows.count * rows.columns; i++) {
        fprintf(out, "%lld %.*s,", (long long)rows.cells[i].integer, STR_ARG(rows.cells[i].text));
    }
    fclose(out);
    const char *copy = arena_strdup(fixture->arena, text);
    free(text);
    return copy;
}

static int64_t walked(struct fixture *fixture, const struct person *person)
{
    const struct arg args[] = {ARG_INT(person->user.id)};
    struct rows rows;
    assert_ok(store_query(fixture->store, fixture->arena, "export_events", args, 1, EVENTS, &rows,
                          &fixture->detail));
    return rows.count;
}

static int64_t held_of(struct fixture *fixture, const struct person *person)
{
    return number(fixture,
                  arena_printf(fixture->arena, "SELECT count(*) FROM events WHERE user_id = %lld",
                               (long long)person->user.id)
                      .ptr);
}

static void what_leaves_is_counted(void **state)
{
    FIXTURE;
    static const int limits[] = {7, 1000, 1, 31};
    fill(fixture);
    const char *before = everything(fixture);
    for (int month = 1; month <= 4; month++) {
        /* From within the month: on PostgreSQL it goes in portions and then as a whole. */
        leave_all(fixture, day_ms(2034, month, 9), limits[month - 1]);
        assert_string_equal(everything(fixture), before);
        assert_int_equal(findings(fixture), 0);
        leave_all(fixture, day_ms(2034, month + 1, 1), limits[month - 1]);
        assert_string_equal(everything(fixture), before);
        assert_int_equal(findings(fixture), 0);
        const char *old =
            arena_printf(fixture->arena,
                         "SELECT count(*) FROM events WHERE id < %lld AND revenue = 0",
                         (long long)day_ms(2034, month + 1, 1) << 21)
                .ptr;
        assert_int_equal(number(fixture, old), 0);
    }
    assert_int_equal(number(fixture, "SELECT count(*) FROM events"), EVENTS / 5);
    assert_int_equal(number(fixture, "SELECT count(*) FROM events WHERE revenue <> 9.5"), 0);
    assert_false(leave(fixture, day_ms(2034, 5, 1), 10)); /* nothing is left to go */
    assert_string_equal(everything(fixture), before);
}

static void what_is_young_stays(void **state)
{
    FIXTURE;
    fill(fixture);
    leave_all(fixture, day_ms(2034, 3, 1), 50);
    const int64_t first = day_ms(2034, 3, 1) << 21;
    assert_int_equal(
        number(fixture, arena_printf(fixture->arena, "SELECT count(*) FROM events WHERE id >= %lld",
                                     (long long)first)
                            .ptr),
        EVENTS - 59 * EVENTS / DAYS);
    int64_t edge = number(fixture, "SELECT first_id FROM event_edge");
    assert_true(edge > day_ms(2034, 2, 28) << 21 && edge <= first);
    /* Of the 28th there is one of a test person, and one that stays. */
    assert_int_equal(number(fixture, "SELECT max(day) FROM event_counts"),
                     day_ms(2034, 2, 27) / DAY_MS);
}

static void chains_end_where_events_have_left(void **state)
{
    FIXTURE;
    struct person **people = fill(fixture);
    leave_all(fixture, day_ms(2034, 3, 1), 50);
    for (int i = 0; i < PEOPLE; i++) {
        assert_int_equal(walked(fixture, people[i]), held_of(fixture, people[i]));
        assert_true(walked(fixture, people[i]) > 0);
        struct person_want want = {
            .user_id = people[i]->user.id, .now_ms = day_ms(2034, 3, 20), .history = true};
        fixture_load(fixture, &want);
    }
    /* And goes on from there. */
    struct event event = an_event(fixture, people[1], 0, day_ms(2034, 5, 2));
    append(fixture, people[1], &event, 1);
    assert_int_equal(walked(fixture, people[1]), held_of(fixture, people[1]));
    leave_all(fixture, day_ms(2034, 6, 1), 50);
    assert_int_equal(findings(fixture), 0);
    event = an_event(fixture, people[2], 0, day_ms(2034, 6, 2));
    append(fixture, people[2], &event, 1);
    assert_int_equal(findings(fixture), 0);
}

static void who_is_joined_or_erased_is_it_with_what_they_paid(void **state)
{
    FIXTURE;
    struct person **people = fill(fixture);
    leave_all(fixture, day_ms(2034, 3, 1), 50);
    const struct person *ann = people[1];
    const struct person *shell = people[2];
    int64_t both = held_of(fixture, ann) + held_of(fixture, shell);
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_join(fixture->store, ann->user.id, shell->user.id, day_ms(2034, 5, 1),
                                &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    assert_int_equal(held_of(fixture, ann), both);
    assert_int_equal(walked(fixture, ann), both);
    assert_int_equal(findings(fixture), 0);
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_user_erase(fixture->store, ann->user.id, day_ms(2034, 5, 1), &fixture->detail));
    assert_ok(
        store_user_erase(fixture->store, people[3]->user.id, day_ms(2034, 5, 1), &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    assert_int_equal(held_of(fixture, ann), 0);
    assert_int_equal(held_of(fixture, people[3]), 0);
    assert_int_equal(findings(fixture), 0);
}

/* An event that is missing where none has left is still found. */
static void doctor_knows_where_events_end(void **state)
{
    FIXTURE;
    struct person **people = fill(fixture);
    leave_all(fixture, day_ms(2034, 3, 1), 50);
    people[1]->user.event_last_id = day_ms(2034, 4, 29) << 21;
    people[1]->user.changed = true;
    fixture_save(fixture, people[1]);
    struct event event = an_event(fixture, people[2], 0, day_ms(2034, 5, 2));
    event.previous_event_id = day_ms(2034, 3, 2) << 21; /* is no event's */
    append(fixture, people[2], &event, 1);
    assert_int_equal(findings(fixture), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_leaves_is_counted),
        CASE(what_is_young_stays),
        CASE(chains_end_where_events_have_left),
        CASE(who_is_joined_or_erased_is_it_with_what_they_paid),
        CASE(doctor_knows_where_events_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
