-- Migration 0002_decisions.sql of nudge, into the schema nudge. Running it again changes nothing.
DO $nudge$
DECLARE
    applied text;
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('nudge migrate nudge', 0));
    IF to_regnamespace('"nudge"') IS NULL THEN
        CREATE SCHEMA "nudge";
    END IF;
    PERFORM set_config('search_path', '"nudge"', true);
    IF to_regclass('"nudge".schema_migrations') IS NULL THEN
        IF EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('"nudge"')
                   AND relkind IN ('r', 'p', 'v', 'm')) THEN
            RAISE EXCEPTION 'the schema nudge is one of something else: it has tables, but no record of migrations';
        END IF;
        CREATE TABLE IF NOT EXISTS schema_migrations (name text COLLATE "C" PRIMARY KEY, checksum text NOT NULL, applied_at_ms bigint NOT NULL);
    END IF;
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0002_decisions.sql';
    IF applied = '8d338170923665deb512b9382cfb79a4b7d7cabb41af5865622b8548c147a3cf' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0002_decisions.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0001_start.sql') THEN
        RAISE EXCEPTION 'migration 0001_start.sql comes before 0002_decisions.sql';
    END IF;
    EXECUTE $migration$
-- Why each person did or did not get a message, as the migration 0013 of SQLite says.

-- record is the compact form of src/core/record.h. One person's decisions are a walk from
-- users.decision_last_id along previous_id, like events; the walk ends where older ones were deleted.
CREATE TABLE decisions (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL,
    previous_id bigint NOT NULL,
    world_id bigint NOT NULL,            -- decision_worlds.id
    record bytea NOT NULL
);

-- The settings and definitions that decisions were made in: a row for each change of them.
CREATE TABLE decision_worlds (
    id bigint PRIMARY KEY,
    at_ms bigint NOT NULL,
    hash text NOT NULL UNIQUE,           -- SHA-256 of record
    record bytea NOT NULL
);

-- The files that worlds name by their hash: journeys, the bot's texts, words.
CREATE TABLE decision_files (
    hash text PRIMARY KEY,
    name text NOT NULL,
    yaml text NOT NULL,
    at_ms bigint NOT NULL
);

ALTER TABLE users ADD COLUMN decision_last_id bigint NOT NULL DEFAULT 0;
$migration$;
    EXECUTE $closing$
DO $$
DECLARE
    made record;
    public_role text;
BEGIN
    FOR made IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        IF made.relkind IN ('r', 'p') THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.name);
        END IF;
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC',
                       CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON %s %s FROM %I',
                           CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name,
                           public_role);
        END LOOP;
    END LOOP;
    FOR made IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', made.name, public_role);
        END LOOP;
    END LOOP;
END
$$;
$closing$;
    INSERT INTO schema_migrations (name, checksum, applied_at_ms)
    VALUES ('0002_decisions.sql', '8d338170923665deb512b9382cfb79a4b7d7cabb41af5865622b8548c147a3cf', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;
