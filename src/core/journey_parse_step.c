/* Steps of a journey: prompts, buttons, variants. */
#include "base/limits.h"
#include "core/experiment.h"
#include "core/journey_parse.h"
#include "core/journey_words.h"

#define AT_STEP(field)   offsetof(struct step, field)
#define AT_BUTTON(field) offsetof(struct step_button, field)
#define AT_PROMPT(field) offsetof(struct prompt, field)

_Static_assert(2 + 19 + 1 + STEP_ID_BYTES_MAX + 1 + BUTTON_ID_BYTES_MAX <= LIMIT_CALLBACK_BYTES,
               "r:<run id>:<step id>:<button id> is a button's token");

/* ---- buttons -------------------------------------------------------------------------------- */

static void add_verb(struct compiling *compiling, const struct tree_node *node,
                     struct step_button *button)
{
    static const struct schema_row row = {.key = "do", .kind = SCHEMA_WORD, .words = VERB_WORDS};
    enum verb verb = VERB_STAY;
    if (!schema_value(compiling, node, &row, &verb)) {
        return;
    }
    for (int i = 0; i < button->verb_count; i++) {
        if (button->verbs[i] == verb) {
            schema_mistake(compiling, node, "the verb stands twice");
            return;
        }
    }
    button->verbs[button->verb_count++] = verb;
}

static void read_verbs(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct step_button *button = target;
    if (node->kind == TREE_SCALAR) {
        add_verb(compiling, node, button);
        return;
    }
    if (!schema_list(compiling, node, "do", VERBS_PER_BUTTON)) {
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        add_verb(compiling, child, button);
    }
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

static void read_button(struct compiling *compiling, const struct tree_node *node,
                        struct step_button *button)
{
    static const struct schema_row rows[] = {
        {"id", SCHEMA_NAME, AT_BUTTON(id), true, NULL, NULL},
        {"text", SCHEMA_BUTTON, AT_BUTTON(text), true, NULL, NULL},
        {"do", SCHEMA_CUSTOM, 0, true, NULL, read_verbs},
        {"value", SCHEMA_VALUE, AT_BUTTON(value), false, NULL, NULL},
        {"reply", SCHEMA_MESSAGE, AT_BUTTON(reply), false, NULL, NULL},
    };
    struct str outer = compiling->path;
    const struct tree_node *id = tree_member(node, "id");
    if (id != NULL && id->kind == TREE_SCALAR) {
        compiling->path = schema_path(compiling, id->text);
    }
    if (schema_read(compiling, node, "a button", rows, sizeof(rows) / sizeof(rows[0]), button)) {
        if (button->id.length > BUTTON_ID_BYTES_MAX) {
            schema_mistake(compiling, id, "the id has %zu characters; expected at most %d",
                           button->id.length, BUTTON_ID_BYTES_MAX);
        }
        bool takes_value = has_verb(button, VERB_ANSWER) || has_verb(button, VERB_STORE) ||
                           has_verb(button, VERB_COMMITMENT_MAKE);
        if (button->value != NULL && !takes_value) {
            schema_mistake_at(compiling, node, "value",
                              "nothing uses the value; expected one of the verbs answer, store, "
                              "commitment_make");
        }
        if (button->value == NULL && takes_value && !has_verb(button, VERB_STORE) &&
            tree_member(node, "value") == NULL) {
            schema_mistake(compiling, node, "the button has no \"value\" to answer or make");
        }
    }
    compiling->path = outer;
}

static void read_buttons(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct prompt *prompt = target;
    if (!schema_list(compiling, node, "buttons", LIMIT_BUTTONS)) {
        return;
    }
    prompt->buttons = ARENA_ARRAY(compiling->arena, struct step_button, (size_t)node->count);
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        read_button(compiling, child, &prompt->buttons[prompt->button_count++]);
    }
}

/* ---- prompts -------------------------------------------------------------------------------- */

void journey_parse_prompt(struct compiling *compiling, const struct tree_node *node,
                          const char *what, struct prompt *prompt)
{
    static const struct schema_row rows[] = {
        {"message", SCHEMA_MESSAGE, AT_PROMPT(text), true, NULL, NULL},
        {"picture", SCHEMA_URL, AT_PROMPT(picture), false, NULL, NULL},
        {"picture_alt", SCHEMA_VALUE, AT_PROMPT(picture_alt), false, NULL, NULL},
        {"buttons", SCHEMA_CUSTOM, 0, false, NULL, read_buttons},
    };
    schema_read(compiling, node, what, rows, sizeof(rows) / sizeof(rows[0]), prompt);
}

