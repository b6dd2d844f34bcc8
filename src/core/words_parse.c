/* Reading words/LANGUAGE.yaml: the phrases of one language. A near-miss that covers no phrase would
 * never do anything, so it is a mistake. */
#include "core/recognise.h"

enum { PHRASES_MAX = 400 };

/* Phrases are looked up by their first word, near-misses are not. */
static void check_beginning(struct compiling *compiling, const struct tree_node *node,
                            const struct phrase_list *list)
{
    const struct tree_node *child = node->first;
    for (int i = 0; i < list->count && list->count == node->count; i++, child = child->next) {
        struct str first = list->items[i].words[0];
        if (str_is(first, "*") || str_is(first, "#")) {
            schema_mistake(compiling, child, "a phrase begins with %.*s; expected a word",
                           STR_ARG(first));
        }
    }
}

static void read_phrases(struct compiling *compiling, const struct tree_node *node,
                         struct phrase_list *list)
{
    if (!schema_list(compiling, node, node->key.ptr, PHRASES_MAX)) {
        return;
    }
    list->items = ARENA_ARRAY(compiling->arena, struct phrase, (size_t)node->count);
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        if (child->kind != TREE_SCALAR) {
            schema_mistake(compiling, child, "a phrase is %s; expected a text",
                           tree_kind_name(child->kind));
            continue;
        }
        /* Folding gives the text itself back when there is nothing to fold: it must be ours. */
        struct str text = arena_str(compiling->arena, child->text);
        struct phrase phrase = recognise_words(compiling->arena, text, true);
        if (phrase.count == 0 || phrase.count > PHRASE_WORDS_MAX) {
            schema_mistake(compiling, child, "a phrase has %d words; expected 1 to %d",
                           phrase.count, PHRASE_WORDS_MAX);
            continue;
        }
        for (int i = 0; i < list->count; i++) {
            if (list->items[i].count == phrase.count &&
                recognise_occurs(&phrase, &list->items[i])) {
                schema_mistake(compiling, child, "the phrase stands here already");
                break;
            }
        }
        list->items[list->count++] = phrase;
    }
}

static void read_phrases_of(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct phrase_list *phrases = &((struct state_words *)target)->phrases;
    read_phrases(compiling, node, phrases);
    check_beginning(compiling, node, phrases);
}

static void read_near_misses_of(struct compiling *compiling, const struct tree_node *node,
                                void *target)
{
    read_phrases(compiling, node, &((struct state_words *)target)->near_misses);
}

static void check_near_misses(struct compiling *compiling, const struct tree_node *node,
                              const struct state_words *state)
{
    const struct tree_node *list = tree_member(node, "near_misses");
    if (list == NULL || list->count != state->near_misses.count) {
        return; /* some could not be read: places and phrases differ */
    }
    const struct tree_node *child = list->first;
    for (int i = 0; i < state->near_misses.count; i++, child = child->next) {
        bool covers = false;
        for (int phrase = 0; phrase < state->phrases.count && !covers; phrase++) {
            covers = recognise_occurs(&state->near_misses.items[i], &state->phrases.items[phrase]);
        }
        if (!covers) {
            schema_mistake(compiling, child,
                           "the near-miss holds none of the phrases, so that it never counts");
        }
    }
}

static void read_state(struct compiling *compiling, const struct tree_node *node,
                       struct state_words *state)
{
    static const struct schema_row rows[] = {
        {"phrases", SCHEMA_CUSTOM, 0, true, NULL, read_phrases_of},
        {"near_misses", SCHEMA_CUSTOM, 0, false, NULL, read_near_misses_of},
    };
    if (schema_read(compiling, node, "a list of phrases", rows, sizeof(rows) / sizeof(rows[0]),
                    state)) {
        check_near_misses(compiling, node, state);
    }
}

static void read_overwhelm(struct compiling *compiling, const struct tree_node *node, void *target)
{
    read_state(compiling, node, &((struct word_list *)target)->overwhelm);
}

static void read_crisis(struct compiling *compiling, const struct tree_node *node, void *target)
{
    read_state(compiling, node, &((struct word_list *)target)->crisis);
}

void words_parse(struct compiling *compiling, struct word_list *ret_list)
{
    static const struct schema_row rows[] = {
        {"language", SCHEMA_LINE, offsetof(struct word_list, language), true, NULL, NULL},
        {"overwhelm", SCHEMA_CUSTOM, 0, true, NULL, read_overwhelm},
        {"crisis", SCHEMA_CUSTOM, 0, true, NULL, read_crisis},
    };
    schema_read(compiling, compiling->tree->root, "a words file", rows,
                sizeof(rows) / sizeof(rows[0]), ret_list);
}
