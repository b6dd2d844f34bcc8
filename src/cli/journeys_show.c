/* One journey with all its texts, as a page for people and as JSON. */
#include "cli/journeys_view.h"
#include "core/journey_words.h"

/* ---- for people ------------------------------------------------------------------------------ */

/* A text, every line of it indented. */
static void print_text(struct str text, const char *indent)
{
    while (text.length > 0) {
        struct str line = str_split(text, '\n', &text);
        printf("%s%.*s\n", indent, STR_ARG(line));
    }
}

static void print_message(const struct journeys_view *view, const char *heading,
                          const struct message *message, const char *indent)
{
    if (message == NULL) {
        return;
    }
    printf("%s%s\n", indent, heading);
    struct str deeper = arena_printf(view->arena, "%s  ", indent);
    print_text(view_text(view, message), deeper.ptr);
}

static void print_buttons(const struct journeys_view *view, const struct prompt *prompt,
                          const char *indent)
{
    for (int i = 0; i < prompt->button_count; i++) {
        const struct step_button *button = &prompt->buttons[i];
        struct str label = view_text(view, button->text);
        printf("%s[%.*s] %.*s: %s\n", indent, STR_ARG(label), STR_ARG(button->id),
               view_verbs(view, button));
        struct str deeper = arena_printf(view->arena, "%s    ", indent);
        if (button->value != NULL) {
            struct str value = view_text(view, button->value);
            printf("%s= %.*s\n", deeper.ptr, STR_ARG(value));
        }
        if (button->reply != NULL) {
            print_text(view_text(view, button->reply),
                       arena_printf(view->arena, "%s> ", deeper.ptr).ptr);
        }
    }
}

static void print_alternative(const struct journeys_view *view, const char *heading,
                              const struct prompt *prompt)
{
    if (prompt == NULL) {
        return;
    }
    print_message(view, heading, prompt->text, "     ");
    print_buttons(view, prompt, "       ");
}

static void print_facts_of_step(const struct journeys_view *view, const struct journey *journey,
                                int index)
{
    const struct step *step = &journey->steps[index];
    struct str delay = view_delay(view, journey, index);
    printf("%d. %.*s (%.*s): %.*s, class %s", step->number, STR_ARG(step->name), STR_ARG(step->id),
           STR_ARG(delay), journey_word(CLASS_WORDS, (int)step->class));
    if (step->expects != EXPECTS_NOTHING) {
        printf(", expects %s", journey_word(EXPECTS_WORDS, (int)step->expects));
    }
    if (step->takes != TAKES_TEXT) {
        printf(", takes %s", journey_word(TAKES_WORDS, (int)step->takes));
    }
    if (step->stores.length > 0) {
        printf(", stored as %.*s", STR_ARG(step->stores));
    }
    if (step->target > 0) {
        printf(", target %g %%", step->target);
    }
    if (step->when != NULL) {
        struct str source = condition_source(step->when);
        printf(", only when %.*s", STR_ARG(source));
    }
    printf("\n");
}

static void print_step(const struct journeys_view *view, const struct journey *journey, int index)
{
    const struct step *step = &journey->steps[index];
    printf("\n");
    print_facts_of_step(view, journey, index);
    if (step->variant_count == 0) {
        print_text(view_text(view, step->prompt.text), "     ");
    }
    for (int i = 0; i < step->variant_count; i++) {
        const struct variant *variant = &step->variants[i];
        struct str heading =
            arena_printf(view->arena, "variant %.*s of %.*s, weight %g:", STR_ARG(variant->id),
                         STR_ARG(step->experiment), variant->weight);
        print_message(view, heading.ptr, variant->text, "     ");
    }
    print_buttons(view, &step->prompt, "     ");
    print_message(view, "asked when only the what came:", step->ask_when, "     ");
    if (step->recovery != NULL) {
        print_alternative(
            view,
            arena_printf(view->arena, "no answer for %s:", view_duration(view, step->no_answer_ms))
                .ptr,
            step->recovery);
    }
    print_alternative(view, "when it is too much:", step->ultra);
    print_message(view, "celebration:", step->celebration, "     ");
    print_message(view, "celebration on a later day:", step->celebration_later, "     ");
}

