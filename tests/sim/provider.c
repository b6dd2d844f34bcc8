/* What becomes of a message is decided when it is sent; the answer comes a little later, or never
 * when the process has died meanwhile. */
#include "provider.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "mail.h"
#include "people.h"
#include "world.h"

struct provider {
    struct channel channel; /* first */
    struct channel_ops ops;
    struct sim *world;
    struct channel_sink sink;
    int in_flight;
    int64_t message_id;
};

/* An answer on its way. */
struct planned {
    struct provider *provider;
    int life;
    bool counts; /* in flight until then */
    struct report report;
    char address[32];
    char provider_id[24];
    char reason[32];
};

struct fate {
    bool delivered;
    enum report_kind report;
    const char *reason;
    int64_t retry_after_ms;
    bool pause_all;
    int64_t late_ms;
};

static void tell(struct sim *world, void *argument)
{
    struct planned *planned = argument;
    if (planned->life == world->life && !world->crashed && world->engine != NULL) {
        struct provider *provider = planned->provider;
        provider->in_flight -= planned->counts;
        world_trace(world, "report %d (%s) about %" PRId64, (int)planned->report.kind,
                    planned->reason, planned->report.delivery_id);
        auditor_reported(world->auditor, planned->report.user_id);
        provider->sink.report(provider->sink.context, &planned->report);
        world_stir(world);
        world->told += planned->counts;
    } else {
        world->result.lost += planned->counts;
    }
    free(planned);
}

static void plan_report(struct provider *provider, const struct outgoing *outgoing,
                        const struct fate *fate, int64_t delay_ms, bool counts)
{
    struct sim *world = provider->world;
    struct planned *planned = calloc(1, sizeof(*planned));
    ASSERT(planned != NULL);
    planned->provider = provider;
    planned->life = world->life;
    planned->counts = counts;
    snprintf(planned->address, sizeof(planned->address), "%.*s", STR_ARG(outgoing->address));
    snprintf(planned->reason, sizeof(planned->reason), "%s", fate->reason);
    if (fate->report == REPORT_SENT) {
        snprintf(planned->provider_id, sizeof(planned->provider_id), "%" PRId64,
                 provider->message_id);
    }
    planned->report = (struct report){.delivery_id = outgoing->delivery_id,
                                      .user_id = outgoing->user_id,
                                      .attempt_ms = outgoing->attempt_ms,
                                      .channel = provider->ops.kind,
                                      .kind = fate->report,
                                      .address = str_of(planned->address),
                                      .provider_id = str_of(planned->provider_id),
                                      .reason = str_of(planned->reason),
                                      .retry_after_ms = fate->retry_after_ms,
                                      .pause_all = fate->pause_all};
    provider->in_flight += counts;
    world_at(world, world->now_ms + delay_ms, tell, planned);
}

/* What only an e-mail server answers. */
static struct fate fate_of_mail(struct sim *world, struct fate fate)
{
    if (fate.report == REPORT_SENT && faults_happen(&world->faults, FAULT_KEY_UNDER_WAY)) {
        return (struct fate){.report = REPORT_RETRY, .reason = "under_way"};
    }
    if (fate.report == REPORT_PAUSED) {
        fate.pause_all = true;
        fate.retry_after_ms *= 3; /* quotas last longer */
    }
    return fate;
}

