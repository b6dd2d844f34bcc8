-- A database as the bot before us left it, shape A: users keyed by their Telegram id, with a uuid beside
-- it that may be missing; commitments numbered, by both. Some names of ours are taken, in other shapes.
-- The people are made up.

CREATE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END
$$;

CREATE TABLE users (
    telegram_user_id bigint PRIMARY KEY,
    id uuid UNIQUE DEFAULT gen_random_uuid(),
    accepted_at timestamptz,
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    email text,
    first_name text DEFAULT 'User',
    last_name text,
    username text,
    status text DEFAULT 'active',
    timezone text,
    goals_category text,
    experience_level text,
    first_bot_interaction_at timestamptz,
    total_commitments integer DEFAULT 0,
    completed_commitments integer DEFAULT 0,
    current_streak integer DEFAULT 0,
    longest_streak integer DEFAULT 0,
    last_activity_at timestamptz,
    is_active boolean DEFAULT true,
    notification_preferences jsonb DEFAULT '{}',
    onboarding_started_at timestamptz,
    first_commitment_at timestamptz
);

CREATE TABLE commitments (
    id serial PRIMARY KEY,
    user_id uuid REFERENCES users (id),
    telegram_user_id bigint NOT NULL,
    commitment text,
    original_commitment text,
    smart_score integer,
    status text DEFAULT 'active',
    created_at timestamptz DEFAULT now(),
    completed_at timestamptz,
    is_first_commitment boolean DEFAULT false
);

CREATE FUNCTION update_user_metrics() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE users AS u SET
        total_commitments = (SELECT count(*) FROM commitments WHERE telegram_user_id = u.telegram_user_id),
        completed_commitments = (SELECT count(*) FROM commitments
                                 WHERE telegram_user_id = u.telegram_user_id AND status = 'completed')
    WHERE u.telegram_user_id = NEW.telegram_user_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER update_user_metrics_trigger AFTER INSERT OR UPDATE ON commitments
    FOR EACH ROW EXECUTE FUNCTION update_user_metrics();
CREATE TRIGGER users_updated BEFORE UPDATE ON users
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

CREATE TABLE user_roles (
    user_id uuid REFERENCES users (id),
    role_type text,
    UNIQUE (user_id, role_type)
);

-- What people said they want to get, in all the places where it may stand.
CREATE TABLE communication_preferences (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    communication_style text DEFAULT 'balanced',
    pause_until timestamptz,
    is_active boolean DEFAULT true
);
CREATE TABLE user_email_preferences (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    unsubscribed boolean DEFAULT false,
    unsubscribed_at timestamptz,
    email_enabled boolean DEFAULT true,
    opt_in_sequences boolean DEFAULT true
);
CREATE TABLE nurture_user_preferences (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    enabled boolean DEFAULT true,
    opted_out_at timestamptz
);
CREATE TABLE user_sequence_state (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid REFERENCES users (id),
    sequence_type text,
    current_step integer DEFAULT 0,
    is_active boolean DEFAULT true,
    stopped_at timestamptz
);

-- Names of ours in other shapes.
CREATE TABLE superior_onboarding_states (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid,
    current_step text,
    is_active boolean DEFAULT true,
    user_responses jsonb,
    step_completion_timestamps jsonb,
    UNIQUE (user_id, is_active)
);
CREATE TABLE onboarding_message_deliveries (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid,
    sequence_type text,
    delivery_status text DEFAULT 'pending'
);
CREATE TABLE message_deliveries (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid,
    message_type text NOT NULL,
    message_content text,
    delivery_status text DEFAULT 'pending',
    scheduled_for timestamptz DEFAULT now(),
    metadata jsonb
);
CREATE TABLE delivery_analytics (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    delivery_date date,
    sequence_type text,
    channel text,
    total_sent integer DEFAULT 0,
    UNIQUE (delivery_date, sequence_type, channel)
);
CREATE VIEW user_engagement_summary AS
SELECT telegram_user_id, first_name, total_commitments, completed_commitments FROM users;
CREATE TABLE feedback (
    id serial PRIMARY KEY,
    telegram_user_id bigint NOT NULL,
    feedback text
);
ALTER TABLE feedback ENABLE ROW LEVEL SECURITY;
CREATE POLICY anyone ON feedback USING (true);
CREATE MATERIALIZED VIEW bi_dashboard_metrics AS
SELECT count(*) AS users, sum(total_commitments) AS commitments FROM users;

