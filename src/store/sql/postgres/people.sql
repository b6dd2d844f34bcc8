-- Saving people: the rows of a batch travel as arrays, one command for each kind of writing. Within one
-- save no row is written twice. The parameters are those of the statements for one row in
-- sql/people.sql; what must be there is counted by the program.

-- name: user_insert of many
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
)
SELECT * FROM unnest(
    ?1::bigint[], ?2::bigint[], ?3::text[], ?4::text[], ?5::text[], ?6::text[], ?7::text[],
    ?8::text[], ?9::bigint[], ?10::text[], ?11::bigint[], ?12::text[], ?13::bigint[],
    ?14::bigint[], ?15::bigint[], ?16::bigint[], ?17::bigint[], ?18::bigint[], ?19::bigint[],
    ?20::bigint[], ?21::bigint[], ?22::bigint[], ?23::bigint[], ?24::bigint[], ?25::bigint[],
    ?26::bigint[], ?27::bigint[], ?28::bigint[], ?29::bigint[], ?30::bigint[], ?31::bigint[],
    ?32::bigint[], ?33::bigint[], ?34::bigint[], ?35::bigint[], ?36::bigint[], ?37::bigint[],
    ?38::bigint[], ?39::bigint[], ?40::bigint[], ?41::bigint[], ?42::bigint[], ?43::bigint[],
    ?44::bigint[], ?45::bigint[], ?46::bigint[], ?47::bigint[], ?48::bigint[], ?49::bigint[],
    ?50::bigint[], ?51::bigint[], ?52::text[], ?53::text[], ?54::text[], ?55::bigint[],
    ?56::bigint[], ?57::bigint[], ?58::text[], ?59::bigint[], ?60::bigint[], ?61::bigint[],
    ?62::bigint[], ?63::bigint[], ?64::bigint[], ?65::bigint[], ?66::bigint[], ?67::bigint[],
    ?68::bigint[]
);

-- name: user_update of many
UPDATE users SET
    joined_at_ms = n.joined_at_ms, first_name = n.first_name, username = n.username,
    source = n.source, language = n.language, zone = n.zone,
    telegram_address = n.telegram_address, telegram_reach = n.telegram_reach,
    webchat_address = n.webchat_address, webchat_reach = n.webchat_reach,
    email_address = n.email_address, email_reach = n.email_reach, channel = n.channel,
    journey_set = n.journey_set, set_assigned = n.set_assigned, is_test = n.is_test,
    is_held = n.is_held, existing = n.existing, is_erased = n.is_erased, stopped = n.stopped,
    paused_until_ms = n.paused_until_ms, crisis_hold = n.crisis_hold,
    quiet_from_minute = n.quiet_from_minute, quiet_to_minute = n.quiet_to_minute,
    nudge_last_at_ms = n.nudge_last_at_ms, nudge_day = n.nudge_day, nudge_count = n.nudge_count,
    followup_day = n.followup_day, followup_count = n.followup_count,
    commitments_total = n.commitments_total, commitments_completed = n.commitments_completed,
    commitments_quick = n.commitments_quick, commitments_outside = n.commitments_outside,
    commitments_outside_completed = n.commitments_outside_completed,
    commitments_missed = n.commitments_missed, commitments_dropped = n.commitments_dropped,
    completion_ms_sum = n.completion_ms_sum, first_commitment_at_ms = n.first_commitment_at_ms,
    first_completion_at_ms = n.first_completion_at_ms,
    activity_last_at_ms = n.activity_last_at_ms, activity_day = n.activity_day,
    activity_days = n.activity_days, streak_days = n.streak_days,
    streak_best_days = n.streak_best_days, streak_day = n.streak_day,
    ladder_rung = n.ladder_rung, quick_in_row = n.quick_in_row, misses_in_row = n.misses_in_row,
    onboarding_completed = n.onboarding_completed,
    onboarding_completed_at_ms = n.onboarding_completed_at_ms,
    onboarding_version = n.onboarding_version, feeling_word = n.feeling_word,
    amplification_choice = n.amplification_choice, in_group = n.in_group,
    leaderboard_opt_in = n.leaderboard_opt_in, help_last_at_ms = n.help_last_at_ms,
    entered = n.entered, onboarding_ended_at_ms = n.onboarding_ended_at_ms, dialog = n.dialog,
    dialog_ref = n.dialog_ref, dialog_at_ms = n.dialog_at_ms, event_last_id = n.event_last_id,
    delivery_last_id = n.delivery_last_id, next_at_ms = n.next_at_ms, alias_of = n.alias_of,
    operator_holds = n.operator_holds, decision_last_id = n.decision_last_id
