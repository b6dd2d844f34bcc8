-- What readers outside the program look at: enumerations as words, instants as ISO 8601 text in UTC
-- (NULL when there is none). Views only, so nothing is kept twice. Erased people are left out.

CREATE VIEW superior_onboarding_states AS
SELECT
    r.id,
    r.user_id,
    r.journey,
    r.sequence AS sequence_type,
    r.outcome = 0 AS is_active,
    CASE r.outcome
        WHEN 0 THEN 'active' WHEN 1 THEN 'completed' WHEN 2 THEN 'left' WHEN 3 THEN 'abandoned'
        WHEN 4 THEN 'expired' WHEN 5 THEN 'rolled_back' ELSE 'stopped'
    END AS status,
    CASE r.phase
        WHEN 0 THEN 'due' WHEN 1 THEN 'sending' WHEN 2 THEN 'waiting' WHEN 3 THEN 'recovery'
        WHEN 4 THEN 'abandoning' WHEN 5 THEN 'rating' ELSE 'ended'
    END AS phase,
    r.step + 1 AS current_step,
    CASE WHEN r.answers = '' THEN '{}' ELSE r.answers END AS user_responses,
    coalesce(
        (SELECT json_group_object(
             'step_' || (s.key + 1),
             strftime('%Y-%m-%dT%H:%M:%fZ', json_extract(s.value, '$[1]') / 1000.0, 'unixepoch'))
         FROM json_each(r.steps) AS s
         WHERE json_extract(s.value, '$[1]') > 0),
        '{}') AS step_completion_timestamps,
    (r.flags & 1) <> 0 AS is_partial,
    (r.flags & 2) <> 0 AS is_assisted,
    (r.flags & 4) <> 0 AS is_overwhelmed,
    strftime('%Y-%m-%dT%H:%M:%fZ', nullif(r.entered_at_ms, 0) / 1000.0, 'unixepoch') AS started_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', nullif(r.ended_at_ms, 0) / 1000.0, 'unixepoch') AS ended_at,
    CASE WHEN r.outcome = 1
         THEN strftime('%Y-%m-%dT%H:%M:%fZ', r.ended_at_ms / 1000.0, 'unixepoch') END AS completed_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', nullif(r.next_at_ms, 0) / 1000.0, 'unixepoch') AS next_at
FROM runs AS r
WHERE r.journey IN ('superior_onboarding', 'micro_onboarding');

-- Every message in words; the two views below divide it.
CREATE VIEW delivery_details AS
SELECT
    d.id,
    d.user_id,
    nullif(d.run_id, 0) AS run_id,
    nullif(d.commitment_id, 0) AS commitment_id,
    nullif(d.broadcast_id, 0) AS broadcast_id,
    d.journey,
    d.sequence AS sequence_type,
    d.step,
    CASE WHEN d.step_index >= 0 THEN d.step_index + 1 END AS step_number,
    CASE d.kind
        WHEN 0 THEN 'step' WHEN 1 THEN 'recovery' WHEN 2 THEN 'ultra' WHEN 3 THEN 'celebration'
        WHEN 4 THEN 'abandonment' WHEN 5 THEN 'graduation' WHEN 6 THEN 'rating' WHEN 7 THEN 'reply'
        ELSE 'broadcast'
    END AS message_kind,
    CASE d.class
        WHEN 0 THEN 'reply' WHEN 1 THEN 'onboarding' WHEN 2 THEN 'followup' ELSE 'nudge'
    END AS message_class,
    CASE d.channel WHEN 1 THEN 'telegram' WHEN 2 THEN 'webchat' WHEN 3 THEN 'email' ELSE 'none' END
        AS channel,
    CASE d.state
        WHEN 0 THEN 'scheduled' WHEN 1 THEN 'sending' WHEN 2 THEN 'uncertain' WHEN 3 THEN 'sent'
        WHEN 4 THEN 'delivered' WHEN 5 THEN 'opened' WHEN 6 THEN 'clicked' WHEN 7 THEN 'suppressed'
        WHEN 8 THEN 'expired' WHEN 9 THEN 'failed' ELSE 'dead'
    END AS delivery_status,
    d.reason,
    d.variant,
    d.language,
    d.attempts,
    strftime('%Y-%m-%dT%H:%M:%fZ', d.created_at_ms / 1000.0, 'unixepoch') AS created_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', CASE WHEN d.state <= 1 THEN nullif(d.next_at_ms, 0) END / 1000.0,
             'unixepoch') AS scheduled_for,
    strftime('%Y-%m-%dT%H:%M:%fZ', nullif(d.sent_at_ms, 0) / 1000.0, 'unixepoch') AS sent_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', nullif(d.answered_at_ms, 0) / 1000.0, 'unixepoch') AS answered_at
