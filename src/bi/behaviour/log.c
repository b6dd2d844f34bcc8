/* Adding to a log: what is added waits in the order of its coming until log_sort.c sorts it. */
#include "bi/behaviour/log.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "bi/behaviour/log_parts.h"
#include "bi/behaviour/shelf.h"

enum { MS = 1000 };
static const int64_t AT_MS_MAX = (int64_t)UINT32_MAX * MS + MS - 1;

/* Held by all editions. */
struct behaviour_texts {
    atomic_uint holders;
    struct arena *arena;
};

static void init_columns(struct behaviour_log *log, struct behaviour_column *columns,
                         const struct str *names, int count)
{
    ASSERT(count <= BEHAVIOUR_COLUMNS_MAX);
    for (int i = 0; i < count; i++) {
        columns[i].name = arena_str(log->texts->arena, names[i]);
        names_init(&columns[i].values, log->texts->arena, BEHAVIOUR_VALUES_MAX + 1);
    }
}

struct behaviour_log *behaviour_log_new(const struct str *attributes, int attribute_count,
                                        const struct str *properties, int property_count)
{
    struct behaviour_log *log = calloc(1, sizeof(*log));
    struct behaviour_texts *texts = calloc(1, sizeof(*texts));
    ASSERT(log != NULL && texts != NULL);
    atomic_init(&log->holders, 1);
    atomic_init(&texts->holders, 1);
    texts->arena = arena_new(64 * 1024);
    log->texts = texts;
    log->staging = behaviour_staging_new();
    log->attribute_count = attribute_count;
    log->property_count = property_count;
    init_columns(log, log->attributes, attributes, attribute_count);
    init_columns(log, log->properties, properties, property_count);
    names_init(&log->types, texts->arena, BEHAVIOUR_TYPES_MAX);
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        int number = names_add(&log->types, str_of(event_type_name((enum event_type)type)));
        ASSERT(number == behaviour_own_type((enum event_type)type));
    }
    return log;
}

static void share_columns(struct behaviour_column *columns, int count)
{
    for (int i = 0; i < count; i++) {
        columns[i].values = names_share(&columns[i].values);
        (void)shelf_share(columns[i].codes);
    }
}

struct behaviour_log *behaviour_log_next(const struct behaviour_log *log)
{
    ASSERT(log->staging == NULL);
    struct behaviour_log *next = malloc(sizeof(*next));
    ASSERT(next != NULL);
    /* All but the counter before it, which readers change meanwhile. */
    const size_t from = offsetof(struct behaviour_log, texts);
    memcpy((char *)next + from, (const char *)log + from, sizeof(*next) - from);
    atomic_init(&next->holders, 1);
    atomic_fetch_add(&next->texts->holders, 1);
    share_columns(next->attributes, next->attribute_count);
    share_columns(next->properties, next->property_count);
    next->types = names_share(&log->types);
    (void)shelf_share(next->person_id);
    (void)shelf_share(next->joined_at_ms);
    (void)shelf_share(next->first);
    (void)shelf_share(next->last);
    (void)shelf_share(next->at_s);
    (void)shelf_share(next->at_ms);
    (void)shelf_share(next->type);
    next->staging = behaviour_staging_new();
    next->staging->people_before = log->person_count;
    return next;
}

struct behaviour_log *behaviour_log_share(struct behaviour_log *log)
{
    ASSERT(log->staging == NULL);
    atomic_fetch_add(&log->holders, 1);
    return log;
}

static void free_columns(struct behaviour_column *columns, int count)
{
    for (int i = 0; i < count; i++) {
        names_release(&columns[i].values);
        shelf_drop(columns[i].codes);
    }
}

void behaviour_log_free(struct behaviour_log *log)
{
    if (log == NULL || atomic_fetch_sub(&log->holders, 1) > 1) {
        return;
    }
    behaviour_staging_free(log);
    free_columns(log->attributes, log->attribute_count);
    free_columns(log->properties, log->property_count);
    names_release(&log->types);
    shelf_drop(log->person_id);
    shelf_drop(log->joined_at_ms);
    shelf_drop(log->first);
    shelf_drop(log->last);
    shelf_drop(log->at_s);
    shelf_drop(log->at_ms);
    shelf_drop(log->type);
    if (atomic_fetch_sub(&log->texts->holders, 1) == 1) {
        arena_free(log->texts->arena);
        free(log->texts);
    }
    free(log);
}

/* ---- people ---------------------------------------------------------------------------------- */

/* A column of people with room for one more behind `count`. */
#define EXTEND(column, count)                                                                      \
    ((column) = shelf_extend((column), (count) * sizeof(*(column)),                                \
                             ((size_t)(count) + 1) * sizeof(*(column))))
