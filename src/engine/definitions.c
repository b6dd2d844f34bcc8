/* Journeys are put into force by a command: checked, kept, taken over at once. People in the middle
 * finish by the definition they began with, or a sweep moves them to the new one
 * (core/run_version.c decides on each). */
#include "core/version.h"
#include "engine/commands.h"

static struct definition_file *read_files(struct doing *doing, int *ret_count)
{
    const json_t *list = json_get_array(doing->payload, "files");
    size_t count = json_array_size(list);
    struct definition_file *files = ARENA_ARRAY(doing->batch->arena, struct definition_file, count);
    for (size_t i = 0; i < count; i++) {
        const json_t *file = json_array_get(list, i);
        files[i].name = json_get_str(file, "name");
        files[i].yaml = json_get_str(file, "yaml");
    }
    *ret_count = (int)count;
    return files;
}

static int count_changed(const struct catalog *before, const struct catalog *after)
{
    int changed = 0;
    for (int i = 0; i < catalog_journey_count(after); i++) {
        const struct journey *journey = catalog_journey_at(after, i);
        const struct journey *old = catalog_journey(before, journey->name);
        changed += old == NULL || !str_equal(old->hash, journey->hash);
    }
    return changed;
}

/* What becomes of people in the middle: NULL when the word is none of the policies. */
static const char *move_of(struct str policy, bool *ret_known)
{
    static const struct {
        const char *policy, *move;
    } policies[] = {{"pin", NULL}, {"follow", "journeys_follow"}, {"migrate", "journeys_migrate"}};
    *ret_known = policy.length == 0;
    for (size_t i = 0; i < sizeof(policies) / sizeof(*policies); i++) {
        if (str_is(policy, policies[i].policy)) {
            *ret_known = true;
            return policies[i].move;
        }
    }
    return NULL;
}

static bool has_step(const struct catalog *catalog, struct str id)
{
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        const struct journey *journey = catalog_journey_at(catalog, i);
        for (int step = 0; step < journey->step_count; step++) {
            if (str_equal(journey->steps[step].id, id)) {
                return true;
            }
        }
    }
    return false;
}

/* What is asked of the move itself; command->error says what is wrong. */
static void check_move(struct doing *doing, const struct catalog *catalog)
{
    struct command_work *command = doing->command;
    struct str policy = json_get_str(doing->payload, "policy");
    struct str pairs = json_get_str(doing->payload, "steps");
    bool known;
    move_of(policy, &known);
    if (!known) {
        command_refuse(doing, ERR_INVALID, "\"policy\" is none of pin, follow, migrate");
    } else if (pairs.length > 0 && !str_is(policy, "migrate")) {
        command_refuse(doing, ERR_INVALID, "only the policy migrate has pairs of steps");
    } else if (!step_pairs_are_names(pairs)) {
        command_refuse(doing, ERR_INVALID,
                       "\"steps\" is no list of at most 64 pairs old=new, separated by commas");
    } else if (sweep_moves_versions(doing->engine)) {
        command_refuse(doing, ERR_CONFLICT,
                       "people are still being moved to the journeys applied before");
    }
    struct str old, new;
    while (command->error == OK && step_pairs_next(&pairs, &old, &new)) {
        if (!has_step(catalog, new)) {
            command->error = err_set(&command->detail, ERR_INVALID,
                                     "no journey has a step \"%.*s\"", STR_ARG(new));
        }
    }
}

/* Who edited them looked at those in force: they may not have been replaced meanwhile. */
static void check_base(struct doing *doing)
{
    struct str base = json_get_str(doing->payload, "based_on");
    if (base.length > 0 &&
        !str_equal(base, catalog_revision(doing->engine->catalog, doing->batch->arena))) {
        command_refuse(
            doing, ERR_CONFLICT,
            "other journeys were put into force meanwhile; look at them, and edit those");
    }
}

/* ERR_INVALID also when they cannot be together with what runs. */
static void build(struct doing *doing, struct catalog **ret_catalog)
{
    int count = 0;
    struct command_work *command = doing->command;
    struct definition_file *files = read_files(doing, &count);
    struct mistakes mistakes = {0};
    *ret_catalog = NULL;
    if (count == 0) {
        command_refuse(doing, ERR_INVALID, "\"files\" holds no definitions");
        return;
    }
    enum err error = catalog_build(doing->batch->arena, files, count, ret_catalog, &mistakes);
    if (error != OK) {
        struct mistake first = mistakes.count > 0 ? mistakes.items[0] : (struct mistake){0};
        command->error = err_set(&command->detail, error, "%.*s:%d:%d: %.*s (%d mistakes in all)",
                                 STR_ARG(first.file), first.line, first.column, STR_ARG(first.text),
                                 mistakes.count);
        return;
    }
    command->error = experiment_check_catalog(doing->engine, *ret_catalog, &command->detail);
    if (command->error == OK) {
        check_base(doing);
    }
    if (command->error == OK) {
        check_move(doing, *ret_catalog);
    }
}

static enum err put_into_force(struct doing *doing, const struct catalog *catalog,
                               struct err_detail *detail)
{
    bool known;
    struct engine *engine = doing->engine;
    struct batch *batch = doing->batch;
    const char *move = move_of(json_get_str(doing->payload, "policy"), &known);
    json_t *kept = json_object();
    json_object_set(kept, "files", json_object_get(doing->payload, "files"));
    struct str stored = command_written(doing, kept);
    enum err error = settings_store_catalog(engine, catalog, batch->now_ms, detail);
    if (error == OK) {
        error = store_setting_put(engine->store, "journeys/current", stored, batch->now_ms, detail);
    }
    if (error == OK && move != NULL) {
        error = sweep_move(engine, batch, move, json_get_str(doing->payload, "steps"), detail);
    }
    return error;
}

/* The catalog is swapped at once; should the commit fail, the same journeys are merely not stored
 * yet, and the command is done again. People move page by page, in batches to come. */
enum err command_journeys_apply(struct doing *doing, struct err_detail *detail)
{
    struct engine *engine = doing->engine;
    struct catalog *catalog = NULL;
    build(doing, &catalog);
    if (doing->command->error != OK) {
        catalog_free(catalog);
        return OK;
    }
    int changed = count_changed(engine->catalog, catalog);
    enum err error = put_into_force(doing, catalog, detail);
    if (error != OK) {
        catalog_free(catalog);
        return error;
    }
    struct str policy = json_get_str(doing->payload, "policy");
    json_t *result = json_object();
    json_object_set_new(result, "journeys", json_integer(catalog_journey_count(catalog)));
    json_object_set_new(result, "changed", json_integer(changed));
    json_object_set_new(result, "policy", json_str(policy.length > 0 ? policy : STR("pin")));
    json_object_set_new(result, "steps", json_str(json_get_str(doing->payload, "steps")));
    doing->command->result = doing->command->after = command_written(doing, result);
    engine_swap_catalog(engine, catalog);
    doing->batch->world.catalog = catalog;
    return OK;
}
