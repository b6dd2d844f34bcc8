/* Server-sent events. A quiet stream is suspended and costs nothing; an event resumes it;
 * heartbeats find clients that are gone. How many one address and one session may hold is limited:
 * a stream keeps its connection. Lock order: the list, then a stream. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "http/server_internal.h"

enum { WAITING_BYTES_MAX = 256 * 1024, HEARTBEAT_MS = 15000, OWNER_BYTES = 48 };

struct stream {
    struct streams *streams;
    struct stream *next;
    char address[OWNER_BYTES];
    char session[OWNER_BYTES];
    pthread_mutex_t lock; /* guards all below */
    struct MHD_Connection *connection;
    char *waiting;
    size_t waiting_length, waiting_capacity;
    bool suspended;
    bool ending;
    void (*closed)(void *context, struct stream *stream);
    void *context;
};

void streams_init(struct streams *streams)
{
    memset(streams, 0, sizeof(*streams));
    pthread_mutex_init(&streams->lock, NULL);
}

void streams_release(struct streams *streams)
{
    ASSERT(streams->first == NULL);
    pthread_mutex_destroy(&streams->lock);
}

/* With the stream's lock held: lets the HTTP thread look at it again. */
static void wake_locked(struct stream *stream)
{
    if (stream->suspended) {
        stream->suspended = false;
        MHD_resume_connection(stream->connection);
    }
}

static void append_locked(struct stream *stream, struct str text)
{
    if (stream->ending) {
        return;
    }
    size_t wanted = stream->waiting_length + text.length;
    if (wanted > WAITING_BYTES_MAX) {
        stream->ending = true; /* the client comes back and asks for what it missed */
        return;
    }
    if (wanted > stream->waiting_capacity) {
        size_t capacity = wanted < 1024 ? 1024 : wanted * 2;
        stream->waiting = realloc(stream->waiting, capacity);
        ASSERT(stream->waiting != NULL);
        stream->waiting_capacity = capacity;
    }
    if (text.length > 0) {
        memcpy(stream->waiting + stream->waiting_length, text.ptr, text.length);
        stream->waiting_length = wanted;
    }
}

static ssize_t read_stream(void *context, uint64_t position, char *buffer, size_t size)
{
    (void)position;
    struct stream *stream = context;
    ssize_t result = 0;
    pthread_mutex_lock(&stream->lock);
    if (stream->waiting_length > 0) {
        size_t count = stream->waiting_length < size ? stream->waiting_length : size;
        memcpy(buffer, stream->waiting, count);
        stream->waiting_length -= count;
        memmove(stream->waiting, stream->waiting + count, stream->waiting_length);
        result = (ssize_t)count;
    } else if (stream->ending) {
        result = MHD_CONTENT_READER_END_OF_STREAM;
    } else {
        stream->suspended = true;
        MHD_suspend_connection(stream->connection);
    }
    pthread_mutex_unlock(&stream->lock);
    return result;
}

static void free_stream(void *context)
{
    struct stream *stream = context;
    stream->closed(stream->context, stream);
    struct streams *streams = stream->streams;
    pthread_mutex_lock(&streams->lock);
    struct stream **link = &streams->first;
    while (*link != stream) {
        link = &(*link)->next;
    }
    *link = stream->next;
    streams->count--;
    pthread_mutex_unlock(&streams->lock);
    pthread_mutex_destroy(&stream->lock);
    free(stream->waiting);
    free(stream);
}

static void refuse(struct request *request, int status, const char *why)
{
    http_reply_header(request, "Retry-After", "15"); /* by then dead ones were found */
    http_problem(request, status, "%s", why);
}

