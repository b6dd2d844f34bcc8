/* Walks over the structures of a record, field by field; the order is the format. Whoever adds a
 * field here raises RECORD_VERSION. */
#include "core/record_parts.h"

#include "base/limits.h"

/* Whoever adds a field to one of these adds it to its walk below, or a record lacks what the
 * decision was given. (Fields of the store's own are left out.) */
_Static_assert(sizeof(struct input) == 424, "a new field belongs into code_input");
_Static_assert(sizeof(struct user) == 608, "a new field belongs into code_user");
_Static_assert(sizeof(struct run) == 712, "a new field belongs into code_run");
_Static_assert(sizeof(struct commitment) == 168, "a new field belongs into code_commitment");
_Static_assert(sizeof(struct delivery) == 360, "a new field belongs into code_delivery");
_Static_assert(sizeof(struct population) == 48, "a new field belongs into code_population");

/* Stands for a text that is kept elsewhere. */
#define TEXT_ELSEWHERE STR("…")

bool record_lacks_text(const struct input *input)
{
    return input->kind == INPUT_ADMIN && str_is(input->name, "broadcast");
}

bool record_lacks_message_text(const struct delivery *delivery)
{
    return str_equal(delivery->text, TEXT_ELSEWHERE);
}

void code_input(struct codec *c, struct input *input)
{
    struct str text = record_lacks_text(input) ? STR_NONE : input->text;
    input->kind = (enum input_kind)code_enum(c, (int)input->kind, INPUT_MOVE + 1);
    code_int64(c, &input->at_ms);
    code_int64(c, &input->sent_at_ms);
    code_str(c, &input->source);
    code_str(c, &input->external_id);
    code_int64(c, &input->user_id);
    input->channel = (enum channel_kind)code_enum(c, (int)input->channel, CHANNEL_COUNT);
    code_str(c, &input->identity);
    code_str(c, &input->address);
    code_str(c, &input->first_name);
    code_str(c, &input->username);
    code_str(c, &input->language);
    code_bool(c, &input->may_create);
    code_int64(c, &input->offered_user_id);
    code_int64(c, &input->linked_user_id);
    code_str(c, &text);
    code_str(c, &input->token);
    code_str(c, &input->callback_id);
    code_bool(c, &input->answers_tap);
    code_str(c, &input->message_id);
    code_str(c, &input->new_address);
    code_bool(c, &input->is_captioned);
    code_str(c, &input->preview);
    code_bool(c, &input->in_group);
    code_str(c, &input->bot_name);
    input->ref_kind = (enum due_kind)code_enum(c, (int)input->ref_kind, DUE_DELIVERY + 1);
    code_int64(c, &input->ref_id);
    input->report = (enum report_kind)code_enum(c, (int)input->report, REPORT_COMPLAINED + 1);
    code_str(c, &input->provider_id);
    code_str(c, &input->reason);
    code_int64(c, &input->retry_at_ms);
    code_int64(c, &input->spread_ms);
    code_str(c, &input->name);
    code_str(c, &input->data);
    code_double(c, &input->revenue);
    if (c->reading) {
        input->text = text;
    }
}

static void code_contacts(struct codec *c, struct user *user)
{
    for (int i = CHANNEL_TELEGRAM; i < CHANNEL_COUNT; i++) {
        struct contact *contact = &user->contacts[i];
        code_str(c, &contact->address);
        contact->reach = (enum reach)code_enum(c, (int)contact->reach, REACH_GONE + 1);
    }
    user->channel = (enum channel_kind)code_enum(c, (int)user->channel, CHANNEL_COUNT);
}

/* Many of them, one number. */
static void code_flags(struct codec *c, bool *const *flags, int count)
{
    uint64_t bits = 0;
    for (int i = 0; i < count; i++) {
        bits |= (uint64_t)*flags[i] << i;
    }
    code_number(c, &bits);
    for (int i = 0; i < count && c->reading; i++) {
        *flags[i] = (bits >> i & 1) != 0;
    }
    c->bad = c->bad || bits >> count != 0;
}

static void code_pressure(struct codec *c, struct user *user)
{
    uint64_t holds = user->operator_holds;
    code_number(c, &holds);
    c->bad = c->bad || holds > (OPERATOR_STOPPED | OPERATOR_PAUSED);
    user->operator_holds = (unsigned)holds;
    code_int64(c, &user->paused_until_ms);
    code_int(c, &user->quiet_from_minute);
    code_int(c, &user->quiet_to_minute);
    code_int64(c, &user->nudge_last_at_ms);
    code_int64(c, &user->nudge_day);
    code_int(c, &user->nudge_count);
    code_int64(c, &user->followup_day);
    code_int(c, &user->followup_count);
}

