-- The catalogue as copy.c reads it.

-- name: copy_columns
-- Every column of every table, by name: its type, its place in the primary key from 1 (0: none), and whether
-- the database gives its numbers.
SELECT
    c.relname,
    a.attname,
    CASE format_type(a.atttypid, NULL)
        WHEN 'bigint' THEN 'int' WHEN 'integer' THEN 'int' WHEN 'smallint' THEN 'int'
        WHEN 'double precision' THEN 'real' WHEN 'text' THEN 'text' WHEN 'bytea' THEN 'bytes'
        ELSE format_type(a.atttypid, NULL) END,
    coalesce(array_position(i.indkey::smallint[], a.attnum) + 1, 0),
    a.attidentity <> ''
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_index AS i ON i.indrelid = c.oid AND i.indisprimary
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
ORDER BY c.relname COLLATE "C", a.attname COLLATE "C";

-- name: copy_number
-- The last number given in a table.
SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(?1, ?2)::regclass), 0);

-- name: copy_number_set
SELECT setval(pg_get_serial_sequence(?1, ?2)::regclass, greatest(?3, 1), ?3 > 0);
