-- What doctor recounts. Each block gives (id, text) of what does not agree, and nothing when all is well.
-- A new check is a new block whose name begins with doctor_. They read whole tables: by hand, never
-- while deciding.

-- name: doctor_counters
-- The user's counters against the commitments themselves.
WITH counted AS (
    SELECT
        user_id,
        count(*) AS total,
        count(*) FILTER (WHERE state = 1) AS completed,
        count(*) FILTER (WHERE state = 1 AND completed_at_ms - created_at_ms <= 86400000) AS quick,
        count(*) FILTER (WHERE source <> 'onboarding') AS outside,
        count(*) FILTER (WHERE state = 1 AND source <> 'onboarding') AS outside_completed,
        count(*) FILTER (WHERE state = 2) AS missed,
        count(*) FILTER (WHERE state = 3) AS dropped,
        sum(CASE WHEN state = 1 THEN completed_at_ms - created_at_ms ELSE 0 END) AS ms_sum,
        min(created_at_ms) AS first_at,
        min(CASE WHEN state = 1 THEN completed_at_ms END) AS first_done_at
    FROM commitments GROUP BY user_id
), compared AS (
    SELECT
        u.id,
        trim(
            CASE WHEN u.commitments_total <> coalesce(c.total, 0)
                THEN 'commitments_total is ' || u.commitments_total || ', counted ' || coalesce(c.total, 0) || '; ' ELSE '' END
            || CASE WHEN u.commitments_completed <> coalesce(c.completed, 0)
                THEN 'commitments_completed is ' || u.commitments_completed || ', counted ' || coalesce(c.completed, 0) || '; ' ELSE '' END
            || CASE WHEN u.commitments_quick <> coalesce(c.quick, 0)
                THEN 'commitments_quick is ' || u.commitments_quick || ', counted ' || coalesce(c.quick, 0) || '; ' ELSE '' END
            || CASE WHEN u.commitments_outside <> coalesce(c.outside, 0)
                THEN 'commitments_outside is ' || u.commitments_outside || ', counted ' || coalesce(c.outside, 0) || '; ' ELSE '' END
            || CASE WHEN u.commitments_outside_completed <> coalesce(c.outside_completed, 0)
                THEN 'commitments_outside_completed is ' || u.commitments_outside_completed || ', counted ' || coalesce(c.outside_completed, 0) || '; '
                ELSE '' END
            || CASE WHEN u.commitments_missed <> coalesce(c.missed, 0)
                THEN 'commitments_missed is ' || u.commitments_missed || ', counted ' || coalesce(c.missed, 0) || '; ' ELSE '' END
            || CASE WHEN u.commitments_dropped <> coalesce(c.dropped, 0)
                THEN 'commitments_dropped is ' || u.commitments_dropped || ', counted ' || coalesce(c.dropped, 0) || '; ' ELSE '' END
            || CASE WHEN u.completion_ms_sum <> coalesce(c.ms_sum, 0)
                THEN 'completion_ms_sum is ' || u.completion_ms_sum || ', counted ' || coalesce(c.ms_sum, 0) || '; ' ELSE '' END
            || CASE WHEN u.first_commitment_at_ms <> coalesce(c.first_at, 0)
                THEN 'first_commitment_at_ms is ' || u.first_commitment_at_ms || ', found ' || coalesce(c.first_at, 0) || '; ' ELSE '' END
            || CASE WHEN u.first_completion_at_ms <> coalesce(c.first_done_at, 0)
                THEN 'first_completion_at_ms is ' || u.first_completion_at_ms || ', found ' || coalesce(c.first_done_at, 0) || '; ' ELSE '' END,
            '; ') AS text
    FROM users AS u LEFT JOIN counted AS c ON c.user_id = u.id
    WHERE u.is_erased = 0
)
SELECT id, text FROM compared WHERE text <> '';

