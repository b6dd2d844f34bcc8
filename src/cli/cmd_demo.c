/* nudge demo: everything in a browser, without any account. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/limits.h"
#include "bi/reference_dataset.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/runtime.h"

static const char text[] =
    "Loads 18 people into a fresh store and lets you live the onboarding in your browser, within "
    "minutes: "
    "time runs fast while nothing waits for you, and at its normal pace while something does.\v"
    "Examples:\n"
    "  nudge demo\n"
    "  nudge demo --listen 127.0.0.1:9000 --time-scale 1200\n"
    "  DATABASE_URL=sqlite:demo.sqlite nudge demo --no-serve     only load the people";

enum { MORNING_MINUTE = 8 * 60 + 30, KEY_BYTES = 9 };

struct demo_options {
    const char *listen;
    const char *scale;
    bool no_serve;
};

struct demo {
    struct clock *clock;
    double scale;
    const char *key;    /* of the dashboard */
    const char *folder; /* temporary, removed at the end; NULL: the store is the user's own */
};

/* A morning, so that a whole onboarding fits in before the quiet hours. */
static int64_t demo_start_ms(const struct cli *cli)
{
    const struct zone *zone = zone_find(str_of(cli->config.default_time_zone));
    zone = zone != NULL ? zone : zone_utc();
    int64_t now_ms = clock_now_ms(cli->clock);
    return calendar_instant(zone, calendar_local_day(zone, now_ms), MORNING_MINUTE);
}

/* The people of the dataset have no address, so a message sent means that somebody is here. */
static void set_pace(void *context, struct engine *engine)
{
    struct demo *demo = context;
    struct engine_status status;
    engine_status(engine, &status);
    clock_set_rate(demo->clock, status.someone_waits || status.sent == 0 ? 1.0 : demo->scale);
}

static void say_where(void *context, int port)
{
    const struct demo *demo = context;
    printf("\n  Open  http://127.0.0.1:%d/chat  and say hello.\n"
           "  Open  http://127.0.0.1:%d/admin/dashboard-enhanced  with the key  %s\n\n"
           "  Time runs %g times as fast while nothing waits for you.\n"
           "  In another terminal:  DATABASE_URL=sqlite:%s/demo.sqlite nudge metrics\n"
           "  Stop with Ctrl-C.\n\n",
           port, port, demo->key, demo->scale, demo->folder);
    fflush(stdout);
}

/* A store in a folder of its own, unless DATABASE_URL was given. */
static enum err choose_store(struct cli *cli, struct demo *demo, struct err_detail *detail)
{
    const char *base = getenv("TMPDIR");
    char *folder = arena_strdup(
        cli->arena,
        arena_printf(cli->arena, "%s/nudge-demo-XXXXXX", base != NULL ? base : "/tmp").ptr);
    if (mkdtemp(folder) == NULL) {
        return err_set(detail, ERR_IO, "cannot make a temporary folder: %s", strerror(errno));
    }
    demo->folder = folder;
    cli->config.database_url = arena_printf(cli->arena, "sqlite:%s/demo.sqlite", folder).ptr;
    return OK;
}

static void remove_folder(struct cli *cli, const struct demo *demo)
{
    static const char *const names[] = {"demo.sqlite", "demo.sqlite-wal", "demo.sqlite-shm",
                                        "demo.sqlite-serve"};
    if (demo->folder == NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unlink(arena_printf(cli->arena, "%s/%s", demo->folder, names[i]).ptr);
    }
    rmdir(demo->folder);
}

static enum err load(struct cli *cli, int64_t now_ms, struct err_detail *detail)
{
    struct store *store = NULL;
    enum err error = store_open(cli->config.database_url, STORE_WRITER, &store, detail);
    if (error == OK) {
        error = store_make_ready(store, NULL, NULL, detail);
    }
    if (error == OK) {
        error = reference_dataset_load(store, now_ms, detail);
    }
    store_close(store);
    return error;
}

