/* What server.c, request.c and stream.c share. Not for routes. */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "bi/behaviour/keeper.h"
#include "http/request.h"

/* All open event streams. */
struct streams {
    pthread_mutex_t lock; /* guards the list; taken before a stream's own lock */
    struct stream *first;
    int count;
    int64_t heartbeat_at_ms;
    bool ending;
};

struct http_server {
    struct MHD_Daemon *daemon;
    struct http_app app;
    struct throttle *throttle;
    struct streams streams;
    struct analyst *analyst;
    struct behaviour_keeper *keeper;
    int64_t told_at_ms, told_batches; /* of the owner's thread, which ticks */
    atomic_bool quiescing;
    int port;
};

enum {
    CONNECTIONS_MAX = 2048,
    STREAMS_MAX = 1536, /* the rest is for other requests, the webhook before all */
    REPLY_HEADERS_MAX = 12
};

struct request {
    struct arena *arena; /* holds the request itself */
    struct http_server *server;
    struct MHD_Connection *connection;
    enum request_method method;
    struct str path;
    char *body;
    size_t body_length, body_capacity;
    bool body_too_large;
    bool dispatched;
    bool suspended; /* once it was: the answer is queued when MHD calls again */
    int status;
    struct MHD_Response *reply; /* made, not yet queued */
    struct {
        const char *name;
        const char *value;
    } headers[REPLY_HEADERS_MAX];
    int header_count;
    http_answer *answer;
};

/* Adds the collected and the common headers, and keeps the response as the request's answer. */
void request_answer(struct request *request, int status, struct MHD_Response *response);

void streams_init(struct streams *streams);
void streams_release(struct streams *streams);
/* Heartbeats to all that were quiet for 15 s. */
void streams_tick(struct streams *streams, int64_t monotonic_ms);
/* Sends the event, without data, to all whose session begins so. */
void streams_tell(struct streams *streams, const char *prefix, const char *event);
/* Ends all streams; later ones are refused. */
void streams_end(struct streams *streams);
