/* The HTTP client against a server that also behaves badly: what was sent, what was lost, what was
 * answered, and that nothing is ever sent twice. */
#include "net/http_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "lib/tiny_server.h"

struct fixture {
    struct tiny_server *server;
    struct clock *clock;
    struct http_client *client;
    atomic_int posts; /* counted by the threads of the server */
    char *big;
};

static struct tiny_reply behave(void *context, const struct tiny_request *request)
{
    struct fixture *fixture = context;
    if (strcmp(request->method, "POST") == 0) {
        fixture->posts++;
    }
    struct tiny_reply reply = {.action = TINY_ANSWER, .status = 200, .body = "{\"ok\":true}"};
    if (strcmp(request->path, "/echo") == 0) {
        reply.body = request->body;
    } else if (strcmp(request->path, "/close") == 0) {
        reply.action = TINY_CLOSE;
    } else if (strcmp(request->path, "/close-when-reused") == 0) {
        reply.action = request->on_connection > 1 ? TINY_CLOSE : TINY_ANSWER;
    } else if (strcmp(request->path, "/hang") == 0) {
        reply.action = TINY_HANG;
    } else if (strcmp(request->path, "/big") == 0) {
        reply.body = fixture->big;
    } else if (strcmp(request->path, "/slow-down") == 0) {
        reply.status = 429;
        reply.headers = "Retry-After: 17\r\n";
    } else if (strcmp(request->path, "/elsewhere") == 0) {
        reply.status = 302;
        reply.headers = "Location: /echo\r\n";
    } else if (strcmp(request->path, "/connection") == 0) {
        reply.body = request->connection == 1 ? "first" : "another";
    } else if (strcmp(request->path, "/asks") == 0) {
        reply.body = strstr(request->headers, "Expect") == NULL ? "nothing" : "whether to go on";
    } else if (strcmp(request->path, "/headers") == 0) {
        reply.body = strstr(request->headers, "X-Test: yes") != NULL &&
                             strstr(request->headers, "Content-Type: text/plain") != NULL &&
                             strstr(request->headers, "Expect") == NULL
                         ? "good"
                         : "bad";
    }
    return reply;
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    fixture->big = malloc(300001);
    assert_non_null(fixture->big);
    memset(fixture->big, 'b', 300000);
    fixture->big[300000] = '\0';
    fixture->server = tiny_server_new(behave, fixture);
    fixture->clock = clock_new_real();
    struct http_client_options options = {.clock = fixture->clock, .in_flight_max = 8};
    struct err_detail detail;
    assert_int_equal(http_client_new(&options, &fixture->client, &detail), OK);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    http_client_free(fixture->client);
    tiny_server_free(fixture->server);
    clock_free(fixture->clock);
    free(fixture->big);
    free(fixture);
    return 0;
}

static enum err call(struct fixture *fixture, struct http_request request, const char *path,
                     int *ret_status, char *ret_body, size_t size, struct err_detail *detail)
{
    char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", tiny_server_port(fixture->server), path);
    request.url = str_of(url);
    struct str body = STR_NONE;
    enum err error = http_client_call(fixture->client, &request, ret_status, &body, detail);
    if (error == OK) {
        str_copy(ret_body, size, body);
        free((void *)(uintptr_t)body.ptr);
    }
    return error;
}

static void answers_come_with_status_and_body(void **state)
{
    struct fixture *fixture = *state;
    struct err_detail detail = {""};
    char body[64] = "";
    int status = 0;
    struct http_request post = {.method = HTTP_POST, .body = STR("{\"a\":1}")};
    assert_int_equal(call(fixture, post, "/echo", &status, body, sizeof(body), &detail), OK);
    assert_int_equal(status, 200);
    assert_string_equal(body, "{\"a\":1}");
    struct http_request get = {.method = HTTP_GET};
    assert_int_equal(call(fixture, get, "/any", &status, body, sizeof(body), &detail), OK);
    assert_string_equal(body, "{\"ok\":true}");
    struct http_request empty = {.method = HTTP_POST};
    assert_int_equal(call(fixture, empty, "/echo", &status, body, sizeof(body), &detail), OK);
    assert_string_equal(body, "");
    struct http_request other = {.method = HTTP_POST,
                                 .content_type = STR("text/plain"),
                                 .headers = {STR("X-Test: yes")},
                                 .header_count = 1};
    assert_int_equal(call(fixture, other, "/headers", &status, body, sizeof(body), &detail), OK);
    assert_string_equal(body, "good");
}

