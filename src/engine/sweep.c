/* Sweeps go over all people in pages, a page a batch, between other work: broadcasts, counting whom
 * they would reach, taking them back, changes of set. Where a sweep stands is saved in the
 * transaction that does its work, so that a restart goes on there. What a broadcast is stands in
 * broadcast.c; its messages are made no faster than its pace, and than the channel takes them. */
#include "engine/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"

enum { LINE_WAIT_MS = 100 }; /* while those made before wait in their line */

struct sweep *sweep_new(struct engine *engine, enum sweep_kind kind)
{
    struct sweep *sweep = calloc(1, sizeof(*sweep));
    ASSERT(sweep != NULL);
    sweep->kind = kind;
    sweep->arena = arena_new(4096);
    struct sweep **at = &engine->sweeps;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = sweep;
    return sweep;
}

static void sweep_free(struct sweep *sweep)
{
    arena_free(sweep->arena);
    free(sweep);
}

int64_t sweep_next_at_ms(const struct engine *engine)
{
    int64_t next_at_ms = INT64_MAX;
    for (const struct sweep *sweep = engine->sweeps; sweep != NULL; sweep = sweep->next) {
        next_at_ms = sweep->now.next_at_ms < next_at_ms ? sweep->now.next_at_ms : next_at_ms;
    }
    return next_at_ms;
}

/* ---- changes of set ---- */

static enum err save_move(struct engine *engine, struct batch *batch, const struct sweep *sweep,
                          struct err_detail *detail)
{
    struct str setting = arena_printf(batch->arena, "move/%s", sweep->name);
    struct str value = STR("null");
    if (!sweep->now.done) {
        json_t *json = json_object();
        json_object_set_new(json, "cursor", json_sprintf("%lld", (long long)sweep->now.cursor));
        if (sweep->text.length > 0) {
            json_object_set_new(json, "text", json_str(sweep->text));
        }
        value = json_write(batch->arena, json);
        json_decref(json);
    }
    return store_setting_put(engine->store, setting.ptr, value, batch->now_ms, detail);
}

enum err sweep_move(struct engine *engine, struct batch *batch, const char *name, struct str text,
                    struct err_detail *detail)
{
    struct sweep *sweep = sweep_new(engine, SWEEP_MOVE);
    sweep->fresh = true;
    str_copy(sweep->name, sizeof(sweep->name), str_of(name));
    sweep->text = arena_str(sweep->arena, text);
    return save_move(engine, batch, sweep, detail);
}

static bool is_about_versions(const struct sweep *sweep)
{
    return sweep->kind == SWEEP_MOVE && str_starts(str_of(sweep->name), STR("journeys_"));
}

bool sweep_moves_versions(const struct engine *engine)
{
    for (const struct sweep *sweep = engine->sweeps; sweep != NULL; sweep = sweep->next) {
        if (is_about_versions(sweep) && !sweep->now.done) {
            return true;
        }
    }
    return false;
}

static enum err load_moves(struct engine *engine, struct arena *arena, struct err_detail *detail)
{
    static const char *const names[] = {"rollback", "existing_rescue", "existing_amplification",
                                        "journeys_follow", "journeys_migrate"};
    enum err error = OK;
    for (size_t i = 0; error == OK && i < sizeof(names) / sizeof(*names); i++) {
        struct str text = STR_NONE;
        json_t *json = NULL;
        struct str setting = arena_printf(arena, "move/%s", names[i]);
        error = store_setting_get(engine->store, arena, setting.ptr, &text, detail);
        if (error == OK && text.length > 0) {
            error = json_read(text, text.length, &json, detail);
        }
        if (error == OK && json_is_object(json)) {
            struct sweep *sweep = sweep_new(engine, SWEEP_MOVE);
            str_copy(sweep->name, sizeof(sweep->name), str_of(names[i]));
            sweep->now.cursor = command_id(json, "cursor");
            sweep->text = arena_str(sweep->arena, json_get_str(json, "text"));
            sweep->saved = sweep->now;
        }
        json_decref(json);
    }
    return error;
}

enum err sweep_load(struct engine *engine, struct err_detail *detail)
{
    enum err error = broadcast_load_all(engine, detail);
    if (error == OK) {
        struct arena *arena = arena_new(4096);
        error = load_moves(engine, arena, detail);
        arena_free(arena);
    }
    return error;
}

/* ---- a page ---- */

/* Time that passed without sending (a pause, a process that did not run) is not made up for. */
int sweep_credit(struct progress *progress, double pace_per_s, int most, int64_t now_ms,
                 int64_t *ret_next_at_ms)
{
    double most_credit = pace_per_s > 1 ? pace_per_s : 1;
    if (progress->credited_at_ms == 0) {
        progress->credit = 1;
    } else if (now_ms > progress->credited_at_ms) {
        progress->credit += (double)(now_ms - progress->credited_at_ms) * pace_per_s / 1000;
    }
    progress->credit = progress->credit < most_credit ? progress->credit : most_credit;
    progress->credited_at_ms = now_ms;
    if (progress->credit < 1) {
        *ret_next_at_ms = now_ms + (int64_t)((1 - progress->credit) * 1000 / pace_per_s) + 1;
        return 0;
    }
    return progress->credit < most ? (int)progress->credit : most;
}

