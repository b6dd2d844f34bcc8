/* Answers of a person to the step that waits: texts, what they are taken as, overwhelm, showing the
 * step again. Buttons stand in run_button.c, plans in run_plan.c. */
#include "core/run_parts.h"

#include "base/check.h"
#include "base/json.h"
#include "base/json_tree.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/delivery.h"

enum { WORD_GRAPHEMES = 32 };

/* ---- what has been shown
 * ---------------------------------------------------------------------------- */

/* One that is new in this batch has not left yet: nobody can have seen it. */
static bool is_on_its_way(const struct delivery *delivery, enum message_kind kind)
{
    return delivery != NULL && delivery->kind == kind && !delivery->is_new &&
           (delivery->state == DELIVERY_SENDING || delivery->state == DELIVERY_UNCERTAIN ||
            delivery->attempts > 0);
}

bool run_offered(const struct deciding *deciding, const struct run *run, enum message_kind kind)
{
    const struct delivery *pending = run_pending(deciding, run);
    switch (kind) {
    case KIND_STEP:
        return run->step_sent_at_ms[run->step] != 0 || is_on_its_way(pending, KIND_STEP);
    case KIND_RECOVERY:
        return (run->flags & RUN_FLAG_RECOVERED) != 0 || is_on_its_way(pending, KIND_RECOVERY);
    case KIND_ULTRA:
        return run->ultra;
    case KIND_ABANDONMENT:
        return run->phase == PHASE_ABANDONING || is_on_its_way(pending, KIND_ABANDONMENT);
    case KIND_CELEBRATION:
    case KIND_GRADUATION:
    case KIND_RATING:
    case KIND_REPLY:
    case KIND_BROADCAST:
    case KIND_COUNT:
        break;
    }
    return false;
}

bool run_is_abandoning(const struct deciding *deciding, const struct run *run)
{
    return run_offered(deciding, run, KIND_ABANDONMENT);
}

/* Whether some smaller alternative was offered that any word answers. */
bool run_takes_any(const struct deciding *deciding, const struct run *run)
{
    const struct step *step = run_step_of(deciding, run);
    return (step->ultra != NULL && step->ultra->accepts_any &&
            run_offered(deciding, run, KIND_ULTRA)) ||
           (step->recovery != NULL && step->recovery->accepts_any &&
            run_offered(deciding, run, KIND_RECOVERY));
}

static bool waits(const struct deciding *deciding, const struct run *run)
{
    return run->outcome == RUN_ACTIVE && run->phase != PHASE_DUE &&
           run->step_completed_at_ms[run->step] == 0 &&
           run_step_of(deciding, run)->expects != EXPECTS_NOTHING;
}

/* The run that waits for an answer: onboarding first, then the one that was written to last. */
static struct run *waiting_run(const struct deciding *deciding)
{
    struct run *found = run_onboarding(deciding->world, deciding->person);
    if (found != NULL && waits(deciding, found)) {
        return found;
    }
    found = NULL;
    for (int i = 0; i < deciding->person->run_count; i++) {
        struct run *run = deciding->person->runs[i];
        if (waits(deciding, run) && run_offered(deciding, run, KIND_STEP) &&
            (found == NULL ||
             run->step_sent_at_ms[run->step] > found->step_sent_at_ms[found->step])) {
            found = run;
        }
    }
    return found;
}

/* ---- completing a step
 * ------------------------------------------------------------------------------ */

struct str run_stored(struct deciding *deciding, const struct run *run, const char *key)
{
    const struct json_node *answers;
    if (run->answers.length == 0 ||
        json_tree_read(deciding->arena, run->answers, LIMIT_TEXT_BYTES * 4, &answers, NULL) != OK) {
        return STR_NONE;
    }
    return json_node_str(answers, key);
}

