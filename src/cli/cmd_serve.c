/* nudge serve: the bot in production on one machine. */
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/build_info.h"
#include "base/digest.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/standby.h"

enum { KEY_LISTEN = 'l', KEY_STANDBY = 's' };

struct asked {
    const char *listen;
    bool standby;
};

static const struct argp_option options[] = {
    {"listen", KEY_LISTEN, "HOST:PORT", 0,
     "Serve HTTP there (default 127.0.0.1:PORT, PORT from the settings)", 0},
    {"standby", KEY_STANDBY, NULL, 0,
     "While another process serves the database (PostgreSQL), wait, and take over when it ends, "
     "dies or stands still",
     0},
    {0}};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct asked *asked = state->input;
    if (key == KEY_LISTEN) {
        asked->listen = argument;
        return 0;
    }
    if (key == KEY_STANDBY) {
        asked->standby = true;
        return 0;
    }
    return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
    options,
    parse,
    NULL,
    "Runs the bot: receives, decides, sends, and serves health, webhook and web chat.\v"
    "Settings come from the environment or .env; DATABASE_URL alone is enough to start. A channel "
    "without credentials is off and says so.\n\n"
    "Examples:\n"
    "  DATABASE_URL=sqlite:nudge.sqlite nudge serve\n"
    "  nudge serve --listen 0.0.0.0:8080\n"
    "  nudge serve --standby          on each of two machines",
    NULL,
    NULL,
    NULL};

static void say_ready(void *context, int port)
{
    (void)context;
    log_info("serve", "ready", "port=%d", port);
}

/* `host` keeps the name. */
static struct node this_node(char host[HOST_NAME_MAX + 1])
{
    struct node node = {.pid = getpid(), .host = host, .version = build_info_version()};
    uint64_t random;
    digest_random(&random, sizeof(random));
    node.id = (int64_t)(random >> 1);
    if (gethostname(host, HOST_NAME_MAX + 1) != 0) {
        host[0] = '\0';
    }
    host[HOST_NAME_MAX] = '\0';
    return node;
}

int cmd_serve(int argc, char **argv)
{
    struct asked asked = {0};
    struct cli cli;
    int status = cli_begin(&cli, &argp, argc, argv, &asked);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (asked.listen == NULL) {
        asked.listen = arena_printf(cli.arena, "127.0.0.1:%d", cli.config.port).ptr;
    }
    struct err_detail detail = {""};
    struct runtime *runtime = NULL;
    char host[HOST_NAME_MAX + 1];
    const struct node node = this_node(host);
    const struct runtime_options runtime_options = {
        .clock = cli.clock, .channels = true, .node = &node};
    int socket = 0;
    enum err error = asked.standby ? standby_wait(&cli, &runtime_options, asked.listen, &runtime,
                                                  &socket, &detail)
                                   : runtime_new(&cli, &runtime_options, &runtime, &detail);
    if (error != OK || runtime == NULL) {
        return cli_end(&cli, error != OK ? cli_fail(&cli, error, &detail) : CLI_OK);
    }
    const struct serve_options serve = {
        .listen = asked.listen, .socket = socket, .ready = say_ready, .time_scale = 1.0};
    status = runtime_serve(&cli, runtime, &serve);
    runtime_free(runtime);
    return cli_end(&cli, status);
}
