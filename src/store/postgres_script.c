/* The migrations of PostgreSQL as scripts for an SQL editor: what store_migrate does there, in SQL.
 * Each is one statement, and so one transaction wherever it runs: alone, in psql, or pasted with
 * others as one query. It does nothing when its migration is recorded already. */
#include <string.h>

#include "base/check.h"
#include "base/digest.h"
#include "store/driver.h"
#include "store/postgres.h"

/* 1 name, 2 schema, 3 checksum, 4 the record's table, 5 what must be there before, 6 the text,
 * 7 what closes it */
static const char script[] =
    "-- Migration %1$s of nudge, into the schema %2$s. Running it again changes nothing.\n"
    "DO $nudge$\n"
    "DECLARE\n"
    "    applied text;\n"
    "BEGIN\n"
    "    PERFORM set_config('lock_timeout', '5s', true);\n"
    "    PERFORM pg_advisory_xact_lock(hashtextextended('nudge migrate %2$s', 0));\n"
    "    IF to_regnamespace('\"%2$s\"') IS NULL THEN\n"
    "        CREATE SCHEMA \"%2$s\";\n"
    "    END IF;\n"
    "    PERFORM set_config('search_path', '\"%2$s\"', true);\n"
    "    IF to_regclass('\"%2$s\".schema_migrations') IS NULL THEN\n"
    "        IF EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('\"%2$s\"')\n"
    "                   AND relkind IN ('r', 'p', 'v', 'm')) THEN\n"
    "            RAISE EXCEPTION 'the schema %2$s is one of something else: it has tables, but no "
    "record of migrations';\n"
    "        END IF;\n"
    "        %4$s;\n"
    "    END IF;\n"
    "    SELECT checksum INTO applied FROM schema_migrations WHERE name = '%1$s';\n"
    "    IF applied = '%3$s' THEN\n"
    "        RETURN;\n"
    "    ELSIF applied IS NOT NULL THEN\n"
    "        RAISE EXCEPTION 'migration %1$s was applied with another text than this one';\n"
    "    END IF;\n"
    "%5$s"
    "    EXECUTE $migration$\n"
    "%6$s"
    "$migration$;\n"
    "    EXECUTE $closing$\n"
    "%7$s"
    "$closing$;\n"
    "    INSERT INTO schema_migrations (name, checksum, applied_at_ms)\n"
    "    VALUES ('%1$s', '%3$s', (extract(epoch FROM now()) * 1000)::bigint);\n"
    "END\n"
    "$nudge$;\n\n";

/* What other tools read, by the names they know. */
static const char look[] =
    "-- The five tables that other tools read.\n"
    "SELECT name AS \"table\",\n"
    "    CASE WHEN to_regclass('\"%1$s\".' || name) IS NULL THEN 'missing'\n"
    "         WHEN EXISTS (SELECT FROM pg_roles WHERE rolname IN ('anon', 'authenticated')\n"
    "                      AND has_table_privilege(rolname, to_regclass('\"%1$s\".' || name), "
    "'SELECT'))\n"
    "             THEN 'open to the public'\n"
    "         ELSE 'ok' END AS state\n"
    "FROM unnest(ARRAY['superior_onboarding_states', 'onboarding_message_deliveries',\n"
    "    'user_engagement_summary', 'message_deliveries', 'delivery_analytics']) AS name;\n";

bool store_script_next(struct arena *arena, const char *schema, size_t index,
                       struct migration_script *ret_script)
{
    if (index >= nudge_migrations_postgres_count) {
        return false;
    }
    const struct embedded_file *file = &nudge_migrations_postgres[index];
    const char *text = (const char *)file->data;
    ASSERT(strstr(text, "$migration$") == NULL && strstr(text, "$nudge$") == NULL);
    char checksum[DIGEST_HEX_BYTES + 1];
    digest_sha256_hex((struct str){text, file->length}, checksum);
    const char *before = "";
    if (index > 0) {
        const char *earlier = nudge_migrations_postgres[index - 1].name;
        before = arena_printf(arena,
                              "    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '%s') "
                              "THEN\n"
                              "        RAISE EXCEPTION 'migration %s comes before %s';\n"
                              "    END IF;\n",
                              earlier, earlier, file->name)
                     .ptr;
    }
    ret_script->name = file->name;
    ret_script->sql = arena_printf(arena, script, file->name, schema, checksum,
                                   POSTGRES_RECORD_TABLE, before, text, postgres_closing);
    return true;
}

struct str store_script_look(struct arena *arena, const char *schema)
{
    return arena_printf(arena, look, schema);
}
