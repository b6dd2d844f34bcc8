/* What is SQLite's own behind the store: migrations that do not fit, plans of the hot statements,
 * and the columns with a form of their own. The contract itself is tested in tests/contract. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "store/blocks.h"
#include "store/sqlite.h"

struct fixture {
    struct store *store;
    struct arena *arena;
    struct err_detail detail;
};

static int setup(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.arena = arena_new(16 * 1024)};
    *state = &fixture;
    return store_open("sqlite::memory:", STORE_WRITER, &fixture.store, &fixture.detail) == OK &&
                   store_migrate(fixture.store, NULL, NULL, &fixture.detail) == OK
               ? 0
               : -1;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    store_close(fixture->store);
    arena_free(fixture->arena);
    return 0;
}

static void run_sql(struct fixture *fixture, const char *sql)
{
    enum err error =
        sqlite_execute_script(sqlite_of(fixture->store), sql, "run a test's SQL", &fixture->detail);
    if (error != OK) {
        fail_msg("%s: %s", sql, fixture->detail.text);
    }
}

/* ---- migrations ------------------------------------------------------------------------------ */

static void expect_schema_refused(struct fixture *fixture, const char *words)
{
    struct migration_state migration;
    assert_int_equal(store_migration_state(fixture->store, &migration, &fixture->detail),
                     ERR_SCHEMA);
    assert_non_null(strstr(fixture->detail.text, words));
    assert_int_equal(store_migrate(fixture->store, NULL, NULL, &fixture->detail), ERR_SCHEMA);
}

static void a_changed_checksum_is_refused(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture, "UPDATE schema_migrations SET checksum = 'other' WHERE name LIKE '0002%'");
    expect_schema_refused(fixture, "0002_history.sql");
}

static void a_newer_schema_is_refused(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture, "INSERT INTO schema_migrations VALUES ('9999_future.sql', 'x', 0)");
    expect_schema_refused(fixture, "newer than this program");
}

static void a_gap_is_refused(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture, "DELETE FROM schema_migrations WHERE name LIKE '0002%'");
    assert_int_equal(store_migrate(fixture->store, NULL, NULL, &fixture->detail), ERR_SCHEMA);
    assert_non_null(strstr(fixture->detail.text, "missing"));
}

static void a_foreign_database_is_refused(void **state)
{
    struct fixture *fixture = *state;
    run_sql(fixture, "DROP TABLE schema_migrations");
    expect_schema_refused(fixture, "something else");
}

static void an_unmigrated_database_says_what_to_do(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct err_detail detail;
    int args;
    assert_int_equal(store_open("sqlite::memory:", STORE_WRITER, &store, &detail), OK);
    assert_int_equal(store_block_prepare(store, "user_load", &args, &detail), ERR_SCHEMA);
    assert_non_null(strstr(detail.text, "nudge migrate"));
    store_close(store);
}

static void each_migration_is_told_once(void **state)
{
    (void)state;
    struct store *store = NULL;
    struct err_detail detail;
    struct migration_state migration;
    assert_int_equal(store_open("sqlite::memory:", STORE_WRITER, &store, &detail), OK);
    assert_int_equal(store_migration_state(store, &migration, &detail), OK);
    assert_int_equal(migration.applied, 0);
    int pending = migration.pending;
    assert_true(pending >= 4);
    assert_int_equal(store_migrate(store, NULL, NULL, &detail), OK);
    assert_int_equal(store_migration_state(store, &migration, &detail), OK);
    assert_int_equal(migration.applied, pending);
    assert_int_equal(migration.pending, 0);
    store_close(store);
}

/* ---- plans ----------------------------------------------------------------------------------- */

/* The plan of a block as one line. */
static const char *plan_of(struct fixture *fixture, const char *name)
{
    int count;
    const struct block *block = &blocks_all(&count)[blocks_find(name)];
    struct str sql =
        arena_printf(fixture->arena, "EXPLAIN QUERY PLAN %s", block->text[DIALECT_SQLITE].sql);
    sqlite3_stmt *statement = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(sqlite_of(fixture->store)->db, sql.ptr, -1, &statement, NULL),
        SQLITE_OK);
    struct str plan = STR("");
    while (sqlite3_step(statement) == SQLITE_ROW) {
        plan = arena_printf(fixture->arena, "%.*s%s; ", STR_ARG(plan),
                            (const char *)sqlite3_column_text(statement, 3));
    }
    sqlite3_finalize(statement);
    return arena_str(fixture->arena, plan).ptr;
}

