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
