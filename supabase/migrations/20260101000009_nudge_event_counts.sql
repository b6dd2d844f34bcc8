-- Migration 0009_event_counts.sql of nudge, into the schema nudge. Running it again changes nothing.
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
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0009_event_counts.sql';
    IF applied = '055689d10e837e23d8685f1041a5c0749487dd6ba604966c6b8deb2c08e230d3' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0009_event_counts.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0008_left_out.sql') THEN
        RAISE EXCEPTION 'migration 0008_left_out.sql comes before 0009_event_counts.sql';
    END IF;
    EXECUTE $migration$
-- Events that are older than EVENTS_KEEP_MONTHS leave, as the migration 0018 of SQLite says.
CREATE TABLE event_counts (
    day bigint NOT NULL,                 -- UTC, days since 1970
    type text NOT NULL,
    journey text NOT NULL,
    step text NOT NULL,
    name text NOT NULL,                  -- of a tracked event or an experiment, else ''
    variant text NOT NULL,               -- that somebody was exposed to, else ''
    channel bigint NOT NULL,             -- of the person when the event left, as in users
    count bigint NOT NULL,
    PRIMARY KEY (day, type, journey, step, name, variant, channel)
);

-- Ids below first_id belong to events that have left, but for those with revenue. One row; 0: all are there.
CREATE TABLE event_edge (
    id bigint PRIMARY KEY CHECK (id = 1),
    first_id bigint NOT NULL
);
INSERT INTO event_edge (id, first_id) VALUES (1, 0);

-- A member of an event's data as text, '' when there is none: what PostgreSQL cannot read keeps no month from leaving.
CREATE FUNCTION event_word(data text, member text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $word$
BEGIN
    RETURN coalesce(nullif(data, '')::json ->> member, '');
EXCEPTION
    WHEN data_exception THEN
        RETURN '';
END
$word$;

-- Counts the events of ids in [from_id, end_id) that have no revenue.
CREATE FUNCTION events_count(from_id bigint, end_id bigint) RETURNS bigint LANGUAGE sql AS $count$
    WITH added AS (
        INSERT INTO event_counts AS c (day, type, journey, step, name, variant, channel, count)
        SELECT e.at_ms / 86400000, e.type, e.journey, e.step,
            CASE e.type WHEN 'tracked' THEN event_word(e.data, 'event')
                WHEN 'experiment_exposed' THEN event_word(e.data, 'experiment') ELSE '' END,
            CASE e.type WHEN 'experiment_exposed' THEN event_word(e.data, 'variant') ELSE '' END,
            u.channel, count(*)
        FROM events AS e JOIN users AS u ON u.id = e.user_id AND u.is_test = 0
        WHERE e.id >= from_id AND e.id < end_id AND e.revenue = 0
        GROUP BY 1, 2, 3, 4, 5, 6, 7
        ON CONFLICT (day, type, journey, step, name, variant, channel) DO UPDATE SET count = c.count + excluded.count
        RETURNING 1
    )
    SELECT count(*) FROM added;
$count$;

-- Lets the oldest month go when it ends before the id: counts its events, puts those with revenue into events_before,
-- which reaches to its end then, and drops the part. Gives 1 when a month went; 0 when there is none to go as a whole:
-- older events are still there, it holds more than can be counted at once, or this role does not own the tables;
-- -1 when somebody reads just there, to be called again.
CREATE FUNCTION event_month_leave(before_id bigint) RETURNS bigint LANGUAGE plpgsql SET lock_timeout = '1s' AS $leave$
DECLARE
    at_once CONSTANT real := 1000000; -- with more it would take as long as a lease lasts
    edge bigint := (SELECT first_id FROM event_edge);
    part record;
BEGIN
    SELECT b.relname, b.reltuples, b.first_id, b.end_id INTO part
    FROM (
        SELECT c.relname, c.reltuples,
            substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \(''(\d+)''\)')::bigint AS first_id,
            substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''(\d+)''\)')::bigint AS end_id
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass(format('%I.events', current_schema()))
    ) AS b
    WHERE b.first_id IS NOT NULL ORDER BY b.first_id LIMIT 1;
    IF part.end_id IS NULL OR part.end_id > before_id THEN
        RETURN 0;
    END IF;
    IF edge < part.end_id AND part.reltuples > at_once THEN
        RETURN 0;
    END IF;
    IF EXISTS (SELECT FROM events_before WHERE id >= edge) THEN
        RETURN 0;
    END IF;
    LOCK TABLE ONLY events IN ACCESS EXCLUSIVE MODE;
    LOCK TABLE events_before IN ACCESS EXCLUSIVE MODE;
    LOCK TABLE events_rest IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', part.relname);
    PERFORM events_count(greatest(edge, part.first_id), part.end_id);
    ALTER TABLE events DETACH PARTITION events_before;
    EXECUTE format('ALTER TABLE events DETACH PARTITION %I', part.relname);
    EXECUTE format('INSERT INTO events_before SELECT * FROM %I WHERE revenue <> 0', part.relname);
    EXECUTE format('DROP TABLE %I', part.relname);
    EXECUTE format(
        'ALTER TABLE events ATTACH PARTITION events_before FOR VALUES FROM (MINVALUE) TO (%s)', part.end_id
    );
    UPDATE event_edge SET first_id = greatest(edge, part.end_id);
    RETURN 1;
EXCEPTION
    WHEN lock_not_available OR deadlock_detected THEN
        RETURN -1;
    WHEN insufficient_privilege THEN
        RETURN 0;
END
$leave$;
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
    VALUES ('0009_event_counts.sql', '055689d10e837e23d8685f1041a5c0749487dd6ba604966c6b8deb2c08e230d3', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;
