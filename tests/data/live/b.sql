-- A database as the bot before us left it, shape B: users and commitments keyed by uuid, statuses checked.
-- The people are made up.

CREATE FUNCTION update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at = now();
    RETURN NEW;
END
$$;

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    telegram_user_id bigint NOT NULL UNIQUE,
    email text UNIQUE,
    first_name text,
    username text,
    timezone text DEFAULT 'UTC',
    created_at timestamptz DEFAULT now(),
    updated_at timestamptz DEFAULT now(),
    last_activity_at timestamptz,
    is_active boolean DEFAULT true,
    total_commitments integer DEFAULT 0,
    completed_commitments integer DEFAULT 0,
    current_streak integer DEFAULT 0,
    longest_streak integer DEFAULT 0,
    CHECK (completed_commitments <= total_commitments),
    CHECK (current_streak <= longest_streak)
);
CREATE TRIGGER users_updated BEFORE UPDATE ON users
    FOR EACH ROW EXECUTE FUNCTION update_updated_at_column();

CREATE TABLE commitments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL REFERENCES users (id),
    commitment text NOT NULL,
    status text DEFAULT 'active' CHECK (status IN ('active', 'completed', 'failed', 'paused')),
    due_date date,
    difficulty_level text,
    estimated_time_minutes integer,
    created_at timestamptz DEFAULT now(),
    completed_at timestamptz
);

-- Names of ours in other shapes.
CREATE TABLE message_deliveries (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid,
    recipient text,
    delivery_status text DEFAULT 'pending'
        CHECK (delivery_status IN ('pending', 'sent', 'delivered', 'failed')),
    scheduled_for timestamptz DEFAULT now()
);
CREATE TABLE user_engagement_summary (
    user_id uuid PRIMARY KEY,
    score numeric
);
CREATE VIEW delivery_analytics AS
SELECT scheduled_for::date AS delivery_date, count(*) AS total FROM message_deliveries GROUP BY 1;
CREATE TABLE pods (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text);
CREATE TABLE pod_memberships (
    pod_id uuid REFERENCES pods (id),
    user_id uuid REFERENCES users (id),
    is_active boolean DEFAULT true,
    PRIMARY KEY (pod_id, user_id)
);

INSERT INTO users (id, telegram_user_id, email, first_name, timezone, created_at, is_active,
                   total_commitments, completed_commitments) VALUES
    ('00000000-0000-4000-8000-000000008001', 8001, 'kim@example.org', 'Kim', 'Asia/Tokyo',
     '2025-06-01 08:00+00', true, 4, 1),
    ('00000000-0000-4000-8000-000000008002', 8002, NULL, 'Lea', 'UTC', '2025-06-02 08:00+00', true, 0, 0),
    ('00000000-0000-4000-8000-000000008003', 8003, NULL, 'Max', 'UTC', '2025-06-03 08:00+00', false, 0, 0);
INSERT INTO commitments (user_id, commitment, status, due_date, difficulty_level, estimated_time_minutes,
                         created_at, completed_at) VALUES
    ('00000000-0000-4000-8000-000000008001', 'tidy the desk', 'completed', '2025-08-01', 'easy', 10,
     '2025-08-01 01:00+00', '2025-08-01 03:00+00'),
    ('00000000-0000-4000-8000-000000008001', 'run', 'failed', '2025-08-02', 'hard', 60,
     '2025-08-01 05:00+00', NULL),
    ('00000000-0000-4000-8000-000000008001', 'learn 5 words', 'paused', NULL, NULL, NULL,
     '2025-08-03 05:00+00', NULL),
    ('00000000-0000-4000-8000-000000008001', 'plan the week', 'active', '2025-08-25', NULL, 15,
     '2025-08-24 05:00+00', NULL);
INSERT INTO message_deliveries (user_id, recipient, scheduled_for)
SELECT '00000000-0000-4000-8000-000000008002', '8002', '2025-07-01 08:00+00'::timestamptz + n * interval '1 hour'
FROM generate_series(1, 30) AS n;
INSERT INTO user_engagement_summary VALUES ('00000000-0000-4000-8000-000000008001', 71.5);
INSERT INTO pods VALUES ('00000000-0000-4000-8000-000000000001', 'early birds');
INSERT INTO pod_memberships VALUES
    ('00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000008001', true);
