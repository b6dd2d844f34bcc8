/* libmicrohttpd around requests: reading bodies with a limit, suspending, answering. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "http/analyst.h"
#include "http/routes.h"
#include "http/server_internal.h"

enum {
    IDLE_SECONDS = 75, /* longer than the 60 s for which Telegram keeps connections */
    CONNECTION_BYTES = 16 * 1024,
    ARENA_BYTES = 8 * 1024, /* an update and the tree of its JSON */
    LIVE_EACH_MS = 1000
};

static struct request *request_new(struct http_server *server, struct MHD_Connection *connection,
                                   const char *url, const char *method)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct request *request = ARENA_NEW(arena, struct request);
    request->arena = arena;
    request->server = server;
    request->connection = connection;
    request->path = arena_str(arena, str_of(url));
    request->method = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ? METHOD_GET
                      : strcmp(method, "POST") == 0                             ? METHOD_POST
                      : strcmp(method, "OPTIONS") == 0                          ? METHOD_OPTIONS
                                                                                : METHOD_OTHER;
    return request;
}

static void body_append(struct request *request, const char *data, size_t size)
{
    if (request->body_length + size > LIMIT_HTTP_BODY_BYTES) {
        request->body_too_large = true;
        return;
    }
    if (request->body_length + size > request->body_capacity) {
        size_t capacity = (request->body_length + size) * 2;
        request->body = arena_grow(request->arena, request->body, request->body_length, capacity);
        request->body_capacity = capacity;
    }
    memcpy(request->body + request->body_length, data, size);
    request->body_length += size;
}

/* Health checks that say "failing", and refusals while shutting down, are as they should be. */
static void count_failure(struct request *request)
{
    bool is_probe = str_is(request->path, "/healthz") || str_is(request->path, "/health") ||
                    str_is(request->path, "/readyz");
    struct engine *engine = request->server->app.engine;
    if (request->status >= MHD_HTTP_INTERNAL_SERVER_ERROR && !is_probe && engine != NULL &&
        !atomic_load(&request->server->quiescing)) {
        engine_count_error(engine, ENGINE_ERROR_HTTP_5XX);
    }
}

static enum MHD_Result queue_reply(struct request *request)
{
    ASSERT(request->reply != NULL);
    count_failure(request);
    struct MHD_Response *reply = request->reply;
    request->reply = NULL;
    enum MHD_Result queued =
        MHD_queue_response(request->connection, (unsigned int)request->status, reply);
    MHD_destroy_response(reply);
    return queued;
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *data_size, void **state)
{
    (void)version;
    struct request *request = *state;
    if (request == NULL) {
        *state = request_new(context, connection, url, method);
        return MHD_YES;
    }
    if (*data_size > 0) {
        body_append(request, data, *data_size);
        *data_size = 0;
        return MHD_YES;
    }
    if (request->reply == NULL && !request->dispatched) {
        request->dispatched = true;
        if (request->body_too_large) {
            http_problem(request, MHD_HTTP_CONTENT_TOO_LARGE, "the body is over %d bytes",
                         LIMIT_HTTP_BODY_BYTES);
        } else {
            http_dispatch(request);
        }
        if (request->suspended) {
            return MHD_YES; /* the engine's thread may be answering right now: MHD calls us again */
        }
    }
    return request->reply != NULL ? queue_reply(request) : MHD_YES;
}

static void completed(void *context, struct MHD_Connection *connection, void **state,
                      enum MHD_RequestTerminationCode code)
{
    (void)context, (void)connection, (void)code;
    struct request *request = *state;
    if (request != NULL) {
        if (request->reply != NULL) {
            MHD_destroy_response(request->reply);
        }
        arena_free(request->arena);
        *state = NULL;
    }
}

/* Splits "HOST:PORT" or "[HOST]:PORT". */
static bool split_listen(const char *listen, char host[128], char port[8])
{
    const char *colon = strrchr(listen, ':');
    if (colon == NULL) {
        return false;
    }
    size_t length = (size_t)(colon - listen);
    if (length >= 2 && listen[0] == '[' && listen[length - 1] == ']') {
        listen++;
        length -= 2;
    }
    if (length == 0 || length >= 128 || strlen(colon + 1) == 0 || strlen(colon + 1) >= 8) {
        return false;
    }
    memcpy(host, listen, length);
    host[length] = '\0';
    memcpy(port, colon + 1, strlen(colon + 1) + 1);
    return true;
}