void run_store_answer(struct deciding *deciding, struct run *run, struct str key, struct str value)
{
    json_t *answers = NULL;
    if (run->answers.length == 0 ||
        json_read(run->answers, LIMIT_TEXT_BYTES * 4, &answers, NULL) != OK) {
        answers = json_object();
    }
    struct str name = arena_str(deciding->arena, key);
    json_object_set_new(answers, name.ptr, json_str(value));
    run->answers = json_write(deciding->arena, answers);
    run->changed = true;
    json_decref(answers);
    struct user *user = &deciding->person->user;
    if (str_is(key, "user_feeling_word")) {
        user->feeling_word = value;
        user->changed = true;
    }
}

void run_mark_done(struct deciding *deciding, struct run *run, int step, bool assisted,
                   struct str button)
{
    int64_t now_ms = deciding->world->now_ms;
    /* Answered before its report came: it has arrived. */
    run_step_sent(deciding, run, step, now_ms, "step.answered_first");
    run->step_completed_at_ms[step] = now_ms;
    if (assisted) {
        run->steps_assisted |= 1u << step;
        run->flags |= RUN_FLAG_ASSISTED;
    }
    run->changed = true;
    struct event *event = run_event(deciding, run, EVENT_STEP_COMPLETED, step,
                                    assisted ? "answer.assisted" : "answer");
    if (assisted || button.length > 0) {
        event->data = arena_printf(deciding->arena, "{\"assisted\":%s,\"button\":\"%.*s\"}",
                                   assisted ? "true" : "false", STR_ARG(button));
    }
    if (step == run->step) {
        deciding->person->answered_delivery_id = run->delivery_id;
        deciding->person->answered_at_ms = now_ms;
        compose_withdraw(deciding, run, STR("answered"));
    }
}

static void celebrate(struct deciding *deciding, struct run *run, int step)
{
    const struct step *of = &run_journey(deciding->world, run)->steps[step];
    const struct message *text = of->celebration;
    if (of->celebration_later != NULL && step > 0 && run->step_completed_at_ms[0] != 0) {
        const struct zone *zone = person_zone(deciding->world, deciding->person);
        if (calendar_local_day(zone, deciding->world->now_ms) !=
            calendar_local_day(zone, run->step_completed_at_ms[0])) {
            text = of->celebration_later;
        }
    }
    if (text != NULL) {
        compose_step(deciding, run, of, KIND_CELEBRATION, NULL, text, STR_NONE,
                     deciding->world->now_ms);
    }
}

static bool leaves_when_answered(const struct journey *journey)
{
    for (int i = 0; i < journey->leave_count; i++) {
        if (journey->leaves[i].on == LEAVE_ON_ANSWERED) {
            return true;
        }
    }
    return false;
}

void run_after_answer(struct deciding *deciding, struct run *run, int step)
{
    const struct journey *journey = run_journey(deciding->world, run);
    if (run->outcome != RUN_ACTIVE) {
        return; /* what the answer did has ended it */
    }
    celebrate(deciding, run, step);
    bool last = step == journey->step_count - 1;
    if (leaves_when_answered(journey) && !last) {
        run_end(deciding, run, RUN_LEFT);
    } else if (step == run->step) {
        run_next_step(deciding, run, deciding->world->now_ms, true);
    }
}

/* ---- what a text is taken as
 * ------------------------------------------------------------------------- */

static void make_action(struct deciding *deciding, struct str text)
{
    /* At most five minutes, and done: the size counts in the ladder's seconds. */
    struct commitment_plan plan = {
        .text = text, .size_s = 300, .source = STR("onboarding"), .completed_at_once = true};
    commitment_make(deciding, &plan);
}

static bool take(struct deciding *deciding, struct run *run, struct str text)
{
    const struct step *step = run_step_of(deciding, run);
    struct arena *arena = deciding->arena;
    struct str value = STR_NONE;
    switch (step->takes) {
    case TAKES_WORD:
        value = text_first_word(arena, text, WORD_GRAPHEMES);
        break;
    case TAKES_TEXT:
    case TAKES_ACTION:
    case TAKES_PLAN:
        value = commitment_text(arena, text);
        break;
    }
    if (value.length == 0) {
        return false;
    }
    if (step->stores.length > 0) {
        run_store_answer(deciding, run, step->stores, value);
    }
    if (step->takes == TAKES_ACTION) {
        make_action(deciding, value);
    }
    return true;
}

