/* The auditor's model: what it is told, and what must hold whenever a message goes out. */
#include "auditor_parts.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/calendar.h"
#include "base/check.h"
#include "base/limits.h"

enum { FOLLOWUPS_A_DAY = 6, FOLLOWUPS_OF_ONE = 5, NUDGES_A_DAY = 3 };
/* Kinds of messages, and what is counted beside them. */
enum { SAID_STEP = 0, SAID_RECOVERY = 1, SAID_GRADUATION = 5, SAID_RATING = 6, SAID_FOLLOWUP = -1 };
enum { POSTPONED = 64 }; /* a flag of runs */
#define NUDGE_GAP_MS (4 * HOUR_MS)
/* Between a decision and its request lies a moment in which the wall clock may turn. */
#define MOMENT_MS     (2 * MINUTE_MS)
#define REPLY_LATE_MS (2 * MINUTE_MS)
#define DEFAULT_ZONE  "Europe/Berlin"
#define DEFAULT_FROM  (22 * 60)
#define DEFAULT_TO    (8 * 60)

/* ---- life ---- */

struct auditor *auditor_new(void)
{
    struct auditor *auditor = calloc(1, sizeof(*auditor));
    ASSERT(auditor != NULL);
    return auditor;
}

void auditor_free(struct auditor *auditor)
{
    struct audited_user *user, *next_user;
    struct audited_delivery *delivery, *next_delivery;
    struct audited_said *said, *next_said;
    auditor_close(auditor);
    HASH_ITER (hh, auditor->users, user, next_user) {
        HASH_DEL(auditor->users, user);
        free(user);
    }
    HASH_ITER (hh, auditor->said, said, next_said) {
        HASH_DEL(auditor->said, said);
        free(said);
    }
    HASH_ITER (hh, auditor->deliveries, delivery, next_delivery) {
        HASH_DEL(auditor->deliveries, delivery);
        free(delivery);
    }
    free(auditor->done);
    free(auditor->commitments);
    free((void *)auditor->touched);
    free(auditor);
}

