-- Migration 0006_event_bound.sql of nudge, into the schema nudge. Running it again changes nothing.
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
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0006_event_bound.sql';
    IF applied = '20c94792116a476e71d3d3216e253f4b6b22eca33eab1623e538e4f23beee252' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0006_event_bound.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0005_nodes.sql') THEN
        RAISE EXCEPTION 'migration 0005_nodes.sql comes before 0006_event_bound.sql';
    END IF;
    EXECUTE $migration$
-- Makes the table of events ready to become the first of many (0007): promises that its rows are of instants before
-- some month, at least one from now away. Nobody waits for it: the rows that are there are looked at in 0007, while
-- others write. Between the two no more than a month should pass.
DO $$
DECLARE
    newest timestamp := greatest(
        now(), to_timestamp((SELECT coalesce(max(id), 0) FROM events) / 2097152 / 1000)
    ) AT TIME ZONE 'UTC';
    bound timestamp := date_trunc('month', newest) + interval '2 months';
BEGIN
    EXECUTE format(
        'ALTER TABLE events ADD CONSTRAINT events_bound CHECK (id < %s) NOT VALID',
        extract(epoch FROM bound AT TIME ZONE 'UTC')::bigint * 1000 * 2097152
    );
END
$$;
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
    VALUES ('0006_event_bound.sql', '20c94792116a476e71d3d3216e253f4b6b22eca33eab1623e538e4f23beee252', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;
