/* The contract of the store: decisions are kept in a chain, read newest last, deleted oldest first,
 * and follow their person into a joining and an erasure. */
#include "store_fixture.h"

#include "base/limits.h"

#define FIXTURE struct fixture *fixture = *state

static const char bytes[] = {1, 0, (char)0xff, 'x', 0}; /* any bytes are kept */

static int64_t keep_world_at(struct fixture *fixture, struct str record, int64_t at_ms)
{
    int64_t id = 0;
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_world_put(fixture->store, record, at_ms, &fixture->ids, &id, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    return id;
}

static int64_t keep_world(struct fixture *fixture, struct str record)
{
    return keep_world_at(fixture, record, NOW_MS);
}

static int64_t decide_at(struct fixture *fixture, struct person *person, int64_t at_ms,
                         int64_t world_id)
{
    struct id_source ids = {0};
    struct decision_row row = {.id = id_next(&ids, at_ms, id_slot(person->user.id)),
                               .user_id = person->user.id,
                               .previous_id = person->user.decision_last_id,
                               .world_id = world_id,
                               .record = {bytes, sizeof(bytes)}};
    person->user.decision_last_id = row.id;
    person->user.changed = true;
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_save(fixture->store, &person, 1, &fixture->detail));
    assert_ok(store_decisions_append(fixture->store, &row, 1, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    return row.id;
}

static int load(struct fixture *fixture, const struct person *person, int64_t from_id, int limit,
                struct decision_row **ret_rows)
{
    int count = -1;
    assert_ok(store_decisions_load(fixture->store, fixture->arena, person->user.id, from_id, limit,
                                   ret_rows, &count, &fixture->detail));
    return count;
}

/* What doctor says of decisions; the person has no other rows that it knows of. */
static int findings(struct fixture *fixture)
{
    struct finding *found = NULL;
    int count = 0;
    int checks = 0;
    int about = 0;
    assert_ok(store_doctor(fixture->store, fixture->arena, 50, &found, &count, &checks,
                           &fixture->detail));
    for (int i = 0; i < count; i++) {
        about += str_is(found[i].check, "decisions");
    }
    return about;
}

static void they_come_back_in_order(void **state)
{
    FIXTURE;
    struct person *ann = fixture_person(fixture);
    struct person *bob = fixture_person(fixture);
    int64_t world = keep_world(fixture, STR("world"));
    int64_t ids[4];
    for (int i = 0; i < 4; i++) {
        ids[i] = decide_at(fixture, ann, NOW_MS + i, world);
        decide_at(fixture, bob, NOW_MS + 10 + i, world);
    }
    struct decision_row *rows;
    assert_int_equal(load(fixture, ann, 0, 100, &rows), 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(rows[i].id, ids[i]);
        assert_int_equal(rows[i].previous_id, i > 0 ? ids[i - 1] : 0);
        assert_int_equal(rows[i].world_id, world);
        assert_int_equal(rows[i].record.length, sizeof(bytes));
        assert_memory_equal(rows[i].record.ptr, bytes, sizeof(bytes));
    }
    assert_int_equal(load(fixture, ann, ids[2], 100, &rows), 2);
    assert_int_equal(rows[0].id, ids[2]);
    assert_int_equal(load(fixture, ann, 0, 3, &rows), 3); /* the newest */
    assert_int_equal(rows[0].id, ids[1]);
    assert_int_equal(findings(fixture), 0);
}

static void worlds_and_files_are_kept_once(void **state)
{
    FIXTURE;
    int64_t first = keep_world(fixture, STR("one"));
    int64_t second = keep_world(fixture, STR("two"));
    assert_true(first != second);
    assert_int_equal(keep_world(fixture, STR("one")), first);
    struct str record;
    assert_ok(store_world_get(fixture->store, fixture->arena, second, &record, &fixture->detail));
    assert_str("two", record);
    assert_err(ERR_NOT_FOUND,
               store_world_get(fixture->store, fixture->arena, 77, &record, &fixture->detail));
    const struct catalog_file file = {STR("words/en.yaml"), STR("text"), STR("abc")};
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_file_put(fixture->store, &file, NOW_MS, &fixture->detail));
    assert_ok(store_file_put(fixture->store, &file, NOW_MS, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    assert_ok(
        store_file_get(fixture->store, fixture->arena, STR("abc"), &record, &fixture->detail));
    assert_str("text", record);
}

static void old_ones_are_deleted_so_many_at_once(void **state)
{
    FIXTURE;
    struct person *ann = fixture_person(fixture);
    int64_t world = keep_world(fixture, STR("world"));
    for (int i = 0; i < 5; i++) {
        decide_at(fixture, ann, NOW_MS + i * DAY_MS, world);
    }
    struct decision_row *rows;
    int deleted = 0;
    const int expected[] = {2, 1, 0};
    for (int i = 0; i < 3; i++) {
        assert_ok(store_begin(fixture->store, &fixture->detail));
        assert_ok(store_decisions_prune(fixture->store, NOW_MS + 3 * DAY_MS, 2, &deleted,
                                        &fixture->detail));
        assert_ok(store_commit(fixture->store, &fixture->detail));
        assert_int_equal(deleted, expected[i]);
    }
    assert_int_equal(load(fixture, ann, 0, 100, &rows), 2); /* the walk ends where they were */
    assert_int_equal(findings(fixture), 0);
}

static bool has_world(struct fixture *fixture, int64_t id)
{
    struct str record;
    enum err error = store_world_get(fixture->store, fixture->arena, id, &record, &fixture->detail);
    assert_true(error == OK || error == ERR_NOT_FOUND);
    return error == OK;
}

static void keep_file(struct fixture *fixture, const char *hash, int64_t at_ms)
{
    const struct catalog_file file = {
        .name = STR("a.yaml"), .hash = str_of(hash), .yaml = str_of(hash)};
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_file_put(fixture->store, &file, at_ms, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
}

static bool has_file(struct fixture *fixture, const char *hash)
{
    struct str yaml;
    enum err error =
        store_file_get(fixture->store, fixture->arena, str_of(hash), &yaml, &fixture->detail);
    assert_true(error == OK || error == ERR_NOT_FOUND);
    return error == OK;
}

/* Days 0 and 4 are lived in the first world, days 2 and 6 in others; each has files of its own, and
 * one that all share. */
static void worlds_go_with_their_last_decision(void **state)
{
    FIXTURE;
    static const char *const names[] = {"first", "second", "first", "third"};
    struct person *ann = fixture_person(fixture);
    int64_t ids[4];
    for (int day = 0; day < 8; day++) {
        int64_t at_ms = NOW_MS + day * DAY_MS;
        if (day % 2 == 0) {
            keep_file(fixture, "shared", at_ms);
            keep_file(fixture, names[day / 2], at_ms);
            ids[day / 2] = keep_world_at(fixture, str_of(names[day / 2]), at_ms + 1);
        }
        decide_at(fixture, ann, at_ms + 2, ids[day / 2]);
    }
    assert_int_equal(ids[0], ids[2]);
    for (int day = 0; day <= 20; day++) {
        int deleted = 0;
        int limit = day == 5 ? 1 : 100; /* then there may be more, and worlds have to wait */
        assert_ok(store_begin(fixture->store, &fixture->detail));
        assert_ok(store_decisions_prune(fixture->store, NOW_MS + day * DAY_MS, limit, &deleted,
                                        &fixture->detail));
        assert_ok(store_commit(fixture->store, &fixture->detail));
        assert_int_equal(findings(fixture), 0);
        assert_int_equal(has_world(fixture, ids[1]), day < 6);
        assert_int_equal(has_file(fixture, "second"), day < 6);
        assert_int_equal(has_world(fixture, ids[2]), day < 7);
        assert_int_equal(has_file(fixture, "first"), day < 7);
        assert_true(has_world(fixture, ids[3]));
        assert_true(has_file(fixture, "third") && has_file(fixture, "shared"));
    }
}

static void they_follow_a_joining_and_an_erasure(void **state)
{
    FIXTURE;
    struct person *ann = fixture_person(fixture);
    struct person *shell = fixture_person(fixture);
    int64_t world = keep_world(fixture, STR("world"));
    for (int i = 0; i < 3; i++) {
        decide_at(fixture, ann, NOW_MS + 2 * i, world);
        decide_at(fixture, shell, NOW_MS + 2 * i + 1, world);
    }
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(
        store_people_join(fixture->store, ann->user.id, shell->user.id, NOW_MS, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    struct decision_row *rows;
    assert_int_equal(load(fixture, ann, 0, 100, &rows), 6);
    for (int i = 1; i < 6; i++) {
        assert_true(rows[i].id > rows[i - 1].id && rows[i].previous_id == rows[i - 1].id);
        assert_int_equal(rows[i].user_id, ann->user.id);
    }
    assert_int_equal(load(fixture, shell, 0, 100, &rows), 0);
    assert_int_equal(findings(fixture), 0);
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_user_erase(fixture->store, ann->user.id, NOW_MS, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    assert_int_equal(load(fixture, ann, 0, 100, &rows), 0);
    assert_int_equal(findings(fixture), 0);
}

static void doctor_finds_what_does_not_fit(void **state)
{
    FIXTURE;
    struct person *ann = fixture_person(fixture);
    int64_t world = keep_world(fixture, STR("world"));
    int64_t first = decide_at(fixture, ann, NOW_MS, world);
    decide_at(fixture, ann, NOW_MS + 1, 4711); /* a world that is not kept */
    assert_int_equal(findings(fixture), 1);
    ann->user.decision_last_id = first; /* and the newest is not the head's */
    ann->user.changed = true;
    fixture_save(fixture, ann);
    assert_int_equal(findings(fixture), 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(they_come_back_in_order),
        CASE(worlds_and_files_are_kept_once),
        CASE(old_ones_are_deleted_so_many_at_once),
        CASE(worlds_go_with_their_last_decision),
        CASE(they_follow_a_joining_and_an_erasure),
        CASE(doctor_finds_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
