-- What is seen, recorded and told: append only.

-- name: seen_insert
-- Whether it was new is the number of rows changed: one descent, no question before.
INSERT INTO seen (source, external_id, at_ms) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING;

-- name: seen_find
-- Arguments: source, external id.
SELECT at_ms FROM seen WHERE source = ?1 AND external_id = ?2;

-- name: seen_prune
DELETE FROM seen WHERE source = ?1 AND at_ms < ?2;

-- name: identity_find
SELECT user_id FROM identities WHERE kind = ?1 AND value = ?2;

-- name: identity_claim
-- Of somebody new, whom nobody had a moment ago.
INSERT INTO identities (kind, value, user_id, created_at_ms) VALUES (?1, ?2, ?3, ?4);

-- name: identity_insert
INSERT INTO identities (kind, value, user_id, created_at_ms) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT DO NOTHING;

-- name: identity_delete
-- Only the owner's: the value comes from outside.
DELETE FROM identities WHERE kind = ?1 AND value = ?2 AND user_id = ?3;

-- name: identities_of_user
SELECT kind, value, created_at_ms FROM identities WHERE user_id = ?1 ORDER BY kind, value;

-- name: event_insert
INSERT INTO events (
    id, user_id, at_ms, type, previous_event_id, journey, step, ref_id, rule, data, revenue
) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11);

-- name: event_walk
-- One step back along a person's chain.
SELECT at_ms, previous_event_id, type FROM events WHERE id = ?1 AND user_id = ?2;

-- name: feedback_insert
INSERT INTO feedback (id, user_id, run_id, at_ms, text, rating, is_problem)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: operator_message_insert
INSERT INTO operator_messages (id, at_ms, kind, user_id, text, sent_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5, 0);

-- name: operator_messages_unsent
-- Arguments: limit. By the partial index of unsent ones.
SELECT id, at_ms, kind, user_id, text FROM operator_messages
WHERE sent_at_ms = 0 ORDER BY id LIMIT ?1;

-- name: operator_message_sent
-- Arguments: id, instant.
UPDATE operator_messages SET sent_at_ms = ?2 WHERE id = ?1;

-- name: events_leave_until
-- Arguments: the first id that stays, how many at most. The last of the oldest events that may go, and how many.
SELECT coalesce(max(id), 0), count(*) FROM (
    SELECT id FROM events
    WHERE id >= (SELECT first_id FROM event_edge) AND id < ?1 ORDER BY id LIMIT ?2
) AS oldest;

-- name: events_delete
-- Argument: the last of them. What somebody paid stays: it is found by the person, where the chain has an end.
DELETE FROM events WHERE id >= (SELECT first_id FROM event_edge) AND id <= ?1 AND revenue = 0;

-- name: event_edge_move
-- Argument: the first id that stays.
UPDATE event_edge SET first_id = ?1 WHERE first_id < ?1;

-- name: event_edge
-- The first id of events that are all there; 0 when none ever left.
SELECT first_id FROM event_edge;
