-- Who runs on this store: a row for each `nudge serve`, from its beginning to its end, or until a day after it fell
-- silent. Who of them decides and sends is said by engine_lease.
CREATE TABLE nodes (
    id INTEGER PRIMARY KEY,             -- random, of one process; as engine_lease.owner
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    version TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    beat_at_ms INTEGER NOT NULL
) STRICT;
