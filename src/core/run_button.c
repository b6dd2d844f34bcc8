/* Buttons of a run's messages. Tokens are hostile: what was not offered, is over, was answered or
 * belongs to nobody changes nothing and gets a short, friendly word. A button that counts is
 * answered, its message shows the choice, and its verbs are done in order. */
#include "core/run_parts.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

#define POSTPONE_MS (4 * HOUR_MS)
enum { SMALL_SIZE_S = 60, CALLBACK_GRAPHEMES = 60 };

struct press {
    struct deciding *deciding;
    struct run *run;
    int step;
    enum message_kind kind; /* which message of the step it stands on */
    const struct step_button *button;
    struct commitment *subject; /* NULL: none */
    bool overwhelmed;
};

static const struct step_button *find_button(const struct prompt *prompt, struct str id)
{
    for (int i = 0; prompt != NULL && i < prompt->button_count; i++) {
        if (str_equal(prompt->buttons[i].id, id)) {
            return &prompt->buttons[i];
        }
    }
    return NULL;
}

static bool find_press(struct str step, struct str button, struct press *press)
{
    static const enum message_kind kinds[] = {KIND_STEP, KIND_RECOVERY, KIND_ULTRA};
    const struct journey *journey = run_journey(press->deciding->world, press->run);
    press->step = run_step_now(press->deciding, press->run, step);
    for (size_t k = 0; press->step >= 0 && k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        press->button = find_button(compose_prompt(journey, press->step, kinds[k]), button);
        if (press->button != NULL) {
            press->kind = kinds[k];
            return true;
        }
    }
    return false;
}

/* The bot text that refuses the tap; NULL: it counts. */
static const char *refusal(const struct press *press)
{
    const struct run *run = press->run;
    const struct step *step = &run_journey(press->deciding->world, run)->steps[press->step];
    if (run->step_completed_at_ms[press->step] != 0) {
        return "tap_already";
    }
    if (run->outcome != RUN_ACTIVE) {
        return "tap_over";
    }
    if (press->step == run->step) {
        /* A step that is due once more (postponed) was sent before: wait for it. */
        return run->phase != PHASE_DUE && run_offered(press->deciding, run, press->kind) &&
                       run_offered(press->deciding, run, KIND_STEP)
                   ? NULL
                   : "tap_unknown";
    }
    if (run->step_sent_at_ms[press->step] == 0) {
        return "tap_unknown";
    }
    return step->expects == EXPECTS_NOTHING && press->step < run->step ? NULL : "tap_over";
}

static bool only_stays(const struct step_button *button)
{
    for (int i = 0; i < button->verb_count; i++) {
        if (button->verbs[i] != VERB_STAY) {
            return false;
        }
    }
    return true;
}

/* ---- what the person sees
 * --------------------------------------------------------------------------- */

static void show_choice(const struct press *press, bool keep_others)
{
    struct deciding *deciding = press->deciding;
    const struct journey *journey = run_journey(deciding->world, press->run);
    const struct step *step = &journey->steps[press->step];
    struct str label = compose_message(deciding, press->button->text, press->run, true);
    struct str variant =
        press->kind == KIND_STEP ? run_variant(deciding, press->run, step) : STR_NONE;
    struct str said = compose_message(
        deciding, compose_source(journey, press->step, press->kind, variant), press->run, false);
    struct str chosen = arena_printf(deciding->arena, "%.*s\n\n→ %.*s", STR_ARG(said),
                                     STR_ARG(template_escape(deciding->arena, label)));
    int count = 0;
    struct button *others = NULL;
    if (keep_others) {
        others = compose_buttons(deciding, press->run, step->id,
                                 compose_prompt(journey, press->step, press->kind),
                                 press->button->id, &count);
    }
    compose_tap_edit(deciding, label, chosen, others, count);
}

static void reply(const struct press *press, const char *fallback_key)
{
    struct deciding *deciding = press->deciding;
    if (press->button->reply != NULL) {
        struct facts facts = compose_facts(deciding, press->subject, press->run);
        compose_reply_text(deciding,
                           message_render(deciding->arena, press->button->reply,
                                          deciding->world->catalog, &facts, false),
                           NULL, 0);
    } else if (fallback_key != NULL) {
        compose_reply_about(deciding, fallback_key, press->subject, press->run, NULL, 0);
    }
}

