/* Pages along the keys of users, runs and events, in one reading transaction, so that a join or an
 * erasure meanwhile is seen wholly or not at all. Memory is bounded by the log and one page. */
#include "bi/behaviour/load.h"

#include <stdlib.h>

#include "base/calendar.h"
#include "base/check.h"
#include "base/json_tree.h"
#include "base/limits.h"
#include "core/channel_kind.h"
#include "core/delivery.h"
#include "core/person.h"

enum { PAGE_ROWS = PORTION(20000, 3), FIXED_COUNT = 7 };
static const struct str VARIANT = {"variant:", 8};

/* In the order of the columns of behaviour_users, from its third. */
static const char *const FIXED[FIXED_COUNT] = {"source", "language", "zone",  "channel",
                                               "set",    "existing", "cohort"};

struct loading {
    struct store *store;
    struct arena *page; /* reset after each */
    struct behaviour_log *log;
    struct err_detail *detail;
    uint32_t *slots; /* person + 1 by hash of the id; 0: empty */
    uint32_t slot_mask;
};

/* ---- people ---------------------------------------------------------------------------------- */

static uint32_t slot_of(const struct loading *loading, int64_t id)
{
    return (uint32_t)(((uint64_t)id * 0x9e3779b97f4a7c15U) >> 32) & loading->slot_mask;
}

static void index_people(struct loading *loading)
{
    uint32_t count = 1024;
    while (count < loading->log->person_count * 2) {
        count *= 2;
    }
    loading->slots = calloc(count, sizeof(uint32_t));
    ASSERT(loading->slots != NULL);
    loading->slot_mask = count - 1;
    for (uint32_t person = 0; person < loading->log->person_count; person++) {
        uint32_t at = slot_of(loading, loading->log->person_id[person]);
        while (loading->slots[at] != 0) {
            at = (at + 1) & loading->slot_mask;
        }
        loading->slots[at] = person + 1;
    }
}

/* Its number + 1; 0 when nobody has the id. */
static uint32_t person_of(const struct loading *loading, int64_t id)
{
    uint32_t at = slot_of(loading, id);
    while (loading->slots[at] != 0 && loading->log->person_id[loading->slots[at] - 1] != id) {
        at = (at + 1) & loading->slot_mask;
    }
    return loading->slots[at];
}

/* "2026-01-05": the Monday of the ISO week. */
static struct str cohort_of(struct arena *arena, int64_t joined_at_ms)
{
    int64_t day = joined_at_ms / DAY_MS;
    int year;
    int month;
    int of_month;
    calendar_civil((day + 3) / 7 * 7 - 3, &year, &month, &of_month);
    return arena_printf(arena, "%04d-%02d-%02d", year, month, of_month);
}

static enum err take_person(struct loading *loading, const struct cell *cell)
{
    struct behaviour_log *log = loading->log;
    int64_t joined_at_ms = cell[1].integer;
    uint32_t person = behaviour_add_person(log, cell[0].integer, joined_at_ms);
    const struct str values[FIXED_COUNT] = {
        cell[2].text,
        cell[3].text,
        cell[4].text,
        str_of(channel_kind_name((enum channel_kind)cell[5].integer)),
        cell[7].integer != 0 ? str_of(journey_set_name((enum journey_set)cell[6].integer))
                             : STR(""),
        cell[8].integer != 0 ? STR("yes") : STR("no"),
        cohort_of(loading->page, joined_at_ms),
    };
    enum err error = OK;
    for (int i = 0; error == OK && i < FIXED_COUNT; i++) {
        error = behaviour_set_attribute(log, person, i, values[i], loading->detail);
    }
    return error;
}

static enum err load_people(struct loading *loading)
{
    int64_t after = 0;
    for (;;) {
        const struct arg args[] = {ARG_INT(after), ARG_INT(PAGE_ROWS)};
        struct rows rows;
        arena_reset(loading->page);
        enum err error = store_query(loading->store, loading->page, "behaviour_users", args, 2,
                                     PAGE_ROWS, &rows, loading->detail);
        for (int i = 0; error == OK && i < rows.count; i++) {
            const struct cell *cell = &rows.cells[i * rows.columns];
            after = cell[0].integer;
            error = take_person(loading, cell);
        }
        if (error != OK || rows.count < PAGE_ROWS) {
            return error;
        }
    }
}

/* {"experiment": "variant", …} of a run. */
static enum err take_variants(struct loading *loading, uint32_t person, struct str variants)
{
    struct behaviour_log *log = loading->log;
    const struct json_node *root;
    if (json_tree_read(loading->page, variants, LIMIT_HTTP_BODY_BYTES, &root, NULL) != OK) {
        return OK; /* doctor's business */
    }
    enum err error = OK;
    for (int i = FIXED_COUNT; error == OK && i < log->attribute_count; i++) {
        struct str name = log->attributes[i].name;
        const char *experiment = name.ptr + VARIANT.length; /* arena_str: ends with a NUL */
        struct str variant = json_node_str(root, experiment);
        if (variant.length > 0) {
            error = behaviour_set_attribute(log, person, i, variant, loading->detail);
        }
    }
    return error;
}

