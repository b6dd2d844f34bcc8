-- One person as a whole: export and erasure. Their messages and events are found along the chains.

-- name: export_user
SELECT * FROM users WHERE id = ?1 AND is_erased = 0;

-- name: export_identities
SELECT kind, value, created_at_ms FROM identities WHERE user_id = ?1 ORDER BY kind, value;

-- name: export_commitments
SELECT * FROM commitments WHERE user_id = ?1 ORDER BY id;

-- name: export_runs
SELECT * FROM runs WHERE user_id = ?1 ORDER BY id;

-- name: export_deliveries
WITH RECURSIVE chain (id) AS (
    SELECT delivery_last_id FROM users WHERE id = ?1
    UNION ALL
    SELECT d.previous_id FROM chain AS c JOIN deliveries AS d ON d.id = c.id WHERE d.previous_id <> 0
)
SELECT d.* FROM chain AS c JOIN deliveries AS d ON d.id = c.id WHERE d.user_id = ?1;

-- name: export_events
-- Older ones than the chain leads to have left, but for those with revenue (0018 of SQLite).
WITH RECURSIVE chain (id) AS (
    SELECT event_last_id FROM users WHERE id = ?1
    UNION ALL
    SELECT e.previous_event_id FROM chain AS c JOIN events AS e ON e.id = c.id
    WHERE e.previous_event_id <> 0
)
SELECT e.* FROM (
    SELECT id FROM chain UNION SELECT id FROM events WHERE user_id = ?1 AND revenue <> 0
) AS c JOIN events AS e ON e.id = c.id WHERE e.user_id = ?1 ORDER BY e.id DESC;

-- name: export_feedback
SELECT * FROM feedback WHERE user_id = ?1 ORDER BY id;

-- name: export_operator_messages
SELECT id, at_ms, kind, text FROM operator_messages WHERE user_id = ?1 ORDER BY id;

-- name: export_bridge_people
-- Of rows that were joined into this one, too.
SELECT live_key, fingerprint, refusals, imported_at_ms FROM bridge_people
WHERE user_id IN (SELECT ?1 UNION ALL SELECT id FROM users WHERE alias_of = ?1 AND alias_of <> 0)
ORDER BY live_key;

-- name: export_aliases
-- Rows of the same person that were joined into this one: only when they had joined is left.
SELECT id, joined_at_ms FROM users WHERE alias_of = ?1 AND alias_of <> 0 ORDER BY id;

-- name: erase_due
-- By the instants that the person's rows carry: due rows are not indexed by person.
WITH RECURSIVE chain (id) AS (
    SELECT delivery_last_id FROM users WHERE id = ?1
    UNION ALL
    SELECT d.previous_id FROM chain AS c JOIN deliveries AS d ON d.id = c.id WHERE d.previous_id <> 0
), waiting (line, at_ms, id) AS (
    SELECT 0, next_at_ms, id FROM users WHERE id = ?1 AND next_at_ms <> 0
    UNION ALL SELECT 0, next_at_ms, id FROM commitments WHERE user_id = ?1 AND next_at_ms <> 0
    UNION ALL SELECT 0, next_at_ms, id FROM runs WHERE user_id = ?1 AND next_at_ms <> 0
    UNION ALL
    SELECT l.line, d.next_at_ms, d.id
    FROM chain AS c JOIN deliveries AS d ON d.id = c.id JOIN delivery_lines AS l ON l.id = d.id
    WHERE d.next_at_ms <> 0
)
DELETE FROM due
WHERE line IN (SELECT line FROM waiting) AND due_at_ms IN (SELECT at_ms FROM waiting)
    AND id IN (SELECT id FROM waiting) AND user_id = ?1;

-- name: erase_events
WITH RECURSIVE chain (id) AS (
    SELECT event_last_id FROM users WHERE id = ?1
    UNION ALL
    SELECT e.previous_event_id FROM chain AS c JOIN events AS e ON e.id = c.id
    WHERE e.previous_event_id <> 0
)
DELETE FROM events WHERE user_id = ?1
    AND id IN (SELECT id FROM chain UNION ALL SELECT id FROM events WHERE user_id = ?1 AND revenue <> 0);

