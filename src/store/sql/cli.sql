-- What the commands of the terminal list.

-- name: rollout_people
-- How many people each set has: 0 original, 1 optimized. Test people and erased ones are out.
SELECT journey_set, count(*)
FROM users
WHERE is_test = 0 AND is_erased = 0 AND set_assigned = 1
GROUP BY journey_set
ORDER BY journey_set;

-- name: deliveries_list
-- The newest messages, of one state (?1 its number, -1: any) and one person (?2, 0: anyone), older than ?4 (0: any).
SELECT d.id, d.user_id, d.sequence, d.step, d.kind, d.class, d.channel, d.state, d.reason,
       d.created_at_ms, d.sent_at_ms, d.attempts, d.uncertain, d.next_at_ms
FROM deliveries AS d
WHERE (?1 < 0 OR d.state = ?1) AND (?2 = 0 OR d.user_id = ?2) AND (?4 = 0 OR d.id < ?4)
ORDER BY d.id DESC
LIMIT ?3;

-- name: users_list
-- The newest people, or those whose name or user name begins with ?1; with smaller ids than ?3 (0: any).
SELECT u.id, u.first_name, u.username, u.joined_at_ms, u.channel, u.journey_set, u.commitments_total,
       u.commitments_completed, u.activity_last_at_ms, u.is_test, u.stopped
