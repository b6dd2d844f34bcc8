/* Messages of a run: when the next one is due, sending it, what follows from its outcome, and the
 * silence after it (no answer, recovery, abandonment, giving up). */
#include "core/run_parts.h"

#include <math.h>

#include "base/check.h"
#include "base/ids.h"
#include "base/limits.h"
#include "core/assign.h"
#include "core/classes.h"
#include "core/delivery.h"

/* How long a run stays open for its last message's buttons, or for an answer that nothing limits.
 */
#define LINGER_MS       (7 * DAY_MS)
#define WAIT_LONGEST_MS (30 * DAY_MS)
/* Who comes out of a pause is given a day before they are given up. */
#define AFTER_PAUSE_MS DAY_MS

/* ---- instants
 * ------------------------------------------------------------------------------------- */

static int64_t planned_at(const struct deciding *deciding, const struct run *run)
{
    const struct commitment *subject = person_commitment(deciding->person, run->subject_id);
    if (subject == NULL) {
        return run->entered_at_ms;
    }
    return subject->planned_at_ms != 0 ? subject->planned_at_ms : subject->created_at_ms;
}

static int64_t anchor_instant(const struct deciding *deciding, const struct run *run,
                              enum anchor anchor)
{
    switch (anchor) {
    case ANCHOR_PREVIOUS:
        return run->anchor_at_ms;
    case ANCHOR_ENTERED:
        return run->entered_at_ms;
    case ANCHOR_PLANNED:
        return planned_at(deciding, run);
    case ANCHOR_JOINED:
        return deciding->person->user.joined_at_ms;
    }
    return run->anchor_at_ms;
}

int64_t run_step_due(const struct deciding *deciding, const struct run *run)
{
    const struct step *step = run_step_of(deciding, run);
    int64_t delay_ms = step->after_ms;
    if (delay_ms > 0 && (step->class == CLASS_NUDGE || step->class == CLASS_FOLLOWUP)) {
        delay_ms = classes_scale_delay(deciding->world, deciding->person, step->class, delay_ms);
    }
    return anchor_instant(deciding, run, step->anchor) + delay_ms;
}

/* When ends_after is over; 0: never. since_ms: the last message. */
static int64_t end_instant(const struct deciding *deciding, const struct run *run, int64_t since_ms)
{
    const struct journey *journey = run_journey(deciding->world, run);
    if (journey->ends_after_ms == 0) {
        return 0;
    }
    int64_t from_ms = journey->ends_anchor == ANCHOR_PREVIOUS
                          ? since_ms
                          : anchor_instant(deciding, run, journey->ends_anchor);
    return from_ms + journey->ends_after_ms;
}

static int64_t last_sent(const struct run *run)
{
    int64_t last_ms = run->entered_at_ms;
    for (int i = 0; i <= run->step && i < RUN_STEPS_MAX; i++) {
        last_ms = run->step_sent_at_ms[i] > last_ms ? run->step_sent_at_ms[i] : last_ms;
    }
    return last_ms;
}

static int64_t sooner(int64_t a_ms, int64_t b_ms)
{
    return b_ms != 0 && (a_ms == 0 || b_ms < a_ms) ? b_ms : a_ms;
}

/* ---- the next message
 * ------------------------------------------------------------------------------ */

static void enter_step(struct run *run, int step)
{
    run->step = step;
    run->ultra = false;
    run->flags &= ~(unsigned)RUN_FLAG_RECOVERED;
    run->held_ms = 0;
    run->changed = true;
}

static bool said_anything(const struct run *run)
{
    for (int i = 0; i <= run->step && i < RUN_STEPS_MAX; i++) {
        if (run->step_sent_at_ms[i] != 0) {
            return true;
        }
    }
    return false;
}

/* Nobody has completed what never reached them. */
static void finish(struct deciding *deciding, struct run *run, bool answered)
{
    const struct journey *journey = run_journey(deciding->world, run);
    if (answered && run_graduates(journey)) {
        run_graduate(deciding, run, GRADUATION_FULL);
    } else {
        run_end(deciding, run, answered && said_anything(run) ? RUN_COMPLETED : RUN_EXPIRED);
    }
}

