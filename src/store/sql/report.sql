-- The day's report to operators. What else it tells is read by the blocks of its parts.

-- name: report_feedback
-- ?1, ?2: said in [?1, ?2). Counts alone: a report outlives the erasing of a person.
SELECT
    count(*) FILTER (WHERE f.rating = 1) AS helpful,
    count(*) FILTER (WHERE f.rating = -1) AS not_helpful,
    count(*) FILTER (WHERE f.is_problem = 1) AS problems,
    count(*) FILTER (WHERE f.text <> '') AS written
FROM feedback AS f JOIN users AS u ON u.id = f.user_id
WHERE f.at_ms >= ?1 AND f.at_ms < ?2 AND u.is_test = 0 AND u.is_erased = 0;
