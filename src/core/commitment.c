/* Commitments: making, completing, missing, changing them, with the counters, streak and ladder of
 * the person (commitment.h). Whatever happens is recorded as an event and told to the journeys, but
 * for what an onboarding step reports as done already: that starts no journey and moves no ladder.
 * What follows from undoing stands in commitment_undo.c, repeating in commitment_repeat.c. */
#include "core/commitment.h"

#include "base/calendar.h"
#include "base/check.h"
#include "base/json.h"
#include "base/limits.h"
#include "core/commitment_parts.h"
#include "core/live_person.h"
#include "core/pressure.h"
#include "core/run.h"

enum {
    LADDER_START = 3, /* five minutes: the first suggestion */
};
#define UNDO_MS  (10 * MINUTE_MS)
#define QUICK_MS DAY_MS

bool commitment_is_onboarding(const struct commitment *commitment)
{
    return str_is(commitment->source, "onboarding");
}

bool commitment_is_report(const struct commitment *commitment)
{
    return commitment_is_onboarding(commitment) &&
           commitment->created_at_ms == commitment->completed_at_ms;
}

bool commitment_is_quick(const struct commitment *commitment)
{
    return commitment->completed_at_ms - commitment->created_at_ms <= QUICK_MS;
}

struct event *commitment_event(struct deciding *deciding, const struct commitment *commitment,
                               enum event_type type, const char *rule, struct str data)
{
    struct event *event = decision_event(deciding->arena, deciding->decision, type);
    event->user_id = deciding->person->user.id;
    event->at_ms = deciding->world->now_ms;
    event->ref_id = commitment->id;
    event->rule = str_of(rule);
    event->data = data;
    return event;
}

void commitment_arm(struct commitment *commitment)
{
    commitment->due_at_ms = commitment->planned_at_ms != 0 ? commitment->planned_at_ms
                                                           : commitment->created_at_ms + DAY_MS;
    commitment->next_at_ms = commitment->due_at_ms + COMMITMENT_MISSED_AFTER_MS;
    commitment->changed = true;
}

static void remember_for_undo(struct deciding *deciding, struct commitment *commitment)
{
    commitment->undo_state = commitment->state;
    commitment->undo_until_ms = deciding->world->now_ms + UNDO_MS;
}

/* ---- the ladder -------------------------------------------------------------------------------
 */

static void move_ladder(struct deciding *deciding, const struct commitment *commitment, int rung,
                        const char *rule)
{
    struct user *user = &deciding->person->user;
    rung = ladder_clamp(rung);
    if (rung == user->ladder_rung) {
        return;
    }
    struct json_writer data = json_begin(deciding->arena);
    json_put_int(&data, "from_rung", user->ladder_rung);
    json_put_int(&data, "to_rung", rung);
    commitment_event(deciding, commitment, EVENT_LADDER_MOVED, rule, json_end(&data));
    user->ladder_rung = rung;
    user->changed = true;
}

int commitment_suggested_rung(const struct user *user)
{
    return user->ladder_rung >= 0 && user->ladder_rung < LADDER_RUNGS ? user->ladder_rung
                                                                      : LADDER_START;
}

static void ladder_after_completion(struct deciding *deciding, const struct commitment *commitment)
{
    struct user *user = &deciding->person->user;
    int step = ladder_count_completed(user, commitment_is_quick(commitment));
    if (step != 0) {
        move_ladder(deciding, commitment, commitment_suggested_rung(user) + step,
                    "ladder.three_quick_in_a_row");
    }
}

static void ladder_after_miss(struct deciding *deciding, const struct commitment *commitment)
{
    struct user *user = &deciding->person->user;
    int step = ladder_count_missed(user);
    if (step != 0) {
        move_ladder(deciding, commitment, commitment_suggested_rung(user) + step,
                    "ladder.two_misses_in_a_row");
    }
}

void commitment_suggest(struct deciding *deciding, const struct commitment *commitment, int rung,
                        const char *rule)
{
    move_ladder(deciding, commitment, rung, rule);
}