static struct fate fate_of(struct sim *world, const struct person_actor *person)
{
    struct faults *faults = &world->faults;
    struct dice *dice = &world->dice;
    struct fate fate = {.delivered = true, .report = REPORT_SENT, .reason = ""};
    if (person->blocked) {
        faults_note(faults, FAULT_BLOCKED);
        fate = (struct fate){.report = REPORT_BLOCKED, .reason = "blocked"};
    } else if (faults_happen(faults, FAULT_PAUSE_SHORT)) {
        fate = (struct fate){.report = REPORT_PAUSED,
                             .reason = "too_many_requests",
                             .retry_after_ms = dice_range(dice, 1, 40) * 1000,
                             .pause_all = dice_chance(dice, 5000)};
    } else if (faults_happen(faults, FAULT_PAUSE_LONG)) {
        fate = (struct fate){.report = REPORT_PAUSED,
                             .reason = "too_many_requests",
                             .retry_after_ms = dice_range(dice, 10, 900) * MINUTE_MS,
                             .pause_all = dice_chance(dice, 5000)};
    } else if (faults_happen(faults, FAULT_SERVER_ERROR)) {
        fate = (struct fate){.report = REPORT_RETRY, .reason = "http_500"};
    } else if (faults_happen(faults, FAULT_RESET)) {
        fate = (struct fate){.report = REPORT_RETRY, .reason = "connection_reset"};
    } else if (faults_happen(faults, FAULT_TIMEOUT)) {
        fate = (struct fate){.report = REPORT_UNCERTAIN, .reason = "timeout"};
    } else if (faults_happen(faults, FAULT_ANSWER_LOST)) {
        fate.report = REPORT_UNCERTAIN;
        fate.reason = "timeout";
    } else if (faults_happen(faults, FAULT_MALFORMED)) {
        fate.report = REPORT_UNCERTAIN;
        fate.reason = "malformed_answer";
    } else if (faults_happen(faults, FAULT_REFUSED)) {
        fate = (struct fate){.report = REPORT_FAILED, .reason = "http_400"};
    } else if (faults_happen(faults, FAULT_GONE)) {
        fate = (struct fate){.report = REPORT_GONE, .reason = "gone"};
    }
    bool for_good = fate.report == REPORT_FAILED || fate.report == REPORT_GONE;
    if (!for_good && faults_happen(faults, FAULT_REPORT_LATE)) {
        fate.late_ms = dice_range(dice, 1, 30) * MINUTE_MS;
    }
    return person->channel == CHANNEL_EMAIL ? fate_of_mail(world, fate) : fate;
}

static void digest(struct sim *world, const struct outgoing *outgoing)
{
    uint64_t sum = world->result.digest ^ (uint64_t)world->now_ms ^ (uint64_t)outgoing->delivery_id;
    for (size_t i = 0; i < outgoing->text.length; i++) {
        sum = (sum ^ (unsigned char)outgoing->text.ptr[i]) * 1099511628211u;
    }
    world->result.digest = sum * 1099511628211u;
}

/* told: the engine will hear of it in time. */
static void arrive(struct provider *provider, int person, const struct outgoing *outgoing,
                   bool told)
{
    struct sim *world = provider->world;
    bool is_mail = provider->ops.kind == CHANNEL_EMAIL;
    if (is_mail && !mail_takes(world, outgoing->delivery_id)) {
        faults_note(&world->faults, FAULT_KEY_KNOWN);
        auditor_known(world->auditor, outgoing->delivery_id, told);
        return;
    }
    auditor_delivered(world->auditor, outgoing->delivery_id, told, world_clock_ms(world));
    if (is_mail) {
        mail_goes_out(world, person, outgoing);
    } else {
        people_receive(world, person, provider->message_id, outgoing);
    }
}

static void deliver(struct provider *provider, const struct outgoing *outgoing,
                    const struct fate *fate)
{
    struct sim *world = provider->world;
    int person = people_find(world, provider->ops.kind, outgoing->address);
    /* An answer that comes after the engine has given up waiting is as good as lost. */
    bool told = fate->report != REPORT_UNCERTAIN && fate->late_ms < MINUTE_MS && !world->crashed;
    world->result.lost += !told;
    provider->message_id++;
    if (fate->delivered) {
        arrive(provider, person, outgoing, told && fate->report == REPORT_SENT);
    }
    plan_report(provider, outgoing, fate, dice_range(&world->dice, 30, 900) + fate->late_ms, true);
    if (faults_happen(&world->faults, FAULT_REPORT_TWICE)) {
        plan_report(provider, outgoing, fate,
                    dice_range(&world->dice, 900, 5000) + fate->late_ms * 2, false);
    }
}

