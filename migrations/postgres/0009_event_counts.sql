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