/* Statements of decisions go down a key or an index, and sort nothing. */
static void hot_statements_scan_nothing(void **state)
{
    struct fixture *fixture = *state;
    static const char *const names[] = {
#define NAME(constant, block) block,
        STATEMENT_LIST(NAME)
#undef NAME
            "erase_due",
        "erase_events",
        "erase_deliveries",
        "erase_feedback",
        "erase_operator_messages",
        "export_feedback",
        "export_operator_messages",
        "join_feedback",
        "join_operator_messages",
        "users_page",
        "broadcasts_waiting",
        "broadcast_unsent",
        "broadcast_unsent_count",
        "operator_messages_unsent",
        "chat_history",
    };
    /* These read along a key or a partial index from its beginning, which is called a scan too. */
    static const char *const allowed[] = {
        "SCAN due; ",
        "SCAN inbox USING INDEX inbox_unanswered; ",
        "SCAN broadcasts USING INDEX broadcasts_waiting; ",
        "SCAN operator_messages USING INDEX operator_messages_unsent; ",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *plan = plan_of(fixture, names[i]);
        bool fine = false;
        for (size_t k = 0; k < sizeof(allowed) / sizeof(allowed[0]); k++) {
            fine |= strcmp(plan, allowed[k]) == 0;
        }
        static const char *const tables[] = {
            "SCAN users",
            "SCAN identities",
            "SCAN commitments",
            "SCAN runs",
            "SCAN deliveries",
            "SCAN events",
            "SCAN due",
            "SCAN inbox",
            "SCAN settings",
            "SCAN definitions",
            "SCAN seen",
            "SCAN d",
            "SCAN e",
            "SCAN u",
            "SCAN broadcasts",
            "SCAN feedback",
            "SCAN operator_messages",
        };
        for (size_t k = 0; k < sizeof(tables) / sizeof(tables[0]) && !fine; k++) {
            const char *found = strstr(plan, tables[k]);
            if (found != NULL && strchr(" ;", found[strlen(tables[k])]) != NULL) {
                fail_msg("%s reads a whole table: %s", names[i], plan);
            }
        }
    }
}

static void unfinished_messages_have_their_index(void **state)
{
    struct fixture *fixture = *state;
    assert_non_null(strstr(plan_of(fixture, "deliveries_load_unfinished"),
                           "USING INDEX deliveries_unfinished (user_id=?)"));
    static const char *const sorted[] = {"due_load", "due_next", "runs_load_active",
                                         "commitments_load_open", "commitments_load_ended"};
    for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
        assert_null(strstr(plan_of(fixture, sorted[i]), "TEMP B-TREE"));
    }
}

/* ---- columns with a form of their own -------------------------------------------------------- */

static void buttons_come_back(void **state)
{
    struct fixture *fixture = *state;
    struct button buttons[LIMIT_BUTTONS];
    for (int i = 0; i < LIMIT_BUTTONS; i++) {
        buttons[i] = (struct button){arena_printf(fixture->arena, "%d \"\\\x01\x1f\n\tü%c", i, 127),
                                     STR("r:1:a:b"), STR("")};
    }
    for (int count = 0; count <= LIMIT_BUTTONS; count++) {
        struct button *read;
        int read_count;
        struct str json = buttons_write(fixture->arena, buttons, count);
        assert_true(buttons_read(fixture->arena, json, &read, &read_count));
        assert_int_equal(read_count, count);
        for (int i = 0; i < count; i++) {
            assert_true(str_equal(buttons[i].text, read[i].text));
            assert_true(str_equal(buttons[i].token, read[i].token));
            assert_true(str_equal(buttons[i].url, read[i].url));
        }
    }
    struct str two = buttons_write(fixture->arena, buttons, 2);
    struct button *read;
    int read_count;
    for (size_t length = 1; length < two.length; length++) {
        /* In memory of its own, so that reading past the end is seen. */
        struct str cut = arena_str(fixture->arena, (struct str){two.ptr, length});
        assert_false(buttons_read(fixture->arena, cut, &read, &read_count));
    }
    static const char *const wrong[] = {"[]",
                                        "{}",
                                        "[{}]",
                                        "[{\"text\":\"a\"}]",
                                        "[{\"text\":\"a\",\"token\":\"b\",\"url\":\"\"}]x",
                                        "[{\"text\":\"\\u1234\",\"token\":\"b\",\"url\":\"\"}]",
                                        "[{\"text\":\"\\n\",\"token\":\"b\",\"url\":\"\"}]",
                                        "[{\"text\":1,\"token\":\"b\",\"url\":\"\"}]",
                                        "[ {\"text\":\"a\",\"token\":\"b\",\"url\":\"\"}]"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(buttons_read(fixture->arena, str_of(wrong[i]), &read, &read_count));
    }
}

