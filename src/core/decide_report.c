/* What became of a delivery. Reports come in any order and more than once; the state only moves
 * forward. Whether a lost answer means another attempt is decided here, by the class of the
 * message. */
#include "core/decide_parts.h"

#include <stdio.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/limits.h"
#include "core/delivery.h"

enum { ATTEMPTS_MAX = 8 };
#define BACKOFF_FIRST_MS   (5 * 1000)
#define BACKOFF_LONGEST_MS HOUR_MS
/* Of the 24 h for which Resend remembers a key: clocks are not the same, and are set. */
#define KEY_MS (20 * HOUR_MS)

/* 5 s, 15 s, 45 s … at most an hour, each a fifth shorter or longer by a hash of delivery and
 * attempt, so that a thousand messages that failed together do not come back together. */
static int64_t backoff_ms(const struct delivery *delivery)
{
    int64_t wait_ms = BACKOFF_FIRST_MS;
    for (int i = 1; i < delivery->attempts && wait_ms < BACKOFF_LONGEST_MS; i++) {
        wait_ms *= 3;
    }
    wait_ms = wait_ms < BACKOFF_LONGEST_MS ? wait_ms : BACKOFF_LONGEST_MS;
    char seed[48];
    int length =
        snprintf(seed, sizeof(seed), "%lld/%d", (long long)delivery->id, delivery->attempts);
    uint32_t draw = hash_fnv1a((struct str){seed, (size_t)length}) % 401; /* -200 … +200 permille */
    return wait_ms + wait_ms * ((int64_t)draw - 200) / 1000;
}

static void tell_run(struct deciding *deciding, const struct delivery *delivery)
{
    struct run *run = person_run(deciding->person, delivery->run_id);
    if (run != NULL) {
        run_delivery(deciding, run, delivery);
    }
}

static struct str reason_of(const struct deciding *deciding, const char *fallback)
{
    return deciding->input->reason.length > 0 ? arena_str(deciding->arena, deciding->input->reason)
                                              : str_of(fallback);
}

static void ended(struct deciding *deciding, struct delivery *delivery, enum delivery_state state,
                  struct str reason)
{
    bool was_sending = delivery->state == DELIVERY_SENDING;
    int64_t attempted_at_ms = compose_attempted_at(delivery);
    if (delivery_move(delivery, state, reason)) {
        if (was_sending) { /* it never arrived; should it be tried again, it counts then */
            pressure_uncount(deciding->world, deciding->person, delivery, attempted_at_ms);
        }
        compose_delivery_event(deciding, delivery, EVENT_MESSAGE_FAILED);
        tell_run(deciding, delivery);
    }
}

static void sent(struct deciding *deciding, struct delivery *delivery, enum delivery_state state)
{
    const struct input *input = deciding->input;
    int64_t now_ms = deciding->world->now_ms;
    bool late = !delivery_state_is_final(delivery->state);
    /* What it had to go without is known by the first report that it was sent. */
    struct str reason = delivery->sent_at_ms == 0 ? reason_of(deciding, "") : delivery->reason;
    if (!delivery_move(delivery, state, reason)) {
        return;
    }
    if (delivery->sent_at_ms == 0) {
        delivery->sent_at_ms =
            input->sent_at_ms != 0 && input->sent_at_ms <= now_ms ? input->sent_at_ms : now_ms;
    }
    if (input->provider_id.length > 0) {
        delivery->provider_id = arena_str(deciding->arena, input->provider_id);
    }
    delivery->next_at_ms = 0;
    compose_count(deciding, delivery); /* it arrived though it was believed not to have */
    if (delivery->kind == KIND_BROADCAST && late) {
        compose_delivery_event(deciding, delivery, EVENT_MESSAGE_SENT);
    }
    tell_run(deciding, delivery);
}

/* Back to waiting for another attempt, unless the run has gone on meanwhile. The caps are asked
 * again then: an hour or a day may lie in between. */
static bool reschedule(struct deciding *deciding, struct delivery *delivery, struct str reason)
{
    if (delivery->state != DELIVERY_SENDING) {
        return false; /* of an attempt that was given up, or that arrived after all */
    }
    if (!compose_is_of_use(deciding, delivery)) {
        delivery_move(delivery, DELIVERY_SUPPRESSED, STR("run_ended"));
        compose_delivery_event(deciding, delivery, EVENT_MESSAGE_SUPPRESSED);
        return false;
    }
    pressure_uncount(deciding->world, deciding->person, delivery, compose_attempted_at(delivery));
    return delivery_wait_again(delivery, reason);
}

static void retry(struct deciding *deciding, struct delivery *delivery)
{
    int64_t now_ms = deciding->world->now_ms;
    int64_t at_ms = deciding->input->retry_at_ms;
    if (delivery->state == DELIVERY_SENDING && delivery->attempts >= ATTEMPTS_MAX) {
        ended(deciding, delivery, DELIVERY_DEAD, reason_of(deciding, "retries_used_up"));
    } else if (reschedule(deciding, delivery, reason_of(deciding, "retry"))) {
        delivery->next_at_ms = at_ms > now_ms ? at_ms : now_ms + backoff_ms(delivery);
    }
}

static void paused(struct deciding *deciding, struct delivery *delivery)
{
    int64_t now_ms = deciding->world->now_ms;
    int64_t at_ms = deciding->input->retry_at_ms;
    if (reschedule(deciding, delivery, reason_of(deciding, "paused"))) {
        delivery->attempts--; /* the provider was not asked for this one */
        delivery->next_at_ms = at_ms != 0 ? at_ms : now_ms + BACKOFF_FIRST_MS;
    }
}

