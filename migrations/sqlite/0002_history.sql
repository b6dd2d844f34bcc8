-- What happened, append only, and what was seen already.

-- type is a name of src/core/event.h. One person's history is a walk from users.event_last_id along
-- previous_event_id; an index by person would cost more than the rows themselves. Ids begin with
-- the instant, so a range of time is a range of ids: id >= from_ms << 21.
CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    type TEXT NOT NULL,
    previous_event_id INTEGER NOT NULL,
    journey TEXT NOT NULL,
    step TEXT NOT NULL,
    ref_id INTEGER NOT NULL,            -- run, commitment or delivery
    rule TEXT NOT NULL,
    data TEXT NOT NULL,                 -- JSON object or ''
    revenue REAL NOT NULL
) STRICT;

-- Inputs by what their source calls them, so that a repeated one changes nothing. Pruned.
CREATE TABLE seen (
    source TEXT NOT NULL,
    external_id TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (source, external_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE feedback (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    text TEXT NOT NULL,                 -- '' for a rating
    rating INTEGER NOT NULL,            -- 1 helpful, -1 not, 0 none
    is_problem INTEGER NOT NULL
) STRICT;
