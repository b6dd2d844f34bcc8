/* Each person is gone through backwards, so that the next B is known when an A is met. All
 * times are kept, four bytes each (six with milliseconds); what stands at a place in their
 * order is found by counting: first by coarse buckets, then within one of them. */
#include "bi/behaviour/times.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "bi/behaviour/scan.h"
#include "bi/stats.h"

enum { COARSE = 1 << 15, MS = 1000 };

static const struct {
    int64_t up_to_ms;
    const char *name;
} BUCKETS[TIMES_BUCKETS] = {{MINUTE_MS, "1 m"},    {5 * MINUTE_MS, "5 m"}, {15 * MINUTE_MS, "15 m"},
                            {HOUR_MS, "1 h"},      {6 * HOUR_MS, "6 h"},   {12 * HOUR_MS, "12 h"},
                            {DAY_MS, "24 h"},      {3 * DAY_MS, "3 d"},    {7 * DAY_MS, "7 d"},
                            {30 * DAY_MS, "30 d"}, {INT64_MAX, "more"}};

int64_t times_bucket_ms(int bucket)
{
    return BUCKETS[bucket].up_to_ms;
}

const char *times_bucket_name(int bucket)
{
    return BUCKETS[bucket].name;
}

/* Times of one group as one thread met them: whole seconds, and what is above them. */
struct pile {
    int64_t started;
    size_t count, room;
    uint32_t *s;
    uint16_t *ms; /* NULL where the log has none */
};

struct times {
    const struct behaviour_log *log;
    struct behaviour_who who;
    struct behaviour_events from, to;
    uint8_t meaning[BEHAVIOUR_TYPES_MAX]; /* bit 0: may be A, bit 1: may be B */
    bool first, has_tests;
    int64_t window_ms;
};

static void widen(struct pile *pile, bool has_ms)
{
    pile->room = pile->room == 0 ? 1024 : pile->room * 2;
    pile->s = reallocarray(pile->s, pile->room, sizeof(*pile->s));
    ASSERT(pile->s != NULL);
    if (has_ms) {
        pile->ms = reallocarray(pile->ms, pile->room, sizeof(*pile->ms));
        ASSERT(pile->ms != NULL);
    }
}

static inline void add_time(const struct times *times, struct pile *pile, uint32_t from,
                            uint32_t to)
{
    const struct behaviour_log *log = times->log;
    bool has_ms = log->at_ms != NULL;
    if (pile->count == pile->room) {
        widen(pile, has_ms);
    }
    if (!has_ms) {
        uint32_t took_s = log->at_s[to] - log->at_s[from];
        pile->s[pile->count] = took_s;
        pile->count += (int64_t)took_s * MS <= times->window_ms;
        return;
    }
    int64_t took_ms = behaviour_at_ms(log, to) - behaviour_at_ms(log, from);
    pile->s[pile->count] = (uint32_t)(took_ms / MS);
    pile->ms[pile->count] = (uint16_t)(took_ms % MS);
    pile->count += took_ms <= times->window_ms;
}

static void time_person(const struct times *times, struct pile *pile, uint32_t first, uint32_t last)
{
    const uint8_t *type = times->log->type;
    uint32_t next = UINT32_MAX; /* the B that comes next */
    uint32_t first_from = UINT32_MAX;
    uint32_t first_next = UINT32_MAX;
    for (uint32_t event = last; event-- > first;) {
        unsigned meaning = times->meaning[type[event]];
        if (meaning == 0) {
            continue;
        }
        if ((meaning & 1) != 0 && behaviour_has_properties(&times->from, event)) {
            if (times->first) {
                first_from = event;
                first_next = next;
            } else {
                pile->started++;
                if (next != UINT32_MAX) {
                    add_time(times, pile, event, next);
                }
            }
        }
        if ((meaning & 2) != 0 && behaviour_has_properties(&times->to, event)) {
            next = event;
        }
    }
    if (first_from != UINT32_MAX) {
        pile->started++;
        if (first_next != UINT32_MAX) {
            add_time(times, pile, first_from, first_next);
        }
    }
}

static void time_people(const void *question, void *part, uint32_t from, uint32_t to)
{
    const struct times *times = question;
    struct pile *piles = part;
    for (uint32_t person = from; person < to; person++) {
        if (behaviour_is_meant(&times->who, person)) {
            uint32_t first;
            uint32_t last = behaviour_trail(&times->who, person, &first);
            time_person(times, &piles[behaviour_group(&times->who, person)], first, last);
        }
    }
}

/* ---- order ----------------------------------------------------------------------------------- */

/* The same piles of all threads, as one set. */
struct heap {
    const struct pile **piles;
    int pile_count;
    int64_t count;
    int shift; /* of seconds, to coarse buckets */
    int64_t coarse[COARSE];
    int fine_of; /* the coarse bucket that `fine` is of; -1 none */
    int64_t *fine;
};