static void try_message(struct provider *provider, const struct outgoing *outgoing)
{
    struct sim *world = provider->world;
    const struct attempt attempt = {.delivery_id = outgoing->delivery_id,
                                    .user_id = outgoing->user_id,
                                    .class = (int)outgoing->class,
                                    .has_key = provider->ops.limits.needs_idempotency,
                                    .text = arena_str(outgoing->arena, outgoing->text).ptr};
    if (faults_happen(&world->faults, FAULT_CRASH_BEFORE_SEND)) {
        world_crash(world);
        world->result.lost++;
        return;
    }
    int person = people_find(world, provider->ops.kind, outgoing->address);
    ASSERT(person >= 0);
    auditor_attempt(world->auditor, &attempt, world_clock_ms(world));
    digest(world, outgoing);
    struct fate fate = fate_of(world, &world->people[person]);
    world_trace(world, "message %" PRId64 " class %d to person %d (user %" PRId64 "): %s%s: %.70s",
                outgoing->delivery_id, (int)outgoing->class, person, outgoing->user_id,
                fate.delivered ? "delivered " : "", fate.reason, attempt.text);
    if (faults_happen(&world->faults, FAULT_CRASH_AFTER_SEND)) {
        world_crash(world);
    }
    world->result.messages++;
    deliver(provider, outgoing, &fate);
}

static void has_room(struct sim *world, void *argument)
{
    (void)argument;
    world_stir(world);
}

static enum err send(struct channel *channel, struct outgoing *outgoing)
{
    struct provider *provider = (struct provider *)channel;
    struct sim *world = provider->world;
    if (world->rival_goes_on) {
        auditor_fail(world->auditor, "a process that was replaced sends message %" PRId64,
                     outgoing->delivery_id);
    }
    if (!world->crashed && faults_happen(&world->faults, FAULT_CHANNEL_FULL)) {
        world_at(world, world->now_ms + 200, has_room, NULL);
        return ERR_BUSY;
    }
    if (!world->crashed && faults_happen(&world->faults, FAULT_NOT_TAKEN)) {
        world->result.lost++;
        return ERR_IO;
    }
    world->result.lost += world->crashed;
    bool armed = world->armed;
    world->armed = false; /* what the auditor reads is no business of the process */
    if (!world->crashed && outgoing->delivery_id != 0) {
        try_message(provider, outgoing);
    }
    world->armed = armed;
    outgoing_free(outgoing);
    return OK;
}

static enum err start(struct channel *channel, struct err_detail *detail)
{
    (void)channel;
    (void)detail;
    return OK;
}

static void stop(struct channel *channel, int64_t wait_ms)
{
    (void)channel;
    (void)wait_ms;
}

static void provider_free(struct channel *channel)
{
    free(channel);
}

static int in_flight(const struct channel *channel)
{
    return ((const struct provider *)channel)->in_flight;
}

struct channel *provider_new(struct sim *world, enum channel_kind kind)
{
    struct provider *provider = calloc(1, sizeof(*provider));
    ASSERT(provider != NULL);
    provider->world = world;
    bool is_mail = kind == CHANNEL_EMAIL;
    provider->ops = (struct channel_ops){.kind = kind,
                                         .limits = {.per_second = is_mail ? 2 : 30,
                                                    .needs_idempotency = is_mail,
                                                    .per_second_per_address = 1,
                                                    .burst_per_address = 3,
                                                    .per_minute_per_group = 20},
                                         .send = send,
                                         .start = start,
                                         .stop = stop,
                                         .free = provider_free,
                                         .in_flight = in_flight};
    provider->channel.ops = &provider->ops;
    return &provider->channel;
}

void provider_connect(struct channel *channel, const struct channel_sink *sink)
{
    struct provider *provider = (struct provider *)channel;
    provider->sink = *sink;
    provider->in_flight = 0;
}
