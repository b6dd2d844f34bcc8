-- What nudge preflight asks of both databases. Rare.

-- name: preflight_tests
-- ?1: since when. Journeys that test people went through to their end, the newest first.
SELECT r.journey, r.definition, r.steps, r.ended_at_ms
FROM users AS u
JOIN runs AS r ON r.user_id = u.id
WHERE u.is_test = 1 AND u.is_erased = 0 AND r.outcome = 1 AND r.ended_at_ms >= ?1
ORDER BY r.ended_at_ms DESC LIMIT 50;

-- name: preflight_person
-- ?1: a person, ?2: a journey. Its runs, the newest first: how each ended.
SELECT outcome FROM runs WHERE user_id = ?1 AND journey = ?2 ORDER BY id DESC LIMIT 1;
