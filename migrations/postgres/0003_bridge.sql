-- Whom an import from a previous bot's database brought, as the migration 0014 of SQLite says.
CREATE TABLE bridge_people (
    live_key text COLLATE "C" PRIMARY KEY,  -- SHA-256 of the old id; stays when the person is erased here
    user_id bigint NOT NULL,
    fingerprint text NOT NULL,              -- of all that was read; equal: nothing changed there
    refusals bigint NOT NULL,               -- bits of enum live_refusal that were taken over
    imported_at_ms bigint NOT NULL
);

CREATE INDEX bridge_people_user ON bridge_people (user_id);

-- Nobody but the owner reads or writes: row level security without policies, and no rights for the
-- public roles (anon and authenticated are Supabase's; elsewhere there are none of these names).
DO $$
DECLARE
    made record;
    public_role text;
BEGIN
    FOR made IN
        SELECT c.oid::regclass AS name, c.relkind FROM pg_class AS c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
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
END
$$;
