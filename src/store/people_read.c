/* Rows of people as the database gives them, turned into the structures of core/person.h.
 *
 * Columns are read in the order of the table. A table with another number of columns, and a value
 * that its column may not hold, are refused with their place. */
#include "store/driver.h"

#include "base/check.h"
#include "core/delivery.h"

enum { COMMITMENT_COLUMNS = 19, DELIVERY_COLUMNS = 30, RUN_COLUMNS = 21, USER_COLUMNS = 68 };

static enum err check_row(const struct reader *reader, const char *table, int columns, int64_t id,
                          struct err_detail *detail)
{
    int found = reader->driver->column_count(reader->statement);
    if (found != columns) {
        return err_set(
            detail, ERR_SCHEMA,
            "table %s has %d columns, this program knows %d; run the program it belongs to", table,
            found, columns);
    }
    ASSERT(reader->at == columns);
    if (reader->bad) {
        return err_set(detail, ERR_INVALID,
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
    user->saved_is_test = user->is_test;
    user->alias_of = read_int64(r);
    user->operator_holds = (unsigned)read_enum(r, (OPERATOR_STOPPED | OPERATOR_PAUSED) + 1);
    user->decision_last_id = read_int64(r);
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
    delivery->picture_alt = read_text(r);
    delivery->saved_next_at_ms = delivery->next_at_ms;
    delivery->saved_line = delivery_line(delivery);
    delivery->counted = counts_as(delivery);
}

enum err load_user_row(struct reader *reader, struct user *user, struct err_detail *detail)
{
    read_user(reader, user);
    return check_row(reader, "users", USER_COLUMNS, user->id, detail);
}

enum err load_commitment_row(struct reader *reader, struct commitment *commitment,
                             struct err_detail *detail)
{
    read_commitment(reader, commitment);
    return check_row(reader, "commitments", COMMITMENT_COLUMNS, commitment->id, detail);
}

enum err load_run_row(struct reader *reader, struct run *run, struct err_detail *detail)
{
    read_run(reader, run);
    return check_row(reader, "runs", RUN_COLUMNS, run->id, detail);
}

enum err load_delivery_row(struct reader *reader, struct delivery *delivery,
                           struct err_detail *detail)
{
    read_delivery(reader, delivery);
    return check_row(reader, "deliveries", DELIVERY_COLUMNS, delivery->id, detail);
}
