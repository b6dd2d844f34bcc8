-- Makes the schema nudge of nudge on PostgreSQL 15 or newer, or brings it up to date. Made by
-- `nudge migrate --sql`: paste it into an SQL editor or run it with psql. It may run again, and
-- nothing outside of the schema is touched.

-- Migration 0001_start.sql of nudge, into the schema nudge. Running it again changes nothing.
DO $nudge$
DECLARE
    applied text;
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('nudge migrate nudge', 0));
    IF to_regnamespace('"nudge"') IS NULL THEN
        CREATE SCHEMA "nudge";
    END IF;
    PERFORM set_config('search_path', '"nudge"', true);
    IF to_regclass('"nudge".schema_migrations') IS NULL THEN
        IF EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('"nudge"')
                   AND relkind IN ('r', 'p', 'v', 'm')) THEN
            RAISE EXCEPTION 'the schema nudge is one of something else: it has tables, but no record of migrations';
        END IF;
        CREATE TABLE IF NOT EXISTS schema_migrations (name text COLLATE "C" PRIMARY KEY, checksum text NOT NULL, applied_at_ms bigint NOT NULL);
    END IF;
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0001_start.sql';
    IF applied = 'cc55eeaca2dea1fef136dc44988f7072b14d63402c58cccd2ee87bf2ab7c06f8' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0001_start.sql was applied with another text than this one';
    END IF;
    EXECUTE $migration$
-- Everything the program keeps, as the migrations of SQLite make it: the same tables and columns under
-- the same names, so that most statements serve both databases.
--
-- Conventions of the whole schema
--   * *_ms columns are instants: milliseconds since 1970 UTC; 0 means "never" or "none". The views at
--     the end give them as timestamptz, and enumerations as words, to other readers.
--   * Text is '' when there is none, ids are 0 when there is none: nothing here is NULL.
--   * Enumerations are the numbers of src/core/person.h, named beside the column.
--   * Ids carry their instant in the bits above 21, so ranges of ids are ranges of time.
--   * What one person has is keyed by the person first. Messages and events are chained backwards
--     instead of indexed by person.
-- Nothing outside of the schema that the tables are made in is touched. What a migration makes is closed to
-- other roles in its transaction (src/store/postgres_schema.c).

