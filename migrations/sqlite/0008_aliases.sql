-- Two rows of one person, joined: the younger stays as an empty shell that leads to the older, so
-- that whoever still holds its id (a report under way, an integration) finds the person.

-- The person that the shell was joined into; 0 for everybody else. A shell is marked erased, too:
-- whatever leaves erased people out leaves shells out.
ALTER TABLE users ADD COLUMN alias_of INTEGER NOT NULL DEFAULT 0;
-- Shells alone: as small as what was joined.
CREATE INDEX users_aliases ON users (alias_of) WHERE alias_of <> 0;
