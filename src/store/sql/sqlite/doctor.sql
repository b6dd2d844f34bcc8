-- SQLite's own check of its file.

-- name: doctor_file
-- Pages, indexes, and that every value has its column's type. "ok" is the only row when all is well.
SELECT 0, integrity_check FROM pragma_integrity_check(100) WHERE integrity_check <> 'ok';
