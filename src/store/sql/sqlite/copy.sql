-- The catalogue as copy.c reads it.

-- name: copy_columns
-- Every column of every table, by name: its type, its place in the primary key from 1 (0: none), and whether
-- the database gives its numbers.
SELECT
    m.name,
    p.name,
    CASE p.type WHEN 'INTEGER' THEN 'int' WHEN 'REAL' THEN 'real' WHEN 'TEXT' THEN 'text' WHEN 'BLOB' THEN 'bytes'
        ELSE p.type END,
    p.pk,
    p.pk = 1 AND m.sql LIKE '%AUTOINCREMENT%'
FROM sqlite_schema AS m JOIN pragma_table_info(m.name) AS p
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite#_%' ESCAPE '#'
ORDER BY m.name, p.name;

-- name: copy_number
-- The last number given in a table; the column is PostgreSQL's to ask for.
SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = ?1 AND ?2 <> '';

-- name: copy_number_set
INSERT OR REPLACE INTO sqlite_sequence (rowid, name, seq)
SELECT (SELECT rowid FROM sqlite_sequence WHERE name = ?1), ?1, ?3 WHERE ?2 <> '';
