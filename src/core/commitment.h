/* Commitments and the difficulty ladder: the only functions that change a commitment, its counters
 * on the user, streak and ladder. Each records its events. Pure. */
#pragma once

#include "core/decide.h"

/* Minutes 0.5 1 2 5 10 15 20 30 45 60 90 120, in seconds. */
enum { LADDER_RUNGS = 12 };
int ladder_size_s(int rung);
/* The largest rung of at most size_s; 0 when smaller than the first. */
int ladder_rung_of(int size_s);
/* "Too big": the largest rung <= half of size_s. */
int ladder_halve(int size_s);

/* What completing or missing one means for the ladder: counts those in a row and returns by how
 * many rungs the suggestion moves (3 quick ones in a row: up, 2 misses: down). */
int ladder_count_completed(struct user *user, bool quick);
int ladder_count_missed(struct user *user);
/* The rung nearest to it that there is. */
int ladder_clamp(int rung);

/* An open one is missed so long after it was due. */
#define COMMITMENT_MISSED_AFTER_MS DAY_MS

/* What decide's parts share while one input is decided on. */
struct deciding {
    struct arena *arena;
    const struct world *world;
    struct person *person;
    const struct input *input;
    struct decision *decision;
    struct commitment
        *about; /* what texts of a run without a subject may speak of; NULL: nothing */
    /* Inputs of one person are decided one after the other on the same rows: from these indices on
     * the runs and deliveries are of this very decision. */
    int first_run, first_delivery;
};

struct commitment_plan {
    struct str text;
    int size_s;
    struct str source;
    int64_t planned_at_ms;
    enum repeat_kind repeat;
    int repeat_weekday, repeat_minute;
    bool completed_at_once; /* onboarding step 3 */
};

/* Whether it was completed within 24 h of being made. */
bool commitment_is_quick(const struct commitment *commitment);
/* Whether it was made by an onboarding step. */
bool commitment_is_onboarding(const struct commitment *commitment);

/* Makes one; NULL and decision->error ERR_LIMIT when LIMIT_COMMITMENTS_OPEN are open. Triggers runs
 * of journeys (commitment_made; for a completed one commitment_completed), but not for what an
 * onboarding step reports as done; one of onboarding graduates nobody. */
struct commitment *commitment_make(struct deciding *deciding, const struct commitment_plan *plan);
/* What completing one at that instant, on that local day, counts on the row and its user: totals,
 * times and the streak, for which it returns whether the day is a new one. Neither ladder nor
 * event. */
bool commitment_count_completed(struct user *user, struct commitment *commitment, int64_t at_ms,
                                int64_t day);
/* False (and nothing changes) when it is not open. A repeating one makes its successor. */
bool commitment_complete(struct deciding *deciding, struct commitment *commitment);
bool commitment_drop(struct deciding *deciding, struct commitment *commitment);
bool commitment_rename(struct deciding *deciding, struct commitment *commitment, struct str text);
/* Within 10 minutes after completing or dropping; of a repeating one it takes the successor back.
 */
bool commitment_undo(struct deciding *deciding, struct commitment *commitment);
/* "Too big": half the size, and the suggestion follows. A missed one stays missed and a new,
 * smaller one is made. */
bool commitment_halve(struct deciding *deciding, struct commitment *commitment);
/* Moves the planned time by by_ms; when that lies in the past, or there is none, to by_ms from now.
 */
bool commitment_postpone(struct deciding *deciding, struct commitment *commitment, int64_t by_ms);
/* The missed timer came: 24 h past due. */
void commitment_timer(struct deciding *deciding, struct commitment *commitment);
/* "Done after all" of a missed one. */
bool commitment_done_after_all(struct deciding *deciding, struct commitment *commitment);
/* Index of the suggested size for the next one (the first suggestion is five minutes). */
int commitment_suggested_rung(const struct user *user);
/* Sets it (level up, same size, too big), kept within the ladder; records the move with the rule.
 */
void commitment_suggest(struct deciding *deciding, const struct commitment *commitment, int rung,
                        const char *rule);
/* Clean text of a commitment from what a person wrote: one line, <= LIMIT_COMMITMENT_BYTES. */
struct str commitment_text(struct arena *arena, struct str text);
