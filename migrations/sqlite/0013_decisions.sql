-- Why each person did or did not get a message: every decision with all it was given, so that it can be
-- explained and made again. Kept for a while only (DECISIONS_KEPT_DAYS).

-- record is the compact form of src/core/record.h. One person's decisions are a walk from
-- users.decision_last_id along previous_id, like events; the walk ends where older ones were deleted.
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    previous_id INTEGER NOT NULL,
    world_id INTEGER NOT NULL,          -- decision_worlds.id
    record BLOB NOT NULL
) STRICT;

-- The settings and definitions that decisions were made in: a row for each change of them.
CREATE TABLE decision_worlds (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    hash TEXT NOT NULL UNIQUE,          -- SHA-256 of record
    record BLOB NOT NULL
) STRICT;

-- The files that worlds name by their hash: journeys, the bot's texts, words.
CREATE TABLE decision_files (
    hash TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    yaml TEXT NOT NULL,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE users ADD COLUMN decision_last_id INTEGER NOT NULL DEFAULT 0;
