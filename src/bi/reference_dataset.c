/* Loading the reference dataset: each person's history is played in the order of time, so that
 * counters, streak, ladder and the chain of events come out as if it had happened here. */
#include "bi/reference_dataset.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "bi/reference_data.h"
#include "core/backfill.h"
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
    struct id_source ids;
    struct happening happenings[HAPPENINGS_MAX];
    int happening_count;
    struct backfill backfill;
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

/* ---- what each happening changes ------------------------------------------------------------- */

static void play(struct playing *playing)
{
    struct backfill *backfill = &playing->backfill;
    for (int i = 0; i < playing->happening_count; i++) {
        const struct happening *happening = &playing->happenings[i];
        if (happening->type == EVENT_COMMITMENT_MADE) {
            const struct reference_commitment *row =
                &playing->reference->commitments[happening->commitment];
            const struct commitment made = {.text = str_of(row->text),
                                            .size_s = row->size_s,
                                            .source = STR("chat"),
                                            .created_at_ms = happening->at_ms,
                                            .due_at_ms = happening->at_ms + DAY_MS};
            backfill_made(backfill, &made);
        } else if (happening->commitment >= 0) {
            backfill_ended(backfill, backfill->person->commitments[happening->commitment],
                           playing->reference->commitments[happening->commitment].state,
                           happening->at_ms);
        } else {
            backfill_event(backfill, happening->type, happening->at_ms, 0);
        }
    }
}

static enum err load_person(struct store *store, struct arena *arena, int index,
                            const struct reference_person *reference, int64_t now_ms,
                            struct err_detail *detail)
{
    struct playing playing = {.arena = arena,
                              .reference = reference,
                              .person = ARENA_NEW(arena, struct person),
                              .now_ms = now_ms};
    struct user *user = &playing.person->user;
    user->joined_at_ms = ago(&playing, reference->joined_minutes_ago);
    user->id = id_next(&playing.ids, user->joined_at_ms, (uint8_t)index);
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
    playing.backfill = (struct backfill){.arena = arena,
                                         .person = playing.person,
                                         .zone = zone_utc(),
                                         .ids = &playing.ids,
                                         .rule = STR("reference")};
    collect(&playing);
    play(&playing);
    enum err error = store_people_save(store, &playing.person, 1, detail);
    if (error == OK) {
        error = store_events_append(store, playing.backfill.events, playing.backfill.event_count,
                                    detail);
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
