-- Figures that read JSON, or name the types of their arguments, as PostgreSQL does it. What they mean stands in sql/metrics.sql.

-- name: metrics_steps
SELECT
    s.place AS step,
    count(DISTINCT r.user_id) AS sent,
    count(DISTINCT CASE WHEN (s.value ->> 1)::bigint > 0 THEN r.user_id END) AS completed
FROM users AS u
JOIN runs AS r ON r.user_id = u.id
CROSS JOIN json_array_elements(r.steps::json) WITH ORDINALITY AS s (value, place)
WHERE u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6)
  AND r.journey IN ('superior_onboarding', 'micro_onboarding')
  AND (s.value ->> 0)::bigint > 0
  AND (s.value ->> 0)::bigint
      <= ?5 - coalesce((?7::json -> r.journey ->> (s.place - 1)::integer)::bigint, 0)
GROUP BY s.place
ORDER BY s.place;

-- name: metrics_funnel
WITH people AS (
    SELECT u.id, u.onboarding_completed, u.commitments_outside, u.commitments_outside_completed
    FROM users AS u
    WHERE u.is_test = 0 AND u.is_erased = 0
      AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
      AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
      AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5
      AND (?7 = '' OR EXISTS (
          SELECT 1 FROM runs AS r
          WHERE r.user_id = u.id AND nullif(r.variants, '')::json ->> ?7 = ?8))
),
steps AS (
    SELECT r.user_id, s.place AS step, (s.value ->> 0)::bigint AS sent_ms,
           (s.value ->> 1)::bigint AS completed_ms
    FROM people AS p
    JOIN runs AS r ON r.user_id = p.id
    CROSS JOIN json_array_elements(r.steps::json) WITH ORDINALITY AS s (value, place)
    WHERE r.journey IN ('superior_onboarding', 'micro_onboarding')
)
SELECT
    (SELECT count(*) FROM people) AS joined,
    count(DISTINCT CASE WHEN step = 1 AND sent_ms > 0 THEN user_id END) AS step_1_sent,
    count(DISTINCT CASE WHEN step = 1 AND completed_ms > 0 THEN user_id END) AS step_1_completed,
    count(DISTINCT CASE WHEN step = 2 AND completed_ms > 0 THEN user_id END) AS step_2_completed,
    count(DISTINCT CASE WHEN step = 3 AND completed_ms > 0 THEN user_id END) AS step_3_completed,
    count(DISTINCT CASE WHEN step = 4 AND completed_ms > 0 THEN user_id END) AS step_4_completed,
    (SELECT coalesce(sum(onboarding_completed), 0) FROM people) AS graduated,
    (SELECT count(*) FROM people WHERE commitments_outside > 0) AS first_commitment,
    (SELECT count(*) FROM people WHERE commitments_outside_completed > 0) AS first_completion
FROM steps;

-- name: metrics_activity
SELECT
    (SELECT count(DISTINCT e.user_id)
     FROM events AS e
     JOIN users AS u ON u.id = e.user_id
     WHERE e.id >= ((?5::bigint / 86400000 - 1) * 86400000) << 21
       AND e.at_ms >= (?5 / 86400000 - 1) * 86400000 AND e.at_ms < ?5 / 86400000 * 86400000
       AND e.type IN (SELECT json_array_elements_text(?7::json))
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

-- name: metrics_retention
WITH
cells (k) AS (SELECT generate_series(0, ?8::bigint)),
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
    FROM people AS p JOIN cells AS c ON p.joined_at_ms + (c.k + 1) * 604800000 <= ?5
        AND p.joined_at_ms + c.k * 604800000 >= (SELECT first_id >> 21 FROM event_edge)
    GROUP BY p.week, c.k
    UNION ALL
    SELECT week, -1, count(*), sum(existing)
    FROM people WHERE joined_at_ms + 5184000000 <= ?5
        AND joined_at_ms + 2592000000 >= (SELECT first_id >> 21 FROM event_edge) GROUP BY week
),
lived AS MATERIALIZED (
    SELECT u.id, u.joined_at_ms, (u.joined_at_ms / 86400000 + 3) / 7 AS week,
           (e.at_ms - u.joined_at_ms) / 604800000 AS k,
           bool_or(e.at_ms - u.joined_at_ms >= 2592000000
                   AND e.at_ms - u.joined_at_ms < 5184000000) AS in_month
    FROM events AS e JOIN users AS u ON u.id = e.user_id
    WHERE e.type IN (SELECT json_array_elements_text(?7::json))
      AND u.is_test = 0 AND u.is_erased = 0
      AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
      AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
      AND (?6 < 0 OR u.journey_set = ?6)
      AND e.at_ms >= u.joined_at_ms AND e.at_ms <= ?5
      AND e.at_ms < u.joined_at_ms + greatest((?8::bigint + 1) * 7, 60) * 86400000
    GROUP BY u.id, (e.at_ms - u.joined_at_ms) / 604800000
),
active AS (
    SELECT week, k, count(*) AS people
    FROM lived
    WHERE k <= ?8 AND joined_at_ms + (k + 1) * 604800000 <= ?5
        AND joined_at_ms + k * 604800000 >= (SELECT first_id >> 21 FROM event_edge)
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

-- name: metrics_revenue_variants
WITH paid AS (
    SELECT e.user_id, sum(e.revenue) AS revenue
    FROM events AS e WHERE e.revenue <> 0 AND e.at_ms <= ?5 GROUP BY e.user_id
),
assigned AS (
    SELECT DISTINCT u.id, v.key AS experiment, v.value AS variant
    FROM users AS u
    JOIN runs AS r ON r.user_id = u.id
    CROSS JOIN json_each_text(nullif(r.variants, '')::json) AS v
    WHERE u.is_test = 0 AND u.is_erased = 0
      AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
      AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
      AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5
)
SELECT a.experiment, a.variant, count(*) AS people, coalesce(sum(p.revenue), 0.0) AS revenue
FROM assigned AS a LEFT JOIN paid AS p ON p.user_id = a.id
GROUP BY a.experiment, a.variant
ORDER BY a.experiment, a.variant;

-- name: metrics_support_events
SELECT
    count(*) FILTER (WHERE e.at_ms > ?5 - 7 * 86400000) AS requests,
    count(*) FILTER (WHERE e.at_ms <= ?5 - 7 * 86400000) AS requests_before
FROM events AS e
JOIN users AS u ON u.id = e.user_id
WHERE e.id >= (?5::bigint - 14 * 86400000) << 21
  AND e.at_ms > ?5 - 14 * 86400000 AND e.at_ms <= ?5
  AND e.type = 'tracked'
  AND nullif(e.data, '')::json ->> 'event' IN ('Support Requested', 'Help Repeated')
  AND u.is_test = 0 AND u.is_erased = 0
  AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
  AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
  AND (?6 < 0 OR u.journey_set = ?6);

-- name: metrics_completion_times
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
WHERE place IN (?7::bigint, ?7 + 1, ?8::bigint, ?8 + 1)
ORDER BY place;