bool run_answer(struct deciding *deciding, struct run *run, struct str text, struct str button,
                bool assisted)
{
    const struct step *step = run_step_of(deciding, run);
    int index = run->step;
    if (step->takes == TAKES_PLAN) {
        switch (run_plan(deciding, run, text, assisted || button.length > 0)) {
        case PLAN_NOTHING:
            return false;
        case PLAN_ASKED_WHEN:
            return true;
        case PLAN_MADE:
            break;
        }
    } else if (!take(deciding, run, text)) {
        return false;
    }
    run_mark_done(deciding, run, index, assisted, button);
    if (button.length == 0) {
        run_after_answer(deciding, run, index);
    }
    deciding->decision->handled = true;
    return true;
}

/* The words of the abandonment message ("or just hi") are no action and no plan. */
static bool is_only_a_sign(struct deciding *deciding, const struct run *run,
                           const struct step *step, struct str text)
{
    if (!run_is_abandoning(deciding, run)) {
        return false;
    }
    return step->takes == TAKES_ACTION ||
           (step->takes == TAKES_PLAN && !run_plan_has_when(deciding, text));
}

/* Whether somebody wrote what the completing button says ("done", "geschafft"), or an integration
 * its id, instead of pressing it. */
static bool names_done(struct deciding *deciding, const struct run *run, const struct step *step,
                       struct str text)
{
    enum { WORDS_MAX = 4 };
    struct str *wrote, *says;
    size_t count = text_words(deciding->arena, text_fold(deciding->arena, text), WORDS_MAX, &wrote);
    for (int i = 0; i < step->prompt.button_count; i++) {
        const struct step_button *button = &step->prompt.buttons[i];
        if (button->verbs[0] != VERB_COMPLETE) {
            continue;
        }
        if (str_equal(text, button->id)) {
            return true;
        }
        struct str label = compose_message(deciding, button->text, run, true);
        size_t label_count =
            text_words(deciding->arena, text_fold(deciding->arena, label), WORDS_MAX, &says);
        bool same = count > 0 && count == label_count;
        for (size_t word = 0; same && word < count; word++) {
            same = str_equal(wrote[word], says[word]);
        }
        if (same) {
            return true;
        }
    }
    return false;
}

bool run_text(struct deciding *deciding, struct str text)
{
    struct run *run = waiting_run(deciding);
    if (run == NULL) {
        return false;
    }
    const struct step *step = run_step_of(deciding, run);
    if (!run_offered(deciding, run, KIND_STEP)) {
        /* It never reached them; they are here now. A held message comes in its time. */
        if (run->phase == PHASE_SENDING) {
            return false;
        }
        run_say(deciding, run, KIND_STEP, deciding->world->now_ms);
        return true;
    }
    bool any = run_takes_any(deciding, run);
    bool wanted = step->expects == EXPECTS_TEXT || step->expects == EXPECTS_BUTTON_OR_TEXT;
    if (wanted && is_only_a_sign(deciding, run, step, text)) {
        run_show_again(deciding, run);
        return true;
    }
    if (wanted) {
        return run_answer(deciding, run, text, STR_NONE, any);
    }
    if (any || names_done(deciding, run, step, text)) {
        /* A button was expected: the word itself says nothing more. */
        run_mark_done(deciding, run, run->step, any, STR_NONE);
        run_after_answer(deciding, run, run->step);
        return true;
    }
    if (deciding->input->kind != INPUT_TEXT || str_is(deciding->input->source, "sidecar") ||
        !run_journey(deciding->world, run)->is_onboarding) {
        return false;
    }
    run_show_again(deciding, run);
    return true;
}

bool run_sign(struct deciding *deciding)
{
    struct run *run = waiting_run(deciding);
    if (run == NULL || !run_takes_any(deciding, run) ||
        run_step_of(deciding, run)->takes == TAKES_PLAN) {
        return false;
    }
    run_mark_done(deciding, run, run->step, true, STR_NONE);
    run_after_answer(deciding, run, run->step);
    deciding->decision->handled = true;
    return true;
}

