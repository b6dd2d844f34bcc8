/* Building the catalog: first all files become trees, then the languages are known, then every file
 * is compiled, then what concerns several files is compared. All mistakes are collected on the way;
 * with any of them there is no catalog. */
#include "base/digest.h"
#include "base/embed.h"
#include "base/limits.h"
#include "core/catalog_parts.h"
#include "core/journey_parse.h"
#include "core/mistakes.h"

enum { CATALOG_BLOCK_BYTES = 256 * 1024 };

/* ---- compiling each file -------------------------------------------------------------------- */

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
    switch (catalog_file_kind(tree->file)) {
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

/* ---- building ------------------------------------------------------------------------------- */

static void keep_file(struct catalog *catalog, const struct definition_file *file)
{
    char *hash = arena_alloc(catalog->arena, DIGEST_HEX_BYTES + 1);
    digest_sha256_hex(file->yaml, hash);
    catalog->files[catalog->file_count++] =
        (struct catalog_file){.name = arena_str(catalog->arena, file->name),
                              .yaml = arena_str(catalog->arena, file->yaml),
                              .hash = {hash, DIGEST_HEX_BYTES}};
}

static struct catalog *catalog_new(int file_count)
{
    struct arena *arena = arena_new(CATALOG_BLOCK_BYTES);
    struct catalog *catalog = ARENA_NEW(arena, struct catalog);
    catalog->arena = arena;
    catalog->journeys = ARENA_ARRAY(arena, const struct journey *, (size_t)file_count + 1);
    catalog->words = ARENA_ARRAY(arena, struct word_list, (size_t)file_count + 1);
    catalog->texts = ARENA_ARRAY(arena, struct bot_text, BOT_TEXTS_MAX);
    catalog->files = ARENA_ARRAY(arena, struct catalog_file, (size_t)file_count + 1);
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
        if (catalog_file_kind(files[i].name) != FILE_OF_OTHERS) {
            keep_file(building.catalog, &files[i]);
            tree_read(arena, building.catalog->files[building.catalog->file_count - 1].name,
                      files[i].yaml, &building.trees[i], ret_mistakes);
        }
    }
    catalog_collect_languages(&building);
    for (int i = 0; i < count; i++) {
        if (building.trees[i].root != NULL) {
            compile_file(&building, &building.trees[i]);
        }
    }
    catalog_check(&building);
    if (ret_mistakes->count > 0) {
        mistakes_sort(ret_mistakes);
        for (int i = 0; i < ret_mistakes->count; i++) {
            ret_mistakes->items[i].file = arena_str(arena, ret_mistakes->items[i].file);
        }
        catalog_free(building.catalog);
        return ERR_INVALID;
    }
    for (int i = 0; i < building.catalog->journey_count; i++) {
        struct str hash = building.catalog->journeys[i]->hash;
        building.catalog->by_hash[catalog_hash_slot(hash)] = (uint8_t)(i + 1);
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
        int capacity =
            catalog->pinned_capacity == 0 ? PORTION(16, 1) : catalog->pinned_capacity * 2;
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