static void count_coarsely(struct heap *heap)
{
    uint32_t most = 0;
    heap->count = 0;
    for (int i = 0; i < heap->pile_count; i++) {
        heap->count += (int64_t)heap->piles[i]->count;
        for (size_t k = 0; k < heap->piles[i]->count; k++) {
            most = heap->piles[i]->s[k] > most ? heap->piles[i]->s[k] : most;
        }
    }
    heap->shift = 0;
    heap->fine_of = -1;
    while (most >> heap->shift >= COARSE) {
        heap->shift++;
    }
    memset(heap->coarse, 0, sizeof(heap->coarse));
    for (int i = 0; i < heap->pile_count; i++) {
        for (size_t k = 0; k < heap->piles[i]->count; k++) {
            heap->coarse[heap->piles[i]->s[k] >> heap->shift]++;
        }
    }
}

/* Which of the counts holds the place; what is before it is taken off. */
static uint32_t find_place(const int64_t *counts, int64_t *place)
{
    uint32_t at = 0;
    while (counts[at] <= *place) {
        *place -= counts[at++];
    }
    return at;
}

/* The time at the place (from 0) in their order. */
static double time_at(struct heap *heap, int64_t place)
{
    uint32_t bucket = find_place(heap->coarse, &place);
    if (heap->fine_of != (int)bucket) {
        heap->fine_of = (int)bucket;
        memset(heap->fine, 0, ((size_t)1 << heap->shift) * sizeof(int64_t));
        uint32_t mask = ((uint32_t)1 << heap->shift) - 1;
        for (int i = 0; i < heap->pile_count; i++) {
            const struct pile *pile = heap->piles[i];
            for (size_t k = 0; k < pile->count; k++) {
                if (pile->s[k] >> heap->shift == bucket) {
                    heap->fine[pile->s[k] & mask]++;
                }
            }
        }
    }
    uint32_t second = (bucket << heap->shift) + find_place(heap->fine, &place);
    int64_t of_ms[MS] = {0};
    bool has_ms = false;
    for (int i = 0; i < heap->pile_count; i++) {
        const struct pile *pile = heap->piles[i];
        for (size_t k = 0; pile->ms != NULL && k < pile->count; k++) {
            has_ms = true;
            of_ms[pile->ms[k]] += pile->s[k] == second;
        }
    }
    return (double)second * MS + (has_ms ? find_place(of_ms, &place) : 0);
}

static double quantile(struct heap *heap, double share)
{
    struct quantile_place place = quantile_place(heap->count, share);
    double low = time_at(heap, place.index);
    return place.weight > 0 ? low + (time_at(heap, place.index + 1) - low) * place.weight : low;
}

/* By seconds: a bucket ends at a whole one. */
static void fill_buckets(struct heap *heap, struct times_group *group)
{
    double sum_ms = 0;
    for (int i = 0; i < heap->pile_count; i++) {
        const struct pile *pile = heap->piles[i];
        uint64_t seconds = 0;
        uint64_t ms = 0;
        for (size_t k = 0; k < pile->count; k++) {
            uint32_t s = pile->s[k];
            uint32_t above = pile->ms != NULL ? pile->ms[k] : 0;
            seconds += s;
            ms += above;
            int bucket = 0;
            for (int at = 0; at < TIMES_BUCKETS - 1; at++) { /* without a branch */
                uint32_t end_s = (uint32_t)(BUCKETS[at].up_to_ms / MS);
                bucket += (s > end_s) | ((s == end_s) & (above > 0));
            }
            group->bucket[bucket]++;
        }
        sum_ms += (double)seconds * MS + (double)ms;
    }
    group->mean_ms = ratio(sum_ms, (double)heap->count);
}

static void fill_group(struct heap *heap, struct times_group *group)
{
    for (int i = 0; i < heap->pile_count; i++) {
        group->started += heap->piles[i]->started;
    }
    count_coarsely(heap);
    group->followed = heap->count;
    group->median_ms = group->p90_ms = group->mean_ms = (double)NAN;
    if (heap->count > 0) {
        heap->fine = calloc((size_t)1 << heap->shift, sizeof(int64_t));
        ASSERT(heap->fine != NULL);
        group->median_ms = quantile(heap, 0.5);
        group->p90_ms = quantile(heap, 0.9);
        fill_buckets(heap, group);
        free(heap->fine);
    }
}

/* ---- the question ---------------------------------------------------------------------------- */