/* How many recipients may be added now; 0: *ret_next_at_ms says when to look again. */
static int allowance(const struct engine *engine, struct sweep *sweep, int64_t now_ms,
                     int64_t *ret_next_at_ms)
{
    if (sweep->kind != SWEEP_BROADCAST) {
        return LIMIT_PAGE_USERS;
    }
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        if (lines_wait(engine, (enum channel_kind)i, PRIORITY_BROADCAST, now_ms)) {
            *ret_next_at_ms = now_ms + LINE_WAIT_MS;
            return 0;
        }
    }
    return sweep->pace_per_s <= 0 ? LIMIT_PAGE_USERS
                                  : sweep_credit(&sweep->now, sweep->pace_per_s, LIMIT_PAGE_USERS,
                                                 now_ms, ret_next_at_ms);
}

/* What quiet hours hold is due for many at the same instant: it keeps the pace there, too. */
static int64_t spread_ms(const struct sweep *sweep)
{
    return sweep->pace_per_s > 0 ? (int64_t)((double)sweep->now.matched * 1000 / sweep->pace_per_s)
                                 : 0;
}

static void add_recipient(struct batch *batch, struct sweep *sweep, const struct person *person)
{
    if (sweep->kind == SWEEP_COUNT) {
        if (sweep->preview && sweep->example_count < SWEEP_EXAMPLES_MAX) {
            sweep->examples[sweep->example_count++] =
                arena_str(sweep->arena, broadcast_render(batch, sweep, person));
        }
    } else {
        struct work *work = batch_work(batch);
        work->input = (struct input){.kind = INPUT_ADMIN,
                                     .source = STR("broadcast"),
                                     .user_id = person->user.id,
                                     .name = STR("broadcast"),
                                     .ref_id = sweep->id,
                                     .spread_ms = spread_ms(sweep),
                                     .text = broadcast_render(batch, sweep, person)};
        sweep->now.credit -= 1;
    }
    sweep->now.matched++;
}

static void add_move(struct batch *batch, const struct sweep *sweep, int64_t user_id)
{
    struct work *work = batch_work(batch);
    work->input = (struct input){.kind = INPUT_MOVE,
                                 .source = STR("sweep"),
                                 .user_id = user_id,
                                 .name = str_of(sweep->name),
                                 .text = sweep->text};
}

/* Of the page, those whom the move may concern: a change of versions those in older ones alone. */
static bool is_concerned(const struct sweep *sweep, const struct cell *cells)
{
    return !is_about_versions(sweep) || cells[1].integer != 0;
}

/* Looks at the people of a page until enough were found. */
static enum err look_at(struct engine *engine, struct batch *batch, struct sweep *sweep,
                        const struct rows *page, int allowed, struct err_detail *detail)
{
    struct person_want *wants = ARENA_ARRAY(batch->arena, struct person_want, (size_t)page->count);
    struct person **people = ARENA_ARRAY(batch->arena, struct person *, (size_t)page->count);
    for (int i = 0; i < page->count; i++) {
        wants[i] = (struct person_want){
            .user_id = page->cells[(ptrdiff_t)i * page->columns].integer, .now_ms = batch->now_ms};
    }
    enum err error = OK;
    if (sweep->kind != SWEEP_MOVE) {
        error = store_people_load(engine->store, batch->arena, wants, page->count, people, detail);
    }
    int found = 0;
    for (int i = 0; error == OK && i < page->count && found < allowed; i++) {
        sweep->now.cursor = wants[i].user_id;
        sweep->now.considered++;
        if (sweep->kind == SWEEP_MOVE) {
            if (is_concerned(sweep, page->cells + (ptrdiff_t)i * page->columns)) {
                add_move(batch, sweep, wants[i].user_id);
                found++;
            }
        } else if (people[i] != NULL && people[i]->broken.length == 0 &&
                   broadcast_reaches(batch, sweep, people[i])) {
            add_recipient(batch, sweep, people[i]);
            found++;
        }
    }
    return error;
}

static enum err save_progress(struct engine *engine, struct batch *batch, struct sweep *sweep,
                              struct err_detail *detail)
{
    switch (sweep->kind) {
    case SWEEP_COUNT: /* begins anew after a restart, since its command is not answered */
        return OK;
    case SWEEP_BROADCAST:
    case SWEEP_TAKE_BACK:
        return broadcast_save_progress(engine, batch, sweep, detail);
    case SWEEP_MOVE:
        break;
    }
    return save_move(engine, batch, sweep, detail);
}

/* Hashes of the definitions in force, one behind the other. */
static struct str hashes_in_force(struct engine *engine, struct arena *arena)
{
    struct str hashes = STR_NONE;
    for (int i = 0; i < catalog_journey_count(engine->catalog); i++) {
        hashes = arena_printf(arena, "%.*s %.*s", STR_ARG(hashes),
                              STR_ARG(catalog_journey_at(engine->catalog, i)->hash));
    }
    return hashes;
}

