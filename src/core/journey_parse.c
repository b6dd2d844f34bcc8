/* The head of a journey's file: what it is, who enters, when it ends, what is said at the end.
 * Steps are journey_parse_step.c's; what only several keys together can have wrong is
 * journey_check.c's. */
#include "core/journey_parse.h"

#include "base/digest.h"
#include "base/limits.h"
#include "core/journey_words.h"

#define AT(field) offsetof(struct journey, field)

/* ---- enter ---------------------------------------------------------------------------------- */

static void read_streaks(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct journey *journey = target;
    if (!schema_list(compiling, node, "streaks", 32)) {
        return;
    }
    static const struct schema_row row = {.key = "streaks", .kind = SCHEMA_COUNT};
    int *streaks = ARENA_ARRAY(compiling->arena, int, (size_t)node->count);
    int count = 0;
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        if (schema_value(compiling, child, &row, &streaks[count])) {
            if (count > 0 && streaks[count] <= streaks[count - 1]) {
                schema_mistake(compiling, child, "expected more days than the one before");
            }
            count++;
        }
    }
    journey->streaks = streaks;
    journey->streak_count = count;
}

static void read_again(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct journey *journey = target;
    if (node->kind == TREE_SCALAR && str_is(node->text, "always")) {
        journey->again = AGAIN_ALWAYS;
    } else if (node->kind == TREE_SCALAR && str_is(node->text, "never")) {
        journey->again = AGAIN_NEVER;
    } else if (node->kind == TREE_SCALAR && schema_duration(node->text, &journey->again_after_ms) &&
               journey->again_after_ms > 0) {
        journey->again = AGAIN_AFTER;
    } else {
        schema_mistake(compiling, node,
                       "expected always, never or the least time between two entries, such as 30d");
    }
}

static void read_enter(struct compiling *compiling, const struct tree_node *node, void *target)
{
    static const struct schema_row rows[] = {
        {"on", SCHEMA_WORD, AT(trigger), true, TRIGGER_WORDS, NULL},
        {"after", SCHEMA_DURATION, AT(trigger_after_ms), false, NULL, NULL},
        {"streaks", SCHEMA_CUSTOM, 0, false, NULL, read_streaks},
        {"when", SCHEMA_CONDITION, AT(when), false, NULL, NULL},
        {"again", SCHEMA_CUSTOM, 0, false, NULL, read_again},
        {"per_commitment", SCHEMA_YES_NO, AT(per_commitment), false, NULL, NULL},
        {"needs_plan", SCHEMA_YES_NO, AT(needs_plan), false, NULL, NULL},
        {"stage", SCHEMA_WORD, AT(stage), false, STAGE_WORDS, NULL},
    };
    schema_read(compiling, node, "enter", rows, sizeof(rows) / sizeof(rows[0]), target);
}

/* ---- leave, abandonment, graduation --------------------------------------------------------- */

static void read_leaves(struct compiling *compiling, const struct tree_node *node, void *target)
{
    static const struct schema_row rows[] = {
        {"on", SCHEMA_WORD, offsetof(struct leave_rule, on), true, LEAVE_WORDS, NULL},
        {"graduates", SCHEMA_YES_NO, offsetof(struct leave_rule, graduates), false, NULL, NULL},
    };
    struct journey *journey = target;
    if (!schema_list(compiling, node, "leave", 8)) {
        return;
    }
    journey->leaves = ARENA_ARRAY(compiling->arena, struct leave_rule, (size_t)node->count);
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        struct leave_rule *rule = &journey->leaves[journey->leave_count];
        if (schema_read(compiling, child, "a leave rule", rows, sizeof(rows) / sizeof(rows[0]),
                        rule)) {
            journey->leave_count++;
        }
    }
}

static void read_abandonment(struct compiling *compiling, const struct tree_node *node,
                             void *target)
{
    static const struct schema_row rows[] = {
        {"after", SCHEMA_DURATION, AT(abandon_after_ms), true, NULL, NULL},
        {"message", SCHEMA_MESSAGE, AT(abandonment), true, NULL, NULL},
        {"give_up_after", SCHEMA_DURATION, AT(give_up_after_ms), true, NULL, NULL},
        {"partial_after_step", SCHEMA_COUNT, AT(partial_after_step), false, NULL, NULL},
    };
    struct str outer = compiling->path;
    compiling->path = schema_path(compiling, STR("abandonment"));
    schema_read(compiling, node, "abandonment", rows, sizeof(rows) / sizeof(rows[0]), target);
    compiling->path = outer;
}

static void read_rating(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct journey *journey = target;
    struct str outer = compiling->path;
    compiling->path = schema_path(compiling, STR("rating"));
    journey->rating = ARENA_NEW(compiling->arena, struct prompt);
    journey_parse_prompt(compiling, node, "the rating", journey->rating);
    compiling->path = outer;
}

