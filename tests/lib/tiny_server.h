/* A tiny HTTP server for tests of clients: one thread for each connection, on a free port of
 * 127.0.0.1. What it does with a request is the test's function; it can also behave badly on
 * purpose. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct tiny_server;

struct tiny_request {
    const char *method;
    const char *path;    /* with its query */
    const char *headers; /* all lines */
    const char *body;
    size_t body_length;
    int connection;    /* number of the connection, from 1 */
    int on_connection; /* number of the request on it, from 1 */
    int number;        /* of all requests, from 1 */
};

enum tiny_action {
    TINY_ANSWER,       /* send `answer` and go on */
    TINY_CLOSE,        /* close without an answer */
    TINY_ANSWER_CLOSE, /* send `answer`, then close without having said so */
    TINY_HANG          /* answer nothing until the server ends */
};

struct tiny_reply {
    enum tiny_action action;
    int status;
    const char *headers; /* further lines, each with its CRLF; NULL none */
    const char *body;    /* NULL: empty; copied before the function is called again */
};

typedef struct tiny_reply tiny_handler(void *context, const struct tiny_request *request);

/* Calls of the handler are made one at a time. */
struct tiny_server *tiny_server_new(tiny_handler *handler, void *context);
void tiny_server_free(struct tiny_server *server);
int tiny_server_port(const struct tiny_server *server);
