/* The Telegram channel against a provider that hangs: every message is reported in time, and what
 * was not tried is said to be so. */
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

#include "channel/telegram.h"
#include "lib/tiny_server.h"

enum { SEND_MS = 2000, REPORTS_MAX = 16 };

struct seen {
    int64_t delivery_id;
    enum report_kind kind;
    int64_t retry_after_ms;
    int64_t after_ms;
};

struct fixture {
    struct tiny_server *server;
    struct clock *clock;
    struct http_client *client;
    struct channel *channel;
    int64_t began_ms;
    atomic_int requests;
    atomic_int hang_from; /* the number of the first request that is not answered */
    pthread_mutex_t lock; /* guards the following */
    pthread_cond_t changed;
    struct seen seen[REPORTS_MAX];
    int seen_count;
};

static struct tiny_reply behave(void *context, const struct tiny_request *request)
{
    struct fixture *fixture = context;
    fixture->requests++;
    if (request->number >= atomic_load(&fixture->hang_from)) {
        return (struct tiny_reply){.action = TINY_HANG};
    }
    return (struct tiny_reply){
        .action = TINY_ANSWER,
        .status = 200,
        .body = "{\"ok\":true,\"result\":{\"message_id\":5,\"date\":1,\"chat\":{\"id\":7}}}"};
}

static void take_report(void *context, const struct report *report)
{
    struct fixture *fixture = context;
    pthread_mutex_lock(&fixture->lock);
    assert_true(fixture->seen_count < REPORTS_MAX);
    fixture->seen[fixture->seen_count++] =
        (struct seen){report->delivery_id, report->kind, report->retry_after_ms,
                      clock_monotonic_ms(fixture->clock) - fixture->began_ms};
    pthread_cond_signal(&fixture->changed);
    pthread_mutex_unlock(&fixture->lock);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    assert_non_null(fixture);
    pthread_mutex_init(&fixture->lock, NULL);
    pthread_cond_init(&fixture->changed, NULL);
    fixture->hang_from = 1;
    fixture->clock = clock_new_real();
    fixture->server = tiny_server_new(behave, fixture);
    struct err_detail detail = {""};
    struct http_client_options client = {.clock = fixture->clock};
    assert_int_equal(http_client_new(&client, &fixture->client, &detail), OK);
    char url[64];
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", tiny_server_port(fixture->server));
    struct telegram_options options = {.client = fixture->client,
                                       .clock = fixture->clock,
                                       .token = "4711:abc",
                                       .api_url = url,
                                       .sink = {fixture, take_report, NULL},
                                       .send_ms = SEND_MS};
    assert_int_equal(telegram_new(&options, &fixture->channel, &detail), OK);
    fixture->began_ms = clock_monotonic_ms(fixture->clock);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    fixture->channel->ops->free(fixture->channel);
    http_client_free(fixture->client);
    tiny_server_free(fixture->server);
    clock_free(fixture->clock);
    pthread_cond_destroy(&fixture->changed);
    pthread_mutex_destroy(&fixture->lock);
    free(fixture);
    return 0;
}

static void send_message(struct fixture *fixture, int64_t id, const char *chat)
{
    const struct delivery delivery = {.id = id,
                                      .user_id = 1,
                                      .class = CLASS_FOLLOWUP,
                                      .channel = CHANNEL_TELEGRAM,
                                      .address = str_of(chat),
                                      .text = STR("Hello")};
    assert_int_equal(fixture->channel->ops->send(fixture->channel, outgoing_of_delivery(&delivery)),
                     OK);
}

static void wait_for_reports(struct fixture *fixture, int count)
{
    pthread_mutex_lock(&fixture->lock);
    while (fixture->seen_count < count) {
        pthread_cond_wait(&fixture->changed, &fixture->lock);
    }
    pthread_mutex_unlock(&fixture->lock);
}

/* Five messages of one chat: two are tried until their time is up, the others never were. */
static void what_waits_too_long_is_given_back(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 1; i <= 5; i++) {
        send_message(fixture, i, "7");
    }
    wait_for_reports(fixture, 5);
    static const enum report_kind kinds[] = {REPORT_UNCERTAIN, REPORT_UNCERTAIN, REPORT_PAUSED,
                                             REPORT_PAUSED, REPORT_PAUSED};
    for (int i = 0; i < 5; i++) {
        const struct seen *seen = &fixture->seen[i];
        assert_int_equal(seen->delivery_id, i + 1);
        assert_int_equal(seen->kind, kinds[i]);
        assert_true(seen->kind != REPORT_PAUSED || seen->retry_after_ms > 0);
        /* One after the other, 60 % of the time each, they would take three times as long. */
        assert_true(seen->after_ms < 3 * SEND_MS / 2);
    }
    assert_int_equal(atomic_load(&fixture->requests), 2);
    fixture->channel->ops->stop(fixture->channel, SEND_MS);
    assert_int_equal(fixture->channel->ops->in_flight(fixture->channel), 0);
}

/* A chat whose provider is only slow for the first is served in order; another does not wait. */
static void other_chats_go_side_by_side(void **state)
{
    struct fixture *fixture = *state;
    fixture->hang_from = 4;
    for (int i = 1; i <= 3; i++) {
        send_message(fixture, i, "7");
    }
    wait_for_reports(fixture, 3);
    send_message(fixture, 4, "8");
    send_message(fixture, 5, "9");
    wait_for_reports(fixture, 5);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fixture->seen[i].delivery_id, i + 1);
        assert_int_equal(fixture->seen[i].kind, REPORT_SENT);
    }
    for (int i = 3; i < 5; i++) {
        assert_int_equal(fixture->seen[i].kind, REPORT_UNCERTAIN);
    }
    assert_int_equal(atomic_load(&fixture->requests), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_waits_too_long_is_given_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_chats_go_side_by_side, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
