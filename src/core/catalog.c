/* Building the catalog: first all files become trees, then the languages are known, then every file
 * is compiled, then what concerns several files is compared. All mistakes are collected on the way;
 * with any of them there is no catalog. */
#include "core/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/limits.h"
#include "core/bot_texts.h"
#include "core/journey_parse.h"
#include "core/mistakes.h"
#include "core/nearest.h"
#include "core/recognise.h"

enum { CATALOG_BLOCK_BYTES = 256 * 1024, BOT_TEXTS_MAX = 1000 };

struct bot_text {
    struct str key;
    const struct message *message;
    struct str file;
    int line, column;
};

struct catalog {
    struct arena *arena;
    struct languages languages;
    const struct journey **journeys; /* by name */
    int journey_count;
    const struct journey **pinned;
    int pinned_count, pinned_capacity;
    struct bot_text *texts; /* by key */
    int text_count;
    struct word_list *words; /* of each language, and of all together: */
    int word_count;
    struct state_words overwhelm, crisis;
};

enum file_kind { FILE_JOURNEY, FILE_BOT, FILE_WORDS, FILE_OF_OTHERS };

struct building {
    struct arena *arena; /* the caller's */
    struct catalog *catalog;
    struct mistakes *mistakes;
    struct tree *trees;
    int count;
    bool has_bot_files;
};

/* ---- files and languages ------------------------------------------------------------------------
 */

