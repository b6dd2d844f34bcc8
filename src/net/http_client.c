/* The client over libcurl's multi interface. Handles are prepared once and reused, since setting
 * one up costs more than a request; a lock guards only the list of new requests and the counters.
 *
 * libcurl repeats a request by itself when a reused connection dies before the answer. For a POST
 * that could be a message sent twice, so a second attempt of a transfer is refused where libcurl
 * asks before each (CURLOPT_PREREQFUNCTION); it counts as lost. Giving the body by a read function
 * without a seek function would prevent it too, but sends head and body apart. */
#include "net/http_client.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum {
    IN_FLIGHT_DEFAULT = 1024,
    CONNECT_TIMEOUT_DEFAULT_MS = 10 * 1000,
    TIMEOUT_DEFAULT_MS = 30 * 1000,
    RESPONSE_DEFAULT_BYTES = 1024 * 1024,
    CONNECTIONS_PER_HOST = 64,
    IDLE_CONNECTION_S = 30, /* servers close idle ones; a younger one is rarely dead */
    POLL_MS_MAX = 1000,
    SPARES_LOOKED_AT = 8,          /* for one that has the URL already */
    LARGE_BODY_BYTES = 1000 * 1000 /* libcurl asks whether to go on before somewhat larger ones */
};

/* One request and its curl handle; reused by way of client->spare. */
struct transfer {
    struct transfer *next;
    const void *owner;
    CURL *easy;
    CURLU *parts; /* of the URL: reading one costs a tenth of a request */
    bool url_is_read;
    struct curl_slist *headers; /* NULL: the client's default ones */
    http_done *done;
    void *context;
    int64_t begin_at_ms; /* monotonic */
    int64_t timeout_ms;
    enum http_method method;
    char *bytes; /* URL with its NUL, then the body */
    size_t bytes_size;
    size_t body_offset;
    size_t body_length;
    char *answer;
    size_t answer_length;
    size_t answer_size;
    size_t answer_max;
    bool answer_too_large;
    bool too_late; /* client->send_until_ms had passed */
    int attempts;
    struct http_client *client;
};

struct http_client {
    struct clock *clock;
    CURLM *multi;
    struct curl_slist *json_headers;
    int64_t connect_timeout_ms;
    int in_flight_max;
    pthread_t thread;

    pthread_mutex_t lock; /* guards the following */
    struct transfer *fresh_first, **fresh_last;
    struct transfer *spare;
    const void **cancelled; /* owners */
    int cancelled_count;
    int in_flight;
    bool closing;

    atomic_bool polling; /* the thread sleeps or is about to: wake it */
    atomic_int holds;    /* but not while these are left */
    atomic_llong send_until_ms;