/* However long a body is, it goes out at once: a server that does not know the question would cost
 * a second of waiting. */
static void no_body_asks_before_it_is_sent(void **state)
{
    static const size_t sizes[] = {1,           1000 * 1000,     1000 * 1000 + 1,
                                   1024 * 1024, 1024 * 1024 + 1, 3 * 1024 * 1024};
    struct fixture *fixture = *state;
    char *bytes = malloc(3 * 1024 * 1024);
    assert_non_null(bytes);
    memset(bytes, 'x', 3 * 1024 * 1024);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct err_detail detail = {""};
        char body[64] = "";
        int status = 0;
        struct http_request post = {.method = HTTP_POST, .body = {bytes, sizes[i]}};
        assert_int_equal(call(fixture, post, "/asks", &status, body, sizeof(body), &detail), OK);
        assert_string_equal(body, "nothing");
    }
    free(bytes);
}

static void a_connection_is_reused(void **state)
{
    struct fixture *fixture = *state;
    struct err_detail detail = {""};
    char body[64] = "";
    int status = 0;
    struct http_request post = {.method = HTTP_POST, .body = STR("x")};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(call(fixture, post, "/connection", &status, body, sizeof(body), &detail),
                         OK);
        assert_string_equal(body, "first");
    }
}

/* A handle keeps the URL that it had, and takes another or one that is none. */
static void each_request_goes_to_its_url(void **state)
{
    struct fixture *fixture = *state;
    struct err_detail detail = {""};
    char body[64] = "";
    int status = 0;
    struct http_request post = {.method = HTTP_POST, .body = STR("x")};
    for (int i = 0; i < 3; i++) {
        for (int twice = 0; twice < 2; twice++) {
            assert_int_equal(call(fixture, post, "/echo", &status, body, sizeof(body), &detail),
                             OK);
            assert_string_equal(body, "x");
        }
        assert_int_equal(call(fixture, post, "/any", &status, body, sizeof(body), &detail), OK);
        assert_string_equal(body, "{\"ok\":true}");
        assert_int_equal(call(fixture, post, "/a b", &status, body, sizeof(body), &detail),
                         ERR_NETWORK);
        assert_non_null(strstr(detail.text, "bad_url (nothing was sent)"));
    }
}

static void redirects_are_not_followed(void **state)
{
    struct fixture *fixture = *state;
    struct err_detail detail = {""};
    char body[64] = "";
    int status = 0;
    struct http_request get = {.method = HTTP_GET};
    assert_int_equal(call(fixture, get, "/elsewhere", &status, body, sizeof(body), &detail), OK);
    assert_int_equal(status, 302);
}

struct seen {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int count;
    int unsent;
    enum http_outcome outcome;
    int status;
    int64_t retry_after_s;
    char reason[32];
};

static void remember(void *context, const struct http_response *response)
{
    struct seen *seen = context;
    pthread_mutex_lock(&seen->lock);
    seen->count++;
    seen->unsent += response->outcome == HTTP_NOT_SENT;
    seen->outcome = response->outcome;
    seen->status = response->status;
    seen->retry_after_s = response->retry_after_s;
    snprintf(seen->reason, sizeof(seen->reason), "%s", response->reason);
    pthread_cond_signal(&seen->changed);
    pthread_mutex_unlock(&seen->lock);
}

static void wait_for(struct seen *seen, int count)
{
    pthread_mutex_lock(&seen->lock);
    while (seen->count < count) {
        pthread_cond_wait(&seen->changed, &seen->lock);
    }
    pthread_mutex_unlock(&seen->lock);
}

static struct seen try_one(struct fixture *fixture, struct http_request request, int port,
                           const char *path)
{
    struct seen seen = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .count = 0};
    char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", port, path);
    request.url = str_of(url);
    assert_int_equal(http_client_request(fixture->client, &request, remember, &seen), OK);
    wait_for(&seen, 1);
    return seen;
}

static void a_lost_answer_is_told_from_nothing_sent(void **state)
{
    struct fixture *fixture = *state;
    int port = tiny_server_port(fixture->server);
    struct http_request post = {.method = HTTP_POST, .body = STR("x"), .timeout_ms = 300};
    struct seen seen = try_one(fixture, post, port, "/close");
    assert_int_equal(seen.outcome, HTTP_LOST);
    assert_string_equal(seen.reason, "connection_lost");
    seen = try_one(fixture, post, port, "/hang");
    assert_int_equal(seen.outcome, HTTP_LOST);
    assert_string_equal(seen.reason, "timeout");
    struct tiny_server *gone = tiny_server_new(behave, fixture);
    int free_port = tiny_server_port(gone);
    tiny_server_free(gone);
    seen = try_one(fixture, post, free_port, "/");
    assert_int_equal(seen.outcome, HTTP_NOT_SENT);
    assert_string_equal(seen.reason, "connect");
}

