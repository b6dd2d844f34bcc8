/* The schema of a PostgreSQL database: what is there, who may use it, and scripts of migrations. */
#include "store/postgres.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

/* Several commands in one text are the simple protocol's, which a pipeline does not speak. */
enum err postgres_execute(struct store *base, const char *sql, const char *what,
                          struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    pipeline_send_collected(store);
    enum err error = pipeline_settle(store, NULL, detail);
    if (error != OK) {
        return error;
    }
    PQexitPipelineMode(store->connection);
    PGresult *result = PQexec(store->connection, sql);
    ExecStatusType status = PQresultStatus(result);
    error = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
                ? OK
                : postgres_map(result, what, detail);
    PQclear(result);
    PQenterPipelineMode(store->connection);
    return error;
}

/* Row level security without policies, and no rights for the public roles (anon and authenticated
 * are Supabase's; elsewhere there are none of these names). */
const char postgres_closing[] =
    "DO $$\n"
    "DECLARE\n"
    "    made record;\n"
    "    public_role text;\n"
    "BEGIN\n"
    "    FOR made IN\n"
    "        SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c\n"
    "        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', "
    "'v', 'm', 'S')\n"
    "            AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)\n"
    "    LOOP\n"
    "        IF made.relkind IN ('r', 'p') THEN\n"
    "            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.name);\n"
    "        END IF;\n"
    "        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC',\n"
    "                       CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, "
    "made.name);\n"
    "        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', "
    "'authenticated') LOOP\n"
    "            EXECUTE format('REVOKE ALL ON %s %s FROM %I',\n"
    "                           CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, "
    "made.name,\n"
    "                           public_role);\n"
    "        END LOOP;\n"
    "    END LOOP;\n"
    "    FOR made IN\n"
    "        SELECT p.oid::regprocedure AS name FROM pg_proc AS p\n"
    "        WHERE p.pronamespace = current_schema()::regnamespace\n"
    "            AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)\n"
    "    LOOP\n"
    "        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.name);\n"
    "        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', "
    "'authenticated') LOOP\n"
    "            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', made.name, public_role);\n"
    "        END LOOP;\n"
    "    END LOOP;\n"
    "END\n"
    "$$;\n";

static int64_t number_at(const PGresult *result, int column)
{
    return strtoll(PQgetvalue(result, 0, column), NULL, 10);
}

static bool truth_at(const PGresult *result, int column)
{
    return PQgetvalue(result, 0, column)[0] == 't';
}

enum err postgres_look(struct store *base, struct schema_look *ret_look, struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    const char *const values[] = {store->schema};
    PGresult *result = NULL;
    enum err error =
        pipeline_ask(store,
                     "SELECT count(*), count(*) FILTER (WHERE c.relname = 'schema_migrations') "
                     "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
                     "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm')",
                     1, values, "look at the schema", &result, detail);
    if (error == OK) {
        *ret_look = (struct schema_look){number_at(result, 0) > 0, number_at(result, 1) > 0};
        PQclear(result);
    }
    return error;
}

/* Others wait for the lock until this transaction ends. A schema that is there is not made, which
 * would want the right to make one; whether it is there is asked under the lock, in a statement of
 * its own: what waits for a lock sees what was there before it waited. */
enum err postgres_lock_schema(struct store *base, struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    const char *const values[] = {store->schema};
    PGresult *result = NULL;
    enum err error =
        pipeline_ask(store,
                     "SELECT set_config('lock_timeout', '5s', true), "
                     "pg_advisory_xact_lock(hashtextextended('nudge migrate ' || $1, 0))",
                     1, values, "lock the schema", &result, detail);
    if (error != OK) {
        return error;
    }
    PQclear(result);
    error = pipeline_ask(store, "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", 1,
                         values, "look for the schema", &result, detail);
    if (error != OK) {
        return error;
    }
    bool exists = truth_at(result, 0);
    PQclear(result);
    if (exists) {
        return OK;
    }
    char sql[256];
    snprintf(sql, sizeof(sql), "CREATE SCHEMA %s", store->schema_quoted);
    return postgres_execute(base, sql, "create the schema", detail);
}

/* Under row level security, a role that is neither the owner nor above it sees empty tables, and no
 * error: said here. */
enum err postgres_check_rights(struct store *base, struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    const char *const values[] = {store->schema};
    PGresult *result = NULL;
    enum err error = pipeline_ask(
        store,
        "SELECT bool_and(has_table_privilege(c.oid, 'SELECT') "
        "  AND has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE') "
        "  AND has_table_privilege(c.oid, 'DELETE')), "
        " bool_and(NOT c.relrowsecurity OR pg_has_role(c.relowner, 'USAGE')) "
        "  OR (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user), "
        " current_user, min(pg_get_userbyid(c.relowner)) "
        "FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
        "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')",
        1, values, "look at the rights", &result, detail);
    if (error != OK) {
        return error;
    }
    if (!truth_at(result, 0) || !truth_at(result, 1)) {
        error = err_set(detail, ERR_FORBIDDEN,
                        "the role %s may not %s the tables of schema %s; connect as their owner %s",
                        PQgetvalue(result, 0, 2),
                        truth_at(result, 0) ? "see the rows of" : "read and write", store->schema,
                        PQgetvalue(result, 0, 3));
    }
    PQclear(result);
    return error;
}