/* ---- verbs
 * ------------------------------------------------------------------------------------------ */

static struct str value_of(const struct press *press)
{
    return press->button->value != NULL
               ? compose_message(press->deciding, press->button->value, press->run, true)
               : press->button->id;
}

/* "Need more time": the check-in comes once more, counted from the new time, and then nothing. */
static void rearm_check_in(const struct press *press)
{
    struct run *run = press->run;
    if (run->outcome != RUN_ACTIVE || (run->flags & RUN_FLAG_POSTPONED) != 0) {
        return;
    }
    compose_withdraw(press->deciding, run, STR("answered"));
    run->flags |= RUN_FLAG_POSTPONED;
    run->step = 0;
    run->ultra = false;
    run->step_completed_at_ms[0] = 0;
    run->anchor_at_ms = press->subject->planned_at_ms;
    run_schedule(press->deciding, run);
}

/* Halving a missed one makes a new one: that is what the answer speaks of then. */
static const char *halve(struct press *press)
{
    struct person *person = press->deciding->person;
    int before = person->commitment_count;
    if (!commitment_halve(press->deciding, press->subject)) {
        return "commitment_ended_already";
    }
    if (person->commitment_count > before) {
        press->subject = person->commitments[before];
    }
    return "commitment_halved";
}

static const char *change_commitment(struct press *press, enum verb verb)
{
    struct deciding *deciding = press->deciding;
    struct commitment *subject = press->subject;
    if (subject == NULL) {
        return "tap_over";
    }
    if (verb == VERB_COMMITMENT_COMPLETE) {
        return commitment_complete(deciding, subject) ||
                       commitment_done_after_all(deciding, subject)
                   ? "commitment_done"
                   : "commitment_ended_already";
    }
    if (verb == VERB_COMMITMENT_HALVE) {
        return halve(press);
    }
    if (verb == VERB_COMMITMENT_POSTPONE) {
        if (!commitment_postpone(deciding, subject, POSTPONE_MS)) {
            return "commitment_ended_already";
        }
        rearm_check_in(press);
        return "commitment_postponed";
    }
    return commitment_drop(deciding, subject) ? "commitment_dropped" : "commitment_ended_already";
}

static void make_small(const struct press *press)
{
    struct commitment_plan plan = {
        .text = value_of(press), .size_s = SMALL_SIZE_S, .source = STR("chat")};
    struct commitment *made = commitment_make(press->deciding, &plan);
    press->deciding->decision->error = OK; /* too many are open: the reply says nothing of it */
    if (made != NULL && press->button->reply == NULL) {
        compose_reply_about(press->deciding, "commitment_small_made", made, press->run, NULL, 0);
    }
}

static void suggest(const struct press *press, int by)
{
    struct deciding *deciding = press->deciding;
    int rung = press->subject != NULL && press->subject->size_s > 0
                   ? ladder_rung_of(press->subject->size_s)
                   : commitment_suggested_rung(&deciding->person->user);
    struct commitment none = {.id = press->run->id};
    commitment_suggest(deciding, press->subject != NULL ? press->subject : &none, rung + by,
                       by > 0 ? "ladder.level_up" : "ladder.same_size");
}

static void store_choice(const struct press *press)
{
    struct deciding *deciding = press->deciding;
    struct user *user = &deciding->person->user;
    user->amplification_choice = value_of(press);
    user->changed = true;
    struct notice *notice = decision_notice(deciding->arena, deciding->decision);
    notice->kind = STR("amplification");
    notice->user_id = user->id;
    notice->text = arena_printf(deciding->arena, "User %lld chose: %.*s", (long long)user->id,
                                STR_ARG(user->amplification_choice));
}

