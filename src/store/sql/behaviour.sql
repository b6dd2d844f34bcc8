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
