/* The HTTP server of server.h. What is answered is decided in api.c and control.c. */
#include "server.h"

#include "api.h"
#include "control.h"
#include "state.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define CONNECTIONS_MAX 4000
#define IDLE_TIMEOUT_S  300
/* The URL and headers of a request must fit; the library clears all of it for each request. */
#define CONNECTION_BYTES 16384

void request_answer(struct request *request, int http, struct buf *body, int retry_after_s)
{
    request->http = http;
    request->retry_after_s = retry_after_s;
    request->answer = *body;
    *body = (struct buf){0};
    request->answered = true;
    if (request->suspended) {
        request->suspended = false;
        MHD_resume_connection(request->connection);
    }
}

void request_close(struct request *request)
{
    struct buf nothing = {0};
    request->close = true;
    request_answer(request, 0, &nothing, 0);
}

const char *request_header(const struct request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static enum MHD_Result send_answer(struct request *request)
{
    if (request->close) {
        return MHD_NO;
    }
    size_t len = request->answer.len;
    bool json = len && (request->answer.data[0] == '{' || request->answer.data[0] == '[');
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, buf_take(&request->answer), MHD_RESPMEM_MUST_FREE);
    MHD_add_response_header(response, "Content-Type", json ? "application/json" : "text/html");
    if (request->retry_after_s > 0) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", request->retry_after_s);
        MHD_add_response_header(response, "Retry-After", seconds);
    }
    enum MHD_Result result =
        MHD_queue_response(request->connection, (unsigned)request->http, response);
    MHD_destroy_response(response);
    return result;
}

static struct request *request_new(struct MHD_Connection *connection, const char *path,
                                   const char *method)
{
    struct request *request = fake_alloc(sizeof *request);
    request->connection = connection;
    request->path = fake_copy(path);
    request->is_post = !strcmp(method, "POST");
    return request;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **state)
{
    (void)version;
    struct world *world = data;
    struct request *request = *state;
    if (!request) {
        *state = request_new(connection, path, method);
        return MHD_YES;
    }
    if (*upload_size) {
        if (request->body.len + *upload_size > REQUEST_BYTES_MAX) {
            return MHD_NO;
        }
        buf_add(&request->body, upload, *upload_size);
        *upload_size = 0;
        return MHD_YES;
    }
    pthread_mutex_lock(&world->lock);
    if (!request->answered) {
        if (!strncmp(request->path, "/control/", 9)) {
            control_handle(world, request);
        } else {
            api_handle(world, request);
        }
        if (!request->answered) {
            /* Under the lock, so that nobody resumes it before it is suspended. */
            request->suspended = true;
            MHD_suspend_connection(connection);
        }
    }
    bool answered = request->answered;
    pthread_mutex_unlock(&world->lock);
    return answered ? send_answer(request) : MHD_YES;
}

static void on_completed(void *data, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    (void)data;
    (void)connection;
    (void)code;
    struct request *request = *state;
    if (request) {
        free(request->path);
        buf_release(&request->body);
        buf_release(&request->answer);
        free(request);
        *state = NULL;
    }
}

struct MHD_Daemon *server_start(struct world *world, uint16_t port, uint16_t *ret_port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, port, NULL, NULL, on_request,
        world, MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, NULL, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_TIMEOUT_S,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)CONNECTIONS_MAX, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024U, MHD_OPTION_END);
    if (!daemon) {
        return NULL;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
    *ret_port = info && info->port ? info->port : port;
    return daemon;
}
