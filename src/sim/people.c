/* Reading people by tables, with the reader of the definitions: every mistake has its place. */
#include "sim/people.h"

#include <string.h>

#include "base/embed.h"
#include "base/limits.h"

#define ROWS(rows)      rows, sizeof(rows) / sizeof(rows[0])
#define SPAN_LONGEST_MS (30 * DAY_MS)
#define SIGMA_MOST      3.0

static const char *const ask_names[ASK_COUNT] = {
    [ASK_TAP] = "tap",
    [ASK_WORD] = "word",
    [ASK_ACTION] = "action",
    [ASK_PLAN] = "plan",
    [ASK_INVITATION] = "invitation",
    [ASK_RECOVERY] = "recovery",
    [ASK_SMALLER] = "smaller",
    [ASK_LAST_CALL] = "last_call",
    [ASK_FOLLOWUP] = "followup",
    [ASK_NUDGE] = "nudge",
    [ASK_RATING] = "rating",
};

const char *ask_name(enum ask ask)
{
    return ask < ASK_COUNT ? ask_names[ask] : "nothing";
}

/* ---- pieces
 * ------------------------------------------------------------------------------------------ */

/* A list of exactly `count` percentages. */
static void read_percents(struct compiling *compiling, const struct tree_node *node,
                          const char *what, int count, int *target)
{
    static const struct schema_row row = {"the entry", SCHEMA_PERCENT, 0, true, NULL, NULL};
    if (!schema_list(compiling, node, what, count)) {
        return;
    }
    if (node->count != count) {
        schema_mistake(compiling, node, "%s has %d entries; expected %d", what, node->count, count);
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        schema_value(compiling, child, &row, target++);
    }
}

static void read_hours(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct persona *persona = target;
    read_percents(compiling, node, "hours", 24, persona->hours);
    int sum = 0;
    for (int i = 0; i < 24; i++) {
        sum += persona->hours[i];
    }
    if (node->count == 24 && sum == 0) {
        schema_mistake(compiling, node, "nobody is awake; expected one hour above 0");
    }
}

static void read_weekdays(struct compiling *compiling, const struct tree_node *node, void *target)
{
    read_percents(compiling, node, "weekdays", 7, ((struct persona *)target)->weekdays);
}

/* A map of names to weights. */
static void read_choices(struct compiling *compiling, const struct tree_node *node,
                         const char *what, struct choices *choices)
{
    static const struct schema_row row = {"the weight", SCHEMA_COUNT, 0, true, NULL, NULL};
    if (node->kind != TREE_MAP || node->count == 0 || node->count > CHOICES_MAX) {
        schema_mistake(compiling, node, "%s: expected a map of 1 to %d names to their weights",
                       what, CHOICES_MAX);
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        choices->names[choices->count] = arena_str(compiling->arena, child->key);
        schema_value(compiling, child, &row, &choices->weights[choices->count]);
        choices->count++;
    }
}

static void read_languages(struct compiling *compiling, const struct tree_node *node, void *target)
{
    read_choices(compiling, node, "languages", &((struct persona *)target)->languages);
}

static void read_zones(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct persona *persona = target;
    read_choices(compiling, node, "zones", &persona->zones);
    const struct tree_node *child = node->first;
    for (int i = 0; i < persona->zones.count; i++, child = child->next) {
        persona->zone_of[i] = zone_find(persona->zones.names[i]);
        if (persona->zone_of[i] == NULL) {
            mistakes_add(compiling->scratch, compiling->mistakes, compiling->tree->file,
                         child->key_line, child->key_column,
                         "there is no time zone of this name; expected one such as Europe/Berlin");
        }
    }
}

static void read_answers(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct schema_row rows[ASK_COUNT];
    for (int i = 0; i < ASK_COUNT; i++) {
        rows[i] = (struct schema_row){ask_names[i], SCHEMA_PERCENT, (size_t)i * sizeof(int),
                                      true,         NULL,           NULL};
    }
    schema_read(compiling, node, "answers", rows, ASK_COUNT, ((struct persona *)target)->answers);
}

struct raw_span {
    int64_t median_ms;
    double spread;
};

static void check_span(struct compiling *compiling, const struct tree_node *node,
                       const struct raw_span *raw, struct span *span)
{
    if (raw->median_ms > SPAN_LONGEST_MS) {
        schema_mistake_at(compiling, node, "median", "expected a median of at most 30d");
        return;
    }
    if (raw->spread > SIGMA_MOST) {
        schema_mistake_at(compiling, node, "spread", "expected a spread from 0 to 3");
        return;
    }
    *span = (struct span){raw->median_ms, (int)(raw->spread * 1000 + 0.5)};
}

