-- What `nudge simulate --replay` asks: whom it plays with, how far back it can go, and what really left.

-- name: replay_first_decision
-- The oldest of them: from its instant on all are kept.
SELECT id FROM decisions ORDER BY id LIMIT 1;

-- name: replay_people_count
SELECT count(*) FROM users WHERE is_erased = 0 AND is_test = 0 AND alias_of = 0;

-- name: replay_people
-- Arguments: the last one seen, how many at most.
SELECT id FROM users WHERE id > ?1 AND is_erased = 0 AND is_test = 0 AND alias_of = 0 ORDER BY id LIMIT ?2;

-- name: replay_really_sent
-- Arguments: from, until before. By class. Read once by an operator: a walk over the messages is fine.
SELECT d.class, count(*) FROM deliveries AS d JOIN users AS u ON u.id = d.user_id
WHERE d.sent_at_ms >= ?1 AND d.sent_at_ms < ?2 AND u.is_erased = 0 AND u.is_test = 0
GROUP BY d.class ORDER BY d.class;
