/* What is in force for the whole installation: from the configuration and, above it, from the
 * store. Loaded at the start, and again after a batch that had changed it failed. */
#include <stdlib.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "engine/internal.h"

static const char ROLLOUT_SETTING[] = "rollout/superior_onboarding";
static const char EXPERIMENTS_SETTING[] = "experiments";

static enum err read_setting(struct store *store, struct arena *arena, const char *name,
                             json_t **ret_json, struct err_detail *detail)
{
    struct str text = STR_NONE;
    *ret_json = NULL;
    enum err error = store_setting_get(store, arena, name, &text, detail);
    if (error != OK || text.length == 0) {
        return error;
    }
    error = json_read(text, text.length, ret_json, detail);
    return error == OK ? OK : err_wrap(detail, error, "setting %s", name);
}

static void read_rollout(struct engine *engine, const json_t *json)
{
    struct rollout *rollout = &engine->installation.rollout;
    struct str seed = json_get_str(json, "seed");
    *rollout = (struct rollout){
        .name = STR("superior_onboarding"),
        .seed =
            seed.length > 0 ? arena_str(engine->settings_arena, seed) : STR("superior_onboarding"),
        .share_permyriad = (int)(json_get_number(json, "share", 0) * 100 + 0.5),
        .started_at_ms = json_get_int(json, "started_at_ms", 0),
        .rolled_back_entries = json_get_bool(json, "rolled_back_entries", false),
        .rolled_back_nurture = json_get_bool(json, "rolled_back_nurture", false),
        .stage_existing_rescue = json_get_bool(json, "stage_existing_rescue", false),
        .stage_existing_amplification = json_get_bool(json, "stage_existing_amplification", false),
        .held = json_get_bool(json, "held", false),
    };
}

enum err settings_save_rollout(struct engine *engine, int64_t now_ms, struct err_detail *detail)
{
    const struct rollout *rollout = &engine->installation.rollout;
    json_t *json = json_object();
    json_object_set_new(json, "name", json_str(rollout->name));
    json_object_set_new(json, "seed", json_str(rollout->seed));
    json_object_set_new(json, "share", json_real(rollout->share_permyriad / 100.0));
    json_object_set_new(json, "started_at_ms", json_integer(rollout->started_at_ms));
    json_object_set_new(json, "rolled_back_entries", json_boolean(rollout->rolled_back_entries));
    json_object_set_new(json, "rolled_back_nurture", json_boolean(rollout->rolled_back_nurture));
    json_object_set_new(json, "stage_existing_rescue",
                        json_boolean(rollout->stage_existing_rescue));
    json_object_set_new(json, "stage_existing_amplification",
                        json_boolean(rollout->stage_existing_amplification));
    json_object_set_new(json, "held", json_boolean(rollout->held));
    struct str text = json_write(engine->arena, json);
    json_decref(json);
    return store_setting_put(engine->store, ROLLOUT_SETTING, text, now_ms, detail);
}

bool settings_mode_of(struct str word, enum sending_mode *ret_mode)
{
    if (str_is(word, "on")) {
        *ret_mode = SENDING_ON;
    } else if (str_is(word, "off")) {
        *ret_mode = SENDING_OFF;
    } else if (str_is(word, "dry-run")) {
        *ret_mode = SENDING_DRY_RUN;
    } else {
        return false;
    }
    return true;
}

const char *settings_mode_name(enum sending_mode mode)
{
    switch (mode) {
    case SENDING_ON:
        return "on";
    case SENDING_OFF:
        return "off";
    case SENDING_DRY_RUN:
        break;
    }
    return "dry-run";
}

static void read_config(struct engine *engine)
{
    const struct config *config = engine->config;
    const struct zone *zone = zone_find(str_of(config->default_time_zone));
    engine->installation = (struct installation){
        .default_zone = zone != NULL ? zone : zone_utc(),
        .default_language = config->default_language,
        .quiet_from_minute = config->quiet_from_minute,
        .quiet_to_minute = config->quiet_to_minute,
        .nudge_min_gap_ms = config->nudge_min_gap_ms,
        .nudge_per_day = config->nudge_per_day,
        .public_url = str_of(config->public_url),
    };
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        engine->installation.channels[i] = engine->channels[i] != NULL;
    }
}

enum err settings_load(struct engine *engine, struct err_detail *detail)
{
    json_t *json = NULL;
    arena_reset(engine->settings_arena);
    read_config(engine);
    enum err error =
        read_setting(engine->store, engine->settings_arena, ROLLOUT_SETTING, &json, detail);
    if (error == OK) {
        read_rollout(engine, json);
        json_decref(json);
        error = read_setting(engine->store, engine->settings_arena, "sending", &json, detail);
    }
    if (error == OK) {
        engine->sending_stored = SENDING_ON;
        if (json != NULL &&
            !settings_mode_of(json_get_str(json, "mode"), &engine->sending_stored)) {
            error = err_set(detail, ERR_CONFIG,
                            "the stored setting \"sending\" is none of on, off, dry-run; set it "
                            "with nudge sending");
        }
        json_decref(json);
    }
    if (error == OK) {
        error = read_setting(engine->store, engine->settings_arena, "groups_in_use", &json, detail);
    }
    if (error == OK) {
        engine->installation.groups_in_use = json_is_true(json);
        json_decref(json);
        error =
            read_setting(engine->store, engine->settings_arena, EXPERIMENTS_SETTING, &json, detail);
    }
    if (error == OK) {
        error = settings_use_experiments(engine, json, detail);
        json_decref(json);
        engine->settings_stale = error != OK;
    }
    return error;
}

