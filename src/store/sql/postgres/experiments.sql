-- Experiments, as PostgreSQL reads JSON. What the figures mean stands in sql/experiments.sql.

-- name: experiment_arms
WITH exposures AS (
    SELECT e.user_id, e.at_ms, e.step, e.ref_id, e.data::json ->> 'variant' AS variant,
           nullif((e.data::json ->> 'propensity')::double precision, 0) AS chance,
           row_number() OVER (PARTITION BY e.user_id ORDER BY e.id) AS nth
    FROM events AS e
    WHERE e.type = 'experiment_exposed' AND nullif(e.data, '')::json ->> 'experiment' = ?1
),
people AS MATERIALIZED (
    SELECT x.user_id, x.at_ms, x.step, x.ref_id, x.variant, 1.0 / x.chance AS w,
           CASE WHEN x.at_ms + ?5::bigint <= ?4::bigint THEN 1 ELSE 0 END AS is_ripe,
           (x.at_ms - ?2::bigint - 1) / ?12::bigint AS seen_look,
           CASE WHEN x.at_ms + ?5::bigint <= ?4::bigint
                THEN (x.at_ms + ?5::bigint - ?2::bigint - 1) / ?12::bigint ELSE -1 END AS judged_look
    FROM exposures AS x
    JOIN users AS u ON u.id = x.user_id
    WHERE x.nth = 1 AND x.at_ms >= ?2::bigint AND x.at_ms < ?3::bigint
      AND u.is_test = 0 AND u.is_erased = 0
),
outcomes AS (
    SELECT p.user_id, CASE WHEN ?10::bigint = 1 THEN sum(o.revenue) ELSE 1.0 END AS y
    FROM people AS p
    JOIN events AS o ON o.user_id = p.user_id
    WHERE p.is_ripe = 1 AND o.id >= (?2::bigint - 86400000) << 21
      AND o.at_ms >= p.at_ms AND o.at_ms < p.at_ms + ?5::bigint
      AND (?6 = '' OR o.type = ?6) AND (?9 = '' OR o.rule = ?9)
      AND (?7 = '' OR nullif(o.data, '')::json ->> 'event' = ?7)
      AND (?8::bigint = 0 OR (o.ref_id = p.ref_id AND o.step = p.step))
      AND (?10::bigint = 0 OR o.revenue <> 0)
    GROUP BY p.user_id
),
histories AS (
    SELECT p.user_id, count(*)::double precision AS x
    FROM people AS p
    JOIN events AS h ON h.user_id = p.user_id
    WHERE p.is_ripe = 1 AND h.type IN (SELECT json_array_elements_text(?11::json))
      AND h.at_ms < p.at_ms AND h.at_ms >= p.at_ms - 28::bigint * 86400000
    GROUP BY p.user_id
)
SELECT p.variant, p.seen_look, p.judged_look, count(*) AS exposed, sum(p.is_ripe) AS people,
       coalesce(sum(o.y), 0.0)::double precision AS y,
       coalesce(sum(o.y * o.y), 0.0)::double precision AS yy,
       coalesce(sum(h.x), 0.0)::double precision AS x,
       coalesce(sum(h.x * h.x), 0.0)::double precision AS xx,
       coalesce(sum(h.x * o.y), 0.0)::double precision AS xy,
       count(p.w) AS known,
       coalesce(sum(p.w), 0.0)::double precision AS w,
       coalesce(sum(p.w * p.w), 0.0)::double precision AS ww,
       coalesce(sum(o.y * p.w), 0.0)::double precision AS yw,
       coalesce(sum(o.y * p.w * p.w), 0.0)::double precision AS yww,
       coalesce(sum(o.y * o.y * p.w * p.w), 0.0)::double precision AS yyww
FROM people AS p
LEFT JOIN outcomes AS o ON o.user_id = p.user_id
LEFT JOIN histories AS h ON h.user_id = p.user_id
GROUP BY p.variant, p.seen_look, p.judged_look
ORDER BY p.variant, p.seen_look, p.judged_look;
