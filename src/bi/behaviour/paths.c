/* A path is a number: a byte for each step, the group above them. Each thread counts numbers in a
 * table of fixed size. */
#include "bi/behaviour/paths.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "bi/behaviour/scan.h"

enum { TABLE = 1 << 17, DIFFERENT_MAX = 1 << 16, GROUP_SHIFT = 56, BYTE = 8 };

struct slot {
    uint64_t path; /* 0: none; every path has its group + 1 */
    int64_t times;
};
struct table {
    struct slot slots[TABLE];
    int used;
    bool full;
};

struct paths {
    const struct behaviour_log *log;
    struct behaviour_who who;
    struct behaviour_events around, through;
    bool before;
    int steps;
    int64_t window_ms;
};

static void add_path(struct table *table, uint64_t path, int64_t times)
{
    uint64_t hash = path * 0x9e3779b97f4a7c15U;
    uint32_t at = (uint32_t)(hash >> 40) & (TABLE - 1);
    while (table->slots[at].path != 0 && table->slots[at].path != path) {
        at = (at + 1) & (TABLE - 1);
    }
    if (table->slots[at].path == 0) {
        if (table->used == DIFFERENT_MAX) {
            table->full = true;
            return;
        }
        table->used++;
        table->slots[at].path = path;
    }
    table->slots[at].times += times;
}

/* The steps after (before) the event, the nearest in the lowest byte. */
static uint64_t path_of(const struct paths *paths, uint32_t event, uint32_t first, uint32_t last)
{
    const struct behaviour_log *log = paths->log;
    int64_t at_ms = behaviour_at_ms(log, event);
    uint64_t path = 0;
    uint32_t next = event;
    for (int step = 0; step < paths->steps;) {
        if (paths->before ? next == first : next + 1 == last) {
            break;
        }
        next = paths->before ? next - 1 : next + 1;
        int64_t away_ms = behaviour_at_ms(log, next) - at_ms;
        if ((paths->before ? -away_ms : away_ms) > paths->window_ms) {
            break;
        }
        if (behaviour_counts(log, &paths->through, next)) {
            path |= (uint64_t)log->type[next] << (step++ * BYTE);
        }
    }
    return path;
}

static void follow_people(const void *question, void *part, uint32_t from, uint32_t to)
{
    const struct paths *paths = question;
    struct table *table = part;
    for (uint32_t person = from; person < to; person++) {
        if (!behaviour_is_meant(&paths->who, person)) {
            continue;
        }
        uint32_t first;
        uint32_t last = behaviour_trail(&paths->who, person, &first);
        uint64_t group = (uint64_t)(behaviour_group(&paths->who, person) + 1) << GROUP_SHIFT;
        for (uint32_t event = first; event < last; event++) {
            if (behaviour_counts(paths->log, &paths->around, event)) {
                add_path(table, group | path_of(paths, event, first, last), 1);
            }
        }
    }
}

/* ---- the answer ------------------------------------------------------------------------------ */

static const uint64_t STEPS_MASK = ((uint64_t)1 << GROUP_SHIFT) - 1;

static int compare_slots(const void *left, const void *right)
{
    const struct slot *a = left;
    const struct slot *b = right;
    if (a->times != b->times) {
        return a->times > b->times ? -1 : 1;
    }
    return a->path < b->path ? -1 : a->path > b->path;
}

/* group < 0: of all. The slots are sorted. */
static void fill_group(const struct paths *paths, struct arena *arena, const struct slot *slots,
                       int slot_count, int number, int path_max, struct paths_group *group)
{
    group->paths = ARENA_ARRAY(arena, struct path, (size_t)path_max);
    for (int i = 0; i < slot_count; i++) {
        if (number >= 0 && (int)(slots[i].path >> GROUP_SHIFT) != number + 1) {
            continue;
        }
        group->times += slots[i].times;
        if (group->path_count == path_max) {
            continue;
        }
        struct path *path = &group->paths[group->path_count++];
        path->times = slots[i].times;
        for (uint64_t left = slots[i].path & STEPS_MASK; left != 0; left >>= BYTE) {
            path->steps[path->step_count++] = paths->log->types.list[left & 0xff];
        }
    }
}

/* What is in the table in order, the most frequent first. */
static int list_slots(const struct table *table, struct slot *slots)
{
    int count = 0;
    for (int i = 0; i < TABLE; i++) {
        if (table->slots[i].path != 0) {
            slots[count++] = table->slots[i];
        }
    }
    qsort(slots, (size_t)count, sizeof(*slots), compare_slots);
    return count;
}

