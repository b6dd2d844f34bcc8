/* The user's own timer: the end of a pause, and inactivity. Every user has one instant at most; it
 * is re-armed lazily: activity does not touch it, and when it comes too early it is set anew. An
 * inactivity journey is entered once in one silence. */
#include "core/run_parts.h"

#include "base/limits.h"
#include "core/delivery.h"

/* Since when the person is silent: their last activity, joining, or the end of their onboarding. */
static int64_t silent_since(const struct user *user)
{
    int64_t since_ms = user->activity_last_at_ms > user->joined_at_ms ? user->activity_last_at_ms
                                                                      : user->joined_at_ms;
    return user->onboarding_ended_at_ms > since_ms ? user->onboarding_ended_at_ms : since_ms;
}

int64_t run_inactivity_due(const struct deciding *deciding, const struct journey *journey)
{
    const struct user *user = &deciding->person->user;
    enum journey_set set = run_effective_set(deciding->world, deciding->person, false);
    if (journey->trigger != TRIGGER_INACTIVITY || !run_reaches(deciding, journey, set)) {
        return 0;
    }
    int64_t since_ms = silent_since(user);
    int64_t entered_at_ms = run_entered_at(user, journey->name);
    if (entered_at_ms != 0 && (entered_at_ms >= since_ms || journey->again == AGAIN_NEVER)) {
        return 0;
    }
    int64_t due_at_ms = since_ms + journey->trigger_after_ms;
    if (entered_at_ms != 0 && journey->again == AGAIN_AFTER &&
        entered_at_ms + journey->again_after_ms > due_at_ms) {
        due_at_ms = entered_at_ms + journey->again_after_ms;
    }
    return due_at_ms;
}

/* The earliest instant after now at which an inactivity journey is due; 0: none. */
static int64_t next_inactivity(const struct deciding *deciding)
{
    const struct user *user = &deciding->person->user;
    const struct catalog *catalog = deciding->world->catalog;
    if (user->stopped || user->is_erased || user->contacts[user->channel].reach != REACH_OK ||
        run_onboarding(deciding->world, deciding->person) != NULL) {
        return 0; /* armed anew when that changes */
    }
    int64_t next_ms = 0;
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        int64_t due_at_ms = run_inactivity_due(deciding, catalog_journey_at(catalog, i));
        if (due_at_ms > deciding->world->now_ms && (next_ms == 0 || due_at_ms < next_ms)) {
            next_ms = due_at_ms;
        }
    }
    return next_ms;
}

void run_rearm_user(struct deciding *deciding)
{
    struct user *user = &deciding->person->user;
    int64_t now_ms = deciding->world->now_ms;
    int64_t next_ms = user->next_at_ms > now_ms ? user->next_at_ms : 0;
    if (next_ms == 0) {
        next_ms = next_inactivity(deciding);
    }
    if (user->paused_until_ms > now_ms && (next_ms == 0 || user->paused_until_ms < next_ms)) {
        next_ms = user->paused_until_ms;
    }
    if (next_ms != user->next_at_ms) {
        user->next_at_ms = next_ms;
        user->changed = true;
    }
}

void run_rearm_sooner(struct deciding *deciding)
{
    struct user *user = &deciding->person->user;
    int64_t next_ms = next_inactivity(deciding);
    if (next_ms != 0 && next_ms < user->next_at_ms) {
        user->next_at_ms = next_ms;
        user->changed = true;
    }
    run_rearm_user(deciding);
}

void run_user_timer(struct deciding *deciding)
{
    struct user *user = &deciding->person->user;
    int64_t now_ms = deciding->world->now_ms;
    if (user->next_at_ms == 0 || user->next_at_ms > now_ms) {
        return;
    }
    if (user->paused_until_ms != 0 && user->paused_until_ms <= now_ms) {
        user->paused_until_ms = 0;
    }
    const struct catalog *catalog = deciding->world->catalog;
    bool is_due = false;
    bool on_hold = user->paused_until_ms != 0 || user->crisis_hold; /* lifting it arms anew */
    for (int i = 0; i < catalog_journey_count(catalog) && !on_hold; i++) {
        int64_t due_at_ms = run_inactivity_due(deciding, catalog_journey_at(catalog, i));
        is_due = is_due || (due_at_ms != 0 && due_at_ms <= now_ms);
    }
    user->next_at_ms = 0;
    user->changed = true;
    if (is_due) {
        run_trigger(deciding, TRIGGER_INACTIVITY, NULL);
    }
    run_rearm_user(deciding);
}

/* The instant may be the end of a hold that is over, and inactivity may have come due meanwhile. */
static void rearm_anew(struct deciding *deciding)
{
    struct user *user = &deciding->person->user;
    int64_t now_ms = deciding->world->now_ms;
    user->next_at_ms = 0;
    user->changed = true;
    for (int i = 0; i < catalog_journey_count(deciding->world->catalog); i++) {
        int64_t due_at_ms =
            run_inactivity_due(deciding, catalog_journey_at(deciding->world->catalog, i));
        if (due_at_ms != 0 && due_at_ms <= now_ms) {
            user->next_at_ms = now_ms + MINUTE_MS;
        }
    }
    run_rearm_user(deciding);
}

void run_wake(struct deciding *deciding)
{
    int64_t now_ms = deciding->world->now_ms;
    for (int i = 0; i < deciding->person->delivery_count; i++) {
        struct delivery *delivery = deciding->person->deliveries[i];
        if (delivery->state == DELIVERY_SCHEDULED && delivery->next_at_ms > now_ms) {
            delivery->next_at_ms = now_ms;
            delivery->changed = true;
        }
    }
    for (int i = 0; i < deciding->person->run_count; i++) {
        struct run *run = deciding->person->runs[i];
        if (run->outcome == RUN_ACTIVE && run->phase == PHASE_DUE && run->next_at_ms > now_ms &&
            run_step_due(deciding, run) <= now_ms) {
            run_phase(run, PHASE_DUE, now_ms); /* its time came while it was on hold */
        }
        run_wait_anew(deciding, run);
    }
    rearm_anew(deciding);
}

bool run_lift(struct deciding *deciding)
{
    const struct user *user = &deciding->person->user;
    run_wake(deciding);
    if (user->stopped || user->crisis_hold || user->contacts[user->channel].reach != REACH_OK ||
        run_user_is_existing(deciding->world, user) ||
        run_was_onboarded(deciding->world, deciding->person)) {
        return false;
    }
    run_trigger(deciding, TRIGGER_FIRST_CONTACT, NULL);
    return run_onboarding(deciding->world, deciding->person) != NULL;
}