static void read_accepts(struct compiling *compiling, const struct tree_node *node, void *target)
{
    static const struct schema_word words[] = {{"any", 1}, {"answer", 0}, {NULL, 0}};
    static const struct schema_row row = {.key = "accepts", .kind = SCHEMA_WORD, .words = words};
    int any = 0;
    if (schema_value(compiling, node, &row, &any)) {
        ((struct prompt *)target)->accepts_any = any == 1;
    }
}

static struct prompt *read_alternative(struct compiling *compiling, const struct tree_node *node,
                                       const char *what)
{
    static const struct schema_row rows[] = {
        {"message", SCHEMA_MESSAGE, AT_PROMPT(text), true, NULL, NULL},
        {"picture", SCHEMA_URL, AT_PROMPT(picture), false, NULL, NULL},
        {"picture_alt", SCHEMA_VALUE, AT_PROMPT(picture_alt), false, NULL, NULL},
        {"buttons", SCHEMA_CUSTOM, 0, false, NULL, read_buttons},
        {"accepts", SCHEMA_CUSTOM, 0, false, NULL, read_accepts},
    };
    struct prompt *prompt = ARENA_NEW(compiling->arena, struct prompt);
    struct str outer = compiling->path;
    compiling->path = schema_path(compiling, str_of(what));
    schema_read(compiling, node, what, rows, sizeof(rows) / sizeof(rows[0]), prompt);
    compiling->path = outer;
    return prompt;
}

static void read_recovery(struct compiling *compiling, const struct tree_node *node, void *target)
{
    ((struct step *)target)->recovery = read_alternative(compiling, node, "recovery");
}

static void read_ultra(struct compiling *compiling, const struct tree_node *node, void *target)
{
    ((struct step *)target)->ultra = read_alternative(compiling, node, "ultra");
}

static void read_step_buttons(struct compiling *compiling, const struct tree_node *node,
                              void *target)
{
    read_buttons(compiling, node, &((struct step *)target)->prompt);
}

/* ---- variants ------------------------------------------------------------------------------- */

static void read_variant(struct compiling *compiling, const struct tree_node *node,
                         struct variant *variant)
{
    static const struct schema_row rows[] = {
        {"id", SCHEMA_NAME, offsetof(struct variant, id), true, NULL, NULL},
        {"weight", SCHEMA_NUMBER, offsetof(struct variant, weight), true, NULL, NULL},
        {"message", SCHEMA_MESSAGE, offsetof(struct variant, text), true, NULL, NULL},
    };
    struct str outer = compiling->path;
    const struct tree_node *id = tree_member(node, "id");
    if (id != NULL && id->kind == TREE_SCALAR) {
        compiling->path = schema_path(compiling, id->text);
    }
    schema_read(compiling, node, "a variant", rows, sizeof(rows) / sizeof(rows[0]), variant);
    compiling->path = outer;
}

static void read_variant_list(struct compiling *compiling, const struct tree_node *node,
                              void *target)
{
    struct step *step = target;
    if (!schema_list(compiling, node, "of", 8)) {
        return;
    }
    double sum = 0;
    step->variants = ARENA_ARRAY(compiling->arena, struct variant, (size_t)node->count);
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        struct variant *variant = &step->variants[step->variant_count++];
        read_variant(compiling, child, variant);
        sum += variant->weight;
        for (const struct variant *other = step->variants; other < variant; other++) {
            if (variant->id.length > 0 && str_equal(other->id, variant->id)) {
                schema_mistake_at(compiling, child, "id", "an earlier variant has the same id");
            }
        }
    }
    if (sum < 0.99 || sum > 1.01) {
        schema_mistake(compiling, node, "the weights add up to %g; expected 1", sum);
    }
}