static enum err next_page(struct engine *engine, struct batch *batch, struct sweep *sweep,
                          int allowed, struct err_detail *detail)
{
    bool about_versions = is_about_versions(sweep);
    const struct arg args[] = {
        ARG_INT(sweep->now.cursor), ARG_INT(LIMIT_PAGE_USERS),
        ARG_TEXT(about_versions ? hashes_in_force(engine, batch->arena) : STR_NONE)};
    struct rows page = {0};
    enum err error = store_query(engine->store, batch->arena,
                                 about_versions ? "users_page_versions" : "users_page", args,
                                 about_versions ? 3 : 2, LIMIT_PAGE_USERS, &page, detail);
    if (error == OK) {
        error = look_at(engine, batch, sweep, &page, allowed, detail);
    }
    bool whole =
        page.count == 0 ||
        sweep->now.cursor == page.cells[(ptrdiff_t)(page.count - 1) * page.columns].integer;
    sweep->now.done = page.count < LIMIT_PAGE_USERS && whole;
    return error;
}

static enum err step_one(struct engine *engine, struct batch *batch, struct sweep *sweep,
                         struct err_detail *detail)
{
    int allowed = allowance(engine, sweep, batch->now_ms, &sweep->now.next_at_ms);
    if (allowed == 0) {
        return OK;
    }
    if (sweep->now.started_at_ms == 0) {
        sweep->now.started_at_ms = batch->now_ms;
    }
    sweep->now.next_at_ms = batch->now_ms;
    enum err error = sweep->kind == SWEEP_TAKE_BACK
                         ? broadcast_take_back(engine, batch, sweep, detail)
                         : next_page(engine, batch, sweep, allowed, detail);
    return error == OK ? save_progress(engine, batch, sweep, detail) : error;
}

enum err sweep_step(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    enum err error = OK;
    for (struct sweep *sweep = engine->sweeps; error == OK && sweep != NULL; sweep = sweep->next) {
        if (!sweep->now.done && !sweep->fresh && !sweep->ending &&
            sweep->now.next_at_ms <= batch->now_ms) {
            error = step_one(engine, batch, sweep, detail);
        }
    }
    return error;
}

/* ---- answers ---- */

enum err sweep_answer(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    enum err error = OK;
    for (struct sweep *sweep = engine->sweeps; error == OK && sweep != NULL; sweep = sweep->next) {
        if (sweep->kind != SWEEP_COUNT || !sweep->now.done || sweep->fresh) {
            continue;
        }
        error = broadcast_counted(engine, batch, sweep, detail);
        if (error == OK && sweep->inbox_id != 0) {
            error = store_inbox_answer(engine->store, sweep->inbox_id, OK, sweep->result,
                                       batch->now_ms, detail);
        }
    }
    return error;
}

/* Who counted has answered; what was counted for begins. */
static void become_broadcast(struct sweep *sweep)
{
    sweep->kind = SWEEP_BROADCAST;
    sweep->inbox_id = 0;
    sweep->item = NULL;
    sweep->now = sweep->saved = (struct progress){.next_at_ms = sweep->at_ms};
}

/* True: it is over. */
static bool settle_committed(struct sweep *sweep)
{
    bool counted = sweep->kind == SWEEP_COUNT && sweep->now.done;
    if (counted && sweep->item != NULL) {
        const struct outcome outcome = {.handled = true, .result = sweep->result};
        item_end(sweep->item, &outcome);
    }
    if (counted && !sweep->preview && sweep->id != 0) {
        become_broadcast(sweep);
        return false;
    }
    sweep->saved = sweep->now;
    return sweep->now.done || sweep->ending;
}

void sweep_settle(struct engine *engine, bool committed)
{
    struct sweep **at = &engine->sweeps;
    while (*at != NULL) {
        struct sweep *sweep = *at;
        if (committed ? settle_committed(sweep) : sweep->fresh) {
            *at = sweep->next;
            sweep_free(sweep);
            continue;
        }
        if (!committed) {
            sweep->now = sweep->saved;
        }
        sweep->fresh = false;
        sweep->ending = false;
        at = &sweep->next;
    }
}

bool sweep_is_pending(const struct engine *engine, int64_t inbox_id)
{
    for (const struct sweep *sweep = engine->sweeps; sweep != NULL; sweep = sweep->next) {
        if (sweep->inbox_id == inbox_id) {
            return true;
        }
    }
    return false;
}

void sweep_cancel(struct engine *engine, const struct outcome *outcome)
{
    for (struct sweep *sweep = engine->sweeps; sweep != NULL; sweep = sweep->next) {
        if (sweep->item != NULL) {
            item_end(sweep->item, outcome);
            sweep->item = NULL;
        }
    }
}

void sweep_free_all(struct engine *engine)
{
    while (engine->sweeps != NULL) {
        struct sweep *sweep = engine->sweeps;
        engine->sweeps = sweep->next;
        sweep_free(sweep);
    }
}
