/* The contract of the store when something goes wrong: processes killed at any instant, two
 * writers, readers beside a writer, a disk without room. Children are real, killed by SIGKILL. */
#include "store_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIXTURE struct fixture *fixture = *state

struct child {
    pid_t pid;
    int from_child;
};

/* Starts `run` in a process of its own with a connection of its own. */
static struct child start_child(struct fixture *fixture,
                                int (*run)(struct fixture *fixture, int to_parent))
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(ends[0]);
        struct fixture own = {.arena = arena_new(64 * 1024), .ids = fixture->ids};
        memcpy(own.url, fixture->url, sizeof(own.url));
        if (store_open(own.url, STORE_WRITER, &own.store, &own.detail) != OK) {
            _exit(100);
        }
        _exit(run(&own, ends[1]));
    }
    close(ends[1]);
    return (struct child){pid, ends[0]};
}

static void wait_for_byte(const struct child *child)
{
    char byte;
    assert_int_equal(read(child->from_child, &byte, 1), 1);
}

static int end_child(const struct child *child, int signal_number)
{
    int status = 0;
    if (signal_number != 0) {
        kill(child->pid, signal_number);
    }
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    close(child->from_child);
    return status;
}

static bool tell(int to_parent)
{
    return write(to_parent, "x", 1) == 1;
}

/* Without cmocka: a failed assertion in a child would go on with the parent's tests. */
static enum err save_person(struct fixture *fixture, struct person *person)
{
    enum err error = store_begin(fixture->store, &fixture->detail);
    if (error == OK) {
        error = store_people_save(fixture->store, &person, 1, &fixture->detail);
        if (error != OK) {
            store_rollback(fixture->store);
            return error;
        }
        error = store_commit(fixture->store, &fixture->detail);
    }
    arena_reset(fixture->arena);
    return error;
}

static enum err save_one(struct fixture *fixture)
{
    return save_person(fixture, fixture_person(fixture));
}

static bool is_there(struct fixture *fixture, int64_t user_id)
{
    struct person_want want = {.user_id = user_id, .now_ms = NOW_MS};
    struct person *seen = NULL;
    return store_people_load(fixture->store, fixture->arena, &want, 1, &seen, &fixture->detail) ==
               OK &&
           seen != NULL;
}

static int64_t people(struct fixture *fixture)
{
    return fixture_number(fixture, "user_counts", NULL, 0);
}

/* ---- killed ---------------------------------------------------------------------------------- */

static int save_without_commit(struct fixture *fixture, int to_parent)
{
    struct person *person = fixture_person(fixture);
    if (store_begin(fixture->store, NULL) != OK ||
        store_people_save(fixture->store, &person, 1, NULL) != OK || !tell(to_parent)) {
        return 1;
    }
    for (;;) {
        pause();
    }
}

static void killed_before_commit_nothing_is_there(void **state)
{
    FIXTURE;
    struct child child = start_child(fixture, save_without_commit);
    wait_for_byte(&child);
    if (fixture->is_file) {
        assert_err(ERR_BUSY, store_begin(fixture->store, &fixture->detail)); /* it holds the lock */
    }
    assert_true(WIFSIGNALED(end_child(&child, SIGKILL)));
    assert_int_equal(people(fixture), 0);
    assert_ok(save_one(fixture)); /* and the lock is free */
    assert_int_equal(people(fixture), 1);
}

static int save_for_ever(struct fixture *fixture, int to_parent)
{
    for (;;) {
        if (save_one(fixture) != OK || !tell(to_parent)) {
            return 1;
        }
    }
}

/* Every commit that was told of is there, and the file is whole. */
static void killed_while_writing_nothing_told_is_lost(void **state)
{
    FIXTURE;
    int64_t told = 0;
    for (int round = 0; round < 5; round++) {
        /* Children make ids where no other was. */
        fixture->ids.last = ((uint64_t)NOW_MS << 13) + ((uint64_t)(round + 1) << 24);
        struct child child = start_child(fixture, save_for_ever);
        for (int i = 0; i < 20 + 13 * round; i++, told++) {
            wait_for_byte(&child);
        }
        kill(child.pid, SIGKILL);
        char byte;
        while (read(child.from_child, &byte, 1) == 1) {
            told++;
        }
        assert_true(WIFSIGNALED(end_child(&child, 0)));
        int64_t found = people(fixture);
        assert_true(found >= told);
        told = found; /* one commit may be there that was not told of */
    }
    struct finding *findings;
    int count;
    int checks;
    assert_ok(store_doctor(fixture->store, fixture->arena, 10000, &findings, &count, &checks,
                           &fixture->detail));
    for (int i = 0; i < count; i++) {
        assert_false(str_is(findings[i].check, "file") ||
                     str_is(findings[i].check, "due_missing") ||
                     str_is(findings[i].check, "due_stale"));
    }
}