/* Whether the run says something now that was due after the instant. */
static bool speaks_later(struct deciding *deciding, const struct run *run, int64_t instant_ms)
{
    int64_t now_ms = deciding->world->now_ms;
    if (run->outcome != RUN_ACTIVE || run->phase != PHASE_DUE || run->next_at_ms > now_ms ||
        run_step_due(deciding, run) <= instant_ms) {
        return false;
    }
    bool by_message = run_journey(deciding->world, run)->ends_anchor == ANCHOR_PREVIOUS;
    int64_t end_ms = by_message ? 0 : end_instant(deciding, run, last_sent(run));
    const struct step *step = run_step_of(deciding, run);
    struct facts facts = compose_facts(deciding, NULL, run);
    return (end_ms == 0 || end_ms > run->next_at_ms) &&
           (step->when == NULL || condition_holds(step->when, &facts));
}

/* After an outage or a pause several messages about one commitment may be due at once: only the
 * newest helps. That it was missed is told by a run to come. */
static bool is_superseded(struct deciding *deciding, const struct run *run)
{
    const struct commitment *subject = person_commitment(deciding->person, run->subject_id);
    if (subject == NULL || run_step_of(deciding, run)->class != CLASS_FOLLOWUP) {
        return false;
    }
    int64_t due_at_ms = run_step_due(deciding, run);
    if (subject->next_at_ms > due_at_ms && subject->next_at_ms <= deciding->world->now_ms) {
        return true;
    }
    for (int i = 0; i < deciding->person->run_count; i++) {
        const struct run *other = deciding->person->runs[i];
        if (other->subject_id == subject->id && speaks_later(deciding, other, due_at_ms)) {
            return true;
        }
    }
    return false;
}

/* What still waits to be said about the commitment is said by the newer message. */
static void supersede_waiting(struct deciding *deciding, const struct delivery *newer)
{
    for (int i = 0; i < deciding->person->delivery_count; i++) {
        struct delivery *older = deciding->person->deliveries[i];
        struct run *run = person_run(deciding->person, older->run_id);
        if (older != newer && older->commitment_id == newer->commitment_id && run != NULL &&
            older->class == CLASS_FOLLOWUP && older->state == DELIVERY_SCHEDULED) {
            delivery_move(older, DELIVERY_SUPPRESSED, STR("superseded"));
            compose_delivery_event(deciding, older, EVENT_MESSAGE_SUPPRESSED);
            run_delivery(deciding, run, older);
        }
    }
}

static void step_is_due(struct deciding *deciding, struct run *run, int64_t due_at_ms)
{
    const struct step *step = run_step_of(deciding, run);
    struct facts facts = compose_facts(deciding, NULL, run);
    bool wanted = step->when == NULL || condition_holds(step->when, &facts);
    if (wanted && !is_superseded(deciding, run)) {
        run_say(deciding, run, KIND_STEP, due_at_ms);
        return;
    }
    run_event(deciding, run, EVENT_STEP_SKIPPED, run->step,
              wanted ? "step.superseded" : "step.when");
    if (run->step + 1 >= run_journey(deciding->world, run)->step_count) {
        finish(deciding, run, true);
        return;
    }
    enter_step(run, run->step + 1);
    run_schedule(deciding, run);
}

void run_due_anew(struct deciding *deciding, struct run *run)
{
    int64_t end_ms = run_journey(deciding->world, run)->ends_anchor == ANCHOR_PREVIOUS
                         ? 0
                         : end_instant(deciding, run, 0);
    run_phase(run, PHASE_DUE, sooner(run_step_due(deciding, run), end_ms));
}

void run_schedule(struct deciding *deciding, struct run *run)
{
    int64_t due_at_ms = run_step_due(deciding, run);
    if (due_at_ms <= deciding->world->now_ms) {
        step_is_due(deciding, run, due_at_ms);
    } else {
        run_due_anew(deciding, run);
    }
}

void run_skip_past(struct deciding *deciding, struct run *run)
{
    const struct journey *journey = run_journey(deciding->world, run);
    for (;;) {
        int64_t due_at_ms = run_step_due(deciding, run);
        if (due_at_ms >= deciding->world->now_ms) {
            run_schedule(deciding, run);
            return;
        }
        run_event(deciding, run, EVENT_STEP_SKIPPED, run->step, "rollback.past");
        if (run->step + 1 >= journey->step_count) {
            run_end(deciding, run, RUN_EXPIRED);
            return;
        }
        run->anchor_at_ms = due_at_ms;
        enter_step(run, run->step + 1);
    }
}

