-- Migration 0003_bridge.sql of nudge, into the schema nudge. Running it again changes nothing.
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
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0003_bridge.sql';
    IF applied = 'd139b9b47e08866c347715d735915c5dd9313d7a7eeb5eba3d59c4c6b7468c9f' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0003_bridge.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0002_decisions.sql') THEN
        RAISE EXCEPTION 'migration 0002_decisions.sql comes before 0003_bridge.sql';
    END IF;
    EXECUTE $migration$
-- Whom an import from a previous bot's database brought, as the migration 0014 of SQLite says.
CREATE TABLE bridge_people (
    live_key text COLLATE "C" PRIMARY KEY,  -- SHA-256 of the old id; stays when the person is erased here
    user_id bigint NOT NULL,
    fingerprint text NOT NULL,              -- of all that was read; equal: nothing changed there
    refusals bigint NOT NULL,               -- bits of enum live_refusal that were taken over
    imported_at_ms bigint NOT NULL
);

CREATE INDEX bridge_people_user ON bridge_people (user_id);
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
    VALUES ('0003_bridge.sql', 'd139b9b47e08866c347715d735915c5dd9313d7a7eeb5eba3d59c4c6b7468c9f', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;