/* ---- beside each other ----------------------------------------------------------------------- */

static int hold_the_lease(struct fixture *fixture, int to_parent)
{
    struct lease lease;
    if (store_lease_take(fixture->store, 111, getpid(), NOW_MS, NOW_MS + DAY_MS, &lease,
                         &fixture->detail) != OK ||
        !tell(to_parent)) {
        return 101;
    }
    pause();
    return 0;
}

static void the_lease_of_the_dead_is_free_at_once(void **state)
{
    FIXTURE;
    struct lease lease;
    struct child child = start_child(fixture, hold_the_lease);
    wait_for_byte(&child);
    assert_err(ERR_CONFLICT, store_lease_take(fixture->store, 222, getpid(), NOW_MS, NOW_MS + 1000,
                                              &lease, &fixture->detail));
    assert_ok(store_lease_show(fixture->store, NOW_MS, &lease, &fixture->detail));
    assert_in_range(lease.left_ms, DAY_MS / 2, DAY_MS);
    assert_true(!fixture->is_file || lease.until_ms == NOW_MS + DAY_MS);
    assert_true(lease.is_alive);
    end_child(&child, SIGKILL);
    int tries = 0;
    do { /* a server notices the end of a connection in its own time */
        assert_ok(store_lease_show(fixture->store, NOW_MS, &lease, &fixture->detail));
    } while (lease.until_ms != 0 && !fixture->is_file && ++tries < 100000);
    assert_int_equal(lease.until_ms, 0);
    assert_int_equal(lease.left_ms, 0);
    assert_false(lease.is_alive);
    assert_ok(store_lease_take(fixture->store, 222, getpid(), NOW_MS, NOW_MS + 1000, &lease,
                               &fixture->detail));
    assert_int_equal(lease.fence, 2);
}

static void a_second_writer_is_busy(void **state)
{
    FIXTURE;
    struct store *other = NULL;
    assert_ok(store_open(fixture->url, STORE_WRITER, &other, &fixture->detail));
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_err(ERR_BUSY, store_begin(other, &fixture->detail));
    assert_non_null(strstr(fixture->detail.text, "try again"));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    assert_ok(store_begin(other, &fixture->detail));
    assert_ok(store_commit(other, &fixture->detail));
    store_close(other);
}

static void readers_see_what_is_committed(void **state)
{
    FIXTURE;
    struct store *reader = NULL;
    assert_ok(store_open(fixture->url, STORE_READER, &reader, &fixture->detail));
    struct person *person = fixture_person(fixture);
    struct person_want want = {.user_id = person->user.id, .now_ms = NOW_MS};
    struct person *seen = NULL;
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_save(fixture->store, &person, 1, &fixture->detail));
    assert_ok(store_people_load(reader, fixture->arena, &want, 1, &seen, &fixture->detail));
    assert_null(seen);
    assert_ok(store_begin(reader, &fixture->detail)); /* a snapshot */
    assert_ok(store_people_load(reader, fixture->arena, &want, 1, &seen, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail)); /* readers do not hold it up */
    assert_ok(store_people_load(reader, fixture->arena, &want, 1, &seen, &fixture->detail));
    assert_null(seen);
    assert_ok(store_commit(reader, &fixture->detail));
    assert_ok(store_people_load(reader, fixture->arena, &want, 1, &seen, &fixture->detail));
    assert_non_null(seen);
    bool is_new;
    assert_err(ERR_STORE,
               store_seen(reader, STR("a"), STR("b"), NOW_MS, &is_new, &fixture->detail));
    store_close(reader);
}

/* ---- no room --------------------------------------------------------------------------------- */

static bool limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0) {
        return false;
    }
    limit.rlim_cur = bytes;
    return setrlimit(RLIMIT_FSIZE, &limit) == 0;
}