static void read_delay(struct compiling *compiling, const struct tree_node *node, void *target)
{
    static const struct schema_row rows[] = {
        {"median", SCHEMA_DURATION, offsetof(struct raw_span, median_ms), true, NULL, NULL},
        {"spread", SCHEMA_NUMBER, offsetof(struct raw_span, spread), true, NULL, NULL},
    };
    struct raw_span raw = {0};
    if (schema_read(compiling, node, "a delay", ROWS(rows), &raw)) {
        check_span(compiling, node, &raw, &((struct persona *)target)->delay);
    }
}

static void read_commits(struct compiling *compiling, const struct tree_node *node, void *target)
{
    static const struct schema_row rows[] = {
        {"before", SCHEMA_PERCENT, offsetof(struct persona, commits_before), true, NULL, NULL},
        {"after", SCHEMA_PERCENT, offsetof(struct persona, commits_after), true, NULL, NULL},
    };
    schema_read(compiling, node, "commits", ROWS(rows), target);
}

struct raw_keeps {
    int alone, tells, when_asked;
    struct raw_span doing;
};

static void read_keeps(struct compiling *compiling, const struct tree_node *node, void *target)
{
    static const struct schema_row rows[] = {
        {"alone", SCHEMA_PERCENT, offsetof(struct raw_keeps, alone), true, NULL, NULL},
        {"tells", SCHEMA_PERCENT, offsetof(struct raw_keeps, tells), true, NULL, NULL},
        {"when_asked", SCHEMA_PERCENT, offsetof(struct raw_keeps, when_asked), true, NULL, NULL},
        {"median", SCHEMA_DURATION, offsetof(struct raw_keeps, doing.median_ms), true, NULL, NULL},
        {"spread", SCHEMA_NUMBER, offsetof(struct raw_keeps, doing.spread), true, NULL, NULL},
    };
    struct raw_keeps raw = {0};
    if (schema_read(compiling, node, "keeps", ROWS(rows), &raw)) {
        struct persona *persona = target;
        persona->does = raw.alone;
        persona->tells = raw.tells;
        persona->does_when_asked = raw.when_asked;
        check_span(compiling, node, &raw.doing, &persona->doing);
    }
}

/* ---- personas
 * ---------------------------------------------------------------------------------------- */

static void read_persona(struct compiling *compiling, const struct tree_node *node,
                         struct persona *persona)
{
    static const struct schema_row rows[] = {
        {"id", SCHEMA_NAME, offsetof(struct persona, id), true, NULL, NULL},
        {"share", SCHEMA_COUNT, offsetof(struct persona, share), true, NULL, NULL},
        {"languages", SCHEMA_CUSTOM, 0, true, NULL, read_languages},
        {"zones", SCHEMA_CUSTOM, 0, true, NULL, read_zones},
        {"hours", SCHEMA_CUSTOM, 0, true, NULL, read_hours},
        {"weekdays", SCHEMA_CUSTOM, 0, true, NULL, read_weekdays},
        {"answers", SCHEMA_CUSTOM, 0, true, NULL, read_answers},
        {"delay", SCHEMA_CUSTOM, 0, true, NULL, read_delay},
        {"pressure", SCHEMA_PERCENT, offsetof(struct persona, pressure), true, NULL, NULL},
        {"too_much", SCHEMA_PERCENT, offsetof(struct persona, too_much), true, NULL, NULL},
        {"blocks", SCHEMA_PERCENT, offsetof(struct persona, blocks), true, NULL, NULL},
        {"commits", SCHEMA_CUSTOM, 0, true, NULL, read_commits},
        {"keeps", SCHEMA_CUSTOM, 0, true, NULL, read_keeps},
    };
    schema_read(compiling, node, "a persona", ROWS(rows), persona);
}

static void read_personas(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct people *people = target;
    if (!schema_list(compiling, node, "personas", PERSONAS_MAX)) {
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        struct persona *persona = &people->personas[people->persona_count];
        read_persona(compiling, child, persona);
        people->shares[people->persona_count] = persona->share;
        for (int i = 0; i < people->persona_count && persona->id.length > 0; i++) {
            if (str_equal(people->personas[i].id, persona->id)) {
                schema_mistake_at(compiling, child, "id", "there is a persona \"%.*s\" already",
                                  STR_ARG(persona->id));
            }
        }
        people->persona_count++;
    }
}

/* ---- what they write
 * --------------------------------------------------------------------------------- */

static const char *const saying_names[SAY_COUNT] = {
    [SAY_WORD] = "word",         [SAY_ACTION] = "action",
    [SAY_PLAN] = "plan",         [SAY_COMMITMENT] = "commitment",
    [SAY_TOO_MUCH] = "too_much", [SAY_HELLO] = "hello",
};

static void read_sayings(struct compiling *compiling, const struct tree_node *node,
                         struct sayings *sayings)
{
    static const struct schema_row row = {"the text", SCHEMA_LINE, 0, true, NULL, NULL};
    if (!schema_list(compiling, node, node->key.ptr, SAYINGS_MAX)) {
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        schema_value(compiling, child, &row, &sayings->items[sayings->count++]);
    }
}

