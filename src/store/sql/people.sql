-- Loading and saving people. "*" is meant: the C code reads and binds all columns in the order of the
-- table, and refuses a table with another number of them.

-- name: user_load
-- One row by its key. Erased people are no longer anybody.
SELECT * FROM users WHERE id = ?1 AND is_erased = 0;

-- name: user_insert
INSERT INTO users (
    id, joined_at_ms, first_name, username, source, language, zone, telegram_address,
    telegram_reach, webchat_address, webchat_reach, email_address, email_reach, channel,
    journey_set, set_assigned, is_test, is_held, existing, is_erased, stopped, paused_until_ms,
    crisis_hold, quiet_from_minute, quiet_to_minute, nudge_last_at_ms, nudge_day, nudge_count,
    followup_day, followup_count, commitments_total, commitments_completed, commitments_quick,
    commitments_outside, commitments_outside_completed, commitments_missed, commitments_dropped,
    completion_ms_sum, first_commitment_at_ms, first_completion_at_ms, activity_last_at_ms,
    activity_day, activity_days, streak_days, streak_best_days, streak_day, ladder_rung,
    quick_in_row, misses_in_row, onboarding_completed, onboarding_completed_at_ms,
    onboarding_version, feeling_word, amplification_choice, in_group, leaderboard_opt_in,
    help_last_at_ms, entered, onboarding_ended_at_ms, dialog, dialog_ref, dialog_at_ms,
    event_last_id, delivery_last_id, next_at_ms, alias_of, operator_holds,
    decision_last_id
) VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
    ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38,
    ?39, ?40, ?41, ?42, ?43, ?44, ?45, ?46, ?47, ?48, ?49, ?50, ?51, ?52, ?53, ?54, ?55, ?56,
    ?57, ?58, ?59, ?60, ?61, ?62, ?63, ?64, ?65, ?66, ?67, ?68
);

-- name: user_update
-- The whole row: the page is written anyway, and telling what changed would cost more than binding.
UPDATE users SET
    joined_at_ms = ?2, first_name = ?3, username = ?4, source = ?5, language = ?6, zone = ?7,
    telegram_address = ?8, telegram_reach = ?9, webchat_address = ?10, webchat_reach = ?11,
    email_address = ?12, email_reach = ?13, channel = ?14, journey_set = ?15, set_assigned = ?16,
    is_test = ?17, is_held = ?18, existing = ?19, is_erased = ?20, stopped = ?21,
    paused_until_ms = ?22, crisis_hold = ?23, quiet_from_minute = ?24, quiet_to_minute = ?25,
    nudge_last_at_ms = ?26, nudge_day = ?27, nudge_count = ?28, followup_day = ?29,
    followup_count = ?30, commitments_total = ?31, commitments_completed = ?32,
    commitments_quick = ?33, commitments_outside = ?34, commitments_outside_completed = ?35,
    commitments_missed = ?36, commitments_dropped = ?37, completion_ms_sum = ?38,
    first_commitment_at_ms = ?39, first_completion_at_ms = ?40, activity_last_at_ms = ?41,
    activity_day = ?42, activity_days = ?43, streak_days = ?44, streak_best_days = ?45,
    streak_day = ?46, ladder_rung = ?47, quick_in_row = ?48, misses_in_row = ?49,
    onboarding_completed = ?50, onboarding_completed_at_ms = ?51, onboarding_version = ?52,
    feeling_word = ?53, amplification_choice = ?54, in_group = ?55, leaderboard_opt_in = ?56,
    help_last_at_ms = ?57, entered = ?58, onboarding_ended_at_ms = ?59, dialog = ?60,
    dialog_ref = ?61, dialog_at_ms = ?62, event_last_id = ?63, delivery_last_id = ?64,
    next_at_ms = ?65, alias_of = ?66, operator_holds = ?67,
    decision_last_id = ?68
WHERE id = ?1;

-- name: commitments_load_open
-- Open ones stand first in the person's part of the table.
SELECT * FROM commitments WHERE user_id = ?1 AND state = 0 ORDER BY id LIMIT ?2;

-- name: commitments_load_ended
-- Of one ended state, from an id (an instant) on, newest first, so that the limit cuts the oldest.
SELECT * FROM commitments WHERE user_id = ?1 AND state = ?2 AND id >= ?3 ORDER BY id DESC LIMIT ?4;

