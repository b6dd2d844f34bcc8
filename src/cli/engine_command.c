/* A command for the engine: by the inbox of a living server, else by an engine of our own. */
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/runtime.h"

enum { ANSWER_WAIT_MS = 30000, POLL_MS = 20 };

static void nap(void)
{
    const struct timespec pause = {0, POLL_MS * 1000000L};
    nanosleep(&pause, NULL);
}

static bool is_stopping(const struct cli *cli)
{
    return cli->stopping != NULL && atomic_load(cli->stopping);
}

/* Who asks, for the audit: "cli:anna". With sudo, whoever called it. */
static struct str actor_of(struct cli *cli)
{
    enum { NAME_BYTES_MAX = 64, BUFFER_BYTES = 4096 };
    if (cli->actor != NULL) {
        return str_of(cli->actor);
    }
    struct passwd entry;
    struct passwd *found = NULL;
    const char *sudo = getenv("SUDO_USER");
    char *buffer = arena_alloc(cli->arena, BUFFER_BYTES);
    getpwuid_r(getuid(), &entry, buffer, BUFFER_BYTES, &found);
    if (sudo != NULL && sudo[0] != '\0' && strlen(sudo) <= NAME_BYTES_MAX) {
        return arena_printf(cli->arena, "cli:%s", sudo);
    }
    return found != NULL ? arena_printf(cli->arena, "cli:%s", found->pw_name)
                         : arena_printf(cli->arena, "cli:%u", (unsigned)getuid());
}

static enum err read_result(struct str text, json_t **ret_result, struct err_detail *detail)
{
    if (text.length == 0) {
        *ret_result = json_null();
        return OK;
    }
    return json_read(text, text.length, ret_result, detail);
}

static enum err ask_server(struct cli *cli, struct store *store, const char *kind,
                           struct str payload, json_t **ret_result, struct err_detail *detail)
{
    int64_t id = 0;
    enum err error = store_inbox_put(store, str_of(kind), payload, actor_of(cli),
                                     clock_now_ms(cli->clock), &id, detail);
    int64_t until_ms = clock_monotonic_ms(cli->clock) + ANSWER_WAIT_MS;
    while (error == OK && !is_stopping(cli) && clock_monotonic_ms(cli->clock) < until_ms) {
        bool done = false;
        enum err answered = OK;
        struct str result = STR_NONE;
        error = store_inbox_result(store, cli->arena, id, &done, &answered, &result, detail);
        if (error == OK && done) {
            if (answered != OK) {
                return err_set(detail, answered, "%.*s", STR_ARG(result));
            }
            return read_result(result, ret_result, detail);
        }
        nap();
    }
    return error != OK
               ? error
               : err_set(detail, ERR_TIMEOUT,
                         "the running server did not answer within %d s; the command waits in "
                         "its inbox",
                         ANSWER_WAIT_MS / 1000);
}

struct waiting {
    bool done;
    enum err error;
    struct str result;
    struct arena *arena;
    struct err_detail *detail;
};

static void answered(void *context, const struct outcome *outcome)
{
    struct waiting *waiting = context;
    waiting->done = true;
    waiting->error = outcome->error;
    waiting->result = arena_str(waiting->arena, outcome->result);
    if (outcome->error != OK && outcome->detail != NULL) {
        *waiting->detail = *outcome->detail;
    }
}

/* Steps the engine until the command was answered and what it caused was sent. */
static enum err run_own_engine(struct cli *cli, const char *kind, struct str payload,
                               json_t **ret_result, struct err_detail *detail)
{
    struct runtime *runtime = NULL;
    const struct runtime_options options = {.clock = cli->clock, .channels = true, .webchat = true};
    enum err error = runtime_new(cli, &options, &runtime, detail);
    if (error != OK) {
        return error;
    }
    struct waiting waiting = {.arena = cli->arena, .detail = detail};
    struct engine *engine = runtime_engine(runtime);
    error = engine_command(engine, str_of(kind), payload, actor_of(cli), answered, &waiting);
    int64_t until_ms = clock_monotonic_ms(cli->clock) + ANSWER_WAIT_MS;
    bool busy = true;
    while (error == OK && busy && clock_monotonic_ms(cli->clock) < until_ms) {
        struct step_result step = {0};
        error = engine_step(engine, &step, detail);
        int in_flight = 0;
        for (int i = 0; i < CHANNEL_COUNT; i++) {
            const struct channel *channel = runtime_channel(runtime, (enum channel_kind)i);
            in_flight += channel != NULL ? channel->ops->in_flight(channel) : 0;
        }
        busy = !waiting.done || step.more || step.sent > 0 || step.reports > 0 || in_flight > 0;
        if (in_flight > 0) {
            nap();
        }
    }
    runtime_free(runtime);
    if (error != OK || waiting.error != OK) {
        return error != OK ? error : waiting.error;
    }
    if (!waiting.done) {
        return err_set(detail, ERR_TIMEOUT, "not done within %d s", ANSWER_WAIT_MS / 1000);
    }
    return read_result(waiting.result, ret_result, detail);
}

enum err cli_engine_command(struct cli *cli, const char *kind, json_t *payload, json_t **ret_result,
                            struct err_detail *detail)
{
    struct str text = json_write(cli->arena, payload);
    json_decref(payload);
    struct store *store = NULL;
    struct migration_state state = {0};
    struct lease lease = {0};
    enum err error = store_open(cli->config.database_url, STORE_WRITER, &store, detail);
    if (error != OK) {
        return error;
    }
    error = store_migration_state(store, &state, detail);
    if (error == OK && state.pending == 0) {
        error = store_lease_show(store, clock_now_ms(cli->clock), &lease, detail);
    }
    /* A living holder whose lease ran out is only late (the clock was set, the machine slept) and
     * about to renew it: an engine of our own would be in its way. */
    bool served = error == OK && (lease.is_alive || lease.left_ms > 0);
    if (error == OK && served) {
        error = ask_server(cli, store, kind, text, ret_result, detail);
    }
    store_close(store);
    return error == OK && !served ? run_own_engine(cli, kind, text, ret_result, detail) : error;
}