/* ---- making -----------------------------------------------------------------------------------
 */

static int open_count(const struct person *person)
{
    int count = 0;
    for (int i = 0; i < person->commitment_count; i++) {
        count += person->commitments[i]->state == COMMITMENT_ACTIVE;
    }
    return count;
}

struct commitment *commitment_insert(struct deciding *deciding, const struct commitment_plan *plan,
                                     enum event_type type, const char *rule)
{
    struct user *user = &deciding->person->user;
    int64_t now_ms = deciding->world->now_ms;
    struct commitment *commitment = person_add_commitment(deciding->arena, deciding->person);
    commitment->id = id_next(deciding->world->ids, now_ms, id_slot(user->id));
    commitment->user_id = user->id;
    commitment->state = COMMITMENT_ACTIVE;
    commitment->text = arena_str(deciding->arena, plan->text);
    commitment->size_s = plan->size_s;
    commitment->source = arena_str(deciding->arena, plan->source);
    commitment->created_at_ms = now_ms;
    commitment->planned_at_ms = plan->planned_at_ms;
    commitment->repeat = plan->repeat;
    commitment->repeat_weekday = plan->repeat_weekday;
    commitment->repeat_minute = plan->repeat_minute;
    commitment_arm(commitment);
    user->commitments_total++;
    user->commitments_outside += !commitment_is_onboarding(commitment);
    if (user->first_commitment_at_ms == 0 || now_ms < user->first_commitment_at_ms) {
        user->first_commitment_at_ms = now_ms;
    }
    user->changed = true;
    struct json_writer data = json_begin(deciding->arena);
    if (plan->planned_at_ms != 0) {
        json_put_int(&data, "planned_at_ms", plan->planned_at_ms);
    }
    json_put_int(&data, "size_s", plan->size_s);
    json_put_str(&data, "source", plan->source);
    commitment_event(deciding, commitment, type, rule, json_end(&data));
    return commitment;
}

struct commitment *commitment_make(struct deciding *deciding, const struct commitment_plan *plan)
{
    struct user *user = &deciding->person->user;
    if (!plan->completed_at_once && open_count(deciding->person) >= LIMIT_COMMITMENTS_OPEN) {
        deciding->decision->error =
            err_set(&deciding->decision->detail, ERR_LIMIT,
                    "no more than %d commitments may be open; complete or drop one first",
                    LIMIT_COMMITMENTS_OPEN);
        return NULL;
    }
    struct commitment *commitment =
        commitment_insert(deciding, plan, EVENT_COMMITMENT_MADE, "commitment.made");
    if (commitment_is_onboarding(commitment)) {
        if (plan->completed_at_once) {
            ASSERT(commitment_complete(deciding, commitment));
            commitment->undo_until_ms = 0;
        } else {
            /* A plan is reminded of and followed like any other; it only graduates nobody. */
            run_trigger(deciding, TRIGGER_COMMITMENT_MADE, commitment);
        }
        return commitment;
    }
    if (user->ladder_rung < 0) {
        user->ladder_rung = plan->size_s > 0 ? ladder_rung_of(plan->size_s) : LADDER_START;
    }
    run_leave(deciding, LEAVE_ON_COMMITMENT_MADE, commitment);
    if (plan->completed_at_once) {
        ASSERT(commitment_complete(deciding, commitment));
    } else {
        run_trigger(deciding, TRIGGER_COMMITMENT_MADE, commitment);
    }
    return commitment;
}

/* ---- completing -------------------------------------------------------------------------------
 */

static bool count_streak(struct user *user, int64_t day)
{
    /* Later than that day: the person has moved west since; it counts already. */
    if (user->streak_days > 0 && user->streak_day >= day) {
        return false;
    }
    user->streak_days =
        user->streak_days > 0 && user->streak_day == day - 1 ? user->streak_days + 1 : 1;
    user->streak_day = day;
    if (user->streak_days > user->streak_best_days) {
        user->streak_best_days = user->streak_days;
    }
    return true;
}