static void read_graduation(struct compiling *compiling, const struct tree_node *node, void *target)
{
    static const struct schema_row rows[] = {
        {"message", SCHEMA_MESSAGE, AT(graduation), true, NULL, NULL},
        {"early", SCHEMA_MESSAGE, AT(graduation_early), false, NULL, NULL},
        {"rating", SCHEMA_CUSTOM, 0, false, NULL, read_rating},
    };
    struct str outer = compiling->path;
    compiling->path = schema_path(compiling, STR("graduation"));
    schema_read(compiling, node, "graduation", rows, sizeof(rows) / sizeof(rows[0]), target);
    compiling->path = outer;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void read_steps(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct journey *journey = target;
    if (!schema_list(compiling, node, "steps", LIMIT_STEPS)) {
        return;
    }
    journey->steps = ARENA_ARRAY(compiling->arena, struct step, (size_t)node->count);
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        struct step *step = &journey->steps[journey->step_count++];
        step->number = journey->step_count;
        step->class = journey->class;
        journey_parse_step(compiling, child, step);
        for (struct step *other = journey->steps; other < step; other++) {
            if (step->id.length > 0 && str_equal(other->id, step->id)) {
                schema_mistake_at(compiling, child, "id", "step %d has the same id", other->number);
            }
            if (step->was.length > 0 && str_equal(other->was, step->was)) {
                schema_mistake_at(compiling, child, "was", "step %d was the same step",
                                  other->number);
            }
        }
    }
}

/* In the order in which they are read: texts need the name, steps the class. */
static const struct schema_row JOURNEY_ROWS[] = {
    {"journey", SCHEMA_NAME, AT(name), true, NULL, NULL},
    {"version", SCHEMA_LINE, AT(version), true, NULL, NULL},
    {"set", SCHEMA_WORD, AT(set), true, SET_WORDS, NULL},
    {"class", SCHEMA_WORD, AT(class), true, CLASS_WORDS, NULL},
    {"sequence", SCHEMA_NAME, AT(sequence), false, NULL, NULL},
    {"onboarding", SCHEMA_YES_NO, AT(is_onboarding), false, NULL, NULL},
    {"replaces", SCHEMA_NAME, AT(replaces), false, NULL, NULL},
    {"completes_as", SCHEMA_LINE, AT(completes_as), false, NULL, NULL},
    {"enter", SCHEMA_CUSTOM, 0, true, NULL, read_enter},
    {"leave", SCHEMA_CUSTOM, 0, false, NULL, read_leaves},
    {"ends_after", SCHEMA_DURATION, AT(ends_after_ms), false, NULL, NULL},
    {"ends_from", SCHEMA_WORD, AT(ends_anchor), false, ENDS_WORDS, NULL},
    {"abandonment", SCHEMA_CUSTOM, 0, false, NULL, read_abandonment},
    {"graduation", SCHEMA_CUSTOM, 0, false, NULL, read_graduation},
    {"goal", SCHEMA_CONDITION, AT(goal), false, NULL, NULL},
    {"steps", SCHEMA_CUSTOM, 0, true, NULL, read_steps},
};

/* "superior_onboarding" of "optimized/superior_onboarding.yaml". */
static struct str base_name(struct str file)
{
    size_t start = file.length;
    while (start > 0 && file.ptr[start - 1] != '/') {
        start--;
    }
    struct str name = {file.ptr + start, file.length - start};
    struct str rest;
    return str_split(name, '.', &rest);
}

struct journey *journey_parse(struct compiling *compiling)
{
    const struct tree *tree = compiling->tree;
    struct journey *journey = ARENA_NEW(compiling->arena, struct journey);
    char hex[DIGEST_HEX_BYTES + 1];
    digest_sha256_hex(tree->yaml, hex);
    journey->hash = arena_str(compiling->arena, str_of(hex));
    journey->source = arena_str(compiling->arena, tree->yaml);
    journey->file = arena_str(compiling->arena, tree->file);
    const struct tree_node *name = tree_member(tree->root, "journey");
    compiling->path = name != NULL && name->kind == TREE_SCALAR ? name->text : STR_NONE;
    if (!schema_read(compiling, tree->root, "a journey", JOURNEY_ROWS,
                     sizeof(JOURNEY_ROWS) / sizeof(JOURNEY_ROWS[0]), journey)) {
        return journey;
    }
    if (journey->sequence.length == 0) {
        journey->sequence = journey->name;
    }
    if (!compiling->is_pinned && journey->name.length > 0 &&
        !str_equal(journey->name, base_name(tree->file))) {
        schema_mistake(compiling, name, "the journey's name differs from its file's name");
    }
    journey_check(compiling, tree->root, journey);
    return journey;
}
