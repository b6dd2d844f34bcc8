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
    uint64_t sum_s, sum_ms;
    uint32_t *coarse; /* how many, by seconds >> shift; NULL: none yet */
};

struct times {
    const struct behaviour_log *log;
    struct behaviour_who who;
    struct behaviour_events from, to;
    uint8_t meaning[BEHAVIOUR_TYPES_MAX]; /* bit 0: may be A, bit 1: may be B */
    uint8_t wanted[BEHAVIOUR_TYPES_MAX];  /* 1: one of both */
    bool first, plain;                    /* plain: every one, whole seconds, no properties */
    int64_t window_ms;
    int shift; /* of seconds, to coarse buckets */
};

/* Room for so many more, and one that does not count. */
static void make_room(const struct times *times, struct pile *pile, size_t more)
{
    if (pile->coarse == NULL) {
        pile->coarse = calloc(COARSE, sizeof(*pile->coarse));
        ASSERT(pile->coarse != NULL);
    }
    if (pile->count + more < pile->room) {
        return;
    }
    pile->room = (pile->count + more + 1024) * 2;
    pile->s = reallocarray(pile->s, pile->room, sizeof(*pile->s));
    ASSERT(pile->s != NULL);
    if (times->log->at_ms != NULL) {
        pile->ms = reallocarray(pile->ms, pile->room, sizeof(*pile->ms));
        ASSERT(pile->ms != NULL);
    }
}

static void add_time(const struct times *times, struct pile *pile, uint32_t from, uint32_t to)
{
    int64_t took_ms = behaviour_at_ms(times->log, to) - behaviour_at_ms(times->log, from);
    if (took_ms > times->window_ms) {
        return;
    }
    uint32_t took_s = (uint32_t)(took_ms / MS);
    pile->s[pile->count] = took_s;
    pile->sum_s += took_s;
    pile->coarse[took_s >> times->shift]++;
    if (pile->ms != NULL) {
        pile->ms[pile->count] = (uint16_t)(took_ms % MS);
        pile->sum_ms += (uint64_t)(took_ms % MS);
    }
    pile->count++;
}

/* What is known of a person while going backwards. */
struct walk {
    uint32_t next; /* the B that comes next; UINT32_MAX none */
    uint32_t first_from, first_next;
};

static void time_picked(const struct times *times, struct pile *pile, struct walk *walk,
                        const uint32_t *picked, uint32_t count)
{
    for (uint32_t i = count; i-- > 0;) {
        uint32_t event = picked[i];
        unsigned meaning = times->meaning[times->log->type[event]];
        if ((meaning & 1) != 0 && behaviour_has_properties(&times->from, event)) {
            walk->first_from = event;
            walk->first_next = walk->next;
            pile->started += !times->first;
            if (!times->first && walk->next != UINT32_MAX) {
                add_time(times, pile, event, walk->next);
            }
        }
        if ((meaning & 2) != 0 && behaviour_has_properties(&times->to, event)) {
            walk->next = event;
        }
    }
}

/* The same for the plain question, without branches. */
static void time_plainly(const struct times *times, struct pile *pile, struct walk *walk,
                         const uint32_t *picked, uint32_t count)
{
    const struct behaviour_log *log = times->log;
    int64_t window_s = times->window_ms / MS;
    uint32_t *s = pile->s;
    size_t at = pile->count;
    uint64_t sum_s = 0;
    unsigned has_next = walk->next != UINT32_MAX;
    uint32_t next_s = has_next ? log->at_s[walk->next] : 0;
    for (uint32_t i = count; i-- > 0;) {
        uint32_t event = picked[i];
        unsigned meaning = times->meaning[log->type[event]];
        uint32_t at_s = log->at_s[event];
        uint32_t took_s = has_next ? next_s - at_s : 0;
        unsigned counts = meaning & has_next & (took_s <= window_s) & 1;
        s[at] = took_s;
        at += counts;
        sum_s += counts ? took_s : 0;
        pile->coarse[took_s >> times->shift] += counts;
        pile->started += meaning & 1;
        walk->next = (meaning & 2) != 0 ? event : walk->next;
        next_s = (meaning & 2) != 0 ? at_s : next_s;
        has_next |= meaning >> 1;
    }
    pile->count = at;
    pile->sum_s += sum_s;
}

