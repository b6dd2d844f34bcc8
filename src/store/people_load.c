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

static enum err load_user(struct load *load, bool *ret_found)
{
    struct binder binder;
    enum err error = bind_begin(load->store, STATEMENT_USER_LOAD, &binder, load->detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, load->want->user_id);
    error = statement_next(&binder, ret_found, "load a user", load->detail);
    if (error != OK || !*ret_found) {
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

static enum err load_all_runs(struct load *load)
{
    enum err error = load_runs(load, STATEMENT_RUNS_LOAD_ACTIVE, LIMIT_RUNS_ACTIVE);
    int64_t id = load->want->run_id;
    if (error == OK && id != 0 && person_run(load->person, id) == NULL) {
        error = load_runs(load, STATEMENT_RUN_LOAD, id);
    }
    return error;
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

static enum err load_all_deliveries(struct load *load)
{
    enum err error = OK;
    struct person *person = load->person;
    if (person->run_count > 0) {
        error = load_deliveries(load, STATEMENT_DELIVERIES_LOAD_UNFINISHED, load->want->user_id,
                                DELIVERIES_UNFINISHED_MAX);
    }
    int64_t id = load->want->delivery_id;
    if (error == OK && id != 0 && person_delivery(person, id) == NULL) {
        error = load_deliveries(load, STATEMENT_DELIVERY_LOAD, id, load->want->user_id);
    }
    return error;
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

static enum err load_person(struct load *load)
{
    bool found;
    enum err error = load_user(load, &found);
    if (error != OK || !found) {
        return error;
    }
    error = load_all_runs(load);
    if (error == OK) {
        error = load_all_commitments(load);
    }
    if (error == OK) {
        error = load_wanted_commitment(load);
    }
    if (error == OK) {
        error = load_all_deliveries(load);
    }
    if (error == OK && load->want->history) {
        error = load_history(load);
    }
    return error;
}

enum err store_people_load(struct store *store, struct arena *arena,
                           const struct person_want *wants, int count, struct person **ret_people,
                           struct err_detail *detail)
{
    for (int i = 0; i < count; i++) {
        struct err_detail why = {""};
        struct load load = {store, arena, NULL, &wants[i], &why};
        enum err error = load_person(&load);
        if (error == ERR_INVALID) {
            load.person = ARENA_NEW(arena, struct person);
            load.person->user.id = wants[i].user_id;
            load.person->broken = arena_str(arena, str_of(why.text));
        } else if (error != OK) {
            return err_set(detail, error, "%s", why.text);
        }
        ret_people[i] = load.person;
    }
    return OK;
}
