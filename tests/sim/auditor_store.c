/* The auditor's looks at the store, of one person at a time: plain SQL, written from the meaning of
 * the tables alone, and counting in C. It reads over the engine's own connection, between its
 * transactions: the pages are at hand there, and after each commit another connection would have to
 * read them anew. What the disk has is looked at after each crash, when all was read from it. */
#include "auditor_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

#define IN_LINE_MS_MAX (2 * DAY_MS) /* of a process that runs: longer than the longest pause */

enum kind_of_wait { WAIT_USER, WAIT_COMMITMENT, WAIT_RUN, WAIT_MESSAGE };

static const char *const STATEMENTS[AUDITED_STATEMENTS] = {
    [AUDITED_CONSENT] =
        "SELECT zone, quiet_from_minute, quiet_to_minute, stopped, paused_until_ms, "
        "crisis_hold, CASE channel WHEN 2 THEN webchat_reach ELSE telegram_reach END, "
        "is_erased FROM users WHERE id = ?",
    [AUDITED_ALIASES] = "SELECT id FROM users WHERE alias_of = ?",
    [AUDITED_NEXT_DUE] = "SELECT due_at_ms, id, kind, user_id FROM due WHERE line = 0 "
                         "ORDER BY due_at_ms, id",
    [AUDITED_IN_LINE] = "SELECT due_at_ms, id, user_id FROM due WHERE line > 0 AND due_at_ms <= ?",
    [AUDITED_DELIVERY] = "SELECT created_at_ms, expires_at_ms, class, run_id, kind, step_index, "
                         "commitment_id, journey FROM deliveries WHERE id = ?",
    [AUDITED_USER] = "SELECT next_at_ms, is_erased, commitments_total, commitments_completed, "
                     "commitments_missed, commitments_dropped, commitments_outside, "
                     "commitments_outside_completed, commitments_quick, completion_ms_sum, "
                     "first_commitment_at_ms, first_completion_at_ms FROM users WHERE id = ?",
    [AUDITED_COMMITMENTS] = "SELECT state, id, created_at_ms, completed_at_ms, next_at_ms, "
                            "source FROM commitments WHERE user_id = ?",
    [AUDITED_ACTIVE] = "SELECT id, journey, subject_id, phase, delivery_id, next_at_ms, "
                       "definition FROM runs WHERE user_id = ? AND outcome = 0",
    [AUDITED_RUN] = "SELECT outcome, flags, next_at_ms FROM runs WHERE user_id = ? "
                    "AND outcome IN (0, 1, 2, 3, 4, 5, 6) AND id = ?",
    [AUDITED_UNFINISHED] = "SELECT id, next_at_ms, CASE WHEN state <> 1 THEN (channel + 1) * 8 + "
                           "CASE WHEN kind = 8 THEN 4 ELSE class END ELSE 0 END FROM deliveries "
                           "WHERE user_id = ? AND state <= 2 AND next_at_ms <> 0 AND run_id <> 0",
    [AUDITED_MESSAGE] = "SELECT state, next_at_ms FROM deliveries WHERE id = ?",
    [AUDITED_DUE] = "SELECT 1 FROM due WHERE line = ? AND due_at_ms = ? AND id = ? AND kind = ?",
};

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

/* Made at first use. */
static sqlite3_stmt *statement_of(struct auditor *auditor, enum audited_statement which)
{
    if (auditor->statements[which] == NULL) {
        auditor->statements[which] = audited_prepare(auditor, STATEMENTS[which]);
    }
    return auditor->statements[which];
}

sqlite3_stmt *audited_ask(struct auditor *auditor, enum audited_statement which, int64_t id)
{
    sqlite3_stmt *statement = statement_of(auditor, which);
    sqlite3_bind_int64(statement, 1, id);
    return statement;
}

