/* The auditor's looks at everything in the store: now and then, after each crash and at the end. */
#include "auditor_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

/* Telegram repeats an update for a day, and by a clock that is set forward that is longer. */
#define KNOWN_FOR_MS (71 * HOUR_MS)
/* How long after it was written to at most a message may change its state by itself. */
#define RECENT_MS (5 * DAY_MS)

/* ---- what must hold of all messages ---- */

static const char DUE_FOR_NOTHING[] =
    "SELECT d.id, 'nothing waits, kind ' || d.kind || ' at ' || d.due_at_ms FROM due AS d "
    "WHERE NOT CASE d.kind "
    "WHEN 0 THEN EXISTS (SELECT 1 FROM users WHERE id = d.id AND next_at_ms = d.due_at_ms) "
    "WHEN 1 THEN EXISTS (SELECT 1 FROM commitments WHERE user_id = d.user_id AND state = 0 "
    "AND id = d.id AND next_at_ms = d.due_at_ms) "
    "WHEN 2 THEN EXISTS (SELECT 1 FROM runs WHERE user_id = d.user_id AND outcome = 0 "
    "AND id = d.id AND next_at_ms = d.due_at_ms) "
    "ELSE EXISTS (SELECT 1 FROM deliveries WHERE id = d.id AND next_at_ms = d.due_at_ms) END";

/* Those that did not just end. */
static const char ENDED_WAIT[] =
    "SELECT id, 'run ' || journey FROM runs WHERE outcome <> 0 AND next_at_ms <> 0";

/* From an instant on: what ended long before stays as it is. */
static const char MESSAGES[] =
    "SELECT d.id, 'state ' || d.state || ' reason ' || d.reason || ' next ' || d.next_at_ms "
    "FROM deliveries AS d WHERE d.id >= ?1 << 21 AND ((d.state > 2 AND d.next_at_ms <> 0) "
    "OR (d.state >= 7 AND d.reason = '') OR (d.state BETWEEN 3 AND 6 AND d.sent_at_ms = 0) "
    "OR (d.state <= 1 AND d.next_at_ms = 0) "
    /* Steps, recoveries and the like are sent once more as long as their run waits for them. */
    "OR (d.state = 2 AND d.next_at_ms = 0 AND d.class IN (0, 1) AND d.uncertain < 2 "
    "AND d.channel <> 3 " /* a key is forgotten */
    "AND (d.run_id = 0 OR d.kind NOT IN (0, 1, 2, 4) OR EXISTS (SELECT 1 FROM runs AS r "
    "WHERE r.user_id = d.user_id AND r.id = d.run_id AND r.phase = 1 AND r.delivery_id = d.id))) "
    "OR (d.next_at_ms <> 0 AND NOT EXISTS (SELECT 1 FROM due AS w "
    "WHERE w.line = (SELECT l.line FROM delivery_lines AS l WHERE l.id = d.id) "
    "AND w.due_at_ms = d.next_at_ms AND w.id = d.id AND w.kind = 3)))";

static const char ONCE[] =
    "SELECT max(d.id), count(*) || ' messages of kind ' || d.kind || ' step ' || d.step_index "
    "|| ' of run ' || d.run_id || ' ' || d.journey FROM deliveries AS d "
    "JOIN runs AS r ON r.user_id = d.user_id AND r.id = d.run_id " /* gone with who is erased */
    "WHERE d.kind IN (0, 1, 5, 6) AND d.state IN (1, 2, 3, 4, 5, 6) "
    "GROUP BY d.run_id, d.kind, CASE WHEN d.kind IN (0, 1) THEN d.step_index END "
    "HAVING count(*) > CASE WHEN d.kind = 0 AND max(r.flags & 64) <> 0 THEN 2 "
    "WHEN d.kind = 0 AND d.journey LIKE '%onboarding' THEN 3 ELSE 1 END "
    "UNION ALL SELECT max(id), count(*) || ' graduations of run ' || ref_id FROM events "
    "WHERE type = 'graduated' GROUP BY ref_id HAVING count(*) > 1";

static const char FOLLOWUPS[] =
    "SELECT commitment_id, count(*) || ' follow-ups' FROM deliveries "
    "WHERE class = 2 AND commitment_id <> 0 AND (state IN (1, 2, 3, 4, 5, 6)) "
    "GROUP BY commitment_id HAVING count(*) > 5";