-- name: doctor_due_missing
-- Every row that waits for an instant has its due row.
WITH waiting (line, id, at_ms, kind, user_id, what) AS (
    SELECT 0, id, next_at_ms, 0, id, 'user' FROM users WHERE next_at_ms <> 0
    UNION ALL
    SELECT 0, id, next_at_ms, 1, user_id, 'commitment' FROM commitments WHERE next_at_ms <> 0
    UNION ALL
    SELECT 0, id, next_at_ms, 2, user_id, 'run' FROM runs WHERE next_at_ms <> 0
    UNION ALL
    SELECT l.line, d.id, d.next_at_ms, 3, d.user_id, 'delivery'
    FROM deliveries AS d JOIN delivery_lines AS l ON l.id = d.id WHERE d.next_at_ms <> 0
)
SELECT w.id, w.what || ' waits for ' || w.at_ms || ' but has no due row'
FROM waiting AS w LEFT JOIN due AS d
    ON d.line = w.line AND d.due_at_ms = w.at_ms AND d.id = w.id
LEFT JOIN due_failed AS f ON f.due_at_ms = w.at_ms AND f.id = w.id
WHERE (d.id IS NULL OR d.kind <> w.kind OR d.user_id <> w.user_id) AND f.id IS NULL;

-- name: doctor_due_failed
-- What was due and could not be worked on waits aside; the next start tries it again.
SELECT id, 'it was due at ' || due_at_ms || ' and could not be worked on: ' || why FROM due_failed;

-- name: doctor_due_stale
-- Every due row has its row that waits for that instant.
SELECT d.id, 'a due row for ' || d.due_at_ms || ', but nothing waits for that instant'
FROM due AS d
LEFT JOIN users AS u ON d.kind = 0 AND u.id = d.id AND u.next_at_ms = d.due_at_ms
LEFT JOIN commitments AS c
    ON d.kind = 1 AND c.user_id = d.user_id AND c.id = d.id AND c.next_at_ms = d.due_at_ms
LEFT JOIN runs AS r
    ON d.kind = 2 AND r.user_id = d.user_id AND r.id = d.id AND r.next_at_ms = d.due_at_ms
LEFT JOIN deliveries AS m
    ON d.kind = 3 AND m.id = d.id AND m.user_id = d.user_id AND m.next_at_ms = d.due_at_ms
    AND d.line = (SELECT l.line FROM delivery_lines AS l WHERE l.id = d.id)
WHERE (u.id IS NULL AND c.id IS NULL AND r.id IS NULL AND m.id IS NULL)
    OR (d.kind <> 3 AND d.line <> 0);

-- name: doctor_waiting_ended
-- What has ended waits for nothing. An uncertain message waits only when it is to be sent again.
SELECT id, 'a commitment that ended still waits' FROM commitments WHERE state <> 0 AND next_at_ms <> 0
UNION ALL
SELECT id, 'a message that is done still waits' FROM deliveries WHERE state > 2 AND next_at_ms <> 0
UNION ALL
SELECT id, 'an unfinished message waits for nothing' FROM deliveries
WHERE state <= 1 AND next_at_ms = 0
UNION ALL
SELECT id, 'an open commitment waits for nothing' FROM commitments WHERE state = 0 AND next_at_ms = 0;

-- name: doctor_events
-- One person's events are one chain: heads are the newest, every link leads to an older event of the
-- same person, and no event is linked twice. Older ones than event_edge says have left.
SELECT u.id, 'the last event is ' || u.event_last_id || ', the newest found is '
    || coalesce(e.newest, 0)
FROM users AS u LEFT JOIN (SELECT user_id, max(id) AS newest FROM events GROUP BY user_id) AS e
    ON e.user_id = u.id
WHERE u.event_last_id <> coalesce(e.newest, 0)
    AND (u.event_last_id >= (SELECT first_id FROM event_edge) OR u.event_last_id < coalesce(e.newest, 0))
UNION ALL
SELECT e.id, 'the event links to ' || e.previous_event_id || ', which is no older one of the person'
FROM events AS e LEFT JOIN events AS p ON p.id = e.previous_event_id
WHERE e.previous_event_id <> 0 AND (
    CASE WHEN p.id IS NULL THEN e.previous_event_id >= (SELECT first_id FROM event_edge)
         ELSE p.user_id <> e.user_id OR p.id >= e.id END)