static void time_person(const struct times *times, struct pile *pile, uint32_t first, uint32_t last)
{
    uint32_t picked[BEHAVIOUR_PICKED_MAX];
    struct walk walk = {UINT32_MAX, UINT32_MAX, UINT32_MAX};
    while (first < last) {
        uint32_t begin = last - first > BEHAVIOUR_PICKED_MAX ? last - BEHAVIOUR_PICKED_MAX : first;
        uint32_t count = behaviour_pick(times->log, times->wanted, begin, last, picked);
        make_room(times, pile, count + 1);
        if (times->plain) {
            time_plainly(times, pile, &walk, picked, count);
        } else {
            time_picked(times, pile, &walk, picked, count);
        }
        last = begin;
    }
    if (times->first && walk.first_from != UINT32_MAX) {
        pile->started++;
        if (walk.first_next != UINT32_MAX) {
            add_time(times, pile, walk.first_from, walk.first_next);
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

/* The same piles of all threads, as one set. A place in their order is looked for in its coarse
 * bucket; those that hold one, or the end of a bucket that is shown, are wanted and counted by
 * seconds in one more pass. */
struct heap {
    const struct pile **piles;
    int pile_count;
    int64_t count;
    int shift;
    int64_t coarse[COARSE];
    int8_t wanted[COARSE]; /* which of `fine` + 1; 0: none */
    int fine_count;
    int64_t *fine; /* fine_count times 1 << shift */
};

enum { PLACES = 4, FINE_MAX = PLACES + TIMES_BUCKETS };

static void want(struct heap *heap, uint32_t bucket)
{
    if (heap->wanted[bucket] == 0) {
        heap->wanted[bucket] = (int8_t)++heap->fine_count;
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

static void count_finely(struct heap *heap)
{
    uint32_t mask = ((uint32_t)1 << heap->shift) - 1;
    heap->fine = calloc((size_t)heap->fine_count << heap->shift, sizeof(int64_t));
    ASSERT(heap->fine != NULL);
    for (int i = 0; i < heap->pile_count; i++) {
        const struct pile *pile = heap->piles[i];
        for (size_t k = 0; k < pile->count; k++) {
            int fine = heap->wanted[pile->s[k] >> heap->shift];
            if (fine != 0) {
                heap->fine[((size_t)(fine - 1) << heap->shift) + (pile->s[k] & mask)]++;
            }
        }
    }
}

static const int64_t *fine_of(const struct heap *heap, uint32_t bucket)
{
    return heap->fine + ((size_t)(heap->wanted[bucket] - 1) << heap->shift);
}

/* How many of those with this second have which milliseconds; false where there are none. */
static bool count_ms(const struct heap *heap, uint32_t second, int64_t of_ms[MS])
{
    bool has_ms = false;
    memset(of_ms, 0, MS * sizeof(*of_ms));
    for (int i = 0; i < heap->pile_count; i++) {
        const struct pile *pile = heap->piles[i];
        for (size_t k = 0; pile->ms != NULL && k < pile->count; k++) {
            has_ms = true;
            of_ms[pile->ms[k]] += pile->s[k] == second;
        }
    }
    return has_ms;
}

/* The time at the place (from 0) in their order. */
static double time_at(const struct heap *heap, int64_t place)
{
    int64_t of_ms[MS];
    uint32_t bucket = find_place(heap->coarse, &place);
    uint32_t second = (bucket << heap->shift) + find_place(fine_of(heap, bucket), &place);
    return (double)second * MS + (count_ms(heap, second, of_ms) ? find_place(of_ms, &place) : 0);
}

static double quantile(const struct heap *heap, double share)
{
    struct quantile_place place = quantile_place(heap->count, share);
    double low = time_at(heap, place.index);
    return place.weight > 0 ? low + (time_at(heap, place.index + 1) - low) * place.weight : low;
}

/* How many took at most so long: whole seconds. */
static int64_t count_until(const struct heap *heap, int64_t end_ms)
{
    int64_t of_ms[MS];
    uint32_t second = (uint32_t)(end_ms / MS);
    uint32_t bucket = second >> heap->shift;
    if (bucket >= COARSE) {
        return heap->count;
    }
    int64_t count = 0;
    for (uint32_t i = 0; i < bucket; i++) {
        count += heap->coarse[i];
    }
    uint32_t within = second & (((uint32_t)1 << heap->shift) - 1);
    const int64_t *fine = fine_of(heap, bucket);
    for (uint32_t i = 0; i < within; i++) {
        count += fine[i];
    }
    return count + (count_ms(heap, second, of_ms) ? of_ms[0] : fine[within]);
}

static void count_coarsely(struct heap *heap)
{
    heap->count = 0;
    heap->fine_count = 0;
    memset(heap->coarse, 0, sizeof(heap->coarse));
    memset(heap->wanted, 0, sizeof(heap->wanted));
    for (int i = 0; i < heap->pile_count; i++) {
        heap->count += (int64_t)heap->piles[i]->count;
        for (int k = 0; heap->piles[i]->coarse != NULL && k < COARSE; k++) {
            heap->coarse[k] += heap->piles[i]->coarse[k];
        }
    }
}

static void want_all(struct heap *heap)
{
    static const double shares[] = {0.5, 0.9};
    for (int i = 0; i < 2; i++) {
        int64_t index = quantile_place(heap->count, shares[i]).index;
        for (int k = 0; k < 2 && index + k < heap->count; k++) {
            int64_t place = index + k;
            want(heap, find_place(heap->coarse, &place));
        }
    }
    for (int i = 0; i < TIMES_BUCKETS - 1; i++) {
        uint32_t bucket = (uint32_t)(BUCKETS[i].up_to_ms / MS) >> heap->shift;
        if (bucket < COARSE) {
            want(heap, bucket);
        }
    }
}

static void fill_group(struct heap *heap, struct times_group *group)
{
    double sum_ms = 0;
    for (int i = 0; i < heap->pile_count; i++) {
        const struct pile *pile = heap->piles[i];
        group->started += pile->started;
        sum_ms += (double)pile->sum_s * MS + (double)pile->sum_ms;
    }
    count_coarsely(heap);
    group->followed = heap->count;
    group->mean_ms = ratio(sum_ms, (double)heap->count);
    group->median_ms = group->p90_ms = (double)NAN;
    if (heap->count > 0) {
        want_all(heap);
        count_finely(heap);
        group->median_ms = quantile(heap, 0.5);
        group->p90_ms = quantile(heap, 0.9);
        int64_t before = 0;
        for (int i = 0; i < TIMES_BUCKETS; i++) {
            int64_t until =
                i < TIMES_BUCKETS - 1 ? count_until(heap, BUCKETS[i].up_to_ms) : heap->count;
            group->bucket[i] = until - before;
            before = until;
        }
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
        times->wanted[type] = times->meaning[type] != 0;
    }
    while ((times->log->newest_ms - times->log->oldest_ms) / MS >> times->shift >= COARSE - 1) {
        times->shift++;
    }
    times->first = question->first;
    times->plain = !question->first && times->log->at_ms == NULL &&
                   times->from.test_count + times->to.test_count == 0;
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
    heap->shift = times->shift;
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
        free(piles[i].coarse);
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
