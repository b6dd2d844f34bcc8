/* Pages along the keys of users, runs and events, in one reading transaction, so that a join or an
 * erasure meanwhile is seen wholly or not at all. Memory is bounded by the log and one page. */
#include "bi/behaviour/load.h"

#include "bi/behaviour/feed.h"
#include "bi/behaviour/load_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/check.h"
#include "base/json_tree.h"
#include "base/limits.h"
#include "core/channel_kind.h"
#include "core/delivery.h"
#include "core/person.h"

static const struct str VARIANT = {"variant:", 8};

/* In the order of the columns of behaviour_users, from its third. */
static const char *const FIXED[LOADING_FIXED] = {"source", "language", "zone",  "channel",
                                                 "set",    "existing", "cohort"};

/* ---- people ---------------------------------------------------------------------------------- */

static uint32_t slot_of(const struct loading *loading, int64_t id)
{
    return (uint32_t)(((uint64_t)id * 0x9e3779b97f4a7c15U) >> 32) & loading->slot_mask;
}

static void put_slot(struct loading *loading, uint32_t person)
{
    uint32_t at = slot_of(loading, loading->log->person_id[person]);
    while (loading->slots[at] != 0) {
        at = (at + 1) & loading->slot_mask;
    }
    loading->slots[at] = person + 1;
}

void loading_index(struct loading *loading)
{
    uint32_t count = 1024;
    while (count < loading->log->person_count * 2) {
        count *= 2;
    }
    free(loading->slots);
    loading->slots = calloc(count, sizeof(uint32_t));
    ASSERT(loading->slots != NULL);
    loading->slot_mask = count - 1;
    for (uint32_t person = 0; person < loading->log->person_count; person++) {
        put_slot(loading, person);
    }
}

void loading_index_last(struct loading *loading)
{
    if (loading->log->person_count * 2 > loading->slot_mask) {
        loading_index(loading);
    } else {
        put_slot(loading, loading->log->person_count - 1);
    }
}

uint32_t loading_person(const struct loading *loading, int64_t id)
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

