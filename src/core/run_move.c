/* Changes of a person's set: a rollback with --move ends what runs and enters the original journeys
 * as of then; a stage changes it for who was here before the rollout and enters one of its
 * journeys. */
#include "core/run_parts.h"

#include "base/check.h"
#include "core/delivery.h"

void run_set_journeys(struct deciding *deciding, enum journey_set set, const char *rule)
{
    struct user *user = &deciding->person->user;
    if (user->set == set && user->set_assigned) {
        return;
    }
    user->set = set;
    user->set_assigned = true;
    user->changed = true;
    struct event *event = decision_event(deciding->arena, deciding->decision, EVENT_SET_ASSIGNED);
    event->user_id = user->id;
    event->at_ms = deciding->world->now_ms;
    event->rule = str_of(rule);
    event->data = arena_printf(deciding->arena, "{\"set\":\"%s\"}", journey_set_name(set));
}

/* The original journey of the pair; NULL when there is none. */
static const struct journey *counterpart(const struct catalog *catalog,
                                         const struct journey *journey)
{
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        const struct journey *other = catalog_journey_at(catalog, i);
        if (other->set == SET_ORIGINAL && (str_equal(other->replaces, journey->name) ||
                                           str_equal(journey->replaces, other->name))) {
            return other;
        }
    }
    return NULL;
}

/* A rollback of entries or of nurture alone moves the runs of that part, and the set stays: what is
 * rolled back follows the original set anyway. */
static bool is_rolled_back(const struct rollout *rollout, const struct journey *journey)
{
    if (rollout->rolled_back_entries == rollout->rolled_back_nurture) {
        return true;
    }
    return journey->is_onboarding ? rollout->rolled_back_entries : rollout->rolled_back_nurture;
}

void run_move_to_original(struct deciding *deciding)
{
    struct person *person = deciding->person;
    const struct rollout *rollout = &deciding->world->installation->rollout;
    if (rollout->rolled_back_entries == rollout->rolled_back_nurture) {
        run_set_journeys(deciding, SET_ORIGINAL, "rollback.move");
    }
    int count = person->run_count;
    for (int i = 0; i < count; i++) {
        struct run *run = person->runs[i];
        if (run->outcome != RUN_ACTIVE) {
            continue;
        }
        const struct journey *journey = run_journey(deciding->world, run);
        if (journey->set != SET_OPTIMIZED || !is_rolled_back(rollout, journey)) {
            continue;
        }
        run_end(deciding, run, RUN_ROLLED_BACK);
        const struct journey *original = counterpart(deciding->world->catalog, journey);
        int64_t as_of_ms = journey->is_onboarding ? person->user.joined_at_ms : run->entered_at_ms;
        struct run *entered =
            original == NULL || person->user.stopped
                ? NULL
                : run_make(deciding, original, person_commitment(person, run->subject_id), as_of_ms,
                           "rollback.move");
        if (entered != NULL) {
            run_skip_past(deciding, entered);
        }
    }
}

bool run_open_stage(struct deciding *deciding, enum stage stage)
{
    struct user *user = &deciding->person->user;
    const struct rollout *rollout = &deciding->world->installation->rollout;
    if (user->is_test || !run_user_is_existing(deciding->world, user) ||
        !run_stage_is_open(deciding->world, stage) || rollout->rolled_back_nurture) {
        return false;
    }
    if (rollout->stage_existing_rescue && rollout->stage_existing_amplification && user->is_held) {
        user->is_held = false;
        user->changed = true;
    }
    bool on_hold = user->paused_until_ms != 0 || user->crisis_hold; /* lifting it arms anew */
    if (!on_hold && user->contacts[user->channel].reach == REACH_OK) {
        run_enter_stage(deciding, stage);
    }
    run_rearm_sooner(deciding);
    return true;
}
