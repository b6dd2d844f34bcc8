-- Joining two rows of one person. ?1 survives, ?2 becomes a shell that leads to it. Rows keep their
-- ids, so that buttons, reports under way and what others noted stay true; only whose they are changes.

-- name: alias_find
-- Whom an id leads to: the person themselves, or the one that the shell was joined into. No row when
-- nobody (any more) is meant.
SELECT p.id FROM users AS u JOIN users AS p ON p.id = CASE WHEN u.alias_of <> 0 THEN u.alias_of ELSE u.id END
WHERE u.id = ?1 AND p.is_erased = 0;

-- name: join_completions
-- When the two completed something, oldest first: days in a row are counted anew.
SELECT completed_at_ms FROM commitments
WHERE user_id IN (?1, ?2) AND state = 1 AND completed_at_ms > 0 ORDER BY completed_at_ms;

-- name: join_due
-- By the instants that the rows carry: due rows are not indexed by person. The shell itself waits for
-- nothing, its own due row goes with its timer.
WITH RECURSIVE chain (id) AS (
    SELECT delivery_last_id FROM users WHERE id = ?2
    UNION ALL
    SELECT d.previous_id FROM chain AS c JOIN deliveries AS d ON d.id = c.id WHERE d.previous_id <> 0
), waiting (line, at_ms, id) AS (
    SELECT 0, next_at_ms, id FROM commitments WHERE user_id = ?2 AND next_at_ms <> 0
    UNION ALL SELECT 0, next_at_ms, id FROM runs WHERE user_id = ?2 AND next_at_ms <> 0
    UNION ALL
    SELECT l.line, d.next_at_ms, d.id
    FROM chain AS c JOIN deliveries AS d ON d.id = c.id JOIN delivery_lines AS l ON l.id = d.id
    WHERE d.next_at_ms <> 0
)
UPDATE due SET user_id = ?1
WHERE line IN (SELECT line FROM waiting) AND due_at_ms IN (SELECT at_ms FROM waiting)
    AND id IN (SELECT id FROM waiting) AND user_id = ?2;

-- name: join_due_own
DELETE FROM due
WHERE line = 0 AND id = ?2 AND id <> ?1 AND kind = 0
    AND due_at_ms = (SELECT next_at_ms FROM users WHERE id = ?2);

-- name: join_events
-- Two chains become one, in the order of ids. Events with revenue are where their chain has an end, too.
WITH RECURSIVE chains (id) AS (
    SELECT event_last_id FROM users WHERE id IN (?1, ?2) AND event_last_id <> 0
    UNION ALL
    SELECT e.previous_event_id FROM chains AS b JOIN events AS e ON e.id = b.id
    WHERE e.previous_event_id <> 0
), linked AS (
    SELECT id, lag(id, 1, 0) OVER (ORDER BY id) AS previous_id FROM (
        SELECT id FROM chains UNION SELECT id FROM events WHERE user_id IN (?1, ?2) AND revenue <> 0
    ) AS b
)
UPDATE events SET user_id = ?1, previous_event_id = linked.previous_id
FROM linked
WHERE events.id = linked.id
    AND (events.user_id <> ?1 OR events.previous_event_id <> linked.previous_id);

-- name: join_deliveries
WITH RECURSIVE chains (id) AS (
    SELECT delivery_last_id FROM users WHERE id IN (?1, ?2) AND delivery_last_id <> 0
    UNION ALL
    SELECT d.previous_id FROM chains AS b JOIN deliveries AS d ON d.id = b.id WHERE d.previous_id <> 0
), linked AS (
    SELECT id, lag(id, 1, 0) OVER (ORDER BY id) AS previous_id FROM chains
)
UPDATE deliveries SET user_id = ?1, previous_id = linked.previous_id
FROM linked
WHERE deliveries.id = linked.id
    AND (deliveries.user_id <> ?1 OR deliveries.previous_id <> linked.previous_id);

-- name: join_commitments
UPDATE commitments SET user_id = ?1 WHERE user_id = ?2;

-- name: join_runs
UPDATE runs SET user_id = ?1 WHERE user_id = ?2;

-- name: join_identities
UPDATE identities SET user_id = ?1 WHERE user_id = ?2;

-- name: join_feedback
UPDATE feedback SET user_id = ?1 WHERE user_id = ?2;

-- name: join_operator_messages
UPDATE operator_messages SET user_id = ?1 WHERE user_id = ?2;

-- name: join_aliases
-- Shells of the shell lead to the person at once: one step is always enough.
UPDATE users SET alias_of = ?1 WHERE alias_of = ?2 AND alias_of <> 0;

-- name: join_counters
-- Counted anew from the rows, as doctor does; the heads of the chains are the newest of both.
UPDATE users SET
    commitments_total = c.total, commitments_completed = c.completed, commitments_quick = c.quick,
    commitments_outside = c.outside, commitments_outside_completed = c.outside_completed,
    commitments_missed = c.missed, commitments_dropped = c.dropped, completion_ms_sum = c.ms_sum,
    first_commitment_at_ms = c.first_at, first_completion_at_ms = c.first_done_at,
    event_last_id = (SELECT max(event_last_id) FROM users WHERE id IN (?1, ?2)),
    delivery_last_id = (SELECT max(delivery_last_id) FROM users WHERE id IN (?1, ?2)),
    decision_last_id = (SELECT max(decision_last_id) FROM users WHERE id IN (?1, ?2))
FROM (
    SELECT
        count(*) AS total,
        count(*) FILTER (WHERE state = 1) AS completed,
        count(*) FILTER (WHERE state = 1 AND completed_at_ms - created_at_ms <= 86400000) AS quick,
        count(*) FILTER (WHERE source <> 'onboarding') AS outside,
        count(*) FILTER (WHERE state = 1 AND source <> 'onboarding') AS outside_completed,
        count(*) FILTER (WHERE state = 2) AS missed,
        count(*) FILTER (WHERE state = 3) AS dropped,
        coalesce(sum(CASE WHEN state = 1 THEN completed_at_ms - created_at_ms ELSE 0 END), 0) AS ms_sum,
        coalesce(min(created_at_ms), 0) AS first_at,
        coalesce(min(CASE WHEN state = 1 THEN completed_at_ms END), 0) AS first_done_at
    FROM commitments WHERE user_id = ?1
) AS c
WHERE users.id = ?1;

-- name: join_shell
-- After erase_user has emptied the row.
UPDATE users SET alias_of = ?1 WHERE id = ?2 AND is_erased = 1;