static enum err prepare(struct times *times, struct arena *arena,
                        const struct times_question *question, struct times_answer *answer,
                        struct err_detail *detail)
{
    struct behaviour_term *terms;
    int count;
    enum err error =
        behaviour_parse_steps(arena, "steps", question->steps, 2, &terms, &count, detail);
    if (error == OK && count != 2) {
        return err_set(detail, ERR_INVALID, "steps: expected two events, FROM > TO");
    }
    if (error == OK) {
        error = behaviour_events_of(times->log, "steps", &terms[0], &times->from, detail);
    }
    if (error == OK) {
        error = behaviour_events_of(times->log, "steps", &terms[1], &times->to, detail);
    }
    if (error != OK) {
        return error;
    }
    if (question->window_ms < 0 || question->window_ms > 3650 * DAY_MS) {
        return err_set(detail, ERR_INVALID, "window: must be from 1s to 3650d");
    }
    for (int type = 0; type < BEHAVIOUR_TYPES_MAX; type++) {
        times->meaning[type] =
            (uint8_t)((times->from.type[type] ? 1 : 0) | (times->to.type[type] ? 2 : 0));
    }
    times->first = question->first;
    times->window_ms = question->window_ms > 0 ? question->window_ms : INT64_MAX;
    answer->from = arena_str(arena, terms[0].text);
    answer->to = arena_str(arena, terms[1].text);
    return behaviour_who_of(times->log, arena, &question->common, &times->who, detail);
}

static void fill_answer(const struct times *times, struct arena *arena, struct pile *piles,
                        int threads, struct times_answer *answer)
{
    int groups = answer->group_count;
    size_t pile_count = (size_t)threads * (size_t)(groups + 1);
    struct heap *heap = ARENA_NEW(arena, struct heap);
    heap->piles = ARENA_ARRAY(arena, const struct pile *, pile_count);
    answer->groups = ARENA_ARRAY(arena, struct times_group, (size_t)groups + 1);
    for (int group = 0; group <= groups; group++) {
        bool is_all = group == groups;
        heap->pile_count = 0;
        for (size_t i = 0; i < pile_count; i++) {
            if (is_all || i % (size_t)(groups + 1) == (size_t)group) {
                heap->piles[heap->pile_count++] = &piles[i];
            }
        }
        if (is_all && groups == 1) {
            answer->groups[1] = answer->groups[0];
            answer->groups[1].name = STR("");
        } else {
            answer->groups[group].name = is_all ? STR("") : times->who.groups[group];
            fill_group(heap, &answer->groups[group]);
        }
    }
}

enum err behaviour_times(const struct behaviour_log *log, struct arena *arena,
                         const struct times_question *question, struct times_answer *ret_answer,
                         struct err_detail *detail)
{
    struct times times = {.log = log};
    struct times_answer answer = {.group_count = 0};
    enum err error = prepare(&times, arena, question, &answer, detail);
    if (error != OK) {
        return error;
    }
    int threads = behaviour_scan_threads(&times.who);
    answer.group_count = times.who.group_count;
    size_t each = (size_t)answer.group_count + 1;
    struct pile *piles = calloc((size_t)threads * each, sizeof(*piles));
    ASSERT(piles != NULL);
    behaviour_scan(&times.who, time_people, &times, piles, each * sizeof(*piles));
    fill_answer(&times, arena, piles, threads, &answer);
    for (size_t i = 0; i < (size_t)threads * each; i++) {
        free(piles[i].s);
        free(piles[i].ms);
    }
    free(piles);
    *ret_answer = answer;
    return OK;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *seconds_json(double ms)
{
    return isnan(ms) ? json_null() : json_real(ms / MS);
}

static json_t *group_json(const struct times_group *group)
{
    json_t *json = json_object();
    json_t *buckets = json_array();
    for (int i = 0; i < TIMES_BUCKETS; i++) {
        json_t *bucket = json_object();
        json_object_set_new(bucket, "up_to_seconds",
                            i < TIMES_BUCKETS - 1 ? json_integer(BUCKETS[i].up_to_ms / MS)
                                                  : json_null());
        json_object_set_new(bucket, "count", json_integer(group->bucket[i]));
        json_array_append_new(buckets, bucket);
    }
    json_object_set_new(json, "group", json_str(group->name));
    json_object_set_new(json, "started", json_integer(group->started));
    json_object_set_new(json, "followed", json_integer(group->followed));
    json_object_set_new(json, "mean_seconds", seconds_json(group->mean_ms));
    json_object_set_new(json, "median_seconds", seconds_json(group->median_ms));
    json_object_set_new(json, "p90_seconds", seconds_json(group->p90_ms));
    json_object_set_new(json, "histogram", buckets);
    return json;
}

json_t *behaviour_times_json(const struct times_answer *answer)
{
    json_t *json = group_json(&answer->groups[answer->group_count]);
    json_t *groups = json_array();
    for (int i = 0; i < answer->group_count; i++) {
        json_array_append_new(groups, group_json(&answer->groups[i]));
    }
    json_object_del(json, "group");
    json_object_set_new(json, "from", json_str(answer->from));
    json_object_set_new(json, "to", json_str(answer->to));
    json_object_set_new(json, "groups", groups);
    return json;
}
