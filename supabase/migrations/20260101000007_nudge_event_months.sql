-- Migration 0007_event_months.sql of nudge, into the schema nudge. Running it again changes nothing.
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
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0007_event_months.sql';
    IF applied = '46e853e2f5f1addfd5f23e0091ee1a450b8e4dcbc95e8d8e39e95abfc975e137' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0007_event_months.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0006_event_bound.sql') THEN
        RAISE EXCEPTION 'migration 0006_event_bound.sql comes before 0007_event_months.sql';
    END IF;
    EXECUTE $migration$
-- Events by month. An id begins with its instant (milliseconds times 2^21), so that a range of ids is a month, the
-- key stays what it is, and whoever knows an id is led to one month. What was written so far stays where it is and
-- becomes the first part; only its rows are looked at, while others write.
--
--   events_before    up to the bound of 0006
--   events_YYYY_MM   a month; made ahead by event_months_make
--   events_rest      what lies after all of them, so that a clock that jumps stops nobody

ALTER TABLE events VALIDATE CONSTRAINT events_bound;
LOCK TABLE events IN ACCESS EXCLUSIVE MODE;
ALTER TABLE events RENAME TO events_before;
ALTER INDEX events_pkey RENAME TO events_before_pkey;
ALTER INDEX events_revenue RENAME TO events_before_revenue;
CREATE TABLE events (LIKE events_before, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE INDEX events_revenue ON events (user_id) WHERE revenue <> 0;
DO $$
BEGIN
    EXECUTE format(
        'ALTER TABLE events ATTACH PARTITION events_before FOR VALUES FROM (MINVALUE) TO (%s)',
        (
            SELECT substring(pg_get_constraintdef(oid) FROM '\d{12,}') FROM pg_constraint
            WHERE conrelid = 'events_before'::regclass AND conname = 'events_bound'
        )
    );
END
$$;
ALTER TABLE events_before DROP CONSTRAINT events_bound;
CREATE TABLE events_rest PARTITION OF events DEFAULT;

-- Makes the months that are missing until two after that of the instant, each closed to other roles from the
-- beginning, and gives their number. Rows that had to go to events_rest move to theirs. When somebody reads just
-- there it gives up, to be called again: until then nothing is lost but time.
CREATE FUNCTION event_months_make(now_ms bigint) RETURNS bigint LANGUAGE plpgsql SET lock_timeout = '1s' AS $make$
DECLARE
    until timestamp := date_trunc('month', to_timestamp(now_ms / 1000) AT TIME ZONE 'UTC') + interval '3 months';
    made bigint := 0;
    locked boolean := false;
    first_id bigint;
    end_id bigint;
    month timestamp;
    part text;
    public_role text;
BEGIN
    LOOP
        SELECT max(substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''(\d+)''\)')::bigint) INTO first_id
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass(format('%I.events', current_schema()));
        month := to_timestamp(first_id / 2097152 / 1000) AT TIME ZONE 'UTC';
        EXIT WHEN month >= until OR made = 24;
        IF NOT locked THEN
            LOCK TABLE events_rest IN ACCESS EXCLUSIVE MODE;
            locked := true;
            CONTINUE;
        END IF;
        end_id := extract(epoch FROM (month + interval '1 month') AT TIME ZONE 'UTC')::bigint * 1000 * 2097152;
        part := 'events_' || to_char(month, 'YYYY_MM');
        EXECUTE format('CREATE TABLE %I (LIKE events)', part);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', part);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON %I FROM %I', part, public_role);
        END LOOP;
        EXECUTE format(
            'WITH moved AS (DELETE FROM events_rest WHERE id >= %s AND id < %s RETURNING *) '
            'INSERT INTO %I SELECT * FROM moved', first_id, end_id, part
        );
        EXECUTE format(
            'ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', part, first_id, end_id
        );
        made := made + 1;
    END LOOP;
    RETURN made;
EXCEPTION
    WHEN lock_not_available OR deadlock_detected OR insufficient_privilege THEN
        RETURN 0;
END
$make$;

SELECT event_months_make((extract(epoch FROM now()) * 1000)::bigint);
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
    VALUES ('0007_event_months.sql', '46e853e2f5f1addfd5f23e0091ee1a450b8e4dcbc95e8d8e39e95abfc975e137', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;
