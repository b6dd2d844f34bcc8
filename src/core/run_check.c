/* What must hold for a person after every decision. Tests ask it after each input, doctor of what
 * is stored. */
#include "core/run_parts.h"

#include "core/delivery.h"

static const char *check_delivery(const struct person *person, const struct delivery *delivery)
{
    switch (delivery->state) {
    case DELIVERY_SCHEDULED:
        if (delivery->next_at_ms <= 0) {
            return "a scheduled delivery waits for no instant";
        }
        if (delivery->dispatch) {
            return "a scheduled delivery is handed out";
        }
        break;
    case DELIVERY_SENDING:
        if (delivery->next_at_ms <= 0) {
            return "a sending delivery is never looked after";
        }
        if (delivery->text.length == 0 || delivery->attempts == 0) {
            return "a sending delivery was not rendered";
        }
        break;
    case DELIVERY_UNCERTAIN:
        break;
    case DELIVERY_SENT:
    case DELIVERY_DELIVERED:
    case DELIVERY_OPENED:
    case DELIVERY_CLICKED:
    case DELIVERY_SUPPRESSED:
    case DELIVERY_EXPIRED:
    case DELIVERY_FAILED:
    case DELIVERY_DEAD:
    case DELIVERY_STATE_COUNT:
        if (delivery->next_at_ms != 0 || delivery->dispatch) {
            return "a finished delivery still waits";
        }
        break;
    }
    return delivery->user_id == person->user.id ? NULL : "a delivery of somebody else";
}

static const char *check_ended(const struct person *person, const struct run *run)
{
    if (run->phase != PHASE_ENDED && run->phase != PHASE_RATING) {
        return "an ended run is in an active phase";
    }
    if (run->next_at_ms != 0 || run->ended_at_ms == 0) {
        return "an ended run still waits, or ended at no instant";
    }
    for (int i = 0; i < person->delivery_count; i++) {
        const struct delivery *delivery = person->deliveries[i];
        if (delivery->run_id == run->id && delivery->state == DELIVERY_SCHEDULED &&
            (delivery->kind < KIND_CELEBRATION || delivery->kind == KIND_ABANDONMENT)) {
            return "an ended run still wants to send";
        }
    }
    return NULL;
}

static const char *check_active(const struct person *person, const struct run *run)
{
    if (run->phase == PHASE_RATING || run->phase == PHASE_ENDED || run->ended_at_ms != 0) {
        return "an active run has ended";
    }
    if (run->step_completed_at_ms[run->step] != 0 && run->phase != PHASE_DUE &&
        run->phase != PHASE_SENDING) {
        return "an active run waits for an answer it has";
    }
    if (run->phase != PHASE_SENDING) {
        return run->next_at_ms > 0 ? NULL : "an active run has no next action";
    }
    const struct delivery *delivery = person_delivery(person, run->delivery_id);
    if (run->next_at_ms != 0) {
        return "a sending run has two next actions";
    }
    if (delivery == NULL) {
        return "a sending run has no delivery";
    }
    return delivery->next_at_ms > 0 ? NULL : "a sending run's delivery has ended";
}

static const char *check_pairs(const struct world *world, const struct person *person,
                               const struct run *run, int index)
{
    bool is_onboarding = run_journey(world, run)->is_onboarding;
    for (int i = 0; i < index; i++) {
        const struct run *other = person->runs[i];
        if (other->outcome != RUN_ACTIVE) {
            continue;
        }
        if (is_onboarding && run_journey(world, other)->is_onboarding) {
            return "two onboardings at once";
        }
        if (str_equal(other->journey, run->journey) && other->subject_id == run->subject_id) {
            return "two runs of one journey about the same";
        }
    }
    return NULL;
}

const char *run_check(const struct world *world, const struct person *person)
{
    const char *wrong = NULL;
    for (int i = 0; i < person->delivery_count && wrong == NULL; i++) {
        wrong = check_delivery(person, person->deliveries[i]);
    }
    for (int i = 0; i < person->run_count && wrong == NULL; i++) {
        const struct run *run = person->runs[i];
        wrong = run->outcome == RUN_ACTIVE ? check_active(person, run) : check_ended(person, run);
        if (wrong == NULL && run->outcome == RUN_ACTIVE) {
            wrong = check_pairs(world, person, run, i);
        }
    }
    if (wrong == NULL && person->user.paused_until_ms > world->now_ms &&
        (person->user.next_at_ms == 0 || person->user.next_at_ms > person->user.paused_until_ms)) {
        wrong = "nobody wakes at the end of the pause";
    }
    return wrong;
}
