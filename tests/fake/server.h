/* The HTTP side: libmicrohttpd on 127.0.0.1 in poll mode, one thread.
 *
 * A request is collected whole, then handed to the Bot API or to the control API with the world's
 * lock held. Either answers it at once, or keeps the pointer and answers it later, from any thread
 * holding the lock; until then its connection is suspended. */
#ifndef FAKE_SERVER_H
#define FAKE_SERVER_H

#include "buf.h"

#include <microhttpd.h>
#include <stdbool.h>

#define REQUEST_BYTES_MAX (60 * 1024 * 1024)

struct world;

struct request {
    struct MHD_Connection *connection;
    char *path;
    bool is_post;
    struct buf body;
    /* The answer, filled in by request_answer. */
    bool answered;
    bool suspended;
    bool close; /* close the connection instead of answering */
    int http;
    int retry_after_s; /* 0: none */
    struct buf answer;
};

/* Takes the bytes of `body`. */
void request_answer(struct request *request, int http, struct buf *body, int retry_after_s);
/* Closes the connection without a word. */
void request_close(struct request *request);
const char *request_header(const struct request *request, const char *name);

/* Starts to listen; port 0 takes a free one. Returns NULL when that fails. */
struct MHD_Daemon *server_start(struct world *world, uint16_t port, uint16_t *ret_port);

#endif