    /* the thread's own */
    struct transfer *delayed; /* sorted by begin_at_ms */
    struct transfer *running;
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;

static void global_init(void)
{
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    ASSERT(code == CURLE_OK);
}

/* Asked once a connection is there, before each attempt. */
static int allow_attempt(void *context, char *remote, char *local, int remote_port, int local_port)
{
    struct transfer *transfer = context;
    (void)remote;
    (void)local;
    (void)remote_port;
    (void)local_port;
    struct http_client *client = transfer->client;
    bool is_first = transfer->attempts++ == 0;
    int64_t now_ms = clock_monotonic_ms(client->clock);
    transfer->too_late = is_first && now_ms >= atomic_load(&client->send_until_ms);
    return is_first && !transfer->too_late ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static size_t take_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *transfer = context;
    size_t length = size * count;
    if (length > transfer->answer_max - transfer->answer_length) {
        transfer->answer_too_large = true;
        return 0; /* ends the transfer with CURLE_WRITE_ERROR */
    }
    size_t needed = transfer->answer_length + length + 1;
    if (needed > transfer->answer_size) {
        size_t grown = needed < 2048 ? 2048 : 2 * needed;
        transfer->answer = realloc(transfer->answer, grown);
        ASSERT(transfer->answer != NULL);
        transfer->answer_size = grown;
    }
    memcpy(transfer->answer + transfer->answer_length, bytes, length);
    transfer->answer_length += length;
    transfer->answer[transfer->answer_length] = '\0';
    return length;
}

#define SET(easy, option, value)                                                                   \
    do {                                                                                           \
        CURLcode set_code = curl_easy_setopt((easy), (option), (value));                           \
        ASSERT(set_code == CURLE_OK);                                                              \
    } while (0)

static struct transfer *transfer_new(struct http_client *client)
{
    struct transfer *transfer = calloc(1, sizeof(*transfer));
    ASSERT(transfer != NULL);
    transfer->client = client;
    transfer->easy = curl_easy_init();
    transfer->parts = curl_url();
    ASSERT(transfer->easy != NULL && transfer->parts != NULL);
    CURL *easy = transfer->easy;
    SET(easy, CURLOPT_PRIVATE, transfer);
    SET(easy, CURLOPT_NOSIGNAL, 1L);
    SET(easy, CURLOPT_NOPROGRESS, 1L);
    SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
    SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    SET(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    SET(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)client->connect_timeout_ms);
    SET(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_CONNECTION_S);
    SET(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    SET(easy, CURLOPT_PREREQFUNCTION, allow_attempt);
    SET(easy, CURLOPT_PREREQDATA, transfer);
    SET(easy, CURLOPT_WRITEFUNCTION, take_answer);
    SET(easy, CURLOPT_WRITEDATA, transfer);
    SET(easy, CURLOPT_USERAGENT, "nudge");
    return transfer;
}

static void transfer_free(struct transfer *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_url_cleanup(transfer->parts);
    curl_slist_free_all(transfer->headers);
    free(transfer->bytes);
    free(transfer->answer);
    free(transfer);
}

static void append_header(struct curl_slist **list, const char *text)
{
    struct curl_slist *grown = curl_slist_append(*list, text);
    ASSERT(grown != NULL);
    *list = grown;
}

static void append_header_view(struct curl_slist **list, const char *prefix, struct str text)
{
    size_t size = strlen(prefix) + text.length + 1;
    char *line = malloc(size);
    ASSERT(line != NULL);
    size_t used = str_copy(line, size, str_of(prefix));
    str_copy(line + used, size - used, text);
    append_header(list, line);
    free(line);
}

static bool header_is_safe(struct str header)
{
    return header.length < 4096 && memchr(header.ptr, '\n', header.length) == NULL &&
           memchr(header.ptr, '\r', header.length) == NULL &&
           memchr(header.ptr, '\0', header.length) == NULL;
}

static bool request_is_valid(const struct http_request *request)
{
    bool scheme =
        str_starts(request->url, STR("http://")) || str_starts(request->url, STR("https://"));
    if (!scheme || request->url.length > 8192 ||
        memchr(request->url.ptr, '\0', request->url.length) != NULL) {
        return false;
    }
    for (int i = 0; i < request->header_count; i++) {
        if (!header_is_safe(request->headers[i])) {
            return false;
        }
    }
    return request->header_count <= HTTP_HEADERS_MAX &&
           (request->content_type.length == 0 || header_is_safe(request->content_type));
}

static bool has_url(const struct transfer *transfer, struct str url)
{
    return transfer->body_offset == url.length + 1 &&
           memcmp(transfer->bytes, url.ptr, url.length) == 0;
}

/* Copies the request into the transfer; no libcurl call that needs the thread. */
static void transfer_fill(struct transfer *transfer, const struct http_request *request,
                          int64_t now_ms)
{
    transfer->url_is_read = transfer->url_is_read && has_url(transfer, request->url);
    size_t needed = request->url.length + 1 + request->body.length;
    if (needed > transfer->bytes_size) {
        free(transfer->bytes);
        transfer->bytes = malloc(needed);
        ASSERT(transfer->bytes != NULL);
        transfer->bytes_size = needed;
    }
    memcpy(transfer->bytes, request->url.ptr, request->url.length);
    transfer->bytes[request->url.length] = '\0';
    transfer->body_offset = request->url.length + 1;
    if (request->body.length > 0) {
        memcpy(transfer->bytes + transfer->body_offset, request->body.ptr, request->body.length);
    }
    transfer->body_length = request->body.length;
    transfer->attempts = 0;
    transfer->answer_length = 0;
    transfer->answer_too_large = false;
    transfer->too_late = false;
    transfer->answer_max =
        request->response_bytes_max > 0 ? request->response_bytes_max : RESPONSE_DEFAULT_BYTES;
    transfer->method = request->method;
    transfer->timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_DEFAULT_MS;
    transfer->begin_at_ms = request->delay_ms > 0 ? now_ms + request->delay_ms : 0;
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    bool is_large = request->body.length > LARGE_BODY_BYTES;
    if (request->header_count > 0 || request->content_type.length > 0 || is_large) {
        if (is_large) {
            append_header(&transfer->headers, "Expect:");
        }
        struct str type =
            request->content_type.length > 0 ? request->content_type : STR("application/json");
        append_header_view(&transfer->headers, "Content-Type: ", type);
        for (int i = 0; i < request->header_count; i++) {
            append_header_view(&transfer->headers, "", request->headers[i]);
        }
    }
}

static void set_method(struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    const char *custom = NULL;
    bool has_body = false;
    switch (transfer->method) {
    case HTTP_GET:
        break;
    case HTTP_DELETE:
        custom = "DELETE";
        break;
    case HTTP_POST:
        has_body = true;
        break;
    case HTTP_PUT:
        has_body = true;
        custom = "PUT";
        break;
    case HTTP_PATCH:
        has_body = true;
        custom = "PATCH";
        break;
    }
    if (has_body) {
        SET(easy, CURLOPT_POST, 1L);
        SET(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)transfer->body_length);
        SET(easy, CURLOPT_POSTFIELDS, transfer->bytes + transfer->body_offset);
    } else {
        SET(easy, CURLOPT_HTTPGET, 1L);
    }
    SET(easy, CURLOPT_CUSTOMREQUEST, custom);
}

/* What cannot be read is left to libcurl, which says so when the transfer begins. */
static void set_url(struct transfer *transfer)
{
    if (transfer->url_is_read) {
        return;
    }
    CURL *easy = transfer->easy;
    CURLUcode code = curl_url_set(transfer->parts, CURLUPART_URL, transfer->bytes, 0);
    transfer->url_is_read = code == CURLUE_OK;
    SET(easy, CURLOPT_URL, transfer->url_is_read ? NULL : transfer->bytes);
    SET(easy, CURLOPT_CURLU, transfer->url_is_read ? transfer->parts : NULL);
}

static void transfer_begin(struct http_client *client, struct transfer *transfer)
{
    CURL *easy = transfer->easy;
    set_url(transfer);
    set_method(transfer);
    SET(easy, CURLOPT_HTTPHEADER,
        transfer->headers != NULL ? transfer->headers : client->json_headers);
    SET(easy, CURLOPT_TIMEOUT_MS, (long)transfer->timeout_ms);
    CURLMcode code = curl_multi_add_handle(client->multi, easy);
    ASSERT(code == CURLM_OK);
    transfer->next = client->running;
    client->running = transfer;
}

static void unlink_from(struct transfer **list, const struct transfer *transfer)
{
    while (*list != NULL && *list != transfer) {
        list = &(*list)->next;
    }
    if (*list != NULL) {
        *list = transfer->next;
    }
}

static const char *reason_of(CURLcode code, const struct transfer *transfer)
{
    if (transfer->answer_too_large) {
        return "too_large";
    }
    if (transfer->too_late) {
        return "lease";
    }
    switch ((int)code) {
    case CURLE_OPERATION_TIMEDOUT:
        return "timeout";
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "resolve";
    case CURLE_COULDNT_CONNECT:
        return "connect";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
        return "tls";
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
        return "connection_lost";
    case CURLE_URL_MALFORMAT:
        return "bad_url";
    default:
        return "network";
    }
}

/* Whether the other side can have seen anything of it. In doubt: yes. */
static bool was_sent(const struct transfer *transfer)
{
    long request_bytes = 0;
    curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    return request_bytes > 0 || transfer->attempts > 1;
}

/* Gives the transfer back for reuse and calls the callback. The request counts as under way until
 * after the callback, so that a caller that waits for zero has seen all. */
static void transfer_end(struct http_client *client, struct transfer *transfer,
                         struct http_response *response)
{
    response->body = (struct str){transfer->answer, transfer->answer_length};
    transfer->done(transfer->context, response);
    pthread_mutex_lock(&client->lock);
    transfer->next = client->spare;
    client->spare = transfer;
    client->in_flight--;
    pthread_mutex_unlock(&client->lock);
}

static void transfer_finish(struct http_client *client, struct transfer *transfer, CURLcode code)
{
    struct http_response response = {.outcome = HTTP_ANSWERED, .reason = "answered"};
    if (code == CURLE_OK) {
        long status = 0;
        curl_off_t retry_after = 0;
        curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status == 429 || status == 503) {
            curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after);
        }
        response.status = (int)status;
        response.retry_after_s = retry_after;
    } else {
        response.outcome = was_sent(transfer) ? HTTP_LOST : HTTP_NOT_SENT;
        response.reason = reason_of(code, transfer);
    }
    CURLMcode removed = curl_multi_remove_handle(client->multi, transfer->easy);
    ASSERT(removed == CURLM_OK);
    unlink_from(&client->running, transfer);
    transfer_end(client, transfer, &response);
}

