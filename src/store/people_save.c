/* Saving people: every row marked new or changed, one prepared statement each, and its due row when
 * the instant it waits for moved.
 *
 * Rows are bound in the order of the table's columns; insert and update number their parameters
 * alike, so one function binds for both. */
#include "store/driver.h"

#include "base/check.h"
#include "core/delivery.h"

static void bind_user(struct binder *b, const struct user *user)
{
    bind_int(b, user->id);
    bind_int(b, user->joined_at_ms);
    bind_text(b, user->first_name);
    bind_text(b, user->username);
    bind_text(b, user->source);
    bind_text(b, str_of(user->language));
    bind_text(b, str_of(user->zone));
    for (int i = CHANNEL_TELEGRAM; i < CHANNEL_COUNT; i++) {
        bind_text(b, user->contacts[i].address);
        bind_int(b, user->contacts[i].reach);
    }
    bind_int(b, user->channel);
    bind_int(b, user->set);
    bind_int(b, user->set_assigned);
    bind_int(b, user->is_test);
    bind_int(b, user->is_held);
    bind_int(b, user->existing);
    bind_int(b, user->is_erased);
    bind_int(b, user->stopped);
    bind_int(b, user->paused_until_ms);
    bind_int(b, user->crisis_hold);
    bind_int(b, user->quiet_from_minute);
    bind_int(b, user->quiet_to_minute);
    bind_int(b, user->nudge_last_at_ms);
    bind_int(b, user->nudge_day);
    bind_int(b, user->nudge_count);
    bind_int(b, user->followup_day);
    bind_int(b, user->followup_count);
    bind_int(b, user->commitments_total);
    bind_int(b, user->commitments_completed);
    bind_int(b, user->commitments_quick);
    bind_int(b, user->commitments_outside);
    bind_int(b, user->commitments_outside_completed);
    bind_int(b, user->commitments_missed);
    bind_int(b, user->commitments_dropped);
    bind_int(b, user->completion_ms_sum);
    bind_int(b, user->first_commitment_at_ms);
    bind_int(b, user->first_completion_at_ms);
    bind_int(b, user->activity_last_at_ms);
    bind_int(b, user->activity_day);
    bind_int(b, (int64_t)user->activity_days);
    bind_int(b, user->streak_days);
    bind_int(b, user->streak_best_days);
    bind_int(b, user->streak_day);
    bind_int(b, user->ladder_rung);
    bind_int(b, user->quick_in_row);
    bind_int(b, user->misses_in_row);
    bind_int(b, user->onboarding_completed);
    bind_int(b, user->onboarding_completed_at_ms);
    bind_text(b, user->onboarding_version);
    bind_text(b, user->feeling_word);
    bind_text(b, user->amplification_choice);
    bind_int(b, user->in_group);
    bind_int(b, user->leaderboard_opt_in);
    bind_int(b, user->help_last_at_ms);
    bind_text(b, user->entered);
    bind_int(b, user->onboarding_ended_at_ms);
    bind_int(b, user->dialog);
    bind_int(b, user->dialog_ref);
    bind_int(b, user->dialog_at_ms);
    bind_int(b, user->event_last_id);
    bind_int(b, user->delivery_last_id);
    bind_int(b, user->next_at_ms);
    bind_int(b, user->alias_of);
    bind_int(b, user->operator_holds);
    bind_int(b, user->decision_last_id);
}

static void bind_commitment(struct binder *b, const struct commitment *commitment)
{
    bind_int(b, commitment->user_id);
    bind_int(b, commitment->state);
    bind_int(b, commitment->id);
    bind_int(b, commitment->undo_state);
    bind_int(b, commitment->undo_until_ms);
    bind_text(b, commitment->text);
    bind_int(b, commitment->size_s);
    bind_text(b, commitment->source);
    bind_text(b, commitment->external_id);
    bind_int(b, commitment->created_at_ms);
    bind_int(b, commitment->planned_at_ms);
    bind_int(b, commitment->due_at_ms);
    bind_int(b, commitment->completed_at_ms);
    bind_int(b, commitment->ended_at_ms);
    bind_int(b, commitment->repeat);
    bind_int(b, commitment->repeat_weekday);
    bind_int(b, commitment->repeat_minute);
    bind_int(b, commitment->followups);
    bind_int(b, commitment->next_at_ms);
}