FROM unnest(
    ?1::bigint[], ?2::bigint[], ?3::text[], ?4::text[], ?5::text[], ?6::text[], ?7::text[],
    ?8::text[], ?9::bigint[], ?10::text[], ?11::bigint[], ?12::text[], ?13::bigint[],
    ?14::bigint[], ?15::bigint[], ?16::bigint[], ?17::bigint[], ?18::bigint[], ?19::bigint[],
    ?20::bigint[], ?21::bigint[], ?22::bigint[], ?23::bigint[], ?24::bigint[], ?25::bigint[],
    ?26::bigint[], ?27::bigint[], ?28::bigint[], ?29::bigint[], ?30::bigint[], ?31::bigint[],
    ?32::bigint[], ?33::bigint[], ?34::bigint[], ?35::bigint[], ?36::bigint[], ?37::bigint[],
    ?38::bigint[], ?39::bigint[], ?40::bigint[], ?41::bigint[], ?42::bigint[], ?43::bigint[],
    ?44::bigint[], ?45::bigint[], ?46::bigint[], ?47::bigint[], ?48::bigint[], ?49::bigint[],
    ?50::bigint[], ?51::bigint[], ?52::text[], ?53::text[], ?54::text[], ?55::bigint[],
    ?56::bigint[], ?57::bigint[], ?58::text[], ?59::bigint[], ?60::bigint[], ?61::bigint[],
    ?62::bigint[], ?63::bigint[], ?64::bigint[], ?65::bigint[], ?66::bigint[], ?67::bigint[],
    ?68::bigint[]
) AS n (
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
)
WHERE users.id = n.id;

-- name: commitment_insert of many
INSERT INTO commitments (
    user_id, state, id, undo_state, undo_until_ms, text, size_s, source, external_id,
    created_at_ms, planned_at_ms, due_at_ms, completed_at_ms, ended_at_ms, repeat,
    repeat_weekday, repeat_minute, followups, next_at_ms
)
SELECT * FROM unnest(
    ?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], ?6::text[],
    ?7::bigint[], ?8::text[], ?9::text[], ?10::bigint[], ?11::bigint[], ?12::bigint[],
    ?13::bigint[], ?14::bigint[], ?15::bigint[], ?16::bigint[], ?17::bigint[], ?18::bigint[],
    ?19::bigint[]
);

-- name: commitment_update of many
-- Also one that had ended: the state is no part of the key here.
UPDATE commitments SET
    state = n.state, undo_state = n.undo_state, undo_until_ms = n.undo_until_ms, text = n.text,
    size_s = n.size_s, source = n.source, external_id = n.external_id,
    created_at_ms = n.created_at_ms, planned_at_ms = n.planned_at_ms, due_at_ms = n.due_at_ms,
    completed_at_ms = n.completed_at_ms, ended_at_ms = n.ended_at_ms, repeat = n.repeat,
    repeat_weekday = n.repeat_weekday, repeat_minute = n.repeat_minute, followups = n.followups,
    next_at_ms = n.next_at_ms