static void transfer_cancel(struct http_client *client, struct transfer *transfer, bool running)
{
    struct http_response response = {.outcome = HTTP_NOT_SENT, .reason = "cancelled"};
    if (running) {
        response.outcome = was_sent(transfer) ? HTTP_LOST : HTTP_NOT_SENT;
        CURLMcode removed = curl_multi_remove_handle(client->multi, transfer->easy);
        ASSERT(removed == CURLM_OK);
        unlink_from(&client->running, transfer);
    } else {
        unlink_from(&client->delayed, transfer);
    }
    transfer->answer_length = 0;
    transfer_end(client, transfer, &response);
}

static void insert_delayed(struct http_client *client, struct transfer *transfer)
{
    struct transfer **at = &client->delayed;
    while (*at != NULL && (*at)->begin_at_ms <= transfer->begin_at_ms) {
        at = &(*at)->next;
    }
    transfer->next = *at;
    *at = transfer;
}

/* Callbacks may begin new requests, but those wait in the list of fresh ones. */
static void cancel_owner(struct http_client *client, const void *owner)
{
    struct transfer *next;
    for (struct transfer *at = client->running; at != NULL; at = next) {
        next = at->next;
        if (at->owner == owner) {
            transfer_cancel(client, at, true);
        }
    }
    for (struct transfer *at = client->delayed; at != NULL; at = next) {
        next = at->next;
        if (at->owner == owner) {
            transfer_cancel(client, at, false);
        }
    }
}