static enum err fill_answer(const struct paths *paths, struct arena *arena, struct table *tables,
                            int threads, int path_max, struct paths_answer *answer,
                            struct err_detail *detail)
{
    struct table *all = &tables[threads]; /* every path under one group */
    struct slot *slots = ARENA_ARRAY(arena, struct slot, TABLE);
    for (int i = 1; i < threads; i++) {
        for (int k = 0; k < TABLE; k++) {
            if (tables[i].slots[k].path != 0) {
                add_path(&tables[0], tables[i].slots[k].path, tables[i].slots[k].times);
            }
        }
        tables[0].full |= tables[i].full;
    }
    if (tables[0].full) {
        return err_set(detail, ERR_LIMIT,
                       "steps: more than %d different paths; take fewer steps, or fewer events "
                       "(through)",
                       DIFFERENT_MAX);
    }
    int groups = answer->group_count;
    int count = list_slots(&tables[0], slots);
    for (int group = 0; group < groups; group++) {
        answer->groups[group].name = paths->who.groups[group];
        fill_group(paths, arena, slots, count, group, path_max, &answer->groups[group]);
    }
    for (int i = 0; i < count; i++) {
        add_path(all, (slots[i].path & STEPS_MASK) | (uint64_t)1 << GROUP_SHIFT, slots[i].times);
    }
    fill_group(paths, arena, slots, list_slots(all, slots), -1, path_max, &answer->groups[groups]);
    return OK;
}

static enum err prepare(struct paths *paths, struct arena *arena,
                        const struct paths_question *question, struct err_detail *detail)
{
    struct str through = question->through.length > 0 ? question->through : STR("active");
    enum err error =
        behaviour_events_read(paths->log, arena, "event", question->around, &paths->around, detail);
    if (error == OK) {
        error =
            behaviour_events_read(paths->log, arena, "through", through, &paths->through, detail);
    }
    if (error != OK) {
        return error;
    }
    if (question->steps < 0 || question->steps > PATHS_STEPS_MAX) {
        return err_set(detail, ERR_LIMIT, "steps: must be from 1 to %d", PATHS_STEPS_MAX);
    }
    if (question->count < 0 || question->count > PATHS_MAX) {
        return err_set(detail, ERR_LIMIT, "count: must be from 1 to %d", PATHS_MAX);
    }
    if (question->window_ms < 0 || question->window_ms > 3650 * DAY_MS) {
        return err_set(detail, ERR_INVALID, "window: must be from 1s to 3650d");
    }
    paths->before = question->before;
    paths->steps = question->steps > 0 ? question->steps : 3;
    paths->window_ms = question->window_ms > 0 ? question->window_ms : INT64_MAX;
    return behaviour_who_of(paths->log, arena, &question->common, &paths->who, detail);
}

enum err behaviour_paths(const struct behaviour_log *log, struct arena *arena,
                         const struct paths_question *question, struct paths_answer *ret_answer,
                         struct err_detail *detail)
{
    struct paths paths = {.log = log};
    enum err error = prepare(&paths, arena, question, detail);
    if (error != OK) {
        return error;
    }
    int threads = behaviour_scan_threads(&paths.who);
    struct table *tables = calloc((size_t)threads + 1, sizeof(*tables));
    ASSERT(tables != NULL);
    behaviour_scan(&paths.who, follow_people, &paths, tables, sizeof(*tables));
    struct paths_answer answer = {.group_count = paths.who.group_count};
    answer.groups = ARENA_ARRAY(arena, struct paths_group, (size_t)answer.group_count + 1);
    error = fill_answer(&paths, arena, tables, threads, question->count > 0 ? question->count : 10,
                        &answer, detail);
    free(tables);
    if (error == OK) {
        *ret_answer = answer;
    }
    return error;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static json_t *group_json(const struct paths_group *group)
{
    json_t *json = json_object();
    json_t *paths = json_array();
    for (int i = 0; i < group->path_count; i++) {
        json_t *steps = json_array();
        for (int k = 0; k < group->paths[i].step_count; k++) {
            json_array_append_new(steps, json_str(group->paths[i].steps[k]));
        }
        json_t *path = json_object();
        json_object_set_new(path, "steps", steps);
        json_object_set_new(path, "times", json_integer(group->paths[i].times));
        json_array_append_new(paths, path);
    }
    json_object_set_new(json, "group", json_str(group->name));
    json_object_set_new(json, "times", json_integer(group->times));
    json_object_set_new(json, "paths", paths);
    return json;
}

json_t *behaviour_paths_json(const struct paths_answer *answer)
{
    json_t *json = group_json(&answer->groups[answer->group_count]);
    json_t *groups = json_array();
    for (int i = 0; i < answer->group_count; i++) {
        json_array_append_new(groups, group_json(&answer->groups[i]));
    }
    json_object_del(json, "group");
    json_object_set_new(json, "groups", groups);
    return json;
}
