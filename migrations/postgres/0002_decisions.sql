-- Why each person did or did not get a message, as the migration 0013 of SQLite says.

-- record is the compact form of src/core/record.h. One person's decisions are a walk from
-- users.decision_last_id along previous_id, like events; the walk ends where older ones were deleted.
CREATE TABLE decisions (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL,
    previous_id bigint NOT NULL,
    world_id bigint NOT NULL,            -- decision_worlds.id
    record bytea NOT NULL
);

-- The settings and definitions that decisions were made in: a row for each change of them.
CREATE TABLE decision_worlds (
    id bigint PRIMARY KEY,
    at_ms bigint NOT NULL,
    hash text NOT NULL UNIQUE,           -- SHA-256 of record
    record bytea NOT NULL
);

-- The files that worlds name by their hash: journeys, the bot's texts, words.
CREATE TABLE decision_files (
    hash text PRIMARY KEY,
    name text NOT NULL,
    yaml text NOT NULL,
    at_ms bigint NOT NULL
);

ALTER TABLE users ADD COLUMN decision_last_id bigint NOT NULL DEFAULT 0;