void auditor_fail(struct auditor *auditor, const char *format, ...)
{
    if (auditor->failure[0] != '\0') {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(auditor->failure, sizeof(auditor->failure), format, arguments);
    va_end(arguments);
}

const char *auditor_failure(const struct auditor *auditor)
{
    return auditor->failure;
}

struct audited_user *audited_user(struct auditor *auditor, int64_t user_id)
{
    struct audited_user *user = NULL;
    HASH_FIND(hh, auditor->users, &user_id, sizeof(user_id), user);
    if (user == NULL) {
        user = calloc(1, sizeof(*user));
        ASSERT(user != NULL);
        user->user_id = user_id;
        user->set = -1;
        HASH_ADD(hh, auditor->users, user_id, sizeof(user->user_id), user);
    }
    return user;
}

void audited_touch(struct auditor *auditor, struct audited_user *user)
{
    if (user->touched) {
        return;
    }
    if (auditor->touched_count == auditor->touched_capacity) {
        auditor->touched_capacity += 64;
        auditor->touched = realloc((void *)auditor->touched,
                                   (size_t)auditor->touched_capacity * sizeof(*auditor->touched));
        ASSERT(auditor->touched != NULL);
    }
    user->touched = true;
    auditor->touched[auditor->touched_count++] = user;
}

struct audited_delivery *audited_delivery(struct auditor *auditor, int64_t delivery_id)
{
    struct audited_delivery *delivery = NULL;
    HASH_FIND(hh, auditor->deliveries, &delivery_id, sizeof(delivery_id), delivery);
    if (delivery == NULL) {
        delivery = calloc(1, sizeof(*delivery));
        ASSERT(delivery != NULL);
        delivery->delivery_id = delivery_id;
        HASH_ADD(hh, auditor->deliveries, delivery_id, sizeof(delivery->delivery_id), delivery);
    }
    return delivery;
}

/* ---- what it is told ---- */

static void keep_done(struct auditor *auditor, const struct deed_done *done, int64_t now_ms)
{
    if (auditor->done_count == auditor->done_capacity) {
        auditor->done_capacity = auditor->done_capacity == 0 ? 256 : 2 * auditor->done_capacity;
        auditor->done =
            realloc(auditor->done, (size_t)auditor->done_capacity * sizeof(*auditor->done));
        ASSERT(auditor->done != NULL);
    }
    struct audited_done *kept = &auditor->done[auditor->done_count++];
    *kept = (struct audited_done){.at_ms = now_ms};
    snprintf(kept->source, sizeof(kept->source), "%s", done->source);
    snprintf(kept->external_id, sizeof(kept->external_id), "%s", done->external_id);
}

static void keep_commitment(struct auditor *auditor, const struct deed_done *done, int64_t now_ms)
{
    for (int i = 0; i < auditor->commitment_count; i++) {
        if (strcmp(auditor->commitments[i].text, done->text) == 0) {
            return;
        }
    }
    if (auditor->commitment_count == auditor->commitment_capacity) {
        auditor->commitment_capacity =
            auditor->commitment_capacity == 0 ? 64 : 2 * auditor->commitment_capacity;
        auditor->commitments = realloc(auditor->commitments, (size_t)auditor->commitment_capacity *
                                                                 sizeof(*auditor->commitments));
        ASSERT(auditor->commitments != NULL);
    }
    struct audited_commitment *kept = &auditor->commitments[auditor->commitment_count++];
    *kept = (struct audited_commitment){.user_id = done->user_id,
                                        .at_ms = done->duplicate ? 0 : now_ms};
    snprintf(kept->text, sizeof(kept->text), "%s", done->text);
}

/* It was taken in before, and what came after it is not known here: the store is believed. */
static void believe_store(struct auditor *auditor, struct audited_user *user)
{
    sqlite3_stmt *row = audited_ask(auditor, AUDITED_CONSENT, user->user_id);
    if (sqlite3_step(row) == SQLITE_ROW) {
        user->stopped = sqlite3_column_int(row, 3) != 0;
        user->paused_until_ms = sqlite3_column_int64(row, 4);
        user->crisis = sqlite3_column_int(row, 5) != 0;
        user->blocked = sqlite3_column_int(row, 6) == 2;
        user->erased = sqlite3_column_int(row, 7) != 0;
    }
    sqlite3_reset(row);
}

static void apply(struct audited_user *user, const struct deed_done *done, int64_t now_ms)
{
    switch (done->deed) {
    case DEED_OTHER:
    case DEED_COMMITMENT:
    case DEED_RENAMES:
        break;
    case DEED_STOP:
        user->stopped = true;
        break;
    case DEED_RESUME:
        user->stopped = user->crisis = false;
        user->paused_until_ms = 0;
        break;
    case DEED_PAUSE:
        user->paused_until_ms = now_ms + done->value * DAY_MS;
        break;
    case DEED_CRISIS:
        user->crisis = true;
        break;
    case DEED_ERASE:
        user->erased = true;
        break;
    case DEED_BLOCK:
        user->blocked = !user->wrote_since;
        return;
    case DEED_UNBLOCK:
        user->blocked = false;
        return;
    case DEED_REPORT:
        return;
    case DEED_BOUNCED:
        user->blocked = true;
        return;
    case DEED_COMPLAINED:
        user->blocked = user->stopped = true;
        return;
    }
    user->blocked = user->blocked && !done->by_person;
}

void auditor_offered(struct auditor *auditor, int64_t user_id, enum deed deed, bool by_person,
                     int64_t now_ms)
{
    if (user_id == 0) {
        return;
    }
    struct audited_user *user = audited_user(auditor, user_id);
    audited_touch(auditor, user);
    if (deed >= DEED_REPORT) {
        return;
    }
    user->last_deed_ms = now_ms > user->last_deed_ms ? now_ms : user->last_deed_ms;
    if (deed == DEED_RESUME) {
        user->stopped = user->crisis = false;
        user->paused_until_ms = 0;
    }
    user->renames |= deed == DEED_RENAMES;
    user->erasing |= deed == DEED_ERASE;
    user->blocked = user->blocked && (!by_person || deed == DEED_BLOCK);
    user->wrote_since = deed != DEED_BLOCK && (user->wrote_since || by_person);
}

void auditor_done(struct auditor *auditor, const struct deed_done *done, int64_t now_ms)
{
    audited_committed(auditor, "an input is confirmed");
    if (done->external_id[0] != '\0' && !done->duplicate) { /* else it is known since then only */
        keep_done(auditor, done, now_ms);
    }
    if (done->user_id == 0) {
        return;
    }
    struct audited_user *user = audited_user(auditor, done->user_id);
    audited_touch(auditor, user);
    if (done->duplicate) {
        believe_store(auditor, user);
    } else {
        apply(user, done, now_ms);
        bool is_deed = done->deed < DEED_REPORT;
        user->last_deed_ms = is_deed && now_ms > user->last_deed_ms ? now_ms : user->last_deed_ms;
    }
    if (done->deed == DEED_ERASE && done->by_person) {
        believe_store(auditor, user); /* an old button asks again */
    }
    if (done->deed == DEED_COMMITMENT) {
        keep_commitment(auditor, done, now_ms);
    }
}

void auditor_reported(struct auditor *auditor, int64_t user_id)
{
    audited_touch(auditor, audited_user(auditor, user_id));
}

void auditor_sending(struct auditor *auditor, bool on)
{
    auditor->sending_off = !on;
}

void auditor_sets_may_change(struct auditor *auditor)
{
    auditor->sets_may_change = true;
}

void auditor_versions_may_change(struct auditor *auditor)
{
    auditor->versions_may_change = true;
}

/* What was counted by day and hour means nothing when the clock is set back; a pause that was over
 * stays over. */
void auditor_clock_jumped(struct auditor *auditor, int64_t by_ms, int64_t from_ms)
{
    struct audited_user *user, *next;
    /* A day of the source's is over when its time has passed, not the clock's. */
    for (int i = 0; by_ms < 0 && i < auditor->done_count; i++) {
        auditor->done[i].at_ms += by_ms;
    }
    HASH_ITER (hh, auditor->users, user, next) {
        if (user->paused_until_ms <= from_ms) {
            user->paused_until_ms = 0;
        }
        if (by_ms < 0) {
            user->nudge_count = user->followup_count = user->nudge_last_ms = 0;
        } else if (user->last_deed_ms != 0) {
            user->last_deed_ms += by_ms;
        }
    }
}

/* ---- a message goes out ---- */

/* The person's zone and quiet hours, as the store has them. */
static bool is_quiet(struct auditor *auditor, int64_t user_id, int64_t at_ms, int64_t *ret_day)
{
    char zone[64] = DEFAULT_ZONE;
    int from = DEFAULT_FROM, to = DEFAULT_TO;
    sqlite3_stmt *row = audited_ask(auditor, AUDITED_CONSENT, user_id);
    if (sqlite3_step(row) == SQLITE_ROW) {
        const char *own = (const char *)sqlite3_column_text(row, 0);
        if (own != NULL && own[0] != '\0') {
            snprintf(zone, sizeof(zone), "%s", own);
        }
        if (sqlite3_column_int(row, 1) >= 0) {
            from = sqlite3_column_int(row, 1);
            to = sqlite3_column_int(row, 2);
        }
    }
    sqlite3_reset(row);
    const struct zone *found = zone_find(str_of(zone));
    ASSERT(found != NULL);
    *ret_day = calendar_local_day(found, at_ms);
    int minute = calendar_local_minute(found, at_ms);
    return from < to ? minute >= from && minute < to : from > to && (minute >= from || minute < to);
}

static void count_day(int64_t *at_day, int64_t *count, int64_t day)
{
    *count = *at_day == day ? *count + 1 : 1;
    *at_day = day;
}

/* What reached the person counts, once: what was refused is tried later and must keep to the caps
 * of then. */
static void check_caps(struct auditor *auditor, const struct audited_delivery *delivery,
                       int64_t now_ms)
{
    struct audited_user *user = audited_user(auditor, delivery->user_id);
    long long id = delivery->delivery_id;
    long long user_id = user->user_id;
    int64_t day;
    (void)is_quiet(auditor, user->user_id, now_ms, &day);
    if (delivery->class == AUDITED_NUDGE) {
        if (user->nudge_last_ms != 0 && now_ms - user->nudge_last_ms < NUDGE_GAP_MS) {
            auditor_fail(auditor, "nudge %lld to user %lld comes %lld s after another", id, user_id,
                         (long long)((now_ms - user->nudge_last_ms) / 1000));
        }
        user->nudge_last_ms = now_ms;
        count_day(&user->nudge_day, &user->nudge_count, day);
        if (user->nudge_count > NUDGES_A_DAY) {
            auditor_fail(auditor, "nudge %lld to user %lld is one too many that day", id, user_id);
        }
    } else if (delivery->class == AUDITED_FOLLOWUP) {
        count_day(&user->followup_day, &user->followup_count, day);
        if (user->followup_count > FOLLOWUPS_A_DAY) {
            auditor_fail(auditor, "follow-up %lld to user %lld is one too many that day", id,
                         user_id);
        }
    }
}

static struct audited_said *said_of(struct auditor *auditor, int64_t id, int64_t kind, int64_t step)
{
    struct audited_said wanted = {.key = {id, kind, step}};
    struct audited_said *said = NULL;
    HASH_FIND(hh, auditor->said, &wanted.key, sizeof(wanted.key), said);
    if (said == NULL) {
        said = calloc(1, sizeof(*said));
        ASSERT(said != NULL);
        said->key = wanted.key;
        HASH_ADD(hh, auditor->said, key, sizeof(said->key), said);
    }
    return said;
}

/* How often one thing may be said: a step once more when it was put off, and a step of an
 * onboarding as often as it is asked for again. */
static int said_at_most(struct auditor *auditor, int64_t user_id, int64_t run_id, int64_t kind,
                        const char *journey)
{
    if (kind != SAID_STEP) {
        return 1;
    }
    bool onboarding = strstr(journey, "onboarding") != NULL;
    sqlite3_stmt *run = audited_ask(auditor, AUDITED_RUN, user_id);
    sqlite3_bind_int64(run, 2, run_id);
    bool there = sqlite3_step(run) == SQLITE_ROW;
    int flags = there ? sqlite3_column_int(run, 1) : 0;
    sqlite3_reset(run);
    /* What erased people had is gone. */
    return !there ? INT_MAX : (flags & POSTPONED) != 0 ? 2 : onboarding ? 3 : 1;
}

/* Steps, recoveries, graduations and ratings of a run reach a person once, follow-ups to a
 * commitment so many times. */
static void check_said(struct auditor *auditor, const struct audited_delivery *delivery)
{
    sqlite3_stmt *row = audited_ask(auditor, AUDITED_DELIVERY, delivery->delivery_id);
    if (sqlite3_step(row) == SQLITE_ROW) {
        int64_t run_id = sqlite3_column_int64(row, 3);
        int64_t kind = sqlite3_column_int64(row, 4);
        int64_t step = kind <= SAID_RECOVERY ? sqlite3_column_int64(row, 5) : 0;
        int64_t commitment_id = sqlite3_column_int64(row, 6);
        const char *journey = (const char *)sqlite3_column_text(row, 7);
        bool once = kind == SAID_STEP || kind == SAID_RECOVERY || kind == SAID_GRADUATION ||
                    kind == SAID_RATING;
        if (run_id != 0 && once) {
            int arrived = ++said_of(auditor, run_id, kind, step)->arrived;
            if (arrived > 1 &&
                arrived > said_at_most(auditor, delivery->user_id, run_id, kind, journey)) {
                auditor_fail(auditor,
                             "message %lld of kind %lld, step %lld of run %lld of %s is said for "
                             "the %dth time",
                             (long long)delivery->delivery_id, (long long)kind, (long long)step,
                             (long long)run_id, journey, arrived);
            }
        }
        if (delivery->class == AUDITED_FOLLOWUP && commitment_id != 0 &&
            ++said_of(auditor, commitment_id, SAID_FOLLOWUP, 0)->arrived > FOLLOWUPS_OF_ONE) {
            auditor_fail(auditor, "follow-up %lld is one too many to commitment %lld",
                         (long long)delivery->delivery_id, (long long)commitment_id);
        }
    }
    sqlite3_reset(row);
}

static void check_consent(struct auditor *auditor, const struct audited_user *user,
                          const struct attempt *attempt, int64_t now_ms)
{
    const char *why = NULL;
    bool proactive = attempt->class != AUDITED_REPLY;
    int64_t day;
    if (user->erased) {
        why = "the person was erased";
    } else if (user->blocked) {
        why = "the person has blocked us";
    } else if (proactive && user->stopped) {
        why = "the person said stop";
    } else if (proactive && user->crisis) {
        why = "the person is held after words of crisis";
    } else if (proactive && user->paused_until_ms > now_ms) {
        why = "the person paused";
    } else if (proactive && auditor->sending_off) {
        why = "sending is off";
    } else if (proactive && is_quiet(auditor, user->user_id, now_ms, &day) &&
               is_quiet(auditor, user->user_id, now_ms - MOMENT_MS, &day)) {
        why = "it is quiet hours";
    }
    if (why != NULL) {
        auditor_fail(auditor, "message %lld of class %d to user %lld goes out although %s: %.60s",
                     (long long)attempt->delivery_id, attempt->class, (long long)user->user_id, why,
                     attempt->text);
    }
}

/* A copy follows one that arrived only when the answer about that one was lost, and never for what
 * nobody waits for. */
static void check_copy(struct auditor *auditor, struct audited_delivery *delivery)
{
    if (delivery->delivered == 0 || delivery->has_key) {
        return;
    }
    bool waits = delivery->class == AUDITED_REPLY || delivery->class == AUDITED_ONBOARDING;
    if (!delivery->lost || !waits || delivery->delivered > 1) {
        auditor_fail(auditor, "message %lld of class %d goes out again after %d copies arrived%s",
                     (long long)delivery->delivery_id, delivery->class, delivery->delivered,
                     delivery->lost ? "" : " and their answers were not lost");
    }
    auditor->resent++;
}

/* Of theirs, also under an id that was joined into theirs: the answer goes to who is left. */
static int64_t last_deed_ms(struct auditor *auditor, const struct audited_user *user)
{
    int64_t last_ms = user->last_deed_ms;
    sqlite3_stmt *row = audited_ask(auditor, AUDITED_ALIASES, user->user_id);
    while (sqlite3_step(row) == SQLITE_ROW) {
        int64_t other_ms = audited_user(auditor, sqlite3_column_int64(row, 0))->last_deed_ms;
        last_ms = other_ms > last_ms ? other_ms : last_ms;
    }
    sqlite3_reset(row);
    return last_ms;
}

/* What the row says: still of use, of the class told, made because of what the person just did. */
static void check_row(struct auditor *auditor, const struct audited_user *user,
                      const struct attempt *attempt, int64_t now_ms)
{
    sqlite3_stmt *row = audited_ask(auditor, AUDITED_DELIVERY, attempt->delivery_id);
    if (sqlite3_step(row) != SQLITE_ROW) {
        auditor_fail(auditor, "message %lld goes out and is not in the store",
                     (long long)attempt->delivery_id);
    } else {
        int64_t created_at_ms = sqlite3_column_int64(row, 0);
        int64_t expires_at_ms = sqlite3_column_int64(row, 1);
        int class = sqlite3_column_int(row, 2);
        if (expires_at_ms != 0 && now_ms > expires_at_ms + MOMENT_MS) {
            auditor_fail(auditor, "message %lld goes out %lld s after it expired",
                         (long long)attempt->delivery_id,
                         (long long)((now_ms - expires_at_ms) / 1000));
        }
        if (class != attempt->class) {
            auditor_fail(auditor, "message %lld goes out as class %d and is stored as %d",
                         (long long)attempt->delivery_id, attempt->class, class);
        }
        int64_t deed_ms = class == AUDITED_REPLY ? last_deed_ms(auditor, user) : 0;
        if (deed_ms != 0 && created_at_ms > deed_ms + REPLY_LATE_MS) {
            auditor_fail(auditor, "message %lld is no reply: %lld s after the last deed: %.60s",
                         (long long)attempt->delivery_id,
                         (long long)((created_at_ms - deed_ms) / 1000), attempt->text);
        }
    }
    sqlite3_reset(row);
}

void auditor_attempt(struct auditor *auditor, const struct attempt *attempt, int64_t now_ms)
{
    struct audited_delivery *delivery = audited_delivery(auditor, attempt->delivery_id);
    struct audited_user *user = audited_user(auditor, attempt->user_id);
    delivery->user_id = attempt->user_id;
    delivery->class = attempt->class;
    delivery->has_key = attempt->has_key;
    delivery->life = auditor->life;
    audited_touch(auditor, user);
    audited_committed(auditor, "a message goes out");
    check_copy(auditor, delivery);
    check_consent(auditor, user, attempt, now_ms);
    check_row(auditor, user, attempt, now_ms);
}

void auditor_delivered(struct auditor *auditor, int64_t delivery_id, bool told, int64_t now_ms)
{
    struct audited_delivery *delivery = audited_delivery(auditor, delivery_id);
    if (delivery->delivered++ == 0) {
        check_caps(auditor, delivery, now_ms);
        check_said(auditor, delivery);
    } else if (delivery->has_key) {
        auditor_fail(auditor, "mail %lld is sent again, its key forgotten", (long long)delivery_id);
    }
    auditor_known(auditor, delivery_id, told);
}

void auditor_known(struct auditor *auditor, int64_t delivery_id, bool told)
{
    struct audited_delivery *delivery = audited_delivery(auditor, delivery_id);
    delivery->lost = !told;
    delivery->ever_lost |= !told;
}

void auditor_returned(struct auditor *auditor, int64_t delivery_id)
{
    audited_delivery(auditor, delivery_id)->ever_lost = true;
}

int64_t auditor_resent(const struct auditor *auditor)
{
    return auditor->resent;
}
