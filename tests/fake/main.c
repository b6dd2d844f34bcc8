/* fake-telegram: a strict stand-in for the Telegram Bot API on 127.0.0.1, for tests and benches.
 *
 * It holds everything in memory, prints "listening on 127.0.0.1:PORT" once it does, and ends with
 * the process that started it when told --exit-with-stdin. README.md says what it can do. */
#include "deliver.h"
#include "server.h"
#include "state.h"

#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct options {
    uint16_t port;
    bool keep_log;
    bool exit_with_stdin;
    bool open;
    const char *token;
};

static const struct argp_option option_table[] = {
    {"port", 'p', "PORT", 0, "Listen on this port; 0, the default, takes a free one", 0},
    {"bot", 'b', "TOKEN", 0, "Make this bot at the start", 0},
    {"open", 'o', NULL, 0, "That bot accepts chats it was never told of", 0},
    {"no-log", 'n', NULL, 0, "Keep counters and the latest message of a chat only", 0},
    {"exit-with-stdin", 'x', NULL, 0, "End when standard input is closed", 0},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct options *options = state->input;
    char *end;
    switch (key) {
    case 'p': {
        long port = strtol(value, &end, 10);
        if (*end || port < 0 || port > 65535) {
            argp_error(state, "not a port: %s", value);
        }
        options->port = (uint16_t)port;
        return 0;
    }
    case 'b':
        if (!strchr(value, ':') || value[0] == '0') {
            argp_error(state, "a token looks like 42:SECRET, not %s", value);
        }
        options->token = value;
        return 0;
    case 'o':
        options->open = true;
        return 0;
    case 'n':
        options->keep_log = false;
        return 0;
    case 'x':
        options->exit_with_stdin = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void wait_for_the_end(const struct options *options)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    if (!options->exit_with_stdin) {
        int signal_number;
        sigwait(&ends, &signal_number);
        return;
    }
    sigprocmask(SIG_UNBLOCK, &ends, NULL);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0 || errno == EINTR) {
        errno = 0;
    }
}

int main(int argc, char **argv)
{
    struct options options = {.keep_log = true};
    const struct argp argp = {
        option_table, parse_option, NULL, "A strict fake Telegram Bot API server for tests.",
        NULL,         NULL,         NULL};
    argp_parse(&argp, argc, argv, 0, NULL, &options);
    signal(SIGPIPE, SIG_IGN);
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);

    struct world world = {.keep_log = options.keep_log};
    pthread_mutex_init(&world.lock, NULL);
    if (options.token) {
        struct bot *bot = world_bot_add(&world, options.token, "fake_bot", "Fake");
        bot->open = options.open;
    }
    uint16_t port = 0;
    if (!deliverer_start(&world) || !server_start(&world, options.port, &port)) {
        fprintf(stderr, "fake-telegram: cannot listen on 127.0.0.1:%u: %s\n",
                (unsigned)options.port, strerror(errno));
        return 1;
    }
    printf("listening on 127.0.0.1:%u\n", (unsigned)port);
    fflush(stdout);
    wait_for_the_end(&options);
    /* Memory and sockets go with the process: threads may be in the middle of an answer. */
    _exit(0);
}
