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
