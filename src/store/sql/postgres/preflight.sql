-- Who else may read, and what time the server has. The public roles are Supabase's anon and authenticated,
-- which the project's public key stands for; elsewhere there are none of these names.

-- name: preflight_open_tables
-- Of our tables, those without row level security, and what everybody or a public role has any right to.
SELECT c.relname::text
FROM pg_class AS c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
  AND ((c.relkind IN ('r', 'p') AND NOT c.relrowsecurity)
    OR EXISTS (SELECT 1 FROM aclexplode(c.relacl) AS a WHERE a.grantee = 0)
    OR EXISTS (SELECT 1 FROM pg_roles AS r WHERE r.rolname IN ('anon', 'authenticated')
               AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE')))
ORDER BY c.relname;

-- name: preflight_exposed_tables
-- Of tables that are not ours, those that a public role may read or write without row level security. Schemas that
-- Supabase keeps itself are left out.
SELECT (n.nspname || '.' || c.relname)::text
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
  AND n.nspname NOT IN ('information_schema', 'auth', 'storage', 'realtime', 'vault', 'extensions', 'graphql',
                        'graphql_public', 'pgbouncer', 'cron', 'net', 'supabase_migrations', 'supabase_functions')
  AND n.nspname NOT LIKE 'pg\_%' AND c.relnamespace <> current_schema()::regnamespace
  AND EXISTS (SELECT 1 FROM pg_roles AS r WHERE r.rolname IN ('anon', 'authenticated')
              AND has_schema_privilege(r.oid, n.oid, 'USAGE')
              AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE'))
ORDER BY 1;

-- name: preflight_server_clock
SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint;