void audited_committed(struct auditor *auditor, const char *what)
{
    if (sqlite3_get_autocommit(auditor->db) == 0) {
        auditor_fail(auditor, "%s before what led to it is committed", what);
    }
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

void auditor_open(struct auditor *auditor, struct sqlite3 *db)
{
    auditor->db = db;
    auditor->life++;
}

void auditor_close(struct auditor *auditor)
{
    for (int i = 0; i < AUDITED_STATEMENTS; i++) {
        sqlite3_finalize(auditor->statements[i]);
        auditor->statements[i] = NULL;
    }
    auditor->db = NULL;
}

/* ---- what must hold of a person at every instant ---- */

/* Whoever waits for an instant has a due row for it. */
static void check_due(struct auditor *auditor, int64_t line, int64_t at_ms, int64_t id,
                      enum kind_of_wait kind)
{
    if (at_ms == 0) {
        return;
    }
    sqlite3_stmt *row = audited_ask(auditor, AUDITED_DUE, line);
    sqlite3_bind_int64(row, 2, at_ms);
    sqlite3_bind_int64(row, 3, id);
    sqlite3_bind_int(row, 4, (int)kind);
    if (sqlite3_step(row) != SQLITE_ROW) {
        auditor_fail(auditor, "row %lld (kind %d) waits for %lld and is not due", (long long)id,
                     (int)kind, (long long)at_ms);
    }
    sqlite3_reset(row);
}

/* In the order of the columns of AUDITED_USER. */
struct counted {
    int64_t total, completed, missed, dropped, outside, outside_completed, quick, took_ms;
    int64_t first_made_at_ms, first_done_at_ms;
};

/* 0 is none. */
static int64_t earlier(int64_t a_ms, int64_t b_ms)
{
    return a_ms == 0 || b_ms < a_ms ? b_ms : a_ms;
}

static void count_commitment(struct counted *counted, sqlite3_stmt *row)
{
    int state = sqlite3_column_int(row, 0);
    int64_t created_at_ms = sqlite3_column_int64(row, 2);
    bool outside = strcmp((const char *)sqlite3_column_text(row, 5), "onboarding") != 0;
    counted->total++;
    counted->missed += state == 2;
    counted->dropped += state == 3;
    counted->outside += outside;
    counted->first_made_at_ms = earlier(counted->first_made_at_ms, created_at_ms);
    if (state == 1) {
        int64_t completed_at_ms = sqlite3_column_int64(row, 3);
        counted->completed++;
        counted->outside_completed += outside;
        counted->quick += completed_at_ms - created_at_ms <= DAY_MS;
        counted->took_ms += completed_at_ms - created_at_ms;
        counted->first_done_at_ms = earlier(counted->first_done_at_ms, completed_at_ms);
    }
}

/* Open ones are due, ended ones wait for nothing, and the person's counters are what is there. */
static struct counted check_commitments(struct auditor *auditor, int64_t user_id)
{
    struct counted counted = {0};
    sqlite3_stmt *row = audited_ask(auditor, AUDITED_COMMITMENTS, user_id);
    while (sqlite3_step(row) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(row, 1);
        int64_t next_at_ms = sqlite3_column_int64(row, 4);
        count_commitment(&counted, row);
        if (sqlite3_column_int(row, 0) == 0) {
            check_due(auditor, 0, next_at_ms, id, WAIT_COMMITMENT);
        } else if (next_at_ms != 0) {
            auditor_fail(auditor, "commitment %lld has ended and waits", (long long)id);
        }
    }
    sqlite3_reset(row);
    return counted;
}

static void check_user(struct auditor *auditor, int64_t user_id)
{
    enum { FIRST = 2, COUNTERS = sizeof(struct counted) / sizeof(int64_t) };
    struct counted counted = check_commitments(auditor, user_id);
    int64_t counts[COUNTERS];
    memcpy(counts, &counted, sizeof(counts));
    sqlite3_stmt *kept = audited_ask(auditor, AUDITED_USER, user_id);
    if (sqlite3_step(kept) == SQLITE_ROW) {
        bool erased = sqlite3_column_int(kept, 1) != 0;
        check_due(auditor, 0, sqlite3_column_int64(kept, 0), user_id, WAIT_USER);
        for (int i = 0; i < COUNTERS && !erased; i++) {
            if (sqlite3_column_int64(kept, FIRST + i) != counts[i]) {
                auditor_fail(auditor, "user %lld: %s is %lld, counted %lld", (long long)user_id,
                             sqlite3_column_name(kept, FIRST + i),
                             sqlite3_column_int64(kept, FIRST + i), (long long)counts[i]);
            }
        }
    }
    sqlite3_reset(kept);
}

static void check_unfinished(struct auditor *auditor, int64_t user_id)
{
    sqlite3_stmt *row = audited_ask(auditor, AUDITED_UNFINISHED, user_id);
    while (sqlite3_step(row) == SQLITE_ROW) {
        check_due(auditor, sqlite3_column_int64(row, 2), sqlite3_column_int64(row, 1),
                  sqlite3_column_int64(row, 0), WAIT_MESSAGE);
    }
    sqlite3_reset(row);
}

/* In the phase sending its message is under way, else it waits for an instant: one of them. */
static void check_next_action(struct auditor *auditor, sqlite3_stmt *run)
{
    enum { SENDING = 1, LAST_ACTIVE = 4, UNCERTAIN = 2 };
    int phase = sqlite3_column_int(run, 3);
    int64_t message_id = sqlite3_column_int64(run, 4);
    int64_t next_at_ms = sqlite3_column_int64(run, 5);
    bool under_way = false;
    if (phase == SENDING) {
        sqlite3_stmt *message = audited_ask(auditor, AUDITED_MESSAGE, message_id);
        under_way = sqlite3_step(message) == SQLITE_ROW &&
                    sqlite3_column_int(message, 0) <= UNCERTAIN &&
                    sqlite3_column_int64(message, 1) != 0;
        sqlite3_reset(message);
    }
    if (phase > LAST_ACTIVE || (next_at_ms != 0) == under_way || (phase == SENDING && !under_way)) {
        auditor_fail(auditor,
                     "not one next action: run %lld of %s, phase %d, next %lld, message %lld",
                     sqlite3_column_int64(run, 0), (const char *)sqlite3_column_text(run, 1), phase,
                     (long long)next_at_ms, (long long)message_id);
    }
}

/* One that was active at the last look goes on with the definition it began with, unless an
 * operator moves people to new ones, or has ended and waits for nothing. */
static void check_known(struct auditor *auditor, const struct audited_user *user,
                        const struct audited_run *before)
{
    int64_t run_id = before->run_id;
    for (int i = 0; i < user->active_count; i++) {
        if (user->active[i].run_id == run_id) {
            if (!auditor->versions_may_change &&
                strcmp(user->active[i].definition, before->definition) != 0) {
                auditor_fail(auditor, "run %lld of %s goes on with another definition",
                             (long long)run_id, before->journey);
            }
            return;
        }
    }
    sqlite3_stmt *run = audited_ask(auditor, AUDITED_RUN, user->user_id);
    sqlite3_bind_int64(run, 2, run_id);
    if (sqlite3_step(run) == SQLITE_ROW && sqlite3_column_int64(run, 2) != 0) {
        auditor_fail(auditor, "run %lld has ended and waits", (long long)run_id);
    }
    sqlite3_reset(run);
}

static void check_active(struct auditor *auditor, struct audited_user *user, sqlite3_stmt *run)
{
    struct audited_run *kept = &user->active[user->active_count];
    ASSERT(user->active_count < AUDITED_RUNS_MAX);
    kept->run_id = sqlite3_column_int64(run, 0);
    kept->subject_id = sqlite3_column_int64(run, 2);
    snprintf(kept->journey, sizeof(kept->journey), "%s", (const char *)sqlite3_column_text(run, 1));
    snprintf(kept->definition, sizeof(kept->definition), "%s",
             (const char *)sqlite3_column_text(run, 6));
    for (int i = 0; i < user->active_count; i++) {
        if (user->active[i].subject_id == kept->subject_id &&
            strcmp(user->active[i].journey, kept->journey) == 0) {
            auditor_fail(auditor, "user %lld has more than one active run of %s",
                         (long long)user->user_id, kept->journey);
        }
    }
    user->active_count++;
    check_next_action(auditor, run);
    check_due(auditor, 0, sqlite3_column_int64(run, 5), kept->run_id, WAIT_RUN);
}

static void check_runs(struct auditor *auditor, struct audited_user *user)
{
    struct audited_run before[AUDITED_RUNS_MAX];
    int count = user->active_count;
    memcpy(before, user->active, (size_t)count * sizeof(*before));
    user->active_count = 0;
    sqlite3_stmt *run = audited_ask(auditor, AUDITED_ACTIVE, user->user_id);
    while (sqlite3_step(run) == SQLITE_ROW) {
        check_active(auditor, user, run);
    }
    sqlite3_reset(run);
    for (int i = 0; i < count; i++) {
        check_known(auditor, user, &before[i]);
    }
}

void audited_look_at(struct auditor *auditor, struct audited_user *user)
{
    check_runs(auditor, user);
    check_user(auditor, user->user_id);
    check_unfinished(auditor, user->user_id);
}

/* ---- around each round ---- */

void auditor_round_begins(struct auditor *auditor, int64_t now_ms)
{
    sqlite3_stmt *due = statement_of(auditor, AUDITED_NEXT_DUE);
    while (sqlite3_step(due) == SQLITE_ROW && sqlite3_column_int64(due, 0) <= now_ms) {
        audited_touch(auditor, audited_user(auditor, sqlite3_column_int64(due, 3)));
    }
    sqlite3_reset(due);
}

static void check_nothing_due(struct auditor *auditor, int64_t now_ms)
{
    sqlite3_stmt *due = statement_of(auditor, AUDITED_NEXT_DUE);
    if (sqlite3_step(due) == SQLITE_ROW && sqlite3_column_int64(due, 0) <= now_ms) {
        auditor_fail(auditor, "row %lld (kind %d, user %lld) was due %lld s ago and is not done",
                     sqlite3_column_int64(due, 1), sqlite3_column_int(due, 2),
                     sqlite3_column_int64(due, 3),
                     (long long)((now_ms - sqlite3_column_int64(due, 0)) / 1000));
    }
    sqlite3_reset(due);
    if (now_ms - auditor->up_since_ms < IN_LINE_MS_MAX) {
        return;
    }
    sqlite3_stmt *line = audited_ask(auditor, AUDITED_IN_LINE, now_ms - IN_LINE_MS_MAX);
    if (sqlite3_step(line) == SQLITE_ROW) {
        auditor_fail(auditor, "message %lld (user %lld) waits in its line and does not go",
                     sqlite3_column_int64(line, 1), sqlite3_column_int64(line, 2));
    }
    sqlite3_reset(line);
}

void auditor_look(struct auditor *auditor, int64_t now_ms)
{
    check_nothing_due(auditor, now_ms);
    for (int i = 0; i < auditor->touched_count; i++) {
        audited_look_at(auditor, auditor->touched[i]);
        auditor->touched[i]->touched = false;
    }
    auditor->touched_count = 0;
}