bool http_stream_allowed(struct request *request, struct str session)
{
    const struct config *config = http_app(request)->config;
    struct str address = http_client_address(request);
    struct streams *streams = &request->server->streams;
    int of_address = 0;
    int of_session = 0;
    pthread_mutex_lock(&streams->lock);
    int count = streams->count;
    for (const struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
        of_address += str_is(address, stream->address);
        of_session += str_is(session, stream->session);
    }
    pthread_mutex_unlock(&streams->lock);
    if (of_session >= config->webchat_streams_per_session) {
        refuse(request, MHD_HTTP_TOO_MANY_REQUESTS, "this chat has too many open streams");
    } else if (of_address >= config->webchat_streams_per_address) {
        refuse(request, MHD_HTTP_TOO_MANY_REQUESTS, "this address has too many open streams");
    } else if (count >= STREAMS_MAX) {
        refuse(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too many people listen; try again later");
    } else {
        return true;
    }
    return false;
}

struct stream *http_reply_stream(struct request *request, struct str session,
                                 void (*closed)(void *context, struct stream *stream),
                                 void *context)
{
    struct stream *stream = calloc(1, sizeof(*stream));
    ASSERT(stream != NULL);
    stream->streams = &request->server->streams;
    stream->connection = request->connection;
    str_copy(stream->address, sizeof(stream->address), http_client_address(request));
    str_copy(stream->session, sizeof(stream->session), session);
    stream->closed = closed;
    stream->context = context;
    pthread_mutex_init(&stream->lock, NULL);
    append_locked(stream, STR("retry: 1000\n: open\n\n"));
    struct streams *streams = stream->streams;
    pthread_mutex_lock(&streams->lock);
    stream->ending = streams->ending;
    stream->next = streams->first;
    streams->first = stream;
    streams->count++;
    pthread_mutex_unlock(&streams->lock);
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_stream, stream, free_stream);
    ASSERT(response != NULL);
    MHD_add_response_header(response, "Content-Type", "text/event-stream; charset=utf-8");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    MHD_add_response_header(response, "X-Accel-Buffering", "no");
    request_answer(request, MHD_HTTP_OK, response);
    return stream;
}

static void send_locked(struct stream *stream, const char *event, struct str id, struct str data)
{
    append_locked(stream, STR("event: "));
    append_locked(stream, str_of(event));
    if (id.length > 0) {
        append_locked(stream, STR("\nid: "));
        append_locked(stream, id);
    }
    struct str rest = data;
    do {
        struct str line = str_split(rest, '\n', &rest);
        append_locked(stream, STR("\ndata: "));
        append_locked(stream, line);
    } while (rest.length > 0);
    append_locked(stream, STR("\n\n"));
    wake_locked(stream);
}

void stream_send(struct stream *stream, const char *event, struct str id, struct str data)
{
    pthread_mutex_lock(&stream->lock);
    send_locked(stream, event, id, data);
    pthread_mutex_unlock(&stream->lock);
}

void streams_tell(struct streams *streams, const char *prefix, const char *event)
{
    pthread_mutex_lock(&streams->lock);
    for (struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
        if (str_starts(str_of(stream->session), str_of(prefix))) {
            pthread_mutex_lock(&stream->lock);
            send_locked(stream, event, STR_NONE, STR("{}"));
            pthread_mutex_unlock(&stream->lock);
        }
    }
    pthread_mutex_unlock(&streams->lock);
}

void streams_tick(struct streams *streams, int64_t monotonic_ms)
{
    pthread_mutex_lock(&streams->lock);
    if (monotonic_ms >= streams->heartbeat_at_ms) {
        streams->heartbeat_at_ms = monotonic_ms + HEARTBEAT_MS;
        for (struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
            pthread_mutex_lock(&stream->lock);
            if (stream->waiting_length == 0) {
                append_locked(stream, STR(": heartbeat\n\n"));
            }
            wake_locked(stream);
            pthread_mutex_unlock(&stream->lock);
        }
    }
    pthread_mutex_unlock(&streams->lock);
}

void streams_end(struct streams *streams)
{
    pthread_mutex_lock(&streams->lock);
    streams->ending = true;
    for (struct stream *stream = streams->first; stream != NULL; stream = stream->next) {
        pthread_mutex_lock(&stream->lock);
        stream->ending = true;
        wake_locked(stream);
        pthread_mutex_unlock(&stream->lock);
    }
    pthread_mutex_unlock(&streams->lock);
}
