/* The rollout as the store has it, for whoever reads beside the engine (which writes it:
 * engine/settings.c). */
#pragma once

#include "base/arena.h"
#include "store/store.h"

struct rollout_state {
    double share;          /* percent of new people who get the optimized set */
    int64_t started_at_ms; /* 0: not yet */
    bool rolled_back_entries, rolled_back_nurture;
    bool stage_existing_rescue, stage_existing_amplification;
};

MUST_CHECK enum err rollout_state_read(struct store *store, struct arena *arena,
                                       struct rollout_state *ret_state, struct err_detail *detail);
