-- Whom an import from a previous bot's database (docs/operate/bridge.md) brought, and what of them.
CREATE TABLE bridge_people (
    live_key TEXT NOT NULL PRIMARY KEY,  -- SHA-256 of the old id; stays when the person is erased here
    user_id INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,           -- of all that was read; equal: nothing changed there
    refusals INTEGER NOT NULL,           -- bits of enum live_refusal that were taken over
    imported_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX bridge_people_user ON bridge_people (user_id);