static void bind_run(struct binder *b, struct arena *arena, const struct run *run)
{
    bind_int(b, run->user_id);
    bind_int(b, run->outcome);
    bind_int(b, run->id);
    bind_text(b, run->journey);
    bind_text(b, run->definition);
    bind_text(b, run->sequence);
    bind_int(b, run->subject_id);
    bind_int(b, run->phase);
    bind_int(b, run->step);
    bind_int(b, run->ultra);
    bind_int(b, run->flags);
    bind_int(b, run->entered_at_ms);
    bind_int(b, run->ended_at_ms);
    bind_int(b, run->anchor_at_ms);
    bind_int(b, run->delivery_id);
    bind_text(b, steps_write(arena, run));
    bind_int(b, run->steps_assisted);
    bind_text(b, run->answers);
    bind_text(b, run->variants);
    bind_int(b, run->held_ms);
    bind_int(b, run->next_at_ms);
}

static void bind_delivery(struct binder *b, struct arena *arena, const struct delivery *delivery)
{
    bind_int(b, delivery->id);
    bind_int(b, delivery->user_id);
    bind_int(b, delivery->previous_id);
    bind_int(b, delivery->run_id);
    bind_int(b, delivery->commitment_id);
    bind_int(b, delivery->broadcast_id);
    bind_text(b, delivery->journey);
    bind_text(b, delivery->sequence);
    bind_text(b, delivery->step);
    bind_int(b, delivery->step_index);
    bind_int(b, delivery->kind);
    bind_int(b, delivery->class);
    bind_int(b, delivery->channel);
    bind_text(b, delivery->address);
    bind_text(b, delivery->language);
    bind_text(b, delivery->variant);
    bind_text(b, delivery->text);
    bind_text(b, delivery->picture);
    bind_text(b, buttons_write(arena, delivery->buttons, delivery->button_count));
    bind_int(b, delivery->state);
    bind_text(b, delivery->reason);
    bind_int(b, delivery->created_at_ms);
    bind_int(b, delivery->expires_at_ms);
    bind_int(b, delivery->sent_at_ms);
    bind_int(b, delivery->answered_at_ms);
    bind_int(b, delivery->attempts);
    bind_int(b, delivery->uncertain);
    bind_text(b, delivery->provider_id);
    bind_int(b, delivery->next_at_ms);
    bind_text(b, delivery->picture_alt);
}

static void bind_outcome(struct binder *b, const struct delivery *delivery)
{
    bind_int(b, delivery->id);
    bind_int(b, delivery->state);
    bind_text(b, delivery->reason);
    bind_int(b, delivery->sent_at_ms);
    bind_int(b, delivery->answered_at_ms);
    bind_int(b, delivery->attempts);
    bind_int(b, delivery->uncertain);
    bind_text(b, delivery->provider_id);
    bind_int(b, delivery->next_at_ms);
}

/* What the parts of one save share. */
struct save {
    struct store *store;
    struct person *person;
    struct err_detail *detail;
};

/* Exchanges the due row when the instant or the line moved. */
static enum err save_due_in_line(struct save *save, enum due_kind kind, int64_t id,
                                 int64_t next_at_ms, int64_t *saved_next_at_ms, int line,
                                 int *saved_line)
{
    struct binder binder;
    if (next_at_ms == *saved_next_at_ms && line == *saved_line) {
        return OK;
    }
    if (*saved_next_at_ms != 0) {
        enum err error = bind_begin(save->store, STATEMENT_DUE_DELETE, &binder, save->detail);
        if (error != OK) {
            return error;
        }
        bind_int(&binder, *saved_line);
        bind_int(&binder, *saved_next_at_ms);
        bind_int(&binder, id);
        error = statement_run(&binder, NULL, "save what is due", save->detail);
        if (error != OK) {
            return error;
        }
    }
    if (next_at_ms != 0) {
        enum err error = bind_begin(save->store, STATEMENT_DUE_INSERT, &binder, save->detail);
        if (error != OK) {
            return error;
        }
        bind_int(&binder, line);
        bind_int(&binder, next_at_ms);
        bind_int(&binder, id);
        bind_int(&binder, kind);
        bind_int(&binder, save->person->user.id);
        error = statement_run(&binder, NULL, "save what is due", save->detail);
        if (error != OK) {
            return error;
        }
    }
    *saved_next_at_ms = next_at_ms;
    *saved_line = line;
    return OK;
}

static enum err save_due(struct save *save, enum due_kind kind, int64_t id, int64_t next_at_ms,
                         int64_t *saved_next_at_ms)
{
    int no_line = 0;
    return save_due_in_line(save, kind, id, next_at_ms, saved_next_at_ms, 0, &no_line);
}

/* Runs a statement that must change exactly one row, *ret_found says whether it did. */
static enum err run_one(struct save *save, struct binder *binder, bool *ret_found, const char *what)
{
    int changed = 0;
    enum err error = statement_run(binder, &changed, what, save->detail);
    *ret_found = changed == 1;
    return error;
}