bool commitment_count_completed(struct user *user, struct commitment *commitment, int64_t at_ms,
                                int64_t day)
{
    commitment->state = COMMITMENT_COMPLETED;
    commitment->completed_at_ms = at_ms;
    commitment->ended_at_ms = 0;
    commitment->next_at_ms = 0;
    commitment->changed = true;
    user->commitments_completed++;
    user->commitments_quick += commitment_is_quick(commitment);
    user->commitments_outside_completed += !commitment_is_onboarding(commitment);
    user->completion_ms_sum += at_ms - commitment->created_at_ms;
    if (user->first_completion_at_ms == 0 || at_ms < user->first_completion_at_ms) {
        user->first_completion_at_ms = at_ms;
    }
    user->changed = true;
    return count_streak(user, day);
}

static void completed(struct deciding *deciding, struct commitment *commitment, const char *rule)
{
    int64_t now_ms = deciding->world->now_ms;
    const struct zone *zone = person_zone(deciding->world, deciding->person);
    remember_for_undo(deciding, commitment);
    /* Not before it was made, though the clock was set back meanwhile. */
    int64_t at_ms = now_ms > commitment->created_at_ms ? now_ms : commitment->created_at_ms;
    bool new_day = commitment_count_completed(&deciding->person->user, commitment, at_ms,
                                              calendar_local_day(zone, now_ms));
    struct json_writer data = json_begin(deciding->arena);
    json_put_int(&data, "took_ms", at_ms - commitment->created_at_ms);
    commitment_event(deciding, commitment, EVENT_COMMITMENT_COMPLETED, rule, json_end(&data));
    if (commitment_is_report(commitment)) {
        return;
    }
    ladder_after_completion(deciding, commitment);
    run_leave(deciding, LEAVE_ON_COMMITMENT_COMPLETED, commitment);
    run_leave(deciding, LEAVE_ON_COMMITMENT_ENDED, commitment);
    run_trigger(deciding, TRIGGER_COMMITMENT_COMPLETED, commitment);
    if (new_day) {
        run_trigger(deciding, TRIGGER_STREAK, commitment);
    }
}

bool commitment_complete(struct deciding *deciding, struct commitment *commitment)
{
    if (commitment->state != COMMITMENT_ACTIVE) {
        return false;
    }
    completed(deciding, commitment, "commitment.completed");
    commitment_repeat(deciding, commitment);
    return true;
}

bool commitment_done_after_all(struct deciding *deciding, struct commitment *commitment)
{
    if (commitment->state != COMMITMENT_MISSED) {
        return false;
    }
    deciding->person->user.commitments_missed--;
    completed(deciding, commitment, "commitment.done_after_all");
    return true;
}

/* ---- ending otherwise, changing ---------------------------------------------------------------
 */

bool commitment_drop(struct deciding *deciding, struct commitment *commitment)
{
    struct user *user = &deciding->person->user;
    if (commitment->state != COMMITMENT_ACTIVE && commitment->state != COMMITMENT_MISSED) {
        return false;
    }
    user->commitments_missed -= commitment->state == COMMITMENT_MISSED;
    user->commitments_dropped++;
    user->changed = true;
    remember_for_undo(deciding, commitment);
    commitment->state = COMMITMENT_DROPPED;
    commitment->ended_at_ms = deciding->world->now_ms;
    commitment->next_at_ms = 0;
    commitment->changed = true;
    commitment_event(deciding, commitment, EVENT_COMMITMENT_DROPPED, "commitment.dropped",
                     STR_NONE);
    run_leave(deciding, LEAVE_ON_COMMITMENT_ENDED, commitment);
    return true;
}

