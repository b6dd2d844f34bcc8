/* The auditor's looks at the store: plain SQL, written from the meaning of the tables alone. */
#include "auditor_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

/* Telegram repeats an update for a day: that long it must be known again. */
#define KNOWN_FOR_MS   (24 * HOUR_MS)
#define IN_LINE_MS_MAX (2 * DAY_MS) /* of a process that runs: longer than the longest pause */

/* ---- reading ---- */

sqlite3_stmt *audited_prepare(struct auditor *auditor, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(auditor->db, sql, -1, &statement, NULL) != SQLITE_OK) {
        auditor_fail(auditor, "auditor: %s: %s", sqlite3_errmsg(auditor->db), sql);
        fprintf(stderr, "auditor: %s: %s\n", sqlite3_errmsg(auditor->db), sql);
        ASSERT(statement != NULL);
    }
    return statement;
}

void audited_findings(struct auditor *auditor, const char *what, const char *sql, int64_t now_ms)
{
    if (auditor->failure[0] != '\0') {
        return;
    }
    sqlite3_stmt *statement = audited_prepare(auditor, sql);
    if (sqlite3_bind_parameter_count(statement) > 0) {
        sqlite3_bind_int64(statement, 1, now_ms);
    }
    if (sqlite3_step(statement) == SQLITE_ROW) {
        auditor_fail(auditor, "%s: row %lld: %s", what, sqlite3_column_int64(statement, 0),
                     (const char *)sqlite3_column_text(statement, 1));
    }
    sqlite3_finalize(statement);
}

int64_t audited_int(struct auditor *auditor, const char *sql)
{
    sqlite3_stmt *statement = audited_prepare(auditor, sql);
    int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return value;
}

int64_t auditor_journeys(struct auditor *auditor)
{
    return audited_int(auditor, "SELECT count(DISTINCT journey) FROM runs");
}

/* ---- what must hold at every instant, of the persons ?2 to ?3 ---- */

static const char ONE_RUN[] = "SELECT max(id), journey || ' of user ' || user_id FROM runs "
                              "WHERE outcome = 0 AND user_id BETWEEN ?2 AND ?3 "
                              "GROUP BY user_id, journey, subject_id HAVING count(*) > 1";

static const char ONE_ACTION[] =
    "SELECT r.id, r.journey || ' phase ' || r.phase || ' next ' || r.next_at_ms "
    "|| ' message ' || r.delivery_id || ' state ' || coalesce(d.state, -1) "
    "FROM runs AS r LEFT JOIN deliveries AS d ON d.id = r.delivery_id "
    "WHERE r.outcome = 0 AND r.user_id BETWEEN ?2 AND ?3 AND ("
    "(r.phase = 1 AND (r.next_at_ms <> 0 OR d.id IS NULL OR d.state > 2 OR d.next_at_ms = 0)) OR "
    "(r.phase <> 1 AND r.next_at_ms = 0) OR r.phase > 4)";

static const char ENDED_WAIT[] =
    "SELECT id, 'run ' || journey FROM runs "
    "WHERE user_id BETWEEN ?2 AND ?3 AND outcome <> 0 AND next_at_ms <> 0 UNION ALL "
    "SELECT id, 'commitment' FROM commitments "
    "WHERE user_id BETWEEN ?2 AND ?3 AND state <> 0 AND next_at_ms <> 0";

/* The line that a row waits in. */
#define LINE_OF(row)                                                                               \
    "CASE WHEN " row ".kind = 3 "                                                                  \
    "THEN (SELECT l.line FROM delivery_lines AS l WHERE l.id = " row ".id) ELSE 0 END"

static const char NOT_DUE[] =
    "WITH waits (at_ms, id, kind) AS ("
    "SELECT next_at_ms, id, 0 FROM users WHERE id BETWEEN ?2 AND ?3 UNION ALL "
    "SELECT next_at_ms, id, 1 FROM commitments WHERE user_id BETWEEN ?2 AND ?3 UNION ALL "
    "SELECT next_at_ms, id, 2 FROM runs WHERE user_id BETWEEN ?2 AND ?3 UNION ALL "
    "SELECT next_at_ms, id, 3 FROM deliveries "
    "WHERE state <= 2 AND run_id <> 0 AND user_id BETWEEN ?2 AND ?3) "
    "SELECT w.id, 'kind ' || w.kind || ' waits for ' || w.at_ms FROM waits AS w "
    "WHERE w.at_ms <> 0 AND NOT EXISTS (SELECT 1 FROM due AS d "
    "WHERE d.line = " LINE_OF("w") " AND d.due_at_ms = w.at_ms AND d.id = w.id "
                                   "AND d.kind = w.kind)";

