-- What the picture of a message shows, in words: for those who do not see it.
ALTER TABLE deliveries ADD COLUMN picture_alt TEXT NOT NULL DEFAULT '';