static void steps_come_back(void **state)
{
    struct fixture *fixture = *state;
    struct run run = {0};
    struct run read = {0};
    assert_true(str_is(steps_write(fixture->arena, &run), "[]"));
    assert_true(steps_read(STR("[]"), &read));
    for (int i = 0; i < RUN_STEPS_MAX; i++) {
        run.step_sent_at_ms[i] = INT64_MAX - i;
        run.step_completed_at_ms[i] = INT64_MAX - 100 - i;
    }
    assert_true(steps_read(steps_write(fixture->arena, &run), &read));
    assert_memory_equal(run.step_sent_at_ms, read.step_sent_at_ms, sizeof(run.step_sent_at_ms));
    assert_memory_equal(run.step_completed_at_ms, read.step_completed_at_ms,
                        sizeof(run.step_completed_at_ms));
    static const char *const wrong[] = {"",         "[",         "[[1]]",    "[[1,2]",
                                        "[[1,2],]", "[[-1,2]]",  "[[1,2]] ", "[[1,2,3]]",
                                        "[[1,]]",   "[[1.5,2]]", "[[a,b]]",  "{}"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_false(steps_read(str_of(wrong[i]), &read));
    }
}

/* A value that somebody else wrote is refused with its place, not taken for another. */
static void unknown_values_are_refused(void **state)
{
    struct fixture *fixture = *state;
    struct person *person = ARENA_NEW(fixture->arena, struct person);
    person_init(person, 256, 1);
    struct run *run = person_add_run(fixture->arena, person);
    run->id = 512;
    run->user_id = 256;
    assert_int_equal(store_people_save(fixture->store, &person, 1, &fixture->detail), OK);
    static const char *const spoilt[] = {
        "UPDATE users SET channel = 77",
        "UPDATE users SET channel = 0, stopped = 2",
        "UPDATE users SET stopped = 0, nudge_count = 99999999999",
        "UPDATE users SET nudge_count = 0; UPDATE runs SET phase = 9",
        "UPDATE runs SET phase = 0, steps = 'x'",
        "UPDATE runs SET steps = '[]', step = 32"};
    struct person_want want = {.user_id = 256, .now_ms = 2};
    struct person *loaded;
    for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
        run_sql(fixture, spoilt[i]);
        assert_int_equal(
            store_people_load(fixture->store, fixture->arena, &want, 1, &loaded, &fixture->detail),
            OK);
        assert_non_null(loaded);
        assert_int_equal(loaded->user.id, 256);
        assert_int_equal(loaded->run_count, 0);
        assert_non_null(strstr(loaded->broken.ptr, i < 3 ? "table users" : "table runs"));
    }
    run_sql(fixture, "UPDATE runs SET step = 0; ALTER TABLE users ADD COLUMN more TEXT");
    assert_int_equal(
        store_people_load(fixture->store, fixture->arena, &want, 1, &loaded, &fixture->detail),
        ERR_SCHEMA);
}

