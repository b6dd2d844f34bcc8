/* Definitions from a folder or from the program itself. */
#include "cli/journeys_load.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/file.h"
#include "base/limits.h"
#include "engine/engine.h"

enum { FILES_MAX = 512 };

static bool is_yaml(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".yaml") == 0;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static enum err read_entries(struct arena *arena, FTS *walk, size_t root_length,
                             struct definition_file *files, int *ret_count,
                             struct err_detail *detail)
{
    int count = 0;
    for (FTSENT *entry = fts_read(walk); entry != NULL; entry = fts_read(walk)) {
        if (entry->fts_info != FTS_F || !is_yaml(entry->fts_name)) {
            continue;
        }
        if (count == FILES_MAX) {
            return err_set(detail, ERR_LIMIT, "more than %d journey files", FILES_MAX);
        }
        struct definition_file *file = &files[count++];
        file->name = arena_str(arena, str_of(entry->fts_path + root_length + 1));
        enum err error =
            file_read(arena, entry->fts_accpath, LIMIT_YAML_BYTES, &file->yaml, detail);
        if (error != OK) {
            return error;
        }
    }
    *ret_count = count;
    return OK;
}

enum err journeys_read_folder(struct arena *arena, const char *folder,
                              struct definition_file **ret_files, int *ret_count,
                              struct err_detail *detail)
{
    char *root = arena_strdup(arena, folder);
    size_t length = strlen(root);
    while (length > 1 && root[length - 1] == '/') {
        root[--length] = '\0';
    }
    char *roots[] = {root, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (walk == NULL) {
        return err_set(detail, ERR_IO, "cannot read the folder %s: %s", folder, strerror(errno));
    }
    struct definition_file *files = ARENA_ARRAY(arena, struct definition_file, FILES_MAX);
    enum err error = read_entries(arena, walk, length, files, ret_count, detail);
    fts_close(walk);
    if (error == OK && *ret_count == 0) {
        error = err_set(detail, ERR_IO, "there is no journey file (*.yaml) in %s", folder);
    }
    *ret_files = files;
    return error;
}

static bool has_files_in(const struct definition_file *files, int count, struct str folder)
{
    for (int i = 0; i < count; i++) {
        if (str_starts(files[i].name, folder)) {
            return true;
        }
    }
    return false;
}

void journeys_complete(struct arena *arena, struct definition_file **files, int *count)
{
    const struct str folders[] = {STR("bot/"), STR("words/")};
    size_t most = (size_t)*count + nudge_journeys_count;
    struct definition_file *all = ARENA_ARRAY(arena, struct definition_file, most + 1);
    int own = *count;
    for (int i = 0; i < own; i++) {
        all[i] = (*files)[i];
    }
    for (size_t folder = 0; folder < sizeof(folders) / sizeof(folders[0]); folder++) {
        bool has_own = has_files_in(all, own, folders[folder]);
        for (size_t i = 0; i < nudge_journeys_count && !has_own; i++) {
            struct str name = str_of(nudge_journeys[i].name);
            if (str_starts(name, folders[folder])) {
                all[(*count)++] = (struct definition_file){
                    name, {(const char *)nudge_journeys[i].data, nudge_journeys[i].length}};
            }
        }
    }
    *files = all;
}

enum err journeys_load(struct arena *arena, const char *folder, struct catalog **ret_catalog,
                       struct err_detail *detail)
{
    struct mistakes mistakes = {0};
    enum err error = OK;
    if (folder == NULL || folder[0] == '\0') {
        error = catalog_build_embedded(arena, ret_catalog, &mistakes);
    } else {
        struct definition_file *files = NULL;
        int count = 0;
        error = journeys_read_folder(arena, folder, &files, &count, detail);
        if (error == OK) {
            journeys_complete(arena, &files, &count);
            error = catalog_build(arena, files, count, ret_catalog, &mistakes);
        }
    }
    if (error != OK && mistakes.count > 0) {
        const struct mistake *first = &mistakes.items[0];
        return err_set(
            detail, ERR_CONFIG, "%.*s:%d:%d: %.*s (%d mistakes; see nudge journeys validate)",
            STR_ARG(first->file), first->line, first->column, STR_ARG(first->text), mistakes.count);
    }
    return error;
}

enum err journeys_in_force(struct arena *arena, struct store *store, const char *folder,
                           struct catalog **ret_catalog, struct err_detail *detail)
{
    enum err error = engine_applied_catalog(store, arena, ret_catalog, detail);
    if (error == OK && *ret_catalog == NULL) {
        error = journeys_load(arena, folder, ret_catalog, detail);
    }
    return error;
}
