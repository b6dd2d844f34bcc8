-- What operators set, send and read, and what processes tell each other.

-- Content-addressed versions of journeys.
CREATE TABLE definitions (
    hash TEXT PRIMARY KEY,
    journey TEXT NOT NULL,
    version TEXT NOT NULL,
    yaml TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Named JSON values: 'sending', 'rollout/NAME', 'journeys/current', …
CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    json TEXT NOT NULL,
    changed_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Until when nothing may be written to a channel (address '') or to one address of it.
CREATE TABLE channel_pauses (
    channel INTEGER NOT NULL,
    address TEXT NOT NULL,
    until_ms INTEGER NOT NULL,
    PRIMARY KEY (channel, address)
) STRICT, WITHOUT ROWID;

-- Commands of other processes to the one that runs the engine, and its answers. The payload is
-- emptied when answered: it may hold what a person wrote.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    actor TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    answered_at_ms INTEGER NOT NULL,
    outcome TEXT NOT NULL,              -- name of an error code: 'OK', 'ERR_INVALID', …
    result TEXT NOT NULL
) STRICT;
CREATE INDEX inbox_unanswered ON inbox (id) WHERE answered_at_ms = 0;

-- What operators are told; sent_at_ms says when their chats got it.
CREATE TABLE operator_messages (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    kind TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    text TEXT NOT NULL,
    sent_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX operator_messages_unsent ON operator_messages (id) WHERE sent_at_ms = 0;

CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    before TEXT NOT NULL,               -- JSON or ''
    after TEXT NOT NULL
) STRICT;

-- One message to everyone a condition holds for. cursor_user_id moves in the transaction that makes
-- the deliveries, so that a restart goes on where it stopped.
CREATE TABLE broadcasts (
    id INTEGER PRIMARY KEY,
    text TEXT NOT NULL,
    filter TEXT NOT NULL,               -- condition on facts, '' everyone
    state INTEGER NOT NULL,             -- 0 scheduled, 1 running, 2 paused, 3 done, 4 cancelled
    scheduled_at_ms INTEGER NOT NULL,
    pace_per_s REAL NOT NULL,           -- 0 as fast as the channels allow
    cursor_user_id INTEGER NOT NULL,    -- people up to this id were looked at
    considered INTEGER NOT NULL,
    matched INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    started_at_ms INTEGER NOT NULL,
    ended_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX broadcasts_waiting ON broadcasts (scheduled_at_ms) WHERE state <= 1;

-- One row: which process runs the engine on this file. fence grows with every take-over.
CREATE TABLE engine_lease (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    owner INTEGER NOT NULL,
    pid INTEGER NOT NULL,
    fence INTEGER NOT NULL,
    until_ms INTEGER NOT NULL           -- 0 given back
) STRICT;