CREATE TABLE users (
    id bigint NOT NULL,
    joined_at_ms bigint NOT NULL,
    first_name text NOT NULL,
    username text NOT NULL,
    source text NOT NULL,                -- deep-link payload or integration, '' unknown
    language text NOT NULL,              -- '' the installation's
    zone text NOT NULL,                  -- IANA name, '' the installation's
    telegram_address text NOT NULL,
    telegram_reach integer NOT NULL,     -- 0 none, 1 ok, 2 blocked, 3 gone
    webchat_address text NOT NULL,
    webchat_reach integer NOT NULL,
    email_address text NOT NULL,
    email_reach integer NOT NULL,
    channel integer NOT NULL,            -- 0 none, 1 telegram, 2 webchat, 3 email
    journey_set integer NOT NULL,        -- 0 original, 1 optimized
    set_assigned integer NOT NULL,
    is_test integer NOT NULL,            -- left out of every metric
    is_held integer NOT NULL,
    existing integer NOT NULL,           -- joined before the rollout began
    is_erased integer NOT NULL,          -- an empty shell, left out of every metric
    stopped integer NOT NULL,
    paused_until_ms bigint NOT NULL,
    crisis_hold integer NOT NULL,
    quiet_from_minute integer NOT NULL,  -- -1 the installation's
    quiet_to_minute integer NOT NULL,
    nudge_last_at_ms bigint NOT NULL,
    nudge_day bigint NOT NULL,
    nudge_count integer NOT NULL,
    followup_day bigint NOT NULL,
    followup_count integer NOT NULL,
    commitments_total integer NOT NULL,  -- counters: kept in the transaction of what they count
    commitments_completed integer NOT NULL,
    commitments_quick integer NOT NULL,  -- completed within 24 h of being made
    commitments_outside integer NOT NULL, -- made outside onboarding
    commitments_outside_completed integer NOT NULL,
    commitments_missed integer NOT NULL,
    commitments_dropped integer NOT NULL,
    completion_ms_sum bigint NOT NULL,
    first_commitment_at_ms bigint NOT NULL,
    first_completion_at_ms bigint NOT NULL,
    activity_last_at_ms bigint NOT NULL,
    activity_day bigint NOT NULL,        -- local day number of bit 0 of activity_days
    activity_days bigint NOT NULL,       -- 64 bits, bit k: active k days before activity_day
    streak_days integer NOT NULL,
    streak_best_days integer NOT NULL,
    streak_day bigint NOT NULL,
    ladder_rung integer NOT NULL,        -- -1 none yet
    quick_in_row integer NOT NULL,
    misses_in_row integer NOT NULL,
    onboarding_completed integer NOT NULL,
    onboarding_completed_at_ms bigint NOT NULL,
    onboarding_version text NOT NULL,
    feeling_word text NOT NULL,
    amplification_choice text NOT NULL,
    in_group integer NOT NULL,
    leaderboard_opt_in integer NOT NULL,
    help_last_at_ms bigint NOT NULL,
    entered text NOT NULL,               -- JSON object or '': journey -> instant of its last entry
    onboarding_ended_at_ms bigint NOT NULL,
    dialog integer NOT NULL,
    dialog_ref bigint NOT NULL,
    dialog_at_ms bigint NOT NULL,
    event_last_id bigint NOT NULL,       -- heads of the person's chains
    delivery_last_id bigint NOT NULL,
    next_at_ms bigint NOT NULL,
    alias_of bigint NOT NULL,
    operator_holds integer NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE identities (
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    user_id bigint NOT NULL,
    created_at_ms bigint NOT NULL,
    PRIMARY KEY (kind, value)
);

CREATE TABLE commitments (
    user_id bigint NOT NULL,
    state integer NOT NULL,              -- 0 active, 1 completed, 2 missed, 3 dropped
    id bigint NOT NULL,
    undo_state integer NOT NULL,
    undo_until_ms bigint NOT NULL,
    text text NOT NULL,
    size_s integer NOT NULL,             -- seconds, 0 not known
    source text NOT NULL,                -- 'onboarding', 'chat', 'api', …
    external_id text NOT NULL,
    created_at_ms bigint NOT NULL,
    planned_at_ms bigint NOT NULL,
    due_at_ms bigint NOT NULL,
    completed_at_ms bigint NOT NULL,
    ended_at_ms bigint NOT NULL,         -- missed or dropped
    repeat integer NOT NULL,             -- 0 none, 1 daily, 2 weekdays, 3 weekly
    repeat_weekday integer NOT NULL,
    repeat_minute integer NOT NULL,
    followups integer NOT NULL,
    next_at_ms bigint NOT NULL,
    PRIMARY KEY (user_id, id)
);

CREATE TABLE runs (
    user_id bigint NOT NULL,
    outcome integer NOT NULL,            -- 0 active, 1 completed, 2 left, 3 abandoned, 4 expired,
                                         -- 5 rolled back, 6 stopped
    id bigint NOT NULL,
    journey text NOT NULL,
    definition text NOT NULL,            -- definitions.hash it started with
    sequence text NOT NULL,
    subject_id bigint NOT NULL,          -- commitment it is about
    phase integer NOT NULL,              -- 0 due, 1 sending, 2 waiting, 3 recovery, 4 abandoning,
                                         -- 5 rating, 6 ended
    step integer NOT NULL,               -- index of the present step
    ultra integer NOT NULL,
    flags integer NOT NULL,              -- 1 partial, 2 assisted, 4 overwhelmed, 8 rated, 16 test,
                                         -- 32 recovered, 64 postponed
    entered_at_ms bigint NOT NULL,
    ended_at_ms bigint NOT NULL,
    anchor_at_ms bigint NOT NULL,
    delivery_id bigint NOT NULL,
    steps text NOT NULL,                 -- JSON [[sent_at_ms, completed_at_ms], …] by step index,
                                         -- 0 not yet; [] when nothing was sent
    steps_assisted bigint NOT NULL,      -- bit for each step
    answers text NOT NULL,               -- JSON object or ''
    variants text NOT NULL,              -- JSON object or '': experiment -> variant
    held_ms bigint NOT NULL,
    next_at_ms bigint NOT NULL,
    PRIMARY KEY (user_id, id)
);

CREATE TABLE deliveries (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    previous_id bigint NOT NULL,
    run_id bigint NOT NULL,
    commitment_id bigint NOT NULL,
    broadcast_id bigint NOT NULL,
    journey text NOT NULL,
    sequence text NOT NULL,
    step text NOT NULL,
    step_index integer NOT NULL,         -- -1 none
    kind integer NOT NULL,               -- 0 step, 1 recovery, 2 ultra, 3 celebration, 4 abandonment,
                                         -- 5 graduation, 6 rating, 7 reply, 8 broadcast
    class integer NOT NULL,              -- 0 reply, 1 onboarding, 2 followup, 3 nudge
    channel integer NOT NULL,            -- 0 none, 1 telegram, 2 webchat, 3 email
    address text NOT NULL,
    language text NOT NULL,
    variant text NOT NULL,
    text text NOT NULL,                  -- Markdown, '' until first claimed
    picture text NOT NULL,
    buttons text NOT NULL,               -- JSON [{"text":…,"token":…,"url":…}, …] or ''
    state integer NOT NULL,              -- 0 scheduled, 1 sending, 2 uncertain, 3 sent, 4 delivered,
                                         -- 5 opened, 6 clicked, 7 suppressed, 8 expired, 9 failed,
                                         -- 10 dead
    reason text NOT NULL,
    created_at_ms bigint NOT NULL,
    expires_at_ms bigint NOT NULL,
    sent_at_ms bigint NOT NULL,
    answered_at_ms bigint NOT NULL,
    attempts integer NOT NULL,
    uncertain integer NOT NULL,
    provider_id text NOT NULL,
    next_at_ms bigint NOT NULL,
    picture_alt text NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE events (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    at_ms bigint NOT NULL,
    type text NOT NULL,
    previous_event_id bigint NOT NULL,
    journey text NOT NULL,
    step text NOT NULL,
    ref_id bigint NOT NULL,              -- run, commitment or delivery
    rule text NOT NULL,
    data text NOT NULL,                  -- JSON object or ''
    revenue double precision NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE seen (
    source text COLLATE "C" NOT NULL,
    external_id text COLLATE "C" NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (source, external_id)
);

CREATE TABLE feedback (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    run_id bigint NOT NULL,
    at_ms bigint NOT NULL,
    text text NOT NULL,                  -- '' for a rating
    rating integer NOT NULL,             -- 1 helpful, -1 not, 0 none
    is_problem integer NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE definitions (
    hash text COLLATE "C" NOT NULL,
    journey text NOT NULL,
    version text NOT NULL,
    yaml text NOT NULL,
    created_at_ms bigint NOT NULL,
    PRIMARY KEY (hash)
);

CREATE TABLE settings (
    name text COLLATE "C" NOT NULL,
    json text NOT NULL,
    changed_at_ms bigint NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE channel_pauses (
    channel integer NOT NULL,
    address text COLLATE "C" NOT NULL,
    until_ms bigint NOT NULL,
    PRIMARY KEY (channel, address)
);

CREATE TABLE inbox (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    payload text NOT NULL,
    actor text NOT NULL,
    at_ms bigint NOT NULL,
    answered_at_ms bigint NOT NULL,
    outcome text NOT NULL,               -- name of an error code: 'OK', 'ERR_INVALID', …
    result text NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE operator_messages (
    id bigint NOT NULL,
    at_ms bigint NOT NULL,
    kind text NOT NULL,
    user_id bigint NOT NULL,
    text text NOT NULL,
    sent_at_ms bigint NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE audit_log (
    id bigint NOT NULL,
    at_ms bigint NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    before text NOT NULL,                -- JSON or ''
    after text NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE broadcasts (
    id bigint NOT NULL,
    text text NOT NULL,
    filter text NOT NULL,                -- condition on facts, '' everyone
    state integer NOT NULL,              -- 0 scheduled, 1 running, 2 paused, 3 done, 4 cancelled
    scheduled_at_ms bigint NOT NULL,
    pace_per_s double precision NOT NULL, -- 0 as fast as the channels allow
    cursor_user_id bigint NOT NULL,      -- people up to this id were looked at
    considered bigint NOT NULL,
    matched bigint NOT NULL,
    created_at_ms bigint NOT NULL,
    created_by text NOT NULL,
    started_at_ms bigint NOT NULL,
    ended_at_ms bigint NOT NULL,
    PRIMARY KEY (id)
);

CREATE TABLE engine_lease (
    id integer NOT NULL CHECK (id = 1),
    owner bigint NOT NULL,
    pid bigint NOT NULL,
    fence bigint NOT NULL,
    until_ms bigint NOT NULL,            -- 0 given back
    PRIMARY KEY (id)
);

CREATE TABLE delivery_counts (
    day bigint NOT NULL,                 -- UTC, days since 1970: sent on, or made on when never sent
    sequence text COLLATE "C" NOT NULL,
    channel integer NOT NULL,            -- as in deliveries
    total bigint NOT NULL,
    sent bigint NOT NULL,
    delivered bigint NOT NULL,
    opened bigint NOT NULL,
    clicked bigint NOT NULL,
    answered bigint NOT NULL,
    failed bigint NOT NULL,
    not_sent bigint NOT NULL,
    uncertain bigint NOT NULL,
    PRIMARY KEY (day, sequence, channel)
);

CREATE TABLE error_counts (
    day bigint NOT NULL,                 -- UTC, days since 1970
    kind text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (day, kind)
);

CREATE TABLE due_failed (
    due_at_ms bigint NOT NULL,
    id bigint NOT NULL,                  -- as in due
    kind integer NOT NULL,
    user_id bigint NOT NULL,
    failed_at_ms bigint NOT NULL,
    why text NOT NULL,
    line integer NOT NULL,
    PRIMARY KEY (due_at_ms, id)
);

CREATE TABLE due (
    line integer NOT NULL,               -- as in delivery_lines; 0 none
    due_at_ms bigint NOT NULL,
    id bigint NOT NULL,                  -- of the row that waits
    kind integer NOT NULL,               -- 0 user, 1 commitment, 2 run, 3 delivery
    user_id bigint NOT NULL,
    PRIMARY KEY (line, due_at_ms, id)
);

-- Loading a person looks at what is open alone, however much has ended.
CREATE INDEX commitments_open ON commitments (user_id, id) WHERE state = 0;
CREATE INDEX runs_active ON runs (user_id, id) WHERE outcome = 0;
CREATE INDEX deliveries_unfinished ON deliveries (user_id)
WHERE state <= 2 AND run_id <> 0 AND next_at_ms <> 0;
CREATE INDEX deliveries_broadcast ON deliveries (broadcast_id) WHERE broadcast_id <> 0;
CREATE INDEX identities_user ON identities (user_id);
CREATE INDEX users_aliases ON users (alias_of) WHERE alias_of <> 0;
CREATE INDEX events_revenue ON events (user_id) WHERE revenue <> 0;
CREATE INDEX inbox_unanswered ON inbox (id) WHERE answered_at_ms = 0;
CREATE INDEX operator_messages_unsent ON operator_messages (id) WHERE sent_at_ms = 0;
CREATE INDEX broadcasts_waiting ON broadcasts (scheduled_at_ms) WHERE state <= 1;

-- Rows of people change in place, often; what is due comes and goes, and its table stays small.
ALTER TABLE users SET (fillfactor = 70);
ALTER TABLE runs SET (fillfactor = 70);
ALTER TABLE commitments SET (fillfactor = 80);
ALTER TABLE due SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000);

-- What readers outside the program look at. Views only, so nothing is kept twice; they read with the
-- rights of whoever asks. Erased people are left out.

-- Runs of the chain of micro-commitments in words.
CREATE VIEW superior_onboarding_states WITH (security_invoker = true) AS
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
    CASE WHEN r.answers = '' THEN '{}' ELSE r.answers END::jsonb AS user_responses,
    (SELECT coalesce(jsonb_object_agg('step_' || s.place, to_timestamp((s.value ->> 1)::bigint / 1000.0)),
                     '{}')
     FROM json_array_elements(r.steps::json) WITH ORDINALITY AS s (value, place)
     WHERE (s.value ->> 1)::bigint > 0) AS step_completion_timestamps,
    (r.flags & 1) <> 0 AS is_partial,
    (r.flags & 2) <> 0 AS is_assisted,
    (r.flags & 4) <> 0 AS is_overwhelmed,
    to_timestamp(nullif(r.entered_at_ms, 0) / 1000.0) AS started_at,
    to_timestamp(nullif(r.ended_at_ms, 0) / 1000.0) AS ended_at,
    CASE WHEN r.outcome = 1
         THEN to_timestamp(r.ended_at_ms / 1000.0) END AS completed_at,
    to_timestamp(nullif(r.next_at_ms, 0) / 1000.0) AS next_at
FROM runs AS r
WHERE r.journey IN ('superior_onboarding', 'micro_onboarding');

-- Every message in words; the two views below divide it.
CREATE VIEW delivery_details WITH (security_invoker = true) AS
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
    to_timestamp(d.created_at_ms / 1000.0) AS created_at,
    to_timestamp(CASE WHEN d.state <= 1 THEN nullif(d.next_at_ms, 0) END / 1000.0) AS scheduled_for,
    to_timestamp(nullif(d.sent_at_ms, 0) / 1000.0) AS sent_at,
    to_timestamp(nullif(d.answered_at_ms, 0) / 1000.0) AS answered_at
FROM deliveries AS d;

CREATE VIEW onboarding_message_deliveries WITH (security_invoker = true) AS
SELECT * FROM delivery_details
WHERE journey IN ('superior_onboarding', 'micro_onboarding', 'onboarding');

CREATE VIEW message_deliveries WITH (security_invoker = true) AS
SELECT * FROM delivery_details
WHERE journey NOT IN ('superior_onboarding', 'micro_onboarding', 'onboarding');

-- The line that a message that waits stands in: one for each channel and priority.
CREATE VIEW delivery_lines WITH (security_invoker = true) AS
SELECT id, CASE WHEN state IN (0, 2)
    THEN (channel + 1) * 8 + CASE WHEN kind = 8 THEN 4 ELSE class END
    ELSE 0 END AS line
FROM deliveries;

-- By the UTC day a message was sent on, or made on when it never was.
CREATE VIEW delivery_analytics WITH (security_invoker = true) AS
SELECT
    DATE '1970-01-01' + day::integer AS delivery_date,
    sequence AS sequence_type,
    CASE channel WHEN 1 THEN 'telegram' WHEN 2 THEN 'webchat' WHEN 3 THEN 'email' ELSE 'none' END
        AS channel,
    total, sent, delivered, opened, clicked, answered, failed, not_sent, uncertain
FROM delivery_counts
WHERE total > 0;

-- One row for each person with the classes of docs/reference/metrics.md; thresholds in integers.
CREATE VIEW user_engagement_summary WITH (security_invoker = true) AS
SELECT
    u.id AS user_id,
    to_timestamp(u.joined_at_ms / 1000.0) AS joined_at,
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
        WHEN u.activity_last_at_ms >= (extract(epoch FROM now()) - 604800) * 1000 THEN 'active'
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
    u.onboarding_completed <> 0 AS onboarding_completed,
    u.onboarding_version,
    to_timestamp(nullif(u.onboarding_completed_at_ms, 0) / 1000.0)
        AS onboarding_completion_date,
    to_timestamp(nullif(u.first_commitment_at_ms, 0) / 1000.0)
        AS first_commitment_at,
    to_timestamp(nullif(u.activity_last_at_ms, 0) / 1000.0)
        AS last_activity_at
FROM users AS u
WHERE u.is_erased = 0 AND u.is_test = 0;
$migration$;
    EXECUTE $closing$
DO $$
DECLARE
    made record;
    public_role text;
BEGIN
    FOR made IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        IF made.relkind IN ('r', 'p') THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.name);
        END IF;
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC',
                       CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON %s %s FROM %I',
                           CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name,
                           public_role);
        END LOOP;
    END LOOP;
    FOR made IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', made.name, public_role);
        END LOOP;
    END LOOP;
END
$$;
$closing$;
    INSERT INTO schema_migrations (name, checksum, applied_at_ms)
    VALUES ('0001_start.sql', 'cc55eeaca2dea1fef136dc44988f7072b14d63402c58cccd2ee87bf2ab7c06f8', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;

-- Migration 0002_decisions.sql of nudge, into the schema nudge. Running it again changes nothing.
DO $nudge$
DECLARE
    applied text;
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('nudge migrate nudge', 0));
    IF to_regnamespace('"nudge"') IS NULL THEN
        CREATE SCHEMA "nudge";
    END IF;
    PERFORM set_config('search_path', '"nudge"', true);
    IF to_regclass('"nudge".schema_migrations') IS NULL THEN
        IF EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('"nudge"')
                   AND relkind IN ('r', 'p', 'v', 'm')) THEN
            RAISE EXCEPTION 'the schema nudge is one of something else: it has tables, but no record of migrations';
        END IF;
        CREATE TABLE IF NOT EXISTS schema_migrations (name text COLLATE "C" PRIMARY KEY, checksum text NOT NULL, applied_at_ms bigint NOT NULL);
    END IF;
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0002_decisions.sql';
    IF applied = '8d338170923665deb512b9382cfb79a4b7d7cabb41af5865622b8548c147a3cf' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0002_decisions.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0001_start.sql') THEN
        RAISE EXCEPTION 'migration 0001_start.sql comes before 0002_decisions.sql';
    END IF;
    EXECUTE $migration$
-- Why each person did or did not get a message, as the migration 0013 of SQLite says.

-- record is the compact form of src/core/record.h. One person's decisions are a walk from
-- users.decision_last_id along previous_id, like events; the walk ends where older ones were deleted.
CREATE TABLE decisions (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL,
    previous_id bigint NOT NULL,
    world_id bigint NOT NULL,            -- decision_worlds.id
    record bytea NOT NULL
);

-- The settings and definitions that decisions were made in: a row for each change of them.
CREATE TABLE decision_worlds (
    id bigint PRIMARY KEY,
    at_ms bigint NOT NULL,
    hash text NOT NULL UNIQUE,           -- SHA-256 of record
    record bytea NOT NULL
);

-- The files that worlds name by their hash: journeys, the bot's texts, words.
CREATE TABLE decision_files (
    hash text PRIMARY KEY,
    name text NOT NULL,
    yaml text NOT NULL,
    at_ms bigint NOT NULL
);

ALTER TABLE users ADD COLUMN decision_last_id bigint NOT NULL DEFAULT 0;
$migration$;
    EXECUTE $closing$
DO $$
DECLARE
    made record;
    public_role text;
BEGIN
    FOR made IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        IF made.relkind IN ('r', 'p') THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.name);
        END IF;
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC',
                       CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON %s %s FROM %I',
                           CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name,
                           public_role);
        END LOOP;
    END LOOP;
    FOR made IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', made.name, public_role);
        END LOOP;
    END LOOP;
END
$$;
$closing$;
    INSERT INTO schema_migrations (name, checksum, applied_at_ms)
    VALUES ('0002_decisions.sql', '8d338170923665deb512b9382cfb79a4b7d7cabb41af5865622b8548c147a3cf', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;

-- Migration 0003_bridge.sql of nudge, into the schema nudge. Running it again changes nothing.
DO $nudge$
DECLARE
    applied text;
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('nudge migrate nudge', 0));
    IF to_regnamespace('"nudge"') IS NULL THEN
        CREATE SCHEMA "nudge";
    END IF;
    PERFORM set_config('search_path', '"nudge"', true);
    IF to_regclass('"nudge".schema_migrations') IS NULL THEN
        IF EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('"nudge"')
                   AND relkind IN ('r', 'p', 'v', 'm')) THEN
            RAISE EXCEPTION 'the schema nudge is one of something else: it has tables, but no record of migrations';
        END IF;
        CREATE TABLE IF NOT EXISTS schema_migrations (name text COLLATE "C" PRIMARY KEY, checksum text NOT NULL, applied_at_ms bigint NOT NULL);
    END IF;
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0003_bridge.sql';
    IF applied = 'd139b9b47e08866c347715d735915c5dd9313d7a7eeb5eba3d59c4c6b7468c9f' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0003_bridge.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0002_decisions.sql') THEN
        RAISE EXCEPTION 'migration 0002_decisions.sql comes before 0003_bridge.sql';
    END IF;
    EXECUTE $migration$
-- Whom an import from a previous bot's database brought, as the migration 0014 of SQLite says.
CREATE TABLE bridge_people (
    live_key text COLLATE "C" PRIMARY KEY,  -- SHA-256 of the old id; stays when the person is erased here
    user_id bigint NOT NULL,
    fingerprint text NOT NULL,              -- of all that was read; equal: nothing changed there
    refusals bigint NOT NULL,               -- bits of enum live_refusal that were taken over
    imported_at_ms bigint NOT NULL
);

CREATE INDEX bridge_people_user ON bridge_people (user_id);
$migration$;
    EXECUTE $closing$
DO $$
DECLARE
    made record;
    public_role text;
BEGIN
    FOR made IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        IF made.relkind IN ('r', 'p') THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.name);
        END IF;
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC',
                       CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON %s %s FROM %I',
                           CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name,
                           public_role);
        END LOOP;
    END LOOP;
    FOR made IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', made.name, public_role);
        END LOOP;
    END LOOP;