/* Told by the folder the file stands in. */
static enum file_kind kind_of(struct str name)
{
    static const struct {
        const char *folder;
        enum file_kind kind;
    } folders[] = {{"bot", FILE_BOT},
                   {"words", FILE_WORDS},
                   {"people", FILE_OF_OTHERS},
                   {"kpi", FILE_OF_OTHERS},
                   {"rollout", FILE_OF_OTHERS}};
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

static void collect_languages(struct building *building)
{
    struct languages *languages = &building->catalog->languages;
    for (int i = 0; i < building->count; i++) {
        const struct tree *tree = &building->trees[i];
        const struct tree_node *name = tree_member(tree->root, "language");
        if (kind_of(tree->file) != FILE_WORDS || name == NULL || name->kind != TREE_SCALAR) {
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
        if (kind_of(building->trees[i].file) == FILE_JOURNEY && building->trees[i].root != NULL) {
            find_languages(building, building->trees[i].root);
        }
    }
    if (languages->count == 0) {
        add_language(building, STR("en"));
    }
    qsort(languages->names, (size_t)languages->count, sizeof(languages->names[0]), language_order);
}

/* ---- compiling each file ------------------------------------------------------------------------
 */

static void compile_journey(struct building *building, struct compiling *compiling)
{
    struct catalog *catalog = building->catalog;
    const struct journey *journey = journey_parse(compiling);
    if (catalog->journey_count == LIMIT_JOURNEYS) {
        schema_mistake(compiling, compiling->tree->root, "too many journeys; expected at most %d",
                       LIMIT_JOURNEYS);
        return;
    }
    catalog->journeys[catalog->journey_count++] = journey;
}

static void read_bot_texts(struct compiling *compiling, const struct tree_node *node, void *target)
{
    struct catalog *catalog = target;
    if (node->kind != TREE_MAP) {
        schema_mistake(compiling, node, "texts is %s; expected a map of keys and texts",
                       tree_kind_name(node->kind));
        return;
    }
    compiling->path = STR("bot");
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        if (catalog->text_count == BOT_TEXTS_MAX) {
            schema_mistake(compiling, child, "too many texts; expected at most %d", BOT_TEXTS_MAX);
            return;
        }
        struct bot_text *text = &catalog->texts[catalog->text_count];
        text->key = arena_str(compiling->arena, child->key);
        text->file = compiling->tree->file;
        text->line = child->key_line;
        text->column = child->key_column;
        text->message = schema_message(compiling, child, text->key.ptr, SCHEMA_BOT);
        catalog->text_count++;
    }
}

static void compile_words(struct building *building, struct compiling *compiling)
{
    struct catalog *catalog = building->catalog;
    words_parse(compiling, &catalog->words[catalog->word_count]);
    struct str language = catalog->words[catalog->word_count].language;
    for (int i = 0; i < catalog->word_count; i++) {
        if (language.length > 0 && str_equal(catalog->words[i].language, language)) {
            schema_mistake_at(compiling, compiling->tree->root, "language",
                              "another file has the words of this language");
        }
    }
    catalog->word_count++;
}

static void compile_file(struct building *building, const struct tree *tree)
{
    static const struct schema_row bot_rows[] = {
        {"texts", SCHEMA_CUSTOM, 0, true, NULL, read_bot_texts}};
    struct compiling compiling = {.arena = building->catalog->arena,
                                  .scratch = building->arena,
                                  .mistakes = building->mistakes,
                                  .tree = tree,
                                  .languages = &building->catalog->languages};
    switch (kind_of(tree->file)) {
    case FILE_JOURNEY:
        compile_journey(building, &compiling);
        break;
    case FILE_BOT:
        building->has_bot_files = true;
        schema_read(&compiling, tree->root, "a file of bot texts", bot_rows, 1, building->catalog);
        break;
    case FILE_WORDS:
        compile_words(building, &compiling);
        break;
    case FILE_OF_OTHERS:
        break;
    }
}

/* ---- what concerns several files ----------------------------------------------------------------
 */

static int text_order(const void *left, const void *right)
{
    return str_compare(((const struct bot_text *)left)->key, ((const struct bot_text *)right)->key);
}

static const struct bot_text *find_text(const struct catalog *catalog, struct str key)
{
    if (catalog->text_count == 0) {
        return NULL;
    }
    const struct bot_text wanted = {.key = key};
    return bsearch(&wanted, catalog->texts, (size_t)catalog->text_count, sizeof(wanted),
                   text_order);
}

/* A key that ends in a plural category counts as its form with "other", which the code names. */
static struct str plural_key(struct arena *arena, struct str key)
{
    static const char *const endings[] = {"_zero", "_one", "_two", "_few", "_many"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        size_t length = strlen(endings[i]);
        if (key.length > length && memcmp(key.ptr + key.length - length, endings[i], length) == 0) {
            return arena_printf(arena, "%.*s_other", (int)(key.length - length), key.ptr);
        }
    }
    return key;
}

static bool is_used(struct arena *arena, struct str key, struct nearest *nearest)
{
    int count;
    const char *const *keys = bot_text_keys(&count);
    struct str as_plural = plural_key(arena, key);
    for (int i = 0; i < count; i++) {
        if (str_is(key, keys[i]) || str_is(as_plural, keys[i])) {
            return true;
        }
        nearest_offer(nearest, str_of(keys[i]));
    }
    return false;
}

static void check_bot_texts(struct building *building)
{
    struct catalog *catalog = building->catalog;
    if (catalog->text_count > 0) {
        qsort(catalog->texts, (size_t)catalog->text_count, sizeof(catalog->texts[0]), text_order);
    }
    for (int i = 0; i < catalog->text_count; i++) {
        const struct bot_text *text = &catalog->texts[i];
        struct nearest nearest = nearest_to(text->key);
        if (i > 0 && str_equal(catalog->texts[i - 1].key, text->key)) {
            mistakes_add(building->arena, building->mistakes, text->file, text->line, text->column,
                         "another file has a text \"%.*s\" too", STR_ARG(text->key));
        } else if (!is_used(building->arena, text->key, &nearest)) {
            bool near = nearest.best.length > 0;
            mistakes_add(building->arena, building->mistakes, text->file, text->line, text->column,
                         "the bot never says \"%.*s\"%s%.*s%s", STR_ARG(text->key),
                         near ? "; did you mean \"" : "", STR_ARG(nearest.best), near ? "\"?" : "");
        }
    }
    int count;
    const char *const *keys = bot_text_keys(&count);
    for (int i = 0; i < count && building->has_bot_files; i++) {
        if (find_text(catalog, str_of(keys[i])) == NULL) {
            mistakes_add(building->arena, building->mistakes, STR("bot/"), 1, 1,
                         "the bot's text \"%s\" is missing; expected it in one of the files",
                         keys[i]);
        }
    }
}

static const struct journey *find_journey(const struct catalog *catalog, struct str name)
{
    for (int i = 0; i < catalog->journey_count; i++) {
        if (str_equal(catalog->journeys[i]->name, name)) {
            return catalog->journeys[i];
        }
    }
    return NULL;
}

static void journey_mistake(struct building *building, const struct journey *journey,
                            const char *key, struct str text)
{
    for (int i = 0; i < building->count; i++) {
        const struct tree *tree = &building->trees[i];
        if (str_equal(tree->file, journey->file)) {
            struct compiling compiling = {
                .scratch = building->arena, .mistakes = building->mistakes, .tree = tree};
            schema_mistake_at(&compiling, tree->root, key, "%.*s", STR_ARG(text));
        }
    }
}

/* A journey and its counterpart stand in different sets, and the counterpart's own counterpart
 * leads back to the first one's set (two optimized onboardings may replace the one original). */
static void check_pair(struct building *building, const struct journey *journey)
{
    if (journey->replaces.length == 0) {
        return;
    }
    struct arena *arena = building->arena;
    const struct journey *other = find_journey(building->catalog, journey->replaces);
    if (other == NULL) {
        journey_mistake(
            building, journey, "replaces",
            arena_printf(arena, "there is no journey \"%.*s\"", STR_ARG(journey->replaces)));
        return;
    }
    if (journey->set == SET_BOTH || other->set == SET_BOTH || journey->set == other->set) {
        journey_mistake(building, journey, "replaces",
                        STR("the two journeys must stand in different sets, original and "
                            "optimized"));
    }
    const struct journey *back = find_journey(building->catalog, other->replaces);
    if (other->replaces.length == 0 || (back != NULL && !str_equal(back->replaces, other->name))) {
        journey_mistake(building, journey, "replaces",
                        arena_printf(arena, "%.*s does not replace this journey in turn",
                                     STR_ARG(other->name)));
    }
}

static void check_twins(struct building *building, const struct journey *journey, int index)
{
    for (int i = 0; i < index; i++) {
        const struct journey *other = building->catalog->journeys[i];
        if (journey->name.length > 0 && str_equal(other->name, journey->name)) {
            journey_mistake(
                building, journey, "journey",
                arena_printf(building->arena, "%.*s has the same name", STR_ARG(other->file)));
        } else if (journey->sequence.length > 0 && str_equal(other->sequence, journey->sequence)) {
            journey_mistake(
                building, journey, "sequence",
                arena_printf(building->arena, "%.*s has the same sequence", STR_ARG(other->file)));
        }
        for (int mine = 0; mine < journey->step_count; mine++) {
            for (int theirs = 0; theirs < other->step_count; theirs++) {
                if (journey->steps[mine].experiment.length > 0 &&
                    str_equal(journey->steps[mine].experiment, other->steps[theirs].experiment)) {
                    journey_mistake(building, journey, "steps",
                                    arena_printf(building->arena,
                                                 "%.*s has an experiment of the same name",
                                                 STR_ARG(other->file)));
                }
            }
        }
    }
}

static int journey_order(const void *left, const void *right)
{
    const struct journey *a = *(const struct journey *const *)left;
    const struct journey *b = *(const struct journey *const *)right;
    int by_name = str_compare(a->name, b->name);
    return by_name != 0 ? by_name : str_compare(a->file, b->file);
}

static void check_journeys(struct building *building)
{
    struct catalog *catalog = building->catalog;
    if (catalog->journey_count > 0) {
        qsort(catalog->journeys, (size_t)catalog->journey_count, sizeof(catalog->journeys[0]),
              journey_order);
    }
    for (int i = 0; i < catalog->journey_count; i++) {
        check_twins(building, catalog->journeys[i], i);
        check_pair(building, catalog->journeys[i]);
    }
}

/* ---- building -----------------------------------------------------------------------------------
 */

static struct catalog *catalog_new(int file_count)
{
    struct arena *arena = arena_new(CATALOG_BLOCK_BYTES);
    struct catalog *catalog = ARENA_NEW(arena, struct catalog);
    catalog->arena = arena;
    catalog->journeys = ARENA_ARRAY(arena, const struct journey *, (size_t)file_count + 1);
    catalog->words = ARENA_ARRAY(arena, struct word_list, (size_t)file_count + 1);
    catalog->texts = ARENA_ARRAY(arena, struct bot_text, BOT_TEXTS_MAX);
    return catalog;
}

enum err catalog_build(struct arena *arena, const struct definition_file *files, int count,
                       struct catalog **ret_catalog, struct mistakes *ret_mistakes)
{
    *ret_mistakes = (struct mistakes){NULL, 0, 0};
    struct building building = {.arena = arena,
                                .catalog = catalog_new(count),
                                .mistakes = ret_mistakes,
                                .trees = ARENA_ARRAY(arena, struct tree, (size_t)count + 1),
                                .count = count};
    for (int i = 0; i < count; i++) {
        if (kind_of(files[i].name) != FILE_OF_OTHERS) {
            tree_read(arena, arena_str(building.catalog->arena, files[i].name), files[i].yaml,
                      &building.trees[i], ret_mistakes);
        }
    }
    collect_languages(&building);
    for (int i = 0; i < count; i++) {
        if (building.trees[i].root != NULL) {
            compile_file(&building, &building.trees[i]);
        }
    }
    check_bot_texts(&building);
    check_journeys(&building);
    if (ret_mistakes->count > 0) {
        mistakes_sort(ret_mistakes);
        for (int i = 0; i < ret_mistakes->count; i++) {
            ret_mistakes->items[i].file = arena_str(arena, ret_mistakes->items[i].file);
        }
        catalog_free(building.catalog);
        return ERR_INVALID;
    }
    recognise_join(building.catalog->arena, building.catalog->words, building.catalog->word_count,
                   &building.catalog->overwhelm, &building.catalog->crisis);
    *ret_catalog = building.catalog;
    return OK;
}

enum err catalog_build_embedded(struct arena *arena, struct catalog **ret_catalog,
                                struct mistakes *ret_mistakes)
{
    struct definition_file *files =
        ARENA_ARRAY(arena, struct definition_file, nudge_journeys_count + 1);
    for (size_t i = 0; i < nudge_journeys_count; i++) {
        files[i].name = str_of(nudge_journeys[i].name);
        files[i].yaml =
            (struct str){(const char *)nudge_journeys[i].data, nudge_journeys[i].length};
    }
    return catalog_build(arena, files, (int)nudge_journeys_count, ret_catalog, ret_mistakes);
}

enum err catalog_add_pinned(struct catalog *catalog, struct str yaml, struct mistakes *ret_mistakes)
{
    *ret_mistakes = (struct mistakes){NULL, 0, 0};
    struct tree tree;
    tree_read(catalog->arena, STR("pinned"), yaml, &tree, ret_mistakes);
    if (tree.root == NULL) {
        return ERR_INVALID;
    }
    struct compiling compiling = {.arena = catalog->arena,
                                  .scratch = catalog->arena,
                                  .mistakes = ret_mistakes,
                                  .tree = &tree,
                                  .languages = &catalog->languages,
                                  .is_pinned = true};
    const struct journey *journey = journey_parse(&compiling);
    if (ret_mistakes->count > 0) {
        return ERR_INVALID;
    }
    if (catalog_definition(catalog, journey->hash) != NULL) {
        return OK;
    }
    if (catalog->pinned_count == catalog->pinned_capacity) {
        int capacity = catalog->pinned_capacity == 0 ? 16 : catalog->pinned_capacity * 2;
        catalog->pinned = arena_grow(catalog->arena, catalog->pinned,
                                     (size_t)catalog->pinned_count * sizeof(catalog->pinned[0]),
                                     (size_t)capacity * sizeof(catalog->pinned[0]));
        catalog->pinned_capacity = capacity;
    }
    catalog->pinned[catalog->pinned_count++] = journey;
    return OK;
}

void catalog_free(struct catalog *catalog)
{
    if (catalog != NULL) {
        arena_free(catalog->arena);
    }
}

/* ---- reading ------------------------------------------------------------------------------------
 */

int catalog_journey_count(const struct catalog *catalog)
{
    return catalog->journey_count;
}

const struct journey *catalog_journey_at(const struct catalog *catalog, int index)
{
    return catalog->journeys[index];
}

const struct journey *catalog_journey(const struct catalog *catalog, struct str name)
{
    return find_journey(catalog, name);
}

const struct journey *catalog_definition(const struct catalog *catalog, struct str hash)
{
    for (int i = 0; i < catalog->journey_count; i++) {
        if (str_equal(catalog->journeys[i]->hash, hash)) {
            return catalog->journeys[i];
        }
    }
    for (int i = 0; i < catalog->pinned_count; i++) {
        if (str_equal(catalog->pinned[i]->hash, hash)) {
            return catalog->pinned[i];
        }
    }
    return NULL;
}

const char *const *catalog_languages(const struct catalog *catalog, int *ret_count)
{
    *ret_count = catalog->languages.count;
    return catalog->languages.names;
}

int catalog_language_index(const struct catalog *catalog, const char *language)
{
    struct str rest;
    struct str main_part = str_split(str_of(language), '-', &rest);
    int by_main_part = -1;
    for (int i = 0; i < catalog->languages.count; i++) {
        if (str_is(str_of(language), catalog->languages.names[i])) {
            return i;
        }
        if (by_main_part < 0 && str_is(main_part, catalog->languages.names[i])) {
            by_main_part = i;
        }
    }
    return by_main_part;
}

const struct message *catalog_text(const struct catalog *catalog, const char *key)
{
    const struct bot_text *text = find_text(catalog, str_of(key));
    return text != NULL ? text->message : NULL;
}

enum recognised catalog_recognise(const struct catalog *catalog, struct arena *arena,
                                  struct str text, const char *language)
{
    (void)language; /* all languages are tried at once, and crisis wins in any: no order matters */
    struct phrase words = recognise_words(arena, text, false);
    if (recognise_state(&catalog->crisis, &words)) {
        return RECOGNISED_CRISIS;
    }
    return recognise_state(&catalog->overwhelm, &words) ? RECOGNISED_OVERWHELM : RECOGNISED_NOTHING;
}
