-- The figures of docs/reference/metrics.md. One definition for every surface: src/bi reads these and
-- nothing else. Those of people take
--   ?1, ?2  people who joined in [?1, ?2)
--   ?3, ?4  source and language of the people, '' any
--   ?5      the instant of evaluation
--   ?6      0: people of the original set, 1: of the optimized one, negative: all
-- Test people and erased ones are out everywhere. Sums use the counters on the people's rows, which
-- doctor recounts; what the counters cannot tell is read from the rows.

-- name: metrics_newest
-- The instant of the newest event, from its id; 0 when there is none. No arguments.
SELECT coalesce(max(e.id), 0) >> 21 AS newest_ms FROM events AS e;

-- name: metrics_people
-- ?7: only commitments made within so many ms of joining count for converted and converted_outside;
-- 0 no bound.
SELECT
    count(*) AS users,
    count(*) FILTER (WHERE CASE WHEN ?7 = 0 THEN u.commitments_total > 0
                      ELSE u.first_commitment_at_ms > 0
                           AND u.first_commitment_at_ms <= u.joined_at_ms + ?7 END) AS converted,
    count(*) FILTER (WHERE CASE WHEN ?7 = 0 THEN u.commitments_outside > 0
                      ELSE u.commitments_outside > 0 AND EXISTS (
                          SELECT 1 FROM commitments AS c
                          WHERE c.user_id = u.id AND c.source <> 'onboarding'
                            AND c.created_at_ms <= u.joined_at_ms + ?7) END)
        AS converted_outside,
    count(*) FILTER (WHERE u.commitments_total = 0) AS inactive,
    count(*) FILTER (WHERE u.commitments_completed > 0) AS activated,
    count(*) FILTER (WHERE u.activity_last_at_ms < ?5 - 7 * 86400000) AS silent_7d,
    count(*) FILTER (WHERE u.activity_last_at_ms < ?5 - 2592000000) AS silent_30d,
    coalesce(sum(u.commitments_total), 0) AS commitments,
    coalesce(sum(u.commitments_completed), 0) AS completed,
    coalesce(sum(u.commitments_quick), 0) AS quick,
    coalesce(sum(u.commitments_outside), 0) AS outside,
    coalesce(sum(u.commitments_outside_completed), 0) AS outside_completed,
    coalesce(sum(u.completion_ms_sum), 0) AS completion_ms,
    count(*) FILTER (WHERE u.commitments_total >= 10
                 AND u.commitments_completed * 5 >= u.commitments_total * 4) AS power_users,
    coalesce(sum(CASE WHEN u.commitments_total >= 10
                           AND u.commitments_completed * 5 >= u.commitments_total * 4
                      THEN u.commitments_total END), 0) AS power_commitments
FROM users AS u
WHERE u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5;

-- name: metrics_completion_times
-- Completion times by their place in order, from 0: those at the places ?7 and ?8 and the ones after
-- them, which is what interpolating two percentiles needs.
WITH times AS (
    SELECT c.completed_at_ms - c.created_at_ms AS took_ms,
           row_number() OVER (ORDER BY c.completed_at_ms - c.created_at_ms) - 1 AS place
    FROM users AS u
    JOIN commitments AS c ON c.user_id = u.id AND c.state = 1
    WHERE u.is_test = 0 AND u.is_erased = 0
      AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
      AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
      AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5
)
SELECT place, took_ms
FROM times
WHERE place IN (?7, ?7 + 1, ?8, ?8 + 1)
ORDER BY place;

-- name: metrics_steps
-- People to whom a step of the onboarding was sent, and those who completed it. ?7: JSON object of
-- the journeys' steps' no-answer times; younger sends are left out of both.
SELECT
    s.key + 1 AS step,
    count(DISTINCT r.user_id) AS sent,
    count(DISTINCT CASE WHEN s.value ->> 1 > 0 THEN r.user_id END) AS completed
FROM users AS u
JOIN runs AS r ON r.user_id = u.id
JOIN json_each(r.steps) AS s
WHERE u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6)
  AND r.journey IN ('superior_onboarding', 'micro_onboarding')
  AND s.value ->> 0 > 0
  AND s.value ->> 0 <= ?5 - coalesce(?7 -> r.journey ->> s.key, 0)
GROUP BY s.key
ORDER BY s.key;

