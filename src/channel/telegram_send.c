/* Sending: messages to one chat go one after the other, so that they arrive in the order they were
 * decided; different chats go side by side. Acts (answering a tap, editing) do not wait. Each
 * message is tried once; only one refused for its markup or picture is sent again without, which is
 * another request. A message that had to wait too long behind others is given back: whoever handed
 * it over must know what became of it before it is taken for lost. */
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/log.h"
#include "channel/telegram_body.h"
#include "channel/telegram_internal.h"

enum {
    REQUEST_PERCENT = 60, /* of send_ms: one request at most */
    LEAST_PERCENT = 10,   /* with less than that left no request begins */
    GIVEN_BACK_MS = 1000, /* the chat rests as long */
    SAME_CAUSE_MS = 3 * 1000
};

struct job {
    struct job *next;
    struct telegram *telegram;
    struct outgoing *outgoing;
    int64_t until_ms;  /* monotonic: reported by then */
    struct lane *lane; /* NULL: an act */
    unsigned without;  /* TELEGRAM_WITHOUT_… */
};

struct lane {
    UT_hash_handle hh;
    struct job *first, **last; /* the first is under way */
    char address[];
};

static void job_start(struct job *job);

static const char *simpler_form(const struct job *job)
{
    static const char *const words[] = {"", "without_markup", "without_picture", "plain_text"};
    return words[job->without];
}

static void report(struct job *job, const struct telegram_verdict *verdict)
{
    const struct outgoing *outgoing = job->outgoing;
    bool is_act = outgoing->delivery_id == 0;
    bool is_sent = verdict->report == REPORT_SENT;
    if (is_act && outgoing->act.kind == ACT_SEND_FILE && !is_sent) {
        log_warn("telegram", "a file was not sent", "user=%lld reason=%s",
                 (long long)outgoing->user_id, verdict->reason);
    }
    if (is_act && verdict->report != REPORT_PAUSED) {
        return; /* best effort; only a pause matters to others */
    }
    struct report report = {.delivery_id = outgoing->delivery_id,
                            .user_id = outgoing->user_id,
                            .attempt_ms = outgoing->attempt_ms,
                            .channel = CHANNEL_TELEGRAM,
                            .kind = verdict->report,
                            .address = outgoing->address,
                            .provider_id = str_of(verdict->message_id),
                            .reason = str_of(is_sent ? simpler_form(job) : verdict->reason),
                            .new_address = str_of(verdict->new_address),
                            .retry_after_ms = verdict->retry_after_ms,
                            .pause_all = verdict->pause_all};
    job->telegram->sink.report(job->telegram->sink.context, &report);
}

static void job_free(struct job *job)
{
    outgoing_free(job->outgoing);
    free(job);
}

/* Takes the job out of its lane; the next one of the lane, to be started by the caller. */
static struct job *leave_lane(struct telegram *telegram, struct job *job)
{
    struct lane *lane = job->lane;
    struct job *next = NULL;
    pthread_mutex_lock(&telegram->lock);
    if (lane != NULL) {
        ASSERT(lane->first == job);
        lane->first = next = job->next;
        if (next == NULL) {
            HASH_DEL(telegram->lanes, lane);
            free(lane);
        }
    }
    if (--telegram->in_flight == 0 && telegram->calls == 0) {
        queue_wake(telegram->idle); /* with the lock: who sees it idle may free it */
    }
    pthread_mutex_unlock(&telegram->lock);
    return next;
}

static void job_end(struct job *job, const struct telegram_verdict *verdict)
{
    report(job, verdict);
    struct job *next = leave_lane(job->telegram, job);
    job_free(job);
    if (next != NULL) {
        job_start(next);
    }
}

/* Telegram does not say whether a 429 is about the chat or the bot. Groups have a limit of their
 * own; a private chat is paused alone first, and when another one meets the same at once, it is the
 * bot. */
static bool concerns_whole_bot(struct telegram *telegram, struct str address,
                               int64_t retry_after_ms)
{
    if (str_starts(address, STR("-"))) {
        return false;
    }
    int64_t now_ms = clock_monotonic_ms(telegram->clock);
    pthread_mutex_lock(&telegram->lock);
    bool another = telegram->paused_until_ms > now_ms && !str_is(address, telegram->paused_address);
    str_copy(telegram->paused_address, sizeof(telegram->paused_address), address);
    int64_t window_ms = retry_after_ms > SAME_CAUSE_MS ? retry_after_ms : SAME_CAUSE_MS;
    telegram->paused_until_ms = now_ms + window_ms;
    pthread_mutex_unlock(&telegram->lock);
    return another;
}

/* Of a change of a message comes the whole message back; that it was made is all that counts. */
static struct telegram_verdict judge(const struct job *job, const struct http_response *response)
{
    bool is_act = job->outgoing->delivery_id == 0;
    if (is_act && response->outcome == HTTP_ANSWERED && response->status == 200) {
        return (struct telegram_verdict){.report = REPORT_SENT, .reason = ""};
    }
    return telegram_judge(response);
}

static bool has_picture(const struct outgoing *outgoing)
{
    return outgoing->picture.length > 0 || outgoing->act.preview.length > 0;
}