/* Takes over new requests and cancellations; false when the client is closing. */
static bool take_orders(struct http_client *client)
{
    pthread_mutex_lock(&client->lock);
    struct transfer *fresh = client->fresh_first;
    client->fresh_first = NULL;
    client->fresh_last = &client->fresh_first;
    const void **cancelled = client->cancelled;
    int cancelled_count = client->cancelled_count;
    client->cancelled = NULL;
    client->cancelled_count = 0;
    bool closing = client->closing;
    pthread_mutex_unlock(&client->lock);

    while (fresh != NULL) {
        struct transfer *next = fresh->next;
        if (fresh->begin_at_ms > 0) {
            insert_delayed(client, fresh);
        } else {
            transfer_begin(client, fresh);
        }
        fresh = next;
    }
    for (int i = 0; i < cancelled_count; i++) {
        cancel_owner(client, cancelled[i]);
    }
    free(cancelled);
    return !closing;
}

static void begin_delayed(struct http_client *client)
{
    if (client->delayed == NULL) {
        return;
    }
    int64_t now_ms = clock_monotonic_ms(client->clock);
    while (client->delayed != NULL && client->delayed->begin_at_ms <= now_ms) {
        struct transfer *transfer = client->delayed;
        client->delayed = transfer->next;
        transfer_begin(client, transfer);
    }
}

static void finish_done(struct http_client *client)
{
    int left = 0;
    for (CURLMsg *message; (message = curl_multi_info_read(client->multi, &left)) != NULL;) {
        if (message->msg == CURLMSG_DONE) {
            CURLcode code = message->data.result;
            void *transfer = NULL;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
            transfer_finish(client, transfer, code);
        }
    }
}

