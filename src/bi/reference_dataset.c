/* Loading the reference dataset: each person's history is played in the order of time, so that
 * counters, streak, ladder and the chain of events come out as if it had happened here. */
#include "bi/reference_dataset.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "bi/reference_data.h"
#include "core/commitment.h"
#include "core/event.h"

enum { HAPPENINGS_MAX = 64 };

struct happening {
    int64_t at_ms;
    enum event_type type;
    int commitment; /* index, -1: none */
};

/* One person while their history is played. */
struct playing {
    struct arena *arena;
    const struct reference_person *reference;
    struct person *person;
    int64_t now_ms;
    uint8_t slot;
    struct id_source ids;
    struct happening happenings[HAPPENINGS_MAX];
    int happening_count;
    struct event *events;
    int event_count;
};

static void happens(struct playing *playing, int64_t at_ms, enum event_type type, int commitment)
{
    ASSERT(playing->happening_count < HAPPENINGS_MAX);
    playing->happenings[playing->happening_count++] = (struct happening){at_ms, type, commitment};
}

static int64_t ago(const struct playing *playing, int minutes)
{
    return playing->now_ms - minutes * MINUTE_MS;
}

static int by_time(const void *a, const void *b)
{
    const struct happening *left = a;
    const struct happening *right = b;
    if (left->at_ms != right->at_ms) {
        return left->at_ms < right->at_ms ? -1 : 1;
    }
    return (left->type > right->type) - (left->type < right->type);
}

static void collect(struct playing *playing)
{
    int64_t joined_ms = ago(playing, playing->reference->joined_minutes_ago);
    happens(playing, joined_ms, EVENT_USER_JOINED, -1);
    happens(playing, joined_ms, EVENT_COMMAND_USED, -1);
    for (int i = 0; i < playing->reference->commitment_count; i++) {
        const struct reference_commitment *row = &playing->reference->commitments[i];
        int64_t made_ms = ago(playing, row->made_minutes_ago);
        int64_t ended_ms = made_ms + row->took_minutes * MINUTE_MS;
        happens(playing, made_ms, EVENT_COMMITMENT_MADE, i);
        switch (row->state) {
        case COMMITMENT_ACTIVE:
            break;
        case COMMITMENT_COMPLETED:
            happens(playing, ended_ms, EVENT_COMMITMENT_COMPLETED, i);
            break;
        case COMMITMENT_MISSED:
            happens(playing, made_ms + 2 * DAY_MS, EVENT_COMMITMENT_MISSED, i);
            break;
        case COMMITMENT_DROPPED:
            happens(playing, ended_ms, EVENT_COMMITMENT_DROPPED, i);
            break;
        }
    }
    qsort(playing->happenings, (size_t)playing->happening_count, sizeof(struct happening), by_time);
}

/* ---- what each happening changes ----------------------------------------------------------------
 */

static void active(struct user *user, int64_t at_ms)
{
    int64_t day = at_ms / DAY_MS;
    int64_t step = day - user->activity_day;
    user->activity_days = step >= 64 ? 0 : user->activity_days << step;
    user->activity_days |= 1;
    user->activity_day = day;
    user->activity_last_at_ms = at_ms;
}

static void made(struct playing *playing, const struct reference_commitment *row, int64_t at_ms)
{
    struct user *user = &playing->person->user;
    struct commitment *commitment = person_add_commitment(playing->arena, playing->person);
    commitment->id = id_next(&playing->ids, at_ms, playing->slot);
    commitment->user_id = user->id;
    commitment->text = str_of(row->text);
    commitment->size_s = row->size_s;
    commitment->source = STR("chat");
    commitment->created_at_ms = at_ms;
    commitment->due_at_ms = at_ms + DAY_MS;
    commitment->next_at_ms = at_ms + 2 * DAY_MS;
    user->commitments_total++;
    user->commitments_outside++;
    if (user->first_commitment_at_ms == 0) {
        user->first_commitment_at_ms = at_ms;
    }
    if (user->ladder_rung < 0) {
        user->ladder_rung = ladder_rung_of(row->size_s);
    }
}

static void count_streak(struct user *user, int64_t at_ms)
{
    int64_t day = at_ms / DAY_MS;
    if (user->streak_days > 0 && user->streak_day == day) {
        return;
    }
    user->streak_days =
        user->streak_days > 0 && user->streak_day == day - 1 ? user->streak_days + 1 : 1;
    user->streak_day = day;
    if (user->streak_best_days < user->streak_days) {
        user->streak_best_days = user->streak_days;
    }
}

