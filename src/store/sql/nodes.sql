-- Who runs on this store. The first argument is now.

-- name: node_beat
-- Arguments: now, id, host, process, version.
INSERT INTO nodes (id, host, pid, version, since_ms, beat_at_ms) VALUES (?2, ?3, ?4, ?5, ?1, ?1)
ON CONFLICT (id) DO UPDATE SET beat_at_ms = excluded.beat_at_ms;

-- name: node_forget
-- Arguments: now, id. And whoever has been silent for a day.
DELETE FROM nodes WHERE id = ?2 OR beat_at_ms < ?1 - 86400000;

-- name: nodes_list
-- Arguments: now, silent for how long a node does not live any more.
SELECT n.id, n.host, n.pid, n.version, n.since_ms, n.beat_at_ms, ?1 - n.beat_at_ms AS silent_ms,
       CASE WHEN ?1 - n.beat_at_ms > ?2 THEN 'silent'
            WHEN l.owner = n.id AND l.until_ms > 0 THEN 'serving'
            ELSE 'standby' END AS state
FROM nodes AS n LEFT JOIN engine_lease AS l ON l.id = 1
ORDER BY n.since_ms, n.id;