UNION ALL
SELECT e.user_id, 'the chain of events has ' || count(*) || ' ends'
FROM events AS e WHERE e.previous_event_id = 0 GROUP BY e.user_id HAVING count(*) > 1;

-- name: doctor_deliveries
-- The same for the chain of messages; erased people's are cut.
SELECT u.id, 'the last message is ' || u.delivery_last_id || ', the newest found is '
    || coalesce(d.newest, 0)
FROM users AS u LEFT JOIN (SELECT user_id, max(id) AS newest FROM deliveries GROUP BY user_id) AS d
    ON d.user_id = u.id
WHERE u.is_erased = 0 AND u.delivery_last_id <> coalesce(d.newest, 0)
UNION ALL
SELECT d.id, 'the message links to ' || d.previous_id || ', which is no older one of the person'
FROM deliveries AS d LEFT JOIN deliveries AS p ON p.id = d.previous_id
WHERE d.previous_id <> 0 AND (p.id IS NULL OR p.user_id <> d.user_id OR p.id >= d.id)
UNION ALL
SELECT d.user_id, 'the chain of messages has ' || count(*) || ' ends'
FROM deliveries AS d JOIN users AS u ON u.id = d.user_id
WHERE d.previous_id = 0 AND u.is_erased = 0 GROUP BY d.user_id HAVING count(*) > 1;

-- name: doctor_next_action
-- An active run has exactly one next action: its own instant, or in the phase sending its unfinished
-- message.
SELECT r.id, CASE
    WHEN r.phase >= 5 THEN 'an active run is in phase ' || r.phase
    WHEN r.phase = 1 AND r.next_at_ms <> 0 THEN 'the run is sending and waits for an instant as well'
    WHEN r.phase = 1 THEN 'the run is sending, but its message ' || r.delivery_id || ' is not under way'
    ELSE 'the run waits for nothing (phase ' || r.phase || ')'
    END
FROM runs AS r LEFT JOIN deliveries AS d
    ON d.id = r.delivery_id AND d.user_id = r.user_id AND d.state <= 2
WHERE r.outcome = 0
    AND CASE WHEN r.phase = 1 THEN r.next_at_ms <> 0 OR d.id IS NULL
             ELSE r.phase >= 5 OR r.next_at_ms = 0 END
UNION ALL
SELECT id, 'an ended run still waits' FROM runs WHERE outcome <> 0 AND next_at_ms <> 0;

-- name: doctor_runs
-- One active run of a journey about a subject, and its definition is kept.
SELECT max(id), count(*) || ' active runs of ' || journey || ' of user ' || user_id
FROM runs WHERE outcome = 0 GROUP BY user_id, journey, subject_id HAVING count(*) > 1
UNION ALL
SELECT r.id, 'the definition ' || r.definition || ' of the run is not kept'
FROM runs AS r LEFT JOIN definitions AS d ON d.hash = r.definition
WHERE r.outcome = 0 AND d.hash IS NULL;

-- name: doctor_identities
-- An identity leads to a living person, and who can be reached in a chat is known by an identity of it.
SELECT i.user_id, 'an identity of kind ' || i.kind || ' leads to nobody'
FROM identities AS i LEFT JOIN users AS u ON u.id = i.user_id
WHERE u.id IS NULL OR u.is_erased = 1
UNION ALL
SELECT u.id, 'the person has a Telegram address, but no Telegram identity'
FROM users AS u
WHERE u.telegram_reach <> 0 AND u.is_erased = 0
    AND NOT EXISTS (SELECT 1 FROM identities AS i WHERE i.user_id = u.id AND i.kind = 'telegram')
UNION ALL
SELECT u.id, 'the person has a web chat address, but no web chat identity'
FROM users AS u
WHERE u.webchat_reach <> 0 AND u.is_erased = 0
    AND NOT EXISTS (SELECT 1 FROM identities AS i WHERE i.user_id = u.id AND i.kind = 'webchat');