/* Sleeps until a socket is ready, a request comes, or a delayed one is to begin. */
static void wait_for_work(struct http_client *client)
{
    int64_t wait_ms = POLL_MS_MAX;
    if (client->delayed != NULL) {
        int64_t until = client->delayed->begin_at_ms - clock_monotonic_ms(client->clock);
        wait_ms = until < 0 ? 0 : until < wait_ms ? until : wait_ms;
    }
    atomic_store(&client->polling, true);
    pthread_mutex_lock(&client->lock);
    bool ordered = client->fresh_first != NULL || client->cancelled_count > 0 || client->closing;
    pthread_mutex_unlock(&client->lock);
    if (!ordered) {
        CURLMcode code = curl_multi_poll(client->multi, NULL, 0, (int)wait_ms, NULL);
        ASSERT(code == CURLM_OK);
    }
    atomic_store(&client->polling, false);
}

static void *run(void *context)
{
    struct http_client *client = context;
    while (take_orders(client)) {
        begin_delayed(client);
        int running = 0;
        CURLMcode code = curl_multi_perform(client->multi, &running);
        ASSERT(code == CURLM_OK);
        finish_done(client);
        wait_for_work(client);
    }
    while (client->running != NULL) {
        transfer_cancel(client, client->running, true);
    }
    while (client->delayed != NULL) {
        transfer_cancel(client, client->delayed, false);
    }
    return NULL;
}

static void wake(struct http_client *client)
{
    if (atomic_load(&client->holds) == 0 && atomic_exchange(&client->polling, false)) {
        curl_multi_wakeup(client->multi);
    }
}

/* The thread takes no signals: one that ends the process belongs to whoever waits for it. */
static int start_thread(struct http_client *client)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&client->thread, NULL, run, client);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

enum err http_client_new(const struct http_client_options *options, struct http_client **ret_client,
                         struct err_detail *detail)
{
    pthread_once(&global_once, global_init);
    struct http_client *client = calloc(1, sizeof(*client));
    ASSERT(client != NULL);
    client->clock = options->clock;
    client->in_flight_max = options->in_flight_max > 0 ? options->in_flight_max : IN_FLIGHT_DEFAULT;
    client->connect_timeout_ms =
        options->connect_timeout_ms > 0 ? options->connect_timeout_ms : CONNECT_TIMEOUT_DEFAULT_MS;
    client->fresh_last = &client->fresh_first;
    atomic_init(&client->send_until_ms, INT64_MAX);
    client->multi = curl_multi_init();
    ASSERT(client->multi != NULL);
    curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)CONNECTIONS_PER_HOST);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_PER_HOST);
    curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    append_header(&client->json_headers, "Content-Type: application/json");
    pthread_mutex_init(&client->lock, NULL);
    int failed = start_thread(client);
    if (failed != 0) {
        pthread_mutex_destroy(&client->lock);
        curl_slist_free_all(client->json_headers);
        curl_multi_cleanup(client->multi);
        free(client);
        return err_set(detail, ERR_IO, "cannot start the thread for outgoing requests");
    }
    *ret_client = client;
    return OK;
}

static void free_list(struct transfer *list)
{
    while (list != NULL) {
        struct transfer *next = list->next;
        transfer_free(list);
        list = next;
    }
}