/* The provider sends once what it is asked twice, but forgets the key. */
static void end_with_key(struct delivery *delivery)
{
    int64_t until_ms = compose_attempted_at(delivery) + KEY_MS;
    if (delivery->channel == CHANNEL_EMAIL && delivery->uncertain == 0 &&
        (delivery->expires_at_ms == 0 || until_ms < delivery->expires_at_ms)) {
        delivery->expires_at_ms = until_ms;
    }
}

/* It may have arrived, and nobody asks again. */
static void stay_uncertain(struct deciding *deciding, struct delivery *delivery)
{
    delivery->next_at_ms = 0;
    delivery->changed = true;
    tell_run(deciding, delivery);
}

static void uncertain(struct deciding *deciding, struct delivery *delivery, struct str reason)
{
    if (delivery->state != DELIVERY_SENDING) {
        return;
    }
    end_with_key(delivery);
    delivery_move(delivery, DELIVERY_UNCERTAIN, reason);
    delivery->uncertain++;
    if (delivery_resends_uncertain(delivery) && delivery->attempts < ATTEMPTS_MAX &&
        compose_is_of_use(deciding, delivery)) {
        delivery->next_at_ms = deciding->world->now_ms + backoff_ms(delivery);
    } else {
        stay_uncertain(deciding, delivery);
    }
}

static void unreachable(struct deciding *deciding, struct delivery *delivery, enum reach reach)
{
    const char *reason = reach == REACH_BLOCKED ? "blocked" : "gone";
    decide_reach(deciding, delivery->channel, reach, "report");
    ended(deciding, delivery, DELIVERY_FAILED, str_of(reason));
}

static void migrated(struct deciding *deciding, struct delivery *delivery)
{
    struct user *user = &deciding->person->user;
    struct str address = arena_str(deciding->arena, deciding->input->new_address);
    if (address.length == 0 || str_equal(address, delivery->address)) {
        ended(deciding, delivery, DELIVERY_FAILED, STR("migrated"));
        return;
    }
    user->contacts[delivery->channel].address = address;
    user->changed = true;
    if (reschedule(deciding, delivery, STR("migrated"))) {
        delivery->address = address;
        delivery->next_at_ms = deciding->world->now_ms;
    }
}

static void complained(struct deciding *deciding, struct delivery *delivery)
{
    struct user *user = &deciding->person->user;
    decide_reach(deciding, delivery->channel, REACH_BLOCKED, "report.complained");
    user->stopped = true;
    user->operator_holds &= ~(unsigned)OPERATOR_STOPPED;
    user->changed = true;
    run_end_all(deciding, RUN_STOPPED);
}

void decide_report(struct deciding *deciding)
{
    const struct input *input = deciding->input;
    struct delivery *delivery = person_delivery(deciding->person, input->ref_id);
    if (delivery == NULL) {
        return;
    }
    deciding->decision->handled = true;
    switch (input->report) {
    case REPORT_SENT:
        sent(deciding, delivery, DELIVERY_SENT);
        return;
    case REPORT_DELIVERED:
        sent(deciding, delivery, DELIVERY_DELIVERED);
        return;
    case REPORT_OPENED:
        sent(deciding, delivery, DELIVERY_OPENED);
        return;
    case REPORT_CLICKED:
        sent(deciding, delivery, DELIVERY_CLICKED);
        return;
    case REPORT_RETRY:
        retry(deciding, delivery);
        return;
    case REPORT_PAUSED:
        paused(deciding, delivery);
        return;
    case REPORT_UNCERTAIN:
        uncertain(deciding, delivery, reason_of(deciding, "uncertain"));
        return;
    case REPORT_FAILED:
        ended(deciding, delivery, DELIVERY_FAILED, reason_of(deciding, "refused"));
        return;
    case REPORT_BLOCKED:
        unreachable(deciding, delivery, REACH_BLOCKED);
        return;
    case REPORT_GONE:
    case REPORT_BOUNCED:
        unreachable(deciding, delivery, REACH_GONE);
        return;
    case REPORT_MIGRATED:
        migrated(deciding, delivery);
        return;
    case REPORT_COMPLAINED:
        complained(deciding, delivery);
        return;
    }
}

static void try_again(struct deciding *deciding, struct delivery *delivery)
{
    compose_claim(deciding, delivery);
    if (delivery_state_is_final(delivery->state)) {
        tell_run(deciding, delivery);
    }
}

void decide_delivery_timer(struct deciding *deciding, struct delivery *delivery)
{
    if (delivery->next_at_ms == 0 || delivery->next_at_ms > deciding->world->now_ms) {
        return;
    }
    switch (delivery->state) {
    case DELIVERY_SENDING: /* the process that sent it died, or its report was lost */
        uncertain(deciding, delivery, STR("no_report"));
        return;
    case DELIVERY_UNCERTAIN:
        if (delivery_has_key(delivery) && deciding->world->now_ms >= delivery->expires_at_ms) {
            stay_uncertain(deciding, delivery);
            return;
        }
        try_again(deciding, delivery);
        return;
    case DELIVERY_SCHEDULED:
        try_again(deciding, delivery);
        return;
    case DELIVERY_SENT:
    case DELIVERY_DELIVERED:
    case DELIVERY_OPENED:
    case DELIVERY_CLICKED:
    case DELIVERY_SUPPRESSED:
    case DELIVERY_EXPIRED:
    case DELIVERY_FAILED:
    case DELIVERY_DEAD:
    case DELIVERY_STATE_COUNT:
        return;
    }
}
