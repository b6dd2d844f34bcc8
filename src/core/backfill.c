/* Backfilling: counted as core/commitment.c counts, without its decisions. */
#include "core/backfill.h"

#include "base/ids.h"
#include "base/limits.h"
#include "core/commitment.h"

enum { DAYS_KEPT = 64 };

/* Days that lie before the last one set their bit, too. */
static void active(struct backfill *backfill, int64_t at_ms)
{
    struct user *user = &backfill->person->user;
    int64_t day = calendar_local_day(backfill->zone, at_ms);
    int64_t step = user->activity_last_at_ms == 0 ? DAYS_KEPT : day - user->activity_day;
    if (step >= 0) {
        user->activity_days = step >= DAYS_KEPT ? 0 : user->activity_days << step;
        user->activity_days |= 1;
        user->activity_day = day;
    } else if (-step < DAYS_KEPT) {
        user->activity_days |= (uint64_t)1 << -step;
    }
    if (at_ms > user->activity_last_at_ms) {
        user->activity_last_at_ms = at_ms;
    }
}

void backfill_event(struct backfill *backfill, enum event_type type, int64_t at_ms, int64_t ref_id)
{
    struct user *user = &backfill->person->user;
    if (event_type_is_activity(type)) {
        active(backfill, at_ms);
    }
    if (backfill->event_count == backfill->event_capacity) {
        int capacity = 2 * backfill->event_capacity + PORTION(16, 1);
        backfill->events = arena_grow(backfill->arena, backfill->events,
                                      (size_t)backfill->event_count * sizeof(struct event),
                                      (size_t)capacity * sizeof(struct event));
        backfill->event_capacity = capacity;
    }
    int64_t id_at_ms = backfill->ids_at_ms != 0 ? backfill->ids_at_ms : at_ms;
    struct event *event = &backfill->events[backfill->event_count++];
    *event = (struct event){.id = id_next(backfill->ids, id_at_ms, id_slot(user->id)),
                            .user_id = user->id,
                            .at_ms = at_ms,
                            .type = type,
                            .previous_event_id = user->event_last_id,
                            .ref_id = ref_id,
                            .rule = backfill->rule};
    user->event_last_id = event->id;
    user->changed = true;
}

struct commitment *backfill_made(struct backfill *backfill, const struct commitment *made)
{
    struct user *user = &backfill->person->user;
    int64_t at_ms = made->created_at_ms;
    struct commitment *commitment = person_add_commitment(backfill->arena, backfill->person);
    bool is_new = commitment->is_new;
    *commitment = *made;
    commitment->is_new = commitment->changed = is_new;
    commitment->id = id_next(backfill->ids, backfill->ids_at_ms != 0 ? backfill->ids_at_ms : at_ms,
                             id_slot(user->id));
    commitment->user_id = user->id;
    commitment->state = COMMITMENT_ACTIVE;
    commitment->completed_at_ms = commitment->ended_at_ms = 0;
    commitment->next_at_ms = commitment->due_at_ms + COMMITMENT_MISSED_AFTER_MS;
    user->commitments_total++;
    user->commitments_outside++;
    if (user->first_commitment_at_ms == 0 || at_ms < user->first_commitment_at_ms) {
        user->first_commitment_at_ms = at_ms;
    }
    if (user->ladder_rung < 0 && made->size_s > 0) {
        user->ladder_rung = ladder_rung_of(made->size_s);
    }
    backfill_event(backfill, EVENT_COMMITMENT_MADE, at_ms, commitment->id);
    return commitment;
}

static void move_ladder(struct user *user, int step)
{
    if (step != 0) {
        user->ladder_rung = ladder_clamp(commitment_suggested_rung(user) + step);
    }
}

static void completed(struct backfill *backfill, struct commitment *commitment, int64_t at_ms)
{
    struct user *user = &backfill->person->user;
    commitment_count_completed(user, commitment, at_ms, calendar_local_day(backfill->zone, at_ms));
    move_ladder(user, ladder_count_completed(user, commitment_is_quick(commitment)));
    backfill_event(backfill, EVENT_COMMITMENT_COMPLETED, at_ms, commitment->id);
}

void backfill_ended(struct backfill *backfill, struct commitment *commitment,
                    enum commitment_state state, int64_t at_ms)
{
    struct user *user = &backfill->person->user;
    commitment->state = state;
    commitment->next_at_ms = 0;
    commitment->changed = true;
    switch (state) {
    case COMMITMENT_ACTIVE:
        break;
    case COMMITMENT_COMPLETED:
        completed(backfill, commitment, at_ms);
        break;
    case COMMITMENT_MISSED:
        commitment->ended_at_ms = at_ms;
        user->commitments_missed++;
        move_ladder(user, ladder_count_missed(user));
        backfill_event(backfill, EVENT_COMMITMENT_MISSED, at_ms, commitment->id);
        break;
    case COMMITMENT_DROPPED:
        commitment->ended_at_ms = at_ms;
        user->commitments_dropped++;
        backfill_event(backfill, EVENT_COMMITMENT_DROPPED, at_ms, commitment->id);
        break;
    }
}

void backfill_done_after_all(struct backfill *backfill, struct commitment *commitment,
                             int64_t at_ms)
{
    backfill->person->user.commitments_missed--;
    backfill_ended(backfill, commitment, COMMITMENT_COMPLETED, at_ms);
}