-- name: commitment_load
-- One that a button names; which state it is in is not known.
SELECT * FROM commitments WHERE user_id = ?1 AND state IN (0, 1, 2, 3) AND id = ?2;

-- name: commitment_insert
INSERT INTO commitments (
    user_id, state, id, undo_state, undo_until_ms, text, size_s, source, external_id,
    created_at_ms, planned_at_ms, due_at_ms, completed_at_ms, ended_at_ms, repeat,
    repeat_weekday, repeat_minute, followups, next_at_ms
) VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19
);

-- name: commitment_update
-- The state is part of the key: where it stays, the row is written in its place.
UPDATE commitments SET
    undo_state = ?4, undo_until_ms = ?5, text = ?6, size_s = ?7, source = ?8,
    external_id = ?9, created_at_ms = ?10, planned_at_ms = ?11, due_at_ms = ?12,
    completed_at_ms = ?13, ended_at_ms = ?14, repeat = ?15, repeat_weekday = ?16,
    repeat_minute = ?17, followups = ?18, next_at_ms = ?19
WHERE user_id = ?1 AND state = ?2 AND id = ?3;

-- name: commitment_update_state
-- One that was in another state.
UPDATE commitments SET
    state = ?2, undo_state = ?4, undo_until_ms = ?5, text = ?6, size_s = ?7, source = ?8,
    external_id = ?9, created_at_ms = ?10, planned_at_ms = ?11, due_at_ms = ?12,
    completed_at_ms = ?13, ended_at_ms = ?14, repeat = ?15, repeat_weekday = ?16,
    repeat_minute = ?17, followups = ?18, next_at_ms = ?19
WHERE user_id = ?1 AND state IN (0, 1, 2, 3) AND id = ?3;

-- name: runs_load_active
-- Active ones stand first in the person's part of the table.
SELECT * FROM runs WHERE user_id = ?1 AND outcome = 0 ORDER BY id LIMIT ?2;

-- name: run_load
-- An ended one that a button names.
SELECT * FROM runs WHERE user_id = ?1 AND outcome IN (1, 2, 3, 4, 5, 6) AND id = ?2;

-- name: run_insert
INSERT INTO runs (
    user_id, outcome, id, journey, definition, sequence, subject_id, phase, step, ultra, flags,
    entered_at_ms, ended_at_ms, anchor_at_ms, delivery_id, steps, steps_assisted, answers,
    variants, held_ms, next_at_ms
) VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
    ?21
);

-- name: run_update
-- The outcome is part of the key: where it stays, the row is written in its place.
UPDATE runs SET
    journey = ?4, definition = ?5, sequence = ?6, subject_id = ?7, phase = ?8,
    step = ?9, ultra = ?10, flags = ?11, entered_at_ms = ?12, ended_at_ms = ?13,
    anchor_at_ms = ?14, delivery_id = ?15, steps = ?16, steps_assisted = ?17, answers = ?18,
    variants = ?19, held_ms = ?20, next_at_ms = ?21
WHERE user_id = ?1 AND outcome = ?2 AND id = ?3;

-- name: run_update_outcome
-- One that had another outcome: it ends now.
UPDATE runs SET
    outcome = ?2, journey = ?4, definition = ?5, sequence = ?6, subject_id = ?7, phase = ?8,
    step = ?9, ultra = ?10, flags = ?11, entered_at_ms = ?12, ended_at_ms = ?13,
    anchor_at_ms = ?14, delivery_id = ?15, steps = ?16, steps_assisted = ?17, answers = ?18,
    variants = ?19, held_ms = ?20, next_at_ms = ?21
WHERE user_id = ?1 AND outcome IN (0, 1, 2, 3, 4, 5, 6) AND id = ?3;

-- name: delivery_load
-- One by its key; the user is asked for too, since ids come back from outside.
SELECT * FROM deliveries WHERE id = ?1 AND user_id = ?2;

-- name: deliveries_load_unfinished
-- By the partial index, which holds nothing but what is under way. An uncertain message that is not
-- sent again waits for nothing, and is done.
SELECT * FROM deliveries
WHERE user_id = ?1 AND state <= 2 AND run_id <> 0 AND next_at_ms <> 0
ORDER BY id LIMIT ?2;