FROM unnest(
    ?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], ?6::text[],
    ?7::bigint[], ?8::text[], ?9::text[], ?10::bigint[], ?11::bigint[], ?12::bigint[],
    ?13::bigint[], ?14::bigint[], ?15::bigint[], ?16::bigint[], ?17::bigint[], ?18::bigint[],
    ?19::bigint[]
) AS n (
    user_id, state, id, undo_state, undo_until_ms, text, size_s, source, external_id,
    created_at_ms, planned_at_ms, due_at_ms, completed_at_ms, ended_at_ms, repeat,
    repeat_weekday, repeat_minute, followups, next_at_ms
)
WHERE commitments.user_id = n.user_id AND commitments.id = n.id;

-- name: run_insert of many
INSERT INTO runs (
    user_id, outcome, id, journey, definition, sequence, subject_id, phase, step, ultra, flags,
    entered_at_ms, ended_at_ms, anchor_at_ms, delivery_id, steps, steps_assisted, answers,
    variants, held_ms, next_at_ms
)
SELECT * FROM unnest(
    ?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::text[], ?5::text[], ?6::text[], ?7::bigint[],
    ?8::bigint[], ?9::bigint[], ?10::bigint[], ?11::bigint[], ?12::bigint[], ?13::bigint[],
    ?14::bigint[], ?15::bigint[], ?16::text[], ?17::bigint[], ?18::text[], ?19::text[],
    ?20::bigint[], ?21::bigint[]
);

-- name: run_update of many
-- Also one that had ended: the outcome is no part of the key here.
UPDATE runs SET
    outcome = n.outcome, journey = n.journey, definition = n.definition, sequence = n.sequence,
    subject_id = n.subject_id, phase = n.phase, step = n.step, ultra = n.ultra, flags = n.flags,
    entered_at_ms = n.entered_at_ms, ended_at_ms = n.ended_at_ms, anchor_at_ms = n.anchor_at_ms,
    delivery_id = n.delivery_id, steps = n.steps, steps_assisted = n.steps_assisted,
    answers = n.answers, variants = n.variants, held_ms = n.held_ms, next_at_ms = n.next_at_ms
FROM unnest(
    ?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::text[], ?5::text[], ?6::text[], ?7::bigint[],
    ?8::bigint[], ?9::bigint[], ?10::bigint[], ?11::bigint[], ?12::bigint[], ?13::bigint[],
    ?14::bigint[], ?15::bigint[], ?16::text[], ?17::bigint[], ?18::text[], ?19::text[],
    ?20::bigint[], ?21::bigint[]
) AS n (
    user_id, outcome, id, journey, definition, sequence, subject_id, phase, step, ultra, flags,
    entered_at_ms, ended_at_ms, anchor_at_ms, delivery_id, steps, steps_assisted, answers,
    variants, held_ms, next_at_ms
)
WHERE runs.user_id = n.user_id AND runs.id = n.id;

-- name: delivery_insert of many
INSERT INTO deliveries (
    id, user_id, previous_id, run_id, commitment_id, broadcast_id, journey, sequence, step,
    step_index, kind, class, channel, address, language, variant, text, picture, buttons, state,
    reason, created_at_ms, expires_at_ms, sent_at_ms, answered_at_ms, attempts, uncertain,
    provider_id, next_at_ms, picture_alt
)
SELECT * FROM unnest(
    ?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], ?6::bigint[],
    ?7::text[], ?8::text[], ?9::text[], ?10::bigint[], ?11::bigint[], ?12::bigint[],
    ?13::bigint[], ?14::text[], ?15::text[], ?16::text[], ?17::text[], ?18::text[], ?19::text[],
    ?20::bigint[], ?21::text[], ?22::bigint[], ?23::bigint[], ?24::bigint[], ?25::bigint[],
    ?26::bigint[], ?27::bigint[], ?28::text[], ?29::bigint[], ?30::text[]
);

-- name: delivery_update of many
UPDATE deliveries SET
    journey = n.journey, sequence = n.sequence, step = n.step, step_index = n.step_index,
    kind = n.kind, class = n.class, channel = n.channel, address = n.address,
    language = n.language, variant = n.variant, text = n.text, picture = n.picture,
    buttons = n.buttons, state = n.state, reason = n.reason, expires_at_ms = n.expires_at_ms,
    sent_at_ms = n.sent_at_ms, answered_at_ms = n.answered_at_ms, attempts = n.attempts,
    uncertain = n.uncertain, provider_id = n.provider_id, next_at_ms = n.next_at_ms,
    picture_alt = n.picture_alt