static enum err missing(struct save *save, const char *table, int64_t id)
{
    return err_set(save->detail, ERR_STORE, "table %s has no row %lld to change; run nudge doctor",
                   table, (long long)id);
}

static enum err save_commitment(struct save *save, struct commitment *commitment)
{
    struct binder binder;
    bool found = false;
    /* Where it is not found in its state, it was in another one before. */
    static const enum statement updates[] = {STATEMENT_COMMITMENT_UPDATE,
                                             STATEMENT_COMMITMENT_UPDATE_STATE};
    for (size_t i = 0; i < (commitment->is_new ? 1U : 2U) && !found; i++) {
        enum err error =
            bind_begin(save->store, commitment->is_new ? STATEMENT_COMMITMENT_INSERT : updates[i],
                       &binder, save->detail);
        if (error != OK) {
            return error;
        }
        bind_commitment(&binder, commitment);
        error = run_one(save, &binder, &found, "save a commitment");
        if (error != OK) {
            return error;
        }
    }
    if (!found) {
        return missing(save, "commitments", commitment->id);
    }
    commitment->is_new = commitment->changed = false;
    return save_due(save, DUE_COMMITMENT, commitment->id, commitment->next_at_ms,
                    &commitment->saved_next_at_ms);
}

static enum err save_run(struct save *save, struct run *run)
{
    struct binder binder;
    bool found = false;
    static const enum statement updates[] = {STATEMENT_RUN_UPDATE, STATEMENT_RUN_UPDATE_OUTCOME};
    for (size_t i = 0; i < (run->is_new ? 1U : 2U) && !found; i++) {
        enum err error = bind_begin(save->store, run->is_new ? STATEMENT_RUN_INSERT : updates[i],
                                    &binder, save->detail);
        if (error != OK) {
            return error;
        }
        bind_run(&binder, save->store->arena, run);
        error = run_one(save, &binder, &found, "save a run");
        if (error != OK) {
            return error;
        }
    }
    if (!found) {
        return missing(save, "runs", run->id);
    }
    run->is_new = run->changed = false;
    return save_due(save, DUE_RUN, run->id, run->next_at_ms, &run->saved_next_at_ms);
}

static enum statement delivery_statement(const struct delivery *delivery)
{
    if (delivery->is_new) {
        return STATEMENT_DELIVERY_INSERT;
    }
    /* Text and buttons are fixed with the attempt; what comes after it is outcome. */
    return delivery->state <= DELIVERY_SENDING ? STATEMENT_DELIVERY_UPDATE
                                               : STATEMENT_DELIVERY_UPDATE_OUTCOME;
}

static enum err save_delivery(struct save *save, struct delivery *delivery)
{
    struct user *user = &save->person->user;
    struct binder binder;
    enum statement which = delivery_statement(delivery);
    enum err error = bind_begin(save->store, which, &binder, save->detail);
    if (error != OK) {
        return error;
    }
    if (delivery->is_new) {
        delivery->previous_id = user->delivery_last_id;
        user->delivery_last_id = delivery->id;
        user->changed = true;
    }
    if (which == STATEMENT_DELIVERY_UPDATE_OUTCOME) {
        bind_outcome(&binder, delivery);
    } else {
        bind_delivery(&binder, save->store->arena, delivery);
    }
    bool found;
    error = run_one(save, &binder, &found, "save a message");
    if (error != OK) {
        return error;
    }
    if (!found) {
        return missing(save, "deliveries", delivery->id);
    }
    delivery->is_new = delivery->changed = false;
    error = counts_take(save->store, delivery, user->saved_is_test, save->detail);
    if (error != OK) {
        return error;
    }
    return save_due_in_line(save, DUE_DELIVERY, delivery->id, delivery->next_at_ms,
                            &delivery->saved_next_at_ms, delivery_line(delivery),
                            &delivery->saved_line);
}

static enum err save_first_answer(struct save *save)
{
    struct binder binder;
    enum err error = bind_begin(save->store, STATEMENT_DELIVERY_ANSWERED, &binder, save->detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, save->person->answered_delivery_id);
    bind_int(&binder, save->person->answered_at_ms);
    return statement_run(&binder, NULL, "save an answer", save->detail);
}

/* Whether it is the first answer to its message; then the row is to be read. */
static enum err look_for_answer(struct save *save, struct binder *binder, bool *ret_first)
{
    enum err error = bind_begin(save->store, STATEMENT_DELIVERY_UNANSWERED, binder, save->detail);
    if (error != OK) {
        return error;
    }
    bind_int(binder, save->person->answered_delivery_id);
    bind_int(binder, save->person->user.id);
    return statement_next(binder, ret_first, "look for an answer", save->detail);
}