END
$$;
$closing$;
    INSERT INTO schema_migrations (name, checksum, applied_at_ms)
    VALUES ('0003_bridge.sql', 'd139b9b47e08866c347715d735915c5dd9313d7a7eeb5eba3d59c4c6b7468c9f', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;

-- Migration 0004_person_indexes.sql of nudge, into the schema nudge. Running it again changes nothing.
DO $nudge$
DECLARE
    applied text;
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('nudge migrate nudge', 0));
    IF to_regnamespace('"nudge"') IS NULL THEN
        CREATE SCHEMA "nudge";
    END IF;
    PERFORM set_config('search_path', '"nudge"', true);
    IF to_regclass('"nudge".schema_migrations') IS NULL THEN
        IF EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('"nudge"')
                   AND relkind IN ('r', 'p', 'v', 'm')) THEN
            RAISE EXCEPTION 'the schema nudge is one of something else: it has tables, but no record of migrations';
        END IF;
        CREATE TABLE IF NOT EXISTS schema_migrations (name text COLLATE "C" PRIMARY KEY, checksum text NOT NULL, applied_at_ms bigint NOT NULL);
    END IF;
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0004_person_indexes.sql';
    IF applied = '5d9fe7000dcea74dc8d86ccbb64f93c4ec53d2f4502e2ae0f80c7ae945668f1e' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0004_person_indexes.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0003_bridge.sql') THEN
        RAISE EXCEPTION 'migration 0003_bridge.sql comes before 0004_person_indexes.sql';
    END IF;
    EXECUTE $migration$
