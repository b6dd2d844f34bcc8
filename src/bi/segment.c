/* See segment.h: people are loaded in portions, and the core says of whom it holds. */
#include "bi/segment.h"

#include "bi/people.h"
#include "bi/rollout_state.h"
#include "core/facts.h"
#include "core/person.h"
#include "core/pressure.h"

enum { PORTION = 250, ARENA_BYTES = 1024 * 1024 };

struct reading {
    struct store *store;
    const struct segment_wish *wish;
    struct world world;
    struct segment_page *page;
};

/* What the engine keeps in the store of what facts are read from. */
static enum err read_installation(struct store *store, struct arena *arena,
                                  struct installation *installation, struct err_detail *detail)
{
    struct rollout_state rollout = {0};
    struct str groups = STR_NONE;
    enum err error = rollout_state_read(store, arena, &rollout, detail);
    if (error == OK) {
        error = store_setting_get(store, arena, "groups_in_use", &groups, detail);
    }
    installation->rollout.started_at_ms = rollout.started_at_ms;
    installation->groups_in_use = str_is(groups, "true");
    return error;
}

static bool holds(const struct reading *reading, struct arena *arena, const struct person *person)
{
    if (person == NULL || person->broken.length > 0) {
        return false;
    }
    const struct facts facts = {.arena = arena,
                                .world = &reading->world,
                                .person = person,
                                .language = person_language(&reading->world, person)};
    return condition_holds(reading->wish->where, &facts);
}

/* Adds those of the portion of whom it holds, until enough were found. */
static enum err look_at(struct reading *reading, struct arena *arena, const struct rows *rows,
                        struct err_detail *detail)
{
    struct segment_page *page = reading->page;
    struct person_want *wants = ARENA_ARRAY(arena, struct person_want, (size_t)rows->count);
    struct person **people = ARENA_ARRAY(arena, struct person *, (size_t)rows->count);
    for (int i = 0; i < rows->count; i++) {
        wants[i] = (struct person_want){.user_id = rows->cells[i * rows->columns].integer,
                                        .now_ms = reading->world.now_ms};
    }
    enum err error = store_people_load(reading->store, arena, wants, rows->count, people, detail);
    for (int i = 0; error == OK && i < rows->count; i++) {
        if (json_array_size(page->people) == (size_t)reading->wish->limit) {
            break;
        }
        page->next = wants[i].user_id;
        page->looked++;
        if (holds(reading, arena, people[i])) {
            const struct rows one = {.names = rows->names,
                                     .cells = rows->cells + (ptrdiff_t)i * rows->columns,
                                     .columns = rows->columns,
                                     .count = 1};
            json_t *list = people_rows_json(&one);
            json_array_extend(page->people, list);
            json_decref(list);
        }
    }
    return error;
}

static enum err read_portions(struct reading *reading, struct err_detail *detail)
{
    struct segment_page *page = reading->page;
    const struct segment_wish *wish = reading->wish;
    enum err error = OK;
    page->next = wish->before;
    while (error == OK && json_array_size(page->people) < (size_t)wish->limit &&
           page->looked < SEGMENT_LOOKED_MAX) {
        struct arena *arena = arena_new(ARENA_BYTES);
        struct rows rows = {0};
        error = people_list(reading->store, arena, STR(""), PORTION, page->next, &rows, detail);
        if (error == OK && rows.count > 0) {
            error = look_at(reading, arena, &rows, detail);
        }
        int64_t last = rows.count > 0 ? rows.cells[(rows.count - 1) * rows.columns].integer : 0;
        bool done = rows.count < PORTION && page->next == last;
        arena_free(arena);
        if (error == OK && (rows.count == 0 || done)) {
            page->next = 0;
            break;
        }
    }
    return error;
}

enum err segment_read(struct store *store, struct arena *arena, const struct segment_wish *wish,
                      struct segment_page *ret_page, struct err_detail *detail)
{
    struct installation installation = *wish->world->installation;
    struct reading reading = {store, wish, *wish->world, ret_page};
    reading.world.installation = &installation;
    *ret_page = (struct segment_page){.people = json_array()};
    enum err error = read_installation(store, arena, &installation, detail);
    if (error == OK) {
        error = read_portions(&reading, detail);
    }
    if (error != OK) {
        json_decref(ret_page->people);
        ret_page->people = NULL;
    }
    return error;
}
