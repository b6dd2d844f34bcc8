/* People in the middle of journeys, counted by the store in one statement; the core says what would
 * become of each group of them. */
#include "bi/journeys/waiting.h"

#include "base/limits.h"
#include "core/catalog.h"

/* One row of the block runs_waiting. */
struct group {
    struct str journey, definition;
    struct run_place place;
    int64_t people;
};

struct asked {
    struct store *store;
    struct arena *arena;
    struct catalog *catalog;
    const struct step_names *names;
};

static struct group read_group(const struct cell *cells)
{
    return (struct group){.journey = cells[0].text,
                          .definition = cells[1].text,
                          .place = {.step = (int)cells[2].integer,
                                    .phase = (enum run_phase)cells[3].integer,
                                    .kind = (enum message_kind)cells[4].integer,
                                    .has_subject = cells[5].integer != 0},
                          .people = cells[6].integer};
}

/* The definition that the people follow; NULL: it is lost, or does not fit this program. */
static enum err find_definition(const struct asked *asked, struct str hash,
                                const struct journey **ret_journey, struct err_detail *detail)
{
    *ret_journey = catalog_definition(asked->catalog, hash);
    if (*ret_journey != NULL) {
        return OK;
    }
    struct str yaml = STR_NONE;
    struct mistakes mistakes = {0};
    enum err error = store_definition_get(asked->store, asked->arena, hash, &yaml, detail);
    if (error == OK) {
        error = catalog_add_pinned(asked->catalog, yaml, &mistakes);
    }
    *ret_journey = catalog_definition(asked->catalog, hash);
    return error == ERR_NOT_FOUND || error == ERR_INVALID ? OK : error;
}

static json_t *describe(const struct asked *asked, const struct group *group,
                        const struct journey *from)
{
    const struct journey *to = catalog_journey(asked->catalog, group->journey);
    const char *fate = "finish";
    const char *why = "";
    struct str after = STR("");
    bool known = from != NULL && group->place.step < from->step_count;
    if (to != NULL && str_equal(to->hash, group->definition)) {
        fate = "current";
    } else if (asked->names != NULL) {
        why = to == NULL ? "the journey is not among those in force"
              : !known   ? "the version they began with does not fit this program"
                         : version_refusal(from, to, &group->place, asked->names);
        fate = why == NULL ? "move" : "stay";
        if (why == NULL) {
            after = to->steps[version_step(from, group->place.step, to, asked->names)].id;
        }
    }
    json_t *item = json_object();
    json_object_set_new(item, "journey", json_str(group->journey));
    json_object_set_new(item, "version", json_str(from != NULL ? from->version : STR("")));
    json_object_set_new(item, "step",
                        json_str(known ? from->steps[group->place.step].id : STR("")));
    json_object_set_new(item, "people", json_integer(group->people));
    json_object_set_new(item, "fate", json_string(fate));
    json_object_set_new(item, "step_after", json_str(after));
    json_object_set_new(item, "why", json_string(why != NULL ? why : ""));
    return item;
}

/* Whether they differ in the number of people alone. */
static bool is_same(const json_t *a, const json_t *b)
{
    static const char *const keys[] = {"journey", "version", "step", "fate", "step_after", "why"};
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        if (!str_equal(json_get_str(a, keys[i]), json_get_str(b, keys[i]))) {
            return false;
        }
    }
    return true;
}

/* Takes the reference. */
static void add(json_t *list, json_t *item)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *other = json_array_get(list, i);
        if (is_same(other, item)) {
            json_object_set_new(
                other, "people",
                json_integer(json_get_int(other, "people", 0) + json_get_int(item, "people", 0)));
            json_decref(item);
            return;
        }
    }
    json_array_append_new(list, item);
}

enum err waiting_people(struct store *store, struct arena *arena, struct catalog *catalog,
                        const struct step_names *names, bool all, json_t **ret_list,
                        struct err_detail *detail)
{
    const struct asked asked = {store, arena, catalog, names};
    struct rows rows = {0};
    json_t *list = json_array();
    enum err error =
        store_query(store, arena, "runs_waiting", NULL, 0, WAITING_GROUPS_MAX, &rows, detail);
    for (int i = 0; error == OK && i < rows.count; i++) {
        const struct journey *from = NULL;
        struct group group = read_group(rows.cells + (ptrdiff_t)i * rows.columns);
        error = find_definition(&asked, group.definition, &from, detail);
        json_t *item = error == OK ? describe(&asked, &group, from) : NULL;
        if (item != NULL && !all && str_is(json_get_str(item, "fate"), "current")) {
            json_decref(item);
        } else if (item != NULL) {
            add(list, item);
        }
    }
    if (error != OK) {
        json_decref(list);
        return error;
    }
    *ret_list = list;
    return OK;
}