-- name: metrics_funnel
-- People who came so far, at any time. ?7, ?8: only those with variant ?8 of experiment ?7, '' all.
WITH people AS (
    SELECT u.id, u.onboarding_completed, u.commitments_outside, u.commitments_outside_completed
    FROM users AS u
    WHERE u.is_test = 0 AND u.is_erased = 0
      AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
      AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
      AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5
      AND (?7 = '' OR EXISTS (
          SELECT 1 FROM runs AS r
          WHERE r.user_id = u.id AND r.variants <> '' AND EXISTS (
              SELECT 1 FROM json_each(r.variants) AS v WHERE v.key = ?7 AND v.value = ?8)))
),
steps AS (
    SELECT r.user_id, s.key AS step, s.value ->> 0 AS sent_ms, s.value ->> 1 AS completed_ms
    FROM people AS p
    JOIN runs AS r ON r.user_id = p.id
    JOIN json_each(r.steps) AS s
    WHERE r.journey IN ('superior_onboarding', 'micro_onboarding')
)
SELECT
    (SELECT count(*) FROM people) AS joined,
    count(DISTINCT CASE WHEN step = 0 AND sent_ms > 0 THEN user_id END) AS step_1_sent,
    count(DISTINCT CASE WHEN step = 0 AND completed_ms > 0 THEN user_id END) AS step_1_completed,
    count(DISTINCT CASE WHEN step = 1 AND completed_ms > 0 THEN user_id END) AS step_2_completed,
    count(DISTINCT CASE WHEN step = 2 AND completed_ms > 0 THEN user_id END) AS step_3_completed,
    count(DISTINCT CASE WHEN step = 3 AND completed_ms > 0 THEN user_id END) AS step_4_completed,
    (SELECT coalesce(sum(onboarding_completed), 0) FROM people) AS graduated,
    (SELECT count(*) FILTER (WHERE commitments_outside > 0) FROM people) AS first_commitment,
    (SELECT count(*) FILTER (WHERE commitments_outside_completed > 0) FROM people) AS first_completion
FROM steps;

-- name: metrics_abandonment
-- Runs of the onboarding entered at least eight days ago; outcome 3 is abandoned.
SELECT count(*) AS entered, count(*) FILTER (WHERE r.outcome = 3) AS abandoned
FROM users AS u
JOIN runs AS r ON r.user_id = u.id
WHERE u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6)
  AND r.journey IN ('superior_onboarding', 'micro_onboarding')
  AND r.entered_at_ms <= ?5 - 8 * 86400000;

-- name: metrics_activity
-- Distinct people with activity in the last full UTC day, the last 7 and the last 30 days: the last two
-- by the instant that is kept of their last one, the first from the events of those who were active
-- since. ?7: JSON array of the event types that are activity. Ids begin with an instant that is never
-- before at_ms.
SELECT
    (SELECT count(DISTINCT e.user_id)
     FROM events AS e
     JOIN users AS u ON u.id = e.user_id
     WHERE e.id >= ((?5 / 86400000 - 1) * 86400000) << 21
       AND e.at_ms >= (?5 / 86400000 - 1) * 86400000 AND e.at_ms < ?5 / 86400000 * 86400000
       AND e.type IN (SELECT value FROM json_each(?7))
       AND u.is_test = 0 AND u.is_erased = 0
       AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
       AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
       AND (?6 < 0 OR u.journey_set = ?6)) AS dau,
    count(*) FILTER (WHERE u.activity_last_at_ms >= ?5 - 7 * 86400000) AS wau,
    count(*) AS mau
FROM users AS u
WHERE u.activity_last_at_ms >= ?5 - 2592000000
  AND u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6);

-- name: metrics_joins
SELECT
    count(*) FILTER (WHERE u.joined_at_ms > ?5 - 7 * 86400000) AS last_7_days,
    count(*) FILTER (WHERE u.joined_at_ms > ?5 - 14 * 86400000
                 AND u.joined_at_ms <= ?5 - 7 * 86400000) AS previous_7_days,
    count(*) FILTER (WHERE u.joined_at_ms > ?5 - 2592000000) AS last_30_days
FROM users AS u
WHERE u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5;

