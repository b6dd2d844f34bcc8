-- What the engine asks for its commands. All of it is rare.

-- name: engine_newest_id
-- The greatest id ever given: ids of later processes follow it, whatever their clocks show.
SELECT max(id) FROM (
    SELECT max(id) AS id FROM users
    UNION ALL SELECT max(id) FROM events
    UNION ALL SELECT max(id) FROM deliveries
    UNION ALL SELECT max(id) FROM feedback
    UNION ALL SELECT max(id) FROM operator_messages
    UNION ALL SELECT max(id) FROM audit_log
    UNION ALL SELECT max(id) FROM broadcasts
    UNION ALL SELECT max(id) FROM decisions
    UNION ALL SELECT max(id) FROM decision_worlds
) AS newest;

-- name: engine_optimized_people
-- Whom a rollback with --move concerns at most.
SELECT count(*) FROM users WHERE journey_set = 1 AND is_erased = 0;

-- name: engine_existing_people
-- To how many people, at most, an opened stage writes at once. Arguments: when the rollout began, silent since when at
-- the latest, kept how many commitments at least (then four of five, too).
SELECT count(*) FROM users
WHERE (existing = 1 OR joined_at_ms < ?1) AND is_erased = 0 AND is_test = 0 AND stopped = 0
  AND paused_until_ms = 0 AND crisis_hold = 0
  AND 1 = CASE channel WHEN 1 THEN telegram_reach WHEN 2 THEN webchat_reach WHEN 3 THEN email_reach END
  AND joined_at_ms <= ?2 AND activity_last_at_ms <= ?2 AND onboarding_ended_at_ms <= ?2
  AND commitments_completed >= ?3
  AND (?3 = 0 OR commitments_completed * 5 >= commitments_total * 4);

-- name: engine_dead_deliveries
-- Dead and failed ones, oldest first; the newest thousand of them at most.
SELECT id, user_id FROM (
    SELECT id, user_id FROM deliveries WHERE state IN (9, 10) ORDER BY id DESC LIMIT 1000
) AS newest ORDER BY id;

-- name: engine_delivery_owner
-- Arguments: id.
SELECT id, user_id FROM deliveries WHERE id = ?1;

-- name: engine_release_due
-- Arguments: now. Messages held while sending was off become due at once. Only what waits is looked at.
UPDATE due SET due_at_ms = ?1
WHERE line > 0 AND due_at_ms > ?1 AND id IN (
    SELECT w.id FROM due AS w JOIN deliveries AS d ON d.id = w.id
    WHERE w.line > 0 AND d.state = 0 AND d.reason = 'sending_off'
);

-- name: engine_release_deliveries
-- Arguments: now. The other half of engine_release_due, which goes first.
UPDATE deliveries SET next_at_ms = ?1
WHERE state = 0 AND reason = 'sending_off' AND id IN (
    SELECT id FROM due WHERE line > 0 AND due_at_ms = ?1
);

-- name: error_count_add
-- Arguments: day, kind, how many more.
INSERT INTO error_counts (day, kind, count) VALUES (?1, ?2, ?3)
ON CONFLICT (day, kind) DO UPDATE SET count = error_counts.count + excluded.count;
