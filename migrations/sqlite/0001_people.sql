-- People and what waits for them: everything that one decision reads and writes.
--
-- Conventions of the whole schema
--   * *_ms columns are instants: milliseconds since 1970 UTC; 0 means "never" or "none".
--   * Text is '' when there is none, ids are 0 when there is none: nothing here is NULL.
--   * Enumerations are the numbers of src/core/person.h, named beside the column; the views of
--     0004 spell them out.
--   * Ids carry their instant in the bits above 21, so ranges of ids are ranges of time.
--   * Rows of one person stand side by side (user_id first in the key): loading a person is one
--     descent for each table. Tables that only grow (deliveries, events) are keyed by id, so that
--     new rows meet in the same page; a person's own are chained backwards instead of indexed.

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    joined_at_ms INTEGER NOT NULL,
    first_name TEXT NOT NULL,
    username TEXT NOT NULL,
    source TEXT NOT NULL,               -- deep-link payload or integration, '' unknown
    language TEXT NOT NULL,             -- '' the installation's
    zone TEXT NOT NULL,                 -- IANA name, '' the installation's
    telegram_address TEXT NOT NULL,
    telegram_reach INTEGER NOT NULL,    -- 0 none, 1 ok, 2 blocked, 3 gone
    webchat_address TEXT NOT NULL,
    webchat_reach INTEGER NOT NULL,
    email_address TEXT NOT NULL,
    email_reach INTEGER NOT NULL,
    channel INTEGER NOT NULL,           -- 0 none, 1 telegram, 2 webchat, 3 email
    journey_set INTEGER NOT NULL,       -- 0 original, 1 optimized
    set_assigned INTEGER NOT NULL,
    is_test INTEGER NOT NULL,           -- left out of every metric
    is_held INTEGER NOT NULL,
    existing INTEGER NOT NULL,          -- joined before the rollout began
    is_erased INTEGER NOT NULL,         -- an empty shell, left out of every metric
    stopped INTEGER NOT NULL,
    paused_until_ms INTEGER NOT NULL,
    crisis_hold INTEGER NOT NULL,
    quiet_from_minute INTEGER NOT NULL, -- -1 the installation's
    quiet_to_minute INTEGER NOT NULL,
    nudge_last_at_ms INTEGER NOT NULL,
    nudge_day INTEGER NOT NULL,
    nudge_count INTEGER NOT NULL,
    followup_day INTEGER NOT NULL,
    followup_count INTEGER NOT NULL,
    commitments_total INTEGER NOT NULL, -- counters: kept in the transaction of what they count
    commitments_completed INTEGER NOT NULL,
    commitments_quick INTEGER NOT NULL, -- completed within 24 h of being made
    commitments_outside INTEGER NOT NULL, -- made outside onboarding
    commitments_outside_completed INTEGER NOT NULL,
    commitments_missed INTEGER NOT NULL,
    commitments_dropped INTEGER NOT NULL,
    completion_ms_sum INTEGER NOT NULL,
    first_commitment_at_ms INTEGER NOT NULL,
    first_completion_at_ms INTEGER NOT NULL,
    activity_last_at_ms INTEGER NOT NULL,
    activity_day INTEGER NOT NULL,      -- local day number of bit 0 of activity_days
    activity_days INTEGER NOT NULL,     -- 64 bits, bit k: active k days before activity_day
    streak_days INTEGER NOT NULL,
    streak_best_days INTEGER NOT NULL,
    streak_day INTEGER NOT NULL,
    ladder_rung INTEGER NOT NULL,       -- -1 none yet
    quick_in_row INTEGER NOT NULL,
    misses_in_row INTEGER NOT NULL,
    onboarding_completed INTEGER NOT NULL,
    onboarding_completed_at_ms INTEGER NOT NULL,
    onboarding_version TEXT NOT NULL,
    feeling_word TEXT NOT NULL,
    amplification_choice TEXT NOT NULL,
    in_group INTEGER NOT NULL,
    leaderboard_opt_in INTEGER NOT NULL,
    help_last_at_ms INTEGER NOT NULL,
    entered TEXT NOT NULL,              -- JSON object or '': journey -> instant of its last entry
    onboarding_ended_at_ms INTEGER NOT NULL,
    dialog INTEGER NOT NULL,
    dialog_ref INTEGER NOT NULL,
    dialog_at_ms INTEGER NOT NULL,
    event_last_id INTEGER NOT NULL,     -- heads of the person's chains
    delivery_last_id INTEGER NOT NULL,
    next_at_ms INTEGER NOT NULL
) STRICT;