static void check_sets(struct auditor *auditor)
{
    sqlite3_stmt *statement = audited_prepare(
        auditor, "SELECT id, journey_set FROM users WHERE set_assigned = 1 AND is_erased = 0");
    while (sqlite3_step(statement) == SQLITE_ROW) {
        struct audited_user *user = audited_user(auditor, sqlite3_column_int64(statement, 0));
        int set = sqlite3_column_int(statement, 1);
        if (user->set >= 0 && user->set != set && !auditor->sets_may_change) {
            auditor_fail(auditor, "user %lld was moved from set %d to set %d",
                         (long long)user->user_id, user->set, set);
        }
        user->set = set;
    }
    sqlite3_finalize(statement);
}

/* A message that counts as sent has reached the person. */
static void check_sent(struct auditor *auditor, int64_t from_ms)
{
    sqlite3_stmt *statement = audited_prepare(
        auditor, "SELECT id FROM deliveries WHERE state BETWEEN 3 AND 6 AND id >= ? << 21");
    sqlite3_bind_int64(statement, 1, from_ms);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(statement, 0);
        if (audited_delivery(auditor, id)->delivered == 0) {
            auditor_fail(auditor, "message %lld counts as sent and never arrived", (long long)id);
        }
    }
    sqlite3_finalize(statement);
}

