-- People that came from a previous bot's database.

-- name: bridge_person
-- Argument: key of the old id.
SELECT user_id, fingerprint, refusals FROM bridge_people WHERE live_key = ?1;

-- name: bridge_person_put
-- Arguments: key, user id, fingerprint, refusals, instant.
INSERT INTO bridge_people (live_key, user_id, fingerprint, refusals, imported_at_ms)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (live_key) DO UPDATE SET
    user_id = excluded.user_id, fingerprint = excluded.fingerprint, refusals = excluded.refusals,
    imported_at_ms = excluded.imported_at_ms;

-- name: bridge_commitments
-- One person's that were imported. Argument: user id.
SELECT id, external_id, state FROM commitments
WHERE user_id = ?1 AND state IN (0, 1, 2, 3) AND source = 'import' AND external_id <> '';

-- name: bridge_totals
-- By hand only: reads all that were imported.
SELECT
    count(*), coalesce(max(b.imported_at_ms), 0),
    count(*) FILTER (WHERE u.is_held = 1), count(*) FILTER (WHERE u.is_erased = 1),
    (SELECT count(*) FROM commitments WHERE source = 'import')
FROM bridge_people AS b LEFT JOIN users AS u ON u.id = b.user_id;