static void read_variants(struct compiling *compiling, const struct tree_node *node, void *target)
{
    static const struct schema_row rows[] = {
        {"experiment", SCHEMA_NAME, AT_STEP(experiment), true, NULL, NULL},
        {"allocation", SCHEMA_WORD, AT_STEP(allocation), false, ALLOCATION_WORDS, NULL},
        {"floor", SCHEMA_NUMBER, AT_STEP(floor), false, NULL, NULL},
        {"of", SCHEMA_CUSTOM, 0, true, NULL, read_variant_list},
    };
    struct str outer = compiling->path;
    compiling->path = schema_path(compiling, STR("variants"));
    schema_read(compiling, node, "variants", rows, sizeof(rows) / sizeof(rows[0]), target);
    struct step *step = target;
    if (tree_member(node, "floor") != NULL &&
        (step->allocation != ALLOCATION_THOMPSON ||
         !(step->floor >= 0.01 && step->floor * step->variant_count <= 1))) {
        schema_mistake_at(compiling, node, "floor",
                          "expected 0.01 to 1 divided by the number of variants, and only with "
                          "allocation: thompson");
    }
    compiling->path = outer;
    if (step->variant_count > 0 && step->prompt.text == NULL) {
        step->prompt.text = step->variants[0].text;
    }
}

/* ---- the step ------------------------------------------------------------------------------- */

static const struct schema_row STEP_ROWS[] = {
    {"id", SCHEMA_NAME, AT_STEP(id), true, NULL, NULL},
    {"name", SCHEMA_LINE, AT_STEP(name), false, NULL, NULL},
    {"was", SCHEMA_NAME, AT_STEP(was), false, NULL, NULL},
    {"after", SCHEMA_DURATION, AT_STEP(after_ms), false, NULL, NULL},
    {"from", SCHEMA_WORD, AT_STEP(anchor), false, ANCHOR_WORDS, NULL},
    {"class", SCHEMA_WORD, AT_STEP(class), false, CLASS_WORDS, NULL},
    {"when", SCHEMA_CONDITION, AT_STEP(when), false, NULL, NULL},
    {"message", SCHEMA_MESSAGE, AT_STEP(prompt.text), false, NULL, NULL},
    {"variants", SCHEMA_CUSTOM, 0, false, NULL, read_variants},
    {"picture", SCHEMA_URL, AT_STEP(prompt.picture), false, NULL, NULL},
    {"picture_alt", SCHEMA_VALUE, AT_STEP(prompt.picture_alt), false, NULL, NULL},
    {"buttons", SCHEMA_CUSTOM, 0, false, NULL, read_step_buttons},
    {"expects", SCHEMA_WORD, AT_STEP(expects), false, EXPECTS_WORDS, NULL},
    {"takes", SCHEMA_WORD, AT_STEP(takes), false, TAKES_WORDS, NULL},
    {"stores", SCHEMA_NAME, AT_STEP(stores), false, NULL, NULL},
    {"ask_when", SCHEMA_MESSAGE, AT_STEP(ask_when), false, NULL, NULL},
    {"target", SCHEMA_NUMBER, AT_STEP(target), false, NULL, NULL},
    {"no_answer", SCHEMA_DURATION, AT_STEP(no_answer_ms), false, NULL, NULL},
    {"expires_after", SCHEMA_DURATION, AT_STEP(expires_after_ms), false, NULL, NULL},
    {"recovery", SCHEMA_CUSTOM, 0, false, NULL, read_recovery},
    {"ultra", SCHEMA_CUSTOM, 0, false, NULL, read_ultra},
    {"celebration", SCHEMA_MESSAGE, AT_STEP(celebration), false, NULL, NULL},
    {"celebration_later", SCHEMA_MESSAGE, AT_STEP(celebration_later), false, NULL, NULL},
};

void journey_parse_step(struct compiling *compiling, const struct tree_node *node,
                        struct step *step)
{
    struct str outer = compiling->path;
    const struct tree_node *id = tree_member(node, "id");
    if (id != NULL && id->kind == TREE_SCALAR) {
        compiling->path = schema_path(compiling, id->text);
    }
    schema_read(compiling, node, "a step", STEP_ROWS, sizeof(STEP_ROWS) / sizeof(STEP_ROWS[0]),
                step);
    compiling->path = outer;
    if (step->name.length == 0) {
        step->name = step->id;
    }
    if (step->expires_after_ms == 0) {
        step->expires_after_ms = step->no_answer_ms != 0 ? step->no_answer_ms : DAY_MS;
    }
}
