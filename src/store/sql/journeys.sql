-- What went through a journey. Argument: its name. Test people and erased ones are left out.

-- name: journey_messages
-- By step and kind: messages that left, and those that were answered. A walk through all messages.
SELECT d.step, d.kind,
       count(*) FILTER (WHERE d.state BETWEEN 3 AND 6) AS sent,
       count(*) FILTER (WHERE d.answered_at_ms > 0) AS answered
FROM deliveries AS d
JOIN users AS u ON u.id = d.user_id
WHERE d.journey = ?1 AND u.is_test = 0 AND u.is_erased = 0
GROUP BY d.step, d.kind
ORDER BY d.step, d.kind;

-- name: journey_runs
-- Runs by what became of them.
SELECT r.outcome, count(*) AS runs
FROM runs AS r
JOIN users AS u ON u.id = r.user_id
WHERE r.journey = ?1 AND u.is_test = 0 AND u.is_erased = 0
GROUP BY r.outcome
ORDER BY r.outcome;

-- name: journey_places
-- Argument 2: the hash of a version. People in the middle of it, by step and phase, and whether the smaller alternative
-- was asked for.
SELECT r.step, r.phase, CASE WHEN r.ultra <> 0 THEN 1 ELSE 0 END AS ultra, count(DISTINCT r.user_id) AS people
FROM runs AS r
JOIN users AS u ON u.id = r.user_id
WHERE r.journey = ?1 AND r.definition = ?2 AND r.outcome = 0 AND u.is_test = 0 AND u.is_erased = 0
GROUP BY r.step, r.phase, 3
ORDER BY r.step, r.phase, 3;

-- name: journeys_people
-- No arguments. People in the middle of each journey.
SELECT r.journey, count(DISTINCT r.user_id) AS people
FROM runs AS r
JOIN users AS u ON u.id = r.user_id
WHERE r.outcome = 0 AND u.is_test = 0 AND u.is_erased = 0
GROUP BY r.journey
ORDER BY r.journey;