-- name: delivery_counts_erased
-- What erase_deliveries changes of the counts: unfinished ones end as not sent.
WITH RECURSIVE chain (id) AS (
    SELECT delivery_last_id FROM users WHERE id = ?1 AND is_test = 0
    UNION ALL
    SELECT d.previous_id FROM chain AS c JOIN deliveries AS d ON d.id = c.id WHERE d.previous_id <> 0
)
SELECT CASE WHEN d.sent_at_ms > 0 THEN d.sent_at_ms ELSE d.created_at_ms END / 86400000 AS day,
       d.sequence, d.channel, 0, 0, 0, 0, 0, 0, 0, count(*), -count(*) FILTER (WHERE d.state = 2)
FROM chain AS c JOIN deliveries AS d ON d.id = c.id AND d.user_id = ?1
WHERE d.state <= 2
GROUP BY day, d.sequence, d.channel;

-- name: erase_deliveries
-- They stay as counts: what of which journey went where and how it ended, without any words.
WITH RECURSIVE chain (id) AS (
    SELECT delivery_last_id FROM users WHERE id = ?1
    UNION ALL
    SELECT d.previous_id FROM chain AS c JOIN deliveries AS d ON d.id = c.id WHERE d.previous_id <> 0
)
UPDATE deliveries SET
    previous_id = 0, commitment_id = 0, address = '', text = '', picture = '', picture_alt = '', buttons = '',
    provider_id = '', next_at_ms = 0, reason = CASE WHEN state <= 2 THEN 'erased' ELSE reason END,
    state = CASE WHEN state <= 2 THEN 7 ELSE state END
WHERE id IN (SELECT id FROM chain) AND user_id = ?1;

-- name: erase_commitments
DELETE FROM commitments WHERE user_id = ?1;

-- name: erase_runs
DELETE FROM runs WHERE user_id = ?1;

-- name: erase_identities
DELETE FROM identities WHERE user_id = ?1;

-- name: erase_feedback
DELETE FROM feedback WHERE user_id = ?1;

-- name: erase_operator_messages
DELETE FROM operator_messages WHERE user_id = ?1;

-- name: erase_due_failed
-- A handful at most.
DELETE FROM due_failed WHERE user_id = ?1;

-- name: erase_pauses
-- Of the person's own chats; the one of a whole channel has no address.
DELETE FROM channel_pauses WHERE address <> '' AND address IN (
    SELECT telegram_address FROM users WHERE id = ?1
    UNION ALL SELECT webchat_address FROM users WHERE id = ?1
    UNION ALL SELECT email_address FROM users WHERE id = ?1
);

-- name: erase_user
-- The shell: which set they had and when they joined, so that counts of the past stay true. Asking for
-- it (?2) was the last thing they did.
UPDATE users SET
    first_name = '', username = '', source = '', language = '', zone = '',
    telegram_address = '', telegram_reach = 0, webchat_address = '', webchat_reach = 0,
    email_address = '', email_reach = 0, channel = 0, is_erased = 1, stopped = 1,
    paused_until_ms = 0, operator_holds = 0, crisis_hold = 0, quiet_from_minute = -1, quiet_to_minute = -1,
    nudge_last_at_ms = 0, nudge_day = 0, nudge_count = 0, followup_day = 0, followup_count = 0,
    commitments_total = 0, commitments_completed = 0, commitments_quick = 0,
    commitments_outside = 0, commitments_outside_completed = 0, commitments_missed = 0,
    commitments_dropped = 0, completion_ms_sum = 0, first_commitment_at_ms = 0,
    first_completion_at_ms = 0, activity_last_at_ms = ?2, activity_day = 0, activity_days = 0,
    streak_days = 0, streak_best_days = 0, streak_day = 0, ladder_rung = -1, quick_in_row = 0,
    misses_in_row = 0, onboarding_completed = 0, onboarding_completed_at_ms = 0,
    onboarding_version = '', feeling_word = '', amplification_choice = '', in_group = 0,
    leaderboard_opt_in = 0, help_last_at_ms = 0, entered = '', onboarding_ended_at_ms = 0,
    dialog = 0, dialog_ref = 0, dialog_at_ms = 0, event_last_id = 0, delivery_last_id = 0,
    decision_last_id = 0, next_at_ms = 0
WHERE id = ?1 AND is_erased = 0;
