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
