/* Loading people: a descent for the user, one each for active runs, open and recent commitments and
 * unfinished messages, and one for each row that the input names.
 *
 * The counters on the user say which states of commitments exist at all, so that those who have
 * none cost no descent; doctor proves the counters. */
#include "store/driver.h"

#include <stdlib.h>

#include "base/limits.h"

enum {
    DELIVERIES_UNFINISHED_MAX = 256,
    HISTORY_EVENTS_MAX = 10000, /* of one person in 60 days; older ones are left out */
};
#define RECENT_MS  (90 * DAY_MS)
#define HISTORY_MS (60 * DAY_MS)

static int64_t first_id_at(int64_t at_ms)
{
    return at_ms <= 0 ? 0 : at_ms << 21;
}

/* What the parts of loading one person share. */
struct load {
    struct store *store;
    struct arena *arena;
    struct person *person;
    const struct person_want *want;
    struct err_detail *detail;
};

static enum err load_user(struct load *load)
{
    struct binder binder;
    bool found;
    enum err error = bind_begin(load->store, STATEMENT_USER_LOAD, &binder, load->detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, load->want->user_id);
    error = statement_next(&binder, &found, "load a user", load->detail);
    if (error != OK || !found) {
        return error;
    }
    load->person = ARENA_NEW(load->arena, struct person);
    struct reader reader = read_begin(&binder, load->arena);
    error = load_user_row(&reader, &load->person->user, load->detail);
    statement_done(&binder);
    return error;
}

static enum err load_commitments(struct load *load, struct binder *binder)
{
    for (;;) {
        bool is_row;
        enum err error = statement_next(binder, &is_row, "load commitments", load->detail);
        if (error != OK || !is_row) {
            return error;
        }
        struct commitment *commitment = person_add_commitment(load->arena, load->person);
        struct reader reader = read_begin(binder, load->arena);
        error = load_commitment_row(&reader, commitment, load->detail);
        commitment->is_new = commitment->changed = false;
        if (error != OK) {
            statement_done(binder);
            return error;
        }
    }
}

static enum err load_commitments_of(struct load *load, enum commitment_state state, int limit)
{
    struct binder binder;
    enum statement which = state == COMMITMENT_ACTIVE ? STATEMENT_COMMITMENTS_LOAD_OPEN
                                                      : STATEMENT_COMMITMENTS_LOAD_ENDED;
    enum err error = bind_begin(load->store, which, &binder, load->detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, load->want->user_id);
    if (state != COMMITMENT_ACTIVE) {
        bind_int(&binder, (int64_t)state);
        bind_int(&binder, first_id_at(load->want->now_ms - RECENT_MS));
    }
    bind_int(&binder, limit);
    return load_commitments(load, &binder);
}

static int newest_last(const void *a, const void *b)
{
    int64_t left = (*(struct commitment *const *)a)->id;
    int64_t right = (*(struct commitment *const *)b)->id;
    return left < right ? -1 : left > right;
}

/* Keeps all open ones and the newest of the others. */
static void keep_newest(struct person *person)
{
    int surplus = person->commitment_count - LIMIT_COMMITMENTS_LOADED;
    int kept = 0;
    for (int i = 0; i < person->commitment_count; i++) {
        struct commitment *commitment = person->commitments[i];
        if (surplus > 0 && commitment->state != COMMITMENT_ACTIVE) {
            surplus--;
        } else {
            person->commitments[kept++] = commitment;
        }
    }
    person->commitment_count = kept;
}

static enum err load_all_commitments(struct load *load)
{
    const struct user *user = &load->person->user;
    const int counts[] = {
        [COMMITMENT_ACTIVE] = user->commitments_total,
        [COMMITMENT_COMPLETED] = user->commitments_completed,
        [COMMITMENT_MISSED] = user->commitments_missed,
        [COMMITMENT_DROPPED] = user->commitments_dropped,
    };
    for (int state = COMMITMENT_ACTIVE; state <= COMMITMENT_DROPPED; state++) {
        if (counts[state] > 0) {
            enum err error =
                load_commitments_of(load, (enum commitment_state)state, LIMIT_COMMITMENTS_LOADED);
            if (error != OK) {
                return error;
            }
        }
    }
    struct person *person = load->person;
    if (person->commitment_count > 1) {
        qsort(person->commitments, (size_t)person->commitment_count, sizeof(struct commitment *),
              newest_last);
    }
    keep_newest(person);
    return OK;
}

