/* What a decision wants sent: held by the sending mode and the allow-list, paced, and after the
 * commit handed to the channels. The core has asked the person's own gate already; here only the
 * installation and the provider have a say. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "core/delivery.h"
#include "core/pressure.h"
#include "core/run.h"
#include "engine/internal.h"

enum {
    HELD_RECHECK_MS = 10 * 60 * 1000, /* while sending is off; switching it on wakes them at once */
    CHANNEL_OFF_MS = 10 * 60 * 1000
};

/* Dry-run lets nothing out, off still lets replies out: dry-run is the stricter one. */
enum sending_mode engine_sending(const struct engine *engine)
{
    enum sending_mode own = engine->config->sending;
    enum sending_mode stored = engine->sending_stored;
    if (own == SENDING_DRY_RUN || stored == SENDING_DRY_RUN) {
        return SENDING_DRY_RUN;
    }
    return own == SENDING_OFF || stored == SENDING_OFF ? SENDING_OFF : SENDING_ON;
}

static bool entry_allows(struct str entry, enum channel_kind channel, struct str address)
{
    struct str value;
    struct str kind = str_split(entry, ':', &value);
    return str_is(kind, channel_kind_name(channel)) &&
           (str_is(value, "*") || str_equal(value, address));
}

static bool allowed(const struct engine *engine, enum channel_kind channel, struct str address)
{
    struct str rest = str_of(engine->config->recipient_allow_list);
    if (str_trim(rest).length == 0) {
        return true;
    }
    while (rest.length > 0) {
        if (entry_allows(str_trim(str_split(rest, ',', &rest)), channel, address)) {
            return true;
        }
    }
    return false;
}

/* Not now: back to scheduled; the attempt was none. */
static void put_off(const struct deciding *deciding, struct delivery *delivery, int64_t at_ms,
                    const char *reason)
{
    pressure_uncount(deciding->world, deciding->person, delivery, deciding->world->now_ms);
    bool moved = delivery_wait_again(delivery, str_of(reason));
    ASSERT(moved);
    delivery->attempts--;
    delivery->next_at_ms = at_ms;
}

static void suppress(struct deciding *deciding, struct delivery *delivery, const char *reason)
{
    bool moved = delivery_move(delivery, DELIVERY_SUPPRESSED, str_of(reason));
    ASSERT(moved);
    struct event *event =
        decision_event(deciding->arena, deciding->decision, EVENT_MESSAGE_SUPPRESSED);
    event->user_id = delivery->user_id;
    event->at_ms = deciding->world->now_ms;
    event->journey = delivery->journey;
    event->step = delivery->step;
    event->ref_id = delivery->id;
    event->rule = STR("sending");
    event->data = arena_printf(deciding->arena, "{\"reason\":\"%s\"}", reason);
    struct run *run = person_run(deciding->person, delivery->run_id);
    if (run != NULL) {
        run_delivery(deciding, run, delivery);
    }
}

static void hand_over(struct batch *batch, const struct delivery *delivery)
{
    struct handover *handover = batch_handover(batch);
    handover->delivery = delivery;
    handover->user_id = delivery->user_id;
    batch->handed[delivery->channel]++;
}

/* Into its line, where it was: nobody goes before it for having asked again. */
static void wait_in_line(struct engine *engine, const struct deciding *deciding,
                         struct delivery *delivery)
{
    bool stood = delivery->saved_line != 0 && delivery->saved_next_at_ms != 0;
    int64_t since_ms = stood ? delivery->saved_next_at_ms : deciding->world->now_ms;
    put_off(deciding, delivery, since_ms, DISPATCH_IN_LINE);
    lines_note(engine, delivery);
}

