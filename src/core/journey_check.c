/* Rules of a journey that only several keys together can break: a recovery without a time to wait
 * for, a button about a commitment in a journey about none. Each mistake stands at the key that is
 * too much, or at the map that lacks one. */
#include "core/journey_parse.h"

struct checking {
    struct compiling *compiling;
    const struct journey *journey;
};

/* A button's id counts once in a step, whatever prompt it belongs to. */
enum { STEP_BUTTONS_MAX = 48 };

static bool is_of_commitment(enum trigger trigger)
{
    return trigger == TRIGGER_COMMITMENT_MADE || trigger == TRIGGER_COMMITMENT_COMPLETED ||
           trigger == TRIGGER_COMMITMENT_MISSED;
}

static void check_enter(struct compiling *compiling, const struct tree_node *root,
                        const struct journey *journey)
{
    const struct tree_node *enter = tree_member(root, "enter");
    if (enter == NULL || enter->kind != TREE_MAP) {
        return;
    }
    bool by_silence = journey->trigger == TRIGGER_INACTIVITY;
    if (by_silence && journey->trigger_after_ms <= 0) {
        schema_mistake(compiling, enter, "on: inactivity needs \"after\", such as 3d");
    }
    if (!by_silence && tree_member(enter, "after") != NULL) {
        schema_mistake_at(compiling, enter, "after", "only on: inactivity has \"after\"");
    }
    bool by_streak = journey->trigger == TRIGGER_STREAK;
    if (by_streak && tree_member(enter, "streaks") == NULL) {
        schema_mistake(compiling, enter, "on: streak needs \"streaks\", such as [3, 7]");
    }
    if (!by_streak && tree_member(enter, "streaks") != NULL) {
        schema_mistake_at(compiling, enter, "streaks", "only on: streak has \"streaks\"");
    }
    if (journey->per_commitment && !is_of_commitment(journey->trigger)) {
        schema_mistake_at(compiling, enter, "per_commitment",
                          "the trigger is about no commitment; expected on: commitment_made, "
                          "commitment_completed or commitment_missed");
    }
    if (journey->needs_plan && !journey->per_commitment) {
        schema_mistake_at(compiling, enter, "needs_plan",
                          "needs_plan is about a commitment; expected per_commitment: true too");
    }
}

static void check_end(struct compiling *compiling, const struct tree_node *root,
                      const struct journey *journey)
{
    if (tree_member(root, "ends_from") != NULL && journey->ends_after_ms == 0) {
        schema_mistake_at(compiling, root, "ends_from", "ends_from without ends_after");
    }
    if (journey->ends_anchor == ANCHOR_PLANNED && !journey->per_commitment) {
        schema_mistake_at(compiling, root, "ends_from",
                          "planned is the time of a commitment; expected per_commitment: true");
    }
    static const char *const onboarding_keys[] = {"graduation", "completes_as", "abandonment"};
    for (size_t i = 0; i < sizeof(onboarding_keys) / sizeof(onboarding_keys[0]); i++) {
        if (!journey->is_onboarding && tree_member(root, onboarding_keys[i]) != NULL) {
            schema_mistake_at(compiling, root, onboarding_keys[i],
                              "only journeys with onboarding: true have \"%s\"",
                              onboarding_keys[i]);
        }
    }
    for (int i = 0; i < journey->leave_count; i++) {
        if (journey->leaves[i].graduates && journey->graduation == NULL) {
            schema_mistake_at(compiling, root, "leave",
                              "a leave rule graduates; expected \"graduation\" too");
        }
    }
    if (journey->partial_after_step > journey->step_count) {
        schema_mistake_at(compiling, root, "abandonment",
                          "partial_after_step is %d; the journey has %d steps",
                          journey->partial_after_step, journey->step_count);
    }
}

/* ---- buttons -------------------------------------------------------------------------------- */

static bool is_about_commitment(enum verb verb)
{
    return verb == VERB_COMMITMENT_COMPLETE || verb == VERB_COMMITMENT_HALVE ||
           verb == VERB_COMMITMENT_POSTPONE || verb == VERB_COMMITMENT_DROP;
}

static void check_verb(const struct checking *checking, const struct tree_node *node,
                       enum verb verb, const struct step *step)
{
    bool rates = verb == VERB_RATE_HELPFUL || verb == VERB_RATE_UNHELPFUL;
    if (is_about_commitment(verb) && !checking->journey->per_commitment) {
        schema_mistake_at(checking->compiling, node, "do",
                          "the verb is about the run's commitment; expected per_commitment: true "
                          "in \"enter\"");
    }
    if (rates && step != NULL) {
        schema_mistake_at(checking->compiling, node, "do",
                          "only buttons of graduation's rating rate");
    }
    if (!rates && step == NULL) {
        schema_mistake_at(checking->compiling, node, "do",
                          "a rating's button; expected rate_helpful or rate_unhelpful");
    }
    if (verb == VERB_OVERWHELMED && step != NULL && step->ultra == NULL) {
        schema_mistake_at(checking->compiling, node, "do",
                          "the step has no \"ultra\" to offer to someone overwhelmed");
    }
    if (verb == VERB_ANSWER && step != NULL && step->expects == EXPECTS_NOTHING) {
        schema_mistake_at(checking->compiling, node, "do",
                          "the step expects nothing, so that nothing can be answered");
    }
}

