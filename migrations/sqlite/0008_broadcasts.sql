-- The messages of a broadcast are found without reading all: for its figures, and to take back what
-- waits when it is cancelled. Only messages of broadcasts stand in the index.
CREATE INDEX deliveries_broadcast ON deliveries (broadcast_id) WHERE broadcast_id <> 0;
