-- An uncertain message that will not be sent again is done: it waits for nothing. It stood in the
-- partial index for good and was read with its person every time.
DROP INDEX deliveries_unfinished;
CREATE INDEX deliveries_unfinished ON deliveries (user_id)
WHERE state <= 2 AND run_id <> 0 AND next_at_ms <> 0;
