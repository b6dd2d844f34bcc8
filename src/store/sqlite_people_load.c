/* Loading people: a descent for the user, one each for active runs, open and recent commitments and
 * unfinished messages, and one for each row that the input names.
 *
 * The counters on the user say which states of commitments exist at all, so that those who have
 * none cost no descent; doctor proves the counters. */
#include "store/sqlite.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"

enum {
    COMMITMENT_COLUMNS = 19,
    DELIVERY_COLUMNS = 29,
    RUN_COLUMNS = 21,
    USER_COLUMNS = 65,
    DELIVERIES_UNFINISHED_MAX = 256,
    HISTORY_EVENTS_MAX = 10000, /* of one person in 60 days; older ones are left out */
};
#define RECENT_MS  (90 * DAY_MS)
#define HISTORY_MS (60 * DAY_MS)

static int64_t first_id_at(int64_t at_ms)
{
    return at_ms <= 0 ? 0 : at_ms << 21;
}

static enum err check_row(const struct reader *reader, const char *table, int columns, int64_t id,
                          struct err_detail *detail)
{
    int found = sqlite3_column_count(reader->statement);
    if (found != columns) {
        return err_set(
            detail, ERR_SCHEMA,
            "table %s has %d columns, this program knows %d; run the program it belongs to", table,
            found, columns);
    }
    ASSERT(reader->at == columns);
    if (reader->bad) {
        return err_set(detail, ERR_STORE,
                       "table %s, id %lld: a column holds a value that this program does not know; "
                       "run nudge doctor",
                       table, (long long)id);
    }
    return OK;
}

static void read_user(struct reader *r, struct user *user)
{
    user->id = read_int64(r);
    user->joined_at_ms = read_int64(r);
    user->first_name = read_text(r);
    user->username = read_text(r);
    user->source = read_text(r);
    read_chars(r, user->language, sizeof(user->language));
    read_chars(r, user->zone, sizeof(user->zone));
    for (int i = CHANNEL_TELEGRAM; i < CHANNEL_COUNT; i++) {
        user->contacts[i].address = read_text(r);
        user->contacts[i].reach = (enum reach)read_enum(r, REACH_GONE + 1);
    }
    user->channel = (enum channel_kind)read_enum(r, CHANNEL_COUNT);
    user->set = (enum journey_set)read_enum(r, SET_OPTIMIZED + 1);
    user->set_assigned = read_bool(r);
    user->is_test = read_bool(r);
    user->is_held = read_bool(r);
    user->existing = read_bool(r);
    user->is_erased = read_bool(r);
    user->stopped = read_bool(r);
    user->paused_until_ms = read_int64(r);
    user->crisis_hold = read_bool(r);
    user->quiet_from_minute = read_int(r);
    user->quiet_to_minute = read_int(r);
    user->nudge_last_at_ms = read_int64(r);
    user->nudge_day = read_int64(r);
    user->nudge_count = read_int(r);
    user->followup_day = read_int64(r);
    user->followup_count = read_int(r);
    user->commitments_total = read_int(r);
    user->commitments_completed = read_int(r);
    user->commitments_quick = read_int(r);
    user->commitments_outside = read_int(r);
    user->commitments_outside_completed = read_int(r);
    user->commitments_missed = read_int(r);
    user->commitments_dropped = read_int(r);
    user->completion_ms_sum = read_int64(r);
    user->first_commitment_at_ms = read_int64(r);
    user->first_completion_at_ms = read_int64(r);
    user->activity_last_at_ms = read_int64(r);
    user->activity_day = read_int64(r);
    user->activity_days = (uint64_t)read_int64(r);
    user->streak_days = read_int(r);
    user->streak_best_days = read_int(r);
    user->streak_day = read_int64(r);
    user->ladder_rung = read_int(r);
    user->quick_in_row = read_int(r);
    user->misses_in_row = read_int(r);
    user->onboarding_completed = read_bool(r);
    user->onboarding_completed_at_ms = read_int64(r);
    user->onboarding_version = read_text(r);
    user->feeling_word = read_text(r);
    user->amplification_choice = read_text(r);
    user->in_group = read_bool(r);
    user->leaderboard_opt_in = read_bool(r);
    user->help_last_at_ms = read_int64(r);
    user->entered = read_text(r);
    user->onboarding_ended_at_ms = read_int64(r);
    user->dialog = (enum dialog)read_enum(r, DIALOG_PLAN_WHEN + 1);
    user->dialog_ref = read_int64(r);
    user->dialog_at_ms = read_int64(r);
    user->event_last_id = read_int64(r);
    user->delivery_last_id = read_int64(r);
    user->next_at_ms = read_int64(r);
    user->saved_next_at_ms = user->next_at_ms;
}

static void read_commitment(struct reader *r, struct commitment *commitment)
{
    commitment->user_id = read_int64(r);
    commitment->state = (enum commitment_state)read_enum(r, COMMITMENT_DROPPED + 1);
    commitment->id = read_int64(r);
    commitment->undo_state = (enum commitment_state)read_enum(r, COMMITMENT_DROPPED + 1);
    commitment->undo_until_ms = read_int64(r);
    commitment->text = read_text(r);
    commitment->size_s = read_int(r);
    commitment->source = read_text(r);
    commitment->external_id = read_text(r);
    commitment->created_at_ms = read_int64(r);
    commitment->planned_at_ms = read_int64(r);
    commitment->due_at_ms = read_int64(r);
    commitment->completed_at_ms = read_int64(r);
    commitment->ended_at_ms = read_int64(r);
    commitment->repeat = (enum repeat_kind)read_enum(r, REPEAT_WEEKLY + 1);
    commitment->repeat_weekday = read_int(r);
    commitment->repeat_minute = read_int(r);
    commitment->followups = read_int(r);
    commitment->next_at_ms = read_int64(r);
    commitment->saved_next_at_ms = commitment->next_at_ms;
}

