-- Who runs on this schema: a row for each `nudge serve`, from its beginning to its end, or until a day after it fell
-- silent. Who of them decides and sends is said by engine_lease. Instants are of the server's clock.
CREATE TABLE nodes (
    id bigint NOT NULL,                  -- random, of one process; as engine_lease.owner
    host text COLLATE "C" NOT NULL,
    pid bigint NOT NULL,
    version text COLLATE "C" NOT NULL,
    since_ms bigint NOT NULL,
    beat_at_ms bigint NOT NULL,
    PRIMARY KEY (id)
);
