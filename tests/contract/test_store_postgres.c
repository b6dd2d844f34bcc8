/* What is PostgreSQL's own behind the store: plans of the hot statements, the fence around the
 * engine's transactions, connections that end, rights, and poolers. */
#include "store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/postgres.h"

#define FIXTURE struct fixture *fixture = *state

static void run_sql(struct store *store, const char *sql)
{
    struct err_detail detail = {""};
    if (store->driver->execute(store, sql, "run a test's SQL", &detail) != OK) {
        fail_msg("%s: %s", sql, detail.text);
    }
}

static struct store *another(struct fixture *fixture, const char *more)
{
    char url[256];
    struct store *store = NULL;
    snprintf(url, sizeof(url), "%s%s", fixture->url, more);
    assert_ok(store_open(url, STORE_WRITER, &store, &fixture->detail));
    return store;
}

/* ---- plans ----------------------------------------------------------------------------------- */

/* The plan of a statement for any arguments, as one line. */
static const char *plan_of(struct fixture *fixture, const char *name, const char *types,
                           const char *sql, int parameters)
{
    struct postgres_store *store = postgres_of(fixture->store);
    struct str arguments = STR("");
    for (int i = 0; i < parameters; i++) {
        arguments =
            arena_printf(fixture->arena, "%.*s%sNULL", STR_ARG(arguments), i > 0 ? "," : "");
    }
    struct str script = arena_printf(fixture->arena,
                                     "SET plan_cache_mode = force_generic_plan; DEALLOCATE ALL;"
                                     "PREPARE hot %s AS %s; EXPLAIN (COSTS OFF) EXECUTE hot(%.*s)",
                                     types, sql, STR_ARG(arguments));
    PQexitPipelineMode(store->connection);
    PGresult *result = PQexec(store->connection, script.ptr);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", name, PQerrorMessage(store->connection));
    }
    struct str plan = STR("");
    for (int i = 0; i < PQntuples(result); i++) {
        plan = arena_printf(fixture->arena, "%.*s%s; ", STR_ARG(plan), PQgetvalue(result, i, 0));
    }
    PQclear(result);
    PQenterPipelineMode(store->connection);
    return arena_str(fixture->arena, plan).ptr;
}

static void check_plan(const char *name, const char *plan, const char *index)
{
    if (strstr(plan, "Seq Scan") != NULL || strstr(plan, index) == NULL) {
        fail_msg("%s: %s", name, plan);
    }
}

/* What is read for many at once goes the same way for each of them. */
static void reading_ahead_goes_down_an_index(void **state)
{
    FIXTURE;
    static const struct {
        const char *block, *types, *index;
    } hot[] = {
        {"user_load", "(bigint[])", "users_pkey"},
        {"commitments_load_open", "(bigint[], bigint[])", "commitments_open"},
        {"commitments_load_ended", "(bigint[], bigint[], bigint[], bigint[])", "commitments_pkey"},
        {"commitment_load", "(bigint[], bigint[])", "commitments_pkey"},
        {"runs_load_active", "(bigint[], bigint[])", "runs_active"},
        {"run_load", "(bigint[], bigint[])", "runs_pkey"},
        {"deliveries_load_unfinished", "(bigint[], bigint[])", "deliveries_unfinished"},
        {"delivery_load", "(bigint[], bigint[])", "deliveries_pkey"},
        {"delivery_unanswered", "(bigint[], bigint[])", "deliveries_pkey"},
        {"identity_find", "(text[], text[])", "identities_pkey"},
        {"seen_find", "(text[], text[])", "seen_pkey"},
    };
    for (size_t i = 0; i < sizeof(hot) / sizeof(hot[0]); i++) {
        void *one;
        assert_ok(
            postgres_statement(fixture->store, blocks_find(hot[i].block), &one, &fixture->detail));
        const struct postgres_statement *ahead = postgres_ahead_of(one);
        check_plan(hot[i].block,
                   plan_of(fixture, hot[i].block, hot[i].types, ahead->sql, ahead->parameter_count),
                   hot[i].index);
    }
}