enum err loading_take_person(struct loading *loading, uint32_t person, const struct cell *cell)
{
    struct behaviour_log *log = loading->log;
    int64_t joined_at_ms = cell[1].integer;
    behaviour_set_joined(log, person, joined_at_ms);
    const struct str values[LOADING_FIXED] = {
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
    for (int i = 0; error == OK && i < LOADING_FIXED; i++) {
        error = behaviour_set_attribute(log, person, i, values[i], loading->detail);
    }
    return error;
}

static enum err load_people(struct loading *loading)
{
    int64_t after = 0;
    for (;;) {
        const struct arg args[] = {ARG_INT(after), ARG_INT(LOADING_ROWS)};
        struct rows rows;
        arena_reset(loading->page);
        enum err error = store_query(loading->store, loading->page, "behaviour_users", args, 2,
                                     LOADING_ROWS, &rows, loading->detail);
        for (int i = 0; error == OK && i < rows.count; i++) {
            const struct cell *cell = &rows.cells[i * rows.columns];
            after = cell[0].integer;
            uint32_t person = behaviour_add_person(loading->log, cell[0].integer, cell[1].integer);
            error = loading_take_person(loading, person, cell);
        }
        if (error != OK || rows.count < LOADING_ROWS) {
            return error;
        }
    }
}

/* {"experiment": "variant", …} of a run. */
enum err loading_take_variants(struct loading *loading, uint32_t person, struct str variants)
{
    struct behaviour_log *log = loading->log;
    const struct json_node *root;
    if (json_tree_read(loading->page, variants, LIMIT_HTTP_BODY_BYTES, &root, NULL) != OK) {
        return OK; /* doctor's business */
    }
    enum err error = OK;
    for (int i = LOADING_FIXED; error == OK && i < log->attribute_count; i++) {
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
    while (loading->log->attribute_count > LOADING_FIXED) {
        const struct arg args[] = {ARG_INT(after[0]), ARG_INT(after[1]), ARG_INT(after[2]),
                                   ARG_INT(LOADING_ROWS)};
        struct rows rows;
        arena_reset(loading->page);
        enum err error = store_query(loading->store, loading->page, "behaviour_variants", args, 4,
                                     LOADING_ROWS, &rows, loading->detail);
        for (int i = 0; error == OK && i < rows.count; i++) {
            const struct cell *cell = &rows.cells[i * rows.columns];
            uint32_t person = loading_person(loading, cell[0].integer);
            if (person > 0) {
                error = loading_take_variants(loading, person - 1, cell[3].text);
            }
            for (int k = 0; k < 3; k++) {
                after[k] = cell[k].integer;
            }
        }
        if (error != OK || rows.count < LOADING_ROWS) {
            return error;
        }
    }
    return OK;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* A tracked event's own properties are in an object of that name. */
static const struct json_node *object_with(const struct json_node *data, const char *key)
{
    const struct json_node *properties = data == NULL ? NULL : json_node_object(data, "properties");
    return properties != NULL && json_node_has(properties, key) ? properties : data;
}

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

static struct str property_of(struct loading *loading, struct str name, const struct cell *cell,
                              const struct json_node *data)
{
    return str_is(name, "journey") ? cell[EVENT_JOURNEY].text
           : str_is(name, "step")  ? cell[EVENT_STEP].text
           : str_is(name, "rule")  ? cell[EVENT_RULE].text
                                   : member_text(loading, object_with(data, name.ptr), name.ptr);
}

enum err loading_take_event(struct loading *loading, const struct cell *cell)
{
    struct behaviour_log *log = loading->log;
    uint32_t person = loading_person(loading, cell[EVENT_USER].integer);
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

enum err loading_fits(const struct loading *loading)
{
    if (loading->bytes_max == 0 || behaviour_log_peak_bytes(loading->log) <= loading->bytes_max) {
        return OK;
    }
    return err_set(loading->detail, ERR_FULL,
                   "the behaviour log of these events takes more memory than the %lld MB of "
                   "BEHAVIOUR_MEMORY_MB",
                   (long long)(loading->bytes_max >> 20));
}

enum err loading_events(struct loading *loading, int64_t after, struct rows *ret_rows)
{
    enum err error = loading_fits(loading);
    if (error != OK) {
        return error;
    }
    const struct arg args[] = {ARG_INT(after), ARG_INT(LOADING_ROWS)};
    arena_reset(loading->page);
    return store_query(loading->store, loading->page,
                       loading->log->property_count > 0 ? "behaviour_events"
                                                        : "behaviour_events_bare",
                       args, 2, LOADING_ROWS, ret_rows, loading->detail);
}

/* Remembers that the event was read, as long as others may come before it. */
void loading_note(struct loading *loading, int64_t id)
{
    if (loading->recent_count == loading->recent_room) {
        int64_t since = loading_since(id);
        size_t old = 0;
        while (old < loading->recent_count && loading->recent[old] <= since) {
            old++;
        }
        if (old > 0) {
            loading->recent_count -= old;
            memmove(loading->recent, loading->recent + old,
                    loading->recent_count * sizeof(*loading->recent));
        }
        if (loading->recent_count * 2 >= loading->recent_room) {
            loading->recent_room = loading->recent_room == 0 ? 1024 : loading->recent_room * 2;
            loading->recent =
                reallocarray(loading->recent, loading->recent_room, sizeof(*loading->recent));
            ASSERT(loading->recent != NULL);
        }
    }
    loading->recent[loading->recent_count++] = id;
    loading->last_id = id;
}

static enum err load_events(struct loading *loading)
{
    for (;;) {
        struct rows rows;
        enum err error = loading_events(loading, loading->last_id, &rows);
        for (int i = 0; error == OK && i < rows.count; i++) {
            const struct cell *cell = &rows.cells[i * rows.columns];
            loading_note(loading, cell[EVENT_ID].integer);
            error = loading_take_event(loading, cell);
        }
        if (error != OK || rows.count < LOADING_ROWS) {
            return error;
        }
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

bool loading_is_variant(struct str attribute)
{
    return str_starts(attribute, VARIANT) && attribute.length > VARIANT.length;
}

static enum err make_log(struct loading *loading, const struct behaviour_wants *wants)
{
    struct str attributes[LOADING_FIXED + BEHAVIOUR_COLUMNS_MAX];
    int count = 0;
    for (; count < LOADING_FIXED; count++) {
        attributes[count] = str_of(FIXED[count]);
    }
    for (int i = 0; i < wants->attribute_count; i++) {
        struct str name = wants->attributes[i];
        if (loading_is_variant(name)) {
            attributes[count++] = name;
        } /* else: one of ours, or the question says that there is none */
    }
    if (count > BEHAVIOUR_COLUMNS_MAX) {
        return err_set(loading->detail, ERR_LIMIT, "by, where: at most %d experiments at once",
                       BEHAVIOUR_COLUMNS_MAX - LOADING_FIXED);
    }
    loading->log = behaviour_log_new(attributes, count, wants->properties, wants->property_count);
    return OK;
}

enum err loading_gone(struct loading *loading, struct gone *ret_gone)
{
    struct rows rows;
    arena_reset(loading->page);
    enum err error = store_query(loading->store, loading->page, "behaviour_gone", NULL, 0, 1, &rows,
                                 loading->detail);
    if (error == OK) {
        *ret_gone =
            (struct gone){rows.cells[0].integer, rows.cells[1].integer, rows.cells[2].integer};
    }
    return error;
}

void loading_release(struct loading *loading)
{
    behaviour_log_free(loading->log);
    free(loading->slots);
    free(loading->recent);
    *loading = (struct loading){0};
}

enum err loading_all(struct loading *loading, const struct behaviour_wants *wants)
{
    enum err error = make_log(loading, wants);
    if (error == OK) {
        error = loading_gone(loading, &loading->gone);
    }
    if (error == OK) {
        error = load_people(loading);
        loading_index(loading);
    }
    if (error == OK) {
        error = load_variants(loading);
    }
    if (error == OK) {
        error = load_events(loading);
    }
    if (error == OK) {
        error = loading_fits(loading);
    }
    if (error == OK) {
        behaviour_finish(loading->log);
    }
    return error;
}

enum err behaviour_load(struct store *store, const struct behaviour_wants *wants,
                        struct behaviour_log **ret_log, struct err_detail *detail)
{
    struct behaviour_feed *feed = NULL;
    enum err error = behaviour_feed_new(store, wants, 0, &feed, detail);
    *ret_log = error == OK ? behaviour_log_share(behaviour_feed_log(feed)) : NULL;
    behaviour_feed_free(feed);
    return error;
}
