-- Migration 0008_left_out.sql of nudge, into the schema nudge. Running it again changes nothing.
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
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0008_left_out.sql';
    IF applied = '2982fd6df42bf19582f74ed2fbbe18071d3f652001cfdcf20f4aecf082962ec8' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0008_left_out.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0007_event_months.sql') THEN
        RAISE EXCEPTION 'migration 0007_event_months.sql comes before 0008_left_out.sql';
    END IF;
    EXECUTE $migration$
-- Whom figures leave out: erased people, shells of joined ones, test people. The behaviour log asks each time it
-- is brought up to date.
CREATE INDEX users_left_out ON users (id, alias_of) WHERE is_erased = 1 OR is_test = 1;
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
    VALUES ('0008_left_out.sql', '2982fd6df42bf19582f74ed2fbbe18071d3f652001cfdcf20f4aecf082962ec8', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;