void journeys_show(const struct journeys_view *view, const struct journey *journey)
{
    struct str enter = view_enter(view, journey);
    printf("%.*s %.*s (set %s, class %s, sequence %.*s)\n", STR_ARG(journey->name),
           STR_ARG(journey->version), journey_word(SET_WORDS, (int)journey->set),
           journey_word(CLASS_WORDS, (int)journey->class), STR_ARG(journey->sequence));
    printf("  enters %.*s\n", STR_ARG(enter));
    for (int i = 0; i < journey->leave_count; i++) {
        printf("  leaves on %s%s\n", journey_word(LEAVE_WORDS, (int)journey->leaves[i].on),
               journey->leaves[i].graduates ? ", which graduates" : "");
    }
    if (journey->ends_after_ms != 0) {
        printf("  ends %s after %s\n", view_duration(view, journey->ends_after_ms),
               journey->ends_anchor == ANCHOR_PREVIOUS  ? "the last message"
               : journey->ends_anchor == ANCHOR_ENTERED ? "entering"
                                                        : "the planned time, else the making");
    }
    if (journey->replaces.length > 0) {
        printf("  counterpart in the other set: %.*s\n", STR_ARG(journey->replaces));
    }
    if (journey->goal != NULL) {
        struct str goal = condition_source(journey->goal);
        printf("  goal: %.*s\n", STR_ARG(goal));
    }
    for (int i = 0; i < journey->step_count; i++) {
        print_step(view, journey, i);
    }
    printf("\n");
    if (journey->abandonment != NULL) {
        struct str heading =
            arena_printf(view->arena, "abandonment, %s of silence later (given up after %s more):",
                         view_duration(view, journey->abandon_after_ms),
                         view_duration(view, journey->give_up_after_ms));
        print_message(view, heading.ptr, journey->abandonment, "");
    }
    print_message(view, "graduation:", journey->graduation, "");
    print_message(view, "graduation by a commitment of their own:", journey->graduation_early, "");
    if (journey->rating != NULL) {
        print_message(view, "rating:", journey->rating->text, "");
        print_buttons(view, journey->rating, "  ");
    }
}

/* ---- for programs ---------------------------------------------------------------------------- */

/* {"en": …, "de": …}; NULL for none. */
static json_t *message_json(const struct journeys_view *view, const struct message *message)
{
    if (message == NULL) {
        return NULL;
    }
    int count;
    const char *const *languages = catalog_languages(view->catalog, &count);
    json_t *json = json_object();
    for (int i = 0; i < count; i++) {
        json_object_set_new(json, languages[i], json_str(template_source(message->by_language[i])));
    }
    return json;
}

static void set_message(const struct journeys_view *view, json_t *json, const char *key,
                        const struct message *message)
{
    if (message != NULL) {
        json_object_set_new(json, key, message_json(view, message));
    }
}

static void set_text(json_t *json, const char *key, struct str text)
{
    if (text.length > 0) {
        json_object_set_new(json, key, json_str(text));
    }
}

static void set_milliseconds(json_t *json, const char *key, int64_t duration_ms)
{
    if (duration_ms != 0) {
        json_object_set_new(json, key, json_integer(duration_ms));
    }
}

static json_t *prompt_json(const struct journeys_view *view, const struct prompt *prompt)
{
    json_t *json = json_object();
    set_message(view, json, "message", prompt->text);
    set_message(view, json, "picture", prompt->picture);
    set_message(view, json, "picture_alt", prompt->picture_alt);
    json_t *buttons = json_array();
    for (int i = 0; i < prompt->button_count; i++) {
        const struct step_button *button = &prompt->buttons[i];
        json_t *verbs = json_array();
        for (int verb = 0; verb < button->verb_count; verb++) {
            json_array_append_new(verbs,
                                  json_string(journey_word(VERB_WORDS, (int)button->verbs[verb])));
        }
        json_t *item = json_object();
        set_text(item, "id", button->id);
        set_message(view, item, "text", button->text);
        json_object_set_new(item, "do", verbs);
        set_message(view, item, "value", button->value);
        set_message(view, item, "reply", button->reply);
        json_array_append_new(buttons, item);
    }
    json_object_set_new(json, "buttons", buttons);
    return json;
}