bool commitment_rename(struct deciding *deciding, struct commitment *commitment, struct str text)
{
    struct str clean = commitment_text(deciding->arena, text);
    if (commitment->state != COMMITMENT_ACTIVE || clean.length == 0) {
        return false;
    }
    commitment->text = arena_str(deciding->arena, clean);
    commitment->changed = true;
    commitment_event(deciding, commitment, EVENT_COMMITMENT_RENAMED, "commitment.renamed",
                     STR_NONE);
    return true;
}

bool commitment_halve(struct deciding *deciding, struct commitment *commitment)
{
    struct user *user = &deciding->person->user;
    if (commitment->state != COMMITMENT_ACTIVE && commitment->state != COMMITMENT_MISSED) {
        return false;
    }
    int from_s = commitment->size_s > 0 ? commitment->size_s
                                        : ladder_size_s(commitment_suggested_rung(user));
    int rung = ladder_halve(from_s);
    if (commitment->state == COMMITMENT_MISSED) {
        /* What was missed stays missed; the smaller one is a new start. */
        struct commitment_plan plan = {.text = commitment->text,
                                       .size_s = ladder_size_s(rung),
                                       .source = commitment_is_onboarding(commitment) ||
                                                         str_is(commitment->source, LIVE_SOURCE)
                                                     ? STR("chat")
                                                     : commitment->source};
        struct commitment *smaller = commitment_make(deciding, &plan);
        if (smaller == NULL) {
            return false;
        }
        move_ladder(deciding, smaller, rung, "ladder.too_big");
        return true;
    }
    commitment->size_s = ladder_size_s(rung);
    commitment->changed = true;
    struct json_writer data = json_begin(deciding->arena);
    json_put_int(&data, "from_size_s", from_s);
    json_put_int(&data, "size_s", commitment->size_s);
    commitment_event(deciding, commitment, EVENT_COMMITMENT_CHANGED, "commitment.too_big",
                     json_end(&data));
    move_ladder(deciding, commitment, rung, "ladder.too_big");
    return true;
}

bool commitment_postpone(struct deciding *deciding, struct commitment *commitment, int64_t by_ms)
{
    int64_t now_ms = deciding->world->now_ms;
    if (commitment->state != COMMITMENT_ACTIVE || by_ms <= 0) {
        return false;
    }
    int64_t planned_ms = commitment->planned_at_ms != 0 ? commitment->planned_at_ms + by_ms : 0;
    commitment->planned_at_ms = planned_ms > now_ms ? planned_ms : now_ms + by_ms;
    commitment_arm(commitment);
    struct json_writer data = json_begin(deciding->arena);
    json_put_int(&data, "planned_at_ms", commitment->planned_at_ms);
    commitment_event(deciding, commitment, EVENT_COMMITMENT_CHANGED, "commitment.postponed",
                     json_end(&data));
    return true;
}

void commitment_timer(struct deciding *deciding, struct commitment *commitment)
{
    struct user *user = &deciding->person->user;
    int64_t now_ms = deciding->world->now_ms;
    if (commitment->state != COMMITMENT_ACTIVE) {
        commitment->next_at_ms = 0;
        commitment->changed = true;
        return;
    }
    if (now_ms < commitment->due_at_ms + COMMITMENT_MISSED_AFTER_MS) {
        commitment_arm(commitment);
        return;
    }
    commitment->state = COMMITMENT_MISSED;
    commitment->ended_at_ms = now_ms;
    commitment->next_at_ms = 0;
    commitment->undo_until_ms = 0;
    commitment->changed = true;
    user->commitments_missed++;
    user->changed = true;
    commitment_event(deciding, commitment, EVENT_COMMITMENT_MISSED, "commitment.day_past_due",
                     STR_NONE);
    ladder_after_miss(deciding, commitment);
    run_leave(deciding, LEAVE_ON_COMMITMENT_ENDED, commitment);
    if (!str_is(commitment->source, LIVE_SOURCE)) {
        run_trigger(deciding, TRIGGER_COMMITMENT_MISSED, commitment);
    }
    commitment_repeat(deciding, commitment);
}