/* The message that the present input answered; it need not be loaded. */
static enum err save_answered(struct save *save)
{
    struct person *person = save->person;
    struct binder binder;
    bool is_first;
    if (person->answered_delivery_id == 0) {
        return OK;
    }
    enum err error = look_for_answer(save, &binder, &is_first);
    if (error == OK && is_first) {
        struct reader reader = read_begin(&binder, save->store->arena);
        int64_t at_ms = read_int64(&reader);
        struct str sequence = read_text(&reader);
        int64_t channel = read_int64(&reader);
        statement_done(&binder);
        error = save_first_answer(save);
        if (error == OK && !person->user.saved_is_test) {
            error = counts_take_answer(save->store, at_ms, sequence, channel, save->detail);
        }
    }
    person->answered_delivery_id = 0;
    person->answered_at_ms = 0;
    return error;
}

/* Asks for all answers at once. */
static enum err look_ahead(struct store *store, struct person *const *people, int count,
                           struct err_detail *detail)
{
    enum err error = OK;
    store->driver->ahead_begin(store);
    for (int i = 0; i < count && error == OK; i++) {
        struct save save = {store, people[i], detail};
        struct binder binder;
        bool found;
        if (people[i]->answered_delivery_id != 0) {
            error = look_for_answer(&save, &binder, &found);
        }
    }
    return error == OK ? store->driver->ahead_ask(store, detail) : error;
}

/* Who becomes a test person is counted nowhere, and the other way round. */
static enum err save_test(struct save *save)
{
    struct user *user = &save->person->user;
    if (user->is_test == user->saved_is_test) {
        return OK;
    }
    user->saved_is_test = user->is_test;
    return counts_take_person(save->store, STATEMENT_DELIVERY_COUNTS_OF_USER, user->id,
                              user->is_test ? -1 : 1, save->detail);
}

static enum err save_user(struct save *save)
{
    struct user *user = &save->person->user;
    struct binder binder;
    enum err error =
        bind_begin(save->store, user->is_new ? STATEMENT_USER_INSERT : STATEMENT_USER_UPDATE,
                   &binder, save->detail);
    if (error != OK) {
        return error;
    }
    bind_user(&binder, user);
    bool found;
    error = run_one(save, &binder, &found, "save a user");
    if (error != OK) {
        return error;
    }
    if (!found) {
        return missing(save, "users", user->id);
    }
    user->is_new = user->changed = false;
    error = save_test(save);
    if (error != OK) {
        return error;
    }
    return save_due(save, DUE_USER, user->id, user->next_at_ms, &user->saved_next_at_ms);
}

static enum err save_rows(struct save *save)
{
    struct person *person = save->person;
    enum err error = OK;
    arena_reset(save->store->arena);
    if (person->user.is_new) {
        person->user.saved_is_test = person->user.is_test;
    }
    for (int i = 0; i < person->commitment_count && error == OK; i++) {
        struct commitment *row = person->commitments[i];
        if (row->is_new || row->changed || row->next_at_ms != row->saved_next_at_ms) {
            error = save_commitment(save, row);
        }
    }
    for (int i = 0; i < person->run_count && error == OK; i++) {
        struct run *row = person->runs[i];
        if (row->is_new || row->changed || row->next_at_ms != row->saved_next_at_ms) {
            error = save_run(save, row);
        }
    }
    for (int i = 0; i < person->delivery_count && error == OK; i++) {
        struct delivery *row = person->deliveries[i];
        if (row->is_new || row->changed || row->next_at_ms != row->saved_next_at_ms) {
            error = save_delivery(save, row);
        }
    }
    return error;
}

static enum err save_head(struct save *save)
{
    const struct user *user = &save->person->user;
    bool is_changed = user->is_new || user->changed || user->next_at_ms != user->saved_next_at_ms;
    return is_changed ? save_user(save) : OK;
}

enum err store_people_save(struct store *store, struct person *const *people, int count,
                           struct err_detail *detail)
{
    /* Rows first, the user last: saving a new message moves the head of the user's chain. Everybody
     * goes through one part before the next: answers are looked for together. */
    static enum err (*const parts[])(struct save * save) = {save_rows, save_answered, save_head};
    store->driver->divide(store); /* no row is written twice within one save */
    enum err error = OK;
    for (size_t part = 0; part < sizeof(parts) / sizeof(parts[0]) && error == OK; part++) {
        if (parts[part] == save_answered && store->driver->ahead_begin != NULL) {
            error = look_ahead(store, people, count, detail);
        }
        for (int i = 0; i < count && error == OK; i++) {
            struct save save = {store, people[i], detail};
            error = parts[part](&save);
        }
    }
    return error;
}