static const char COUNTERS[] =
    "SELECT u.id, 'total ' || u.commitments_total || ' of ' || count(c.id) || ', completed ' "
    "|| u.commitments_completed || ' of ' || coalesce(sum(c.state = 1), 0) || ', missed ' "
    "|| u.commitments_missed || ' of ' || coalesce(sum(c.state = 2), 0) || ', dropped ' "
    "|| u.commitments_dropped || ' of ' || coalesce(sum(c.state = 3), 0) || ', outside ' "
    "|| u.commitments_outside || ' of ' || coalesce(sum(c.source <> 'onboarding'), 0) "
    "FROM users AS u LEFT JOIN commitments AS c ON c.user_id = u.id "
    "WHERE u.is_erased = 0 AND u.id BETWEEN ?2 AND ?3 "
    "GROUP BY u.id HAVING u.commitments_total <> count(c.id) "
    "OR u.commitments_completed <> coalesce(sum(c.state = 1), 0) "
    "OR u.commitments_missed <> coalesce(sum(c.state = 2), 0) "
    "OR u.commitments_dropped <> coalesce(sum(c.state = 3), 0) "
    "OR u.commitments_outside <> coalesce(sum(c.source <> 'onboarding'), 0) "
    "OR u.commitments_outside_completed <> "
    "coalesce(sum(c.state = 1 AND c.source <> 'onboarding'), 0) "
    "OR u.commitments_quick <> coalesce(sum(c.state = 1 AND "
    "c.completed_at_ms - c.created_at_ms <= 86400000), 0) "
    "OR u.completion_ms_sum <> "
    "coalesce(sum(CASE WHEN c.state = 1 THEN c.completed_at_ms - c.created_at_ms END), 0)";

static const struct {
    const char *what;
    const char *sql;
} OF_PERSON[AUDITED_CHECKS] = {
    {"more than one active run", ONE_RUN},
    {"not one next action", ONE_ACTION},
    {"it has ended and waits", ENDED_WAIT},
    {"it waits and is not due", NOT_DUE},
    {"counters", COUNTERS},
};

void auditor_open(struct auditor *auditor, const char *path)
{
    int code = sqlite3_open_v2(path, &auditor->db, SQLITE_OPEN_READONLY, NULL);
    ASSERT(code == SQLITE_OK);
    auditor->consent = audited_prepare(
        auditor, "SELECT zone, quiet_from_minute, quiet_to_minute, stopped, paused_until_ms, "
                 "crisis_hold, CASE channel WHEN 2 THEN webchat_reach ELSE telegram_reach END, "
                 "is_erased FROM users WHERE id = ?");
    auditor->next_due =
        audited_prepare(auditor, "SELECT due_at_ms, id, kind, user_id FROM due WHERE line = 0 "
                                 "ORDER BY due_at_ms, id");
    auditor->in_line = audited_prepare(
        auditor, "SELECT due_at_ms, id, user_id FROM due WHERE line > 0 AND due_at_ms <= ? "
                 "ORDER BY due_at_ms");
    auditor->delivery = audited_prepare(
        auditor, "SELECT created_at_ms, expires_at_ms, class FROM deliveries WHERE id = ?");
    for (int i = 0; i < AUDITED_CHECKS; i++) {
        auditor->of_person[i] = audited_prepare(auditor, OF_PERSON[i].sql);
    }
}

void auditor_close(struct auditor *auditor)
{
    sqlite3_finalize(auditor->consent);
    sqlite3_finalize(auditor->next_due);
    sqlite3_finalize(auditor->in_line);
    sqlite3_finalize(auditor->delivery);
    for (int i = 0; i < AUDITED_CHECKS; i++) {
        sqlite3_finalize(auditor->of_person[i]);
        auditor->of_person[i] = NULL;
    }
    sqlite3_close(auditor->db);
    auditor->consent = auditor->next_due = auditor->in_line = auditor->delivery = NULL;
    auditor->db = NULL;
}

static void check_persons(struct auditor *auditor, int64_t first_user_id, int64_t last_user_id)
{
    for (int i = 0; i < AUDITED_CHECKS && auditor->failure[0] == '\0'; i++) {
        sqlite3_stmt *statement = auditor->of_person[i];
        sqlite3_bind_int64(statement, 2, first_user_id);
        sqlite3_bind_int64(statement, 3, last_user_id);
        if (sqlite3_step(statement) == SQLITE_ROW) {
            auditor_fail(auditor, "%s: row %lld: %s", OF_PERSON[i].what,
                         sqlite3_column_int64(statement, 0),
                         (const char *)sqlite3_column_text(statement, 1));
        }
        sqlite3_reset(statement);
    }
}

/* ---- what must hold of all messages ---- */

