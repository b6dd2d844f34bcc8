-- What is only ever appended, a batch in one command.

-- name: event_insert of many
INSERT INTO events (
    id, user_id, at_ms, type, previous_event_id, journey, step, ref_id, rule, data, revenue
)
SELECT * FROM unnest(
    ?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::text[], ?5::bigint[], ?6::text[], ?7::text[],
    ?8::bigint[], ?9::text[], ?10::text[], ?11::float8[]
);

-- name: event_months
-- Makes room ahead for the events of the months to come.
SELECT event_months_make(?1);

-- name: event_month_leave
SELECT event_month_leave(?1);

-- name: events_count
SELECT events_count((SELECT first_id FROM event_edge), ?1::bigint + 1);

-- name: feedback_insert of many
INSERT INTO feedback (
    id, user_id, run_id, at_ms, text, rating, is_problem
)
SELECT * FROM unnest(
    ?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::text[], ?6::bigint[],
    ?7::bigint[]
);

-- name: operator_message_insert of many
INSERT INTO operator_messages (id, at_ms, kind, user_id, text, sent_at_ms)
SELECT id, at_ms, kind, user_id, text, 0
FROM unnest(?1::bigint[], ?2::bigint[], ?3::text[], ?4::bigint[], ?5::text[])
    AS n (id, at_ms, kind, user_id, text);

-- name: seen_insert of many
-- Whether it is new is looked up before, for many at once.
INSERT INTO seen (source, external_id, at_ms)
SELECT * FROM unnest(?1::text[], ?2::text[], ?3::bigint[]);

-- name: identity_claim of many
INSERT INTO identities (kind, value, user_id, created_at_ms)
SELECT * FROM unnest(?1::text[], ?2::text[], ?3::bigint[], ?4::bigint[]);

-- name: decision_insert of many
INSERT INTO decisions (id, user_id, previous_id, world_id, record)
SELECT * FROM unnest(?1::bigint[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bytea[]);