void run_next_step(struct deciding *deciding, struct run *run, int64_t anchor_ms, bool answered)
{
    const struct journey *journey = run_journey(deciding->world, run);
    const struct step *step = run_step_of(deciding, run);
    run->anchor_at_ms = anchor_ms;
    bool postponed = (run->flags & RUN_FLAG_POSTPONED) != 0; /* the check-in came once more */
    if (run->step + 1 < journey->step_count && !postponed) {
        enter_step(run, run->step + 1);
        run_schedule(deciding, run);
        return;
    }
    bool told = step->expects == EXPECTS_NOTHING && run->step_sent_at_ms[run->step] != 0;
    if (told && step->prompt.button_count > 0 && run->step_completed_at_ms[run->step] == 0) {
        int64_t end_ms = end_instant(deciding, run, anchor_ms);
        run_phase(run, PHASE_WAITING, end_ms != 0 ? end_ms : anchor_ms + LINGER_MS);
        return;
    }
    finish(deciding, run, answered || told);
}

/* Of {"experiment":"variant", …}, whose names are plain; "" when it is not there. */
static struct str exposed_variant(const struct run *run, struct str experiment)
{
    struct str rest = run->variants;
    while (rest.length > 0) {
        struct str name, variant;
        str_split(rest, '"', &rest);
        name = str_split(rest, '"', &rest);
        str_split(rest, '"', &rest);
        variant = str_split(rest, '"', &rest);
        if (str_equal(name, experiment)) {
            return variant;
        }
    }
    return STR_NONE;
}

/* Experiments start and end, but what somebody saw, or is about to, stays what it is. */
struct str run_variant(const struct deciding *deciding, const struct run *run,
                       const struct step *step)
{
    if (step->variant_count == 0) {
        return STR_NONE;
    }
    struct str seen = exposed_variant(run, step->experiment);
    if (seen.length > 0) {
        return seen;
    }
    const struct delivery *said = person_delivery(deciding->person, run->delivery_id);
    if (said != NULL && said->kind == KIND_STEP && str_equal(said->step, step->id)) {
        return said->variant;
    }
    return assign_step(deciding->world->installation, step, run->user_id).variant;
}

void run_say(struct deciding *deciding, struct run *run, enum message_kind kind, int64_t due_at_ms)
{
    const struct journey *journey = run_journey(deciding->world, run);
    const struct step *step = run_step_of(deciding, run);
    struct str variant = kind == KIND_STEP ? run_variant(deciding, run, step) : STR_NONE;
    const struct message *text = compose_source(journey, run->step, kind, variant);
    ASSERT(text != NULL);
    struct delivery *delivery =
        compose_step(deciding, run, step, kind, compose_prompt(journey, run->step, kind), text,
                     variant, due_at_ms);
    run->delivery_id = delivery->id;
    run_phase(run, PHASE_SENDING, 0);
    if (delivery->class == CLASS_FOLLOWUP && delivery->commitment_id != 0 &&
        !delivery_state_is_final(delivery->state)) {
        supersede_waiting(deciding, delivery);
    }
    if (delivery_state_is_final(delivery->state)) {
        run_delivery(deciding, run, delivery);
    }
}

struct delivery *run_pending(const struct deciding *deciding, const struct run *run)
{
    return run->phase == PHASE_SENDING ? person_delivery(deciding->person, run->delivery_id) : NULL;
}

/* ---- the outcome of a message
 * ----------------------------------------------------------------------- */

struct exposure {
    struct str name, variant;
    const struct experiment *experiment; /* NULL: none was started */
};

/* Where weights change, how likely the variant was goes with it: only so can what came of it be
 * judged. What was made before such an experiment began was dealt out by other weights, and is no
 * part of it. */
static void add_exposure(struct deciding *deciding, struct run *run, int step, int64_t at_ms,
                         const char *rule, struct exposure of)
{
    struct str propensity = STR_NONE;
    if (of.experiment != NULL && of.experiment->state == EXPERIMENT_RUNNING &&
        of.experiment->allocation == ALLOCATION_THOMPSON) {
        double chance =
            assign_propensity(of.experiment, run->user_id, of.variant, id_ms(run->delivery_id));
        if (chance <= 0) {
            return;
        }
        propensity = isnan(chance) ? propensity
                                   : arena_printf(deciding->arena, ",\"propensity\":%.4f", chance);
    }
    struct event *exposed = run_event(deciding, run, EVENT_EXPERIMENT_EXPOSED, step, rule);
    exposed->at_ms = at_ms;
    exposed->data =
        arena_printf(deciding->arena, "{\"experiment\":\"%.*s\",\"variant\":\"%.*s\"%.*s}",
                     STR_ARG(of.name), STR_ARG(of.variant), STR_ARG(propensity));
}