FROM deliveries AS d;

CREATE VIEW onboarding_message_deliveries AS
SELECT * FROM delivery_details
WHERE journey IN ('superior_onboarding', 'micro_onboarding', 'onboarding');

CREATE VIEW message_deliveries AS
SELECT * FROM delivery_details
WHERE journey NOT IN ('superior_onboarding', 'micro_onboarding', 'onboarding');

-- By the UTC day a message was sent on, or made on when it never was.
CREATE VIEW delivery_analytics AS
SELECT
    date(CASE WHEN d.sent_at_ms > 0 THEN d.sent_at_ms ELSE d.created_at_ms END / 1000, 'unixepoch')
        AS delivery_date,
    d.sequence AS sequence_type,
    CASE d.channel WHEN 1 THEN 'telegram' WHEN 2 THEN 'webchat' WHEN 3 THEN 'email' ELSE 'none' END
        AS channel,
    count(*) AS total,
    sum(d.state BETWEEN 3 AND 6) AS sent,
    sum(d.state BETWEEN 4 AND 6) AS delivered,
    sum(d.state BETWEEN 5 AND 6) AS opened,
    sum(d.state = 6) AS clicked,
    sum(d.answered_at_ms > 0) AS answered,
    sum(d.state IN (9, 10)) AS failed,
    sum(d.state IN (7, 8)) AS not_sent,
    sum(d.state = 2) AS uncertain
FROM deliveries AS d
JOIN users AS u ON u.id = d.user_id
WHERE u.is_test = 0
GROUP BY 1, d.sequence, d.channel;

-- One row for each person with the classes of docs/reference/metrics.md; thresholds in integers.
CREATE VIEW user_engagement_summary AS
SELECT
    u.id AS user_id,
    strftime('%Y-%m-%dT%H:%M:%fZ', u.joined_at_ms / 1000.0, 'unixepoch') AS joined_at,
    CASE u.journey_set WHEN 1 THEN 'optimized' ELSE 'original' END AS journey_set,
    u.source,
    u.language,
    u.commitments_total AS total_commitments,
    u.commitments_completed AS completed_commitments,
    u.commitments_quick AS quick_completions,
    CASE WHEN u.commitments_total > 0
         THEN 100.0 * u.commitments_completed / u.commitments_total END AS completion_rate,
    CASE WHEN u.commitments_completed > 0
         THEN u.completion_ms_sum / 3600000.0 / u.commitments_completed END AS avg_completion_hours,
    CASE
        WHEN u.commitments_completed = 0 THEN 'unknown'
        WHEN u.commitments_quick * 5 > u.commitments_completed * 4
             AND u.completion_ms_sum < u.commitments_completed * 21600000 THEN 'quick_executor'
        WHEN u.completion_ms_sum > u.commitments_completed * 172800000 THEN 'thoughtful_processor'
        ELSE 'balanced_completer'
    END AS completion_pattern,
    CASE
        WHEN u.commitments_total >= 10 AND u.commitments_completed * 5 >= u.commitments_total * 4
            THEN 'power_user'
        WHEN u.commitments_total >= 5 AND u.commitments_completed * 5 >= u.commitments_total * 3
            THEN 'active_user'
        WHEN u.commitments_total >= 1 THEN 'developing_user'
        ELSE 'new_user'
    END AS performance_tier,
    CASE
        WHEN u.commitments_total = 0 THEN 'inactive'
        WHEN u.activity_last_at_ms >= (unixepoch() - 604800) * 1000 THEN 'active'
        ELSE 'declining'
    END AS activity_status,
    CASE
        WHEN u.commitments_total >= 20 AND u.commitments_completed * 5 > u.commitments_total * 4
            THEN 'high_achiever'
        WHEN u.commitments_total >= 10 AND u.commitments_completed * 5 > u.commitments_total * 3
            THEN 'steady_performer'
        WHEN u.commitments_total >= 5 THEN 'building_momentum'
        ELSE 'getting_started'
    END AS behavioral_type,
    u.streak_best_days,
    u.onboarding_completed,
    u.onboarding_version,
    strftime('%Y-%m-%dT%H:%M:%fZ', nullif(u.onboarding_completed_at_ms, 0) / 1000.0, 'unixepoch')
        AS onboarding_completion_date,
    strftime('%Y-%m-%dT%H:%M:%fZ', nullif(u.first_commitment_at_ms, 0) / 1000.0, 'unixepoch')
        AS first_commitment_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', nullif(u.activity_last_at_ms, 0) / 1000.0, 'unixepoch')
        AS last_activity_at
FROM users AS u
WHERE u.is_erased = 0 AND u.is_test = 0;