static void code_counters(struct codec *c, struct user *user)
{
    code_int(c, &user->commitments_total);
    code_int(c, &user->commitments_completed);
    code_int(c, &user->commitments_quick);
    code_int(c, &user->commitments_outside);
    code_int(c, &user->commitments_outside_completed);
    code_int(c, &user->commitments_missed);
    code_int(c, &user->commitments_dropped);
    code_int64(c, &user->completion_ms_sum);
    code_int64(c, &user->first_commitment_at_ms);
    code_int64(c, &user->first_completion_at_ms);
    code_int64(c, &user->activity_last_at_ms);
    code_int64(c, &user->activity_day);
    code_number(c, &user->activity_days);
    code_int(c, &user->streak_days);
    code_int(c, &user->streak_best_days);
    code_int64(c, &user->streak_day);
    code_int(c, &user->ladder_rung);
    code_int(c, &user->quick_in_row);
    code_int(c, &user->misses_in_row);
}

void code_user(struct codec *c, struct user *user)
{
    code_int64(c, &user->id);
    code_int64(c, &user->joined_at_ms);
    code_str(c, &user->first_name);
    code_str(c, &user->username);
    code_str(c, &user->source);
    code_chars(c, user->language, sizeof(user->language));
    code_chars(c, user->zone, sizeof(user->zone));
    code_contacts(c, user);
    user->set = (enum journey_set)code_enum(c, (int)user->set, SET_OPTIMIZED + 1);
    bool *const flags[] = {
        &user->set_assigned, &user->is_test,   &user->is_held,
        &user->existing,     &user->stopped,   &user->crisis_hold,
        &user->in_group,     &user->is_erased, &user->leaderboard_opt_in,
        &user->is_new,       &user->changed,   &user->onboarding_completed,
    };
    code_flags(c, flags, (int)(sizeof(flags) / sizeof(flags[0])));
    code_int64(c, &user->alias_of);
    code_pressure(c, user);
    code_counters(c, user);
    code_int64(c, &user->onboarding_completed_at_ms);
    code_str(c, &user->onboarding_version);
    code_str(c, &user->feeling_word);
    code_str(c, &user->amplification_choice);
    code_int64(c, &user->help_last_at_ms);
    code_str(c, &user->entered);
    code_int64(c, &user->onboarding_ended_at_ms);
    user->dialog = (enum dialog)code_enum(c, (int)user->dialog, DIALOG_PLAN_WHEN + 1);
    code_int64(c, &user->dialog_ref);
    code_int64(c, &user->dialog_at_ms);
    code_int64(c, &user->event_last_id);
    code_int64(c, &user->next_at_ms);
}

static void code_steps(struct codec *c, struct run *run)
{
    int count = RUN_STEPS_MAX;
    while (!c->reading && count > 0 && run->step_sent_at_ms[count - 1] == 0 &&
           run->step_completed_at_ms[count - 1] == 0) {
        count--;
    }
    code_count(c, &count, RUN_STEPS_MAX);
    for (int i = 0; i < count; i++) {
        code_int64(c, &run->step_sent_at_ms[i]);
        code_int64(c, &run->step_completed_at_ms[i]);
    }
}

void code_run(struct codec *c, struct run *run)
{
    uint64_t flags = run->flags;
    uint64_t assisted = run->steps_assisted;
    code_int64(c, &run->id);
    code_int64(c, &run->user_id);
    code_str(c, &run->journey);
    code_str(c, &run->definition);
    code_str(c, &run->sequence);
    code_int64(c, &run->subject_id);
    run->outcome = (enum run_outcome)code_enum(c, (int)run->outcome, RUN_STOPPED + 1);
    run->phase = (enum run_phase)code_enum(c, (int)run->phase, PHASE_ENDED + 1);
    run->step = code_enum(c, run->step, RUN_STEPS_MAX);
    code_bool(c, &run->ultra);
    code_number(c, &flags);
    code_int64(c, &run->entered_at_ms);
    code_int64(c, &run->ended_at_ms);
    code_int64(c, &run->anchor_at_ms);
    code_int64(c, &run->delivery_id);
    code_steps(c, run);
    code_number(c, &assisted);
    code_str(c, &run->answers);
    code_str(c, &run->variants);
    code_int64(c, &run->held_ms);
    code_int64(c, &run->next_at_ms);
    code_bool(c, &run->is_new);
    code_bool(c, &run->changed);
    c->bad = c->bad || flags > UINT32_MAX || assisted > UINT32_MAX;
    run->flags = (unsigned)flags;
    run->steps_assisted = (uint32_t)assisted;
}