enum err settings_use_experiments(struct engine *engine, const json_t *json,
                                  struct err_detail *detail)
{
    struct experiments *experiments = NULL;
    enum err error = experiments_read(engine->settings_arena, json, &experiments, detail);
    if (error != OK) {
        return err_wrap(detail, error, "setting %s", EXPERIMENTS_SETTING);
    }
    engine->installation.experiments = experiments;
    return OK;
}

enum err settings_save_experiments(struct engine *engine, const struct experiments *experiments,
                                   int64_t now_ms, struct err_detail *detail)
{
    json_t *json = experiments_json(experiments);
    struct str text = json_write(engine->arena, json);
    enum err error = store_setting_put(engine->store, EXPERIMENTS_SETTING, text, now_ms, detail);
    if (error == OK) {
        error = settings_use_experiments(engine, json, detail);
    }
    json_decref(json);
    return error;
}

enum err settings_load_pauses(struct engine *engine, struct err_detail *detail)
{
    enum { PAUSES_MAX = 100000 };
    struct arena *arena = arena_new(16 * 1024);
    const struct arg args[] = {ARG_INT(clock_now_ms(engine->clock))};
    struct rows rows = {0};
    enum err error =
        store_query(engine->store, arena, "pauses_load", args, 1, PAUSES_MAX, &rows, detail);
    for (int i = 0; error == OK && i < rows.count; i++) {
        const struct cell *cells = rows.cells + (ptrdiff_t)i * rows.columns;
        if (cells[0].integer > CHANNEL_NONE && cells[0].integer < CHANNEL_COUNT) {
            pacer_pause(engine->pacer, (enum channel_kind)cells[0].integer, cells[1].text,
                        cells[2].integer);
        }
    }
    arena_free(arena);
    return error;
}

/* ---- definitions ---- */

enum err settings_store_catalog(struct engine *engine, const struct catalog *catalog,
                                int64_t now_ms, struct err_detail *detail)
{
    enum err error = OK;
    for (int i = 0; error == OK && i < catalog_journey_count(catalog); i++) {
        const struct journey *journey = catalog_journey_at(catalog, i);
        error = store_definition_put(engine->store, journey->hash, journey->name, journey->version,
                                     journey->source, now_ms, detail);
    }
    int count;
    const struct catalog_file *files = catalog_files(catalog, &count);
    int64_t loaded_at_ms = id_ms(id_next(&engine->ids, now_ms, 0)); /* also after a clock's jump */
    for (int i = 0; error == OK && i < count; i++) {
        error = store_file_put(engine->store, &files[i], loaded_at_ms, detail);
    }
    return error;
}

/* The definition is lost (it cannot be: rows are never deleted): the run goes on with the present
 * one of its name, or ends. */
static void substitute(struct engine *engine, struct run *run)
{
    const struct journey *journey = catalog_journey(engine->catalog, run->journey);
    engine_count_error(engine, ENGINE_ERROR_INVARIANT);
    log_error("engine", "the definition of a run is not in the database", "run=%lld replaced=%s",
              (long long)run->id, journey != NULL ? "yes" : "no");
    if (journey != NULL && run->step < journey->step_count) {
        run->definition = journey->hash;
    } else {
        run->outcome = RUN_LEFT;
        run->phase = PHASE_ENDED;
        run->next_at_ms = 0;
        run->ended_at_ms = clock_now_ms(engine->clock);
    }
    run->changed = true;
}

enum err settings_pin(struct engine *engine, struct arena *arena, struct run *run,
                      struct err_detail *detail)
{
    if (catalog_definition(engine->catalog, run->definition) != NULL) {
        return OK;
    }
    struct str yaml = STR_NONE;
    struct mistakes mistakes = {0};
    enum err error = store_definition_get(engine->store, arena, run->definition, &yaml, detail);
    if (error == OK) {
        error = catalog_add_pinned(engine->catalog, yaml, &mistakes);
    }
    bool other = error == OK && catalog_definition(engine->catalog, run->definition) == NULL;
    if (error == ERR_NOT_FOUND || error == ERR_INVALID || other) {
        substitute(engine, run);
        return OK;
    }
    return error;
}

/* The stored payload of journeys_apply; mistakes would be those of an older program's journeys. */
static enum err build_applied(struct arena *arena, const json_t *payload,
                              struct catalog **ret_catalog)
{
    const json_t *list = json_get_array(payload, "files");
    size_t count = json_array_size(list);
    struct definition_file *files = ARENA_ARRAY(arena, struct definition_file, count);
    struct mistakes mistakes = {0};
    for (size_t i = 0; i < count; i++) {
        files[i].name = json_get_str(json_array_get(list, i), "name");
        files[i].yaml = json_get_str(json_array_get(list, i), "yaml");
    }
    return catalog_build(arena, files, (int)count, ret_catalog, &mistakes);
}

enum err engine_applied_catalog(struct store *store, struct arena *arena,
                                struct catalog **ret_catalog, struct err_detail *detail)
{
    json_t *payload = NULL;
    *ret_catalog = NULL;
    enum err error = read_setting(store, arena, "journeys/current", &payload, detail);
    if (error == OK && payload != NULL && build_applied(arena, payload, ret_catalog) != OK) {
        *ret_catalog = NULL;
        log_error("engine", "the journeys applied last do not fit this program; its own are used",
                  "setting=journeys/current");
    }
    json_decref(payload);
    return error;
}

enum err settings_applied_catalog(struct engine *engine, struct err_detail *detail)
{
    struct arena *arena = arena_new((size_t)64 * 1024);
    struct catalog *catalog = NULL;
    enum err error = engine_applied_catalog(engine->store, arena, &catalog, detail);
    if (catalog != NULL) {
        engine_swap_catalog(engine, catalog);
    }
    arena_free(arena);
    return error;
}
