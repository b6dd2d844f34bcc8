/* Blocking sockets and threads: simple rather than fast. It reads requests with Content-Length
 * only. */
#include "tiny_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

enum { CONNECTIONS_MAX = 256, REQUEST_BYTES_MAX = 4 * 1024 * 1024 };

struct tiny_server {
    tiny_handler *handler;
    void *context;
    int listener;
    int port;
    pthread_t thread;
    pthread_mutex_t lock;
    bool closing;
    int connections;
    int requests;
    int sockets[CONNECTIONS_MAX];
    pthread_t threads[CONNECTIONS_MAX];
};

struct connection {
    struct tiny_server *server;
    int socket;
    int number;
    char *bytes;
    size_t length;
};

static bool read_more(struct connection *connection)
{
    if (connection->length + 1 >= REQUEST_BYTES_MAX) {
        return false;
    }
    ssize_t got = recv(connection->socket, connection->bytes + connection->length,
                       REQUEST_BYTES_MAX - 1 - connection->length, 0);
    if (got <= 0) {
        return false;
    }
    connection->length += (size_t)got;
    connection->bytes[connection->length] = '\0';
    return true;
}

static void send_all(int socket, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(socket, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0) {
            return;
        }
        bytes += sent;
        length -= (size_t)sent;
    }
}

static void send_reply(int socket, const struct tiny_reply *reply)
{
    const char *body = reply->body != NULL ? reply->body : "";
    const char *headers = reply->headers != NULL ? reply->headers : "";
    size_t size = strlen(body) + strlen(headers) + 256;
    char *text = malloc(size);
    ASSERT(text != NULL);
    int length = snprintf(text, size,
                          "HTTP/1.1 %d Status\r\nContent-Type: application/json\r\n"
                          "Content-Length: %zu\r\n%s\r\n%s",
                          reply->status, strlen(body), headers, body);
    send_all(socket, text, (size_t)length);
    free(text);
}

/* Reads one whole request; its end is *ret_end. False when the connection is over. */
static bool read_request(struct connection *connection, size_t *ret_body, size_t *ret_end)
{
    char *end;
    while ((end = connection->length > 0 ? strstr(connection->bytes, "\r\n\r\n") : NULL) == NULL) {
        if (!read_more(connection)) {
            return false;
        }
    }
    size_t body = (size_t)(end - connection->bytes) + 4;
    const char *length_line = strcasestr(connection->bytes, "\r\nContent-Length:");
    size_t length = length_line != NULL && length_line < end
                        ? (size_t)strtoul(length_line + strlen("\r\nContent-Length:"), NULL, 10)
                        : 0;
    while (connection->length < body + length) {
        if (!read_more(connection)) {
            return false;
        }
    }
    *ret_body = body;
    *ret_end = body + length;
    return true;
}

/* Lets the handler decide and does it; false when the connection is to be closed. */
static bool serve_one(struct connection *connection, int on_connection, size_t body, size_t end)
{
    struct tiny_server *server = connection->server;
    char saved = connection->bytes[end];
    connection->bytes[end] = '\0';
    char method[16] = "", path[4096] = "";
    char *space = strchr(connection->bytes, ' ');
    char *second = space != NULL ? strchr(space + 1, ' ') : NULL;
    if (second != NULL) {
        snprintf(method, sizeof(method), "%.*s", (int)(space - connection->bytes),
                 connection->bytes);
        snprintf(path, sizeof(path), "%.*s", (int)(second - space - 1), space + 1);
    }
    struct tiny_request request = {.method = method,
                                   .path = path,
                                   .headers = connection->bytes,
                                   .body = connection->bytes + body,
                                   .body_length = end - body,
                                   .connection = connection->number,
                                   .on_connection = on_connection};
    pthread_mutex_lock(&server->lock);
    request.number = ++server->requests;
    struct tiny_reply reply = server->handler(server->context, &request);
    if (reply.action == TINY_ANSWER || reply.action == TINY_ANSWER_CLOSE) {
        send_reply(connection->socket, &reply);
    }
    pthread_mutex_unlock(&server->lock);
    connection->bytes[end] = saved;
    memmove(connection->bytes, connection->bytes + end, connection->length - end + 1);
    connection->length -= end;
    if (reply.action == TINY_HANG) {
        char nothing;
        while (recv(connection->socket, &nothing, 1, 0) > 0) {
        }
    }
    return reply.action == TINY_ANSWER;
}

static void *serve(void *context)
{
    struct connection *connection = context;
    connection->bytes = malloc(REQUEST_BYTES_MAX);
    ASSERT(connection->bytes != NULL);
    size_t body, end;
    int count = 0;
    while (read_request(connection, &body, &end) && serve_one(connection, ++count, body, end)) {
    }
    shutdown(connection->socket, SHUT_RDWR);
    free(connection->bytes);
    free(connection);
    return NULL;
}

static void *accept_all(void *context)
{
    struct tiny_server *server = context;
    for (;;) {
        int socket = accept(server->listener, NULL, NULL);
        pthread_mutex_lock(&server->lock);
        if (socket < 0 || server->closing || server->connections == CONNECTIONS_MAX) {
            pthread_mutex_unlock(&server->lock);
            if (socket >= 0) {
                close(socket);
            }
            return NULL;
        }
        struct connection *connection = calloc(1, sizeof(*connection));
        ASSERT(connection != NULL);
        int index = server->connections++;
        *connection = (struct connection){server, socket, index + 1, NULL, 0};
        server->sockets[index] = socket;
        int failed = pthread_create(&server->threads[index], NULL, serve, connection);
        ASSERT(failed == 0);
        pthread_mutex_unlock(&server->lock);
    }
}

struct tiny_server *tiny_server_new(tiny_handler *handler, void *context)
{
    struct tiny_server *server = calloc(1, sizeof(*server));
    ASSERT(server != NULL);
    server->handler = handler;
    server->context = context;
    pthread_mutex_init(&server->lock, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int failed = bind(server->listener, (struct sockaddr *)&address, sizeof(address));
    ASSERT(failed == 0);
    failed = listen(server->listener, 64);
    ASSERT(failed == 0);
    socklen_t size = sizeof(address);
    failed = getsockname(server->listener, (struct sockaddr *)&address, &size);
    ASSERT(failed == 0);
    server->port = ntohs(address.sin_port);
    failed = pthread_create(&server->thread, NULL, accept_all, server);
    ASSERT(failed == 0);
    return server;
}

void tiny_server_free(struct tiny_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->closing = true;
    for (int i = 0; i < server->connections; i++) {
        shutdown(server->sockets[i], SHUT_RDWR);
    }
    pthread_mutex_unlock(&server->lock);
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    for (int i = 0; i < server->connections; i++) {
        pthread_join(server->threads[i], NULL);
        close(server->sockets[i]);
    }
    pthread_mutex_destroy(&server->lock);
    free(server);
}

int tiny_server_port(const struct tiny_server *server)
{
    return server->port;
}