-- What somebody said of the bot, and what operators were told of them, is found by the person: it is exported,
-- erased and joined. Both are written rarely.
CREATE INDEX feedback_user ON feedback (user_id);
CREATE INDEX operator_messages_user ON operator_messages (user_id);
$migration$;
    EXECUTE $closing$
DO $$
DECLARE
    made record;
    public_role text;
BEGIN
    FOR made IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        IF made.relkind IN ('r', 'p') THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.name);
        END IF;
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC',
                       CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON %s %s FROM %I',
                           CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name,
                           public_role);
        END LOOP;
    END LOOP;
    FOR made IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', made.name, public_role);
        END LOOP;
    END LOOP;
END
$$;
$closing$;
    INSERT INTO schema_migrations (name, checksum, applied_at_ms)
    VALUES ('0004_person_indexes.sql', '5d9fe7000dcea74dc8d86ccbb64f93c4ec53d2f4502e2ae0f80c7ae945668f1e', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;

-- Migration 0005_nodes.sql of nudge, into the schema nudge. Running it again changes nothing.
DO $nudge$
DECLARE
    applied text;
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('nudge migrate nudge', 0));
    IF to_regnamespace('"nudge"') IS NULL THEN
        CREATE SCHEMA "nudge";
    END IF;
    PERFORM set_config('search_path', '"nudge"', true);
    IF to_regclass('"nudge".schema_migrations') IS NULL THEN
        IF EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('"nudge"')
                   AND relkind IN ('r', 'p', 'v', 'm')) THEN
            RAISE EXCEPTION 'the schema nudge is one of something else: it has tables, but no record of migrations';
        END IF;
        CREATE TABLE IF NOT EXISTS schema_migrations (name text COLLATE "C" PRIMARY KEY, checksum text NOT NULL, applied_at_ms bigint NOT NULL);
    END IF;
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0005_nodes.sql';
    IF applied = '47eee802fa363cbc7d1ae14a62dea19397f3364945c9d70c4033bd0b8de7e4e0' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0005_nodes.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0004_person_indexes.sql') THEN
        RAISE EXCEPTION 'migration 0004_person_indexes.sql comes before 0005_nodes.sql';
    END IF;
    EXECUTE $migration$
