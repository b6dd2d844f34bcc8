-- A file has no roles and no clock of its own.

-- name: preflight_open_tables
SELECT '' WHERE 0;

-- name: preflight_exposed_tables
SELECT '' WHERE 0;

-- name: preflight_server_clock
SELECT 0 WHERE 0;