/* The connection dies after the second request on it was read: libcurl would send it again. */
static void a_post_is_never_repeated(void **state)
{
    struct fixture *fixture = *state;
    int port = tiny_server_port(fixture->server);
    struct http_request post = {.method = HTTP_POST, .body = STR("x")};
    struct seen seen = try_one(fixture, post, port, "/close-when-reused");
    assert_int_equal(seen.outcome, HTTP_ANSWERED);
    seen = try_one(fixture, post, port, "/close-when-reused");
    assert_int_equal(seen.outcome, HTTP_LOST);
    assert_int_equal(atomic_load(&fixture->posts), 2);
}

/* Asked when the connection is there, a new one or one that was used before. */
static void nothing_goes_out_when_the_lease_has_run_out(void **state)
{
    struct fixture *fixture = *state;
    int port = tiny_server_port(fixture->server);
    struct http_request post = {.method = HTTP_POST, .body = STR("x")};
    http_client_send_until(fixture->client, clock_monotonic_ms(fixture->clock));
    struct seen seen = try_one(fixture, post, port, "/any");
    assert_int_equal(seen.outcome, HTTP_NOT_SENT);
    assert_string_equal(seen.reason, "lease");
    http_client_send_until(fixture->client, INT64_MAX);
    seen = try_one(fixture, post, port, "/any");
    assert_int_equal(seen.outcome, HTTP_ANSWERED);
    http_client_send_until(fixture->client, 0);
    seen = try_one(fixture, post, port, "/any");
    assert_int_equal(seen.outcome, HTTP_NOT_SENT);
    assert_string_equal(seen.reason, "lease");
    assert_int_equal(atomic_load(&fixture->posts), 1);
    http_client_send_until(fixture->client, INT64_MAX);
    seen = try_one(fixture, post, port, "/any");
    assert_int_equal(seen.outcome, HTTP_ANSWERED);
    assert_int_equal(atomic_load(&fixture->posts), 2);
}

static void limits_hold(void **state)
{
    struct fixture *fixture = *state;
    int port = tiny_server_port(fixture->server);
    struct http_request get = {.method = HTTP_GET, .response_bytes_max = 299999};
    struct seen seen = try_one(fixture, get, port, "/big");
    assert_int_equal(seen.outcome, HTTP_LOST);
    assert_string_equal(seen.reason, "too_large");
    get.response_bytes_max = 300000;
    assert_int_equal(try_one(fixture, get, port, "/big").outcome, HTTP_ANSWERED);
    seen = try_one(fixture, get, port, "/slow-down");
    assert_int_equal(seen.status, 429);
    assert_int_equal(seen.retry_after_s, 17);
    struct http_request bad = {.method = HTTP_GET, .url = STR("file:///etc/passwd")};
    assert_int_equal(http_client_request(fixture->client, &bad, remember, NULL), ERR_INVALID);
}

static void the_number_under_way_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .count = 0};
    char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/hang", tiny_server_port(fixture->server));
    struct http_request post = {.method = HTTP_POST, .url = str_of(url), .body = STR("x")};
    char owners[8];
    for (int i = 0; i < 8; i++) {
        post.delay_ms = i == 7 ? 100000 : 0;
        post.owner = &owners[i];
        assert_int_equal(http_client_request(fixture->client, &post, remember, &seen), OK);
    }
    assert_int_equal(http_client_request(fixture->client, &post, remember, &seen), ERR_BUSY);
    assert_int_equal(http_client_in_flight(fixture->client), 8);
    http_client_cancel(fixture->client, &owners[7]);
    wait_for(&seen, 1);
    assert_string_equal(seen.reason, "cancelled");
    assert_int_equal(seen.outcome, HTTP_NOT_SENT);
    for (int i = 0; i < 7; i++) {
        http_client_cancel(fixture->client, &owners[i]);
    }
    wait_for(&seen, 8);
}

static void a_delayed_request_waits(void **state)
{
    struct fixture *fixture = *state;
    struct http_request get = {.method = HTTP_GET, .delay_ms = 60};
    int64_t before_ms = clock_monotonic_ms(fixture->clock);
    struct seen seen = try_one(fixture, get, tiny_server_port(fixture->server), "/");
    assert_int_equal(seen.outcome, HTTP_ANSWERED);
    assert_true(clock_monotonic_ms(fixture->clock) - before_ms >= 60);
}