-- Who runs on this schema: a row for each `nudge serve`, from its beginning to its end, or until a day after it fell
-- silent. Who of them decides and sends is said by engine_lease. Instants are of the server's clock.
CREATE TABLE nodes (
    id bigint NOT NULL,                  -- random, of one process; as engine_lease.owner
    host text COLLATE "C" NOT NULL,
    pid bigint NOT NULL,
    version text COLLATE "C" NOT NULL,
    since_ms bigint NOT NULL,
    beat_at_ms bigint NOT NULL,
    PRIMARY KEY (id)
);
$migration$;
    EXECUTE $closing$
DO $$
DECLARE
    made record;
    public_role text;
BEGIN
    FOR made IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        IF made.relkind IN ('r', 'p') THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.name);
        END IF;
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC',
                       CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON %s %s FROM %I',
                           CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name,
                           public_role);
        END LOOP;
    END LOOP;
    FOR made IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', made.name, public_role);
        END LOOP;
    END LOOP;
END
$$;
$closing$;
    INSERT INTO schema_migrations (name, checksum, applied_at_ms)
    VALUES ('0005_nodes.sql', '47eee802fa363cbc7d1ae14a62dea19397f3364945c9d70c4033bd0b8de7e4e0', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;

-- Migration 0006_event_bound.sql of nudge, into the schema nudge. Running it again changes nothing.
DO $nudge$
DECLARE
    applied text;
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('nudge migrate nudge', 0));
    IF to_regnamespace('"nudge"') IS NULL THEN
        CREATE SCHEMA "nudge";
    END IF;
    PERFORM set_config('search_path', '"nudge"', true);
    IF to_regclass('"nudge".schema_migrations') IS NULL THEN
        IF EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('"nudge"')
                   AND relkind IN ('r', 'p', 'v', 'm')) THEN
            RAISE EXCEPTION 'the schema nudge is one of something else: it has tables, but no record of migrations';
        END IF;
        CREATE TABLE IF NOT EXISTS schema_migrations (name text COLLATE "C" PRIMARY KEY, checksum text NOT NULL, applied_at_ms bigint NOT NULL);
    END IF;
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0006_event_bound.sql';
    IF applied = '20c94792116a476e71d3d3216e253f4b6b22eca33eab1623e538e4f23beee252' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0006_event_bound.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0005_nodes.sql') THEN
        RAISE EXCEPTION 'migration 0005_nodes.sql comes before 0006_event_bound.sql';
    END IF;
    EXECUTE $migration$
