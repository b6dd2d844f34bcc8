-- How the steps of the onboarding go. Arguments ?1 to ?6 are those of metrics.sql.

-- name: onboarding_steps
-- For each step: people to whom it was sent, who completed it, within which time of its sending, and the
-- times around the places in their order that the median and the ninth decile are interpolated from.
WITH steps AS (
    SELECT s.key AS step, s.value ->> 0 AS sent_ms, s.value ->> 1 AS completed_ms
    FROM users AS u
    JOIN runs AS r ON r.user_id = u.id
    JOIN json_each(r.steps) AS s
    WHERE u.is_test = 0 AND u.is_erased = 0
      AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
      AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
      AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5
      AND r.journey = 'superior_onboarding'
      AND s.value ->> 0 > 0
),
took AS (
    SELECT step, completed_ms - sent_ms AS ms,
           row_number() OVER (PARTITION BY step ORDER BY completed_ms - sent_ms) - 1 AS place,
           count(*) OVER (PARTITION BY step) AS n
    FROM steps WHERE completed_ms > 0
)
SELECT
    sent.step, sent.people AS sent, coalesce(t.n, 0) AS completed,
    t.middle_ms, t.after_middle_ms, t.ninth_ms, t.after_ninth_ms,
    coalesce(t.in_5_min, 0), coalesce(t.in_15_min, 0), coalesce(t.in_1_h, 0), coalesce(t.in_3_h, 0),
    coalesce(t.in_6_h, 0), coalesce(t.in_12_h, 0), coalesce(t.in_24_h, 0)
FROM (SELECT step, count(*) AS people FROM steps GROUP BY step) AS sent
LEFT JOIN (
    SELECT step, n,
           max(ms) FILTER (WHERE place = (n - 1) / 2) AS middle_ms,
           max(ms) FILTER (WHERE place = (n - 1) / 2 + 1) AS after_middle_ms,
           max(ms) FILTER (WHERE place = (n - 1) * 9 / 10) AS ninth_ms,
           max(ms) FILTER (WHERE place = (n - 1) * 9 / 10 + 1) AS after_ninth_ms,
           count(*) FILTER (WHERE ms <= 300000) AS in_5_min,
           count(*) FILTER (WHERE ms <= 900000) AS in_15_min,
           count(*) FILTER (WHERE ms <= 3600000) AS in_1_h,
           count(*) FILTER (WHERE ms <= 10800000) AS in_3_h,
           count(*) FILTER (WHERE ms <= 21600000) AS in_6_h,
           count(*) FILTER (WHERE ms <= 43200000) AS in_12_h,
           count(*) FILTER (WHERE ms <= 86400000) AS in_24_h
    FROM took GROUP BY step, n
) AS t ON t.step = sent.step
ORDER BY sent.step;

-- name: onboarding_detours
-- By step: how often its recovery and its smaller version were sent, and how often it was skipped. A walk
-- through all events. Those that have left are only known of all people together.
SELECT step, coalesce(sum(n) FILTER (WHERE type = 'recovery_sent'), 0) AS recoveries,
       coalesce(sum(n) FILTER (WHERE type = 'ultra_sent'), 0) AS smaller,
       coalesce(sum(n) FILTER (WHERE type = 'step_skipped'), 0) AS skipped
FROM (
    SELECT e.step, e.type, count(*) AS n
    FROM events AS e
    CROSS JOIN users AS u ON u.id = e.user_id
    WHERE e.journey = 'superior_onboarding'
      AND e.type IN ('recovery_sent', 'ultra_sent', 'step_skipped')
      AND u.is_test = 0 AND u.is_erased = 0
      AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
      AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
      AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5
    GROUP BY e.step, e.type
    UNION ALL
    SELECT step, type, count FROM event_counts
    WHERE journey = 'superior_onboarding' AND type IN ('recovery_sent', 'ultra_sent', 'step_skipped')
      AND ?1 <= 0 AND ?2 > ?5 AND ?3 = '' AND ?4 = '' AND ?6 < 0
) AS all_of_them
GROUP BY step;

-- name: onboarding_answers
-- What people answered: the ten most frequent answers to each question. A person counts once for each.
WITH given AS (
    SELECT a.key AS question, a.value AS answer, count(DISTINCT u.id) AS people
    FROM users AS u
    JOIN runs AS r ON r.user_id = u.id AND r.answers <> ''
    JOIN json_each(r.answers) AS a
    WHERE u.is_test = 0 AND u.is_erased = 0
      AND u.joined_at_ms >= ?1 AND u.joined_at_ms < ?2
      AND (?3 = '' OR u.source = ?3) AND (?4 = '' OR u.language = ?4)
      AND (?6 < 0 OR u.journey_set = ?6) AND u.joined_at_ms <= ?5
      AND r.journey = 'superior_onboarding'
      AND a.key IN ('user_feeling_word', 'chosen_action', 'tomorrow_commitment')
    GROUP BY a.key, a.value
),
ranked AS (
    SELECT question, answer, people,
           row_number() OVER (PARTITION BY question ORDER BY people DESC, answer) AS place
    FROM given
)
SELECT question, answer, people FROM ranked WHERE place <= 10 ORDER BY question, place;
