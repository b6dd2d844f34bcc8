-- Copying a store into another (copy.c). What differs between the databases stands in their folders.

-- name: copy_owner
SELECT owner FROM engine_lease WHERE id = 1;

-- name: copy_people
SELECT count(*) FROM users;

-- name: copy_marked
SELECT count(*) FROM schema_migrations WHERE name = 'copy';

-- name: copy_mark
-- Who opens the store meets it before any table (migrate.c).
INSERT INTO schema_migrations (name, checksum, applied_at_ms) VALUES ('copy', '', ?1)
ON CONFLICT (name) DO NOTHING;

-- name: copy_unmark
DELETE FROM schema_migrations WHERE name = 'copy';
