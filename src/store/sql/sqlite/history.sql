-- What is only ever appended.

-- name: event_months
-- One table holds the events of all months: there is no room to make.
SELECT 0 WHERE ?1 < 0;