void http_client_free(struct http_client *client)
{
    if (client == NULL) {
        return;
    }
    pthread_mutex_lock(&client->lock);
    client->closing = true;
    pthread_mutex_unlock(&client->lock);
    curl_multi_wakeup(client->multi);
    pthread_join(client->thread, NULL);
    free_list(client->spare);
    curl_multi_cleanup(client->multi);
    curl_slist_free_all(client->json_headers);
    free(client->cancelled);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

/* Under the lock; NULL when there is none. */
static struct transfer *take_spare(struct http_client *client, struct str url)
{
    struct transfer **at = &client->spare;
    for (int i = 0; i < SPARES_LOOKED_AT && *at != NULL && !has_url(*at, url); i++) {
        at = &(*at)->next;
    }
    if (*at == NULL) {
        at = &client->spare;
    }
    struct transfer *transfer = *at;
    if (transfer != NULL) {
        *at = transfer->next;
    }
    return transfer;
}

enum err http_client_request(struct http_client *client, const struct http_request *request,
                             http_done *done, void *context)
{
    if (!request_is_valid(request)) {
        return ERR_INVALID;
    }
    int64_t now_ms = request->delay_ms > 0 ? clock_monotonic_ms(client->clock) : 0;
    pthread_mutex_lock(&client->lock);
    if (client->closing || client->in_flight >= client->in_flight_max) {
        enum err error = client->closing ? ERR_CANCELLED : ERR_BUSY;
        pthread_mutex_unlock(&client->lock);
        return error;
    }
    client->in_flight++;
    struct transfer *transfer = take_spare(client, request->url);
    pthread_mutex_unlock(&client->lock);

    if (transfer == NULL) {
        transfer = transfer_new(client);
    }
    transfer_fill(transfer, request, now_ms);
    transfer->owner = request->owner;
    transfer->done = done;
    transfer->context = context;
    transfer->next = NULL;

    pthread_mutex_lock(&client->lock);
    *client->fresh_last = transfer;
    client->fresh_last = &transfer->next;
    pthread_mutex_unlock(&client->lock);
    wake(client);
    return OK;
}

void http_client_cancel(struct http_client *client, const void *owner)
{
    pthread_mutex_lock(&client->lock);
    size_t size = (size_t)(client->cancelled_count + 1) * sizeof(*client->cancelled);
    client->cancelled = realloc(client->cancelled, size);
    ASSERT(client->cancelled != NULL);
    client->cancelled[client->cancelled_count++] = owner;
    pthread_mutex_unlock(&client->lock);
    wake(client);
}

void http_client_hold(struct http_client *client, bool held)
{
    if (held) {
        atomic_fetch_add(&client->holds, 1);
    } else if (atomic_fetch_sub(&client->holds, 1) == 1) {
        wake(client);
    }
}

void http_client_send_until(struct http_client *client, int64_t until_ms)
{
    atomic_store(&client->send_until_ms, until_ms);
}

int http_client_in_flight(struct http_client *client)
{
    pthread_mutex_lock(&client->lock);
    int in_flight = client->in_flight;
    pthread_mutex_unlock(&client->lock);
    return in_flight;
}

struct call {
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool done;
    struct http_response response;
    char *body;
    size_t body_length;
};

static void call_done(void *context, const struct http_response *response)
{
    struct call *call = context;
    pthread_mutex_lock(&call->lock);
    call->response = *response;
    call->body_length = response->body.length;
    call->body = malloc(response->body.length + 1);
    ASSERT(call->body != NULL);
    if (response->body.length > 0) {
        memcpy(call->body, response->body.ptr, response->body.length);
    }
    call->body[response->body.length] = '\0';
    call->done = true;
    pthread_cond_signal(&call->ended);
    pthread_mutex_unlock(&call->lock);
}

enum err http_client_call(struct http_client *client, const struct http_request *request,
                          int *ret_status, struct str *ret_body, struct err_detail *detail)
{
    struct call call = {.done = false};
    pthread_mutex_init(&call.lock, NULL);
    pthread_cond_init(&call.ended, NULL);
    enum err error = http_client_request(client, request, call_done, &call);
    if (error == OK) {
        pthread_mutex_lock(&call.lock);
        while (!call.done) {
            pthread_cond_wait(&call.ended, &call.lock);
        }
        pthread_mutex_unlock(&call.lock);
        if (call.response.outcome == HTTP_ANSWERED) {
            *ret_status = call.response.status;
            *ret_body = (struct str){call.body, call.body_length};
        } else {
            bool late = strcmp(call.response.reason, "timeout") == 0;
            error = err_set(detail, late ? ERR_TIMEOUT : ERR_NETWORK, "no answer: %s (%s)",
                            call.response.reason,
                            call.response.outcome == HTTP_LOST ? "the request was sent"
                                                               : "nothing was sent");
            free(call.body);
        }
    } else {
        err_set(detail, error, "cannot make the request: %s", err_text(error));
    }
    pthread_cond_destroy(&call.ended);
    pthread_mutex_destroy(&call.lock);
    return error;
}