static enum err resolve(const char *listen, struct addrinfo **ret_address,
                        struct err_detail *detail)
{
    char host[128];
    char port[8];
    if (!split_listen(listen, host, port)) {
        return err_set(detail, ERR_CONFIG,
                       "cannot listen on \"%s\"; expected HOST:PORT, such as 127.0.0.1:8080",
                       listen);
    }
    struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
    int failed = getaddrinfo(host, port, &hints, ret_address);
    if (failed != 0) {
        return err_set(detail, ERR_CONFIG, "cannot listen on \"%s\": %s", listen,
                       gai_strerror(failed));
    }
    return OK;
}

static int bound_port(struct MHD_Daemon *daemon)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info != NULL ? info->port : 0;
}

enum err http_server_start(const struct http_options *options, struct http_server **ret_server,
                           struct err_detail *detail)
{
    struct addrinfo *address = NULL;
    enum err error = resolve(options->listen, &address, detail);
    if (error != OK) {
        return error;
    }
    const struct MHD_OptionItem from[] = {
        options->socket > 0
            ? (struct MHD_OptionItem){MHD_OPTION_LISTEN_SOCKET, options->socket, NULL}
            : (struct MHD_OptionItem){MHD_OPTION_SOCK_ADDR, 0, address->ai_addr},
        {MHD_OPTION_END, 0, NULL}};
    struct http_server *server = calloc(1, sizeof(*server));
    ASSERT(server != NULL);
    server->app = options->app;
    server->throttle = throttle_new();
    streams_init(&server->streams);
    server->keeper = behaviour_keeper_new(server->app.config->database_url, server->app.clock,
                                          (int64_t)server->app.config->behaviour_memory_mb << 20);
    server->analyst = analyst_new(&server->app, server->keeper);
    unsigned int flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
    if (address->ai_family == AF_INET6) {
        flags |= MHD_USE_IPv6;
    }
    /* Poll, not epoll: with suspended connections epoll mode of this version can hang. */
    server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, server, MHD_OPTION_ARRAY, from,
                                      MHD_OPTION_NOTIFY_COMPLETED, completed, NULL,
                                      MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS_MAX,
                                      MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_SECONDS,
                                      MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
                                      MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
    freeaddrinfo(address);
    if (server->daemon == NULL) {
        http_server_quiesce(server);
        analyst_free(server->analyst);
        behaviour_keeper_free(server->keeper);
        throttle_free(server->throttle);
        streams_release(&server->streams);
        free(server);
        return err_set(detail, ERR_CONFIG,
                       "cannot listen on %s; is another program using the port?", options->listen);
    }
    server->port = bound_port(server->daemon);
    *ret_server = server;
    return OK;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_quiesce(struct http_server *server)
{
    atomic_store(&server->quiescing, true);
    analyst_stop(server->analyst);
    behaviour_keeper_stop(server->keeper); /* what it hands on is refused by the analyst now */
}

void http_server_stop(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    http_server_quiesce(server);
    streams_end(&server->streams);
    MHD_stop_daemon(server->daemon);
    streams_release(&server->streams);
    analyst_free(server->analyst);
    behaviour_keeper_free(server->keeper);
    throttle_free(server->throttle);
    free(server);
}

int http_server_hand_over(struct http_server *server)
{
    int socket = MHD_quiesce_daemon(server->daemon);
    ASSERT(socket > 0);
    http_server_stop(server);
    return socket;
}

/* At most once a second, and not when nothing happened. */
static void tell_changes(struct http_server *server, int64_t monotonic_ms)
{
    struct engine_status status;
    if (monotonic_ms < server->told_at_ms + LIVE_EACH_MS) {
        return;
    }
    engine_status(server->app.engine, &status);
    if (status.batches != server->told_batches) {
        streams_tell(&server->streams, HTTP_LIVE_SESSION, "changed");
        server->told_batches = status.batches;
        server->told_at_ms = monotonic_ms;
    }
}

void http_server_tick(struct http_server *server)
{
    int64_t monotonic_ms = clock_monotonic_ms(server->app.clock);
    streams_tick(&server->streams, monotonic_ms);
    tell_changes(server, monotonic_ms);
}