-- name: metrics_commitments_recent
-- Commitments made in the last 30 days.
SELECT count(*) AS made
FROM users AS u
JOIN commitments AS c ON c.user_id = u.id
WHERE u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6)
  AND c.created_at_ms > ?5 - 2592000000 AND c.created_at_ms <= ?5;

-- name: metrics_distribution
-- How many people made how many commitments, from few to many.
SELECT u.commitments_total AS commitments, count(*) AS people
FROM users AS u
WHERE u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5
GROUP BY u.commitments_total
ORDER BY u.commitments_total;

-- name: metrics_retention
-- By week of joining (weeks since Monday 1969-12-29, UTC) and cell k = [joined + 7k d, joined +
-- 7(k+1) d): people old enough to have lived the whole cell, and those of them with activity in it.
-- Cell -1 is [joined + 30 d, joined + 60 d). imported: how many of them were imported. ?7: JSON array of the event types that are activity; ?8:
-- cells 0 .. ?8. Events are walked once, each looking up its person (hence cross join: the other way
-- round an index over all events would be built first). Nobody is counted in a cell whose events have left.
WITH RECURSIVE
cells (k) AS (SELECT 0 UNION ALL SELECT k + 1 FROM cells WHERE k < ?8),
people AS (
    SELECT u.joined_at_ms, (u.joined_at_ms / 86400000 + 3) / 7 AS week, u.existing
    FROM users AS u
    WHERE u.is_test = 0 AND u.is_erased = 0
      AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
      AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
      AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5
),
eligible AS (
    SELECT p.week, c.k, count(*) AS people, sum(p.existing) AS imported
    FROM people AS p JOIN cells AS c ON p.joined_at_ms + (c.k + 1) * 7 * 86400000 <= ?5
        AND p.joined_at_ms + c.k * 7 * 86400000 >= (SELECT first_id >> 21 FROM event_edge)
    GROUP BY p.week, c.k
    UNION ALL
    SELECT week, -1, count(*), sum(existing)
    FROM people WHERE joined_at_ms + 5184000000 <= ?5
        AND joined_at_ms + 2592000000 >= (SELECT first_id >> 21 FROM event_edge) GROUP BY week
),
lived AS MATERIALIZED (
    SELECT u.id, u.joined_at_ms, (u.joined_at_ms / 86400000 + 3) / 7 AS week,
           (e.at_ms - u.joined_at_ms) / (7 * 86400000) AS k,
           max(e.at_ms - u.joined_at_ms >= 2592000000
               AND e.at_ms - u.joined_at_ms < 5184000000) AS in_month
    FROM events AS e CROSS JOIN users AS u ON u.id = e.user_id
    WHERE e.type IN (SELECT value FROM json_each(?7))
      AND u.is_test = 0 AND u.is_erased = 0
      AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
      AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
      AND (?6 < 0 OR u.journey_set = ?6)
      AND e.at_ms >= u.joined_at_ms AND e.at_ms <= ?5
      AND e.at_ms < u.joined_at_ms + max((?8 + 1) * 7, 60) * 86400000
    GROUP BY u.id, k
),
active AS (
    SELECT week, k, count(*) AS people
    FROM lived
    WHERE k <= ?8 AND joined_at_ms + (k + 1) * 7 * 86400000 <= ?5
        AND joined_at_ms + k * 7 * 86400000 >= (SELECT first_id >> 21 FROM event_edge)
    GROUP BY week, k
    UNION ALL
    SELECT week, -1, count(DISTINCT id)
    FROM lived
    WHERE in_month AND joined_at_ms + 5184000000 <= ?5
        AND joined_at_ms + 2592000000 >= (SELECT first_id >> 21 FROM event_edge)
    GROUP BY week
)
SELECT el.week, el.k, el.people AS eligible, coalesce(a.people, 0) AS active, el.imported
FROM eligible AS el LEFT JOIN active AS a ON a.week = el.week AND a.k = el.k
ORDER BY el.week, el.k;

-- name: metrics_revenue
SELECT coalesce(sum(e.revenue), 0.0) AS revenue
FROM events AS e
JOIN users AS u ON u.id = e.user_id
WHERE e.revenue <> 0 AND e.at_ms <= ?5
  AND u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6);