FROM unnest(
    ?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], ?6::bigint[],
    ?7::text[], ?8::text[], ?9::text[], ?10::bigint[], ?11::bigint[], ?12::bigint[],
    ?13::bigint[], ?14::text[], ?15::text[], ?16::text[], ?17::text[], ?18::text[], ?19::text[],
    ?20::bigint[], ?21::text[], ?22::bigint[], ?23::bigint[], ?24::bigint[], ?25::bigint[],
    ?26::bigint[], ?27::bigint[], ?28::text[], ?29::bigint[], ?30::text[]
) AS n (
    id, user_id, previous_id, run_id, commitment_id, broadcast_id, journey, sequence, step,
    step_index, kind, class, channel, address, language, variant, text, picture, buttons, state,
    reason, created_at_ms, expires_at_ms, sent_at_ms, answered_at_ms, attempts, uncertain,
    provider_id, next_at_ms, picture_alt
)
WHERE deliveries.id = n.id;

-- name: delivery_update_outcome of many
UPDATE deliveries SET
    state = n.state, reason = n.reason, sent_at_ms = n.sent_at_ms,
    answered_at_ms = n.answered_at_ms, attempts = n.attempts, uncertain = n.uncertain,
    provider_id = n.provider_id, next_at_ms = n.next_at_ms
FROM unnest(
    ?1::bigint[], ?2::bigint[], ?3::text[], ?4::bigint[], ?5::bigint[], ?6::bigint[],
    ?7::bigint[], ?8::text[], ?9::bigint[]
) AS n (
    id, state, reason, sent_at_ms, answered_at_ms, attempts, uncertain, provider_id, next_at_ms
)
WHERE deliveries.id = n.id;

-- name: delivery_count_add of many
-- A key may come twice when a transaction counts many.
INSERT INTO delivery_counts
SELECT day, sequence, channel, sum(total), sum(sent), sum(delivered), sum(opened), sum(clicked),
    sum(answered), sum(failed), sum(not_sent), sum(uncertain)
FROM unnest(
    ?1::bigint[], ?2::text[], ?3::bigint[], ?4::bigint[], ?5::bigint[], ?6::bigint[], ?7::bigint[],
    ?8::bigint[], ?9::bigint[], ?10::bigint[], ?11::bigint[], ?12::bigint[]
) AS n (
    day, sequence, channel, total, sent, delivered, opened, clicked, answered, failed, not_sent,
    uncertain
)
GROUP BY day, sequence, channel
ON CONFLICT (day, sequence, channel) DO UPDATE SET
    total = delivery_counts.total + excluded.total, sent = delivery_counts.sent + excluded.sent,
    delivered = delivery_counts.delivered + excluded.delivered,
    opened = delivery_counts.opened + excluded.opened,
    clicked = delivery_counts.clicked + excluded.clicked,
    answered = delivery_counts.answered + excluded.answered,
    failed = delivery_counts.failed + excluded.failed,
    not_sent = delivery_counts.not_sent + excluded.not_sent,
    uncertain = delivery_counts.uncertain + excluded.uncertain;

-- name: due_insert of many
INSERT INTO due (
    line, due_at_ms, id, kind, user_id
)
SELECT * FROM unnest(
    ?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[]
);

-- name: due_delete of many
DELETE FROM due USING unnest(?1::bigint[], ?2::bigint[], ?3::bigint[]) AS n (line, due_at_ms, id)
WHERE due.line = n.line AND due.due_at_ms = n.due_at_ms AND due.id = n.id;

-- name: delivery_answered of many
UPDATE deliveries SET answered_at_ms = n.at_ms
FROM unnest(?1::bigint[], ?2::bigint[]) AS n (id, at_ms)
WHERE deliveries.id = n.id;
