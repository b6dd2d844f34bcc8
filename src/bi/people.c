/* See people.h. */
#include "bi/people.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/delivery.h"

enum { TIMELINE_EVENTS = 40, ROWS_SHOWN = 50 };

json_t *people_rows_json(const struct rows *rows)
{
    json_t *list = json_array();
    for (int i = 0; i < rows->count; i++) {
        json_t *object = json_object();
        for (int k = 0; k < rows->columns; k++) {
            const struct cell *cell = &rows->cells[i * rows->columns + k];
            struct str name = str_of(rows->names[k]);
            bool is_id =
                str_is(name, "id") ||
                (name.length > 3 && str_is((struct str){name.ptr + name.length - 3, 3}, "_id"));
            json_t *value = NULL;
            if (cell->type == CELL_TEXT) {
                value = json_str(cell->text);
            } else if (cell->type == CELL_REAL) {
                value = json_real(cell->real);
            } else if (cell->type == CELL_NULL) {
                value = json_null();
            } else if (is_id) {
                value = json_sprintf("%" PRId64, cell->integer);
            } else {
                value = json_integer(cell->integer);
            }
            json_object_set_new(object, rows->names[k], value);
        }
        json_array_append_new(list, object);
    }
    return list;
}

enum err people_find(struct store *store, struct arena *arena, struct str word,
                     int64_t *ret_user_id, struct err_detail *detail)
{
    struct str value;
    struct str kind = str_split(word, ':', &value);
    struct rows rows = {0};
    *ret_user_id = 0;
    if (value.length == 0) {
        int64_t id = 0;
        *ret_user_id = str_to_int64(word, &id) ? id : 0;
        return OK;
    }
    const struct arg args[] = {ARG_TEXT(kind), ARG_TEXT(value)};
    enum err error = store_query(store, arena, "user_of_identity", args, 2, 1, &rows, detail);
    *ret_user_id = error == OK && rows.count == 1 ? rows.cells[0].integer : 0;
    return error;
}

/* What means something in a pattern of LIKE stands for itself. */
static struct str escaped(struct arena *arena, struct str text)
{
    char *bytes = arena_alloc(arena, 2 * text.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.ptr[i] == '%' || text.ptr[i] == '_' || text.ptr[i] == '\\') {
            bytes[length++] = '\\';
        }
        bytes[length++] = text.ptr[i];
    }
    return (struct str){bytes, length};
}

enum err people_list(struct store *store, struct arena *arena, struct str beginning, int limit,
                     int64_t before, struct rows *ret_rows, struct err_detail *detail)
{
    const struct arg args[] = {ARG_TEXT(escaped(arena, beginning)), ARG_INT(limit),
                               ARG_INT(before)};
    return store_query(store, arena, "users_list", args, 3, limit, ret_rows, detail);
}

static void set_word(json_t *object, const char *key, const char *word)
{
    json_object_set_new(object, key, json_string(word));
}

static void put_words(json_t *person)
{
    size_t index;
    json_t *row;
    set_word(person, "journey_set",
             journey_set_name((enum journey_set)json_get_int(person, "journey_set", 0)));
    set_word(person, "channel",
             channel_kind_name((enum channel_kind)json_get_int(person, "channel", 0)));
    json_array_foreach(json_object_get(person, "runs"), index, row)
    {
        set_word(row, "outcome",
                 run_outcome_name((enum run_outcome)json_get_int(row, "outcome", 0)));
        set_word(row, "phase", run_phase_name((enum run_phase)json_get_int(row, "phase", 0)));
        json_object_set_new(row, "step", json_integer(json_get_int(row, "step", 0) + 1));
    }
    json_array_foreach(json_object_get(person, "commitments"), index, row)
    {
        set_word(row, "state",
                 commitment_state_name((enum commitment_state)json_get_int(row, "state", 0)));
    }
}

enum err people_card(struct store *store, struct arena *arena, int64_t user_id, json_t **ret_person,
                     struct err_detail *detail)
{
    static const struct {
        const char *key;
        const char *block;
        int limit;
    } parts[] = {
        {"runs", "user_runs", ROWS_SHOWN},
        {"commitments", "user_commitments", ROWS_SHOWN},
        {"timeline", "user_timeline", TIMELINE_EVENTS},
    };
    struct rows rows = {0};
    const struct arg card[] = {ARG_INT(user_id)};
    enum err error = store_query(store, arena, "user_card", card, 1, 1, &rows, detail);
    if (error != OK || rows.count == 0) {
        return error != OK ? error
                           : err_set(detail, ERR_NOT_FOUND, "there is no user %" PRId64, user_id);
    }
    json_t *list = people_rows_json(&rows);
    json_t *person = json_incref(json_array_get(list, 0));
    json_decref(list);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && error == OK; i++) {
        const struct arg args[] = {ARG_INT(user_id), ARG_INT(parts[i].limit)};
        error = store_query(store, arena, parts[i].block, args, 2, parts[i].limit, &rows, detail);
        if (error == OK) {
            json_object_set_new(person, parts[i].key, people_rows_json(&rows));
        }
    }
    put_words(person);
    if (error != OK) {
        json_decref(person);
        return error;
    }
    *ret_person = person;
    return OK;
}

json_t *people_delivery_json(const struct cell *cells)
{
    char id[24];
    char user_id[24];
    snprintf(id, sizeof(id), "%" PRId64, cells[0].integer);
    snprintf(user_id, sizeof(user_id), "%" PRId64, cells[1].integer);
    json_t *json = json_object();
    json_object_set_new(json, "id", json_string(id));
    json_object_set_new(json, "user_id", json_string(user_id));
    json_object_set_new(json, "sequence_type", json_str(cells[2].text));
    json_object_set_new(json, "step", json_str(cells[3].text));
    json_object_set_new(json, "kind",
                        json_string(message_kind_name((enum message_kind)cells[4].integer)));
    json_object_set_new(json, "class",
                        json_string(message_class_name((enum message_class)cells[5].integer)));
    json_object_set_new(json, "channel",
                        json_string(channel_kind_name((enum channel_kind)cells[6].integer)));
    json_object_set_new(json, "state",
                        json_string(delivery_state_name((enum delivery_state)cells[7].integer)));
    json_object_set_new(json, "reason", json_str(cells[8].text));
    json_object_set_new(json, "created_at_ms", json_integer(cells[9].integer));
    json_object_set_new(json, "sent_at_ms", json_integer(cells[10].integer));
    json_object_set_new(json, "attempts", json_integer(cells[11].integer));
    json_object_set_new(json, "uncertain", json_integer(cells[12].integer));
    json_object_set_new(json, "next_at_ms", json_integer(cells[13].integer));
    return json;
}