-- name: doctor_aliases
-- A shell is empty, and leads to a person (who may have been erased since) in one step.
SELECT a.id, CASE
    WHEN p.id IS NULL THEN 'the row was joined into ' || a.alias_of || ', who does not exist'
    WHEN p.alias_of <> 0 THEN 'the row was joined into ' || a.alias_of || ', itself joined elsewhere'
    ELSE 'the row was joined into ' || a.alias_of || ', but is not empty'
    END
FROM users AS a LEFT JOIN users AS p ON p.id = a.alias_of
WHERE a.alias_of <> 0
    AND (p.id IS NULL OR p.alias_of <> 0 OR a.is_erased = 0 OR a.next_at_ms <> 0 OR a.event_last_id <> 0
         OR a.delivery_last_id <> 0 OR a.commitments_total <> 0);

-- name: doctor_references
-- Rows refer to rows that exist. What erased people referred to is gone on purpose.
SELECT c.id, 'the commitment belongs to user ' || c.user_id || ', who does not exist'
FROM commitments AS c LEFT JOIN users AS u ON u.id = c.user_id
WHERE u.id IS NULL OR u.is_erased = 1
UNION ALL
SELECT r.id, 'the run belongs to user ' || r.user_id || ', who does not exist'
FROM runs AS r LEFT JOIN users AS u ON u.id = r.user_id WHERE u.id IS NULL OR u.is_erased = 1
UNION ALL
SELECT e.id, 'the event belongs to user ' || e.user_id || ', who does not exist'
FROM events AS e LEFT JOIN users AS u ON u.id = e.user_id WHERE u.id IS NULL OR u.is_erased = 1
UNION ALL
SELECT d.id, 'the message belongs to user ' || d.user_id || ', who does not exist'
FROM deliveries AS d LEFT JOIN users AS u ON u.id = d.user_id WHERE u.id IS NULL
UNION ALL
SELECT d.id, 'the message refers to run ' || d.run_id || ', which does not exist'
FROM deliveries AS d JOIN users AS u ON u.id = d.user_id AND u.is_erased = 0
LEFT JOIN runs AS r ON r.user_id = d.user_id AND r.id = d.run_id
WHERE d.run_id <> 0 AND r.id IS NULL
UNION ALL
SELECT d.id, 'the message refers to commitment ' || d.commitment_id || ', which does not exist'
FROM deliveries AS d JOIN users AS u ON u.id = d.user_id AND u.is_erased = 0
LEFT JOIN commitments AS c ON c.user_id = d.user_id AND c.id = d.commitment_id
WHERE d.commitment_id <> 0 AND c.id IS NULL
UNION ALL
SELECT f.id, 'the feedback belongs to user ' || f.user_id || ', who does not exist'
FROM feedback AS f LEFT JOIN users AS u ON u.id = f.user_id
WHERE f.user_id <> 0 AND u.id IS NULL
UNION ALL
SELECT id, 'the commitment exists ' || count(*) || ' times' FROM commitments
GROUP BY user_id, id HAVING count(*) > 1
UNION ALL
SELECT id, 'the run exists ' || count(*) || ' times' FROM runs
GROUP BY user_id, id HAVING count(*) > 1;

-- name: doctor_states
-- The table's words for a state and its instants agree. An id carries the slot of its person, or of a
-- shell that was joined into them.
SELECT id, 'a completed commitment has no instant of completion' FROM commitments
WHERE state = 1 AND completed_at_ms = 0
UNION ALL
SELECT id, 'an ended run has no end' FROM runs WHERE outcome <> 0 AND ended_at_ms = 0
UNION ALL
SELECT id, 'a message that was sent has no instant of sending' FROM deliveries
WHERE state BETWEEN 3 AND 6 AND sent_at_ms = 0
UNION ALL
SELECT id, 'the id does not carry the slot of user ' || user_id FROM runs
WHERE (id & 255) <> (user_id & 255)
    AND NOT EXISTS (SELECT 1 FROM users AS a
                    WHERE a.alias_of = runs.user_id AND (a.id & 255) = (runs.id & 255))