static void read_voice(struct compiling *compiling, const struct tree_node *node,
                       struct voice *voice)
{
    voice->language = arena_str(compiling->arena, node->key);
    if (node->kind != TREE_MAP) {
        schema_mistake(compiling, node, "expected a map of what people write in this language");
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        int which = 0;
        while (which < SAY_COUNT && !str_is(child->key, saying_names[which])) {
            which++;
        }
        if (which == SAY_COUNT) {
            mistakes_add(compiling->scratch, compiling->mistakes, compiling->tree->file,
                         child->key_line, child->key_column,
                         "people write nothing of this kind; expected word, action, plan, "
                         "commitment, too_much or hello");
        } else {
            read_sayings(compiling, child, &voice->says[which]);
        }
    }
    for (int i = 0; i < SAY_COUNT; i++) {
        if (tree_member(node, saying_names[i]) == NULL) {
            schema_mistake(compiling, node, "the language has no \"%s\", which is needed",
                           saying_names[i]);
        }
    }
}

static void read_voices(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct people *people = target;
    if (node->kind != TREE_MAP || node->count == 0 || node->count > LANGUAGES_MAX) {
        schema_mistake(compiling, node, "writes: expected a map of 1 to %d languages",
                       LANGUAGES_MAX);
        return;
    }
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        read_voice(compiling, child, &people->voices[people->voice_count++]);
    }
}

const struct voice *people_voice(const struct people *people, struct str language)
{
    for (int i = 0; i < people->voice_count; i++) {
        if (str_equal(people->voices[i].language, language)) {
            return &people->voices[i];
        }
    }
    return &people->voices[0];
}

/* ---- the file
 * ---------------------------------------------------------------------------------------- */

/* Everybody needs words to write with. */
static void check_languages(struct compiling *compiling, const struct tree_node *root,
                            const struct people *people)
{
    const struct tree_node *list = tree_member(root, "personas");
    const struct tree_node *node = list != NULL ? list->first : NULL;
    for (int i = 0; i < people->persona_count && node != NULL; i++, node = node->next) {
        const struct choices *languages = &people->personas[i].languages;
        for (int k = 0; k < languages->count; k++) {
            struct str language = languages->names[k];
            if (!str_equal(people_voice(people, language)->language, language)) {
                schema_mistake_at(compiling, node, "languages",
                                  "\"writes\" has nothing in \"%.*s\"", STR_ARG(language));
            }
        }
    }
}

static void read_file(struct compiling *compiling, struct people *people)
{
    static const struct schema_row rows[] = {
        {"people", SCHEMA_NAME, offsetof(struct people, name), true, NULL, NULL},
        {"about", SCHEMA_LINE, offsetof(struct people, about), false, NULL, NULL},
        {"joining", SCHEMA_DURATION, offsetof(struct people, joining_ms), true, NULL, NULL},
        {"writes", SCHEMA_CUSTOM, 0, true, NULL, read_voices},
        {"personas", SCHEMA_CUSTOM, 0, true, NULL, read_personas},
    };
    const struct tree_node *root = compiling->tree->root;
    if (!schema_read(compiling, root, "a file of people", ROWS(rows), people)) {
        return;
    }
    if (people->joining_ms > JOINING_DAYS_MAX * DAY_MS) {
        schema_mistake_at(compiling, root, "joining", "expected at most %dd", JOINING_DAYS_MAX);
    }
    if (people->voice_count > 0) {
        check_languages(compiling, root, people);
    }
}

enum err people_read(struct arena *arena, struct str file, struct str yaml,
                     const struct people **ret_people, struct mistakes *ret_mistakes)
{
    *ret_mistakes = (struct mistakes){NULL, 0, 0};
    struct tree tree;
    tree_read(arena, file, yaml, &tree, ret_mistakes);
    struct people *people = ARENA_NEW(arena, struct people);
    struct compiling compiling = {
        .arena = arena, .scratch = arena, .mistakes = ret_mistakes, .tree = &tree};
    if (tree.root != NULL) {
        read_file(&compiling, people);
    }
    if (ret_mistakes->count > 0) {
        mistakes_sort(ret_mistakes);
        return ERR_INVALID;
    }
    *ret_people = people;
    return OK;
}

enum err people_read_embedded(struct arena *arena, const struct people **ret_people,
                              struct mistakes *ret_mistakes)
{
    for (size_t i = 0; i < nudge_journeys_count; i++) {
        struct str name = str_of(nudge_journeys[i].name);
        if (str_is(name, "people/everyone.yaml")) {
            return people_read(
                arena, name,
                (struct str){(const char *)nudge_journeys[i].data, nudge_journeys[i].length},
                ret_people, ret_mistakes);
        }
    }
    *ret_mistakes = (struct mistakes){NULL, 0, 0};
    return ERR_NOT_FOUND;
}