/* Checks a prompt and adds the ids of its buttons to those that the step has. */
static void check_prompt(const struct checking *checking, const struct tree_node *prompt_node,
                         const struct prompt *prompt, const struct step *step, struct str *ids,
                         int *id_count)
{
    if (tree_member(prompt_node, "picture_alt") != NULL &&
        tree_member(prompt_node, "picture") == NULL) {
        schema_mistake_at(checking->compiling, prompt_node, "picture_alt",
                          "picture_alt without \"picture\"");
    }
    const struct tree_node *list = tree_member(prompt_node, "buttons");
    if (list == NULL || prompt == NULL) {
        return;
    }
    const struct tree_node *node = list->first;
    for (int i = 0; i < prompt->button_count; i++, node = node->next) {
        const struct step_button *button = &prompt->buttons[i];
        for (int verb = 0; verb < button->verb_count; verb++) {
            check_verb(checking, node, button->verbs[verb], step);
        }
        for (int other = 0; other < *id_count; other++) {
            if (button->id.length > 0 && str_equal(ids[other], button->id)) {
                schema_mistake_at(checking->compiling, node, "id",
                                  "another button of the step has the id \"%.*s\"",
                                  STR_ARG(button->id));
                break;
            }
        }
        if (*id_count < STEP_BUTTONS_MAX) {
            ids[(*id_count)++] = button->id;
        }
    }
}

/* Whether some button of the prompt can complete the step. */
static bool can_complete(const struct prompt *prompt)
{
    for (int i = 0; i < prompt->button_count; i++) {
        for (int verb = 0; verb < prompt->buttons[i].verb_count; verb++) {
            enum verb what = prompt->buttons[i].verbs[verb];
            if (what != VERB_OVERWHELMED && what != VERB_STAY) {
                return true;
            }
        }
    }
    return false;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void check_answer(const struct checking *checking, const struct tree_node *node,
                         const struct step *step)
{
    struct compiling *compiling = checking->compiling;
    bool takes_text = step->expects == EXPECTS_TEXT || step->expects == EXPECTS_BUTTON_OR_TEXT;
    if (step->expects == EXPECTS_NOTHING) {
        static const char *const keys[] = {"stores",   "target", "no_answer",
                                           "recovery", "ultra",  "celebration"};
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
            if (tree_member(node, keys[i]) != NULL) {
                schema_mistake_at(compiling, node, keys[i],
                                  "the step expects nothing; \"%s\" needs an answer", keys[i]);
            }
        }
    }
    if (tree_member(node, "takes") != NULL && !takes_text) {
        schema_mistake_at(compiling, node, "takes",
                          "the step expects no text; expected expects: text or button_or_text");
    }
    if (step->takes == TAKES_PLAN && tree_member(node, "ask_when") == NULL) {
        schema_mistake_at(compiling, node, "takes", "takes: plan needs \"ask_when\"");
    }
    if (step->takes != TAKES_PLAN && tree_member(node, "ask_when") != NULL) {
        schema_mistake_at(compiling, node, "ask_when", "only takes: plan has \"ask_when\"");
    }
    if (step->expects == EXPECTS_BUTTON && !can_complete(&step->prompt)) {
        schema_mistake(compiling, node,
                       "the step expects a button, but none of its buttons completes it");
    }
    if (step->recovery != NULL && step->no_answer_ms == 0) {
        schema_mistake_at(compiling, node, "recovery", "a recovery needs \"no_answer\"");
    }
    if (step->target > 100) {
        schema_mistake_at(compiling, node, "target", "a target is a percentage; expected 0 to 100");
    }
    if (step->celebration_later != NULL && step->celebration == NULL) {
        schema_mistake_at(compiling, node, "celebration_later",
                          "celebration_later without \"celebration\"");
    }
}

static void check_step(const struct checking *checking, const struct tree_node *node,
                       const struct step *step)
{
    struct compiling *compiling = checking->compiling;
    bool has_message = tree_member(node, "message") != NULL;
    bool has_variants = tree_member(node, "variants") != NULL;
    if (has_message == has_variants) {
        schema_mistake(compiling, node, "a step has either \"message\" or \"variants\"");
    }
    if (step->id.length > STEP_ID_BYTES_MAX) {
        schema_mistake(compiling, tree_member(node, "id"),
                       "the id has %zu characters; expected at most %d", step->id.length,
                       STEP_ID_BYTES_MAX);
    }
    if (step->anchor == ANCHOR_PLANNED && !checking->journey->per_commitment) {
        schema_mistake_at(compiling, node, "from",
                          "planned is the time of a commitment; expected per_commitment: true");
    }
    check_answer(checking, node, step);
    struct str ids[STEP_BUTTONS_MAX];
    int id_count = 0;
    check_prompt(checking, node, &step->prompt, step, ids, &id_count);
    check_prompt(checking, tree_member(node, "recovery"), step->recovery, step, ids, &id_count);
    check_prompt(checking, tree_member(node, "ultra"), step->ultra, step, ids, &id_count);
}

void journey_check(struct compiling *compiling, const struct tree_node *root,
                   const struct journey *journey)
{
    const struct checking checking = {.compiling = compiling, .journey = journey};
    check_enter(compiling, root, journey);
    check_end(compiling, root, journey);
    const struct tree_node *steps = tree_member(root, "steps");
    const struct tree_node *node = steps != NULL ? steps->first : NULL;
    for (int i = 0; i < journey->step_count; i++, node = node->next) {
        if (node->kind == TREE_MAP) {
            check_step(&checking, node, &journey->steps[i]);
        }
    }
    const struct tree_node *graduation = tree_member(root, "graduation");
    struct str ids[STEP_BUTTONS_MAX];
    int id_count = 0;
    check_prompt(&checking, tree_member(graduation, "rating"), journey->rating, NULL, ids,
                 &id_count);
}
