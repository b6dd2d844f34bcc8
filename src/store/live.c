/* Reading the live tables. Which of them and of their columns there are is asked of the catalogue;
 * the question for people is put together from that. Rows travel as JSON, so that no list of
 * columns is needed, and through a cursor of one transaction that sees one instant. */
#include "store/live.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "store/postgres.h"

enum { SQL_BYTES_MAX = 16 * 1024 };

/* Tables that say something about a person, commitments first. */
static const char *const PARTS[] = {
    "commitments",     "communication_preferences", "nurture_user_preferences",
    "pod_memberships", "user_email_preferences",    "user_sequence_state"};
enum { PART_COUNT = sizeof(PARTS) / sizeof(PARTS[0]) };

/* How a column can lead to a person. */
enum key_type { KEY_NONE, KEY_NUMBER, KEY_UUID, KEY_TEXT };

struct table_look {
    bool exists;
    bool is_table; /* its rows know by whom they were written */
    bool has_text, has_commitment;
    enum key_type id, user_id, telegram_user_id, telegram_id;
};

struct live {
    struct store *store;
    enum live_shape shape;
    int64_t people;
    char mark[LIVE_MARK_BYTES];
    char since[LIVE_MARK_BYTES]; /* "": everybody is asked for */
    struct table_look users;
    struct table_look parts[PART_COUNT];
};

const char *live_shape_name(enum live_shape shape)
{
    static const char *const names[] = {"A", "B", "C"};
    return names[shape];
}

enum live_shape live_shape(const struct live *live)
{
    return live->shape;
}

const char *live_mark(const struct live *live)
{
    return live->mark;
}

int64_t live_people(const struct live *live)
{
    return live->people;
}

/* ---- looking --------------------------------------------------------------------------------- */

static enum err ask(struct live *live, const char *sql, const char *doing, PGresult **ret_result,
                    struct err_detail *detail)
{
    return pipeline_ask(postgres_of(live->store), sql, 0, NULL, doing, ret_result, detail);
}

static struct table_look *look_of(struct live *live, const char *table)
{
    for (int i = 0; i < PART_COUNT; i++) {
        if (strcmp(PARTS[i], table) == 0) {
            return &live->parts[i];
        }
    }
    return &live->users;
}

static enum key_type key_type_of(const char *type)
{
    if (strcmp(type, "bigint") == 0 || strcmp(type, "integer") == 0 ||
        strcmp(type, "numeric") == 0) {
        return KEY_NUMBER;
    }
    return strcmp(type, "uuid") == 0 ? KEY_UUID : KEY_TEXT;
}

static void note_column(struct table_look *table, const char *column, enum key_type type)
{
    table->exists = true;
    if (strcmp(column, "id") == 0) {
        table->id = type;
    } else if (strcmp(column, "user_id") == 0) {
        table->user_id = type;
    } else if (strcmp(column, "telegram_user_id") == 0) {
        table->telegram_user_id = type;
    } else if (strcmp(column, "telegram_id") == 0) {
        table->telegram_id = type;
    } else if (strcmp(column, "text") == 0) {
        table->has_text = true;
    } else if (strcmp(column, "commitment") == 0) {
        table->has_commitment = true;
    }
}

#define LIVE_TABLES                                                                                \
    "n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relname IN ('users', "  \
    "'commitments', 'communication_preferences', 'nurture_user_preferences', 'pod_memberships', "  \
    "'user_email_preferences', 'user_sequence_state')"

static enum err look(struct live *live, struct err_detail *detail)
{
    PGresult *result = NULL;
    enum err error = ask(live,
                         "SELECT c.relname, a.attname, format_type(a.atttypid, NULL), c.relkind "
                         "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
                         "JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 "
                         "AND NOT a.attisdropped WHERE " LIVE_TABLES,
                         "look at the live tables", &result, detail);
    if (error != OK) {
        return error;
    }
    for (int i = 0; i < PQntuples(result); i++) {
        struct table_look *table = look_of(live, PQgetvalue(result, i, 0));
        note_column(table, PQgetvalue(result, i, 1), key_type_of(PQgetvalue(result, i, 2)));
        table->is_table = PQgetvalue(result, i, 3)[0] == 'r';
    }
    PQclear(result);
    return OK;
}

/* Under row level security a role sees fewer rows, and no error. */
static enum err check_rights(struct live *live, struct err_detail *detail)
{
    PGresult *result = NULL;
    enum err error =
        ask(live,
            "SELECT c.relname, has_table_privilege(c.oid, 'SELECT'), current_user "
            "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
            "WHERE (NOT has_table_privilege(c.oid, 'SELECT') OR (c.relrowsecurity "
            "AND (c.relforcerowsecurity OR NOT pg_has_role(c.relowner, 'USAGE')) "
            "AND NOT (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user)"
            ")) AND " LIVE_TABLES " ORDER BY 1 LIMIT 1",
            "look at the rights on the live tables", &result, detail);
    if (error != OK) {
        return error;
    }
    if (PQntuples(result) > 0) {
        error = err_set(detail, ERR_FORBIDDEN,
                        "the role %s may not read %s of public.%s; connect as the owner of the "
                        "live tables",
                        PQgetvalue(result, 0, 2),
                        PQgetvalue(result, 0, 1)[0] == 't' ? "all rows" : "the rows",
                        PQgetvalue(result, 0, 0));
    }
    PQclear(result);
    return error;
}

