-- Due rows that could not be worked on (a row of their person holds what no program of ours writes)
-- wait here, so that they neither stop the others nor are tried again and again.
CREATE TABLE due_failed (
    due_at_ms INTEGER NOT NULL,
    id INTEGER NOT NULL,                -- as in due
    kind INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    failed_at_ms INTEGER NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (due_at_ms, id)
) STRICT, WITHOUT ROWID;