/* Each commitment that was confirmed is there, once. */
static void check_commitments(struct auditor *auditor)
{
    sqlite3_stmt *statement =
        audited_prepare(auditor, "SELECT count(*) FROM commitments WHERE user_id = ? AND text = ?");
    for (int i = 0; i < auditor->commitment_count; i++) {
        struct audited_commitment *commitment = &auditor->commitments[i];
        const struct audited_user *user = audited_user(auditor, commitment->user_id);
        if (user->erasing || user->renames) {
            continue;
        }
        sqlite3_bind_int64(statement, 1, commitment->user_id);
        sqlite3_bind_text(statement, 2, commitment->text, -1, SQLITE_STATIC);
        int64_t count =
            sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
        if (count != 1) {
            auditor_fail(auditor, "commitment \"%s\" of user %lld is there %lld times",
                         commitment->text, (long long)commitment->user_id, (long long)count);
        }
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
}

static void check_everything(struct auditor *auditor, int64_t now_ms, int64_t from_ms)
{
    sqlite3_stmt *people = audited_prepare(auditor, "SELECT id FROM users");
    while (sqlite3_step(people) == SQLITE_ROW) {
        audited_look_at(auditor, audited_user(auditor, sqlite3_column_int64(people, 0)));
    }
    sqlite3_finalize(people);
    audited_findings(auditor, "it is due", DUE_FOR_NOTHING, now_ms);
    audited_findings(auditor, "it has ended and waits", ENDED_WAIT, now_ms);
    audited_findings(auditor, "a message has no reason, instant or end", MESSAGES, from_ms);
    if (auditor->failure[0] == '\0') {
        check_sets(auditor);
        check_sent(auditor, from_ms);
        check_commitments(auditor);
    }
    auditor->checked_at_ms = now_ms;
}

void auditor_check(struct auditor *auditor, int64_t now_ms)
{
    int64_t since_ms = auditor->checked_at_ms < now_ms ? auditor->checked_at_ms : now_ms;
    check_everything(auditor, now_ms, since_ms > RECENT_MS ? since_ms - RECENT_MS : 0);
}

/* ---- after a crash ---- */

static void check_known(struct auditor *auditor, int64_t now_ms)
{
    sqlite3_stmt *statement =
        audited_prepare(auditor, "SELECT 1 FROM seen WHERE source = ? AND external_id = ?");
    for (int i = auditor->done_count - 1; i >= 0; i--) {
        const struct audited_done *done = &auditor->done[i];
        if (done->at_ms < now_ms - KNOWN_FOR_MS || done->at_ms > now_ms) {
            continue;
        }
        sqlite3_bind_text(statement, 1, done->source, -1, SQLITE_STATIC);
        sqlite3_bind_text(statement, 2, done->external_id, -1, SQLITE_STATIC);
        if (sqlite3_step(statement) != SQLITE_ROW) {
            auditor_fail(auditor, "%s %s was confirmed and is lost after a crash", done->source,
                         done->external_id);
        }
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
}

void auditor_restarted(struct auditor *auditor, int64_t now_ms)
{
    struct audited_delivery *delivery, *next;
    auditor->up_since_ms = now_ms;
    check_known(auditor, now_ms);
    sqlite3_stmt *statement = audited_prepare(auditor, "SELECT state FROM deliveries WHERE id = ?");
    HASH_ITER (hh, auditor->deliveries, delivery, next) {
        if (delivery->delivered == 0 || delivery->life < auditor->life - 1) {
            continue;
        }
        sqlite3_bind_int64(statement, 1, delivery->delivery_id);
        int state = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
        if (state == -1 && !audited_user(auditor, delivery->user_id)->erasing) {
            auditor_fail(auditor, "message %lld went out and is unknown after a crash",
                         (long long)delivery->delivery_id);
        }
        if (state <= 2) { /* the crash swallowed the answer */
            delivery->lost = delivery->ever_lost = true;
        }
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
    auditor_check(auditor, now_ms);
}

/* ---- at the end ---- */

static void check_arrived(struct auditor *auditor)
{
    struct audited_delivery *delivery, *next;
    sqlite3_stmt *statement = audited_prepare(auditor, "SELECT state FROM deliveries WHERE id = ?");
    HASH_ITER (hh, auditor->deliveries, delivery, next) {
        sqlite3_bind_int64(statement, 1, delivery->delivery_id);
        int state = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int(statement, 0) : -1;
        bool counts = state >= 3 && state <= 6;
        bool on_its_way = state == 1; /* went out a moment ago */
        if (delivery->delivered > 0 && !counts && !on_its_way && !delivery->ever_lost &&
            !audited_user(auditor, delivery->user_id)->erasing) {
            auditor_fail(auditor, "message %lld arrived, was reported and stands in state %d",
                         (long long)delivery->delivery_id, state);
        }
        sqlite3_reset(statement);
    }
    sqlite3_finalize(statement);
}

void auditor_drained(struct auditor *auditor, int64_t now_ms)
{
    check_everything(auditor, now_ms, 0);
    audited_findings(auditor, "said more than once", ONCE, now_ms);
    audited_findings(auditor, "too many for a commitment", FOLLOWUPS, now_ms);
    audited_findings(auditor, "still under way",
                     "SELECT id, 'state ' || state || ' reason ' || reason || ' next ' "
                     "|| next_at_ms FROM deliveries WHERE (state = 1 AND next_at_ms NOT BETWEEN ?1 "
                     "AND ?1 + 600000) OR "
                     "(state IN (0, 2) AND next_at_ms <> 0 AND reason NOT IN ('quiet_hours', "
                     "'paused', 'crisis', 'cap'))",
                     now_ms);
    if (auditor->failure[0] == '\0') {
        check_arrived(auditor);
    }
}

void auditor_ended(struct auditor *auditor, int64_t now_ms)
{
    check_everything(auditor, now_ms, 0);
    audited_findings(auditor, "a run never ends",
                     "SELECT r.id, r.journey || ' phase ' || r.phase || ' of user ' || r.user_id "
                     "FROM runs AS r JOIN users AS u ON u.id = r.user_id "
                     "LEFT JOIN commitments AS c ON c.user_id = r.user_id AND c.id = r.subject_id "
                     "WHERE r.outcome = 0 AND r.entered_at_ms < ? - 40 * 86400000 "
                     "AND u.crisis_hold = 0 AND u.paused_until_ms < r.entered_at_ms + 86400000",
                     now_ms);
}

static void dump(struct auditor *auditor, const char *sql, int64_t user_id)
{
    sqlite3_stmt *statement = audited_prepare(auditor, sql);
    sqlite3_bind_int64(statement, 1, user_id);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++) {
            fprintf(stderr, "%s=%.60s ", sqlite3_column_name(statement, i),
                    (const char *)sqlite3_column_text(statement, i));
        }
        fputc('\n', stderr);
    }
    sqlite3_finalize(statement);
}

void auditor_dump(struct auditor *auditor, int64_t user_id)
{
    dump(auditor,
         "SELECT id, journey, outcome, phase, step, flags, delivery_id, entered_at_ms, next_at_ms "
         "FROM runs WHERE user_id = ? ORDER BY id",
         user_id);
    dump(auditor,
         "SELECT id, state, text, created_at_ms, due_at_ms FROM commitments "
         "WHERE user_id = ? ORDER BY id",
         user_id);
    dump(auditor,
         "SELECT id, journey, kind, class, step_index, state, reason, attempts, uncertain, "
         "created_at_ms, sent_at_ms, expires_at_ms, next_at_ms, text FROM deliveries "
         "WHERE user_id = ? ORDER BY id DESC LIMIT 40",
         user_id);
}
