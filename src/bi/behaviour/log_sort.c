/* Puts what was added into the place of its person. All of a first edition at once, by a counting
 * sort, which keeps the order of coming; later ones person by person, behind what is there. Only
 * trails that are not in the order of time by then are sorted one by one. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "bi/behaviour/log_parts.h"
#include "bi/behaviour/shelf.h"

/* ---- staging --------------------------------------------------------------------------------- */

#define GROW(pointer, count) ((pointer) = grown((pointer), (count), sizeof(*(pointer))))

static void *grown(void *old, size_t count, size_t size)
{
    void *new = reallocarray(old, count > 0 ? count : 1, size);
    ASSERT(new != NULL); /* a restart is safe: the log is derived */
    return new;
}

struct behaviour_staging *behaviour_staging_new(void)
{
    struct behaviour_staging *staging = calloc(1, sizeof(*staging));
    ASSERT(staging != NULL);
    return staging;
}

void behaviour_staging_free(struct behaviour_log *log)
{
    struct behaviour_staging *staging = log->staging;
    if (staging != NULL) {
        free(staging->person);
        free(staging->at_s);
        free(staging->at_ms);
        free(staging->type);
        for (int i = 0; i < log->property_count; i++) {
            free(staging->properties[i]);
        }
        free(staging);
        log->staging = NULL;
    }
}

void behaviour_staging_grow(struct behaviour_log *log)
{
    struct behaviour_staging *staging = log->staging;
    staging->event_room = staging->event_room == 0 ? 4096 : staging->event_room * 2;
    GROW(staging->person, staging->event_room);
    GROW(staging->at_s, staging->event_room);
    GROW(staging->at_ms, staging->event_room);
    GROW(staging->type, staging->event_room);
    for (int i = 0; i < log->property_count; i++) {
        GROW(staging->properties[i], staging->event_room);
    }
}

/* ---- columns of events ----------------------------------------------------------------------- */

enum { COLUMNS_MAX = 3 + BEHAVIOUR_COLUMNS_MAX, ROOM_LEAST = 4096 };

/* New columns with this much room, in the place of those there are; the caller has these. */
static void new_columns(struct behaviour_log *log, size_t room, bool has_ms)
{
    log->at_s = shelf_new(room * sizeof(*log->at_s));
    log->type = shelf_new(room * sizeof(*log->type));
    log->at_ms = has_ms ? shelf_new_clear(room * sizeof(*log->at_ms)) : NULL;
    for (int i = 0; i < log->property_count; i++) {
        log->properties[i].codes = shelf_new(room * sizeof(uint16_t));
    }
}

static size_t room_for(size_t events)
{
    size_t room = events + events / 2 + ROOM_LEAST;
    return room < UINT32_MAX ? room : UINT32_MAX;
}

/* Copies [first, last) of one log's columns to `to` of another's; they may be the same. */
static void copy_events(const struct behaviour_log *from, uint32_t first, uint32_t count,
                        struct behaviour_log *log, uint32_t to)
{
    memcpy(log->at_s + to, from->at_s + first, count * sizeof(*log->at_s));
    memcpy(log->type + to, from->type + first, count * sizeof(*log->type));
    if (from->at_ms != NULL) {
        memcpy(log->at_ms + to, from->at_ms + first, count * sizeof(*log->at_ms));
    }
    for (int i = 0; i < log->property_count; i++) {
        memcpy(log->properties[i].codes + to, from->properties[i].codes + first,
               count * sizeof(uint16_t));
    }
}

/* An event as it came, to its place. */
static void place_event(struct behaviour_log *log, size_t i, uint32_t to)
{
    const struct behaviour_staging *staging = log->staging;
    log->at_s[to] = staging->at_s[i];
    log->type[to] = staging->type[i];
    if (log->at_ms != NULL) {
        log->at_ms[to] = staging->at_ms[i];
    }
    for (int k = 0; k < log->property_count; k++) {
        log->properties[k].codes[to] = staging->properties[k][i];
    }
}

/* Puts all trails together into new columns with room for `more` events. */
static void gather(struct behaviour_log *log, size_t more)
{
    struct behaviour_log old = *log;
    new_columns(log, room_for(log->event_count + more), old.at_ms != NULL || log->staging->has_ms);
    uint32_t to = 0;
    for (uint32_t person = 0; person < log->person_count; person++) {
        uint32_t count = log->last[person] - log->first[person];
        copy_events(&old, log->first[person], count, log, to);
        log->first[person] = to;
        to += count;
        log->last[person] = to;
    }
    log->event_end = to;
    shelf_drop(old.at_s);
    shelf_drop(old.type);
    shelf_drop(old.at_ms);
    for (int i = 0; i < log->property_count; i++) {
        shelf_drop(old.properties[i].codes);
    }
}

/* ---- sorting --------------------------------------------------------------------------------- */

struct sorting {
    int64_t at_ms;
    uint32_t place;
};

static int compare_sorting(const void *left, const void *right)
{
    const struct sorting *a = left;
    const struct sorting *b = right;
    if (a->at_ms != b->at_ms) {
        return a->at_ms < b->at_ms ? -1 : 1;
    }
    return a->place < b->place ? -1 : 1;
}

#define PERMUTE(column, type_)                                                                     \
    do {                                                                                           \
        type_ *old = scratch;                                                                      \
        memcpy(old, (column) + first, count * sizeof(type_));                                      \
        for (uint32_t i = 0; i < count; i++) {                                                     \
            (column)[first + i] = old[order[i].place - first];                                     \
        }                                                                                          \
    } while (0)

