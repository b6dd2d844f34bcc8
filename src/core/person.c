/* Finding and appending rows of one person. A person has few of each, so searching is a walk. */
#include "core/person.h"

#include "base/check.h"
#include "base/limits.h"

void person_init(struct person *person, int64_t user_id, int64_t joined_at_ms)
{
    *person = (struct person){.user = {.id = user_id,
                                       .joined_at_ms = joined_at_ms,
                                       .quiet_from_minute = -1,
                                       .quiet_to_minute = -1,
                                       .ladder_rung = -1,
                                       .is_new = true,
                                       .changed = true}};
}

/* Room for one more pointer in a growing array. */
static void **grow(struct arena *arena, void *items, int count, int *capacity)
{
    if (count < *capacity) {
        return items;
    }
    int wanted = *capacity < 4 ? PORTION(8, *capacity + 1) : *capacity * 2;
    void *grown =
        arena_grow(arena, items, (size_t)count * sizeof(void *), (size_t)wanted * sizeof(void *));
    *capacity = wanted;
    return grown;
}

struct run *person_add_run(struct arena *arena, struct person *person)
{
    person->runs =
        (struct run **)grow(arena, person->runs, person->run_count, &person->run_capacity);
    struct run *run = ARENA_NEW(arena, struct run);
    run->is_new = true;
    run->changed = true;
    person->runs[person->run_count++] = run;
    return run;
}

struct commitment *person_add_commitment(struct arena *arena, struct person *person)
{
    person->commitments = (struct commitment **)grow(
        arena, person->commitments, person->commitment_count, &person->commitment_capacity);
    struct commitment *commitment = ARENA_NEW(arena, struct commitment);
    commitment->is_new = true;
    commitment->changed = true;
    person->commitments[person->commitment_count++] = commitment;
    return commitment;
}

struct delivery *person_add_delivery(struct arena *arena, struct person *person)
{
    person->deliveries = (struct delivery **)grow(arena, person->deliveries, person->delivery_count,
                                                  &person->delivery_capacity);
    struct delivery *delivery = ARENA_NEW(arena, struct delivery);
    delivery->is_new = true;
    delivery->changed = true;
    person->deliveries[person->delivery_count++] = delivery;
    return delivery;
}

struct run *person_run(const struct person *person, int64_t id)
{
    for (int i = 0; i < person->run_count && id != 0; i++) {
        if (person->runs[i]->id == id) {
            return person->runs[i];
        }
    }
    return NULL;
}

struct commitment *person_commitment(const struct person *person, int64_t id)
{
    for (int i = 0; i < person->commitment_count && id != 0; i++) {
        if (person->commitments[i]->id == id) {
            return person->commitments[i];
        }
    }
    return NULL;
}

struct delivery *person_delivery(const struct person *person, int64_t id)
{
    for (int i = 0; i < person->delivery_count && id != 0; i++) {
        if (person->deliveries[i]->id == id) {
            return person->deliveries[i];
        }
    }
    return NULL;
}

struct run *person_active_run(const struct person *person, struct str journey, int64_t subject_id)
{
    for (int i = 0; i < person->run_count; i++) {
        struct run *run = person->runs[i];
        if (run->outcome == RUN_ACTIVE && str_equal(run->journey, journey) &&
            (subject_id == 0 || run->subject_id == subject_id)) {
            return run;
        }
    }
    return NULL;
}