-- name: delivery_insert
INSERT INTO deliveries (
    id, user_id, previous_id, run_id, commitment_id, broadcast_id, journey, sequence, step,
    step_index, kind, class, channel, address, language, variant, text, picture, buttons, state,
    reason, created_at_ms, expires_at_ms, sent_at_ms, answered_at_ms, attempts, uncertain,
    provider_id, next_at_ms, picture_alt
) VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
    ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30
);

-- name: delivery_update
-- Before an attempt: the text is rendered when the message is claimed.
UPDATE deliveries SET
    journey = ?7, sequence = ?8, step = ?9, step_index = ?10, kind = ?11, class = ?12,
    channel = ?13, address = ?14, language = ?15, variant = ?16, text = ?17, picture = ?18,
    buttons = ?19, state = ?20, reason = ?21, expires_at_ms = ?23, sent_at_ms = ?24,
    answered_at_ms = ?25, attempts = ?26, uncertain = ?27, provider_id = ?28, next_at_ms = ?29,
    picture_alt = ?30
WHERE id = ?1;

-- name: delivery_update_outcome
-- After an attempt nothing but the outcome can change.
UPDATE deliveries SET
    state = ?2, reason = ?3, sent_at_ms = ?4, answered_at_ms = ?5, attempts = ?6, uncertain = ?7,
    provider_id = ?8, next_at_ms = ?9
WHERE id = ?1;

-- name: delivery_unanswered
-- The first answer counts. How the message is counted: its instant, sequence and channel. Not by
-- RETURNING, which makes a table for its rows and costs twice the update.
SELECT CASE WHEN sent_at_ms > 0 THEN sent_at_ms ELSE created_at_ms END, sequence, channel
FROM deliveries WHERE id = ?1 AND user_id = ?2 AND answered_at_ms = 0;

-- name: delivery_answered
UPDATE deliveries SET answered_at_ms = ?2 WHERE id = ?1;

-- name: delivery_count_add
-- Differences of one transaction.
INSERT INTO delivery_counts VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
ON CONFLICT (day, sequence, channel) DO UPDATE SET
    total = delivery_counts.total + excluded.total, sent = delivery_counts.sent + excluded.sent,
    delivered = delivery_counts.delivered + excluded.delivered, opened = delivery_counts.opened + excluded.opened,
    clicked = delivery_counts.clicked + excluded.clicked, answered = delivery_counts.answered + excluded.answered,
    failed = delivery_counts.failed + excluded.failed, not_sent = delivery_counts.not_sent + excluded.not_sent,
    uncertain = delivery_counts.uncertain + excluded.uncertain;

-- name: delivery_counts_of_user
-- Of all messages of one person: a walk along the chain. For who becomes a test person or is none.
WITH RECURSIVE chain (id) AS (
    SELECT delivery_last_id FROM users WHERE id = ?1
    UNION ALL
    SELECT d.previous_id FROM chain AS c JOIN deliveries AS d ON d.id = c.id WHERE d.previous_id <> 0
)
SELECT CASE WHEN d.sent_at_ms > 0 THEN d.sent_at_ms ELSE d.created_at_ms END / 86400000 AS day,
       d.sequence, d.channel, count(*), count(*) FILTER (WHERE d.state BETWEEN 3 AND 6), count(*) FILTER (WHERE d.state BETWEEN 4 AND 6),
       count(*) FILTER (WHERE d.state BETWEEN 5 AND 6), count(*) FILTER (WHERE d.state = 6), count(*) FILTER (WHERE d.answered_at_ms > 0),
       count(*) FILTER (WHERE d.state IN (9, 10)), count(*) FILTER (WHERE d.state IN (7, 8)), count(*) FILTER (WHERE d.state = 2)
FROM chain AS c JOIN deliveries AS d ON d.id = c.id AND d.user_id = ?1
GROUP BY day, d.sequence, d.channel;

-- name: due_insert
INSERT INTO due (line, due_at_ms, id, kind, user_id) VALUES (?1, ?2, ?3, ?4, ?5);

-- name: due_delete
DELETE FROM due WHERE line = ?1 AND due_at_ms = ?2 AND id = ?3;

-- name: due_load
-- Oldest of the line first, by the key.
SELECT due_at_ms, id, kind, user_id FROM due
WHERE line = ?1 AND due_at_ms <= ?2 ORDER BY due_at_ms, id LIMIT ?3;

-- name: due_next
SELECT due_at_ms FROM due WHERE line = ?1 ORDER BY due_at_ms, id LIMIT 1;
