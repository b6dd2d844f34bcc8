/* See judge.h. What the person asked for is believed from the inputs alone: whatever surely forbids
 * messages forbids them, and whatever might allow them again does. */
#include "judge.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

enum {
    DELIVERIES_MAX = 1000,
    RUNS_MAX = 300,
    FOLLOWUPS_PER_COMMITMENT = 5,
    FOLLOWUPS_PER_DAY = 6,
    TOKEN_BYTES_MAX = 64,
    TEXT_BYTES_MAX = 16 * 1024,
};
#define NAG(actor, rule) nag(actor, rule, #rule, __LINE__)

/* What was known of a delivery after the decision before. */
struct known {
    int64_t id;
    enum delivery_state state;
    int attempts;
    int copies;         /* attempts that arrived, or may have */
    int uncertain;      /* as the message says */
    int64_t sent_at_ms; /* of the last attempt, as long as it may have arrived; 0: none */
    int64_t sent_day;   /* the day it counts for */
};

struct judge {
    struct known known[DELIVERIES_MAX];
    int count;
    enum run_outcome outcomes[RUNS_MAX];
    int run_count;
    bool set_assigned;
    enum journey_set set;
    /* What the person wants, and what keeps them away. */
    bool stopped, crisis, blocked;
    int64_t paused_until_ms;
    int64_t deed_at_ms; /* the last thing that they did, or that was done about them */
};

struct judge *judge_new(void)
{
    struct judge *judge = calloc(1, sizeof(*judge));
    ASSERT(judge != NULL);
    return judge;
}

void judge_free(struct judge *judge)
{
    free(judge);
}

static void nag(const struct actor *actor, bool holds, const char *rule, int line)
{
    if (!holds) {
        fprintf(stderr, "line %d, user at %lld: %s\n", line, (long long)actor->world.now_ms, rule);
    }
    ASSERT(holds);
}

static const struct zone *zone_of(const struct actor *actor)
{
    const char *name = actor->person->user.zone;
    return name[0] != '\0' ? zone_find(str_of(name)) : actor->installation.default_zone;
}

/* ---- what is believed of the person ---- */

static bool is_deed(enum input_kind kind)
{
    return kind != INPUT_REPORT && kind != INPUT_TIMER && kind != INPUT_BLOCKED;
}

static bool is_from_person(enum input_kind kind)
{
    return kind == INPUT_TEXT || kind == INPUT_TEXT_EDITED || kind == INPUT_BUTTON ||
           kind == INPUT_UNSUPPORTED;
}

static bool may_resume(const struct input *input)
{
    return str_is(input->text, "/resume") || str_is(input->token, "x:resume") ||
           (input->kind == INPUT_ADMIN && str_is(input->name, "resume"));
}

static void believe_allowed(struct judge *judge, const struct input *input)
{
    if (may_resume(input)) {
        judge->stopped = judge->crisis = false;
        judge->paused_until_ms = 0;
    }
    if (input->kind == INPUT_ADMIN && str_is(input->name, "lift_crisis")) {
        judge->crisis = false;
    }
    if (is_from_person(input->kind) || input->kind == INPUT_UNBLOCKED) {
        judge->blocked = false;
    }
}

static void believe_forbidden(struct judge *judge, const struct actor *actor,
                              const struct input *input)
{
    bool wrote = input->kind == INPUT_TEXT;
    bool reported = input->kind == INPUT_REPORT;
    judge->stopped |= wrote && str_is(input->text, "/stop");
    judge->stopped |= input->kind == INPUT_ADMIN && str_is(input->name, "stop");
    judge->stopped |= reported && input->report == REPORT_COMPLAINED;
    judge->crisis |= wrote && str_is(input->text, "kill myself");
    /* Of who has no address yet it says nothing about the first one. */
    bool has_address = actor->person->user.contacts[CHANNEL_TELEGRAM].address.length > 0;
    const struct delivery *about = reported ? person_delivery(actor->person, input->ref_id) : NULL;
    bool is_telegrams = about != NULL && about->channel == CHANNEL_TELEGRAM;
    judge->blocked |= has_address && input->kind == INPUT_BLOCKED;
    judge->blocked |= has_address && is_telegrams &&
                      (input->report == REPORT_BLOCKED || input->report == REPORT_GONE);
    if (wrote && str_is(input->text, "/pause 2")) {
        judge->paused_until_ms = actor->world.now_ms + 2 * DAY_MS;
    }
}

static void believe(struct judge *judge, const struct actor *actor, const struct input *input)
{
    if (is_deed(input->kind)) {
        judge->deed_at_ms = actor->world.now_ms;
    }
    believe_allowed(judge, input);
    believe_forbidden(judge, actor, input);
}

