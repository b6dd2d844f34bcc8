/* See draft.h. */
#include "bi/journeys/draft.h"

#include "base/limits.h"

enum { DRAFT_FILES_MAX = 64, NAME_BYTES_MAX = 128 };

/* "optimized/my-journey.yaml": what a folder of definitions may hold. */
static bool is_name(struct str name)
{
    bool after_slash = true;
    for (size_t i = 0; i < name.length; i++) {
        char c = name.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!plain && (after_slash || (c != '/' && c != '_' && c != '-' && c != '.'))) {
            return false;
        }
        after_slash = c == '/';
    }
    struct str ending = STR(".yaml");
    return name.length > ending.length && name.length <= NAME_BYTES_MAX &&
           str_equal((struct str){name.ptr + name.length - ending.length, ending.length}, ending);
}

static enum err check(const json_t *files, struct err_detail *detail)
{
    size_t count = json_array_size(files);
    if (!json_is_array(files) || count == 0) {
        return err_set(detail, ERR_INVALID,
                       "\"files\" takes a list of {\"name\", \"yaml\"}, at least one");
    }
    if (count > DRAFT_FILES_MAX) {
        return err_set(detail, ERR_LIMIT, "\"files\" takes at most %d files", DRAFT_FILES_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const json_t *file = json_array_get(files, i);
        if (!json_is_string(json_object_get(file, "yaml")) ||
            !is_name(json_get_str(file, "name"))) {
            return err_set(detail, ERR_INVALID,
                           "\"files\", number %zu: expected a \"name\" such as "
                           "optimized/my-journey.yaml and its \"yaml\"",
                           i + 1);
        }
        if (json_get_str(file, "yaml").length > LIMIT_YAML_BYTES) {
            return err_set(detail, ERR_LIMIT, "\"files\", number %zu has more than %d bytes", i + 1,
                           LIMIT_YAML_BYTES);
        }
    }
    return OK;
}

/* Behind those that there are, unless it replaces one. */
static void lay_over(struct definition_file *files, int *count, const json_t *file)
{
    const struct definition_file new = {json_get_str(file, "name"), json_get_str(file, "yaml")};
    for (int i = 0; i < *count; i++) {
        if (str_equal(files[i].name, new.name)) {
            files[i] = new;
            return;
        }
    }
    files[(*count)++] = new;
}

enum err journeys_draft(struct arena *arena, const struct catalog *in_force, const json_t *files,
                        struct catalog **ret_catalog, struct mistakes *ret_mistakes,
                        struct err_detail *detail)
{
    *ret_mistakes = (struct mistakes){0};
    enum err error = check(files, detail);
    if (error != OK) {
        return error;
    }
    int count;
    const struct catalog_file *old = catalog_files(in_force, &count);
    struct definition_file *all =
        ARENA_ARRAY(arena, struct definition_file, (size_t)count + json_array_size(files));
    for (int i = 0; i < count; i++) {
        all[i] = (struct definition_file){old[i].name, old[i].yaml};
    }
    for (size_t i = 0; i < json_array_size(files); i++) {
        lay_over(all, &count, json_array_get(files, i));
    }
    error = catalog_build(arena, all, count, ret_catalog, ret_mistakes);
    if (error != OK && ret_mistakes->count > 0) {
        const struct mistake *first = &ret_mistakes->items[0];
        error = err_set(detail, ERR_INVALID, "%.*s:%d:%d: %.*s (%d mistakes in all)",
                        STR_ARG(first->file), first->line, first->column, STR_ARG(first->text),
                        ret_mistakes->count);
    }
    return error;
}