-- Who is meant: kind is the name of a channel, or of an integration with ids of its own.
CREATE TABLE identities (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    user_id INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;
-- For export and erasure. New people have the largest id, so it grows at its end.
CREATE INDEX identities_user ON identities (user_id);

-- Open ones (state 0) stand together and first, so that the many ended ones cost nothing.
CREATE TABLE commitments (
    user_id INTEGER NOT NULL,
    state INTEGER NOT NULL,             -- 0 active, 1 completed, 2 missed, 3 dropped
    id INTEGER NOT NULL,
    undo_state INTEGER NOT NULL,
    undo_until_ms INTEGER NOT NULL,
    text TEXT NOT NULL,
    size_s INTEGER NOT NULL,            -- seconds, 0 not known
    source TEXT NOT NULL,               -- 'onboarding', 'chat', 'api', …
    external_id TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    planned_at_ms INTEGER NOT NULL,
    due_at_ms INTEGER NOT NULL,
    completed_at_ms INTEGER NOT NULL,
    ended_at_ms INTEGER NOT NULL,       -- missed or dropped
    repeat INTEGER NOT NULL,            -- 0 none, 1 daily, 2 weekdays, 3 weekly
    repeat_weekday INTEGER NOT NULL,
    repeat_minute INTEGER NOT NULL,
    followups INTEGER NOT NULL,
    next_at_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, state, id)
) STRICT, WITHOUT ROWID;

-- Active ones (outcome 0) stand together and first.
CREATE TABLE runs (
    user_id INTEGER NOT NULL,
    outcome INTEGER NOT NULL,           -- 0 active, 1 completed, 2 left, 3 abandoned, 4 expired,
                                        -- 5 rolled back, 6 stopped
    id INTEGER NOT NULL,
    journey TEXT NOT NULL,
    definition TEXT NOT NULL,           -- definitions.hash it started with
    sequence TEXT NOT NULL,
    subject_id INTEGER NOT NULL,        -- commitment it is about
    phase INTEGER NOT NULL,             -- 0 due, 1 sending, 2 waiting, 3 recovery, 4 abandoning,
                                        -- 5 rating, 6 ended
    step INTEGER NOT NULL,              -- index of the present step
    ultra INTEGER NOT NULL,
    flags INTEGER NOT NULL,             -- 1 partial, 2 assisted, 4 overwhelmed, 8 rated, 16 test,
                                        -- 32 recovered, 64 postponed
    entered_at_ms INTEGER NOT NULL,
    ended_at_ms INTEGER NOT NULL,
    anchor_at_ms INTEGER NOT NULL,
    delivery_id INTEGER NOT NULL,
    steps TEXT NOT NULL,                -- JSON [[sent_at_ms, completed_at_ms], …] by step index,
                                        -- 0 not yet; [] when nothing was sent
    steps_assisted INTEGER NOT NULL,    -- bit for each step
    answers TEXT NOT NULL,              -- JSON object or ''
    variants TEXT NOT NULL,             -- JSON object or '': experiment -> variant
    held_ms INTEGER NOT NULL,
    next_at_ms INTEGER NOT NULL,
    PRIMARY KEY (user_id, outcome, id)
) STRICT, WITHOUT ROWID;

-- Messages: history and outbox in one. previous_id is the same person's message before it.
CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL,
    previous_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    commitment_id INTEGER NOT NULL,
    broadcast_id INTEGER NOT NULL,
    journey TEXT NOT NULL,
    sequence TEXT NOT NULL,
    step TEXT NOT NULL,
    step_index INTEGER NOT NULL,        -- -1 none
    kind INTEGER NOT NULL,              -- 0 step, 1 recovery, 2 ultra, 3 celebration, 4 abandonment,
                                        -- 5 graduation, 6 rating, 7 reply, 8 broadcast
    class INTEGER NOT NULL,             -- 0 reply, 1 onboarding, 2 followup, 3 nudge
    channel INTEGER NOT NULL,           -- 0 none, 1 telegram, 2 webchat, 3 email
    address TEXT NOT NULL,
    language TEXT NOT NULL,
    variant TEXT NOT NULL,
    text TEXT NOT NULL,                 -- Markdown, '' until first claimed
    picture TEXT NOT NULL,
    buttons TEXT NOT NULL,              -- JSON [{"text":…,"token":…,"url":…}, …] or ''
    state INTEGER NOT NULL,             -- 0 scheduled, 1 sending, 2 uncertain, 3 sent, 4 delivered,
                                        -- 5 opened, 6 clicked, 7 suppressed, 8 expired, 9 failed,
                                        -- 10 dead
    reason TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    answered_at_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    uncertain INTEGER NOT NULL,
    provider_id TEXT NOT NULL,
    next_at_ms INTEGER NOT NULL
) STRICT;
-- Only the unfinished messages of runs: as small as what is under way, and always in memory.
CREATE INDEX deliveries_unfinished ON deliveries (user_id) WHERE state <= 2 AND run_id <> 0;

-- Everything that waits for an instant. The slot is the low 8 bits of id; one loop owns all slots
-- of an SQLite file, so the key begins with the instant and "oldest first" is one descent.
CREATE TABLE due (
    due_at_ms INTEGER NOT NULL,
    id INTEGER NOT NULL,                -- of the row that waits
    kind INTEGER NOT NULL,              -- 0 user, 1 commitment, 2 run, 3 delivery
    user_id INTEGER NOT NULL,
    PRIMARY KEY (due_at_ms, id)
) STRICT, WITHOUT ROWID;