/* ---- messages that go out ---- */

static bool is_quiet(const struct actor *actor)
{
    const struct user *user = &actor->person->user;
    bool own = user->quiet_from_minute >= 0;
    int from = own ? user->quiet_from_minute : actor->installation.quiet_from_minute;
    int to = own ? user->quiet_to_minute : actor->installation.quiet_to_minute;
    struct local_time local = calendar_local(zone_of(actor), actor->world.now_ms);
    int minute = local.hour * 60 + local.minute;
    return from < to ? minute >= from && minute < to : from > to && (minute >= from || minute < to);
}

/* The day that a message of the class counts for: who moved west lives in a day again that was
 * counted for before. */
static int64_t day_of(const struct actor *actor, const struct judge *judge,
                      enum message_class class)
{
    int64_t today = calendar_local_day(zone_of(actor), actor->world.now_ms);
    for (int i = 0; i < judge->count; i++) {
        if (judge->known[i].sent_at_ms != 0 && judge->known[i].sent_day == today + 1 &&
            actor->person->deliveries[i]->class == class) {
            return today + 1;
        }
    }
    return today;
}

static void judge_caps(const struct actor *actor, const struct judge *judge,
                       const struct delivery *sent)
{
    int64_t now_ms = actor->world.now_ms;
    int64_t day = day_of(actor, judge, sent->class);
    int that_day = 0, about = 0;
    for (int i = 0; i < judge->count; i++) {
        const struct known *known = &judge->known[i];
        const struct delivery *other = actor->person->deliveries[i];
        if (known->sent_at_ms == 0 || other == sent || other->class != sent->class) {
            continue;
        }
        that_day += known->sent_day == day;
        about += sent->commitment_id != 0 && other->commitment_id == sent->commitment_id;
        NAG(actor, sent->class != CLASS_NUDGE ||
                       now_ms - known->sent_at_ms >= actor->installation.nudge_min_gap_ms);
    }
    NAG(actor, sent->class != CLASS_NUDGE || that_day < actor->installation.nudge_per_day);
    NAG(actor, sent->class != CLASS_FOLLOWUP || that_day < FOLLOWUPS_PER_DAY);
    NAG(actor, sent->class != CLASS_FOLLOWUP || about < FOLLOWUPS_PER_COMMITMENT);
}

static void judge_words(const struct actor *actor, const struct delivery *sent)
{
    NAG(actor, sent->text.length > 0 && sent->text.length <= TEXT_BYTES_MAX);
    NAG(actor, text_is_utf8(sent->text) && sent->button_count <= 12);
    for (int i = 0; i < sent->button_count; i++) {
        const struct button *button = &sent->buttons[i];
        NAG(actor, button->text.length > 0 && button->token.length <= TOKEN_BYTES_MAX);
        NAG(actor, button->token.length > 0 || button->url.length > 0);
    }
}

static void judge_consent(const struct actor *actor, const struct judge *judge,
                          const struct delivery *sent)
{
    const struct user *user = &actor->person->user;
    int64_t now_ms = actor->world.now_ms;
    NAG(actor, !user->is_erased && !judge->blocked);
    NAG(actor, user->contacts[sent->channel].reach == REACH_OK);
    NAG(actor, sent->expires_at_ms == 0 || now_ms < sent->expires_at_ms);
    if (sent->class == CLASS_REPLY) {
        NAG(actor, sent->created_at_ms <= judge->deed_at_ms + MINUTE_MS);
        return;
    }
    NAG(actor, !user->stopped && !judge->stopped);
    NAG(actor, !user->crisis_hold && !judge->crisis);
    NAG(actor, user->paused_until_ms <= now_ms && judge->paused_until_ms <= now_ms);
    NAG(actor, !user->is_held || sent->class != CLASS_NUDGE);
    NAG(actor, !is_quiet(actor));
}

/* A copy follows one that may have arrived only when the answer about that one was lost, once, and
 * never of what nobody waits for. */
static void judge_copy(const struct actor *actor, const struct known *before,
                       const struct delivery *sent)
{
    bool waits = sent->class == CLASS_REPLY || sent->class == CLASS_ONBOARDING;
    NAG(actor, before->copies == 0 || (waits && sent->uncertain > 0 && before->copies == 1));
}

/* While nobody does anything, a step gives one message of each kind. (Who comes back is shown again
 * what they missed, and their silence after that runs its course anew.) */