static void sort_trail(struct behaviour_log *log, uint32_t first, uint32_t last)
{
    uint32_t count = last - first;
    struct sorting *order = grown(NULL, count, sizeof(*order));
    void *scratch = grown(NULL, count, sizeof(uint32_t));
    for (uint32_t i = 0; i < count; i++) {
        order[i] = (struct sorting){behaviour_at_ms(log, first + i), first + i};
    }
    qsort(order, count, sizeof(*order), compare_sorting);
    PERMUTE(log->at_s, uint32_t);
    PERMUTE(log->type, uint8_t);
    if (log->at_ms != NULL) {
        PERMUTE(log->at_ms, uint16_t);
    }
    for (int k = 0; k < log->property_count; k++) {
        PERMUTE(log->properties[k].codes, uint16_t);
    }
    free(order);
    free(scratch);
}

static void bring_into_order(struct behaviour_log *log, uint32_t person)
{
    for (uint32_t i = log->first[person] + 1; i < log->last[person]; i++) {
        if (behaviour_at_ms(log, i) < behaviour_at_ms(log, i - 1)) {
            sort_trail(log, log->first[person], log->last[person]);
            return;
        }
    }
}

/* ---- a first edition ------------------------------------------------------------------------- */

/* Where each person's events begin; `last` is where the next one goes. */
static void count_events(struct behaviour_log *log)
{
    const struct behaviour_staging *staging = log->staging;
    for (size_t i = 0; i < staging->event_count; i++) {
        log->last[staging->person[i]]++;
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < log->person_count; i++) {
        uint32_t count = log->last[i];
        log->first[i] = log->last[i] = at;
        at += count;
    }
}

static void place_all(struct behaviour_log *log)
{
    const struct behaviour_staging *staging = log->staging;
    new_columns(log, room_for(staging->event_count), staging->has_ms);
    count_events(log);
    for (size_t i = 0; i < staging->event_count; i++) {
        place_event(log, i, log->last[staging->person[i]]++);
    }
    log->event_count = log->event_end = (uint32_t)staging->event_count;
}

/* ---- a later one ----------------------------------------------------------------------------- */

static int compare_keys(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* Numbers of the events that came, by person, each one's in the order of coming: the person in the
 * upper half. */
static uint64_t *by_person(const struct behaviour_staging *staging)
{
    uint64_t *keys = grown(NULL, staging->event_count, sizeof(*keys));
    for (size_t i = 0; i < staging->event_count; i++) {
        keys[i] = (uint64_t)staging->person[i] << 32 | i;
    }
    qsort(keys, staging->event_count, sizeof(*keys), compare_keys);
    return keys;
}

static uint32_t person_of_key(uint64_t key)
{
    return (uint32_t)(key >> 32);
}

/* How far the columns grow: what came, and the trails that are written anew for it. */
static size_t growth(const struct behaviour_log *log, const uint64_t *keys, size_t count)
{
    size_t events = count;
    for (size_t i = 0; i < count; i++) {
        uint32_t person = person_of_key(keys[i]);
        if (i == 0 || person_of_key(keys[i - 1]) != person) {
            events += log->last[person] - log->first[person];
        }
    }
    return events;
}

static void place_new(struct behaviour_log *log)
{
    size_t count = log->staging->event_count;
    uint64_t *keys = by_person(log->staging);
    size_t people = log->person_count * sizeof(*log->first);
    log->first = shelf_own(log->first, people, people);
    log->last = shelf_own(log->last, people, people);
    size_t more = growth(log, keys, count);
    size_t room = shelf_room(log->at_s) / sizeof(*log->at_s);
    if (log->event_end + more > room || log->event_end > UINT32_MAX - more ||
        (log->at_ms == NULL && log->staging->has_ms)) {
        gather(log, more);
    }
    for (size_t i = 0; i < count;) {
        uint32_t person = person_of_key(keys[i]);
        uint32_t first = log->event_end;
        uint32_t old = log->last[person] - log->first[person];
        copy_events(log, log->first[person], old, log, first);
        uint32_t to = first + old;
        for (; i < count && person_of_key(keys[i]) == person; i++) {
            place_event(log, (uint32_t)keys[i], to++);
        }
        log->first[person] = first;
        log->last[person] = log->event_end = to;
        bring_into_order(log, person);
    }
    log->event_count += (uint32_t)count;
    free(keys);
}

static void find_bounds(struct behaviour_log *log)
{
    bool found = false;
    log->oldest_ms = log->newest_ms = 0;
    for (uint32_t person = 0; person < log->person_count; person++) {
        if (log->first[person] < log->last[person]) {
            int64_t oldest_ms = behaviour_at_ms(log, log->first[person]);
            int64_t newest_ms = behaviour_at_ms(log, log->last[person] - 1);
            log->oldest_ms = !found || oldest_ms < log->oldest_ms ? oldest_ms : log->oldest_ms;
            log->newest_ms = !found || newest_ms > log->newest_ms ? newest_ms : log->newest_ms;
            found = true;
        }
    }
}

void behaviour_finish(struct behaviour_log *log)
{
    if (log->at_s == NULL) {
        place_all(log);
        for (uint32_t person = 0; person < log->person_count; person++) {
            bring_into_order(log, person);
        }
    } else if (log->staging->event_count > 0) {
        place_new(log);
    }
    if (log->staging->bounds_are_old) {
        find_bounds(log);
    }
    behaviour_staging_free(log);
}
