/* Ids of one slot and one millisecond are divided among the people of that slot. */
#include "sim/keep.h"

#include <stdlib.h>

#include "base/check.h"

enum { SEQUENCES = 1 << 13, PEOPLE_AT_ONCE = 4000 };

struct keep {
    struct store *store;
    int64_t until_ms;
    int64_t sequences; /* for each person, of those within a millisecond */
    int64_t written;
    bool is_open; /* a transaction */
    enum err error;
    struct err_detail detail;
    /* of the present person */
    int64_t first_sequence;
    int slot;
    int64_t decided_ms;
};

struct keep *keep_new(struct store *store, int64_t people, int64_t until_ms)
{
    ASSERT(people > 0 && people <= KEEP_PEOPLE_MAX);
    struct keep *keep = calloc(1, sizeof(*keep));
    ASSERT(keep != NULL);
    keep->store = store;
    keep->until_ms = until_ms;
    keep->sequences = SEQUENCES / ((people + ID_SLOT_COUNT - 1) / ID_SLOT_COUNT);
    return keep;
}

void keep_free(struct keep *keep)
{
    if (keep != NULL) {
        if (keep->is_open) {
            store_rollback(keep->store);
        }
        free(keep);
    }
}

int64_t keep_until_ms(const struct keep *keep)
{
    return keep->until_ms;
}

static int64_t id_of(const struct keep *keep, int64_t at_ms, int64_t sequence)
{
    return ((at_ms * SEQUENCES + keep->first_sequence + sequence) * ID_SLOT_COUNT) + keep->slot;
}

int64_t keep_begin(struct keep *keep, int64_t number, int64_t joined_at_ms)
{
    keep->decided_ms = joined_at_ms;
    keep->slot = (int)(number % ID_SLOT_COUNT);
    keep->first_sequence = number / ID_SLOT_COUNT * keep->sequences;
    return id_of(keep, joined_at_ms, 0);
}

int64_t keep_instant(struct keep *keep, int64_t now_ms, struct id_source *ids)
{
    keep->decided_ms = now_ms > keep->decided_ms ? now_ms : keep->decided_ms + 1;
    id_source_after(ids, id_of(keep, keep->decided_ms, 0));
    return keep->decided_ms;
}

static enum err begin(struct keep *keep)
{
    enum err error = keep->is_open ? OK : store_begin(keep->store, &keep->detail);
    keep->is_open = keep->is_open || error == OK;
    return error;
}

void keep_decision(struct keep *keep, struct person *person, struct decision *decision,
                   struct id_source *ids)
{
    decision_chain_events(decision, &person->user, keep->decided_ms, ids);
    struct delivery *answered = person_delivery(person, person->answered_delivery_id);
    if (answered != NULL && answered->answered_at_ms == 0) {
        answered->answered_at_ms = person->answered_at_ms;
    }
    if (keep->error != OK) {
        return;
    }
    enum err error = begin(keep);
    if (error == OK && decision->event_count > 0) {
        error = store_events_append(keep->store, decision->events, decision->event_count,
                                    &keep->detail);
    }
    if (error == OK && decision->feedback_count > 0) {
        error = store_feedback_append(keep->store, decision->feedback, decision->feedback_count,
                                      keep->decided_ms, ids, &keep->detail);
    }
    keep->error = error;
}

static int by_age(const void *left, const void *right)
{
    const struct delivery *a = *(struct delivery *const *)left;
    const struct delivery *b = *(struct delivery *const *)right;
    return (a->id > b->id) - (a->id < b->id);
}

/* Made-up addresses may be somebody's: nobody is ever to be written to. */
static void take_addresses(struct person *person)
{
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        struct contact *contact = &person->user.contacts[i];
        contact->address = STR_NONE;
        contact->reach = REACH_NONE;
    }
    for (int i = 0; i < person->delivery_count; i++) {
        person->deliveries[i]->address = STR_NONE;
    }
}

void keep_person(struct keep *keep, struct person *person)
{
    if (keep->error != OK) {
        return;
    }
    person->user.is_new = true;
    for (int i = 0; i < person->run_count; i++) {
        person->runs[i]->is_new = true;
    }
    for (int i = 0; i < person->commitment_count; i++) {
        person->commitments[i]->is_new = true;
    }
    for (int i = 0; i < person->delivery_count; i++) {
        person->deliveries[i]->is_new = true;
    }
    if (person->delivery_count > 0) { /* the store chains them by age */
        qsort(person->deliveries, (size_t)person->delivery_count, sizeof(struct delivery *),
              by_age);
    }
    take_addresses(person);
    enum err error = begin(keep);
    if (error == OK) {
        error = store_people_save(keep->store, &person, 1, &keep->detail);
    }
    if (error == OK && ++keep->written % PEOPLE_AT_ONCE == 0) {
        error = store_commit(keep->store, &keep->detail);
        keep->is_open = error != OK;
    }
    keep->error = error;
}

bool keep_has_failed(const struct keep *keep)
{
    return keep->error != OK;
}

enum err keep_end(struct keep *keep, struct err_detail *detail)
{
    if (keep->error == OK && keep->is_open) {
        keep->error = store_commit(keep->store, &keep->detail);
        keep->is_open = keep->error != OK;
    }
    *detail = keep->detail;
    return keep->error;
}