-- name: metrics_revenue_cohorts
-- By week of joining, as in metrics_retention.
WITH paid AS (
    SELECT e.user_id, sum(e.revenue) AS revenue
    FROM events AS e WHERE e.revenue <> 0 AND e.at_ms <= ?5 GROUP BY e.user_id
)
SELECT (u.joined_at_ms / 86400000 + 3) / 7 AS week, count(*) AS people,
       coalesce(sum(p.revenue), 0.0) AS revenue
FROM users AS u LEFT JOIN paid AS p ON p.user_id = u.id
WHERE u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5
GROUP BY week
ORDER BY week;

-- name: metrics_revenue_variants
-- By the variants that people have in any of their runs.
WITH paid AS (
    SELECT e.user_id, sum(e.revenue) AS revenue
    FROM events AS e WHERE e.revenue <> 0 AND e.at_ms <= ?5 GROUP BY e.user_id
),
assigned AS (
    SELECT DISTINCT u.id, v.key AS experiment, v.value AS variant
    FROM users AS u
    JOIN runs AS r ON r.user_id = u.id AND r.variants <> ''
    JOIN json_each(r.variants) AS v
    WHERE u.is_test = 0 AND u.is_erased = 0
      AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
      AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
      AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5
)
SELECT a.experiment, a.variant, count(*) AS people, coalesce(sum(p.revenue), 0.0) AS revenue
FROM assigned AS a LEFT JOIN paid AS p ON p.user_id = a.id
GROUP BY a.experiment, a.variant
ORDER BY a.experiment, a.variant;

-- name: metrics_errors
-- Of the whole installation, on the last seven UTC days with today. ?1: the instant of evaluation.
SELECT coalesce(sum(CASE WHEN kind = 'invariant' THEN count END), 0) AS invariant,
       coalesce(sum(CASE WHEN kind = 'http_5xx' THEN count END), 0) AS http_5xx
FROM error_counts
WHERE day > ?1 / 86400000 - 7 AND day <= ?1 / 86400000;

-- name: metrics_feedback
-- Ratings of all time; problems told in the last 7 days and the 7 before.
SELECT
    count(*) FILTER (WHERE f.rating <> 0) AS ratings,
    count(*) FILTER (WHERE f.rating = 1) AS helpful,
    count(*) FILTER (WHERE f.is_problem = 1 AND f.at_ms > ?5 - 7 * 86400000) AS problems,
    count(*) FILTER (WHERE f.is_problem = 1 AND f.at_ms > ?5 - 14 * 86400000
                 AND f.at_ms <= ?5 - 7 * 86400000) AS problems_before
FROM feedback AS f
JOIN users AS u ON u.id = f.user_id
WHERE f.at_ms <= ?5
  AND u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6);

-- name: metrics_support_events
-- Tracked requests for support, and /help asked for twice within an hour, by the same two weeks.
SELECT
    count(*) FILTER (WHERE e.at_ms > ?5 - 7 * 86400000) AS requests,
    count(*) FILTER (WHERE e.at_ms <= ?5 - 7 * 86400000) AS requests_before
FROM events AS e
JOIN users AS u ON u.id = e.user_id
WHERE e.id >= (?5 - 14 * 86400000) << 21
  AND e.at_ms > ?5 - 14 * 86400000 AND e.at_ms <= ?5
  AND e.type = 'tracked' AND e.data ->> '$.event' IN ('Support Requested', 'Help Repeated')
  AND u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6);

-- name: metrics_dead_deliveries
-- Messages of the last 7 days whose retries were used up.
SELECT count(*) AS dead
FROM deliveries AS d
JOIN users AS u ON u.id = d.user_id
WHERE d.id >= (?5 - 7 * 86400000) << 21 AND d.state = 10
  AND u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6);

-- name: population_completions
-- How many people with a commitment completed how many, from few to many.
SELECT u.commitments_completed AS completed, count(*) AS people
FROM users AS u
WHERE u.is_test = 0 AND u.is_erased = 0 AND u.commitments_total > 0
GROUP BY u.commitments_completed
ORDER BY u.commitments_completed;

-- name: population_leaderboard
-- Those who asked to be on it, by what they completed. ?1 at most.
SELECT u.first_name, u.commitments_completed, u.streak_best_days
FROM users AS u
WHERE u.is_test = 0 AND u.is_erased = 0 AND u.leaderboard_opt_in = 1
  AND u.commitments_completed > 0
ORDER BY u.commitments_completed DESC, u.id
LIMIT ?1;