/* Returns the bot text that confirms, unless the button has a reply of its own; NULL: none. */
static const char *do_verb(struct press *press, enum verb verb)
{
    switch (verb) {
    case VERB_COMPLETE:
    case VERB_ANSWER: /* taken when the step was marked */
    case VERB_STAY:
        return NULL;
    case VERB_OVERWHELMED:
        press->overwhelmed = true;
        return NULL;
    case VERB_COMMITMENT_COMPLETE:
    case VERB_COMMITMENT_HALVE:
    case VERB_COMMITMENT_POSTPONE:
    case VERB_COMMITMENT_DROP:
        return change_commitment(press, verb);
    case VERB_COMMITMENT_MAKE:
        make_small(press);
        return NULL;
    case VERB_SIZE_UP:
        suggest(press, 1);
        return "size_up";
    case VERB_SIZE_SAME:
        suggest(press, 0);
        return "size_same";
    case VERB_STORE:
        store_choice(press);
        return NULL;
    case VERB_RATE_HELPFUL:
    case VERB_RATE_UNHELPFUL: /* of the rating prompt only: run_finish.c */
        return NULL;
    case VERB_LEAVE:
        if (press->run->outcome == RUN_ACTIVE) {
            run_end(press->deciding, press->run, RUN_LEFT);
        }
        return NULL;
    case VERB_COUNT:
        break;
    }
    return NULL;
}

static bool has_verb(const struct step_button *button, enum verb verb)
{
    for (int i = 0; i < button->verb_count; i++) {
        if (button->verbs[i] == verb) {
            return true;
        }
    }
    return false;
}

/* Marks the step as answered by this button; for a step that takes something, by its value (its
 * label when it has none: a button means done). */
static void mark(const struct press *press)
{
    struct deciding *deciding = press->deciding;
    struct run *run = press->run;
    const struct step *step = &run_journey(deciding->world, run)->steps[press->step];
    bool assisted = press->kind != KIND_STEP;
    bool takes = step->takes != TAKES_TEXT || step->stores.length > 0;
    if (press->step == run->step && takes &&
        (has_verb(press->button, VERB_ANSWER) || has_verb(press->button, VERB_COMPLETE))) {
        struct str value = press->button->value != NULL
                               ? compose_message(deciding, press->button->value, run, true)
                               : compose_message(deciding, press->button->text, run, true);
        if (run_answer(deciding, run, value, press->button->id, assisted)) {
            return;
        }
    }
    run_mark_done(deciding, run, press->step, assisted, press->button->id);
}

static void acknowledge(const struct press *press)
{
    struct deciding *deciding = press->deciding;
    struct str key = arena_printf(deciding->arena, "tap.%.*s", STR_ARG(press->button->id));
    show_choice(press, true);
    if (run_stored(deciding, press->run, key.ptr).length > 0) {
        return; /* pressed before: nothing new */
    }
    run_store_answer(deciding, press->run, key, STR("1"));
    run_event(deciding, press->run, EVENT_STEP_ANSWERED, press->step, "answer.stay");
    reply(press, NULL);
}

static void carry_out(struct press *press)
{
    struct deciding *deciding = press->deciding;
    const struct step *step = &run_journey(deciding->world, press->run)->steps[press->step];
    if (only_stays(press->button) && step->expects == EXPECTS_NOTHING) {
        acknowledge(press);
        return;
    }
    show_choice(press, false);
    if (has_verb(press->button, VERB_OVERWHELMED)) {
        reply(press, NULL);
        if (press->step == press->run->step) {
            run_overwhelm(deciding, press->run, "button.overwhelmed");
        }
        return;
    }
    mark(press);
    const char *confirmation = NULL;
    for (int i = 0; i < press->button->verb_count; i++) {
        const char *said = do_verb(press, press->button->verbs[i]);
        confirmation = said != NULL ? said : confirmation;
    }
    reply(press, confirmation);
    bool postponed =
        has_verb(press->button, VERB_COMMITMENT_POSTPONE) && press->run->phase == PHASE_DUE;
    if (!postponed) {
        run_after_answer(deciding, press->run, press->step);
    }
}

void run_button(struct deciding *deciding, struct run *run, struct str step, struct str button)
{
    struct press press = {.deciding = deciding, .run = run};
    if (str_is(step, "_rating")) {
        run_rating(deciding, run, button);
        return;
    }
    if (!find_press(step, button, &press)) {
        compose_tap_text(deciding, "tap_unknown");
        return;
    }
    const char *refused = refusal(&press);
    if (refused != NULL) {
        compose_tap_text(deciding, refused);
        return;
    }
    press.subject = person_commitment(deciding->person, run->subject_id);
    carry_out(&press);
}
