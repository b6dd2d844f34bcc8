-- What operators and processes set and ask.

-- name: lease_load
SELECT owner, pid, fence, until_ms FROM engine_lease WHERE id = 1;

-- name: lease_take
-- A renewal by the same owner keeps the fence; every take-over raises it.
INSERT INTO engine_lease (id, owner, pid, fence, until_ms) VALUES (1, ?1, ?2, 1, ?3)
ON CONFLICT (id) DO UPDATE SET
    fence = engine_lease.fence
        + CASE WHEN engine_lease.owner <> excluded.owner OR engine_lease.until_ms = 0 THEN 1 ELSE 0 END,
    owner = excluded.owner, pid = excluded.pid, until_ms = excluded.until_ms;

-- name: lease_give
UPDATE engine_lease SET until_ms = 0 WHERE id = 1 AND owner = ?1;

-- name: inbox_insert
INSERT INTO inbox (kind, payload, actor, at_ms, answered_at_ms, outcome, result)
VALUES (?1, ?2, ?3, ?4, 0, '', '')
RETURNING id;

-- name: inbox_unanswered
-- By the partial index of unanswered ones.
SELECT id, kind, payload, actor FROM inbox WHERE answered_at_ms = 0 ORDER BY id LIMIT ?1;

-- name: inbox_answer
-- The payload goes: it may hold what a person wrote.
UPDATE inbox SET answered_at_ms = ?2, outcome = ?3, result = ?4, payload = ''
WHERE id = ?1 AND answered_at_ms = 0;

-- name: inbox_result
SELECT answered_at_ms, outcome, result FROM inbox WHERE id = ?1;

-- name: inbox_prune
-- Arguments: instant. Forgets what was answered before it; whoever asked has long gone.
DELETE FROM inbox WHERE answered_at_ms > 0 AND answered_at_ms < ?1;

-- name: setting_load
SELECT json FROM settings WHERE name = ?1;

-- name: setting_save
INSERT INTO settings (name, json, changed_at_ms) VALUES (?1, ?2, ?3)
ON CONFLICT (name) DO UPDATE SET json = excluded.json, changed_at_ms = excluded.changed_at_ms;

-- name: settings_list
-- Arguments: beginning of the names ('rollout/'), '' all.
SELECT name, json, changed_at_ms FROM settings
WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name;

-- name: audit_insert
INSERT INTO audit_log (id, at_ms, actor, action, before, after) VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: audit_list
-- Arguments: limit. Newest first.
SELECT id, at_ms, actor, action, before, after FROM audit_log ORDER BY id DESC LIMIT ?1;

-- name: definition_insert
-- Content-addressed: the same hash is the same text.
INSERT INTO definitions (hash, journey, version, yaml, created_at_ms) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT DO NOTHING;

-- name: definition_load
SELECT yaml FROM definitions WHERE hash = ?1;

-- name: definitions_list
SELECT hash, journey, version, created_at_ms FROM definitions ORDER BY created_at_ms, journey;

-- name: definitions_active
-- Hashes that active runs still follow.
SELECT DISTINCT definition FROM runs WHERE outcome = 0;

-- name: pause_save
-- The later end counts.
INSERT INTO channel_pauses (channel, address, until_ms) VALUES (?1, ?2, ?3)
ON CONFLICT (channel, address) DO UPDATE SET until_ms =
    CASE WHEN excluded.until_ms > channel_pauses.until_ms THEN excluded.until_ms
         ELSE channel_pauses.until_ms END;

-- name: pauses_load
-- Arguments: now. What still holds.
SELECT channel, address, until_ms FROM channel_pauses WHERE until_ms > ?1 ORDER BY channel, address;

-- name: pauses_prune
-- Arguments: now.
DELETE FROM channel_pauses WHERE until_ms <= ?1;

-- name: broadcast_insert
-- Arguments: id, text, filter, scheduled_at_ms, pace_per_s, created_at_ms, created_by.
INSERT INTO broadcasts (
    id, text, filter, state, scheduled_at_ms, pace_per_s, cursor_user_id, considered, matched,
    created_at_ms, created_by, started_at_ms, ended_at_ms
) VALUES (?1, ?2, ?3, 0, ?4, ?5, 0, 0, 0, ?6, ?7, 0, 0);

-- name: broadcast_load
-- Arguments: id.
SELECT * FROM broadcasts WHERE id = ?1;

-- name: broadcasts_list
-- Arguments: limit. Newest first.
SELECT * FROM broadcasts ORDER BY id DESC LIMIT ?1;

-- name: broadcasts_waiting
-- Scheduled and running ones, by the partial index: normally none.
SELECT * FROM broadcasts WHERE state <= 1 ORDER BY scheduled_at_ms, id;