void code_ended(struct codec *c, struct commitment *commitment)
{
    code_int64(c, &commitment->id);
    commitment->state =
        (enum commitment_state)code_enum(c, (int)commitment->state, COMMITMENT_DROPPED + 1);
    code_str(c, &commitment->external_id);
    code_int64(c, &commitment->created_at_ms);
    code_int64(c, &commitment->due_at_ms);
    code_int64(c, &commitment->completed_at_ms);
    code_int64(c, &commitment->ended_at_ms);
    code_int(c, &commitment->size_s);
}

void code_commitment(struct codec *c, struct commitment *commitment)
{
    code_ended(c, commitment);
    code_int64(c, &commitment->user_id);
    commitment->undo_state =
        (enum commitment_state)code_enum(c, (int)commitment->undo_state, COMMITMENT_DROPPED + 1);
    code_int64(c, &commitment->undo_until_ms);
    code_str(c, &commitment->text);
    code_str(c, &commitment->source);
    code_int64(c, &commitment->planned_at_ms);
    commitment->repeat = (enum repeat_kind)code_enum(c, (int)commitment->repeat, REPEAT_WEEKLY + 1);
    code_int(c, &commitment->repeat_weekday);
    code_int(c, &commitment->repeat_minute);
    code_int(c, &commitment->followups);
    code_int64(c, &commitment->next_at_ms);
    code_bool(c, &commitment->is_new);
    code_bool(c, &commitment->changed);
}

void code_delivery(struct codec *c, struct delivery *delivery)
{
    bool has_text = delivery->text.length > 0;
    code_int64(c, &delivery->id);
    code_int64(c, &delivery->user_id);
    code_int64(c, &delivery->run_id);
    code_int64(c, &delivery->commitment_id);
    code_int64(c, &delivery->broadcast_id);
    code_str(c, &delivery->journey);
    code_str(c, &delivery->sequence);
    code_str(c, &delivery->step);
    code_int(c, &delivery->step_index);
    delivery->kind = (enum message_kind)code_enum(c, (int)delivery->kind, KIND_COUNT);
    delivery->class = (enum message_class)code_enum(c, (int)delivery->class, CLASS_NUDGE + 1);
    delivery->channel = (enum channel_kind)code_enum(c, (int)delivery->channel, CHANNEL_COUNT);
    code_str(c, &delivery->address);
    code_str(c, &delivery->language);
    code_str(c, &delivery->variant);
    code_bool(c, &has_text);
    delivery->state = (enum delivery_state)code_enum(c, (int)delivery->state, DELIVERY_STATE_COUNT);
    code_str(c, &delivery->reason);
    code_int64(c, &delivery->created_at_ms);
    code_int64(c, &delivery->expires_at_ms);
    code_int64(c, &delivery->sent_at_ms);
    code_int64(c, &delivery->answered_at_ms);
    code_int(c, &delivery->attempts);
    code_int(c, &delivery->uncertain);
    code_str(c, &delivery->provider_id);
    code_int64(c, &delivery->next_at_ms);
    code_bool(c, &delivery->is_new);
    code_bool(c, &delivery->changed);
    code_bool(c, &delivery->dispatch);
    if (c->reading) {
        delivery->text = has_text ? TEXT_ELSEWHERE : STR_NONE;
    }
}

void code_population(struct codec *c, struct population *population)
{
    code_int(c, &population->active_users);
    code_double(c, &population->percentile);
    code_str(c, &population->leaderboard);
    code_double(c, &population->typical_hours);
    code_double(c, &population->quick_percent);
}

void code_message(struct codec *c, struct record_message *message)
{
    code_int64(c, &message->id);
    code_bool(c, &message->is_new);
    if (message->is_new) {
        code_str(c, &message->journey);
        code_str(c, &message->step);
    }
    message->kind = (enum message_kind)code_enum(c, (int)message->kind, KIND_COUNT);
    message->class = (enum message_class)code_enum(c, (int)message->class, CLASS_NUDGE + 1);
    message->channel = (enum channel_kind)code_enum(c, (int)message->channel, CHANNEL_COUNT);
    message->state = (enum delivery_state)code_enum(c, (int)message->state, DELIVERY_STATE_COUNT);
    code_str(c, &message->reason);
    code_int64(c, &message->next_at_ms);
}