-- Makes the table of events ready to become the first of many (0007): promises that its rows are of instants before
-- some month, at least one from now away. Nobody waits for it: the rows that are there are looked at in 0007, while
-- others write. Between the two no more than a month should pass.
DO $$
DECLARE
    newest timestamp := greatest(
        now(), to_timestamp((SELECT coalesce(max(id), 0) FROM events) / 2097152 / 1000)
    ) AT TIME ZONE 'UTC';
    bound timestamp := date_trunc('month', newest) + interval '2 months';
BEGIN
    EXECUTE format(
        'ALTER TABLE events ADD CONSTRAINT events_bound CHECK (id < %s) NOT VALID',
        extract(epoch FROM bound AT TIME ZONE 'UTC')::bigint * 1000 * 2097152
    );
END
$$;
$migration$;
    EXECUTE $closing$
DO $$
DECLARE
    made record;
    public_role text;
BEGIN
    FOR made IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        IF made.relkind IN ('r', 'p') THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.name);
        END IF;
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC',
                       CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON %s %s FROM %I',
                           CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name,
                           public_role);
        END LOOP;
    END LOOP;
    FOR made IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', made.name, public_role);
        END LOOP;
    END LOOP;
END
$$;
$closing$;
    INSERT INTO schema_migrations (name, checksum, applied_at_ms)
    VALUES ('0006_event_bound.sql', '20c94792116a476e71d3d3216e253f4b6b22eca33eab1623e538e4f23beee252', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;

-- Migration 0007_event_months.sql of nudge, into the schema nudge. Running it again changes nothing.
DO $nudge$
DECLARE
    applied text;
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('nudge migrate nudge', 0));
    IF to_regnamespace('"nudge"') IS NULL THEN
        CREATE SCHEMA "nudge";
    END IF;
    PERFORM set_config('search_path', '"nudge"', true);
    IF to_regclass('"nudge".schema_migrations') IS NULL THEN
        IF EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('"nudge"')
                   AND relkind IN ('r', 'p', 'v', 'm')) THEN
            RAISE EXCEPTION 'the schema nudge is one of something else: it has tables, but no record of migrations';
        END IF;
        CREATE TABLE IF NOT EXISTS schema_migrations (name text COLLATE "C" PRIMARY KEY, checksum text NOT NULL, applied_at_ms bigint NOT NULL);
    END IF;
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0007_event_months.sql';
    IF applied = '46e853e2f5f1addfd5f23e0091ee1a450b8e4dcbc95e8d8e39e95abfc975e137' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0007_event_months.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0006_event_bound.sql') THEN
        RAISE EXCEPTION 'migration 0006_event_bound.sql comes before 0007_event_months.sql';
    END IF;
    EXECUTE $migration$
-- Events by month. An id begins with its instant (milliseconds times 2^21), so that a range of ids is a month, the
-- key stays what it is, and whoever knows an id is led to one month. What was written so far stays where it is and
-- becomes the first part; only its rows are looked at, while others write.
--
--   events_before    up to the bound of 0006
--   events_YYYY_MM   a month; made ahead by event_months_make
--   events_rest      what lies after all of them, so that a clock that jumps stops nobody

ALTER TABLE events VALIDATE CONSTRAINT events_bound;
LOCK TABLE events IN ACCESS EXCLUSIVE MODE;
ALTER TABLE events RENAME TO events_before;
ALTER INDEX events_pkey RENAME TO events_before_pkey;
ALTER INDEX events_revenue RENAME TO events_before_revenue;
CREATE TABLE events (LIKE events_before, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE INDEX events_revenue ON events (user_id) WHERE revenue <> 0;
DO $$
BEGIN
    EXECUTE format(
        'ALTER TABLE events ATTACH PARTITION events_before FOR VALUES FROM (MINVALUE) TO (%s)',
        (
            SELECT substring(pg_get_constraintdef(oid) FROM '\d{12,}') FROM pg_constraint
            WHERE conrelid = 'events_before'::regclass AND conname = 'events_bound'
        )
    );
END
$$;
ALTER TABLE events_before DROP CONSTRAINT events_bound;
CREATE TABLE events_rest PARTITION OF events DEFAULT;

-- Makes the months that are missing until two after that of the instant, each closed to other roles from the
-- beginning, and gives their number. Rows that had to go to events_rest move to theirs. When somebody reads just
-- there it gives up, to be called again: until then nothing is lost but time.
CREATE FUNCTION event_months_make(now_ms bigint) RETURNS bigint LANGUAGE plpgsql SET lock_timeout = '1s' AS $make$
DECLARE
    until timestamp := date_trunc('month', to_timestamp(now_ms / 1000) AT TIME ZONE 'UTC') + interval '3 months';
    made bigint := 0;
    locked boolean := false;
    first_id bigint;
    end_id bigint;
    month timestamp;
    part text;
    public_role text;
BEGIN
    LOOP
        SELECT max(substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''(\d+)''\)')::bigint) INTO first_id
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass(format('%I.events', current_schema()));
        month := to_timestamp(first_id / 2097152 / 1000) AT TIME ZONE 'UTC';
        EXIT WHEN month >= until OR made = 24;
        IF NOT locked THEN
            LOCK TABLE events_rest IN ACCESS EXCLUSIVE MODE;
            locked := true;
            CONTINUE;
        END IF;
        end_id := extract(epoch FROM (month + interval '1 month') AT TIME ZONE 'UTC')::bigint * 1000 * 2097152;
        part := 'events_' || to_char(month, 'YYYY_MM');
        EXECUTE format('CREATE TABLE %I (LIKE events)', part);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
        EXECUTE format('REVOKE ALL ON %I FROM PUBLIC', part);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON %I FROM %I', part, public_role);
        END LOOP;
        EXECUTE format(
            'WITH moved AS (DELETE FROM events_rest WHERE id >= %s AND id < %s RETURNING *) '
            'INSERT INTO %I SELECT * FROM moved', first_id, end_id, part
        );
        EXECUTE format(
            'ALTER TABLE events ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)', part, first_id, end_id
        );
        made := made + 1;
    END LOOP;
    RETURN made;
EXCEPTION
    WHEN lock_not_available OR deadlock_detected OR insufficient_privilege THEN
        RETURN 0;
END
$make$;

SELECT event_months_make((extract(epoch FROM now()) * 1000)::bigint);
$migration$;
    EXECUTE $closing$
DO $$
DECLARE
    made record;
    public_role text;
BEGIN
    FOR made IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        IF made.relkind IN ('r', 'p') THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.name);
        END IF;
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC',
                       CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON %s %s FROM %I',
                           CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name,
                           public_role);
        END LOOP;
    END LOOP;
    FOR made IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', made.name, public_role);
        END LOOP;
    END LOOP;
