-- What went wrong in the program itself, by day: written with the engine's batches, so that figures
-- can tell of it. Kinds: 'invariant' (a row that could not be as it was), 'http_5xx' (a request
-- answered so).
CREATE TABLE error_counts (
    day INTEGER NOT NULL,               -- UTC, days since 1970
    kind TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (day, kind)
) STRICT, WITHOUT ROWID;

-- Few events carry revenue; figures read those alone.
CREATE INDEX events_revenue ON events (user_id) WHERE revenue <> 0;