INSERT INTO users (telegram_user_id, id, created_at, accepted_at, email, first_name, username, timezone,
                   last_activity_at, is_active, notification_preferences) VALUES
    (7001, '00000000-0000-4000-8000-000000007001', '2025-06-01 08:00+00', '2025-06-01 08:00+00',
     'ann@example.org', 'Ann', 'ann', 'Europe/Berlin', '2025-08-20 18:00+00', true, '{"telegram": true}'),
    (7002, '00000000-0000-4000-8000-000000007002', '2025-06-02 08:00+00', '2025-06-02 08:00+00',
     NULL, 'Ben', NULL, NULL, NULL, true, '"{\"telegram\": false}"'),
    (7003, NULL, '2025-06-03 08:00+00', NULL, NULL, 'User', NULL, NULL, NULL, true, NULL),
    (7004, '00000000-0000-4000-8000-000000007004', '2025-06-04 08:00+00', NULL,
     NULL, 'Dora', NULL, 'not/a zone', NULL, false, '{}'),
    (7005, '00000000-0000-4000-8000-000000007005', '2025-06-05 08:00+00', NULL,
     'eva@example.org', 'Eva', NULL, NULL, NULL, true, '{"email": "false"}'),
    (7006, '00000000-0000-4000-8000-000000007006', '2025-06-06 08:00+00', NULL,
     NULL, 'Finn', NULL, NULL, NULL, true, '{}'),
    (7007, '00000000-0000-4000-8000-000000007007', '2025-06-07 08:00+00', NULL,
     NULL, 'Gil', NULL, NULL, NULL, true, '{}'),
    (7008, '00000000-0000-4000-8000-000000007008', '2025-06-08 08:00+00', NULL,
     NULL, 'Hal', NULL, NULL, NULL, true, '{}'),
    (7009, '00000000-0000-4000-8000-000000007009', '2025-06-09 08:00+00', NULL,
     'ida@example.org', 'Ida', NULL, NULL, NULL, true, '{}'),
    (100001, '00000000-0000-4000-8000-000000100001', '2025-07-01 08:00+00', NULL,
     '100001@telegram.emergency', 'Jon', NULL, NULL, NULL, true, '{}'),
    (100002, '00000000-0000-4000-8000-000000100002', '2025-07-01 08:00+00', NULL,
     'user100002@telegram.user', 'Ann', NULL, NULL, NULL, true, '{}'),
    (999999999, '00000000-0000-4000-8000-000999999999', '2025-07-02 08:00+00', NULL,
     NULL, 'Test', 'behavioral_test_user', NULL, NULL, true, '{}');

INSERT INTO commitments (user_id, telegram_user_id, commitment, original_commitment, smart_score, status,
                         created_at, completed_at, is_first_commitment) VALUES
    ('00000000-0000-4000-8000-000000007001', 7001, 'read 10 pages', 'read', 8, 'completed',
     '2025-08-01 08:00+00', '2025-08-01 10:30+00', true),
    ('00000000-0000-4000-8000-000000007001', 7001, 'walk 20 minutes', 'walk', 7, 'completed',
     '2025-08-02 08:00+00', '2025-08-02 09:00+00', false),
    ('00000000-0000-4000-8000-000000007001', 7001, 'call <mum> & "dad"', NULL, NULL, 'active',
     '2025-08-20 18:00+00', NULL, false),
    (NULL, 7003, 'stretch', NULL, 5, 'active', '2025-08-03 08:00+00', NULL, true),
    ('00000000-0000-4000-8000-000000007006', 7006, 'write one line', NULL, 6, 'completed',
     '2025-08-04 08:00+00', NULL, true),
    ('00000000-0000-4000-8000-000999999999', 999999999, 'test', NULL, NULL, 'active',
     '2025-08-05 08:00+00', NULL, true);

INSERT INTO user_roles SELECT id, 'unpaid' FROM users WHERE id IS NOT NULL;
INSERT INTO communication_preferences VALUES
    ('00000000-0000-4000-8000-000000007001', 'balanced', NULL, true),
    ('00000000-0000-4000-8000-000000007006', 'paused', NULL, true),
    ('00000000-0000-4000-8000-000000007007', 'balanced', NULL, false);
INSERT INTO user_email_preferences VALUES
    ('00000000-0000-4000-8000-000000007009', true, '2025-08-01 08:00+00', true, true);
INSERT INTO nurture_user_preferences VALUES
    ('00000000-0000-4000-8000-000000007008', false, '2025-08-01 08:00+00');
INSERT INTO user_sequence_state (user_id, sequence_type, stopped_at) VALUES
    ('00000000-0000-4000-8000-000000007005', 'onboarding', '2025-08-01 08:00+00');

-- JSON as the original wrote it: an object here, a string that holds one there.
INSERT INTO superior_onboarding_states (user_id, current_step, is_active, user_responses) VALUES
    ('00000000-0000-4000-8000-000000007001', 'step_4', false, '{"user_feeling_word": "calm"}'),
    ('00000000-0000-4000-8000-000000007002', 'step_2', true, '"{\"user_feeling_word\": \"glad\"}"');
-- A backlog that nothing ever sent.
INSERT INTO message_deliveries (user_id, message_type, message_content, scheduled_for)
SELECT u.id, 'nurture', 'old message ' || n, '2025-07-01 08:00+00'::timestamptz + n * interval '1 hour'
FROM users AS u, generate_series(1, 20) AS n WHERE u.id IS NOT NULL;
INSERT INTO delivery_analytics (delivery_date, sequence_type, channel, total_sent) VALUES
    ('2025-08-01', 'onboarding', 'telegram', 3);
INSERT INTO feedback (telegram_user_id, feedback) VALUES (7001, 'it helps');
REFRESH MATERIALIZED VIEW bi_dashboard_metrics;