static void pace(struct engine *engine, struct batch *batch, const struct deciding *deciding,
                 struct delivery *delivery, bool in_turn, bool reserved)
{
    enum channel_kind kind = delivery->channel;
    enum priority priority = delivery_priority(delivery);
    int64_t at_ms;
    struct grant grant = {.verdict = GRANT_SEND};
    if ((!in_turn && lines_wait(engine, kind, priority, batch->now_ms)) ||
        lines_room(engine, batch, kind, priority, batch->now_ms, &at_ms) == 0) {
        grant.verdict = GRANT_LINE;
    } else if (engine->pacing) {
        grant =
            pacer_ask(engine->pacer, kind, delivery->address, priority, reserved, batch->now_ms);
    }
    switch (grant.verdict) {
    case GRANT_SEND:
        hand_over(batch, delivery);
        return;
    case GRANT_LINE:
        wait_in_line(engine, deciding, delivery);
        return;
    case GRANT_RESERVED:
        put_off(deciding, delivery, grant.at_ms, DISPATCH_RESERVED);
        return;
    case GRANT_PAUSED:
        put_off(deciding, delivery, grant.at_ms, DISPATCH_PAUSED);
        return;
    }
}

static void dispatch_one(struct engine *engine, struct batch *batch, struct deciding *deciding,
                         struct delivery *delivery, bool in_turn, bool reserved)
{
    enum sending_mode mode = engine_sending(engine);
    int64_t now_ms = batch->now_ms;
    if (mode == SENDING_DRY_RUN) {
        suppress(deciding, delivery, "dry_run");
    } else if (!allowed(engine, delivery->channel, delivery->address)) {
        suppress(deciding, delivery, "allow_list");
    } else if (mode == SENDING_OFF && delivery->class != CLASS_REPLY) {
        put_off(deciding, delivery, now_ms + HELD_RECHECK_MS, "sending_off");
    } else if (engine->channels[delivery->channel] == NULL) {
        put_off(deciding, delivery, now_ms + CHANNEL_OFF_MS, "channel_off");
    } else {
        pace(engine, batch, deciding, delivery, in_turn, reserved);
    }
}

/* Suppressing one can make the run say the next thing at once, so the list may grow meanwhile. */
void dispatch_decided(struct engine *engine, struct batch *batch, struct deciding *deciding,
                      int64_t from_line, bool reserved)
{
    struct person *person = deciding->person;
    for (int i = 0; i < person->delivery_count; i++) {
        struct delivery *delivery = person->deliveries[i];
        if (delivery->dispatch) {
            bool in_turn = delivery->id == from_line;
            delivery->dispatch = false;
            dispatch_one(engine, batch, deciding, delivery, in_turn, in_turn && reserved);
        }
    }
}

static bool act_may_go(const struct engine *engine, const struct act *act)
{
    return engine_sending(engine) != SENDING_DRY_RUN && engine->channels[act->channel] != NULL &&
           allowed(engine, act->channel, act->address);
}

void dispatch_act(struct engine *engine, struct batch *batch, const struct act *act,
                  int64_t user_id)
{
    if (act_may_go(engine, act)) {
        struct handover *handover = batch_handover(batch);
        handover->act = act;
        handover->user_id = user_id;
    }
}

/* The answer to a tap goes back with the outcome when the submitter takes it: a request less. */
void dispatch_acts(struct engine *engine, struct batch *batch, struct work *work)
{
    const struct decision *decision = &work->decision;
    for (int i = 0; i < decision->act_count; i++) {
        const struct act *act = &decision->acts[i];
        bool goes_back = act->kind == ACT_ANSWER_TAP && work->input.answers_tap &&
                         work->item != NULL && work->tap_answer == NULL;
        if (!goes_back) {
            dispatch_act(engine, batch, act, work->input.user_id);
        } else if (act_may_go(engine, act)) {
            work->tap_answer = act;
        }
    }
}