static void hot_statements_go_down_an_index(void **state)
{
    FIXTURE;
    static const struct {
        const char *block, *index;
    } hot[] = {
        {"user_load", "users_pkey"},
        {"user_update", "users_pkey"},
        {"commitments_load_open", "commitments_open"},
        {"commitments_load_ended", "commitments_pkey"},
        {"commitment_load", "commitments_pkey"},
        {"commitment_update", "commitments_pkey"},
        {"runs_load_active", "runs_active"},
        {"run_load", "runs_pkey"},
        {"run_update", "runs_pkey"},
        {"delivery_load", "deliveries_pkey"},
        {"deliveries_load_unfinished", "deliveries_unfinished"},
        {"delivery_update", "deliveries_pkey"},
        {"delivery_update_outcome", "deliveries_pkey"},
        {"delivery_unanswered", "deliveries_pkey"},
        {"delivery_answered", "deliveries_pkey"},
        {"due_delete", "due_pkey"},
        {"due_load", "due_pkey"},
        {"due_next", "due_pkey"},
        {"identity_find", "identities_pkey"},
        {"event_walk", "Subplans Removed: 3"}, /* of no id, all; of one, all but its month */
        {"inbox_unanswered", "inbox_unanswered"},
        {"setting_load", "settings_pkey"},
        {"join_aliases", "users_aliases"},
        {"erase_feedback", "feedback_user"},
        {"erase_operator_messages", "operator_messages_user"},
        {"export_feedback", "feedback_user"},
        {"export_operator_messages", "operator_messages_user"},
        {"join_feedback", "feedback_user"},
        {"join_operator_messages", "operator_messages_user"},
        {"export_aliases", "users_aliases"},
        {"export_bridge_people", "bridge_people_user"},
    };
    int count;
    const struct block *blocks = blocks_all(&count);
    for (size_t i = 0; i < sizeof(hot) / sizeof(hot[0]); i++) {
        const struct block_text *text = &blocks[blocks_find(hot[i].block)].text[DIALECT_POSTGRES];
        const char *plan = plan_of(fixture, hot[i].block, "", text->sql, text->parameters);
        check_plan(hot[i].block, plan, hot[i].index);
    }
}

/* ---- the fence ------------------------------------------------------------------------------- */

static enum err put_setting(struct fixture *fixture, struct store *store, const char *json)
{
    enum err error = store_begin(store, &fixture->detail);
    if (error == OK) {
        error = store_setting_put(store, "test", str_of(json), NOW_MS, &fixture->detail);
    }
    if (error == OK) {
        return store_commit(store, &fixture->detail);
    }
    store_rollback(store);
    return error;
}

static void who_lost_the_lease_cannot_commit(void **state)
{
    FIXTURE;
    struct store *other = another(fixture, "");
    struct lease lease;
    assert_ok(
        store_lease_take(fixture->store, 1, 10, NOW_MS, NOW_MS + 60000, &lease, &fixture->detail));
    assert_ok(put_setting(fixture, fixture->store, "1"));
    assert_err(ERR_CONFLICT, store_lease_take(other, 2, 20, NOW_MS + 1, NOW_MS + 60000, &lease,
                                              &fixture->detail));
    run_sql(other, "UPDATE engine_lease SET until_ms = 1"); /* as if it had run out */
    assert_ok(store_lease_take(other, 2, 20, NOW_MS, NOW_MS + 60000, &lease, &fixture->detail));
    assert_int_equal(lease.fence, 2);
    assert_err(ERR_CONFLICT, put_setting(fixture, fixture->store, "2"));
    assert_ok(put_setting(fixture, other, "3"));
    struct str json;
    assert_ok(store_setting_get(fixture->store, fixture->arena, "test", &json, &fixture->detail));
    assert_str("3", json);
    store_close(other);
}

static void a_node_is_forgotten_after_a_day_of_the_server(void **state)
{
    FIXTURE;
    const struct node node = {.id = 5, .pid = 6, .host = "anna", .version = "1"};
    const struct arg args[] = {ARG_INT(0), ARG_INT(0)};
    struct rows rows;
    assert_ok(store_node_beat(fixture->store, &node, NOW_MS, &fixture->detail));
    run_sql(fixture->store, "UPDATE nodes SET beat_at_ms = beat_at_ms - 86400001");
    assert_ok(store_node_forget(fixture->store, 0, NOW_MS, &fixture->detail));
    assert_ok(store_query(fixture->store, fixture->arena, "nodes_list", args, 2, 1, &rows,
                          &fixture->detail));
    assert_int_equal(rows.count, 0);
}

