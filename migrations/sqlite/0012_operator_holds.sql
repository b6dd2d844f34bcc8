-- Which holds of a person an operator put there: 1 the stop, 2 the pause. What is not here is the
-- person's own wish, and no operator lifts it.
ALTER TABLE users ADD COLUMN operator_holds INTEGER NOT NULL DEFAULT 0;