FROM users AS u
WHERE u.is_erased = 0 AND (?3 = 0 OR u.id < ?3)
  AND (?1 = '' OR lower(u.first_name) LIKE lower(?1) || '%' ESCAPE '\'
       OR lower(u.username) LIKE lower(?1) || '%' ESCAPE '\')
ORDER BY u.id DESC
LIMIT ?2;

-- name: user_of_identity
SELECT user_id FROM identities WHERE kind = ?1 AND value = ?2;

-- name: first_people
-- The first people of a rollout in its onboarding, without test people. Arguments: when it began, how many. An id begins
-- with its instant (the low 21 bits count), so that whoever came before is not looked at.
SELECT u.id, r.journey, r.outcome, r.entered_at_ms, r.ended_at_ms
FROM users AS u JOIN runs AS r ON r.user_id = u.id
WHERE u.id >= CAST(?1 AS BIGINT) * 2097152 AND u.joined_at_ms >= ?1 AND u.journey_set = 1
  AND u.is_test = 0 AND u.is_erased = 0 AND r.journey = 'superior_onboarding'
ORDER BY u.id, r.id
LIMIT ?2;

-- name: user_timeline
-- One person's last ?2 events, newest first: a walk along the chain.
WITH RECURSIVE walk (id, previous_event_id, at_ms, type, journey, step, ref_id, rule, data, n) AS (
    SELECT e.id, e.previous_event_id, e.at_ms, e.type, e.journey, e.step, e.ref_id, e.rule, e.data, 1
    FROM users AS u JOIN events AS e ON e.id = u.event_last_id
    WHERE u.id = ?1
    UNION ALL
    SELECT e.id, e.previous_event_id, e.at_ms, e.type, e.journey, e.step, e.ref_id, e.rule, e.data, w.n + 1
    FROM walk AS w JOIN events AS e ON e.id = w.previous_event_id
    WHERE w.n < ?2
)
SELECT id, at_ms, type, journey, step, ref_id, rule, data FROM walk ORDER BY n;

-- name: user_card
SELECT u.id, u.first_name, u.username, u.joined_at_ms, u.source, u.language, u.zone, u.channel, u.journey_set,
       u.is_test, u.is_held, u.stopped, u.paused_until_ms, u.operator_holds, u.crisis_hold,
       u.commitments_total,
       u.commitments_completed, u.commitments_missed, u.commitments_dropped, u.streak_days,
       u.activity_last_at_ms, u.onboarding_completed, u.onboarding_version, u.feeling_word, u.is_erased,
       u.telegram_reach, u.webchat_reach, u.email_reach
FROM users AS u
WHERE u.id = ?1;

-- name: user_runs
SELECT r.id, r.journey, r.outcome, r.phase, r.step, r.entered_at_ms, r.ended_at_ms, r.next_at_ms
FROM runs AS r
WHERE r.user_id = ?1
ORDER BY r.id DESC
LIMIT ?2;

-- name: user_commitments
SELECT c.id, c.state, c.text, c.size_s, c.source, c.created_at_ms, c.planned_at_ms, c.completed_at_ms
FROM commitments AS c
WHERE c.user_id = ?1
ORDER BY c.id DESC
LIMIT ?2;

-- name: broadcasts_overview
-- Arguments: limit. Newest first, with what became of their messages; they are found by the partial index.
WITH newest AS (SELECT * FROM broadcasts ORDER BY id DESC LIMIT ?1),
counted AS (
    SELECT
        broadcast_id,
        count(*) FILTER (WHERE state BETWEEN 3 AND 6) AS sent,
        count(*) FILTER (WHERE state <= 1) AS waiting,
        count(*) FILTER (WHERE state = 7) AS suppressed,
        count(*) FILTER (WHERE state = 8) AS expired,
        count(*) FILTER (WHERE state >= 9) AS failed,
        count(*) FILTER (WHERE state = 2) AS uncertain
    FROM deliveries
    WHERE broadcast_id <> 0 AND broadcast_id IN (SELECT id FROM newest)
    GROUP BY broadcast_id
)
SELECT
    n.id,
    CASE n.state WHEN 0 THEN 'scheduled' WHEN 1 THEN 'running' WHEN 2 THEN 'paused' WHEN 3 THEN 'done'
        ELSE 'cancelled' END AS state,
    n.scheduled_at_ms, n.started_at_ms, n.ended_at_ms, n.created_at_ms, n.created_by, n.filter, n.text,
    n.pace_per_s, n.considered,
    (SELECT count(*) FROM users WHERE is_erased = 0 AND id > n.cursor_user_id) AS ahead,
    n.matched,
    coalesce(c.sent, 0), coalesce(c.waiting, 0), coalesce(c.suppressed, 0), coalesce(c.expired, 0),
    coalesce(c.failed, 0), coalesce(c.uncertain, 0)
FROM newest AS n LEFT JOIN counted AS c ON c.broadcast_id = n.id
ORDER BY n.id DESC;

-- name: feedback_list
-- The newest feedback of people, older than ?2 (0: any); ratings, too.
SELECT f.id, f.user_id, u.first_name, f.at_ms, f.text, f.rating, f.is_problem
FROM feedback AS f JOIN users AS u ON u.id = f.user_id
WHERE u.is_erased = 0 AND (?2 = 0 OR f.id < ?2)
ORDER BY f.id DESC
LIMIT ?1;

-- name: audit_page
-- Who did what, the newest first, older than ?2 (0: any).
SELECT id, at_ms, actor, action, before, after FROM audit_log
WHERE ?2 = 0 OR id < ?2
ORDER BY id DESC
LIMIT ?1;

-- name: rollback_preview
-- Whom a rollback with --move concerns at most, and who of them is in the middle of a journey.
SELECT
    count(*),
    count(*) FILTER (WHERE EXISTS (SELECT 1 FROM runs AS r WHERE r.user_id = u.id AND r.outcome = 0))
FROM users AS u
WHERE u.journey_set = 1 AND u.is_erased = 0;

-- name: rollout_history
-- What was done to the rollout, the newest first. ?1 at most.
SELECT at_ms, actor, action, before, after
FROM audit_log
WHERE action IN ('rollout_set', 'rollout_stage', 'rollout_plan', 'rollback')
ORDER BY id DESC LIMIT ?1;

-- name: forecast_due
-- ?1: now, ?2: until when. Messages that wait in each line, by the minute from now in which they are due (late ones
-- in the first); line 0: what is decided on then.
SELECT line, CASE WHEN due_at_ms <= ?1 THEN 0 ELSE (due_at_ms - ?1) / 60000 END AS minute, count(*) AS messages
FROM due WHERE due_at_ms < ?2
GROUP BY 1, 2 ORDER BY 1, 2;
