-- What is only ever appended.

-- name: event_months
-- One table holds the events of all months: there is no room to make.
SELECT 0 WHERE ?1 < 0;

-- name: event_month_leave
-- Nor is there a month that could go as a whole.
SELECT 0 WHERE ?1 < 0;

-- name: events_count
-- Argument: the last of the events that go. Counts them.
INSERT INTO event_counts (day, type, journey, step, name, variant, channel, count)
SELECT e.at_ms / 86400000, e.type, e.journey, e.step,
       CASE WHEN NOT json_valid(e.data) THEN ''
            WHEN e.type = 'tracked' THEN coalesce(e.data ->> 'event', '')
            WHEN e.type = 'experiment_exposed' THEN coalesce(e.data ->> 'experiment', '') ELSE '' END,
       CASE WHEN e.type = 'experiment_exposed' AND json_valid(e.data) THEN coalesce(e.data ->> 'variant', '')
            ELSE '' END,
       u.channel, count(*)
FROM events AS e CROSS JOIN users AS u ON u.id = e.user_id
WHERE e.id >= (SELECT first_id FROM event_edge) AND e.id <= ?1 AND e.revenue = 0 AND u.is_test = 0
GROUP BY 1, 2, 3, 4, 5, 6, 7
ON CONFLICT (day, type, journey, step, name, variant, channel) DO UPDATE SET count = count + excluded.count;