/* It rests inside a transaction: the server ends that, and whoever waits for its lease goes on. */
static void a_frozen_owner_holds_nobody_up(void **state)
{
    FIXTURE;
    struct store *other = another(fixture, "");
    struct lease lease;
    assert_ok(
        store_lease_take(fixture->store, 1, 10, NOW_MS, NOW_MS + 400, &lease, &fixture->detail));
    assert_ok(store_begin(fixture->store, &fixture->detail));
    bool is_new;
    assert_ok(store_seen(fixture->store, STR("a"), STR("b"), NOW_MS, &is_new, &fixture->detail));
    run_sql(other, "UPDATE engine_lease SET until_ms = 1"); /* waits for the row */
    assert_ok(store_lease_take(other, 2, 20, NOW_MS, NOW_MS + 60000, &lease, &fixture->detail));
    assert_err(ERR_BUSY, store_commit(fixture->store, &fixture->detail));
    assert_err(ERR_CONFLICT, put_setting(fixture, fixture->store, "1")); /* connected again */
    assert_ok(store_seen(other, STR("a"), STR("b"), NOW_MS, &is_new, &fixture->detail));
    assert_true(is_new);
    store_close(other);
}

/* ---- events by month ------------------------------------------------------------------------- */

static const char *one_cell(struct fixture *fixture, const char *sql)
{
    struct postgres_store *store = postgres_of(fixture->store);
    PQexitPipelineMode(store->connection);
    PGresult *result = PQexec(store->connection, sql);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(store->connection));
    }
    const char *cell = arena_printf(fixture->arena, "%s", PQgetvalue(result, 0, 0)).ptr;
    PQclear(result);
    PQenterPipelineMode(store->connection);
    return cell;
}

