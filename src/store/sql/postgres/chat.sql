-- The conversation of one web-chat session; sql/chat.sql says how.

-- name: chat_history
WITH RECURSIVE
me AS (
    SELECT u.event_last_id, u.delivery_last_id
    FROM identities AS i JOIN users AS u ON u.id = i.user_id
    WHERE i.kind = 'webchat' AND i.value = ?1
),
ours (id, previous_id, sent_at_ms, text, buttons, picture, picture_alt, state, channel, n) AS (
    SELECT d.id, d.previous_id, d.sent_at_ms, d.text, d.buttons, d.picture, d.picture_alt, d.state,
           d.channel, 1
    FROM me JOIN deliveries AS d ON d.id = me.delivery_last_id
    UNION ALL
    SELECT d.id, d.previous_id, d.sent_at_ms, d.text, d.buttons, d.picture, d.picture_alt, d.state,
           d.channel, o.n + 1
    FROM ours AS o JOIN deliveries AS d ON d.id = o.previous_id
    WHERE o.n < ?2
),
theirs (id, previous_event_id, at_ms, type, data, n) AS (
    SELECT e.id, e.previous_event_id, e.at_ms, e.type, e.data, 1
    FROM me JOIN events AS e ON e.id = me.event_last_id
    UNION ALL
    SELECT e.id, e.previous_event_id, e.at_ms, e.type, e.data, t.n + 1
    FROM theirs AS t JOIN events AS e ON e.id = t.previous_event_id
    WHERE t.n < 4 * ?2
),
words (id, at_ms, text) AS (
    SELECT id, at_ms, CASE WHEN data <> '' THEN data::json ->> 'text' END FROM theirs
    WHERE type IN ('message_received', 'command_used')
),
said (id, at_ms, mine, text, buttons, picture, picture_alt) AS (
    SELECT id, sent_at_ms, 0, text, buttons, picture, picture_alt FROM ours
    WHERE channel = 2 AND state BETWEEN 3 AND 6
    UNION ALL
    SELECT id, at_ms, 1, text, '', '', '' FROM words WHERE text <> ''
)
SELECT id, at_ms, mine, text, buttons, picture, picture_alt
FROM (SELECT * FROM said ORDER BY at_ms DESC, id DESC LIMIT ?2) AS newest
ORDER BY at_ms, id;
