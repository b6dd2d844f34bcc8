/* One thread plays the client and steps the engine; the server's own thread does the rest. */
#include "lib/served.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/config.h"
#include "base/log.h"
#include "channel/telegram.h"
#include "channel/webchat.h"
#include "core/mistakes.h"
#include "engine/engine.h"
#include "http/server.h"

enum { ANSWER_BYTES_MAX = 4 << 20, DEADLINE_S = 20, STEPS_MAX = 10000 };

const char served_secret[] = "webhook-secret";
static const int64_t START_MS = 1795428000000; /* Monday, 2026-11-23, 10:00 UTC */

struct served {
    struct arena *arena;
    char folder[64];
    char url[128];
    struct config config;
    struct clock *clock;
    struct store *store, *reader;
    struct http_client *client;
    struct channel *telegram, *webchat;
    struct engine *engine;
    struct http_server *server;
    char *answer; /* of ANSWER_BYTES_MAX */
};

static void must(enum err error, const struct err_detail *detail)
{
    if (error != OK) {
        fprintf(stderr, "served: %s: %s\n", err_text(error), detail->text);
    }
    ASSERT(error == OK);
}

/* ---- setting up ---- */

static void forward_report(void *context, const struct report *report)
{
    struct channel_sink sink = engine_sink(((struct served *)context)->engine);
    sink.report(sink.context, report);
}

static void open_store(struct served *served)
{
    struct err_detail detail = {""};
    /* In memory where there is such a folder: commits wait for the disk. */
    snprintf(served->folder, sizeof(served->folder), "%s/nudge-served-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    ASSERT(mkdtemp(served->folder) != NULL);
    snprintf(served->url, sizeof(served->url), "sqlite:%s/test.db", served->folder);
    must(store_open(served->url, STORE_WRITER, &served->store, &detail), &detail);
    must(store_migrate(served->store, NULL, NULL, &detail), &detail);
    must(store_open(served->url, STORE_READER, &served->reader, &detail), &detail);
}

static void open_channels(struct served *served)
{
    struct err_detail detail = {""};
    const struct channel_sink sink = {.context = served, .report = forward_report};
    const struct http_client_options http = {.clock = served->clock};
    must(http_client_new(&http, &served->client, &detail), &detail);
    const struct telegram_options telegram = {.client = served->client,
                                              .clock = served->clock,
                                              .token = "123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0",
                                              .api_url = "http://127.0.0.1:9",
                                              .sink = sink};
    must(telegram_new(&telegram, &served->telegram, &detail), &detail);
    served->webchat = webchat_new(&sink);
}

/* The optimized journeys have more to answer. */
static void roll_out(struct served *served)
{
    struct err_detail detail = {""};
    must(engine_command(served->engine, STR("rollout_set"),
                        STR("{\"name\":\"superior_onboarding\",\"share\":100}"), STR("test"), NULL,
                        NULL),
         &detail);
    served_settle(served);
}

struct served *served_new(void)
{
    struct served *served = calloc(1, sizeof(*served));
    ASSERT(served != NULL);
    served->answer = malloc(ANSWER_BYTES_MAX);
    ASSERT(served->answer != NULL);
    struct err_detail detail = {""};
    log_set_level(LOG_LEVEL_ERROR);
    signal(SIGPIPE, SIG_IGN);
    served->arena = arena_new(64 * 1024);
    served->clock = clock_new_virtual(START_MS);
    char *environment[] = {NULL};
    must(config_load(served->arena, environment, NULL, &served->config, &detail), &detail);
    open_store(served);
    open_channels(served);
    struct catalog *catalog = NULL;
    struct mistakes mistakes;
    must(catalog_build_embedded(served->arena, &catalog, &mistakes), &detail);
    struct engine_options engine = {.config = &served->config,
                                    .clock = served->clock,
                                    .store = served->store,
                                    .catalog = catalog,
                                    .seed = 42,
                                    .owner = 4711,
                                    .lease_ms = INT64_MAX / 4,
                                    .pacing = true,
                                    .entropy = STR("0123456789abcdef0123456789abcdef")};
    engine.channels[CHANNEL_WEBCHAT] = served->webchat;
    must(engine_new(&engine, &served->engine, &detail), &detail);
    const struct http_options http = {.listen = "127.0.0.1:0",
                                      .app = {.config = &served->config,
                                              .clock = served->clock,
                                              .engine = served->engine,
                                              .reader = served->reader,
                                              .webchat = served->webchat,
                                              .telegram = served->telegram,
                                              .telegram_secret = served_secret,
                                              .time_scale = 1}};
    must(http_server_start(&http, &served->server, &detail), &detail);
    roll_out(served);
    return served;
}

void served_free(struct served *served)
{
    static const char *const names[] = {"test.db", "test.db-wal", "test.db-shm", "test.db-serve"};
    http_server_quiesce(served->server);
    served_settle(served);
    http_server_stop(served->server);
    engine_free(served->engine);
    served->telegram->ops->free(served->telegram);
    served->webchat->ops->free(served->webchat);
    http_client_free(served->client);
    store_close(served->reader);
    store_close(served->store);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", served->folder, names[i]);
        unlink(path);
    }
    rmdir(served->folder);
    clock_free(served->clock);
    arena_free(served->arena);
    free(served->answer);
    free(served);
}

static struct served *kept;

static void free_kept(void)
{
    if (kept != NULL) {
        served_free(kept);
        kept = NULL;
    }
}