END
$$;
$closing$;
    INSERT INTO schema_migrations (name, checksum, applied_at_ms)
    VALUES ('0007_event_months.sql', '46e853e2f5f1addfd5f23e0091ee1a450b8e4dcbc95e8d8e39e95abfc975e137', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;

-- Migration 0008_left_out.sql of nudge, into the schema nudge. Running it again changes nothing.
DO $nudge$
DECLARE
    applied text;
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('nudge migrate nudge', 0));
    IF to_regnamespace('"nudge"') IS NULL THEN
        CREATE SCHEMA "nudge";
    END IF;
    PERFORM set_config('search_path', '"nudge"', true);
    IF to_regclass('"nudge".schema_migrations') IS NULL THEN
        IF EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('"nudge"')
                   AND relkind IN ('r', 'p', 'v', 'm')) THEN
            RAISE EXCEPTION 'the schema nudge is one of something else: it has tables, but no record of migrations';
        END IF;
        CREATE TABLE IF NOT EXISTS schema_migrations (name text COLLATE "C" PRIMARY KEY, checksum text NOT NULL, applied_at_ms bigint NOT NULL);
    END IF;
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0008_left_out.sql';
    IF applied = '2982fd6df42bf19582f74ed2fbbe18071d3f652001cfdcf20f4aecf082962ec8' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0008_left_out.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0007_event_months.sql') THEN
        RAISE EXCEPTION 'migration 0007_event_months.sql comes before 0008_left_out.sql';
    END IF;
    EXECUTE $migration$
-- Whom figures leave out: erased people, shells of joined ones, test people. The behaviour log asks each time it
-- is brought up to date.
CREATE INDEX users_left_out ON users (id, alias_of) WHERE is_erased = 1 OR is_test = 1;
$migration$;
    EXECUTE $closing$
DO $$
DECLARE
    made record;
    public_role text;
BEGIN
    FOR made IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        IF made.relkind IN ('r', 'p') THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.name);
        END IF;
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC',
                       CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON %s %s FROM %I',
                           CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name,
                           public_role);
        END LOOP;
    END LOOP;
    FOR made IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', made.name, public_role);
        END LOOP;
    END LOOP;