static enum err load_variants(struct loading *loading)
{
    int64_t after[3] = {0, -1, 0};
    while (loading->log->attribute_count > FIXED_COUNT) {
        const struct arg args[] = {ARG_INT(after[0]), ARG_INT(after[1]), ARG_INT(after[2]),
                                   ARG_INT(PAGE_ROWS)};
        struct rows rows;
        arena_reset(loading->page);
        enum err error = store_query(loading->store, loading->page, "behaviour_variants", args, 4,
                                     PAGE_ROWS, &rows, loading->detail);
        for (int i = 0; error == OK && i < rows.count; i++) {
            const struct cell *cell = &rows.cells[i * rows.columns];
            uint32_t person = person_of(loading, cell[0].integer);
            if (person > 0) {
                error = take_variants(loading, person - 1, cell[3].text);
            }
            for (int k = 0; k < 3; k++) {
                after[k] = cell[k].integer;
            }
        }
        if (error != OK || rows.count < PAGE_ROWS) {
            return error;
        }
    }
    return OK;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* A member of the data as a text; "" when it is none of the simple kinds. */
static struct str member_text(struct loading *loading, const struct json_node *data,
                              const char *key)
{
    struct str text = json_node_str(data, key);
    if (text.length > 0 || !json_node_has(data, key)) {
        return text;
    }
    if (json_node_is_bool(data, key)) {
        return json_node_bool(data, key, false) ? STR("true") : STR("false");
    }
    int64_t number = json_node_int(data, key, INT64_MIN);
    return number == INT64_MIN ? STR("") : arena_printf(loading->page, "%lld", (long long)number);
}

/* The columns of behaviour_events. */
enum {
    EVENT_ID,
    EVENT_USER,
    EVENT_AT,
    EVENT_TYPE,
    EVENT_JOURNEY,
    EVENT_STEP,
    EVENT_RULE,
    EVENT_DATA
};

static struct str property_of(struct loading *loading, struct str name, const struct cell *cell,
                              const struct json_node *data)
{
    return str_is(name, "journey") ? cell[EVENT_JOURNEY].text
           : str_is(name, "step")  ? cell[EVENT_STEP].text
           : str_is(name, "rule")  ? cell[EVENT_RULE].text
                                   : member_text(loading, data, name.ptr);
}

static enum err take_event(struct loading *loading, const struct cell *cell)
{
    struct behaviour_log *log = loading->log;
    uint32_t person = person_of(loading, cell[EVENT_USER].integer);
    enum event_type type = event_type_of(cell[EVENT_TYPE].text);
    if (person == 0 || type == EVENT_TYPE_COUNT) {
        return OK;
    }
    const struct json_node *data = NULL;
    if (cell[EVENT_DATA].text.length > 0 && (type == EVENT_TRACKED || log->property_count > 0) &&
        json_tree_read(loading->page, cell[EVENT_DATA].text, LIMIT_HTTP_BODY_BYTES, &data, NULL) !=
            OK) {
        data = NULL;
    }
    uint8_t number = behaviour_own_type(type);
    if (type == EVENT_TRACKED) {
        struct str name = json_node_str(data, "event");
        number = name.length > 0 ? behaviour_tracked_type(log, name) : number;
    }
    enum err error =
        behaviour_add_event(log, person - 1, cell[EVENT_AT].integer, number, loading->detail);
    for (int i = 0; error == OK && i < log->property_count; i++) {
        error = behaviour_set_property(
            log, i, property_of(loading, log->properties[i].name, cell, data), loading->detail);
    }
    return error;
}

static enum err load_events(struct loading *loading)
{
    int64_t after = 0;
    for (;;) {
        const struct arg args[] = {ARG_INT(after), ARG_INT(PAGE_ROWS)};
        struct rows rows;
        arena_reset(loading->page);
        enum err error = store_query(loading->store, loading->page,
                                     loading->log->property_count > 0 ? "behaviour_events"
                                                                      : "behaviour_events_bare",
                                     args, 2, PAGE_ROWS, &rows, loading->detail);
        for (int i = 0; error == OK && i < rows.count; i++) {
            const struct cell *cell = &rows.cells[i * rows.columns];
            after = cell[EVENT_ID].integer;
            error = take_event(loading, cell);
        }
        if (error != OK || rows.count < PAGE_ROWS) {
            return error;
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static enum err make_log(struct loading *loading, const struct behaviour_wants *wants)
{
    struct str attributes[FIXED_COUNT + BEHAVIOUR_COLUMNS_MAX];
    int count = 0;
    for (; count < FIXED_COUNT; count++) {
        attributes[count] = str_of(FIXED[count]);
    }
    for (int i = 0; i < wants->attribute_count; i++) {
        struct str name = wants->attributes[i];
        if (str_starts(name, VARIANT) && name.length > VARIANT.length) {
            attributes[count++] = name;
        } /* else: one of ours, or the question says that there is none */
    }
    if (count > BEHAVIOUR_COLUMNS_MAX) {
        return err_set(loading->detail, ERR_LIMIT, "by, where: at most %d experiments at once",
                       BEHAVIOUR_COLUMNS_MAX - FIXED_COUNT);
    }
    loading->log = behaviour_log_new(attributes, count, wants->properties, wants->property_count);
    return OK;
}

enum err behaviour_load(struct store *store, const struct behaviour_wants *wants,
                        struct behaviour_log **ret_log, struct err_detail *detail)
{
    struct loading loading = {.store = store, .detail = detail};
    enum err error = make_log(&loading, wants);
    if (error != OK) {
        return error;
    }
    loading.page = arena_new(1024 * 1024);
    error = store_begin_reading(store, detail);
    if (error == OK) {
        error = load_people(&loading);
        index_people(&loading);
        if (error == OK) {
            error = load_variants(&loading);
        }
        if (error == OK) {
            error = load_events(&loading);
        }
        store_rollback(store); /* nothing was written */
    }
    if (error == OK) {
        behaviour_finish(loading.log);
        *ret_log = loading.log;
    } else {
        behaviour_log_free(loading.log);
    }
    arena_free(loading.page);
    free(loading.slots);
    return error;
}