/* That the person was shown a variant as part of an experiment. A shipped one is none any more. */
static void note_exposed(struct deciding *deciding, struct run *run, int step, int64_t at_ms,
                         const char *rule)
{
    const struct step *of = &run_journey(deciding->world, run)->steps[step];
    struct str variant = run_variant(deciding, run, of);
    const struct experiment *experiment =
        experiment_find(deciding->world->installation->experiments, of->experiment);
    if (variant.length == 0 || (experiment != NULL && experiment->state == EXPERIMENT_SHIPPED)) {
        return;
    }
    add_exposure(deciding, run, step, at_ms, rule,
                 (struct exposure){of->experiment, variant, experiment});
    struct str others = run->variants.length > 2
                            ? (struct str){run->variants.ptr + 1, run->variants.length - 2}
                            : STR_NONE;
    run->variants =
        arena_printf(deciding->arena, "{%.*s%s\"%.*s\":\"%.*s\"}", STR_ARG(others),
                     others.length > 0 ? "," : "", STR_ARG(of->experiment), STR_ARG(variant));
}

void run_step_sent(struct deciding *deciding, struct run *run, int step, int64_t at_ms,
                   const char *rule)
{
    if (run->step_sent_at_ms[step] != 0) {
        return;
    }
    run->step_sent_at_ms[step] = at_ms;
    run->changed = true;
    struct event *sent = run_event(deciding, run, EVENT_STEP_SENT, step, rule);
    sent->at_ms = at_ms;
    note_exposed(deciding, run, step, at_ms, rule);
}

static bool was_sent(const struct delivery *delivery)
{
    switch (delivery->state) {
    case DELIVERY_SENT:
    case DELIVERY_DELIVERED:
    case DELIVERY_OPENED:
    case DELIVERY_CLICKED:
        return true;
    case DELIVERY_UNCERTAIN: /* and not sent again, else the run is not told */
        return true;
    case DELIVERY_SCHEDULED:
    case DELIVERY_SENDING:
    case DELIVERY_SUPPRESSED:
    case DELIVERY_EXPIRED:
    case DELIVERY_FAILED:
    case DELIVERY_DEAD:
    case DELIVERY_STATE_COUNT:
        return false;
    }
    return false;
}

/* The message was made by the definition that the run followed then. */
static int step_of_delivery(struct deciding *deciding, const struct run *run,
                            const struct delivery *delivery)
{
    const struct journey *journey = run_journey(deciding->world, run);
    int index = delivery->step_index;
    return index >= 0 && index < journey->step_count &&
                   str_equal(journey->steps[index].id, delivery->step)
               ? index
               : run_step_now(deciding, run, delivery->step);
}

static void note_sent(struct deciding *deciding, struct run *run, const struct delivery *delivery,
                      int64_t at_ms)
{
    int step = step_of_delivery(deciding, run, delivery);
    switch (delivery->kind) {
    case KIND_STEP:
        if (step >= 0) {
            run_step_sent(deciding, run, step, at_ms, "step.sent");
        }
        break;
    case KIND_RECOVERY:
        run_event(deciding, run, EVENT_RECOVERY_SENT, step, "silence.no_answer");
        break;
    case KIND_ULTRA:
        run_event(deciding, run, EVENT_ULTRA_SENT, step, "overwhelm");
        break;
    case KIND_ABANDONMENT:
        run_event(deciding, run, EVENT_ABANDONMENT_SENT, step, "silence.after");
        break;
    case KIND_CELEBRATION:
    case KIND_GRADUATION:
    case KIND_RATING:
    case KIND_REPLY:
    case KIND_BROADCAST:
    case KIND_COUNT:
        break;
    }
}

/* From when silence counts: an expired message's own time, without what held it. */
static int64_t silent_since(const struct deciding *deciding, const struct run *run,
                            const struct delivery *delivery)
{
    int64_t now_ms = deciding->world->now_ms;
    if (was_sent(delivery)) {
        return delivery->sent_at_ms != 0 ? delivery->sent_at_ms : now_ms;
    }
    if (delivery->state != DELIVERY_EXPIRED || delivery->expires_at_ms == 0) {
        return now_ms;
    }
    const struct journey *journey = run_journey(deciding->world, run);
    int64_t lived_ms = delivery->kind == KIND_RECOVERY && journey->abandon_after_ms > 0
                           ? journey->abandon_after_ms
                           : run_step_of(deciding, run)->expires_after_ms;
    int64_t since_ms = delivery->expires_at_ms - (lived_ms > 0 ? lived_ms : DAY_MS);
    return since_ms < now_ms ? since_ms : now_ms;
}

