/* The contract of the list of nodes: who lives, who of them serves, who fell silent. */
#include <string.h>

#include "store_fixture.h"

#define FIXTURE    struct fixture *fixture = *state
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

enum { LIVES_MS = 60000, NODES_MAX = 10, STATE = 7, COLUMNS = 8 };

static const struct node anna = {.id = 11, .pid = 500, .host = "anna.example", .version = "1.0"};
static const struct node bert = {.id = 22, .pid = 600, .host = "bert.example", .version = "1.1"};

static struct rows listed(struct fixture *fixture, int64_t now_ms, int64_t silent_ms)
{
    struct rows rows = {0};
    const struct arg args[] = {ARG_INT(now_ms), ARG_INT(silent_ms)};
    assert_ok(store_query(fixture->store, fixture->arena, "nodes_list", args, 2, NODES_MAX, &rows,
                          &fixture->detail));
    assert_int_equal(rows.columns, COLUMNS);
    return rows;
}

/* The state of the node in a list; "" when it is not there. */
static struct str state_of(const struct rows *rows, int64_t id)
{
    for (int i = 0; i < rows->count; i++) {
        const struct cell *cells = rows->cells + (ptrdiff_t)i * rows->columns;
        if (cells[0].integer == id) {
            return cells[STATE].text;
        }
    }
    return STR_NONE;
}

static void a_node_is_listed_while_it_lives(void **state)
{
    FIXTURE;
    struct lease lease;
    assert_int_equal(listed(fixture, NOW_MS, LIVES_MS).count, 0);
    assert_ok(store_node_beat(fixture->store, &anna, NOW_MS, &fixture->detail));
    assert_ok(store_node_beat(fixture->store, &bert, NOW_MS + 1, &fixture->detail));
    assert_ok(store_node_beat(fixture->store, &anna, NOW_MS + 2, &fixture->detail));
    struct rows rows = listed(fixture, NOW_MS + 10, LIVES_MS);
    assert_int_equal(rows.count, 2);
    assert_str("anna.example", rows.cells[1].text);
    assert_int_equal(rows.cells[2].integer, 500);
    assert_str("1.0", rows.cells[3].text);
    assert_true(rows.cells[4].integer <= rows.cells[5].integer);
    assert_str("standby", state_of(&rows, 11));

    assert_ok(store_lease_take(fixture->store, 22, 600, NOW_MS, NOW_MS + 10000, &lease,
                               &fixture->detail));
    rows = listed(fixture, NOW_MS + 10, LIVES_MS);
    assert_str("standby", state_of(&rows, 11));
    assert_str("serving", state_of(&rows, 22));
    assert_ok(store_lease_give(fixture->store, 22, &fixture->detail));
    rows = listed(fixture, NOW_MS + 10, LIVES_MS);
    assert_str("standby", state_of(&rows, 22));

    assert_ok(store_node_forget(fixture->store, 22, NOW_MS + 20, &fixture->detail));
    rows = listed(fixture, NOW_MS + 20, LIVES_MS);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.cells[0].integer, 11);
}

static void who_fell_silent_is_said_to_be(void **state)
{
    FIXTURE;
    struct lease lease;
    assert_ok(store_node_beat(fixture->store, &anna, NOW_MS, &fixture->detail));
    assert_ok(store_lease_take(fixture->store, 11, 500, NOW_MS, NOW_MS + 10000, &lease,
                               &fixture->detail));
    struct rows rows = listed(fixture, NOW_MS, -1);
    assert_str("silent", state_of(&rows, 11));
    assert_true(rows.cells[6].integer >= 0);
    assert_ok(store_lease_give(fixture->store, 11, &fixture->detail));
}

/* On a server it is the server's clock that counts: nobody can be pushed off the list by theirs. */
static void the_dead_are_forgotten_after_a_day(void **state)
{
    FIXTURE;
    int64_t later_ms = NOW_MS + DAY_MS;
    assert_ok(store_node_beat(fixture->store, &anna, NOW_MS, &fixture->detail));
    assert_ok(store_node_beat(fixture->store, &bert, NOW_MS + 1, &fixture->detail));
    assert_ok(store_node_forget(fixture->store, 0, later_ms, &fixture->detail));
    assert_int_equal(listed(fixture, later_ms, LIVES_MS).count, 2);
    assert_ok(store_node_forget(fixture->store, 0, later_ms + 1, &fixture->detail));
    struct rows rows = listed(fixture, later_ms + 1, LIVES_MS);
    assert_int_equal(rows.count, fixture_is_file() ? 1 : 2);
    assert_str(fixture_is_file() ? "silent" : "standby", state_of(&rows, 22));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_node_is_listed_while_it_lives),
        CASE(who_fell_silent_is_said_to_be),
        CASE(the_dead_are_forgotten_after_a_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
