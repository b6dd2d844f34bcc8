/* What a file is, and which languages the catalog has: every text must be there in all of them. */
#include "core/catalog_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

enum file_kind catalog_file_kind(struct str name)
{
    static const struct {
        const char *folder;
        enum file_kind kind;
    } folders[] = {{"bot", FILE_BOT},          {"words", FILE_WORDS},
                   {"alerts", FILE_OF_OTHERS}, {"people", FILE_OF_OTHERS},
                   {"kpi", FILE_OF_OTHERS},    {"rollout", FILE_OF_OTHERS}};
    struct str folder = STR_NONE;
    struct str rest = name;
    while (rest.length > 0 && memchr(rest.ptr, '/', rest.length) != NULL) {
        folder = str_split(rest, '/', &rest);
    }
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
        if (str_is(folder, folders[i].folder)) {
            return folders[i].kind;
        }
    }
    return FILE_JOURNEY;
}

static bool is_language_tag(struct str name)
{
    if (name.length < 2 || name.length >= LIMIT_LANGUAGE_BYTES) {
        return false;
    }
    for (size_t i = 0; i < name.length; i++) {
        char byte = name.ptr[i];
        bool small = byte >= 'a' && byte <= 'z';
        bool later = (byte >= 'A' && byte <= 'Z') || byte == '-' || (byte >= '0' && byte <= '9');
        if (!small && !(i >= 2 && later)) {
            return false;
        }
    }
    return true;
}

/* "en" goes first, the others follow in alphabetical order. */
static int language_order(const void *left, const void *right)
{
    const char *a = *(const char *const *)left;
    const char *b = *(const char *const *)right;
    int a_is_later = strcmp(a, "en") != 0;
    int b_is_later = strcmp(b, "en") != 0;
    return a_is_later != b_is_later ? a_is_later - b_is_later : strcmp(a, b);
}

static void add_language(struct building *building, struct str name)
{
    struct languages *languages = &building->catalog->languages;
    for (int i = 0; i < languages->count; i++) {
        if (str_is(name, languages->names[i])) {
            return;
        }
    }
    if (languages->count < LANGUAGES_MAX && is_language_tag(name)) {
        languages->names[languages->count++] = arena_str(building->catalog->arena, name).ptr;
    }
}

/* Every map whose keys are all language tags is a text. Bounded by the depth of trees. */
static void find_languages(struct building *building, const struct tree_node *node)
{
    bool is_text = node->kind == TREE_MAP && node->count > 0;
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        is_text = is_text && child->kind == TREE_SCALAR && child->key.length == 2 &&
                  is_language_tag(child->key);
        find_languages(building, child);
    }
    for (const struct tree_node *child = node->first; is_text && child != NULL;
         child = child->next) {
        if (!str_is(child->key, "on") && !str_is(child->key, "of") && !str_is(child->key, "do") &&
            !str_is(child->key, "id")) {
            add_language(building, child->key);
        }
    }
}

void catalog_collect_languages(struct building *building)
{
    struct languages *languages = &building->catalog->languages;
    for (int i = 0; i < building->count; i++) {
        const struct tree *tree = &building->trees[i];
        const struct tree_node *name = tree_member(tree->root, "language");
        if (catalog_file_kind(tree->file) != FILE_WORDS || name == NULL ||
            name->kind != TREE_SCALAR) {
            continue;
        }
        if (!is_language_tag(name->text) || languages->count == LANGUAGES_MAX) {
            mistakes_add(building->arena, building->mistakes, tree->file, name->line, name->column,
                         "not a language tag; expected one such as en, de or pt-BR, at most %d",
                         LANGUAGES_MAX);
        }
        add_language(building, name->text);
    }
    bool by_words = languages->count > 0;
    for (int i = 0; i < building->count && !by_words; i++) {
        if (catalog_file_kind(building->trees[i].file) == FILE_JOURNEY &&
            building->trees[i].root != NULL) {
            find_languages(building, building->trees[i].root);
        }
    }
    if (languages->count == 0) {
        add_language(building, STR("en"));
    }
    qsort(languages->names, (size_t)languages->count, sizeof(languages->names[0]), language_order);
}