static bool is_unreachable(struct str reason)
{
    static const char *const words[] = {"blocked", "gone", "no_address",
                                        "stopped", "held", "erased"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_is(reason, words[i])) {
            return true;
        }
    }
    return false;
}

static void step_outcome(struct deciding *deciding, struct run *run,
                         const struct delivery *delivery, int64_t since_ms)
{
    const struct step *step = run_step_of(deciding, run);
    bool is_onboarding = run_journey(deciding->world, run)->is_onboarding;
    if (!was_sent(delivery) && !is_onboarding) {
        if (is_unreachable(delivery->reason)) {
            run_end(deciding, run, RUN_LEFT);
        } else {
            run_next_step(deciding, run, since_ms, false);
        }
        return;
    }
    if (step->expects == EXPECTS_NOTHING) {
        run_next_step(deciding, run, since_ms, true);
    } else {
        run_wait(deciding, run, PHASE_WAITING, since_ms);
    }
}

void run_delivery(struct deciding *deciding, struct run *run, const struct delivery *delivery)
{
    int64_t since_ms = silent_since(deciding, run, delivery);
    if (was_sent(delivery)) {
        note_sent(deciding, run, delivery, since_ms);
    }
    if (run->outcome != RUN_ACTIVE || run->phase != PHASE_SENDING ||
        run->delivery_id != delivery->id) {
        return; /* the run has gone on: an answer came first, or a smaller task was offered */
    }
    switch (delivery->kind) {
    case KIND_STEP:
        step_outcome(deciding, run, delivery, since_ms);
        return;
    case KIND_RECOVERY:
        run->flags |= RUN_FLAG_RECOVERED;
        run_wait(deciding, run, PHASE_RECOVERY, since_ms);
        return;
    case KIND_ULTRA:
        run_wait(deciding, run,
                 (run->flags & RUN_FLAG_RECOVERED) != 0 ? PHASE_RECOVERY : PHASE_WAITING, since_ms);
        return;
    case KIND_ABANDONMENT:
        run_wait(deciding, run, PHASE_ABANDONING, since_ms);
        return;
    case KIND_CELEBRATION:
    case KIND_GRADUATION:
    case KIND_RATING:
    case KIND_REPLY:
    case KIND_BROADCAST:
    case KIND_COUNT:
        break;
    }
    ASSERT(false); /* these are never what a run waits for */
}

/* ---- silence
 * -------------------------------------------------------------------------------------- */

static bool recovery_is_left(const struct step *step, const struct run *run)
{
    return step->recovery != NULL && (run->flags & RUN_FLAG_RECOVERED) == 0 &&
           step->no_answer_ms > 0;
}

/* How long the phase waits before the next thing happens; 0: nothing does. */
static int64_t silence_ms(const struct journey *journey, const struct step *step,
                          const struct run *run, enum run_phase phase)
{
    if (phase == PHASE_ABANDONING) {
        return journey->give_up_after_ms > 0 ? journey->give_up_after_ms : DAY_MS;
    }
    if (phase == PHASE_WAITING && recovery_is_left(step, run)) {
        return step->no_answer_ms;
    }
    return journey->abandon_after_ms > 0 ? journey->abandon_after_ms : step->no_answer_ms;
}

void run_wait(struct deciding *deciding, struct run *run, enum run_phase phase, int64_t since_ms)
{
    const struct journey *journey = run_journey(deciding->world, run);
    int64_t delay_ms = silence_ms(journey, run_step_of(deciding, run), run, phase);
    int64_t next_ms = delay_ms > 0 ? since_ms + delay_ms : 0;
    next_ms = sooner(next_ms, end_instant(deciding, run, since_ms));
    run_phase(run, phase, next_ms != 0 ? next_ms : since_ms + WAIT_LONGEST_MS);
}

int64_t run_waits_since(const struct deciding *deciding, const struct run *run)
{
    int64_t now_ms = deciding->world->now_ms;
    const struct journey *journey = run_journey(deciding->world, run);
    const struct step *step = run_step_of(deciding, run);
    int64_t since_ms = run->next_at_ms - silence_ms(journey, step, run, run->phase);
    if (step->expects == EXPECTS_NOTHING || since_ms < last_sent(run)) {
        since_ms = last_sent(run);
    }
    return since_ms < now_ms ? since_ms : now_ms;
}

