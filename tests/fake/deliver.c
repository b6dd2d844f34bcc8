/* Webhook delivery (deliver.h), in the order and with the retries of the real server: one request
 * at a time for each queue of a bot, up to max_connections queues side by side; a failing update
 * blocks its own queue only. The first retry comes at once, later ones after 2, 4, 8 … seconds by
 * the bot's clock, at most about a minute and a half, or when a Retry-After header says. */
#include "deliver.h"

#include "api.h"
#include "log.h"
#include "updates.h"
#include "waits.h"
#include "webhook.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define RETRY_AFTER_S_MAX     3600
#define RESPONSE_BYTES_MAX    (1024 * 1024)
#define REQUEST_TIMEOUT_S     60L
#define GONE_REMOVES_AFTER_MS (23 * 3600 * 1000LL)
#define IDLE_WAIT_MS          10000

struct deliverer {
    CURLM *multi;
    pthread_t thread;
};

/* One POST under way. */
struct webhook_request {
    struct bot *bot; /* NULL: forgotten */
    struct update *update;
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    struct buf response;
    struct webhook_request *prev;
    struct webhook_request *next;
};

void deliverer_wake(struct world *world)
{
    if (world->deliverer) {
        curl_multi_wakeup(world->deliverer->multi);
    }
}

void deliverer_forget(struct bot *bot)
{
    while (bot->webhook->requests) {
        struct webhook_request *request = bot->webhook->requests;
        DL_DELETE(bot->webhook->requests, request);
        request->bot = NULL;
    }
}

static size_t on_response(char *bytes, size_t size, size_t count, void *data)
{
    struct webhook_request *request = data;
    if (request->response.len + size * count > RESPONSE_BYTES_MAX) {
        return 0;
    }
    buf_add(&request->response, bytes, size * count);
    return size * count;
}

static void request_start(struct bot *bot, struct update *update)
{
    struct webhook_request *request = fake_alloc(sizeof *request);
    const struct webhook *webhook = bot->webhook;
    request->bot = bot;
    request->update = update;
    request->easy = curl_easy_init();
    request->body = fake_copy(update->json);
    request->headers = curl_slist_append(NULL, "Content-Type: application/json");
    request->headers = curl_slist_append(request->headers, "Expect:");
    if (webhook->secret_token) {
        struct buf header = {0};
        buf_fmt(&header, "X-Telegram-Bot-Api-Secret-Token: %s", webhook->secret_token);
        request->headers = curl_slist_append(request->headers, header.data);
        buf_release(&header);
    }
    CURL *easy = request->easy;
    curl_easy_setopt(easy, CURLOPT_URL, webhook->url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, request);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, request->headers);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_response);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, request);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, REQUEST_TIMEOUT_S);
    update->in_flight = true;
    update->queue->in_flight = true;
    bot->webhook->in_flight++;
    DL_APPEND(bot->webhook->requests, request);
    curl_multi_add_handle(bot->world->deliverer->multi, easy);
}

/* Starts what may start. Returns the milliseconds until the next may, -1: none in sight. */
static int64_t start_requests(struct bot *bot)
{
    int64_t next_ms = -1;
    if (!webhook_is_set(bot->webhook)) {
        return next_ms;
    }
    updates_purge(bot);
    int64_t now_ms = bot_now_ms(bot);
    struct update *update;
    /* In the order of their ids, so that the oldest go first; each queue gives its head only. */
    DL_FOREACH(bot->updates->head, update)
    {
        const struct update_queue *queue = update->queue;
        if (bot->webhook->in_flight >= bot->webhook->max_connections) {
            break;
        }
        if (queue->head != update || queue->in_flight) {
            continue;
        }
        if (queue->next_try_ms <= now_ms) {
            request_start(bot, update);
            continue;
        }
        int64_t wait_ms = bot_wait_ms(bot, queue->next_try_ms);
        if (wait_ms >= 0 && (next_ms < 0 || wait_ms < next_ms)) {
            next_ms = wait_ms;
        }
    }
    return next_ms;
}

static void log_attempt(struct bot *bot, const struct update *update, long status,
                        const char *error)
{
    struct log_entry entry = {
        .method = "(webhook)",
        .via = "webhook",
        .executed = status >= 200 && status < 300,
        .ok = status >= 200 && status < 300,
        .code = (int)status,
    };
    if (log_keeps(bot->log)) {
        struct buf params = {0};
        buf_fmt(&params, "{\"update_id\":%" PRId64 ",\"attempt\":%d,\"update\":%s}", update->id,
                update->queue->attempts + 1, update->json);
        entry.params = buf_take(&params);
        entry.description = fake_copy(error);
    }
    log_add(bot, &entry);
}

static int64_t retry_delay_ms(const struct update_queue *queue, int64_t retry_after_s)
{
    if (retry_after_s > 0) {
        return 1000 * (retry_after_s < RETRY_AFTER_S_MAX ? retry_after_s : RETRY_AFTER_S_MAX);
    }
    if (queue->attempts <= 1) {
        return 0;
    }
    /* The real server draws the cap between 60 and 120 s; here it follows from the queue. */
    int64_t cap_s = 60 + (int64_t)((uint64_t)queue->key % 61);
    int64_t delay_s = queue->attempts < 8 ? INT64_C(1) << (queue->attempts - 1) : cap_s;
    return 1000 * (delay_s < cap_s ? delay_s : cap_s);
}