static void read_run(struct reader *r, struct run *run)
{
    run->user_id = read_int64(r);
    run->outcome = (enum run_outcome)read_enum(r, RUN_STOPPED + 1);
    run->id = read_int64(r);
    run->journey = read_text(r);
    run->definition = read_text(r);
    run->sequence = read_text(r);
    run->subject_id = read_int64(r);
    run->phase = (enum run_phase)read_enum(r, PHASE_ENDED + 1);
    run->step = read_enum(r, RUN_STEPS_MAX);
    run->ultra = read_bool(r);
    run->flags = (unsigned)read_int(r);
    run->entered_at_ms = read_int64(r);
    run->ended_at_ms = read_int64(r);
    run->anchor_at_ms = read_int64(r);
    run->delivery_id = read_int64(r);
    r->bad |= !steps_read(read_view(r), run);
    run->steps_assisted = (uint32_t)read_int64(r);
    run->answers = read_text(r);
    run->variants = read_text(r);
    run->held_ms = read_int64(r);
    run->next_at_ms = read_int64(r);
    run->saved_next_at_ms = run->next_at_ms;
}

static void read_delivery(struct reader *r, struct delivery *delivery)
{
    delivery->id = read_int64(r);
    delivery->user_id = read_int64(r);
    delivery->previous_id = read_int64(r);
    delivery->run_id = read_int64(r);
    delivery->commitment_id = read_int64(r);
    delivery->broadcast_id = read_int64(r);
    delivery->journey = read_text(r);
    delivery->sequence = read_text(r);
    delivery->step = read_text(r);
    delivery->step_index = read_int(r);
    delivery->kind = (enum message_kind)read_enum(r, KIND_COUNT);
    delivery->class = (enum message_class)read_enum(r, CLASS_NUDGE + 1);
    delivery->channel = (enum channel_kind)read_enum(r, CHANNEL_COUNT);
    delivery->address = read_text(r);
    delivery->language = read_text(r);
    delivery->variant = read_text(r);
    delivery->text = read_text(r);
    delivery->picture = read_text(r);
    r->bad |= !buttons_read(r->arena, read_view(r), &delivery->buttons, &delivery->button_count);
    delivery->state = (enum delivery_state)read_enum(r, DELIVERY_STATE_COUNT);
    delivery->reason = read_text(r);
    delivery->created_at_ms = read_int64(r);
    delivery->expires_at_ms = read_int64(r);
    delivery->sent_at_ms = read_int64(r);
    delivery->answered_at_ms = read_int64(r);
    delivery->attempts = read_int(r);
    delivery->uncertain = read_int(r);
    delivery->provider_id = read_text(r);
    delivery->next_at_ms = read_int64(r);
    delivery->saved_next_at_ms = delivery->next_at_ms;
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
    error = statement_next(load->store, &binder, ret_found, "load a user", load->detail);
    if (error != OK || !*ret_found) {
        return error;
    }
    load->person = ARENA_NEW(load->arena, struct person);
    struct reader reader = read_begin(&binder, load->arena);
    read_user(&reader, &load->person->user);
    error = check_row(&reader, "users", USER_COLUMNS, load->want->user_id, load->detail);
    statement_done(&binder);
    return error;
}

static enum err load_commitments(struct load *load, struct binder *binder)
{
    for (;;) {
        bool is_row;
        enum err error =
            statement_next(load->store, binder, &is_row, "load commitments", load->detail);
        if (error != OK || !is_row) {
            return error;
        }
        struct commitment *commitment = person_add_commitment(load->arena, load->person);
        struct reader reader = read_begin(binder, load->arena);
        read_commitment(&reader, commitment);
        commitment->is_new = commitment->changed = false;
        error = check_row(&reader, "commitments", COMMITMENT_COLUMNS, commitment->id, load->detail);
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
        error = statement_next(load->store, &binder, &is_row, "load runs", load->detail);
        if (error != OK || !is_row) {
            return error;
        }
        struct run *run = person_add_run(load->arena, load->person);
        struct reader reader = read_begin(&binder, load->arena);
        read_run(&reader, run);
        run->is_new = run->changed = false;
        error = check_row(&reader, "runs", RUN_COLUMNS, run->id, load->detail);
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
        error = statement_next(load->store, &binder, &is_row, "load messages", load->detail);
        if (error != OK || !is_row) {
            return error;
        }
        struct person *person = load->person;
        struct delivery *delivery = person_add_delivery(load->arena, person);
        struct reader reader = read_begin(&binder, load->arena);
        read_delivery(&reader, delivery);
        delivery->is_new = delivery->changed = false;
        error = check_row(&reader, "deliveries", DELIVERY_COLUMNS, delivery->id, load->detail);
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
    error = statement_next(load->store, &binder, &is_row, "load the history", load->detail);
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
                capacity = capacity == 0 ? 64 : 2 * capacity;
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
        struct load load = {store, arena, NULL, &wants[i], detail};
        enum err error = load_person(&load);
        if (error != OK) {
            return error;
        }
        ret_people[i] = load.person;
    }
    return OK;
}