static void move_ladder(struct user *user, bool quick, bool missed)
{
    user->quick_in_row = quick ? user->quick_in_row + 1 : 0;
    user->misses_in_row = missed ? user->misses_in_row + 1 : 0;
    if (user->quick_in_row == 3) {
        user->quick_in_row = 0;
        user->ladder_rung += user->ladder_rung < LADDER_RUNGS - 1;
    }
    if (user->misses_in_row == 2) {
        user->misses_in_row = 0;
        user->ladder_rung -= user->ladder_rung > 0;
    }
}

static void ended(struct user *user, struct commitment *commitment, enum event_type type,
                  int64_t at_ms)
{
    commitment->next_at_ms = 0;
    if (type == EVENT_COMMITMENT_COMPLETED) {
        int64_t took_ms = at_ms - commitment->created_at_ms;
        commitment->state = COMMITMENT_COMPLETED;
        commitment->completed_at_ms = at_ms;
        user->commitments_completed++;
        user->commitments_outside_completed++;
        user->commitments_quick += took_ms <= DAY_MS;
        user->completion_ms_sum += took_ms;
        if (user->first_completion_at_ms == 0) {
            user->first_completion_at_ms = at_ms;
        }
        count_streak(user, at_ms);
        move_ladder(user, took_ms <= DAY_MS, false);
        return;
    }
    commitment->ended_at_ms = at_ms;
    if (type == EVENT_COMMITMENT_MISSED) {
        commitment->state = COMMITMENT_MISSED;
        user->commitments_missed++;
        move_ladder(user, false, true);
    } else {
        commitment->state = COMMITMENT_DROPPED;
        user->commitments_dropped++;
    }
}

static void play(struct playing *playing)
{
    struct user *user = &playing->person->user;
    playing->events = ARENA_ARRAY(playing->arena, struct event, (size_t)playing->happening_count);
    for (int i = 0; i < playing->happening_count; i++) {
        const struct happening *happening = &playing->happenings[i];
        struct event *event = &playing->events[playing->event_count++];
        if (happening->type == EVENT_COMMITMENT_MADE) {
            made(playing, &playing->reference->commitments[happening->commitment],
                 happening->at_ms);
        } else if (happening->commitment >= 0) {
            ended(user, playing->person->commitments[happening->commitment], happening->type,
                  happening->at_ms);
        }
        if (event_type_is_activity(happening->type)) {
            active(user, happening->at_ms);
        }
        event->id = id_next(&playing->ids, happening->at_ms, playing->slot);
        event->user_id = user->id;
        event->at_ms = happening->at_ms;
        event->type = happening->type;
        event->previous_event_id = user->event_last_id;
        event->rule = STR("reference");
        if (happening->commitment >= 0) {
            event->ref_id = playing->person->commitments[happening->commitment]->id;
        }
        user->event_last_id = event->id;
    }
}

static enum err load_person(struct store *store, struct arena *arena, int index,
                            const struct reference_person *reference, int64_t now_ms,
                            struct err_detail *detail)
{
    struct playing playing = {.arena = arena,
                              .reference = reference,
                              .person = ARENA_NEW(arena, struct person),
                              .now_ms = now_ms,
                              .slot = (uint8_t)index};
    struct user *user = &playing.person->user;
    user->joined_at_ms = ago(&playing, reference->joined_minutes_ago);
    user->id = id_next(&playing.ids, user->joined_at_ms, playing.slot);
    user->first_name = str_of(reference->name);
    user->source = str_of(reference->source);
    str_copy(user->language, sizeof(user->language), str_of(reference->language));
    user->set = SET_ORIGINAL;
    user->set_assigned = true;
    user->existing = true;
    user->is_held = true; /* nobody has an address, and nothing is started for them */
    user->quiet_from_minute = -1;
    user->quiet_to_minute = -1;
    user->ladder_rung = -1;
    user->is_new = true;
    collect(&playing);
    play(&playing);
    enum err error = store_people_save(store, &playing.person, 1, detail);
    if (error == OK) {
        error = store_events_append(store, playing.events, playing.event_count, detail);
    }
    return error;
}

enum err reference_dataset_load(struct store *store, int64_t now_ms, struct err_detail *detail)
{
    int count;
    const struct reference_person *people = reference_people(&count);
    ASSERT(count == REFERENCE_PEOPLE);
    struct arena *arena = arena_new(64 * 1024);
    enum err error = store_begin(store, detail);
    for (int i = 0; i < count && error == OK; i++) {
        error = load_person(store, arena, i, &people[i], now_ms, detail);
    }
    if (error == OK) {
        error = store_commit(store, detail);
    }
    if (error != OK) {
        store_rollback(store);
    }
    arena_free(arena);
    return error;
}