/* A column of people that may be changed. Numbers that no other edition looks at need not be. */
#define OWN(log, column)                                                                           \
    ((column) = shelf_own((column), (log)->person_count * sizeof(*(column)),                       \
                          (log)->person_count * sizeof(*(column))))

uint32_t behaviour_add_person(struct behaviour_log *log, int64_t id, int64_t joined_at_ms)
{
    uint32_t person = log->person_count;
    EXTEND(log->person_id, person);
    EXTEND(log->joined_at_ms, person);
    EXTEND(log->first, person);
    EXTEND(log->last, person);
    log->person_id[person] = id;
    log->joined_at_ms[person] = joined_at_ms;
    log->first[person] = log->last[person] = 0;
    for (int i = 0; i < log->attribute_count; i++) {
        EXTEND(log->attributes[i].codes, person);
        log->attributes[i].codes[person] = 0;
    }
    log->person_count++;
    return person;
}

void behaviour_set_joined(struct behaviour_log *log, uint32_t person, int64_t joined_at_ms)
{
    if (log->joined_at_ms[person] != joined_at_ms) {
        OWN(log, log->joined_at_ms);
        log->joined_at_ms[person] = joined_at_ms;
    }
}

void behaviour_drop_events(struct behaviour_log *log, uint32_t person)
{
    ASSERT(log->staging->event_count == 0);
    if (log->first[person] < log->last[person]) {
        log->event_count -= log->last[person] - log->first[person];
        OWN(log, log->first);
        OWN(log, log->last);
        log->first[person] = log->last[person] = 0;
        log->staging->bounds_are_old = true;
    }
}

void behaviour_drop_person(struct behaviour_log *log, uint32_t person)
{
    behaviour_drop_events(log, person);
    OWN(log, log->person_id);
    OWN(log, log->joined_at_ms);
    OWN(log, log->first);
    OWN(log, log->last);
    uint32_t last = log->person_count - 1;
    log->person_id[person] = log->person_id[last];
    log->joined_at_ms[person] = log->joined_at_ms[last];
    log->first[person] = log->first[last];
    log->last[person] = log->last[last];
    for (int i = 0; i < log->attribute_count; i++) {
        OWN(log, log->attributes[i].codes);
        log->attributes[i].codes[person] = log->attributes[i].codes[last];
    }
    log->person_count--;
}

/* ---- what is added --------------------------------------------------------------------------- */
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
    uint16_t code = 0;
    enum err error = code_of(column, value, &code, detail);
    if (error == OK && column->codes[person] != code) {
        if (person < log->staging->people_before) {
            OWN(log, column->codes);
        }
        column->codes[person] = code;
    }
    return error;
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

enum err behaviour_add_event(struct behaviour_log *log, uint32_t person, int64_t at_ms,
                             uint8_t type, struct err_detail *detail)
{
    struct behaviour_staging *staging = log->staging;
    size_t at = staging->event_count;
    if (at + log->event_count >= UINT32_MAX - 1) {
        return err_set(detail, ERR_LIMIT, "the behaviour log holds at most %u events",
                       UINT32_MAX - 1);
    }
    if (at == staging->event_room) {
        behaviour_staging_grow(log);
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
    bool is_only = at == 0 && log->event_count == 0;
    if (is_only || at_ms < log->oldest_ms) {
        log->oldest_ms = at_ms;
    }
    if (is_only || at_ms > log->newest_ms) {
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

int64_t behaviour_log_peak_bytes(const struct behaviour_log *log)
{
    size_t properties = (size_t)log->property_count * sizeof(uint16_t);
    size_t sorted = sizeof(*log->at_s) + sizeof(*log->type) + sizeof(*log->at_ms) + properties;
    size_t staged = log->staging == NULL ? 0 : log->staging->event_count;
    return behaviour_log_bytes(log) +
           (int64_t)(staged * (sorted + sizeof(*log->staging->person) + sorted));
}

int64_t behaviour_log_bytes(const struct behaviour_log *log)
{
    size_t event = sizeof(*log->at_s) + sizeof(*log->type) +
                   (log->at_ms != NULL ? sizeof(*log->at_ms) : 0) +
                   (size_t)log->property_count * sizeof(uint16_t);
    size_t person = sizeof(*log->person_id) + sizeof(*log->joined_at_ms) + sizeof(*log->first) +
                    sizeof(*log->last) + (size_t)log->attribute_count * sizeof(uint16_t);
    return (int64_t)(event * log->event_end + person * log->person_count);
}
