-- A database as the bot before us left it, shape C: telegram_id, joined_at in the place of created_at,
-- commitments with a text, that begin as 'pending'. The people are made up.

CREATE TABLE users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    telegram_id bigint NOT NULL UNIQUE,
    first_name text,
    username text,
    joined_at timestamptz DEFAULT now(),
    last_seen timestamptz
);
CREATE TABLE commitments (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    telegram_id bigint NOT NULL,
    text text,
    status text DEFAULT 'pending',
    due_date timestamptz,
    created_at timestamptz DEFAULT now(),
    completed_at timestamptz
);
CREATE VIEW user_engagement_summary AS
SELECT u.telegram_id, count(c.id) AS commitments
FROM users AS u LEFT JOIN commitments AS c USING (telegram_id) GROUP BY u.telegram_id;
CREATE TABLE onboarding_message_deliveries (
    id serial PRIMARY KEY,
    telegram_id bigint,
    payload jsonb,
    delivery_status text DEFAULT 'pending'
);

INSERT INTO users (id, telegram_id, first_name, username, joined_at, last_seen) VALUES
    ('00000000-0000-4000-8000-000000009001', 9001, 'Nia', 'nia', '2025-06-01 08:00+00', '2025-08-20 08:00+00'),
    ('00000000-0000-4000-8000-000000009002', 9002, NULL, NULL, '2025-06-02 08:00+00', NULL),
    ('00000000-0000-4000-8000-000000009003', 100003, 'Olaf', NULL, '2025-06-03 08:00+00', NULL);
INSERT INTO commitments (telegram_id, text, status, due_date, created_at, completed_at) VALUES
    (9001, 'drink water', 'completed', NULL, '2025-08-01 08:00+00', '2025-08-01 09:00+00'),
    (9001, 'go to bed at ten', 'pending', '2025-08-25 20:00+00', '2025-08-20 08:00+00', NULL);
INSERT INTO onboarding_message_deliveries (telegram_id, payload) VALUES
    (9002, '"{\"step\": \"1\"}"'), (9002, '{"step": "2"}');
