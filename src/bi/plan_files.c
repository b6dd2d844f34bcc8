/* The files beside the journeys that say what is aimed at. */
#include "bi/plan_files.h"

#include <unistd.h>

#include "base/embed.h"
#include "base/file.h"
#include "base/limits.h"

enum err plan_file(struct arena *arena, const char *folder, struct str name, struct str *ret_yaml,
                   struct err_detail *detail)
{
    if (folder != NULL && folder[0] != '\0') {
        const char *path = arena_printf(arena, "%s/%.*s", folder, STR_ARG(name)).ptr;
        if (access(path, F_OK) == 0) {
            return file_read(arena, path, LIMIT_YAML_BYTES, ret_yaml, detail);
        }
    }
    for (size_t i = 0; i < nudge_journeys_count; i++) {
        if (str_equal(str_of(nudge_journeys[i].name), name)) {
            *ret_yaml =
                (struct str){(const char *)nudge_journeys[i].data, nudge_journeys[i].length};
            return OK;
        }
    }
    return err_set(detail, ERR_NOT_FOUND, "there is no %.*s", STR_ARG(name));
}

enum err plan_mistakes(struct arena *arena, const struct mistakes *mistakes,
                       struct err_detail *detail)
{
    if (mistakes->count == 0) {
        return OK;
    }
    struct str first = mistake_line(arena, &mistakes->items[0]);
    return mistakes->count == 1 ? err_set(detail, ERR_INVALID, "%.*s", STR_ARG(first))
                                : err_set(detail, ERR_INVALID, "%.*s (and %d more)", STR_ARG(first),
                                          mistakes->count - 1);
}

enum err kpi_plan_load(struct arena *arena, const char *folder, const struct kpi_plan **ret_plan,
                       struct err_detail *detail)
{
    const struct str name = STR("kpi/plan.yaml");
    struct str yaml = STR_NONE;
    struct mistakes mistakes = {0};
    enum err error = plan_file(arena, folder, name, &yaml, detail);
    if (error == OK && kpi_plan_read(arena, name, yaml, ret_plan, &mistakes) != OK) {
        error = plan_mistakes(arena, &mistakes, detail);
    }
    return error;
}

enum err alert_rules_load(struct arena *arena, const char *folder,
                          const struct alert_rules **ret_rules, struct err_detail *detail)
{
    const struct str name = STR("alerts/rules.yaml");
    struct str yaml = STR_NONE;
    struct mistakes mistakes = {0};
    enum err error = plan_file(arena, folder, name, &yaml, detail);
    if (error == OK && alert_rules_read(arena, name, yaml, ret_rules, &mistakes) != OK) {
        error = plan_mistakes(arena, &mistakes, detail);
    }
    return error;
}

enum err rollout_plan_load(struct arena *arena, const char *folder, struct str name,
                           const struct rollout_plan **ret_plan, struct err_detail *detail)
{
    struct str file = arena_printf(arena, "rollout/%.*s.yaml", STR_ARG(name));
    struct str yaml = STR_NONE;
    struct mistakes mistakes = {0};
    bool is_name = name.length > 0;
    for (size_t i = 0; i < name.length; i++) {
        is_name &= (name.ptr[i] >= 'a' && name.ptr[i] <= 'z') ||
                   (name.ptr[i] >= '0' && name.ptr[i] <= '9') || name.ptr[i] == '_';
    }
    enum err error = is_name ? plan_file(arena, folder, file, &yaml, detail) : ERR_NOT_FOUND;
    if (error == ERR_NOT_FOUND) {
        return err_set(detail, ERR_NOT_FOUND,
                       "there is no plan \"%.*s\"; there are gradual, checklist and what stands in "
                       "rollout/ of JOURNEYS_DIR",
                       STR_ARG(name));
    }
    if (error == OK && rollout_plan_read(arena, file, yaml, ret_plan, &mistakes) != OK) {
        error = plan_mistakes(arena, &mistakes, detail);
    }
    return error;
}
