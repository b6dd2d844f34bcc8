-- What the behaviour log (src/bi/behaviour) is built from, page by page along the keys. Test people and
-- erased ones are left out, shells of joined people among them.

-- name: behaviour_users
-- Arguments: the last id seen, how many at most.
SELECT id, joined_at_ms, source, language, zone, channel, journey_set, set_assigned, existing
FROM users
WHERE id > ?1 AND is_test = 0 AND is_erased = 0
ORDER BY id
LIMIT ?2;

-- name: behaviour_variants
-- Arguments: key of the last run seen, how many at most.
SELECT user_id, outcome, id, variants
FROM runs
WHERE (user_id, outcome, id) > (?1, ?2, ?3) AND variants <> ''
ORDER BY user_id, outcome, id
LIMIT ?4;

-- name: behaviour_events
-- Arguments: the last id seen, how many at most.
SELECT id, user_id, at_ms, type, journey, step, rule, data
FROM events
WHERE id > ?1
ORDER BY id
LIMIT ?2;

-- name: behaviour_events_bare
-- The same without what only conditions on properties look at.
SELECT id, user_id, at_ms, type, '' AS journey, '' AS step, '' AS rule,
       CASE WHEN type = 'tracked' THEN data ELSE '' END AS data
FROM events
WHERE id > ?1
ORDER BY id
LIMIT ?2;

-- What brings a log up to date.

-- name: behaviour_gone
-- Who is left out: how many, and a sum that changes when others are. An index holds them alone. And up to where
-- events have left.
SELECT count(*), coalesce(sum(id % 1000000007), 0), (SELECT first_id FROM event_edge)
FROM users WHERE is_erased = 1 OR is_test = 1;

-- name: behaviour_gone_page
-- Arguments: the last id seen, how many at most.
SELECT id, alias_of
FROM users
WHERE (is_erased = 1 OR is_test = 1) AND id > ?1
ORDER BY id
LIMIT ?2;

-- name: behaviour_user
SELECT id, joined_at_ms, source, language, zone, channel, journey_set, set_assigned, existing
FROM users
WHERE id = ?1 AND is_test = 0 AND is_erased = 0;

-- name: behaviour_variants_of
-- Of one person.
SELECT variants FROM runs WHERE user_id = ?1 AND variants <> '' ORDER BY outcome, id;

-- name: behaviour_events_between
-- How many, and a sum that changes when others are. Arguments: the id before the first, the last id.
SELECT count(*), coalesce(sum(id % 1000000007), 0) FROM events WHERE id > ?1 AND id <= ?2;

-- name: behaviour_events_of
-- All of a person, along the chain, in the order of ids; events with revenue where it has an end, too.
WITH RECURSIVE chain (id, user_id, at_ms, type, journey, step, rule, data, previous_id) AS (
    SELECT e.id, e.user_id, e.at_ms, e.type, e.journey, e.step, e.rule, e.data, e.previous_event_id
    FROM users AS u JOIN events AS e ON e.id = u.event_last_id
    WHERE u.id = ?1
    UNION ALL
    SELECT e.id, e.user_id, e.at_ms, e.type, e.journey, e.step, e.rule, e.data, e.previous_event_id
    FROM chain AS c JOIN events AS e ON e.id = c.previous_id
    WHERE c.previous_id <> 0
)
SELECT id, user_id, at_ms, type, journey, step, rule, data FROM chain
UNION
SELECT id, user_id, at_ms, type, journey, step, rule, data FROM events WHERE user_id = ?1 AND revenue <> 0
ORDER BY id;