UNION ALL
SELECT id, 'the id does not carry the slot of user ' || user_id FROM commitments
WHERE (id & 255) <> (user_id & 255)
    AND NOT EXISTS (SELECT 1 FROM users AS a
                    WHERE a.alias_of = commitments.user_id AND (a.id & 255) = (commitments.id & 255))
UNION ALL
SELECT id, 'the id does not carry the slot of user ' || user_id FROM deliveries
WHERE (id & 255) <> (user_id & 255)
    AND NOT EXISTS (SELECT 1 FROM users AS a
                    WHERE a.alias_of = deliveries.user_id AND (a.id & 255) = (deliveries.id & 255));

-- name: doctor_delivery_counts
-- Messages by day, sequence and channel against the messages themselves.
WITH counted AS (
    SELECT CASE WHEN d.sent_at_ms > 0 THEN d.sent_at_ms ELSE d.created_at_ms END / 86400000 AS day,
           d.sequence, d.channel, count(*) AS total, count(*) FILTER (WHERE d.state BETWEEN 3 AND 6) AS sent,
           count(*) FILTER (WHERE d.state BETWEEN 4 AND 6) AS delivered, count(*) FILTER (WHERE d.state BETWEEN 5 AND 6) AS opened,
           count(*) FILTER (WHERE d.state = 6) AS clicked, count(*) FILTER (WHERE d.answered_at_ms > 0) AS answered,
           count(*) FILTER (WHERE d.state IN (9, 10)) AS failed, count(*) FILTER (WHERE d.state IN (7, 8)) AS not_sent,
           count(*) FILTER (WHERE d.state = 2) AS uncertain
    FROM deliveries AS d JOIN users AS u ON u.id = d.user_id
    WHERE u.is_test = 0
    GROUP BY 1, 2, 3
), different AS (
    SELECT * FROM counted EXCEPT SELECT * FROM delivery_counts
    UNION ALL
    SELECT k.* FROM delivery_counts AS k
    LEFT JOIN counted AS c ON c.day = k.day AND c.sequence = k.sequence AND c.channel = k.channel
    WHERE c.day IS NULL AND (k.total <> 0 OR k.sent <> 0 OR k.answered <> 0 OR k.failed <> 0)
)
SELECT day, 'delivery_counts of ' || sequence || ' (day ' || day || ', channel ' || channel
    || ') differ from the messages'
FROM different;

-- name: doctor_decisions
-- One person's decisions are one chain from the newest on, which ends where older ones were deleted; each
-- was made in a world that is kept, and nothing is kept of people who are erased.
SELECT u.id, 'the last decision is ' || u.decision_last_id || ', the newest found is ' || d.newest
FROM users AS u JOIN (SELECT user_id, max(id) AS newest FROM decisions GROUP BY user_id) AS d
    ON d.user_id = u.id
WHERE u.decision_last_id <> d.newest
UNION ALL
SELECT d.id, 'the decision links to ' || d.previous_id || ', which is no older one of the person'
FROM decisions AS d LEFT JOIN decisions AS p ON p.id = d.previous_id
WHERE d.previous_id <> 0 AND (p.user_id <> d.user_id OR p.id >= d.id)
UNION ALL
SELECT max(d.id), 'the chain of decisions of person ' || d.user_id || ' has ' || count(*) || ' ends'
FROM decisions AS d LEFT JOIN decisions AS p ON p.id = d.previous_id
WHERE p.id IS NULL GROUP BY d.user_id HAVING count(*) > 1
UNION ALL
SELECT d.id, 'the world of the decision is not kept'
FROM decisions AS d LEFT JOIN decision_worlds AS w ON w.id = d.world_id WHERE w.id IS NULL
UNION ALL
SELECT d.id, 'a decision is kept of person ' || d.user_id || ', of whom nothing may be kept'
FROM decisions AS d LEFT JOIN users AS u ON u.id = d.user_id WHERE u.id IS NULL OR u.is_erased = 1;