/* The one that the input names, which may have ended long ago. */
static enum err load_wanted_commitment(struct load *load)
{
    int64_t id = load->want->commitment_id;
    if (id == 0 || person_commitment(load->person, id) != NULL) {
        return OK;
    }
    struct binder binder;
    enum err error = bind_begin(load->store, STATEMENT_COMMITMENT_LOAD, &binder, load->detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, load->want->user_id);
    bind_int(&binder, id);
    error = load_commitments(load, &binder);
    struct person *person = load->person;
    if (error == OK && person->commitment_count > 1) {
        qsort(person->commitments, (size_t)person->commitment_count, sizeof(struct commitment *),
              newest_last);
    }
    return error;
}

static enum err load_runs(struct load *load, enum statement which, int64_t argument)
{
    struct binder binder;
    enum err error = bind_begin(load->store, which, &binder, load->detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, load->want->user_id);
    bind_int(&binder, argument);
    for (;;) {
        bool is_row;
        error = statement_next(&binder, &is_row, "load runs", load->detail);
        if (error != OK || !is_row) {
            return error;
        }
        struct run *run = person_add_run(load->arena, load->person);
        struct reader reader = read_begin(&binder, load->arena);
        error = load_run_row(&reader, run, load->detail);
        run->is_new = run->changed = false;
        if (error != OK) {
            statement_done(&binder);
            return error;
        }
    }
}

static enum err load_active_runs(struct load *load)
{
    return load_runs(load, STATEMENT_RUNS_LOAD_ACTIVE, LIMIT_RUNS_ACTIVE);
}

static enum err load_wanted_run(struct load *load)
{
    int64_t id = load->want->run_id;
    return id != 0 && person_run(load->person, id) == NULL ? load_runs(load, STATEMENT_RUN_LOAD, id)
                                                           : OK;
}

static bool is_of_active_run(const struct person *person, const struct delivery *delivery)
{
    const struct run *run = person_run(person, delivery->run_id);
    return run != NULL && run->outcome == RUN_ACTIVE;
}

static enum err load_deliveries(struct load *load, enum statement which, int64_t first,
                                int64_t second)
{
    struct binder binder;
    enum err error = bind_begin(load->store, which, &binder, load->detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, first);
    bind_int(&binder, second);
    for (;;) {
        bool is_row;
        error = statement_next(&binder, &is_row, "load messages", load->detail);
        if (error != OK || !is_row) {
            return error;
        }
        struct person *person = load->person;
        struct delivery *delivery = person_add_delivery(load->arena, person);
        struct reader reader = read_begin(&binder, load->arena);
        error = load_delivery_row(&reader, delivery, load->detail);
        delivery->is_new = delivery->changed = false;
        if (error != OK) {
            statement_done(&binder);
            return error;
        }
        if (delivery->id != load->want->delivery_id && !is_of_active_run(person, delivery)) {
            person->delivery_count--;
        }
    }
}

static enum err load_unfinished_deliveries(struct load *load)
{
    return load->person->run_count > 0
               ? load_deliveries(load, STATEMENT_DELIVERIES_LOAD_UNFINISHED, load->want->user_id,
                                 DELIVERIES_UNFINISHED_MAX)
               : OK;
}

static enum err load_wanted_delivery(struct load *load)
{
    int64_t id = load->want->delivery_id;
    return id != 0 && person_delivery(load->person, id) == NULL
               ? load_deliveries(load, STATEMENT_DELIVERY_LOAD, id, load->want->user_id)
               : OK;
}

/* One step back along the person's events. */
static enum err step_back(struct load *load, int64_t *id, int64_t *ret_at_ms, bool *ret_is_activity)
{
    struct binder binder;
    enum err error = bind_begin(load->store, STATEMENT_EVENT_WALK, &binder, load->detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, *id);
    bind_int(&binder, load->want->user_id);
    bool is_row;
    error = statement_next(&binder, &is_row, "load the history", load->detail);
    if (error != OK) {
        return error;
    }
    *id = 0;
    *ret_at_ms = 0;
    *ret_is_activity = false;
    if (is_row) {
        struct reader reader = read_begin(&binder, load->arena);
        *ret_at_ms = read_int64(&reader);
        *id = read_int64(&reader);
        enum event_type type = event_type_of(read_view(&reader));
        *ret_is_activity = type != EVENT_TYPE_COUNT && event_type_is_activity(type);
        statement_done(&binder);
    }
    return OK;
}

