/* What the files of the auditor share. Private. */
#pragma once

#include <sqlite3.h>
#include <uthash.h>

#include "auditor.h"

enum { AUDITED_TEXT_BYTES = 64, AUDITED_RUNS_MAX = 64 };

struct audited_run {
    int64_t run_id, subject_id;
    char journey[32];
    char definition[12]; /* the beginning of its hash */
};

/* What the auditor believes of one person. */
struct audited_user {
    UT_hash_handle hh;
    int64_t user_id;
    bool touched; /* to be looked at after the round */
    bool stopped, crisis, erased, blocked;
    bool erasing; /* their rows may be gone: it was asked for, whether or not it was confirmed */
    bool renames; /* texts of their commitments say nothing any more */
    bool wrote_since; /* after the block that may still be under way: that lifts it */
    int64_t paused_until_ms;
    int set;                        /* -1 not known yet */
    int64_t last_deed_ms;           /* the last input of theirs, or of an operator about them */
    int64_t nudge_last_ms;          /* what arrived only */
    int64_t nudge_day, nudge_count; /* of the local day, in the zone of then */
    int64_t followup_day, followup_count;
    struct audited_run active[AUDITED_RUNS_MAX]; /* when they were looked at last */
    int active_count;
};

struct audited_delivery {
    UT_hash_handle hh;
    int64_t delivery_id;
    int64_t user_id;
    int class;
    int delivered; /* copies that reached the person */
    bool has_key;  /* the provider sends once what it is asked twice */
    bool lost;     /* the answer about the last copy never came */
    bool ever_lost;
    int life; /* of the process that made the last attempt */
};

/* How often something that is said once, or so many times, reached a person. */
struct audited_said {
    UT_hash_handle hh;
    struct {
        int64_t id; /* of the run, or of the commitment */
        int64_t kind, step;
    } key;
    int arrived;
};

/* An input that the engine confirmed. */
struct audited_done {
    char source[16];
    char external_id[24];
    int64_t at_ms;
};

struct audited_commitment {
    char text[AUDITED_TEXT_BYTES];
    int64_t user_id;
    int64_t at_ms; /* when the engine confirmed it; 0: not told */
};

/* Statements that are prepared as long as the store is open; their SQL is in auditor_store.c. */
enum audited_statement {
    AUDITED_CONSENT,
    AUDITED_ALIASES,
    AUDITED_NEXT_DUE,
    AUDITED_IN_LINE,
    AUDITED_DELIVERY,
    AUDITED_USER,
    AUDITED_COMMITMENTS,
    AUDITED_ACTIVE,
    AUDITED_RUN,
    AUDITED_UNFINISHED,
    AUDITED_MESSAGE,
    AUDITED_DUE,
    AUDITED_STATEMENTS
};

struct auditor {
    char failure[800];
    sqlite3 *db; /* the engine's own connection: it has the pages at hand */
    sqlite3_stmt *statements[AUDITED_STATEMENTS];
    struct audited_user **touched;
    int touched_count, touched_capacity;
    struct audited_user *users;
    struct audited_delivery *deliveries;
    struct audited_said *said;
    struct audited_done *done;
    int done_count, done_capacity;
    struct audited_commitment *commitments;
    int commitment_count, commitment_capacity;
    int64_t up_since_ms;   /* the process */
    int life;              /* of the process: grows with each start */
    int64_t checked_at_ms; /* everything */
    bool sending_off;
    bool sets_may_change;
    bool versions_may_change;
    int64_t resent;
};

struct audited_user *audited_user(struct auditor *auditor, int64_t user_id);
/* Their rows may change in this round. */
void audited_touch(struct auditor *auditor, struct audited_user *user);
/* What must hold of a person at every instant. */
void audited_look_at(struct auditor *auditor, struct audited_user *user);
struct audited_delivery *audited_delivery(struct auditor *auditor, int64_t delivery_id);
/* The prepared statement with its first parameter bound; the caller resets it. */
sqlite3_stmt *audited_ask(struct auditor *auditor, enum audited_statement which, int64_t id);
/* Prepares a statement; fails the run when it cannot. The caller finalizes it. */
sqlite3_stmt *audited_prepare(struct auditor *auditor, const char *sql);
/* Nothing may be told or handed over while a transaction is open. */
void audited_committed(struct auditor *auditor, const char *what);
/* Calls row for each row; stops at the first failure. The first two columns of a finding are an id
 * and a text. */
void audited_findings(struct auditor *auditor, const char *what, const char *sql, int64_t now_ms);
int64_t audited_int(struct auditor *auditor, const char *sql);
