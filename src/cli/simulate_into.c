/* Writes into an empty store only: made-up people must never stand beside real ones. */
#include "cli/simulate_into.h"

#include <unistd.h>

#include "base/digest.h"
#include "base/json.h"

static const int64_t LEASE_MS = INT64_C(6) * 60 * 60 * 1000; /* given back at the end */

static enum err check_empty(struct store *store, struct arena *arena, struct err_detail *detail)
{
    struct rows rows;
    enum err error = store_query(store, arena, "replay_people_count", NULL, 0, 1, &rows, detail);
    if (error == OK && rows.cells[0].integer > 0) {
        return err_set(detail, ERR_CONFLICT,
                       "there are %lld people in that store; made-up people need an empty one",
                       (long long)rows.cells[0].integer);
    }
    return error;
}

static enum err put_definitions(struct store *store, const struct sim_options *options,
                                struct err_detail *detail)
{
    enum err error = OK;
    for (int i = 0; error == OK && i < catalog_journey_count(options->catalog); i++) {
        const struct journey *journey = catalog_journey_at(options->catalog, i);
        error = store_definition_put(store, journey->hash, journey->name, journey->version,
                                     journey->source, options->start_ms, detail);
    }
    return error;
}

/* As if the rollout had begun with the first of them. */
static enum err put_rollout(struct cli *cli, struct store *store, const struct rollout *rollout,
                            struct err_detail *detail)
{
    json_t *json = json_object();
    json_object_set_new(json, "name", json_str(rollout->name));
    json_object_set_new(json, "seed", json_str(rollout->seed));
    json_object_set_new(json, "share", json_real(rollout->share_permyriad / 100.0));
    json_object_set_new(json, "started_at_ms", json_integer(rollout->started_at_ms));
    struct str text = json_write(cli->arena, json);
    json_decref(json);
    return store_setting_put(store, "rollout/superior_onboarding", text, rollout->started_at_ms,
                             detail);
}

static enum err prepare(struct cli *cli, struct store *store, const struct sim_options *options,
                        struct err_detail *detail)
{
    enum err error = store_begin(store, detail);
    if (error != OK) {
        return error;
    }
    error = put_definitions(store, options, detail);
    if (error == OK) {
        error = put_rollout(cli, store, &options->installation.rollout, detail);
    }
    if (error == OK) {
        return store_commit(store, detail);
    }
    store_rollback(store);
    return error;
}

static enum err live(struct cli *cli, struct store *store, const struct into_wish *wish,
                     struct sim_options *options, const struct sim_result **ret_result,
                     struct err_detail *detail)
{
    options->installation.rollout = (struct rollout){.name = STR("superior_onboarding"),
                                                     .seed = STR("superior_onboarding"),
                                                     .share_permyriad = wish->share_percent * 100,
                                                     .started_at_ms = options->start_ms};
    enum err error = prepare(cli, store, options, detail);
    if (error == OK) {
        options->threads = 1;
        options->keep = keep_new(store, options->users, wish->until_ms);
        *ret_result = sim_run(cli->arena, options);
        error = keep_end(options->keep, detail);
        keep_free(options->keep);
    }
    return error;
}

int simulate_into(struct cli *cli, const struct into_wish *wish, const struct sim_options *options,
                  const struct sim_result **ret_result)
{
    struct err_detail detail = {""};
    struct store *store = NULL;
    struct lease lease;
    struct sim_options own = *options;
    uint64_t random;
    digest_random(&random, sizeof(random));
    int64_t owner = (int64_t)(random >> 1);
    int64_t now_ms = clock_now_ms(cli->clock);
    enum err error = store_open(wish->url, STORE_WRITER, &store, &detail);
    if (error == OK) {
        error = store_make_ready(store, NULL, NULL, &detail);
    }
    if (error == OK) {
        error =
            store_lease_take(store, owner, getpid(), now_ms, now_ms + LEASE_MS, &lease, &detail);
    }
    if (error == OK) {
        error = check_empty(store, cli->arena, &detail);
        if (error == OK) {
            error = live(cli, store, wish, &own, ret_result, &detail);
        }
        struct err_detail ignored;
        enum err given = store_lease_give(store, owner, error == OK ? &detail : &ignored);
        error = error == OK ? given : error;
    }
    store_close(store);
    return error == OK ? CLI_OK : cli_fail(cli, error, &detail);
}