/* The names and words that readers outside rely on. */
static void views_speak_in_words(void **state)
{
    struct fixture *fixture = *state;
    struct person *person = ARENA_NEW(fixture->arena, struct person);
    person_init(person, 256, 1700000000000);
    person->user.commitments_total = 12;
    person->user.commitments_completed = 10;
    struct run *run = person_add_run(fixture->arena, person);
    *run = (struct run){.id = 512,
                        .user_id = 256,
                        .journey = STR("superior_onboarding"),
                        .sequence = STR("superior_onboarding_v2"),
                        .phase = PHASE_WAITING,
                        .step = 1,
                        .answers = STR("{\"user_feeling_word\":\"calm\"}"),
                        .step_completed_at_ms = {1700000000123},
                        .entered_at_ms = 1700000000000,
                        .is_new = true};
    struct delivery *delivery = person_add_delivery(fixture->arena, person);
    *delivery = (struct delivery){.id = 768,
                                  .user_id = 256,
                                  .journey = STR("superior_onboarding"),
                                  .sequence = STR("superior_onboarding_v2_recovery"),
                                  .kind = KIND_RECOVERY,
                                  .class = CLASS_ONBOARDING,
                                  .channel = CHANNEL_TELEGRAM,
                                  .state = DELIVERY_SENT,
                                  .sent_at_ms = 1700000000000,
                                  .is_new = true};
    assert_int_equal(store_begin(fixture->store, &fixture->detail), OK);
    assert_int_equal(store_people_save(fixture->store, &person, 1, &fixture->detail), OK);
    assert_int_equal(store_commit(fixture->store, &fixture->detail), OK);
    static const struct {
        const char *sql, *expected;
    } rows[] = {
        {"SELECT status || ' ' || phase || ' ' || current_step || ' ' || step_completion_timestamps"
         " FROM superior_onboarding_states WHERE is_active",
         "active waiting 2 {\"step_1\":\"2023-11-14T22:13:20.123Z\"}"},
        {"SELECT user_responses ->> 'user_feeling_word' FROM superior_onboarding_states", "calm"},
        {"SELECT sequence_type || ' ' || delivery_status || ' ' || channel || ' ' || sent_at"
         " FROM onboarding_message_deliveries",
         "superior_onboarding_v2_recovery sent telegram 2023-11-14T22:13:20.000Z"},
        {"SELECT count(*) FROM message_deliveries", "0"},
        {"SELECT delivery_date || ' ' || channel || ' ' || total || ' ' || sent FROM "
         "delivery_analytics",
         "2023-11-14 telegram 1 1"},
        {"SELECT performance_tier || ' ' || behavioral_type || ' ' || round(completion_rate, 1)"
         " FROM user_engagement_summary",
         "power_user steady_performer 83.3"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        sqlite3_stmt *statement = NULL;
        if (sqlite3_prepare_v2(sqlite_of(fixture->store)->db, rows[i].sql, -1, &statement, NULL) !=
            SQLITE_OK) {
            fail_msg("%s: %s", rows[i].sql, sqlite3_errmsg(sqlite_of(fixture->store)->db));
        }
        assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
        assert_string_equal((const char *)sqlite3_column_text(statement, 0), rows[i].expected);
        sqlite3_finalize(statement);
    }
}

/* SQLite itself rolls back after some failures, of reading, too. */
static void nothing_is_written_after_a_transaction_ended_by_itself(void **state)
{
    struct fixture *fixture = *state;
    bool is_new = false;
    int64_t rows = -1;
    assert_int_equal(store_begin(fixture->store, &fixture->detail), OK);
    run_sql(fixture, "ROLLBACK");
    assert_int_equal(
        store_seen(fixture->store, STR("telegram"), STR("1"), 1, &is_new, &fixture->detail),
        ERR_STORE);
    assert_non_null(strstr(fixture->detail.text, "ended"));
    store_rollback(fixture->store);
    sqlite3_stmt *count = NULL;
    assert_int_equal(sqlite3_prepare_v2(sqlite_of(fixture->store)->db, "SELECT count(*) FROM seen",
                                        -1, &count, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(count), SQLITE_ROW);
    rows = sqlite3_column_int64(count, 0);
    sqlite3_finalize(count);
    assert_int_equal(rows, 0);
    assert_int_equal(store_begin(fixture->store, &fixture->detail), OK);
    assert_int_equal(
        store_seen(fixture->store, STR("telegram"), STR("1"), 1, &is_new, &fixture->detail), OK);
    assert_int_equal(store_commit(fixture->store, &fixture->detail), OK);
    assert_true(is_new);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(nothing_is_written_after_a_transaction_ended_by_itself),
        CASE(a_changed_checksum_is_refused),
        CASE(a_newer_schema_is_refused),
        CASE(a_gap_is_refused),
        CASE(a_foreign_database_is_refused),
        CASE(an_unmigrated_database_says_what_to_do),
        CASE(each_migration_is_told_once),
        CASE(hot_statements_scan_nothing),
        CASE(unfinished_messages_have_their_index),
        CASE(buttons_come_back),
        CASE(steps_come_back),
        CASE(unknown_values_are_refused),
        CASE(views_speak_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
