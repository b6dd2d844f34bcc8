-- Events that are older than EVENTS_KEEP_MONTHS leave. What stays of them is how many there were on a day; those with
-- revenue stay themselves. Test people's are not counted.
CREATE TABLE event_counts (
    day INTEGER NOT NULL,               -- UTC, days since 1970
    type TEXT NOT NULL,
    journey TEXT NOT NULL,
    step TEXT NOT NULL,
    name TEXT NOT NULL,                 -- of a tracked event or an experiment, else ''
    variant TEXT NOT NULL,              -- that somebody was exposed to, else ''
    channel INTEGER NOT NULL,           -- of the person when the event left, as in users
    count INTEGER NOT NULL,
    PRIMARY KEY (day, type, journey, step, name, variant, channel)
) STRICT, WITHOUT ROWID;

-- Ids below first_id belong to events that have left, but for those with revenue. One row; 0: all are there.
CREATE TABLE event_edge (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    first_id INTEGER NOT NULL
) STRICT;
INSERT INTO event_edge (id, first_id) VALUES (1, 0);
