/* See describe.h. */
#include "bi/journeys/describe.h"

#include "core/journey_words.h"

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

json_t *journey_describe(const struct journeys_view *view, const struct journey *journey)
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