static int64_t people_or_none(struct fixture *fixture)
{
    struct rows rows;
    return store_query(fixture->store, fixture->arena, "user_counts", NULL, 0, 1, &rows, NULL) == OK
               ? rows.cells[0].integer
               : -1;
}

/* Fills the room, then gets more; the exit status says which expectation failed. */
static int write_until_full(struct fixture *fixture, int to_parent)
{
    enum { ROOM_BYTES = 600 * 1024, SAVES_MAX = 20000 };
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (sigaction(SIGXFSZ, &ignore, NULL) != 0 || !limit_file_size(ROOM_BYTES)) {
        return 1;
    }
    int64_t saved = 0;
    enum err error = OK;
    while (error == OK && saved < SAVES_MAX) {
        error = save_one(fixture);
        saved += error == OK;
    }
    if (error != ERR_FULL || strstr(fixture->detail.text, "no space") == NULL || saved == 0) {
        return 2;
    }
    for (int i = 0; i < 3; i++) { /* it stays so, and reading goes on */
        if (save_one(fixture) != ERR_FULL || people_or_none(fixture) != saved) {
            return 3;
        }
    }
    if (!limit_file_size(RLIM_INFINITY) || save_one(fixture) != OK ||
        people_or_none(fixture) != saved + 1) {
        return 4;
    }
    return tell(to_parent) ? 0 : 5;
}

static void a_full_disk_is_told_and_loses_nothing(void **state)
{
    FIXTURE;
    struct child child = start_child(fixture, write_until_full);
    int status = end_child(&child, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_true(people(fixture) > 1);
    struct finding *findings;
    int count;
    int checks;
    assert_ok(store_doctor(fixture->store, fixture->arena, 10000, &findings, &count, &checks,
                           &fixture->detail));
    for (int i = 0; i < count; i++) {
        assert_false(str_is(findings[i].check, "file") || str_is(findings[i].check, "due_missing"));
    }
}

/* What one could not write for want of room never comes later, over what another wrote there. */
static int write_after_another(struct fixture *fixture, int to_parent)
{
    enum { ROOM_BYTES = 600 * 1024, SAVES_MAX = 20000 };
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (sigaction(SIGXFSZ, &ignore, NULL) != 0 || !limit_file_size(ROOM_BYTES)) {
        return 1;
    }
    enum err error = OK;
    for (int i = 0; error == OK && i < SAVES_MAX; i++) {
        error = save_one(fixture);
    }
    struct fixture other = {.arena = fixture->arena, .ids = fixture->ids};
    if (error != ERR_FULL || !limit_file_size(RLIM_INFINITY) ||
        store_open(fixture->url, STORE_WRITER, &other.store, &other.detail) != OK) {
        return 2;
    }
    bool all = true;
    for (int i = 0; i < 3; i++) {
        struct person *person = fixture_person(&other);
        int64_t id = person->user.id;
        all = all && save_person(&other, person) == OK && is_there(fixture, id);
        fixture->ids = other.ids;
        all = all && save_one(fixture) == OK && is_there(&other, id);
        other.ids = fixture->ids;
    }
    store_close(other.store);
    return !all ? 3 : tell(to_parent) ? 0 : 4;
}

static void what_had_no_room_never_comes_later(void **state)
{
    FIXTURE;
    struct child child = start_child(fixture, write_after_another);
    int status = end_child(&child, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    struct finding *findings;
    int count;
    int checks;
    assert_ok(store_doctor(fixture->store, fixture->arena, 10000, &findings, &count, &checks,
                           &fixture->detail));
    for (int i = 0; i < count; i++) {
        assert_false(str_is(findings[i].check, "file") || str_is(findings[i].check, "due_missing"));
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(killed_before_commit_nothing_is_there),
        CASE(killed_while_writing_nothing_told_is_lost),
        CASE(the_lease_of_the_dead_is_free_at_once),
        CASE(readers_see_what_is_committed),
        /* only a file has these: a server lets several write, and its disk is its own business */
        CASE(a_second_writer_is_busy),
        CASE(a_full_disk_is_told_and_loses_nothing),
        CASE(what_had_no_room_never_comes_later),
    };
    size_t count = sizeof(tests) / sizeof(tests[0]) - (fixture_is_file() ? 0 : 3);
    return _cmocka_run_group_tests("faults", tests, count, NULL, NULL);
}
