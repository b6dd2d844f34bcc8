/* Building the log: what is added waits in the order of its coming, and is then put into the place
 * of its person (a counting sort, which keeps that order); only trails that are not in the order of
 * time by then are sorted one by one. */
#include "bi/behaviour/log.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { MS = 1000 };
static const int64_t AT_MS_MAX = (int64_t)UINT32_MAX * MS + MS - 1;

/* Events as they came. */
struct behaviour_staging {
    size_t person_room, event_room;
    size_t event_count;
    uint32_t *person;
    uint32_t *at_s;
    uint16_t *at_ms;
    uint8_t *type;
    uint16_t *properties[BEHAVIOUR_COLUMNS_MAX];
    bool has_ms;
};

#define GROW(pointer, count) ((pointer) = grown((pointer), (count), sizeof(*(pointer))))

static void *grown(void *old, size_t count, size_t size)
{
    void *new = reallocarray(old, count > 0 ? count : 1, size);
    ASSERT(new != NULL); /* a restart is safe: the log is derived */
    return new;
}

static void init_columns(struct behaviour_log *log, struct behaviour_column *columns,
                         const struct str *names, int count)
{
    ASSERT(count <= BEHAVIOUR_COLUMNS_MAX);
    for (int i = 0; i < count; i++) {
        columns[i].name = arena_str(log->arena, names[i]);
        names_init(&columns[i].values, log->arena, BEHAVIOUR_VALUES_MAX + 1);
    }
}

struct behaviour_log *behaviour_log_new(const struct str *attributes, int attribute_count,
                                        const struct str *properties, int property_count)
{
    struct behaviour_log *log = calloc(1, sizeof(*log));
    ASSERT(log != NULL);
    log->arena = arena_new(64 * 1024);
    log->staging = calloc(1, sizeof(*log->staging));
    ASSERT(log->staging != NULL);
    log->attribute_count = attribute_count;
    log->property_count = property_count;
    init_columns(log, log->attributes, attributes, attribute_count);
    init_columns(log, log->properties, properties, property_count);
    names_init(&log->types, log->arena, BEHAVIOUR_TYPES_MAX);
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        int number = names_add(&log->types, str_of(event_type_name((enum event_type)type)));
        ASSERT(number == behaviour_own_type((enum event_type)type));
    }
    return log;
}

static void free_staging(struct behaviour_log *log)
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

static void free_columns(struct behaviour_column *columns, int count)
{
    for (int i = 0; i < count; i++) {
        names_release(&columns[i].values);
        free(columns[i].codes);
    }
}

void behaviour_log_free(struct behaviour_log *log)
{
    if (log == NULL) {
        return;
    }
    free_staging(log);
    free_columns(log->attributes, log->attribute_count);
    free_columns(log->properties, log->property_count);
    names_release(&log->types);
    free(log->person_id);
    free(log->joined_at_ms);
    free(log->first);
    free(log->last);
    free(log->at_s);
    free(log->at_ms);
    free(log->type);
    arena_free(log->arena);
    free(log);
}

/* ---- adding ---------------------------------------------------------------------------------- */

uint32_t behaviour_add_person(struct behaviour_log *log, int64_t id, int64_t joined_at_ms)
{
    struct behaviour_staging *staging = log->staging;
    uint32_t person = log->person_count;
    if (person == staging->person_room) {
        staging->person_room = person == 0 ? 1024 : staging->person_room * 2;
        GROW(log->person_id, staging->person_room);
        GROW(log->joined_at_ms, staging->person_room);
        for (int i = 0; i < log->attribute_count; i++) {
            GROW(log->attributes[i].codes, staging->person_room);
        }
    }
    log->person_id[person] = id;
    log->joined_at_ms[person] = joined_at_ms;
    for (int i = 0; i < log->attribute_count; i++) {
        log->attributes[i].codes[person] = 0;
    }
    log->person_count++;
    return person;
}

static enum err code_of(struct behaviour_column *column, struct str value, uint16_t *ret_code,
                        struct err_detail *detail)
{
    int code = names_add(&column->values, value);
    if (code == NAMES_NONE) {
        return err_set(detail, ERR_LIMIT,
                       "%.*s: has more than %d different values, too many for the behaviour log",
                       STR_ARG(column->name), BEHAVIOUR_VALUES_MAX);
    }
    *ret_code = (uint16_t)code;
    return OK;
}

enum err behaviour_set_attribute(struct behaviour_log *log, uint32_t person, int attribute,
                                 struct str value, struct err_detail *detail)
{
    struct behaviour_column *column = &log->attributes[attribute];
    return code_of(column, value, &column->codes[person], detail);
}

