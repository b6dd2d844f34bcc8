-- Messages that wait to be sent stand in lines, one for each channel and priority, so that only as many
-- are loaded as their channel takes now, and none has to be moved for the others' sake. The key begins
-- with the line: the oldest of a line is one descent. Line 0 is everything else that waits.
CREATE VIEW delivery_lines AS
SELECT id, CASE WHEN state IN (0, 2)
    THEN (channel + 1) * 8 + CASE WHEN kind = 8 THEN 4 ELSE class END
    ELSE 0 END AS line
FROM deliveries;
CREATE TABLE due_by_line (
    line INTEGER NOT NULL,              -- as in delivery_lines; 0 none
    due_at_ms INTEGER NOT NULL,
    id INTEGER NOT NULL,                -- of the row that waits
    kind INTEGER NOT NULL,              -- 0 user, 1 commitment, 2 run, 3 delivery
    user_id INTEGER NOT NULL,
    PRIMARY KEY (line, due_at_ms, id)
) STRICT, WITHOUT ROWID;
INSERT INTO due_by_line (line, due_at_ms, id, kind, user_id)
SELECT coalesce(l.line, 0), w.due_at_ms, w.id, w.kind, w.user_id
FROM due AS w LEFT JOIN delivery_lines AS l ON w.kind = 3 AND l.id = w.id;
DROP TABLE due;
ALTER TABLE due_by_line RENAME TO due;
ALTER TABLE due_failed ADD COLUMN line INTEGER NOT NULL DEFAULT 0;
UPDATE due_failed
SET line = coalesce((SELECT l.line FROM delivery_lines AS l WHERE l.id = due_failed.id), 0)
WHERE kind = 3;