struct served *served_kept(int asks_before_renewal)
{
    static int asked;
    bool first = asked == 0;
    if (asked++ % asks_before_renewal == 0) {
        free_kept();
    }
    if (kept == NULL) {
        kept = served_new();
    }
    if (first) {
        atexit(free_kept); /* after OpenSSL asked for its own, which must come last */
    }
    return kept;
}

struct clock *served_clock(struct served *served)
{
    return served->clock;
}

/* ---- asking ---- */

static bool step(struct served *served)
{
    struct step_result result;
    struct err_detail detail = {""};
    must(engine_step(served->engine, &result, &detail), &detail);
    return result.more || result.inputs + result.reports + result.due + result.sent > 0;
}

void served_settle(struct served *served)
{
    int steps = 0;
    while (step(served)) {
        ASSERT(++steps < STEPS_MAX); /* or it never comes to rest */
    }
    http_server_tick(served->server); /* notices streams whose client is gone */
}

/* A fuzzer's alarm may interrupt it; the connection is made all the same. */
static int connected(int file, const struct sockaddr_in *address)
{
    if (connect(file, (const struct sockaddr *)address, sizeof(*address)) == 0) {
        return 0;
    }
    int error = errno;
    socklen_t size = sizeof(error);
    struct pollfd waiting = {.fd = file, .events = POLLOUT};
    while (error == EINTR) {
        int ready = poll(&waiting, 1, DEADLINE_S * 1000);
        if (ready > 0 && getsockopt(file, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
            error = errno;
        } else if (ready <= 0) {
            error = ready == 0 ? ETIMEDOUT : errno;
        }
    }
    return error;
}

static int dial(const struct served *served)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)http_server_port(served->server)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    /* Many addresses to come from, since closed connections keep their ports for a minute. */
    static uint32_t dialed;
    struct sockaddr_in own = {.sin_family = AF_INET,
                              .sin_addr = {htonl(INADDR_LOOPBACK + dialed++ % 200)}};
    int file = socket(AF_INET, SOCK_STREAM, 0);
    ASSERT(file >= 0);
    ASSERT(bind(file, (struct sockaddr *)&own, sizeof(own)) == 0);
    int error = connected(file, &address);
    if (error != 0) {
        fprintf(stderr, "served: cannot connect: %s\n", strerror(error));
    }
    ASSERT(error == 0);
    return file;
}

static size_t head_length(struct str answer)
{
    const char *end = answer.length > 0 ? memmem(answer.ptr, answer.length, "\r\n\r\n", 4) : NULL;
    return end != NULL ? (size_t)(end - answer.ptr) : answer.length;
}

/* "100 Continue" only says that the body is welcome; the answer follows. */
static void drop_interim(struct str *answer, char *bytes)
{
    while (str_starts(*answer, STR("HTTP/1.1 100 ")) &&
           head_length(*answer) + 4 <= answer->length) {
        size_t head = head_length(*answer) + 4;
        memmove(bytes, bytes + head, answer->length - head);
        answer->length -= head;
    }
}

static bool is_stream(struct str answer)
{
    return str_starts(served_header(answer, "Content-Type"), STR("text/event-stream")) &&
           served_body(answer).length > 0;
}

struct str served_ask(struct served *served, struct arena *arena, struct str request,
                      int patience_ms)
{
    struct str answer = {served->answer, 0};
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    int file = dial(served);
    size_t sent = 0;
    for (int idle = 0; !is_stream(answer);) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        ASSERT(now.tv_sec - start.tv_sec < DEADLINE_S);
        short writes = sent < request.length ? POLLOUT : 0;
        struct pollfd waiting = {.fd = file, .events = (short)(POLLIN | writes)};
        int ready = poll(&waiting, 1, 1);
        if (ready > 0 && (waiting.revents & POLLOUT) != 0) {
            ssize_t count =
                send(file, request.ptr + sent, request.length - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            sent = count < 0 && errno != EAGAIN ? request.length
                                                : sent + (size_t)(count < 0 ? 0 : count);
        }
        if (ready > 0 && (waiting.revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
            ssize_t count =
                recv(file, served->answer + answer.length, ANSWER_BYTES_MAX - answer.length, 0);
            if (count <= 0) {
                break;
            }
            answer.length += (size_t)count;
            drop_interim(&answer, served->answer);
        }
        if (ready == 0) {
            served_settle(served);
            if (++idle == patience_ms) {
                shutdown(file, SHUT_WR); /* it waits for more than there is */
            }
        }
    }
    close(file);
    return arena_str(arena, answer);
}

/* ---- reading answers ---- */

int served_status(struct str answer)
{
    int64_t status = 0;
    if (answer.length < 12 || !str_starts(answer, STR("HTTP/1.")) ||
        !str_to_int64((struct str){answer.ptr + 9, 3}, &status)) {
        return 0;
    }
    return (int)status;
}

struct str served_header(struct str answer, const char *name)
{
    struct str rest = {answer.ptr, head_length(answer)};
    while (rest.length > 0) {
        struct str value;
        struct str line = str_trim(str_split(rest, '\n', &rest));
        if (str_is(str_split(line, ':', &value), name)) {
            return str_trim(value);
        }
    }
    return STR_NONE;
}

/* What follows it answers what the server took for a second request. */
struct str served_body(struct str answer)
{
    size_t head = head_length(answer);
    int64_t length = 0;
    if (head + 4 > answer.length) {
        return STR_NONE;
    }
    struct str body = {answer.ptr + head + 4, answer.length - head - 4};
    if (str_to_int64(served_header(answer, "Content-Length"), &length) &&
        (size_t)length < body.length) {
        body.length = (size_t)length;
    }
    return body;
}