/* ---- overwhelm, showing again
 * ------------------------------------------------------------------------ */

void run_overwhelm(struct deciding *deciding, struct run *run, const char *rule)
{
    const struct step *step = run_step_of(deciding, run);
    bool again = run->ultra || step->ultra == NULL;
    run_event(deciding, run, EVENT_OVERWHELMED, run->step, rule);
    run_step_sent(deciding, run, run->step, deciding->world->now_ms, "step.answered_first");
    run->flags |= RUN_FLAG_OVERWHELMED;
    if (run_offered(deciding, run, KIND_RECOVERY)) { /* also one without a report so far */
        run->flags |= RUN_FLAG_RECOVERED;
    }
    compose_withdraw(deciding, run, STR("answered"));
    if (!again) {
        run->ultra = true;
        run_say(deciding, run, KIND_ULTRA, deciding->world->now_ms);
        return;
    }
    /* Nothing smaller is left: no task, and no recovery either; any word later still counts. */
    compose_reply_about(deciding, "overwhelmed_again", NULL, run, NULL, 0);
    run->flags |= RUN_FLAG_RECOVERED;
    run_wait(deciding, run, PHASE_WAITING, deciding->world->now_ms);
}

void run_overwhelmed(struct deciding *deciding)
{
    struct run *run = waiting_run(deciding);
    if (run != NULL && run_offered(deciding, run, KIND_STEP)) {
        run_overwhelm(deciding, run, "words.overwhelm");
        return;
    }
    struct event *event = decision_event(deciding->arena, deciding->decision, EVENT_OVERWHELMED);
    event->user_id = deciding->person->user.id;
    event->at_ms = deciding->world->now_ms;
    event->rule = STR("words.overwhelm");
    compose_reply(deciding, "overwhelmed", NULL, 0);
}

void run_show_again(struct deciding *deciding, struct run *run)
{
    const struct journey *journey = run_journey(deciding->world, run);
    const struct step *step = run_step_of(deciding, run);
    /* Who was offered something smaller is shown that. */
    enum message_kind kind = run->ultra && step->ultra != NULL ? KIND_ULTRA : KIND_STEP;
    struct str variant = kind == KIND_STEP ? run_variant(deciding, run, step) : STR_NONE;
    int count;
    struct button *buttons = compose_buttons(
        deciding, run, step->id, compose_prompt(journey, run->step, kind), STR_NONE, &count);
    struct delivery *shown = compose_reply_text(
        deciding,
        compose_message(deciding, compose_source(journey, run->step, kind, variant), run, false),
        buttons, count);
    shown->journey = run->journey;
    shown->sequence = run->sequence;
    shown->step = step->id;
    if (run->phase == PHASE_ABANDONING || run->phase == PHASE_RECOVERY ||
        run->phase == PHASE_WAITING) {
        run_wait(deciding, run, PHASE_WAITING, deciding->world->now_ms);
    } else if (run_is_abandoning(deciding, run)) {
        compose_withdraw(deciding, run, STR("answered"));
        run_wait(deciding, run, PHASE_WAITING, deciding->world->now_ms);
    }
}

bool run_greets(const struct deciding *deciding)
{
    const struct run *run = run_onboarding(deciding->world, deciding->person);
    const struct delivery *pending = run != NULL ? run_pending(deciding, run) : NULL;
    return pending != NULL && pending->is_new && pending->state == DELIVERY_SENDING;
}

bool run_reshow(struct deciding *deciding)
{
    struct run *run = run_onboarding(deciding->world, deciding->person);
    if (run_greets(deciding) || (run != NULL && run_is_of_now(deciding, run))) {
        return true;
    }
    run = waiting_run(deciding);
    if (run == NULL) {
        return false;
    }
    if (!run_offered(deciding, run, KIND_STEP)) {
        return run_text(deciding, STR_NONE);
    }
    run_show_again(deciding, run);
    return true;
}