/* ---- the shape ------------------------------------------------------------------------------- */

static enum err recognise(struct live *live, struct err_detail *detail)
{
    const struct table_look *users = &live->users;
    const struct table_look *commitments = &live->parts[0];
    if (!users->exists || !commitments->exists) {
        return err_set(detail, ERR_SCHEMA,
                       "schema public of that database has no table %s; expected the previous "
                       "bot's users and commitments",
                       users->exists ? "commitments" : "users");
    }
    bool by_text = commitments->has_text && !commitments->has_commitment;
    if (users->telegram_user_id == KEY_NUMBER && commitments->has_commitment &&
        commitments->telegram_user_id == KEY_NUMBER) {
        live->shape = LIVE_SHAPE_A;
    } else if (users->telegram_user_id == KEY_NUMBER && commitments->has_commitment &&
               users->id != KEY_NONE && commitments->user_id != KEY_NONE) {
        live->shape = LIVE_SHAPE_B;
    } else if (users->telegram_id == KEY_NUMBER && by_text &&
               commitments->telegram_id == KEY_NUMBER) {
        live->shape = LIVE_SHAPE_C;
    } else {
        return err_set(detail, ERR_SCHEMA,
                       "unknown shape: users have %s, commitments have %s%s%s; expected "
                       "telegram_user_id and \"commitment\" (A, B) or telegram_id and \"text\" (C)",
                       users->telegram_user_id != KEY_NONE ? "telegram_user_id"
                       : users->telegram_id != KEY_NONE    ? "telegram_id"
                                                           : "no Telegram id",
                       commitments->has_commitment ? "\"commitment\""
                       : commitments->has_text     ? "\"text\""
                                                   : "no text",
                       commitments->telegram_user_id != KEY_NONE ? ", telegram_user_id" : "",
                       commitments->telegram_id != KEY_NONE ? ", telegram_id" : "");
    }
    return OK;
}

/* ---- the question ---------------------------------------------------------------------------- */

struct sql {
    char text[SQL_BYTES_MAX];
    size_t used;
    int joins;
};

static void add(struct sql *sql, const char *format, ...) PRINTF_LIKE(2, 3);
static void add(struct sql *sql, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(sql->text + sql->used, sizeof(sql->text) - sql->used, format, args);
    va_end(args);
    ASSERT(length >= 0 && (size_t)length < sizeof(sql->text) - sql->used);
    sql->used += (size_t)length;
}

static const char *telegram_column(const struct live *live)
{
    return live->shape == LIVE_SHAPE_C ? "telegram_id" : "telegram_user_id";
}

/* The ways in which the table of a part can lead to a person: a column of it, and one of users. */
struct way {
    const char *key;
    const char *user_column;
};
enum { WAYS_MAX = 3 };

/* Rows that two ways lead to are there twice, which is nothing to a consent; commitments have one
 * way. */
static int ways_of(const struct live *live, int part, struct way ways[WAYS_MAX])
{
    const struct table_look *table = &live->parts[part];
    const char *telegram = telegram_column(live);
    int count = 0;
    if (table->telegram_user_id != KEY_NONE) {
        ways[count++] = (struct way){"telegram_user_id", telegram};
    } else if (table->telegram_id != KEY_NONE) {
        ways[count++] = (struct way){"telegram_id", telegram};
    }
    bool one_way = part == 0 && live->shape != LIVE_SHAPE_B;
    if (one_way || table->user_id == KEY_NONE) {
        return count;
    }
    if (live->users.id != KEY_NONE && table->user_id != KEY_NUMBER) {
        ways[count++] = (struct way){"user_id", "id"};
    }
    if (table->user_id != KEY_UUID) {
        ways[count++] = (struct way){"user_id", telegram};
    }
    return count;
}

/* Collected by person first, then joined: there need be no index. */
static void add_join(const struct live *live, struct sql *sql, const char *table, struct way way)
{
    add(sql,
        " LEFT JOIN (SELECT t.%s::text AS k, jsonb_agg(jsonb_strip_nulls(to_jsonb(t)) "
        "ORDER BY to_jsonb(t) ->> 'id', to_jsonb(t)::text) AS rows FROM public.%s AS t",
        way.key, table);
    if (live->since[0] != '\0') {
        add(sql, " WHERE t.%s::text IN (SELECT w.%s::text FROM wanted AS w)", way.key,
            way.user_column);
    }
    add(sql, " GROUP BY 1) AS j%d ON j%d.k = u.%s::text", sql->joins, sql->joins, way.user_column);
    sql->joins++;
}