END
$$;
$closing$;
    INSERT INTO schema_migrations (name, checksum, applied_at_ms)
    VALUES ('0008_left_out.sql', '2982fd6df42bf19582f74ed2fbbe18071d3f652001cfdcf20f4aecf082962ec8', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;

-- Migration 0009_event_counts.sql of nudge, into the schema nudge. Running it again changes nothing.
DO $nudge$
DECLARE
    applied text;
BEGIN
    PERFORM set_config('lock_timeout', '5s', true);
    PERFORM pg_advisory_xact_lock(hashtextextended('nudge migrate nudge', 0));
    IF to_regnamespace('"nudge"') IS NULL THEN
        CREATE SCHEMA "nudge";
    END IF;
    PERFORM set_config('search_path', '"nudge"', true);
    IF to_regclass('"nudge".schema_migrations') IS NULL THEN
        IF EXISTS (SELECT FROM pg_class WHERE relnamespace = to_regnamespace('"nudge"')
                   AND relkind IN ('r', 'p', 'v', 'm')) THEN
            RAISE EXCEPTION 'the schema nudge is one of something else: it has tables, but no record of migrations';
        END IF;
        CREATE TABLE IF NOT EXISTS schema_migrations (name text COLLATE "C" PRIMARY KEY, checksum text NOT NULL, applied_at_ms bigint NOT NULL);
    END IF;
    SELECT checksum INTO applied FROM schema_migrations WHERE name = '0009_event_counts.sql';
    IF applied = '055689d10e837e23d8685f1041a5c0749487dd6ba604966c6b8deb2c08e230d3' THEN
        RETURN;
    ELSIF applied IS NOT NULL THEN
        RAISE EXCEPTION 'migration 0009_event_counts.sql was applied with another text than this one';
    END IF;
    IF NOT EXISTS (SELECT FROM schema_migrations WHERE name = '0008_left_out.sql') THEN
        RAISE EXCEPTION 'migration 0008_left_out.sql comes before 0009_event_counts.sql';
    END IF;
    EXECUTE $migration$
-- Events that are older than EVENTS_KEEP_MONTHS leave, as the migration 0018 of SQLite says.
CREATE TABLE event_counts (
    day bigint NOT NULL,                 -- UTC, days since 1970
    type text NOT NULL,
    journey text NOT NULL,
    step text NOT NULL,
    name text NOT NULL,                  -- of a tracked event or an experiment, else ''
    variant text NOT NULL,               -- that somebody was exposed to, else ''
    channel bigint NOT NULL,             -- of the person when the event left, as in users
    count bigint NOT NULL,
    PRIMARY KEY (day, type, journey, step, name, variant, channel)
);

-- Ids below first_id belong to events that have left, but for those with revenue. One row; 0: all are there.
CREATE TABLE event_edge (
    id bigint PRIMARY KEY CHECK (id = 1),
    first_id bigint NOT NULL
);
INSERT INTO event_edge (id, first_id) VALUES (1, 0);

-- A member of an event's data as text, '' when there is none: what PostgreSQL cannot read keeps no month from leaving.
CREATE FUNCTION event_word(data text, member text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $word$
BEGIN
    RETURN coalesce(nullif(data, '')::json ->> member, '');
EXCEPTION
    WHEN data_exception THEN
        RETURN '';
END
$word$;

-- Counts the events of ids in [from_id, end_id) that have no revenue.
CREATE FUNCTION events_count(from_id bigint, end_id bigint) RETURNS bigint LANGUAGE sql AS $count$
    WITH added AS (
        INSERT INTO event_counts AS c (day, type, journey, step, name, variant, channel, count)
        SELECT e.at_ms / 86400000, e.type, e.journey, e.step,
            CASE e.type WHEN 'tracked' THEN event_word(e.data, 'event')
                WHEN 'experiment_exposed' THEN event_word(e.data, 'experiment') ELSE '' END,
            CASE e.type WHEN 'experiment_exposed' THEN event_word(e.data, 'variant') ELSE '' END,
            u.channel, count(*)
        FROM events AS e JOIN users AS u ON u.id = e.user_id AND u.is_test = 0
        WHERE e.id >= from_id AND e.id < end_id AND e.revenue = 0
        GROUP BY 1, 2, 3, 4, 5, 6, 7
        ON CONFLICT (day, type, journey, step, name, variant, channel) DO UPDATE SET count = c.count + excluded.count
        RETURNING 1
    )
    SELECT count(*) FROM added;
$count$;

-- Lets the oldest month go when it ends before the id: counts its events, puts those with revenue into events_before,
-- which reaches to its end then, and drops the part. Gives 1 when a month went; 0 when there is none to go as a whole:
-- older events are still there, it holds more than can be counted at once, or this role does not own the tables;
-- -1 when somebody reads just there, to be called again.
CREATE FUNCTION event_month_leave(before_id bigint) RETURNS bigint LANGUAGE plpgsql SET lock_timeout = '1s' AS $leave$
DECLARE
    at_once CONSTANT real := 1000000; -- with more it would take as long as a lease lasts
    edge bigint := (SELECT first_id FROM event_edge);
    part record;
BEGIN
    SELECT b.relname, b.reltuples, b.first_id, b.end_id INTO part
    FROM (
        SELECT c.relname, c.reltuples,
            substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \(''(\d+)''\)')::bigint AS first_id,
            substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''(\d+)''\)')::bigint AS end_id
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = to_regclass(format('%I.events', current_schema()))
    ) AS b
    WHERE b.first_id IS NOT NULL ORDER BY b.first_id LIMIT 1;
    IF part.end_id IS NULL OR part.end_id > before_id THEN
        RETURN 0;
    END IF;
    IF edge < part.end_id AND part.reltuples > at_once THEN
        RETURN 0;
    END IF;
    IF EXISTS (SELECT FROM events_before WHERE id >= edge) THEN
        RETURN 0;
    END IF;
    LOCK TABLE ONLY events IN ACCESS EXCLUSIVE MODE;
    LOCK TABLE events_before IN ACCESS EXCLUSIVE MODE;
    LOCK TABLE events_rest IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', part.relname);
    PERFORM events_count(greatest(edge, part.first_id), part.end_id);
    ALTER TABLE events DETACH PARTITION events_before;
    EXECUTE format('ALTER TABLE events DETACH PARTITION %I', part.relname);
    EXECUTE format('INSERT INTO events_before SELECT * FROM %I WHERE revenue <> 0', part.relname);
    EXECUTE format('DROP TABLE %I', part.relname);
    EXECUTE format(
        'ALTER TABLE events ATTACH PARTITION events_before FOR VALUES FROM (MINVALUE) TO (%s)', part.end_id
    );
    UPDATE event_edge SET first_id = greatest(edge, part.end_id);
    RETURN 1;
EXCEPTION
    WHEN lock_not_available OR deadlock_detected THEN
        RETURN -1;
    WHEN insufficient_privilege THEN
        RETURN 0;
END
$leave$;
$migration$;
    EXECUTE $closing$
DO $$
DECLARE
    made record;
    public_role text;
BEGIN
    FOR made IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
            AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        IF made.relkind IN ('r', 'p') THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made.name);
        END IF;
        EXECUTE format('REVOKE ALL ON %s %s FROM PUBLIC',
                       CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON %s %s FROM %I',
                           CASE WHEN made.relkind = 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, made.name,
                           public_role);
        END LOOP;
    END LOOP;
    FOR made IN
        SELECT p.oid::regprocedure AS name FROM pg_proc AS p
        WHERE p.pronamespace = current_schema()::regnamespace
            AND p.proowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', made.name);
        FOR public_role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', made.name, public_role);
        END LOOP;
    END LOOP;
END
$$;
$closing$;
    INSERT INTO schema_migrations (name, checksum, applied_at_ms)
    VALUES ('0009_event_counts.sql', '055689d10e837e23d8685f1041a5c0749487dd6ba604966c6b8deb2c08e230d3', (extract(epoch FROM now()) * 1000)::bigint);
END
$nudge$;

-- The five tables that other tools read.
SELECT name AS "table",
    CASE WHEN to_regclass('"nudge".' || name) IS NULL THEN 'missing'
         WHEN EXISTS (SELECT FROM pg_roles WHERE rolname IN ('anon', 'authenticated')
                      AND has_table_privilege(rolname, to_regclass('"nudge".' || name), 'SELECT'))
             THEN 'open to the public'
         ELSE 'ok' END AS state
FROM unnest(ARRAY['superior_onboarding_states', 'onboarding_message_deliveries',
    'user_engagement_summary', 'message_deliveries', 'delivery_analytics']) AS name;
