-- What alerts need to know of the running installation. Read once an hour; each walks over no more than
-- the last day's rows, or the counts of two months. Test people are out.

-- name: alert_sends
-- ?1: now. Messages of the last six hours that were tried, and those of them that could not be sent (yet).
-- That people blocked the bot is no failure of sending.
SELECT count(*) AS tried, count(*) FILTER (WHERE d.state IN (0, 9, 10)) AS failed
FROM deliveries AS d
JOIN users AS u ON u.id = d.user_id
WHERE d.id >= (?1 - 6 * 3600000) << 21 AND d.attempts > 0
  AND u.is_test = 0 AND d.reason NOT IN ('blocked', 'gone');

-- name: alert_opt_outs
-- ?1: now. People who were written to within a day, and those of them who blocked the bot or stopped it.
SELECT count(*) AS written, count(*) FILTER (WHERE w.user_id IN (
    SELECT e.user_id FROM events AS e
    WHERE e.id >= (?1 - 86400000) << 21 AND e.type IN ('blocked', 'stopped'))) AS gone
FROM (
    SELECT DISTINCT d.user_id FROM deliveries AS d
    WHERE d.id >= (?1 - 86400000) << 21 AND d.state BETWEEN 3 AND 6
) AS w
JOIN users AS u ON u.id = w.user_id
WHERE u.is_test = 0;

-- name: alert_waiting
-- ?1: the last line. Since when the oldest of each line waits, 0 for none; line 0 holds what is to be decided.
WITH RECURSIVE lines (line) AS (
    SELECT 0 UNION ALL SELECT line + 1 FROM lines WHERE line < ?1
)
SELECT l.line, coalesce((SELECT min(w.due_at_ms) FROM due AS w WHERE w.line = l.line), 0) AS since_ms
FROM lines AS l
ORDER BY l.line;

-- name: alert_requests_5xx
-- ?1: now.
SELECT coalesce(sum(count), 0) AS failed FROM error_counts
WHERE kind = 'http_5xx' AND day = ?1 / 86400000;

-- name: alert_silent_sequences
-- ?1: now. Those that sent on seven days or more, on most days of the four weeks up to their last message, and
-- whose whole days of silence since would have seen ten messages: by chance that happens to almost none.
WITH last AS (
    SELECT sequence, max(day) AS day FROM delivery_counts
    WHERE sent > 0 AND day BETWEEN ?1 / 86400000 - 60 AND ?1 / 86400000
    GROUP BY sequence
), written AS (
    SELECT l.sequence, ?1 / 86400000 - l.day - 1 AS silent_days, l.day - min(c.day) + 1 AS days,
        count(DISTINCT c.day) AS active_days, sum(c.sent) AS sent
    FROM last AS l
    JOIN delivery_counts AS c
        ON c.sequence = l.sequence AND c.day BETWEEN l.day - 27 AND l.day AND c.sent > 0
    GROUP BY l.sequence, l.day
)
SELECT sequence FROM written
WHERE active_days >= 7 AND active_days * 2 > days AND silent_days * sent >= 10 * days
ORDER BY sequence;

-- name: alert_history
-- ?1 at most, ?2 only those with a smaller id, 0 all. What looks changed, and what was done by hand, the newest first.
SELECT id, at_ms, actor, after FROM audit_log
WHERE (?2 = 0 OR id < ?2) AND action IN ('alerts', 'alert')
ORDER BY id DESC LIMIT ?1;