static void job_done(void *context, const struct http_response *response)
{
    struct job *job = context;
    struct telegram_verdict verdict = judge(job, response);
    unsigned without = job->without | verdict.without;
    if (!has_picture(job->outgoing)) {
        without &= ~(unsigned)TELEGRAM_WITHOUT_PICTURE;
    }
    if (without != job->without) {
        job->without = without;
        log_warn("telegram", "message refused for its form, sent in a simpler one",
                 "delivery=%lld reason=%s form=%s", (long long)job->outgoing->delivery_id,
                 verdict.reason, simpler_form(job));
        job_start(job);
        return;
    }
    if (verdict.report == REPORT_PAUSED && !verdict.pause_all) {
        verdict.pause_all =
            concerns_whole_bot(job->telegram, job->outgoing->address, verdict.retry_after_ms);
    }
    if (response->outcome == HTTP_ANSWERED) {
        telegram_note_refused(job->telegram, verdict.refused);
    }
    job_end(job, &verdict);
}

/* How long a request of the job may take; 0: too little is left to begin one. Acts are tried once,
 * however late: nobody would try them again. */
static int64_t time_for(const struct job *job)
{
    int64_t send_ms = job->telegram->send_ms;
    int64_t most_ms = send_ms * REQUEST_PERCENT / 100;
    int64_t left_ms = job->until_ms - clock_monotonic_ms(job->telegram->clock);
    if (job->outgoing->delivery_id == 0) {
        return most_ms;
    }
    if (left_ms < send_ms * LEAST_PERCENT / 100) {
        return 0;
    }
    return left_ms < most_ms ? left_ms : most_ms;
}

static enum err begin_request(struct job *job, int64_t timeout_ms)
{
    struct telegram_body body = telegram_body_of(job->outgoing, job->without);
    return telegram_request(job->telegram, body.method, body.bytes, body.content_type, 0,
                            timeout_ms, job->telegram, job_done, job);
}

/* A job that cannot even begin ends at once; lanes are walked in a loop, not by recursion. */
static void job_start(struct job *job)
{
    while (job != NULL) {
        int64_t timeout_ms = time_for(job);
        enum err error = timeout_ms > 0 ? begin_request(job, timeout_ms) : ERR_TIMEOUT;
        if (error == OK) {
            return;
        }
        struct telegram_verdict verdict = {.report = REPORT_RETRY,
                                           .reason = error == ERR_BUSY ? "busy" : "shutdown"};
        if (error == ERR_TIMEOUT) {
            verdict = (struct telegram_verdict){.report = REPORT_PAUSED,
                                                .reason = "waited_in_chat",
                                                .retry_after_ms = GIVEN_BACK_MS};
        }
        report(job, &verdict);
        struct job *next = leave_lane(job->telegram, job);
        job_free(job);
        job = next;
    }
}

/* With the lock held. True: nothing goes before it. */
static bool enter_lane(struct telegram *telegram, struct job *job)
{
    struct str address = job->outgoing->address;
    struct lane *lane = NULL;
    HASH_FIND(hh, telegram->lanes, address.ptr, address.length, lane);
    bool is_first = lane == NULL;
    if (is_first) {
        lane = calloc(1, sizeof(*lane) + address.length + 1);
        ASSERT(lane != NULL);
        memcpy(lane->address, address.ptr, address.length);
        lane->last = &lane->first;
        HASH_ADD(hh, telegram->lanes, address, address.length, lane);
    }
    job->lane = lane;
    *lane->last = job;
    lane->last = &job->next;
    return is_first;
}

enum err telegram_send(struct channel *channel, struct outgoing *outgoing)
{
    struct telegram *telegram = (struct telegram *)channel;
    pthread_mutex_lock(&telegram->lock);
    if (telegram->in_flight >= LIMIT_IN_FLIGHT || telegram->stopping) {
        pthread_mutex_unlock(&telegram->lock);
        return ERR_BUSY;
    }
    struct job *job = calloc(1, sizeof(*job));
    ASSERT(job != NULL);
    job->telegram = telegram;
    job->outgoing = outgoing;
    job->until_ms = clock_monotonic_ms(telegram->clock) + telegram->send_ms;
    telegram->in_flight++;
    bool is_act = outgoing->delivery_id == 0 &&
                  (outgoing->act.kind == ACT_ANSWER_TAP || outgoing->act.kind == ACT_EDIT_MESSAGE);
    bool begins = is_act || outgoing->address.length == 0 || enter_lane(telegram, job);
    pthread_mutex_unlock(&telegram->lock);
    if (begins) {
        job_start(job);
    }
    return OK;
}

void telegram_drop_waiting(struct telegram *telegram)
{
    struct job *dropped = NULL;
    pthread_mutex_lock(&telegram->lock);
    struct lane *lane, *next_lane;
    HASH_ITER (hh, telegram->lanes, lane, next_lane) {
        struct job *waiting = lane->first->next;
        lane->first->next = NULL;
        lane->last = &lane->first->next;
        while (waiting != NULL) {
            struct job *next = waiting->next;
            waiting->next = dropped;
            dropped = waiting;
            waiting = next;
            telegram->in_flight--;
        }
    }
    pthread_mutex_unlock(&telegram->lock);
    while (dropped != NULL) {
        struct job *next = dropped->next;
        struct telegram_verdict verdict = {.report = REPORT_RETRY, .reason = "shutdown"};
        report(dropped, &verdict);
        job_free(dropped);
        dropped = next;
    }
}
