/* Everything happens inside of send(), on the engine's thread. */
#include "lib/fake_channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { SCRIPTS_MAX = 64 };

struct fake_channel {
    struct channel channel; /* first */
    struct channel_ops ops;
    struct clock *clock;
    struct channel_sink sink;
    struct report scripts[SCRIPTS_MAX];
    int script_first, script_count;
    bool swallow;
    bool refuse;
    struct fake_sent *sent;
    int sent_count;
    int sent_capacity;
};

static void keep(struct fake_channel *fake, const struct outgoing *outgoing)
{
    if (fake->sent_count == fake->sent_capacity) {
        fake->sent_capacity = fake->sent_capacity == 0 ? 256 : 2 * fake->sent_capacity;
        fake->sent = realloc(fake->sent, (size_t)fake->sent_capacity * sizeof(*fake->sent));
        ASSERT(fake->sent != NULL);
    }
    struct fake_sent *sent = &fake->sent[fake->sent_count++];
    *sent = (struct fake_sent){.is_act = outgoing->delivery_id == 0,
                               .delivery_id = outgoing->delivery_id,
                               .user_id = outgoing->user_id,
                               .class = outgoing->class,
                               .act = outgoing->act.kind,
                               .at_ms = clock_now_ms(fake->clock)};
    str_copy(sent->address, sizeof(sent->address), outgoing->address);
    str_copy(sent->text, sizeof(sent->text), sent->is_act ? outgoing->act.text : outgoing->text);
    for (int i = 0; i < outgoing->button_count && i < 8; i++) {
        str_copy(sent->tokens[i], sizeof(sent->tokens[i]), outgoing->buttons[i].token);
        sent->button_count++;
    }
}

static enum err fake_send(struct channel *channel, struct outgoing *outgoing)
{
    struct fake_channel *fake = (struct fake_channel *)channel;
    if (fake->refuse) {
        return ERR_BUSY;
    }
    keep(fake, outgoing);
    char id[24];
    snprintf(id, sizeof(id), "%d", 1000 + fake->sent_count);
    struct report report = {.kind = REPORT_SENT, .provider_id = str_of(id)};
    if (outgoing->delivery_id != 0 && fake->script_count > 0) {
        report = fake->scripts[fake->script_first++];
        fake->script_count--;
    }
    report.delivery_id = outgoing->delivery_id;
    report.user_id = outgoing->user_id;
    report.channel = fake->ops.kind;
    report.address = outgoing->address;
    if (!fake->swallow && outgoing->delivery_id != 0) {
        fake->sink.report(fake->sink.context, &report);
    }
    outgoing_free(outgoing);
    return OK;
}

static enum err fake_start(struct channel *channel, struct err_detail *detail)
{
    (void)channel;
    (void)detail;
    return OK;
}

static void fake_stop(struct channel *channel, int64_t wait_ms)
{
    (void)channel;
    (void)wait_ms;
}

static void fake_free(struct channel *channel)
{
    struct fake_channel *fake = (struct fake_channel *)channel;
    if (fake != NULL) {
        free(fake->sent);
        free(fake);
    }
}

static int fake_in_flight(const struct channel *channel)
{
    (void)channel;
    return 0;
}

static enum err fake_read_request(const struct channel *channel, struct arena *arena,
                                  const struct taken_request *taken, struct input *ret_input,
                                  bool *ret_relevant, struct err_detail *detail)
{
    (void)arena;
    if (taken->body.length == 0) {
        return err_set(detail, ERR_INVALID, "a body says something");
    }
    *ret_input = (struct input){.kind = INPUT_TEXT,
                                .source = STR("telegram"),
                                .channel = channel->ops->kind,
                                .identity = taken->id,
                                .address = taken->id,
                                .may_create = true,
                                .text = taken->body};
    *ret_relevant = !str_is(taken->body, "-");
    return OK;
}

struct channel *fake_channel_new(enum channel_kind kind, struct clock *clock,
                                 const struct channel_limits *limits)
{
    struct fake_channel *fake = calloc(1, sizeof(*fake));
    ASSERT(fake != NULL);
    fake->clock = clock;
    fake->ops = (struct channel_ops){.kind = kind,
                                     .limits = *limits,
                                     .send = fake_send,
                                     .start = fake_start,
                                     .stop = fake_stop,
                                     .free = fake_free,
                                     .in_flight = fake_in_flight,
                                     .read_request = fake_read_request};
    fake->channel.ops = &fake->ops;
    return &fake->channel;
}

void fake_channel_sink(struct channel *channel, const struct channel_sink *sink)
{
    ((struct fake_channel *)channel)->sink = *sink;
}

void fake_channel_script(struct channel *channel, const struct report *report)
{
    struct fake_channel *fake = (struct fake_channel *)channel;
    if (fake->script_count == 0) {
        fake->script_first = 0;
    }
    ASSERT(fake->script_first + fake->script_count < SCRIPTS_MAX);
    fake->scripts[fake->script_first + fake->script_count++] = *report;
}

void fake_channel_swallow(struct channel *channel, bool swallow)
{
    ((struct fake_channel *)channel)->swallow = swallow;
}

void fake_channel_refuse(struct channel *channel, bool refuse)
{
    ((struct fake_channel *)channel)->refuse = refuse;
}

const struct fake_sent *fake_channel_sent(const struct channel *channel, int *ret_count)
{
    const struct fake_channel *fake = (const struct fake_channel *)channel;
    *ret_count = fake->sent_count;
    return fake->sent;
}

void fake_channel_forget(struct channel *channel)
{
    ((struct fake_channel *)channel)->sent_count = 0;
}