static void make_room(struct fixture *fixture, int64_t now_ms)
{
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_events_make_room(fixture->store, now_ms, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
}

/* Which parts hold events, with their number, in the order of time. */
#define PARTS                                                                                      \
    "SELECT string_agg(part || ' ' || n, ', ' ORDER BY first) FROM (SELECT tableoid::regclass::"   \
    "text AS part, count(*) AS n, min(id) AS first FROM events GROUP BY 1) AS p"

/* The store's tables were made today: months are looked at that are far enough after it. */
static void events_go_to_their_month(void **state)
{
    FIXTURE;
    enum { DAYS = 31 };
    const int64_t may_2101 = INT64_C(4144348800000);
    struct person *person = fixture_person(fixture);
    struct event events[3];
    for (int i = 0; i < 3; i++) {
        events[i] = fixture_event(fixture, person, EVENT_MESSAGE_RECEIVED,
                                  may_2101 - DAY_MS + i * DAYS * DAY_MS);
    }
    fixture_save(fixture, person);
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_events_append(fixture->store, events, 3, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    assert_string_equal("events_rest 3", one_cell(fixture, PARTS));
    /* Each call makes two years at most. */
    for (int i = 0; i < 50; i++) {
        make_room(fixture, may_2101);
    }
    assert_string_equal("events_2101_04 1, events_2101_05 1, events_2101_07 1",
                        one_cell(fixture, PARTS));
    assert_string_equal("0", one_cell(fixture, "SELECT event_months_make(0)"));
    assert_string_equal(
        "0", one_cell(fixture, "SELECT count(*) FROM pg_class WHERE relrowsecurity = false AND "
                               "relnamespace = current_schema()::regnamespace AND relkind IN "
                               "('r', 'p')"));
}

/* Who reads for long is neither waited for nor made to wait: another time will do. */
static void a_reader_of_the_rest_keeps_no_batch_back(void **state)
{
    FIXTURE;
    static const char parts[] =
        "SELECT count(*) FROM pg_inherits WHERE inhparent = 'events'::regclass";
    struct store *other = another(fixture, "");
    run_sql(other, "BEGIN; LOCK TABLE events_rest IN ACCESS SHARE MODE");
    const char *before = one_cell(fixture, parts);
    const int64_t later_ms = INT64_C(4144348800000);
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_events_make_room(fixture->store, later_ms, &fixture->detail));
    bool is_new;
    assert_ok(store_seen(fixture->store, STR("a"), STR("b"), NOW_MS, &is_new, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    assert_string_equal(before, one_cell(fixture, parts));
    run_sql(other, "ROLLBACK");
    make_room(fixture, later_ms);
    assert_int_equal(strtol(before, NULL, 10) + 24, strtol(one_cell(fixture, parts), NULL, 10));
    store_close(other);
}

/* Three events of 2101 in months of their own, the middle one with revenue. */
static void fill_months(struct fixture *fixture)
{
    const int64_t may_2101 = INT64_C(4144348800000);
    struct store *other = another(fixture, "");
    struct person *person = fixture_person(fixture);
    struct event events[3];
    person->user.event_last_id = 0;
    for (int i = 0; i < 3; i++) {
        events[i] = fixture_event(fixture, person, EVENT_STEP_SENT, may_2101 + i * 31 * DAY_MS);
        events[i].revenue = i == 1;
    }
    fixture_save(fixture, person);
    for (int i = 0; i < 50; i++) { /* each call makes two years at most */
        make_room(fixture, may_2101);
    }
    /* What would leave first, if it were not for thousands of days in which nothing happened. */
    run_sql(other, "DO $$ DECLARE part text; BEGIN FOR part IN SELECT relname FROM pg_class WHERE "
                   "relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname "
                   "~ '^events_(20|2100|2101_0[1-4])' LOOP EXECUTE 'DROP TABLE ' || part; END "
                   "LOOP; END $$");
    store_close(other);
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_events_append(fixture->store, events, 3, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    assert_string_equal("events_2101_05 1, events_2101_06 1, events_2101_07 1",
                        one_cell(fixture, PARTS));
}

static bool leave(struct fixture *fixture, int64_t before_ms)
{
    bool more = false;
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_events_leave(fixture->store, before_ms, 100, &more, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    return more;
}

/* A month goes with its table; what somebody paid moves to the first part, which stays attached
 * and closed to others. Who reads just then is waited for some other time. */
static void a_month_leaves_as_a_whole(void **state)
{
    FIXTURE;
    const int64_t july_2101 = INT64_C(4149619200000);
    fill_months(fixture);
    struct store *other = another(fixture, "");
    run_sql(other, "BEGIN; LOCK TABLE events_2101_05 IN ACCESS SHARE MODE");
    assert_false(leave(fixture, july_2101));
    assert_string_equal("events_2101_05 1, events_2101_06 1, events_2101_07 1",
                        one_cell(fixture, PARTS));
    assert_string_equal("0", one_cell(fixture, "SELECT count(*) FROM event_counts"));
    run_sql(other, "ROLLBACK");
    assert_true(leave(fixture, july_2101));
    assert_string_equal("events_2101_06 1, events_2101_07 1", one_cell(fixture, PARTS));
    assert_true(leave(fixture, july_2101));
    assert_string_equal("events_before 1, events_2101_07 1", one_cell(fixture, PARTS));
    assert_false(leave(fixture, july_2101));
    assert_string_equal("events_before 1, events_2101_07 1", one_cell(fixture, PARTS));
    assert_string_equal("1", one_cell(fixture, "SELECT count FROM event_counts"));
    assert_string_equal(
        "0", one_cell(fixture, "SELECT count(*) FROM pg_class WHERE relrowsecurity = false AND "
                               "relnamespace = current_schema()::regnamespace AND relkind IN "
                               "('r', 'p')"));
    make_room(fixture, july_2101); /* months to come are made as ever */
    assert_string_equal("2",
                        one_cell(fixture, "SELECT count(*) FROM pg_inherits AS i JOIN pg_index "
                                          "AS x ON x.indexrelid = i.inhrelid WHERE x.indrelid "
                                          "= 'events_before'::regclass"));
    store_close(other);
}

/* ---- very many events ------------------------------------------------------------------------ */

static void end_connection(struct fixture *fixture, struct store *other)
{
    char sql[80];
    snprintf(sql, sizeof(sql), "SELECT pg_terminate_backend(%d, 5000)",
             PQbackendPID(postgres_of(fixture->store)->connection));
    run_sql(other, sql);
}

enum { CROWD = 1300 };

static struct event *crowd_of(struct fixture *fixture, struct person *person)
{
    struct event *events = ARENA_ARRAY(fixture->arena, struct event, CROWD);
    person->user.event_last_id = 0;
    for (int i = 0; i < CROWD; i++) {
        events[i] = fixture_event(fixture, person, EVENT_MESSAGE_RECEIVED, NOW_MS + i);
        events[i].journey = i % 3 == 0 ? STR("") : (struct str){"a\0b\t\\.\n\xc3\xa9", 9};
        events[i].revenue = i % 2 == 0 ? 0 : -0.25 * i;
    }
    return events;
}

static enum err append_crowd(struct fixture *fixture, struct store *store, struct person *person,
                             const struct event *events)
{
    enum err error = store_begin(store, &fixture->detail);
    if (error == OK) {
        error = store_people_save(store, &person, 1, &fixture->detail);
    }
    if (error == OK) {
        error = store_events_append(store, events, CROWD, &fixture->detail);
    }
    if (error == OK) {
        error = store_setting_put(store, "after", STR("1"), NOW_MS, &fixture->detail);
    }
    if (error == OK) {
        return store_commit(store, &fixture->detail);
    }
    store_rollback(store);
    return error;
}

/* One command for all, which is told by the number that each row keeps of its command. */
static void very_many_events_are_copied(void **state)
{
    FIXTURE;
    struct store *pooled = another(fixture, "&pooler=transaction");
    struct store *const stores[] = {fixture->store, pooled};
    for (int i = 0; i < 2; i++) {
        struct person *person = fixture_person(fixture);
        struct event *events = crowd_of(fixture, person);
        assert_ok(append_crowd(fixture, stores[i], person, events));
        const struct arg args[] = {ARG_INT(person->user.id)};
        struct rows rows;
        assert_ok(store_query(fixture->store, fixture->arena, "export_events", args, 1, CROWD,
                              &rows, &fixture->detail));
        assert_int_equal(rows.count, CROWD);
        for (int k = 0; k < CROWD; k++) {
            const struct cell *cells = &rows.cells[(CROWD - 1 - k) * rows.columns];
            assert_int_equal(cells[0].integer, events[k].id);
            assert_int_equal(cells[4].integer, k > 0 ? events[k - 1].id : 0);
            assert_str(k % 3 == 0 ? "" : "a b\t\\.\n\xc3\xa9", cells[5].text);
            assert_true(cells[10].real >= events[k].revenue && /* equal */
                        cells[10].real <= events[k].revenue);
        }
        int commands = (CROWD + LIMIT_ROWS_COPIED - 1) / LIMIT_ROWS_COPIED;
        assert_int_equal(commands,
                         strtol(one_cell(fixture, arena_printf(fixture->arena,
                                                               "SELECT count(DISTINCT cmin::text) "
                                                               "FROM events WHERE user_id = %lld",
                                                               (long long)person->user.id)
                                                      .ptr),
                                NULL, 10));
    }
    store_close(pooled);
}

/* What is wrong with one is told, nothing of the transaction stays, and the next goes on. */
static void a_copy_that_fails_leaves_nothing(void **state)
{
    FIXTURE;
    struct person *person = fixture_person(fixture);
    struct event *events = crowd_of(fixture, person);
    int64_t good_id = events[CROWD / 2].id;
    events[CROWD / 2].id = events[CROWD / 2 - 1].id;
    assert_err(ERR_STORE, append_crowd(fixture, fixture->store, person, events));
    assert_non_null(strstr(fixture->detail.text, "append an event"));
    assert_string_equal("0", one_cell(fixture, "SELECT count(*) FROM events"));
    assert_string_equal("0", one_cell(fixture, "SELECT count(*) FROM settings"));
    struct store *other = another(fixture, "");
    events[CROWD / 2].id = good_id;
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_events_append(fixture->store, events, CROWD, &fixture->detail));
    end_connection(fixture, other); /* under the feet of the copy */
    assert_err(ERR_BUSY, store_commit(fixture->store, &fixture->detail));
    store_rollback(fixture->store);
    assert_ok(append_crowd(fixture, fixture->store, person, events));
    assert_int_equal(CROWD, strtol(one_cell(fixture, "SELECT count(*) FROM events"), NULL, 10));
    store_close(other);
}

/* ---- connections ----------------------------------------------------------------------------- */

static void a_lost_connection_is_opened_again(void **state)
{
    FIXTURE;
    struct store *other = another(fixture, "");
    struct person *person = fixture_person(fixture);
    const struct person_want want = {.user_id = person->user.id, .now_ms = NOW_MS};
    fixture_save(fixture, person);
    end_connection(fixture, other);
    fixture_load(fixture, &want); /* outside of a transaction nobody notices */
    assert_ok(store_begin(fixture->store, &fixture->detail));
    person->user.changed = true;
    assert_ok(store_people_save(fixture->store, &person, 1, &fixture->detail));
    end_connection(fixture, other);
    assert_err(ERR_BUSY, store_commit(fixture->store, &fixture->detail));
    assert_non_null(strstr(fixture->detail.text, "connection"));
    person->user.first_name = STR("Anna");
    person->user.changed = true;
    fixture_save(fixture, person);
    assert_str("Anna", fixture_load(fixture, &want)->user.first_name);
    store_close(other);
}

static void nothing_is_prepared_through_a_pooler(void **state)
{
    FIXTURE;
    struct store *pooled = another(fixture, "&pooler=transaction");
    assert_false(postgres_of(fixture->store)->pooled); /* looked for, and there is none */
    struct fixture own = *fixture;
    own.store = pooled;
    struct person *person = fixture_person(&own);
    fixture_run(&own, person, RUN_ACTIVE);
    fixture_save(&own, person);
    const struct person_want want = {.user_id = person->user.id, .now_ms = NOW_MS};
    assert_int_equal(fixture_load(&own, &want)->run_count, 1);
    PGresult *result = NULL;
    assert_ok(pipeline_ask(postgres_of(pooled),
                           "SELECT count(*), current_setting('search_path') "
                           "FROM pg_prepared_statements",
                           0, NULL, "look", &result, &fixture->detail));
    assert_string_equal(PQgetvalue(result, 0, 0), "0");
    PQclear(result);
    run_sql(pooled, "DO $$ BEGIN ASSERT current_setting('search_path') NOT LIKE '%t%\\_%'; END $$");
    store_close(pooled);
}

/* ---- rights ---------------------------------------------------------------------------------- */

static void a_role_that_sees_nothing_is_told(void **state)
{
    FIXTURE;
    const char *schema = postgres_of(fixture->store)->schema;
    struct str sql =
        arena_printf(fixture->arena,
                     "DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN;"
                     "GRANT USAGE ON SCHEMA %s TO stranger; GRANT SELECT, INSERT, UPDATE, DELETE "
                     "ON ALL TABLES IN SCHEMA %s TO stranger",
                     schema, schema);
    run_sql(fixture->store, sql.ptr);
    const char *at = strstr(fixture->url, "nudge@");
    assert_non_null(at);
    sql = arena_printf(fixture->arena, "%.*sstranger%s", (int)(at - fixture->url), fixture->url,
                       at + strlen("nudge"));
    struct store *store = NULL;
    struct migration_state migration;
    assert_ok(store_open(sql.ptr, STORE_WRITER, &store, &fixture->detail));
    assert_err(ERR_FORBIDDEN, store_migration_state(store, &migration, &fixture->detail));
    assert_non_null(strstr(fixture->detail.text, "stranger"));
    store_close(store);
    sql = arena_printf(fixture->arena, "DROP OWNED BY stranger; DROP ROLE stranger");
    run_sql(fixture->store, sql.ptr);
}

static void foreign_tables_are_refused(void **state)
{
    FIXTURE;
    run_sql(fixture->store,
            "CREATE SCHEMA foreign_tables; CREATE TABLE foreign_tables.users (id int)");
    struct migration_state migration;
    char url[256];
    struct store *store = NULL;
    snprintf(url, sizeof(url), "%s&schema=foreign_tables", fixture->url);
    assert_ok(store_open(url, STORE_WRITER, &store, &fixture->detail));
    assert_err(ERR_SCHEMA, store_migration_state(store, &migration, &fixture->detail));
    assert_err(ERR_SCHEMA, store_migrate(store, NULL, NULL, &fixture->detail));
    store_close(store);
    run_sql(fixture->store, "DROP SCHEMA foreign_tables CASCADE");
}

static void a_wrong_url_is_told(void **state)
{
    FIXTURE;
    struct store *store = NULL;
    assert_err(ERR_CONFIG,
               store_open("postgres://h/d?schema=a%22b", STORE_READER, &store, &fixture->detail));
    assert_err(ERR_CONFIG,
               store_open("postgres://h/d?pooler=maybe", STORE_READER, &store, &fixture->detail));
    assert_err(ERR_BUSY, store_open("postgres://u:secret@/d?host=/nowhere", STORE_READER, &store,
                                    &fixture->detail));
    assert_null(strstr(fixture->detail.text, "secret"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(hot_statements_go_down_an_index),
        CASE(reading_ahead_goes_down_an_index),
        CASE(who_lost_the_lease_cannot_commit),
        CASE(a_node_is_forgotten_after_a_day_of_the_server),
        CASE(a_frozen_owner_holds_nobody_up),
        CASE(events_go_to_their_month),
        CASE(a_reader_of_the_rest_keeps_no_batch_back),
        CASE(a_month_leaves_as_a_whole),
        CASE(very_many_events_are_copied),
        CASE(a_copy_that_fails_leaves_nothing),
        CASE(a_lost_connection_is_opened_again),
        CASE(nothing_is_prepared_through_a_pooler),
        CASE(a_role_that_sees_nothing_is_told),
        CASE(foreign_tables_are_refused),
        CASE(a_wrong_url_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
