-- Whom figures leave out: erased people, shells of joined ones, test people. The behaviour log asks each time it
-- is brought up to date.
CREATE INDEX users_left_out ON users (id, alias_of) WHERE is_erased = 1 OR is_test = 1;
