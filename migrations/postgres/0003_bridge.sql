-- Whom an import from a previous bot's database brought, as the migration 0014 of SQLite says.
CREATE TABLE bridge_people (
    live_key text COLLATE "C" PRIMARY KEY,  -- SHA-256 of the old id; stays when the person is erased here
    user_id bigint NOT NULL,
    fingerprint text NOT NULL,              -- of all that was read; equal: nothing changed there
    refusals bigint NOT NULL,               -- bits of enum live_refusal that were taken over
    imported_at_ms bigint NOT NULL
);

CREATE INDEX bridge_people_user ON bridge_people (user_id);