/* More requests than connections to a host that hangs: each ends at its own time, also those that
 * never had a connection, and those were not sent. */
static void what_waits_for_a_connection_ends_in_time(void **state)
{
    enum { CONNECTIONS = 64, COUNT = 70, TIMEOUT_MS = 1000 };
    struct fixture *fixture = *state;
    struct http_client_options options = {.clock = fixture->clock};
    struct http_client *client = NULL;
    struct err_detail detail;
    assert_int_equal(http_client_new(&options, &client, &detail), OK);
    struct seen seen = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .count = 0};
    char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/hang", tiny_server_port(fixture->server));
    struct http_request post = {.method = HTTP_POST, .url = str_of(url), .body = STR("x")};
    for (int i = 0; i < COUNT; i++) {
        /* Those that wait end first, lest they find a connection free for an instant. */
        post.timeout_ms = i < CONNECTIONS ? 2 * TIMEOUT_MS : TIMEOUT_MS;
        assert_int_equal(http_client_request(client, &post, remember, &seen), OK);
    }
    wait_for(&seen, COUNT);
    /* If their time began with their connection, they would have been sent. */
    assert_int_equal(seen.unsent, COUNT - CONNECTIONS);
    assert_true(atomic_load(&fixture->posts) <= CONNECTIONS);
    http_client_free(client);
}

struct holder {
    pthread_t thread;
    struct http_client *client;
    struct seen *seen;
    const char *url;
    int refused;
};

enum { HOLDERS = 4, HOLDS = 150, REQUESTS_OF_HOLD = 3 };

static void *hold_and_ask(void *context)
{
    struct holder *holder = context;
    struct http_request post = {
        .method = HTTP_POST, .url = str_of(holder->url), .body = STR("x"), .owner = holder};
    for (int i = 0; i < HOLDS; i++) {
        http_client_hold(holder->client, true);
        for (int k = 0; k < REQUESTS_OF_HOLD; k++) {
            holder->refused +=
                http_client_request(holder->client, &post, remember, holder->seen) != OK;
        }
        http_client_hold(holder->client, false);
        if (i % 16 == 0) {
            http_client_cancel(holder->client, holder);
        }
    }
    return NULL;
}

/* Threads that hold, ask, release and cancel at once: every request ends, once. */
static void many_threads_hold_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct http_client_options options = {.clock = fixture->clock, .in_flight_max = 100};
    struct http_client *client = NULL;
    struct err_detail detail;
    assert_int_equal(http_client_new(&options, &client, &detail), OK);
    struct seen seen = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .count = 0};
    char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/any", tiny_server_port(fixture->server));
    struct holder holders[HOLDERS];
    int asked = HOLDERS * HOLDS * REQUESTS_OF_HOLD;
    for (int i = 0; i < HOLDERS; i++) {
        holders[i] = (struct holder){.client = client, .seen = &seen, .url = url};
        assert_int_equal(pthread_create(&holders[i].thread, NULL, hold_and_ask, &holders[i]), 0);
    }
    for (int i = 0; i < HOLDERS; i++) {
        pthread_join(holders[i].thread, NULL);
        asked -= holders[i].refused;
    }
    wait_for(&seen, asked);
    http_client_free(client);
    assert_int_equal(seen.count, asked);
    assert_true(asked >= 100);
}

static void the_end_cancels_what_is_under_way(void **state)
{
    struct fixture *fixture = *state;
    struct seen seen = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, .count = 0};
    char url[128];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/hang", tiny_server_port(fixture->server));
    struct http_request post = {.method = HTTP_POST, .url = str_of(url), .body = STR("x")};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(http_client_request(fixture->client, &post, remember, &seen), OK);
    }
    http_client_free(fixture->client);
    fixture->client = NULL;
    assert_int_equal(seen.count, 3);
    assert_string_equal(seen.reason, "cancelled");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_come_with_status_and_body, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_body_asks_before_it_is_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_connection_is_reused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(each_request_goes_to_its_url, set_up, tear_down),
        cmocka_unit_test_setup_teardown(redirects_are_not_followed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_lost_answer_is_told_from_nothing_sent, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_post_is_never_repeated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_goes_out_when_the_lease_has_run_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(limits_hold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_number_under_way_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_delayed_request_waits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_waits_for_a_connection_ends_in_time, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(many_threads_hold_at_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_cancels_what_is_under_way, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
