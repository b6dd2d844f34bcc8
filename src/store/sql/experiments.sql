-- Experiments: who was shown what, and what they did then.

-- name: experiment_arms
-- One row a variant and pair of looks: the one that is the first to see its people exposed, and the
-- one that is the first to see them judged (-1: none yet). Look 0 is at ?2 + ?12, look 1 another ?12
-- later, and so on. ?1 experiment; ?2, ?3: first exposed from, and before; ?4 the last look; ?5 how
-- long outcomes count after exposure (younger exposures are counted, but not yet judged). The
-- outcome: events of type ?6 ('' any), tracked under the name ?7 ('' any), of the exposed step's run
-- and step when ?8 is 1, by rule ?9 ('' any); their revenue when ?10 is 1, else whether there is one.
-- ?11: types that are activity (JSON): x is how much of it there was in the 28 days before. w: the
-- inverse of how likely the variant was, where it is known.
WITH exposures AS (
    SELECT e.user_id, e.at_ms, e.step, e.ref_id, e.data ->> 'variant' AS variant,
           nullif((e.data ->> 'propensity'), 0) AS chance,
           row_number() OVER (PARTITION BY e.user_id ORDER BY e.id) AS nth
    FROM events AS e
    WHERE e.type = 'experiment_exposed' AND nullif(e.data, '') ->> 'experiment' = ?1
),
people AS MATERIALIZED (
    SELECT x.user_id, x.at_ms, x.step, x.ref_id, x.variant, 1.0 / x.chance AS w,
           CASE WHEN x.at_ms + ?5 <= ?4 THEN 1 ELSE 0 END AS is_ripe,
           (x.at_ms - ?2 - 1) / ?12 AS seen_look,
           CASE WHEN x.at_ms + ?5 <= ?4 THEN (x.at_ms + ?5 - ?2 - 1) / ?12
                ELSE -1 END AS judged_look
    FROM exposures AS x
    JOIN users AS u ON u.id = x.user_id
    WHERE x.nth = 1 AND x.at_ms >= ?2 AND x.at_ms < ?3 AND u.is_test = 0 AND u.is_erased = 0
),
outcomes AS (
    SELECT p.user_id, CASE WHEN ?10 = 1 THEN sum(o.revenue) ELSE 1.0 END AS y
    FROM people AS p
    JOIN events AS o ON o.user_id = p.user_id
    WHERE p.is_ripe = 1 AND o.id >= (?2 - 86400000) << 21
      AND o.at_ms >= p.at_ms AND o.at_ms < p.at_ms + ?5
      AND (?6 = '' OR o.type = ?6) AND (?9 = '' OR o.rule = ?9)
      AND (?7 = '' OR nullif(o.data, '') ->> 'event' = ?7)
      AND (?8 = 0 OR (o.ref_id = p.ref_id AND o.step = p.step))
      AND (?10 = 0 OR o.revenue <> 0)
    GROUP BY p.user_id
),
histories AS (
    SELECT p.user_id, count(*) AS x
    FROM people AS p
    JOIN events AS h ON h.user_id = p.user_id
    WHERE p.is_ripe = 1 AND h.type IN (SELECT t.value FROM json_each(?11) AS t)
      AND h.at_ms < p.at_ms AND h.at_ms >= p.at_ms - 28 * 86400000
    GROUP BY p.user_id
)
SELECT p.variant, p.seen_look, p.judged_look, count(*) AS exposed, sum(p.is_ripe) AS people,
       coalesce(sum(o.y), 0.0) AS y, coalesce(sum(o.y * o.y), 0.0) AS yy,
       coalesce(sum(h.x), 0) * 1.0 AS x, coalesce(sum(h.x * h.x), 0) * 1.0 AS xx,
       coalesce(sum(h.x * o.y), 0.0) AS xy,
       count(p.w) AS known,
       coalesce(sum(p.w), 0.0) AS w,
       coalesce(sum(p.w * p.w), 0.0) AS ww,
       coalesce(sum(o.y * p.w), 0.0) AS yw,
       coalesce(sum(o.y * p.w * p.w), 0.0) AS yww,
       coalesce(sum(o.y * o.y * p.w * p.w), 0.0) AS yyww
FROM people AS p
LEFT JOIN outcomes AS o ON o.user_id = p.user_id
LEFT JOIN histories AS h ON h.user_id = p.user_id
GROUP BY p.variant, p.seen_look, p.judged_look
ORDER BY p.variant, p.seen_look, p.judged_look;

-- name: experiment_holdout_people
-- A page of the people who joined from ?1 on, at ?2 at the latest, with an id above ?3; at most ?4
-- of them. What they did within ?5 of joining: a commitment, a completion, their revenue.
SELECT u.id,
       CASE WHEN u.first_commitment_at_ms > 0
                 AND u.first_commitment_at_ms < u.joined_at_ms + ?5 THEN 1 ELSE 0 END AS committed,
       CASE WHEN u.first_completion_at_ms > 0
                 AND u.first_completion_at_ms < u.joined_at_ms + ?5 THEN 1 ELSE 0 END AS completed,
       coalesce((SELECT sum(e.revenue) FROM events AS e
                 WHERE e.user_id = u.id AND e.revenue <> 0 AND e.at_ms >= u.joined_at_ms
                   AND e.at_ms < u.joined_at_ms + ?5), 0.0) AS revenue
FROM users AS u
WHERE u.is_test = 0 AND u.is_erased = 0 AND u.joined_at_ms >= ?1 AND u.joined_at_ms <= ?2
  AND u.id > ?3
ORDER BY u.id
LIMIT ?4;
