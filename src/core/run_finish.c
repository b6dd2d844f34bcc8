/* Graduation from onboarding, and the one-tap rating after it. */
#include "core/run_parts.h"

#include "base/check.h"

bool run_graduates(const struct journey *journey)
{
    return journey->is_onboarding &&
           (journey->graduation != NULL || journey->completes_as.length > 0);
}

/* Who makes a commitment of their own has done what the steps already sent were for. */
static void complete_sent_steps(struct deciding *deciding, struct run *run)
{
    const struct journey *journey = run_journey(deciding->world, run);
    for (int i = 0; i < journey->step_count; i++) {
        if (run->step_sent_at_ms[i] != 0 && run->step_completed_at_ms[i] == 0) {
            run->step_completed_at_ms[i] = deciding->world->now_ms;
            run_event(deciding, run, EVENT_STEP_COMPLETED, i, "graduate.commitment");
        }
    }
}

static void note_graduation(struct deciding *deciding, struct run *run, enum graduation how)
{
    static const char *const rules[] = {"graduate.last_step", "graduate.commitment",
                                        "graduate.partial"};
    const struct journey *journey = run_journey(deciding->world, run);
    struct user *user = &deciding->person->user;
    struct event *event = run_event(deciding, run, EVENT_GRADUATED, -1, rules[how]);
    if (how == GRADUATION_PARTIAL) {
        event->data = STR("{\"partial\":true}");
        run->flags |= RUN_FLAG_PARTIAL;
    }
    user->onboarding_completed = true;
    user->onboarding_completed_at_ms = deciding->world->now_ms;
    user->onboarding_version = journey->completes_as;
    user->changed = true;
}

void run_graduate(struct deciding *deciding, struct run *run, enum graduation how)
{
    const struct journey *journey = run_journey(deciding->world, run);
    if (how == GRADUATION_EARLY) {
        complete_sent_steps(deciding, run);
    }
    note_graduation(deciding, run, how);
    run_end(deciding, run, RUN_COMPLETED);
    if (how == GRADUATION_PARTIAL) {
        return; /* they are silent: nothing is said */
    }
    const struct message *text = how == GRADUATION_EARLY && journey->graduation_early != NULL
                                     ? journey->graduation_early
                                     : journey->graduation;
    int64_t now_ms = deciding->world->now_ms;
    if (text != NULL) {
        compose_step(deciding, run, NULL, KIND_GRADUATION, NULL, text, STR_NONE, now_ms);
    }
    if (journey->rating != NULL) {
        compose_step(deciding, run, NULL, KIND_RATING, journey->rating, journey->rating->text,
                     STR_NONE, now_ms);
    }
}

void run_rating(struct deciding *deciding, struct run *run, struct str button)
{
    const struct journey *journey = run_journey(deciding->world, run);
    const struct step_button *pressed = NULL;
    for (int i = 0; journey->rating != NULL && i < journey->rating->button_count; i++) {
        if (str_equal(journey->rating->buttons[i].id, button)) {
            pressed = &journey->rating->buttons[i];
        }
    }
    if (pressed != NULL && (run->flags & RUN_FLAG_RATED) != 0) {
        compose_tap_text(deciding, "tap_rated_already");
        return;
    }
    if (pressed == NULL || run->phase != PHASE_RATING) {
        compose_tap_text(deciding, "tap_unknown");
        return;
    }
    bool helpful = pressed->verb_count > 0 && pressed->verbs[0] == VERB_RATE_HELPFUL;
    run->flags |= RUN_FLAG_RATED;
    run_phase(run, PHASE_ENDED, 0);
    struct feedback *feedback = decision_feedback(deciding->arena, deciding->decision);
    feedback->user_id = run->user_id;
    feedback->run_id = run->id;
    feedback->rating = helpful ? 1 : -1;
    struct event *event = run_event(deciding, run, EVENT_RATED, -1, "rating");
    event->data = helpful ? STR("{\"rating\":1}") : STR("{\"rating\":-1}");
    struct str label = compose_message(deciding, pressed->text, run, true);
    struct str thanks = pressed->reply != NULL
                            ? compose_message(deciding, pressed->reply, run, false)
                            : compose_text(deciding, "rating_thanks", NULL, run, false);
    compose_tap_edit(deciding, label, thanks, NULL, 0);
}
