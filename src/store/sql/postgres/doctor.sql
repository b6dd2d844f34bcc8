-- What PostgreSQL knows of its own state.

-- name: doctor_file
-- An index that was not finished serves no reader.
SELECT 0, 'the index ' || i.indexrelid::regclass || ' is not valid'
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT i.indisvalid;
