/* The rollback drill: on the running installation, with the store, the server and the commands that
 * an earnest rollback would use, for one made-up person. Nobody else is touched. */
#include "base/digest.h"
#include "cli/journeys_load.h"
#include "cli/preflight/preflight.h"

struct drill {
    struct cli *cli;
    struct store *store;
    struct catalog *catalog;
    struct str user_id;
    int64_t took_ms;
};

static const struct journey *onboarding_of(const struct catalog *catalog, enum journey_set set)
{
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        const struct journey *journey = catalog_journey_at(catalog, i);
        if (journey->is_onboarding && journey->set == set && journey->stage == STAGE_NONE) {
            return journey;
        }
    }
    return NULL;
}

static enum err enter(struct drill *drill, const struct journey *journey, struct err_detail *detail)
{
    unsigned char random[12];
    digest_random(random, sizeof(random));
    struct arena *arena = drill->cli->arena;
    struct str session =
        digest_base64url(arena, (struct str){(const char *)random, sizeof(random)});
    json_t *payload =
        json_pack("{s:s, s:s, s:b}", "kind", "trigger", "channel", "webchat", "test", 1);
    json_object_set_new(payload, "identity",
                        json_str(arena_printf(arena, "drill-%.*s", STR_ARG(session))));
    json_object_set_new(payload, "name", json_str(journey->name));
    json_t *result = NULL;
    enum err error = cli_engine_command(drill->cli, "input", payload, &result, detail);
    if (error == OK && !json_get_bool(result, "entered", false)) {
        error = err_set(detail, ERR_CONFLICT, "the made-up person did not enter %.*s: %.*s",
                        STR_ARG(journey->name), STR_ARG(json_get_str(result, "reason")));
    }
    drill->user_id = arena_str(arena, json_get_str(result, "user_id"));
    json_decref(result);
    return error;
}

static enum err roll_back(struct drill *drill, struct err_detail *detail)
{
    json_t *result = NULL;
    json_t *payload = json_object();
    json_object_set_new(payload, "user_id", json_str(drill->user_id));
    int64_t begun_ms = clock_monotonic_ms(drill->cli->clock);
    enum err error = cli_engine_command(drill->cli, "rollback_person", payload, &result, detail);
    drill->took_ms = clock_monotonic_ms(drill->cli->clock) - begun_ms;
    json_decref(result);
    return error;
}

/* How the newest run of the journey stands. */
static enum err expect_outcome(struct drill *drill, const struct journey *journey,
                               enum run_outcome outcome, struct err_detail *detail)
{
    struct rows rows = {0};
    int64_t user_id = 0;
    str_to_int64(drill->user_id, &user_id);
    const struct arg args[] = {ARG_INT(user_id), ARG_TEXT(journey->name)};
    enum err error =
        store_query(drill->store, drill->cli->arena, "preflight_person", args, 2, 1, &rows, detail);
    if (error == OK && (rows.count != 1 || rows.cells[0].integer != (int64_t)outcome)) {
        error = err_set(detail, ERR_CONFLICT,
                        "the run of %.*s is not %s (a partial rollback in "
                        "force moves less)",
                        STR_ARG(journey->name), outcome == RUN_ACTIVE ? "active" : "rolled back");
    }
    return error;
}

static enum err walk(struct drill *drill, struct err_detail *detail)
{
    const struct journey *optimized = onboarding_of(drill->catalog, SET_OPTIMIZED);
    const struct journey *original = onboarding_of(drill->catalog, SET_ORIGINAL);
    if (optimized == NULL || original == NULL) {
        return err_set(detail, ERR_NOT_FOUND, "the journeys hold no pair of onboardings");
    }
    enum err error = enter(drill, optimized, detail);
    if (error == OK) {
        error = expect_outcome(drill, optimized, RUN_ACTIVE, detail);
    }
    if (error == OK) {
        error = roll_back(drill, detail);
    }
    if (error == OK) {
        error = expect_outcome(drill, optimized, RUN_ROLLED_BACK, detail);
    }
    return error == OK ? expect_outcome(drill, original, RUN_ACTIVE, detail) : error;
}

static enum err erase(struct drill *drill, struct err_detail *detail)
{
    json_t *result = NULL;
    if (drill->user_id.length == 0) {
        return OK;
    }
    json_t *payload = json_pack("{s:s, s:s}", "kind", "admin", "name", "erase");
    json_object_set_new(payload, "user_id", json_str(drill->user_id));
    enum err error = cli_engine_command(drill->cli, "input", payload, &result, detail);
    json_decref(result);
    return error;
}

static enum err record(struct drill *drill, const struct drill_result *result,
                       struct err_detail *detail)
{
    json_t *value = drill_json(result);
    json_object_set_new(value, "definitions",
                        json_str(definitions_hash(drill->cli->arena, drill->catalog)));
    return preflight_record(drill->cli, "rollback-drill", value, detail);
}

static enum err run(struct drill *drill, struct drill_result *ret_result, struct err_detail *detail)
{
    struct err_detail why = {""};
    bool passed = walk(drill, &why) == OK;
    enum err error = erase(drill, detail);
    *ret_result = (struct drill_result){
        passed, drill->took_ms, arena_str(drill->cli->arena, str_of(passed ? "" : why.text)).ptr};
    return error == OK ? record(drill, ret_result, detail) : error;
}

enum err rollback_drill(struct cli *cli, struct drill_result *ret_result, struct err_detail *detail)
{
    struct drill drill = {.cli = cli, .user_id = STR("")};
    enum err error = store_open(cli->config.database_url, STORE_READER, &drill.store, detail);
    if (error == OK) {
        error = store_make_ready(drill.store, NULL, NULL, detail);
    }
    if (error == OK) {
        error = journeys_in_force(cli->arena, drill.store, cli->config.journeys_dir, &drill.catalog,
                                  detail);
    }
    if (error == OK) {
        error = run(&drill, ret_result, detail);
    }
    catalog_free(drill.catalog);
    store_close(drill.store);
    return error;
}

json_t *drill_json(const struct drill_result *result)
{
    return json_pack("{s:b, s:I, s:s}", "passed", result->passed, "took_ms",
                     (json_int_t)result->took_ms, "why", result->why);
}