/* One of its own, unless ADMIN_API_KEY is set. */
static void choose_key(struct cli *cli, struct demo *demo)
{
    if (cli->config.admin_api_key[0] == '\0') {
        char random[KEY_BYTES];
        digest_random(random, sizeof(random));
        cli->config.admin_api_key =
            digest_base64url(cli->arena, (struct str){random, sizeof(random)}).ptr;
    }
    demo->key = cli->config.admin_api_key;
}

static int serve(struct cli *cli, struct demo *demo, const char *listen)
{
    choose_key(cli, demo);
    struct err_detail detail = {""};
    struct runtime *runtime = NULL;
    const struct runtime_options options = {
        .clock = demo->clock, .channels = true, .webchat = true};
    enum err error = runtime_new(cli, &options, &runtime, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    /* Everybody who says hello here is to see the optimized onboarding. */
    error = engine_command(runtime_engine(runtime), STR("rollout_set"),
                           STR("{\"name\":\"superior_onboarding\",\"share\":100}"), STR("demo"),
                           NULL, NULL);
    if (error != OK) {
        runtime_free(runtime);
        return cli_fail(cli, error, NULL);
    }
    struct clock *real = cli->clock;
    cli->clock = demo->clock;
    const struct serve_options serve_options = {.listen = listen,
                                                .demo = true,
                                                .time_scale = demo->scale,
                                                .ready = say_where,
                                                .each_tick = set_pace,
                                                .context = demo};
    int status = runtime_serve(cli, runtime, &serve_options);
    runtime_free(runtime);
    cli->clock = real;
    return status;
}

static int check(struct cli *cli, const struct demo_options *options, struct demo *demo)
{
    char *end = NULL;
    demo->scale = options->scale != NULL ? strtod(options->scale, &end) : 600;
    if ((end != NULL && *end != '\0') || !(demo->scale >= 1 && demo->scale <= 100000)) {
        return cli_usage(cli, "--time-scale takes a number from 1 to 100000");
    }
    if (!options->no_serve && cli->config.telegram_bot_token[0] != '\0') {
        return cli_usage(cli,
                         "the demo lets time run fast and must not write to real people: unset "
                         "TELEGRAM_BOT_TOKEN, or use nudge serve");
    }
    return CLI_OK;
}

int cmd_demo(int argc, char **argv)
{
    struct demo_options options = {.listen = "127.0.0.1:8080"};
    const struct option_row rows[] = {
        {"listen", 'l', "HOST:PORT", "Serve there (default 127.0.0.1:8080)", NULL, &options.listen},
        {"time-scale", 0, "FACTOR", "How fast time runs while nothing waits for you (default 600)",
         NULL, &options.scale},
        {"no-serve", 0, NULL, "Only load the people into DATABASE_URL", &options.no_serve, NULL},
        {0}};
    struct cli cli;
    struct arguments arguments;
    struct demo demo = {0};
    int status = arguments_begin(&cli, rows, "", text, argc, argv, &arguments);
    if (status == CLI_OK) {
        status = check(&cli, &options, &demo);
    }
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    struct err_detail detail = {""};
    int64_t start_ms = options.no_serve ? clock_now_ms(cli.clock) : demo_start_ms(&cli);
    enum err error = options.no_serve ? OK : choose_store(&cli, &demo, &detail);
    if (error == OK) {
        error = load(&cli, start_ms, &detail);
    }
    if (error != OK) {
        status = cli_fail(&cli, error, &detail);
    } else if (options.no_serve) {
        printf("loaded 18 people and 75 commitments; see: nudge metrics\n");
    } else {
        demo.clock = clock_new_scaled(start_ms, 1.0);
        status = serve(&cli, &demo, options.listen);
        clock_free(demo.clock);
    }
    remove_folder(&cli, &demo);
    return cli_end(&cli, status);
}