static enum err load_history(struct load *load)
{
    if (!load->want->history) {
        return OK;
    }
    int64_t from_ms = load->want->now_ms - HISTORY_MS;
    int64_t id = load->person->user.event_last_id;
    int64_t *instants = NULL;
    int count = 0;
    int capacity = 0;
    for (int walked = 0; id != 0 && walked < HISTORY_EVENTS_MAX; walked++) {
        int64_t at_ms;
        bool is_activity;
        enum err error = step_back(load, &id, &at_ms, &is_activity);
        if (error != OK) {
            return error;
        }
        if (at_ms < from_ms) {
            break;
        }
        if (is_activity) {
            if (count == capacity) {
                capacity = capacity == 0 ? PORTION(64, 1) : 2 * capacity;
                instants = arena_grow(load->arena, instants, (size_t)count * sizeof(*instants),
                                      (size_t)capacity * sizeof(*instants));
            }
            instants[count++] = at_ms;
        }
    }
    for (int i = 0; i < count / 2; i++) { /* oldest first */
        int64_t swapped = instants[i];
        instants[i] = instants[count - 1 - i];
        instants[count - 1 - i] = swapped;
    }
    load->person->activity_at_ms = instants;
    load->person->activity_count = count;
    load->person->has_history = true;
    return OK;
}

/* In this order for each person. What the parts of a stage ask for is known when it begins; a walk
 * has none, since each step tells the next. */
enum { STAGE_HEAD, STAGE_ROWS, STAGE_MORE, STAGE_LAST, STAGE_WALK, STAGES };
static const struct part {
    enum err (*load)(struct load *load);
    int stage;
} parts[] = {
    {load_user, STAGE_HEAD},
    {load_active_runs, STAGE_HEAD},
    {load_wanted_run, STAGE_ROWS},
    {load_all_commitments, STAGE_ROWS},
    {load_wanted_commitment, STAGE_MORE},
    {load_unfinished_deliveries, STAGE_MORE},
    {load_wanted_delivery, STAGE_LAST},
    {load_history, STAGE_WALK},
};

static bool is_there(const struct load *load)
{
    return load->person != NULL && load->person->broken.length == 0;
}

static enum err load_stage(struct load *load, int stage, struct err_detail *detail)
{
    struct err_detail why = {""};
    enum err error = OK;
    load->detail = &why;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && error == OK; i++) {
        const struct part *part = &parts[i];
        if (part->stage == stage && (part->load == load_user || is_there(load))) {
            error = part->load(load);
        }
    }
    if (error == ERR_INVALID) {
        load->person = ARENA_NEW(load->arena, struct person);
        load->person->user.id = load->want->user_id;
        load->person->broken = arena_str(load->arena, str_of(why.text));
        error = OK;
    }
    return error == OK ? OK : err_set(detail, error, "%s", why.text);
}

/* Asks for what the stage will read: it is gone through as if there were no rows. */
static enum err read_ahead(struct store *store, const struct load *loads, int count, int stage,
                           struct err_detail *detail)
{
    enum err error = OK;
    store->driver->ahead_begin(store);
    for (int i = 0; i < count && error == OK; i++) {
        struct person nobody = {0};
        struct load noted = loads[i];
        noted.person = stage == STAGE_HEAD ? &nobody : noted.person;
        error = stage == STAGE_HEAD || is_there(&noted) ? load_stage(&noted, stage, detail) : OK;
    }
    return error == OK ? store->driver->ahead_ask(store, detail) : error;
}

/* Everybody goes through one stage before the next. */
static enum err load_together(struct store *store, struct load *loads, int count,
                              struct err_detail *detail)
{
    enum err error = OK;
    for (int stage = 0; stage < STAGES && error == OK; stage++) {
        if (stage != STAGE_WALK) {
            error = read_ahead(store, loads, count, stage, detail);
        }
        for (int i = 0; i < count && error == OK; i++) {
            error = load_stage(&loads[i], stage, detail);
        }
        store->driver->ahead_end(store);
    }
    return error;
}

static enum err load_each(struct load *loads, int count, struct err_detail *detail)
{
    enum err error = OK;
    for (int i = 0; i < count && error == OK; i++) {
        for (int stage = 0; stage < STAGES && error == OK; stage++) {
            error = load_stage(&loads[i], stage, detail);
        }
    }
    return error;
}

enum err store_people_load(struct store *store, struct arena *arena,
                           const struct person_want *wants, int count, struct person **ret_people,
                           struct err_detail *detail)
{
    struct load *loads = ARENA_ARRAY(arena, struct load, (size_t)count);
    for (int i = 0; i < count; i++) {
        loads[i] = (struct load){.store = store, .arena = arena, .want = &wants[i]};
    }
    enum err error = store->driver->ahead_begin != NULL ? load_together(store, loads, count, detail)
                                                        : load_each(loads, count, detail);
    for (int i = 0; i < count; i++) {
        ret_people[i] = loads[i].person;
    }
    return error;
}
