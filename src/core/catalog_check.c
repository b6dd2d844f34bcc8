/* What concerns several files: the bot's texts against the code that says them, journeys against
 * their counterparts and their twins. */
#include <stdlib.h>
#include <string.h>

#include "core/bot_texts.h"
#include "core/catalog_parts.h"
#include "core/nearest.h"

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

static bool is_used(struct arena *arena, struct str key)
{
    int count;
    const char *const *keys = bot_text_keys(&count);
    struct str as_plural = plural_key(arena, key);
    for (int i = 0; i < count; i++) {
        if (str_is(key, keys[i]) || str_is(as_plural, keys[i])) {
            return true;
        }
    }
    return false;
}

static void report_unused(struct building *building, const struct bot_text *text)
{
    int count;
    const char *const *keys = bot_text_keys(&count);
    struct nearest nearest = nearest_to(text->key);
    for (int i = 0; i < count; i++) {
        nearest_offer(&nearest, str_of(keys[i]));
    }
    bool near = nearest.best.length > 0;
    mistakes_add(building->arena, building->mistakes, text->file, text->line, text->column,
                 "the bot never says \"%.*s\"%s%.*s%s", STR_ARG(text->key),
                 near ? "; did you mean \"" : "", STR_ARG(nearest.best), near ? "\"?" : "");
}

static int text_order(const void *left, const void *right)
{
    return str_compare(((const struct bot_text *)left)->key, ((const struct bot_text *)right)->key);
}

static void check_bot_texts(struct building *building)
{
    struct catalog *catalog = building->catalog;
    if (catalog->text_count > 0) {
        qsort(catalog->texts, (size_t)catalog->text_count, sizeof(catalog->texts[0]), text_order);
    }
    catalog_index_texts(catalog);
    for (int i = 0; i < catalog->text_count; i++) {
        const struct bot_text *text = &catalog->texts[i];
        if (i > 0 && str_equal(catalog->texts[i - 1].key, text->key)) {
            mistakes_add(building->arena, building->mistakes, text->file, text->line, text->column,
                         "another file has a text \"%.*s\" too", STR_ARG(text->key));
        } else if (!is_used(building->arena, text->key)) {
            report_unused(building, text);
        }
    }
    int count;
    const char *const *keys = bot_text_keys(&count);
    for (int i = 0; i < count && building->has_bot_files; i++) {
        if (catalog_text(catalog, keys[i]) == NULL) {
            mistakes_add(building->arena, building->mistakes, STR("bot/"), 1, 1,
                         "the bot's text \"%s\" is missing; expected it in one of the files",
                         keys[i]);
        }
    }
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
    const struct journey *other = catalog_journey(building->catalog, journey->replaces);
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
    const struct journey *back = catalog_journey(building->catalog, other->replaces);
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

void catalog_check(struct building *building)
{
    check_bot_texts(building);
    check_journeys(building);
}