static void judge_step(const struct actor *actor, const struct judge *judge,
                       const struct delivery *sent)
{
    if (sent->run_id == 0 || sent->class == CLASS_REPLY) {
        return;
    }
    for (int i = 0; i < judge->count; i++) {
        const struct delivery *other = actor->person->deliveries[i];
        bool alike = other != sent && other->run_id == sent->run_id && other->kind == sent->kind &&
                     str_equal(other->step, sent->step);
        NAG(actor, !alike || judge->known[i].sent_at_ms <= judge->deed_at_ms);
    }
}

static void judge_sent(const struct actor *actor, const struct judge *judge,
                       const struct known *before, const struct delivery *sent)
{
    NAG(actor, sent->state == DELIVERY_SENDING && sent->address.length > 0);
    judge_words(actor, sent);
    judge_copy(actor, before, sent);
    judge_step(actor, judge, sent);
    judge_consent(actor, judge, sent);
    judge_caps(actor, judge, sent);
}

/* ---- every message ---- */

/* Whether it is known not to have arrived, or was never under way. */
static bool has_failed(enum delivery_state state)
{
    return state == DELIVERY_SCHEDULED || state == DELIVERY_FAILED || state == DELIVERY_DEAD ||
           state == DELIVERY_SUPPRESSED || state == DELIVERY_EXPIRED;
}

static bool has_arrived(enum delivery_state state)
{
    return state >= DELIVERY_SENT && state <= DELIVERY_CLICKED;
}

/* It waits for an instant, or has come to an end with a reason; nobody waits for an answer. */
static void judge_waiting(const struct actor *actor, const struct delivery *delivery)
{
    bool ended = has_failed(delivery->state) && delivery->state != DELIVERY_SCHEDULED;
    bool waits = delivery->state == DELIVERY_SCHEDULED || delivery->state == DELIVERY_SENDING;
    NAG(actor, !ended || delivery->reason.length > 0);
    NAG(actor, !waits || delivery->next_at_ms > 0);
    NAG(actor, delivery->class != CLASS_REPLY || !str_is(delivery->reason, "quiet_hours"));
    NAG(actor, delivery->class == CLASS_FOLLOWUP || delivery->class == CLASS_NUDGE ||
                   !str_is(delivery->reason, "cap"));
}

static void judge_delivery(const struct actor *actor, struct judge *judge, int index, bool retried)
{
    const struct delivery *delivery = actor->person->deliveries[index];
    struct known *known = &judge->known[index];
    NAG(actor, known->id == delivery->id);
    NAG(actor, !has_arrived(known->state) || delivery->state >= known->state);
    NAG(actor, known->state < DELIVERY_SUPPRESSED || delivery->state == known->state || retried ||
                   has_arrived(delivery->state));
    judge_waiting(actor, delivery);
    /* A copy was refused; of the first one nobody knows any more than before. */
    bool refused = known->state == DELIVERY_SENDING && delivery->state == DELIVERY_UNCERTAIN &&
                   delivery->uncertain == known->uncertain;
    if (has_failed(delivery->state) || refused) {
        known->copies -= known->sent_at_ms != 0 && known->copies > 0;
        known->sent_at_ms = 0;
    }
    if (delivery->dispatch && delivery->attempts > known->attempts) {
        judge_sent(actor, judge, known, delivery);
        known->sent_day = day_of(actor, judge, delivery->class);
        known->sent_at_ms = actor->world.now_ms;
        known->copies++;
    }
    known->state = delivery->state;
    known->uncertain = delivery->uncertain;
    known->attempts = delivery->attempts;
}

static void judge_deliveries(const struct actor *actor, struct judge *judge,
                             const struct input *input)
{
    bool retried = input->kind == INPUT_ADMIN && str_is(input->name, "retry");
    for (int i = 0; i < actor->person->delivery_count && i < DELIVERIES_MAX; i++) {
        if (i == judge->count) {
            judge->known[judge->count++] = (struct known){.id = actor->person->deliveries[i]->id};
        }
        judge_delivery(actor, judge, i, retried);
    }
}

/* ---- runs, counters, the set ---- */

/* The one thing that an active run waits for, counted over everything that could be it. */
static int next_actions(const struct actor *actor, const struct run *run)
{
    int count = run->next_at_ms > 0;
    for (int i = 0; i < actor->person->delivery_count; i++) {
        const struct delivery *delivery = actor->person->deliveries[i];
        count += run->phase == PHASE_SENDING && delivery->id == run->delivery_id &&
                 delivery->next_at_ms > 0;
    }
    return count;
}

static bool is_onboarding(struct str journey)
{
    return str_is(journey, "onboarding") || str_is(journey, "superior_onboarding") ||
           str_is(journey, "micro_onboarding");
}