/* Of whom a row was written by the transaction of the mark or a later one. */
static void add_wanted(const struct live *live, struct sql *sql)
{
    add(sql,
        "WITH wanted AS MATERIALIZED (SELECT u.* FROM public.users AS u "
        "WHERE age(u.xmin) <= age('%s'::xid)",
        live->since);
    for (int part = 0; part < PART_COUNT; part++) {
        struct way ways[WAYS_MAX];
        int count = live->parts[part].exists ? ways_of(live, part, ways) : 0;
        for (int i = 0; i < count; i++) {
            add(sql,
                " OR u.%s::text IN (SELECT t.%s::text FROM public.%s AS t "
                "WHERE age(t.xmin) <= age('%s'::xid))",
                ways[i].user_column, ways[i].key, PARTS[part], live->since);
        }
    }
    add(sql, ") ");
}

static void write_question(const struct live *live, struct sql *head)
{
    struct sql joins = {.used = 0};
    add(head, "DECLARE live_people NO SCROLL CURSOR FOR ");
    if (live->since[0] != '\0') {
        add_wanted(live, head);
    }
    add(head, "SELECT jsonb_build_object('user', jsonb_strip_nulls(to_jsonb(u))");
    for (int part = 0; part < PART_COUNT; part++) {
        struct way ways[WAYS_MAX];
        int first = joins.joins;
        int count = live->parts[part].exists ? ways_of(live, part, ways) : 0;
        for (int i = 0; i < count; i++) {
            add_join(live, &joins, PARTS[part], ways[i]);
        }
        if (joins.joins == first) {
            continue;
        }
        add(head, ", '%s', ", PARTS[part]);
        for (int i = first; i < joins.joins; i++) {
            add(head, "%scoalesce(j%d.rows, '[]')", i > first ? " || " : "", i);
        }
    }
    add(head, ") FROM %s AS u%.*s ORDER BY u.%s",
        live->since[0] != '\0' ? "wanted" : "public.users", (int)joins.used, joins.text,
        telegram_column(live));
}

static enum err ask_for_people(struct live *live, struct err_detail *detail)
{
    PGresult *result = NULL;
    enum err error = ask(live,
                         "SELECT set_config('TimeZone', 'UTC', true), count(*), "
                         "pg_snapshot_xmin(pg_current_snapshot())::xid::text FROM public.users",
                         "count the live users", &result, detail);
    if (error != OK) {
        return error;
    }
    live->people = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    snprintf(live->mark, sizeof(live->mark), "%s", PQgetvalue(result, 0, 2));
    PQclear(result);
    struct sql *sql = calloc(1, sizeof(*sql));
    ASSERT(sql != NULL);
    write_question(live, sql);
    error = ask(live, sql->text, "ask for the live users", &result, detail);
    if (error == OK) {
        PQclear(result);
    }
    free(sql);
    return error;
}

/* ---- the contract ---------------------------------------------------------------------------- */

/* Rows of a view do not say when they were written, so that then everybody is asked for. */
static void begin_since(struct live *live, const char *since)
{
    bool all_tables = live->users.is_table;
    for (int part = 0; part < PART_COUNT; part++) {
        all_tables = all_tables && (live->parts[part].is_table || !live->parts[part].exists);
    }
    bool is_number = since[0] != '\0' && strspn(since, "0123456789") == strlen(since);
    if (all_tables && is_number && strlen(since) < sizeof(live->since)) {
        memcpy(live->since, since, strlen(since) + 1);
    }
}

enum err live_open(const char *url, const char *since, struct live **ret_live,
                   struct err_detail *detail)
{
    if (strncmp(url, "postgres://", 11) != 0 && strncmp(url, "postgresql://", 13) != 0) {
        return err_set(detail, ERR_CONFIG,
                       "the live tables stand in PostgreSQL; name it with --from postgres://…");
    }
    struct live *live = calloc(1, sizeof(*live));
    ASSERT(live != NULL);
    enum err error = postgres_open(url, STORE_READER, &live->store, detail);
    if (error == OK) {
        error = live->store->driver->begin_reading(live->store, detail);
    }
    if (error == OK) {
        error = look(live, detail);
    }
    if (error == OK) {
        error = recognise(live, detail);
    }
    if (error == OK) {
        error = check_rights(live, detail);
    }
    if (error == OK) {
        begin_since(live, since);
        error = ask_for_people(live, detail);
    }
    if (error != OK) {
        live_close(live);
        return error;
    }
    *ret_live = live;
    return OK;
}

void live_close(struct live *live)
{
    if (live == NULL) {
        return;
    }
    if (live->store != NULL) {
        store_rollback(live->store);
        store_close(live->store);
    }
    free(live);
}

enum err live_next(struct live *live, struct arena *arena, int max, struct str **ret_documents,
                   int *ret_count, struct err_detail *detail)
{
    char sql[64];
    PGresult *result = NULL;
    snprintf(sql, sizeof(sql), "FETCH %d FROM live_people", max);
    enum err error = ask(live, sql, "read the live users", &result, detail);
    if (error != OK) {
        return error;
    }
    int count = PQntuples(result);
    *ret_documents = ARENA_ARRAY(arena, struct str, (size_t)count);
    *ret_count = count;
    for (int i = 0; i < count; i++) {
        (*ret_documents)[i] = arena_str(
            arena, (struct str){PQgetvalue(result, i, 0), (size_t)PQgetlength(result, i, 0)});
    }
    PQclear(result);
    return OK;
}