uint8_t behaviour_tracked_type(struct behaviour_log *log, struct str name)
{
    int number = names_find(&log->types, name);
    if (number != NAMES_NONE && number <= EVENT_TYPE_COUNT) {
        /* It is called like one of ours, but is none. */
        struct arena *arena = arena_new(1024);
        number = names_add(&log->types, arena_printf(arena, "tracked:%.*s", STR_ARG(name)));
        arena_free(arena);
    } else if (number == NAMES_NONE) {
        number = names_add(&log->types, name);
    }
    if (number == NAMES_NONE) {
        log->types_full = true;
        return behaviour_own_type(EVENT_TRACKED);
    }
    return (uint8_t)number;
}

static void make_room(struct behaviour_log *log)
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

enum err behaviour_add_event(struct behaviour_log *log, uint32_t person, int64_t at_ms,
                             uint8_t type, struct err_detail *detail)
{
    struct behaviour_staging *staging = log->staging;
    size_t at = staging->event_count;
    if (at == UINT32_MAX - 1) {
        return err_set(detail, ERR_LIMIT, "the behaviour log holds at most %u events",
                       UINT32_MAX - 1);
    }
    if (at == staging->event_room) {
        make_room(log);
    }
    at_ms = at_ms < 0 ? 0 : at_ms > AT_MS_MAX ? AT_MS_MAX : at_ms;
    staging->person[at] = person;
    staging->at_s[at] = (uint32_t)(at_ms / MS);
    staging->at_ms[at] = (uint16_t)(at_ms % MS);
    staging->type[at] = type;
    staging->has_ms |= at_ms % MS != 0;
    for (int i = 0; i < log->property_count; i++) {
        staging->properties[i][at] = 0;
    }
    if (at == 0 || at_ms < log->oldest_ms) {
        log->oldest_ms = at_ms;
    }
    if (at == 0 || at_ms > log->newest_ms) {
        log->newest_ms = at_ms;
    }
    staging->event_count++;
    return OK;
}

enum err behaviour_set_property(struct behaviour_log *log, int property, struct str value,
                                struct err_detail *detail)
{
    return code_of(&log->properties[property], value,
                   &log->staging->properties[property][log->staging->event_count - 1], detail);
}

/* ---- sorting --------------------------------------------------------------------------------- */

/* Where each person's events begin; `last` is where the next one goes. */
static void count_events(struct behaviour_log *log)
{
    const struct behaviour_staging *staging = log->staging;
    GROW(log->first, log->person_count);
    GROW(log->last, log->person_count);
    memset(log->last, 0, log->person_count * sizeof(*log->last));
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

static void place_events(struct behaviour_log *log)
{
    struct behaviour_staging *staging = log->staging;
    size_t count = staging->event_count;
    GROW(log->at_s, count);
    GROW(log->type, count);
    if (staging->has_ms) {
        GROW(log->at_ms, count);
    }
    for (int i = 0; i < log->property_count; i++) {
        GROW(log->properties[i].codes, count);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t to = log->last[staging->person[i]]++;
        log->at_s[to] = staging->at_s[i];
        log->type[to] = staging->type[i];
        if (staging->has_ms) {
            log->at_ms[to] = staging->at_ms[i];
        }
        for (int k = 0; k < log->property_count; k++) {
            log->properties[k].codes[to] = staging->properties[k][i];
        }
    }
    log->event_count = (uint32_t)count;
}

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

void behaviour_finish(struct behaviour_log *log)
{
    count_events(log);
    place_events(log);
    free_staging(log);
    for (uint32_t person = 0; person < log->person_count; person++) {
        for (uint32_t i = log->first[person] + 1; i < log->last[person]; i++) {
            if (behaviour_at_ms(log, i) < behaviour_at_ms(log, i - 1)) {
                sort_trail(log, log->first[person], log->last[person]);
                break;
            }
        }
    }
}

int64_t behaviour_log_bytes(const struct behaviour_log *log)
{
    size_t event = sizeof(*log->at_s) + sizeof(*log->type) +
                   (log->at_ms != NULL ? sizeof(*log->at_ms) : 0) +
                   (size_t)log->property_count * sizeof(uint16_t);
    size_t person = sizeof(*log->person_id) + sizeof(*log->joined_at_ms) + sizeof(*log->first) +
                    sizeof(*log->last) + (size_t)log->attribute_count * sizeof(uint16_t);
    return (int64_t)(event * log->event_count + person * log->person_count);
}