static void judge_active(const struct actor *actor, int index)
{
    const struct person *person = actor->person;
    const struct run *run = person->runs[index];
    NAG(actor, !person->user.stopped);
    NAG(actor, next_actions(actor, run) == 1);
    for (int k = 0; k < index; k++) {
        const struct run *other = person->runs[k];
        NAG(actor, other->outcome != RUN_ACTIVE || !str_equal(other->journey, run->journey) ||
                       other->subject_id != run->subject_id);
    }
}

static void judge_runs(const struct actor *actor, struct judge *judge)
{
    const struct person *person = actor->person;
    int onboardings = 0;
    for (int i = 0; i < person->run_count && i < RUNS_MAX; i++) {
        const struct run *run = person->runs[i];
        bool is_known = i < judge->run_count;
        NAG(actor,
            !is_known || judge->outcomes[i] == RUN_ACTIVE || judge->outcomes[i] == run->outcome);
        judge->outcomes[i] = run->outcome;
        judge->run_count = is_known ? judge->run_count : i + 1;
        if (run->outcome == RUN_ACTIVE) {
            judge_active(actor, i);
            onboardings += is_onboarding(run->journey);
        } else {
            NAG(actor, run->next_at_ms == 0 && run->ended_at_ms > 0);
        }
    }
    NAG(actor, onboardings <= 1);
}

static void judge_counters(const struct actor *actor)
{
    const struct user *user = &actor->person->user;
    int states[4] = {0};
    int quick = 0, outside = 0, outside_completed = 0;
    int64_t took_ms = 0;
    for (int i = 0; i < actor->person->commitment_count; i++) {
        const struct commitment *commitment = actor->person->commitments[i];
        bool completed = commitment->state == COMMITMENT_COMPLETED;
        bool is_outside = !str_is(commitment->source, "onboarding");
        int64_t span_ms = commitment->completed_at_ms - commitment->created_at_ms;
        states[commitment->state]++;
        quick += completed && span_ms <= DAY_MS;
        outside += is_outside;
        outside_completed += is_outside && completed;
        took_ms += completed ? span_ms : 0;
        NAG(actor, commitment->state == COMMITMENT_ACTIVE || commitment->next_at_ms == 0);
    }
    NAG(actor, user->commitments_total == actor->person->commitment_count);
    NAG(actor, user->commitments_completed == states[COMMITMENT_COMPLETED]);
    NAG(actor, user->commitments_missed == states[COMMITMENT_MISSED]);
    NAG(actor, user->commitments_dropped == states[COMMITMENT_DROPPED]);
    NAG(actor, user->commitments_quick == quick && user->completion_ms_sum == took_ms);
    NAG(actor, user->commitments_outside == outside);
    NAG(actor, user->commitments_outside_completed == outside_completed);
}

/* Assigned once; only operators move people: at once, or, once a stage is open for those who were
 * here before the rollout, when one of its journeys is about them. */
static void judge_set(const struct actor *actor, struct judge *judge, const struct input *input)
{
    const struct user *user = &actor->person->user;
    const struct rollout *rollout = &actor->installation.rollout;
    bool open = rollout->stage_existing_rescue || rollout->stage_existing_amplification;
    bool may_rise = open && user->joined_at_ms < rollout->started_at_ms;
    bool same = user->set_assigned && user->set == judge->set;
    NAG(actor, !judge->set_assigned || same || input->kind == INPUT_MOVE ||
                   (may_rise && user->set == SET_OPTIMIZED));
    judge->set_assigned = user->set_assigned;
    judge->set = user->set;
}

void judge_look(void *context, const struct actor *actor, const struct input *input)
{
    struct judge *judge = context;
    if (actor->log != NULL) {
        fprintf(actor->log, "  input %d %.*s\n", (int)input->kind, STR_ARG(input->text));
    }
    if (!actor->decision.erase) {
        believe(judge, actor, input);
        judge_deliveries(actor, judge, input);
        judge_runs(actor, judge);
        judge_counters(actor);
        judge_set(actor, judge, input);
    }
}

void judge_end(const struct judge *judge, const struct actor *actor)
{
    for (int i = 0; i < actor->person->delivery_count; i++) {
        const struct delivery *delivery = actor->person->deliveries[i];
        NAG(actor, delivery->state != DELIVERY_SENDING);
        NAG(actor, delivery->next_at_ms == 0 || delivery->next_at_ms > actor->world.now_ms);
    }
    NAG(actor, judge->count == actor->person->delivery_count || judge->count == DELIVERIES_MAX);
}