static void attempt_failed(struct bot *bot, struct update *update, int64_t retry_after_s)
{
    struct update_queue *queue = update->queue;
    queue->attempts++;
    queue->next_try_ms = bot_now_ms(bot) + retry_delay_ms(queue, retry_after_s);
    if (queue->next_try_ms > update->expires_ms) {
        updates_remove(bot, update);
    }
}

/* What a refused or failed attempt leaves in getWebhookInfo. */
static void note_failure(struct bot *bot, CURLcode result, long status, const char *reason)
{
    if (result == CURLE_OK) {
        struct buf text = {0};
        buf_fmt(&text, "Wrong response from the webhook: %ld %s", status, reason);
        webhook_error(bot, text.data);
        buf_release(&text);
    } else {
        webhook_error(bot, result == CURLE_OPERATION_TIMEDOUT ? "Read timeout expired"
                           : result == CURLE_COULDNT_CONNECT  ? "Connection refused"
                                                              : curl_easy_strerror(result));
    }
    struct webhook *webhook = bot->webhook;
    int64_t now_ms = bot_now_ms(bot);
    if (status != 410) {
        webhook->gone_since_ms = 0;
    } else if (!webhook->gone_since_ms) {
        webhook->gone_since_ms = now_ms;
    } else if (now_ms - webhook->gone_since_ms >= GONE_REMOVES_AFTER_MS) {
        webhook_remove(webhook);
    }
}

static const char *reason_phrase(long status)
{
    static const struct {
        long status;
        const char *reason;
    } reasons[] = {
        {301, "Moved Permanently"},
        {302, "Found"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {410, "Gone"},
        {413, "Request Entity Too Large"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status) {
            return reasons[i].reason;
        }
    }
    return "Unknown";
}

static void request_ended(struct webhook_request *request, CURLcode result)
{
    struct bot *bot = request->bot;
    struct update *update = request->update;
    long status = 0;
    curl_off_t retry_after_s = 0;
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(request->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    DL_DELETE(bot->webhook->requests, request);
    bot->webhook->in_flight--;
    update->in_flight = false;
    update->queue->in_flight = false;
    bool taken = result == CURLE_OK && status >= 200 && status < 300;
    log_attempt(bot, update, status, result == CURLE_OK ? NULL : curl_easy_strerror(result));
    if (!taken) {
        note_failure(bot, result, status, reason_phrase(status));
    } else {
        bot->webhook->gone_since_ms = 0;
    }
    if (taken || update->doomed) {
        updates_remove(bot, update);
    } else {
        attempt_failed(bot, update, retry_after_s);
    }
    if (taken && request->response.len) {
        api_handle_response(bot, request->response.data, request->response.len);
    }
}

static void reap(struct deliverer *deliverer)
{
    int left;
    const CURLMsg *message;
    while ((message = curl_multi_info_read(deliverer->multi, &left))) {
        if (message->msg != CURLMSG_DONE) {
            continue;
        }
        struct webhook_request *request = NULL;
        CURLcode result = message->data.result;
        CURL *easy = message->easy_handle;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&request);
        if (request->bot) {
            request_ended(request, result);
        }
        curl_multi_remove_handle(deliverer->multi, easy);
        curl_easy_cleanup(easy);
        curl_slist_free_all(request->headers);
        free(request->body);
        buf_release(&request->response);
        free(request);
    }
}

static int64_t sooner(int64_t a, int64_t b)
{
    if (a < 0 || b < 0) {
        return a < 0 ? b : a;
    }
    return a < b ? a : b;
}

static void *deliver_loop(void *data)
{
    struct world *world = data;
    struct deliverer *deliverer = world->deliverer;
    for (;;) {
        int running;
        curl_multi_perform(deliverer->multi, &running);
        pthread_mutex_lock(&world->lock);
        reap(deliverer);
        int64_t wait_ms = waits_tick(world);
        struct bot *bot;
        struct bot *next;
        HASH_ITER (hh, world->bots, bot, next) {
            wait_ms = sooner(wait_ms, start_requests(bot));
        }
        pthread_mutex_unlock(&world->lock);
        curl_multi_perform(deliverer->multi, &running);
        int wait = wait_ms < 0 || wait_ms > IDLE_WAIT_MS ? IDLE_WAIT_MS : (int)wait_ms;
        curl_multi_poll(deliverer->multi, NULL, 0, wait, NULL);
    }
    return NULL;
}

bool deliverer_start(struct world *world)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct deliverer *deliverer = fake_alloc(sizeof *deliverer);
    deliverer->multi = curl_multi_init();
    if (!deliverer->multi) {
        free(deliverer);
        return false;
    }
    curl_multi_setopt(deliverer->multi, CURLMOPT_MAXCONNECTS, 200L);
    world->deliverer = deliverer;
    return pthread_create(&deliverer->thread, NULL, deliver_loop, world) == 0;
}
