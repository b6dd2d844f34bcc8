-- What was applied. When is a remark for people; nothing depends on it.

-- name: migrations_applied
SELECT name, checksum FROM schema_migrations ORDER BY name;

-- name: migration_record
INSERT INTO schema_migrations (name, checksum, applied_at_ms)
VALUES (?1, ?2, (extract(epoch FROM now()) * 1000)::bigint);