/* Its instant may have been put off to the end of a hold that ended sooner, or count time in which
 * nobody could be expected to answer. */
void run_wait_anew(struct deciding *deciding, struct run *run)
{
    bool waits = run->phase == PHASE_WAITING || run->phase == PHASE_RECOVERY ||
                 run->phase == PHASE_ABANDONING;
    if (run->outcome != RUN_ACTIVE || !waits) {
        return;
    }
    const struct step *step = run_step_of(deciding, run);
    int64_t delay_ms = silence_ms(run_journey(deciding->world, run), step, run, run->phase);
    if (delay_ms > 0 && (run->phase != PHASE_WAITING || step->expects != EXPECTS_NOTHING)) {
        int64_t end_ms = end_instant(deciding, run, last_sent(run));
        run_phase(run, run->phase, sooner(deciding->world->now_ms + delay_ms, end_ms));
    }
}

static void give_up(struct deciding *deciding, struct run *run)
{
    const struct journey *journey = run_journey(deciding->world, run);
    int done = 0;
    for (int i = 0; i < journey->step_count; i++) {
        done += run->step_completed_at_ms[i] != 0;
    }
    if (journey->partial_after_step > 0 && done >= journey->partial_after_step) {
        run_graduate(deciding, run, GRADUATION_PARTIAL);
    } else {
        run_end(deciding, run, RUN_ABANDONED);
    }
}

/* The silence of the phase is over at due_at_ms. Abandonment is about silent people: who did
 * anything else meanwhile gets the time anew. */
static void silence_is_over(struct deciding *deciding, struct run *run, int64_t due_at_ms)
{
    const struct journey *journey = run_journey(deciding->world, run);
    const struct step *step = run_step_of(deciding, run);
    if (run->phase == PHASE_WAITING && recovery_is_left(step, run)) {
        run_say(deciding, run, KIND_RECOVERY, due_at_ms);
        return;
    }
    if (journey->abandon_after_ms == 0 && run->phase != PHASE_ABANDONING) {
        run_next_step(deciding, run, due_at_ms, false);
        return;
    }
    int64_t active_until_ms =
        deciding->person->user.activity_last_at_ms + silence_ms(journey, step, run, run->phase);
    if (active_until_ms > deciding->world->now_ms) {
        run_phase(run, run->phase, active_until_ms);
    } else if (run->phase != PHASE_ABANDONING && journey->abandonment != NULL) {
        run_say(deciding, run, KIND_ABANDONMENT, due_at_ms);
    } else {
        give_up(deciding, run);
    }
}

/* A pause or a crisis hold stops the clocks of a run; false when there is none. */
static bool is_on_hold(struct deciding *deciding, struct run *run)
{
    const struct user *user = &deciding->person->user;
    int64_t now_ms = deciding->world->now_ms;
    int64_t until_ms = user->crisis_hold ? now_ms + DAY_MS : user->paused_until_ms;
    if (until_ms <= now_ms) {
        return false;
    }
    run_phase(run, run->phase,
              run->phase == PHASE_ABANDONING ? until_ms + AFTER_PAUSE_MS : until_ms);
    return true;
}

void run_timer(struct deciding *deciding, struct run *run)
{
    int64_t due_at_ms = run->next_at_ms;
    if (run->outcome != RUN_ACTIVE || due_at_ms == 0 || due_at_ms > deciding->world->now_ms ||
        is_on_hold(deciding, run)) {
        return;
    }
    const struct journey *journey = run_journey(deciding->world, run);
    bool next_to_come = run->phase == PHASE_DUE && journey->ends_anchor == ANCHOR_PREVIOUS;
    int64_t end_ms = next_to_come ? 0 : end_instant(deciding, run, last_sent(run));
    bool lingers =
        run->phase == PHASE_WAITING && run_step_of(deciding, run)->expects == EXPECTS_NOTHING;
    if (lingers) {
        run_end(deciding, run, RUN_COMPLETED);
        return;
    }
    if (end_ms != 0 && end_ms <= due_at_ms) {
        run_end(deciding, run, RUN_EXPIRED);
        return;
    }
    switch (run->phase) {
    case PHASE_DUE:
        step_is_due(deciding, run, due_at_ms);
        return;
    case PHASE_WAITING:
    case PHASE_RECOVERY:
    case PHASE_ABANDONING:
        silence_is_over(deciding, run, due_at_ms);
        return;
    case PHASE_SENDING:
    case PHASE_RATING:
    case PHASE_ENDED:
        return;
    }
}
