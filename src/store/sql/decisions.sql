-- Decisions as they were made (0013): appended with what they changed, read to explain them, deleted when
-- they are old.

-- name: decision_insert
INSERT INTO decisions (id, user_id, previous_id, world_id, record) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: decisions_prune
-- Arguments: first id that is kept, how many at most. The oldest stand at the beginning of the table.
DELETE FROM decisions WHERE id IN (SELECT id FROM decisions WHERE id < ?1 ORDER BY id LIMIT ?2);

-- name: decisions_of_user
-- Arguments: person, first id, how many at most. Newest first, along the chain.
WITH RECURSIVE chain (id, previous_id) AS (
    SELECT d.id, d.previous_id FROM users AS u JOIN decisions AS d ON d.id = u.decision_last_id
    WHERE u.id = ?1
    UNION ALL
    SELECT d.id, d.previous_id FROM chain AS c JOIN decisions AS d ON d.id = c.previous_id
    WHERE c.previous_id >= ?2
)
SELECT d.id, d.user_id, d.previous_id, d.world_id, d.record
FROM chain AS c JOIN decisions AS d ON d.id = c.id WHERE d.id >= ?2 ORDER BY d.id DESC LIMIT ?3;

-- name: decision_world_find
SELECT id FROM decision_worlds WHERE hash = ?1;

-- name: decision_world_again
-- Argument: its id, the instant at which it was taken into force again.
UPDATE decision_worlds SET at_ms = ?2 WHERE id = ?1;

-- name: decision_worlds_prune
-- Argument: the instant before which no decision is kept. A world was last in force from its at_ms until
-- that of the next: the last one before the instant, and all after it, may have decisions.
DELETE FROM decision_worlds
WHERE at_ms < (SELECT max(at_ms) FROM decision_worlds WHERE at_ms < ?1);

-- name: decision_world_insert
INSERT INTO decision_worlds (id, at_ms, hash, record) VALUES (?1, ?2, ?3, ?4);

-- name: decision_world_load
SELECT record FROM decision_worlds WHERE id = ?1;

-- name: decision_file_insert
-- Content-addressed: the same hash is the same text. All files of one loading have its instant.
INSERT INTO decision_files (hash, name, yaml, at_ms) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (hash) DO UPDATE SET at_ms = excluded.at_ms;

-- name: decision_files_prune
-- Those of loadings before the one that the oldest world was made of.
DELETE FROM decision_files
WHERE at_ms < (SELECT max(f.at_ms) FROM decision_files AS f
               WHERE f.at_ms <= (SELECT min(at_ms) FROM decision_worlds));

-- name: decision_file_load
SELECT yaml FROM decision_files WHERE hash = ?1;

-- name: decision_message_text
-- What stands with the message and not in the record.
SELECT text FROM deliveries WHERE id = ?1;

-- name: decision_events
-- Arguments: the newest of them, how many there are.
WITH RECURSIVE chain (id, previous_id, place) AS (
    SELECT id, previous_event_id, 1 FROM events WHERE id = ?1
    UNION ALL
    SELECT e.id, e.previous_event_id, c.place + 1
    FROM chain AS c JOIN events AS e ON e.id = c.previous_id WHERE c.place < ?2
)
SELECT e.type, e.rule, e.journey, e.step, e.ref_id, e.data, e.at_ms
FROM chain AS c JOIN events AS e ON e.id = c.id ORDER BY e.id;

-- name: decision_joins
-- Arguments: person, first id. When rows of others were joined into theirs, along the chain of events.
WITH RECURSIVE chain (id, previous_id) AS (
    SELECT e.id, e.previous_event_id FROM users AS u JOIN events AS e ON e.id = u.event_last_id
    WHERE u.id = ?1
    UNION ALL
    SELECT e.id, e.previous_event_id FROM chain AS c JOIN events AS e ON e.id = c.previous_id
    WHERE c.previous_id >= ?2
)
SELECT e.id, e.at_ms, e.data
FROM chain AS c JOIN events AS e ON e.id = c.id
WHERE e.id >= ?2 AND e.type = 'identity_added' AND e.rule = 'join' ORDER BY e.id;

-- name: erase_decisions
WITH RECURSIVE chain (id, previous_id) AS (
    SELECT d.id, d.previous_id FROM users AS u JOIN decisions AS d ON d.id = u.decision_last_id
    WHERE u.id = ?1
    UNION ALL
    SELECT d.id, d.previous_id FROM chain AS c JOIN decisions AS d ON d.id = c.previous_id
)
DELETE FROM decisions WHERE id IN (SELECT id FROM chain) AND user_id = ?1;

-- name: join_decisions
-- Two chains become one, in the order of ids. The records still name the person that they were about.
WITH RECURSIVE chains (id, previous_id) AS (
    SELECT d.id, d.previous_id FROM users AS u JOIN decisions AS d ON d.id = u.decision_last_id
    WHERE u.id IN (?1, ?2)
    UNION ALL
    SELECT d.id, d.previous_id FROM chains AS b JOIN decisions AS d ON d.id = b.previous_id
), linked AS (
    SELECT id, lag(id, 1, 0) OVER (ORDER BY id) AS previous_id FROM chains
)
UPDATE decisions SET user_id = ?1, previous_id = linked.previous_id
FROM linked
WHERE decisions.id = linked.id
    AND (decisions.user_id <> ?1 OR decisions.previous_id <> linked.previous_id);