static const char DUE_FOR_NOTHING[] =
    "WITH waits (at_ms, id, kind) AS ("
    "SELECT next_at_ms, id, 0 FROM users WHERE next_at_ms <> 0 UNION ALL "
    "SELECT next_at_ms, id, 1 FROM commitments WHERE next_at_ms <> 0 UNION ALL "
    "SELECT next_at_ms, id, 2 FROM runs WHERE next_at_ms <> 0 UNION ALL "
    "SELECT next_at_ms, id, 3 FROM deliveries WHERE next_at_ms <> 0) "
    "SELECT d.id, 'nothing waits, kind ' || d.kind || ' at ' || d.due_at_ms FROM due AS d "
    "LEFT JOIN waits AS w ON d.due_at_ms = w.at_ms AND d.id = w.id AND d.kind = w.kind "
    "WHERE w.id IS NULL";

static const char MESSAGES[] =
    "SELECT d.id, 'state ' || d.state || ' reason ' || d.reason || ' next ' || d.next_at_ms "
    "FROM deliveries AS d WHERE (d.state > 2 AND d.next_at_ms <> 0) "
    "OR (d.state >= 7 AND d.reason = '') OR (d.state BETWEEN 3 AND 6 AND d.sent_at_ms = 0) "
    "OR (d.state <= 1 AND d.next_at_ms = 0) "
    /* Steps, recoveries and the like are sent once more as long as their run waits for them. */
    "OR (d.state = 2 AND d.next_at_ms = 0 AND d.class IN (0, 1) AND d.uncertain < 2 "
    "AND (d.run_id = 0 OR d.kind NOT IN (0, 1, 2, 4) OR EXISTS (SELECT 1 FROM runs AS r "
    "WHERE r.user_id = d.user_id AND r.id = d.run_id AND r.phase = 1 AND r.delivery_id = d.id))) "
    "OR (d.next_at_ms <> 0 AND NOT EXISTS (SELECT 1 FROM due AS w "
    "WHERE w.line = (SELECT l.line FROM delivery_lines AS l WHERE l.id = d.id) "
    "AND w.due_at_ms = d.next_at_ms AND w.id = d.id AND w.kind = 3))";

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
static void check_sent(struct auditor *auditor)
{
    sqlite3_stmt *statement =
        audited_prepare(auditor, "SELECT id FROM deliveries WHERE state BETWEEN 3 AND 6");
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

/* ---- after each round ---- */

void auditor_round_begins(struct auditor *auditor, int64_t now_ms)
{
    while (sqlite3_step(auditor->next_due) == SQLITE_ROW &&
           sqlite3_column_int64(auditor->next_due, 0) <= now_ms) {
        audited_touch(auditor, audited_user(auditor, sqlite3_column_int64(auditor->next_due, 3)));
    }
    sqlite3_reset(auditor->next_due);
}

void auditor_look(struct auditor *auditor, int64_t now_ms)
{
    if (sqlite3_step(auditor->next_due) == SQLITE_ROW) {
        int64_t due_at_ms = sqlite3_column_int64(auditor->next_due, 0);
        if (due_at_ms <= now_ms) {
            auditor_fail(auditor,
                         "row %lld (kind %d, user %lld) was due %lld s ago and is not done",
                         sqlite3_column_int64(auditor->next_due, 1),
                         sqlite3_column_int(auditor->next_due, 2),
                         sqlite3_column_int64(auditor->next_due, 3),
                         (long long)((now_ms - due_at_ms) / 1000));
        }
    }
    sqlite3_reset(auditor->next_due);
    sqlite3_bind_int64(auditor->in_line, 1, now_ms - IN_LINE_MS_MAX);
    if (now_ms - auditor->up_since_ms >= IN_LINE_MS_MAX &&
        sqlite3_step(auditor->in_line) == SQLITE_ROW) {
        auditor_fail(auditor, "message %lld (user %lld) waits in its line and does not go",
                     sqlite3_column_int64(auditor->in_line, 1),
                     sqlite3_column_int64(auditor->in_line, 2));
    }
    sqlite3_reset(auditor->in_line);
    for (int i = 0; i < auditor->touched_count; i++) {
        check_persons(auditor, auditor->touched[i]->user_id, auditor->touched[i]->user_id);
        auditor->touched[i]->touched = false;
    }
    auditor->touched_count = 0;
}

void auditor_check(struct auditor *auditor, int64_t now_ms)
{
    check_persons(auditor, INT64_MIN, INT64_MAX);
    audited_findings(auditor, "it is due", DUE_FOR_NOTHING, now_ms);
    audited_findings(auditor, "a message has no reason, instant or end", MESSAGES, now_ms);
    audited_findings(auditor, "said more than once", ONCE, now_ms);
    audited_findings(auditor, "too many for a commitment", FOLLOWUPS, now_ms);
    if (auditor->failure[0] == '\0') {
        check_sets(auditor);
        check_sent(auditor);
        check_commitments(auditor);
    }
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
        if (delivery->delivered == 0) {
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
    auditor_check(auditor, now_ms);
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
    auditor_check(auditor, now_ms);
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
