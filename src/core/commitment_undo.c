/* Undoing a completion or a drop within its ten minutes: the counters go back exactly; streak and
 * ladder go back as far as this completion moved them. Journeys that ended with it stay ended: the
 * person is looking at the list right now. */
#include "core/commitment_parts.h"

#include "base/calendar.h"
#include "core/pressure.h"
#include "core/run.h"

/* Whether some other loaded commitment was completed on the local day. */
static bool completed_on(const struct deciding *deciding, const struct commitment *except,
                         int64_t day_number)
{
    const struct zone *zone = person_zone(deciding->world, deciding->person);
    for (int i = 0; i < deciding->person->commitment_count; i++) {
        const struct commitment *other = deciding->person->commitments[i];
        if (other != except && other->state == COMMITMENT_COMPLETED &&
            calendar_local_day(zone, other->completed_at_ms) == day_number) {
            return true;
        }
    }
    return false;
}

/* Undoing comes within ten minutes, so the day of the completion is the last of the streak, or the
 * one before it when midnight lies between. */
static void take_back_streak(struct deciding *deciding, const struct commitment *commitment)
{
    struct user *user = &deciding->person->user;
    const struct zone *zone = person_zone(deciding->world, deciding->person);
    int64_t day = calendar_local_day(zone, commitment->completed_at_ms);
    int before = user->streak_days;
    if (before == 0 || completed_on(deciding, commitment, day)) {
        return;
    }
    if (user->streak_day == day) {
        user->streak_days = before - 1;
        user->streak_day = user->streak_days > 0 ? day - 1 : 0;
    } else if (user->streak_day == day + 1) {
        user->streak_days = 1;
    } else {
        return;
    }
    /* The best was made by this day unless an earlier streak was as long by chance: then the best
     * loses a day. */
    if (user->streak_best_days == before) {
        int left = user->streak_day == day + 1 ? before - 2 : before - 1;
        user->streak_best_days = left > user->streak_days ? left : user->streak_days;
    }
}

static void take_back_ladder(struct deciding *deciding, const struct commitment *commitment)
{
    struct user *user = &deciding->person->user;
    if (commitment_is_report(commitment) || !commitment_is_quick(commitment)) {
        return;
    }
    for (int i = 0; i < deciding->person->commitment_count; i++) {
        const struct commitment *other = deciding->person->commitments[i];
        if (other != commitment && (other->completed_at_ms > commitment->completed_at_ms ||
                                    (other->state == COMMITMENT_MISSED &&
                                     other->ended_at_ms > commitment->completed_at_ms))) {
            return; /* the row of quick ones has gone on, or was broken */
        }
    }
    if (user->quick_in_row > 0) {
        user->quick_in_row--;
    } else if (user->ladder_rung > 0) {
        /* A quick completion leaves 0 only when it was the third and moved the ladder. */
        commitment_suggest(deciding, commitment, user->ladder_rung - 1, "ladder.undone");
        user->quick_in_row = 2;
    }
}

static void take_back_completion(struct deciding *deciding, struct commitment *commitment)
{
    struct user *user = &deciding->person->user;
    trace_read_ended(deciding->world->trace);
    user->commitments_completed--;
    user->commitments_quick -= commitment_is_quick(commitment);
    user->commitments_outside_completed -= !commitment_is_onboarding(commitment);
    user->completion_ms_sum -= commitment->completed_at_ms - commitment->created_at_ms;
    if (user->first_completion_at_ms == commitment->completed_at_ms) {
        user->first_completion_at_ms = 0;
        for (int i = 0; i < deciding->person->commitment_count; i++) {
            const struct commitment *other = deciding->person->commitments[i];
            if (other != commitment && other->state == COMMITMENT_COMPLETED &&
                (user->first_completion_at_ms == 0 ||
                 other->completed_at_ms < user->first_completion_at_ms)) {
                user->first_completion_at_ms = other->completed_at_ms;
            }
        }
    }
    take_back_streak(deciding, commitment);
    take_back_ladder(deciding, commitment);
}

/* Drops the successor that completing a repeating one made. */
static void take_back_successor(struct deciding *deciding, const struct commitment *commitment)
{
    if (commitment->repeat == REPEAT_NONE || commitment->state != COMMITMENT_COMPLETED) {
        return;
    }
    for (int i = 0; i < deciding->person->commitment_count; i++) {
        struct commitment *other = deciding->person->commitments[i];
        if (other->state == COMMITMENT_ACTIVE && other->repeat != REPEAT_NONE &&
            other->created_at_ms == commitment->completed_at_ms &&
            str_equal(other->text, commitment->text)) {
            commitment_drop(deciding, other);
            other->undo_until_ms = 0;
            return;
        }
    }
}

bool commitment_undo(struct deciding *deciding, struct commitment *commitment)
{
    struct user *user = &deciding->person->user;
    if (commitment->undo_until_ms == 0 || deciding->world->now_ms > commitment->undo_until_ms ||
        (commitment->state != COMMITMENT_COMPLETED && commitment->state != COMMITMENT_DROPPED)) {
        return false;
    }
    if (commitment->state == COMMITMENT_COMPLETED) {
        take_back_successor(deciding, commitment);
        take_back_completion(deciding, commitment);
    } else {
        user->commitments_dropped--;
    }
    user->commitments_missed += commitment->undo_state == COMMITMENT_MISSED;
    user->changed = true;
    commitment->state = commitment->undo_state;
    commitment->undo_until_ms = 0;
    commitment->completed_at_ms = 0;
    commitment->changed = true;
    if (commitment->state == COMMITMENT_ACTIVE) {
        commitment->ended_at_ms = 0;
        commitment_arm(commitment);
    } else {
        commitment->ended_at_ms = commitment->due_at_ms;
    }
    commitment_event(deciding, commitment, EVENT_COMMITMENT_UNDONE, "commitment.undone", STR_NONE);
    return true;
}