static json_t *step_json(const struct journeys_view *view, const struct step *step)
{
    json_t *json = prompt_json(view, &step->prompt);
    set_text(json, "id", step->id);
    set_text(json, "name", step->name);
    json_object_set_new(json, "number", json_integer(step->number));
    json_object_set_new(json, "class", json_string(journey_word(CLASS_WORDS, (int)step->class)));
    json_object_set_new(json, "from", json_string(journey_word(ANCHOR_WORDS, (int)step->anchor)));
    json_object_set_new(json, "after_ms", json_integer(step->after_ms));
    json_object_set_new(json, "expects",
                        json_string(journey_word(EXPECTS_WORDS, (int)step->expects)));
    json_object_set_new(json, "takes", json_string(journey_word(TAKES_WORDS, (int)step->takes)));
    set_text(json, "stores", step->stores);
    set_text(json, "when", step->when != NULL ? condition_source(step->when) : STR_NONE);
    json_object_set_new(json, "target", json_real(step->target));
    set_milliseconds(json, "no_answer_ms", step->no_answer_ms);
    set_milliseconds(json, "expires_after_ms", step->expires_after_ms);
    if (step->variant_count > 0) {
        json_t *variants = json_array();
        for (int i = 0; i < step->variant_count; i++) {
            json_t *variant = json_object();
            set_text(variant, "id", step->variants[i].id);
            json_object_set_new(variant, "weight", json_real(step->variants[i].weight));
            set_message(view, variant, "message", step->variants[i].text);
            json_array_append_new(variants, variant);
        }
        set_text(json, "experiment", step->experiment);
        json_object_set_new(json, "variants", variants);
    }
    if (step->recovery != NULL) {
        json_object_set_new(json, "recovery", prompt_json(view, step->recovery));
    }
    if (step->ultra != NULL) {
        json_object_set_new(json, "ultra", prompt_json(view, step->ultra));
    }
    set_message(view, json, "ask_when", step->ask_when);
    set_message(view, json, "celebration", step->celebration);
    set_message(view, json, "celebration_later", step->celebration_later);
    return json;
}

json_t *journeys_show_json(const struct journeys_view *view, const struct journey *journey)
{
    json_t *json = json_object();
    set_text(json, "journey", journey->name);
    set_text(json, "version", journey->version);
    set_text(json, "hash", journey->hash);
    set_text(json, "file", journey->file);
    json_object_set_new(json, "set", json_string(journey_word(SET_WORDS, (int)journey->set)));
    json_object_set_new(json, "class", json_string(journey_word(CLASS_WORDS, (int)journey->class)));
    set_text(json, "sequence", journey->sequence);
    json_object_set_new(json, "onboarding", json_boolean(journey->is_onboarding));
    set_text(json, "replaces", journey->replaces);
    set_text(json, "completes_as", journey->completes_as);
    set_text(json, "enters", view_enter(view, journey));
    set_milliseconds(json, "ends_after_ms", journey->ends_after_ms);
    set_text(json, "goal", journey->goal != NULL ? condition_source(journey->goal) : STR_NONE);
    json_t *leaves = json_array();
    for (int i = 0; i < journey->leave_count; i++) {
        json_array_append_new(leaves,
                              json_pack("{s:s, s:b}", "on",
                                        journey_word(LEAVE_WORDS, (int)journey->leaves[i].on),
                                        "graduates", journey->leaves[i].graduates));
    }
    json_object_set_new(json, "leave", leaves);
    json_t *steps = json_array();
    for (int i = 0; i < journey->step_count; i++) {
        json_array_append_new(steps, step_json(view, &journey->steps[i]));
    }
    json_object_set_new(json, "steps", steps);
    set_milliseconds(json, "abandon_after_ms", journey->abandon_after_ms);
    set_milliseconds(json, "give_up_after_ms", journey->give_up_after_ms);
    set_message(view, json, "abandonment", journey->abandonment);
    set_message(view, json, "graduation", journey->graduation);
    set_message(view, json, "graduation_early", journey->graduation_early);
    if (journey->rating != NULL) {
        json_object_set_new(json, "rating", prompt_json(view, journey->rating));
    }
    return json;
}
