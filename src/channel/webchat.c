/* Open pages by address, and telling them. */
#include "channel/webchat.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

struct webchat_subscription {
    struct webchat_subscription *next;
    webchat_listener *listener;
    void *context;
    size_t address_length;
    char address[];
};

struct webchat {
    struct channel channel;
    struct channel_sink sink;
    pthread_mutex_t lock; /* guards the list */
    struct webchat_subscription *first;
};

static bool is_for(const struct webchat_subscription *subscription, struct str address)
{
    return str_equal((struct str){subscription->address, subscription->address_length}, address);
}

static void report_sent(struct webchat *webchat, const struct outgoing *outgoing)
{
    char id[24];
    int length = snprintf(id, sizeof(id), "%" PRId64, outgoing->delivery_id);
    struct report report = {.delivery_id = outgoing->delivery_id,
                            .user_id = outgoing->user_id,
                            .channel = CHANNEL_WEBCHAT,
                            .kind = REPORT_SENT,
                            .address = outgoing->address,
                            .provider_id = {id, (size_t)length}};
    webchat->sink.report(webchat->sink.context, &report);
}

static enum err webchat_send(struct channel *channel, struct outgoing *outgoing)
{
    struct webchat *webchat = (struct webchat *)channel;
    pthread_mutex_lock(&webchat->lock);
    for (struct webchat_subscription *s = webchat->first; s != NULL; s = s->next) {
        if (is_for(s, outgoing->address)) {
            s->listener(s->context, outgoing);
        }
    }
    pthread_mutex_unlock(&webchat->lock);
    if (outgoing->delivery_id != 0) {
        report_sent(webchat, outgoing);
    }
    outgoing_free(outgoing);
    return OK;
}

static enum err webchat_start(struct channel *channel, struct err_detail *detail)
{
    (void)channel, (void)detail;
    return OK;
}

static void webchat_stop(struct channel *channel, int64_t wait_ms)
{
    (void)channel, (void)wait_ms;
}

static int webchat_in_flight(const struct channel *channel)
{
    (void)channel;
    return 0;
}

static void webchat_free(struct channel *channel)
{
    struct webchat *webchat = (struct webchat *)channel;
    ASSERT(webchat->first == NULL);
    pthread_mutex_destroy(&webchat->lock);
    free(webchat);
}

static const struct channel_ops webchat_ops = {
    .kind = CHANNEL_WEBCHAT,
    .limits = {0},
    .send = webchat_send,
    .start = webchat_start,
    .stop = webchat_stop,
    .free = webchat_free,
    .in_flight = webchat_in_flight,
};

struct channel *webchat_new(const struct channel_sink *sink)
{
    struct webchat *webchat = calloc(1, sizeof(*webchat));
    ASSERT(webchat != NULL);
    webchat->channel.ops = &webchat_ops;
    webchat->sink = *sink;
    pthread_mutex_init(&webchat->lock, NULL);
    return &webchat->channel;
}

struct webchat_subscription *webchat_subscribe(struct channel *channel, struct str address,
                                               webchat_listener *listener, void *context)
{
    struct webchat *webchat = (struct webchat *)channel;
    struct webchat_subscription *s = calloc(1, sizeof(*s) + address.length + 1);
    ASSERT(s != NULL);
    s->listener = listener;
    s->context = context;
    s->address_length = address.length;
    memcpy(s->address, address.ptr, address.length);
    pthread_mutex_lock(&webchat->lock);
    s->next = webchat->first;
    webchat->first = s;
    pthread_mutex_unlock(&webchat->lock);
    return s;
}

void webchat_unsubscribe(struct channel *channel, struct webchat_subscription *subscription)
{
    struct webchat *webchat = (struct webchat *)channel;
    pthread_mutex_lock(&webchat->lock);
    struct webchat_subscription **link = &webchat->first;
    while (*link != subscription) {
        link = &(*link)->next;
    }
    *link = subscription->next;
    pthread_mutex_unlock(&webchat->lock);
    free(subscription);
}