-- name: broadcast_progress
-- Arguments: id, state, cursor_user_id, considered, matched, started_at_ms, ended_at_ms. The two counts
-- are added; a cursor of null stays. In the transaction that makes the deliveries.
UPDATE broadcasts SET
    state = ?2, cursor_user_id = coalesce(?3, cursor_user_id), considered = considered + ?4, matched = matched + ?5,
    started_at_ms = ?6, ended_at_ms = ?7
WHERE id = ?1;

-- name: broadcasts_taken_back
-- Cancelled ones of which messages may still wait. The table holds as many rows as broadcasts were made.
SELECT * FROM broadcasts WHERE state = 4 AND ended_at_ms = 0 ORDER BY id;

-- name: broadcast_state
-- Arguments: id, state wanted. It has no end any more, or not yet.
UPDATE broadcasts SET state = ?2, ended_at_ms = 0 WHERE id = ?1;

-- name: broadcast_unsent
-- Arguments: id, message to begin after, limit. Those that wait (0) or are under way (1).
SELECT id, user_id, state FROM deliveries
WHERE broadcast_id = ?1 AND broadcast_id <> 0 AND id > ?2 AND state <= 1 ORDER BY id LIMIT ?3;

-- name: broadcast_unsent_count
-- Arguments: id.
SELECT count(*) FROM deliveries WHERE broadcast_id = ?1 AND broadcast_id <> 0 AND state <= 1;

-- name: users_page
-- Arguments: id to begin after, limit. Everyone by key, for whatever looks at all people in pages.
SELECT id FROM users WHERE id > ?1 AND is_erased = 0 ORDER BY id LIMIT ?2;

-- name: users_page_versions
-- The same, with whether some active run of the person is of a definition whose hash is not in the text. Arguments: id
-- to begin after, limit, hashes.
SELECT id, CASE WHEN EXISTS (
    SELECT 1 FROM runs AS r WHERE r.user_id = users.id AND r.outcome = 0 AND ?3 NOT LIKE '%' || r.definition || '%'
) THEN 1 ELSE 0 END AS concerned
FROM users WHERE id > ?1 AND is_erased = 0 ORDER BY id LIMIT ?2;

-- name: runs_waiting
-- Who is where in the journeys that run: people by journey, definition, step and phase, the kind of the message under
-- way (phase 1), and whether the run is about a commitment.
SELECT journey, definition, step, phase, kind, has_subject, count(DISTINCT user_id) AS people
FROM (
    SELECT r.journey, r.definition, r.step, r.phase, r.user_id, coalesce(d.kind, 0) AS kind,
        CASE WHEN r.subject_id <> 0 THEN 1 ELSE 0 END AS has_subject
    FROM runs AS r LEFT JOIN deliveries AS d ON d.id = r.delivery_id AND r.phase = 1
    WHERE r.outcome = 0
) AS active
GROUP BY journey, definition, step, phase, kind, has_subject
ORDER BY journey, definition, step, phase, kind, has_subject;

-- name: due_count
-- How many rows wait, and the oldest instant.
SELECT count(*), coalesce(min(due_at_ms), 0) FROM due;

-- name: due_drop
-- Arguments: line, instant, id. A due row whose row no longer exists.
DELETE FROM due WHERE line = ?1 AND due_at_ms = ?2 AND id = ?3;

-- name: due_set_aside
-- Arguments: line, instant, id, kind, user, now, why.
INSERT INTO due_failed (line, due_at_ms, id, kind, user_id, failed_at_ms, why)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
ON CONFLICT (due_at_ms, id) DO UPDATE SET
    line = excluded.line, kind = excluded.kind, user_id = excluded.user_id,
    failed_at_ms = excluded.failed_at_ms, why = excluded.why;

-- name: due_put_back
-- Arguments: instant. What was set aside before it is due again.
INSERT INTO due (line, due_at_ms, id, kind, user_id)
SELECT line, due_at_ms, id, kind, user_id FROM due_failed WHERE failed_at_ms < ?1
ON CONFLICT DO NOTHING;

-- name: due_failed_forget
-- Arguments: instant. The other half of due_put_back.
DELETE FROM due_failed WHERE failed_at_ms < ?1;

-- name: user_counts
-- People, erased and test people apart. The shell of a joined row is nobody.
SELECT
    count(*) FILTER (WHERE is_erased = 0 AND is_test = 0),
    count(*) FILTER (WHERE is_test = 1 AND is_erased = 0),
    count(*) FILTER (WHERE is_erased = 1 AND alias_of = 0)
FROM users;