/* The arrays only grow: dispatch_unsent puts back what it is reading from them. */
static void keep_unsent(struct engine *engine, enum channel_kind kind, struct outgoing *outgoing)
{
    if (engine->unsent_count == engine->unsent_capacity) {
        size_t capacity =
            engine->unsent_capacity == 0 ? PORTION(64, 1) : (size_t)engine->unsent_capacity * 2;
        engine->unsent = realloc((void *)engine->unsent, capacity * sizeof(*engine->unsent));
        engine->unsent_channels =
            realloc(engine->unsent_channels, capacity * sizeof(*engine->unsent_channels));
        ASSERT(engine->unsent != NULL && engine->unsent_channels != NULL);
        engine->unsent_capacity = (int)capacity;
    }
    engine->unsent[engine->unsent_count] = outgoing;
    engine->unsent_channels[engine->unsent_count] = kind;
    engine->unsent_count++;
    engine->unsent_of[kind]++;
}

static void send_act(struct engine *engine, enum channel_kind kind, struct outgoing *outgoing)
{
    struct channel *channel = engine->channels[kind];
    enum err error = engine->unsent_of[kind] > 0 ? ERR_BUSY : channel->ops->send(channel, outgoing);
    if (error == ERR_BUSY && engine->unsent_count >= LIMIT_UNSENT_ACTS) {
        log_warn("engine", "too much waits for a channel; an answer to a tap is left out",
                 "channel=%s", channel_kind_name(kind));
        outgoing_free(outgoing);
    } else if (error == ERR_BUSY) {
        keep_unsent(engine, kind, outgoing);
    } else if (error != OK) {
        log_warn("engine", "a channel did not take an act", "channel=%s error=\"%s\"",
                 channel_kind_name(kind), err_text(error));
        outgoing_free(outgoing);
    }
}

/* A message that finds no room goes back to the store, where the person is asked again before it
 * goes out: kept here it would reach somebody who has said stop meanwhile. What comes after it in
 * the batch goes the same way (*full), so that a chat's messages keep their order. */
static void send_message(struct engine *engine, const struct delivery *delivery, int64_t now_ms,
                         bool *full)
{
    struct channel *channel = engine->channels[delivery->channel];
    struct outgoing *outgoing = outgoing_of_delivery(delivery);
    enum err error = *full ? ERR_BUSY : channel->ops->send(channel, outgoing);
    if (error == ERR_BUSY) {
        *full = true;
        engine_report_unsent(engine, delivery->channel, outgoing, now_ms);
    } else if (error != OK) {
        log_warn("engine", "a channel did not take a message", "delivery=%lld error=\"%s\"",
                 (long long)outgoing->delivery_id, err_text(error));
    }
    if (error != OK) {
        outgoing_free(outgoing);
    }
}

bool dispatch_unsent(struct engine *engine)
{
    int count = engine->unsent_count;
    engine->unsent_count = 0;
    memset(engine->unsent_of, 0, sizeof(engine->unsent_of));
    for (int i = 0; i < count; i++) {
        send_act(engine, engine->unsent_channels[i], engine->unsent[i]);
    }
    return engine->unsent_count == 0;
}

static void hold_channels(struct engine *engine, bool held)
{
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        struct channel *channel = engine->channels[i];
        if (channel != NULL && channel->ops->hold != NULL) {
            channel->ops->hold(channel, held);
        }
    }
}

void dispatch_hand_over(struct engine *engine, struct batch *batch)
{
    bool full[CHANNEL_COUNT] = {false};
    hold_channels(engine, true);
    for (int i = 0; i < batch->handover_count; i++) {
        const struct handover *handover = &batch->handovers[i];
        if (handover->delivery != NULL) {
            send_message(engine, handover->delivery, batch->now_ms,
                         &full[handover->delivery->channel]);
        } else {
            enum channel_kind kind = handover->act->channel;
            pacer_note(engine->pacer, kind, batch->now_ms);
            send_act(engine, kind, outgoing_of_act(handover->act, handover->user_id));
        }
    }
    hold_channels(engine, false);
}
