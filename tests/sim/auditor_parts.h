/* What the two files of the auditor share. Private. */
#pragma once

#include <sqlite3.h>
#include <uthash.h>

#include "auditor.h"

enum { AUDITED_TEXT_BYTES = 64, AUDITED_CHECKS = 5 };

/* What the auditor believes of one person. */
struct audited_user {
    UT_hash_handle hh;
    int64_t user_id;
    bool touched; /* to be looked at after the round */
    bool stopped, crisis, erased, blocked;
    bool erasing; /* their rows may be gone: it was asked for, whether or not it was confirmed */
    bool renames; /* texts of their commitments say nothing any more */
    int64_t paused_until_ms;
    int set;                        /* -1 not known yet */
    int64_t last_deed_ms;           /* the last input of theirs, or of an operator about them */
    int64_t nudge_last_ms;          /* what arrived only */
    int64_t nudge_day, nudge_count; /* of the local day, in the zone of then */
    int64_t followup_day, followup_count;
};

struct audited_delivery {
    UT_hash_handle hh;
    int64_t delivery_id;
    int64_t user_id;
    int class;
    int delivered; /* copies that reached the person */
    bool lost;     /* the answer about the last copy never came */
    bool ever_lost;
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

struct auditor {
    char failure[800];
    sqlite3 *db;
    sqlite3_stmt *consent;  /* of one person */
    sqlite3_stmt *next_due; /* due rows in order, of what waits in no line */
    sqlite3_stmt *in_line;  /* messages due at an instant, oldest first */
    sqlite3_stmt *delivery;
    sqlite3_stmt *of_person[AUDITED_CHECKS];
    struct audited_user **touched;
    int touched_count, touched_capacity;
    struct audited_user *users;
    struct audited_delivery *deliveries;
    struct audited_done *done;
    int done_count, done_capacity;
    struct audited_commitment *commitments;
    int commitment_count, commitment_capacity;
    int64_t up_since_ms; /* the process */
    bool sending_off;
    bool sets_may_change;
    int64_t resent;
};

struct audited_user *audited_user(struct auditor *auditor, int64_t user_id);
/* Their rows may change in this round. */
void audited_touch(struct auditor *auditor, struct audited_user *user);
struct audited_delivery *audited_delivery(struct auditor *auditor, int64_t delivery_id);
/* Prepares a statement for good; fails the run when it cannot. */
sqlite3_stmt *audited_prepare(struct auditor *auditor, const char *sql);
/* Calls row for each row; stops at the first failure. The first two columns of a finding are an id
 * and a text. */
void audited_findings(struct auditor *auditor, const char *what, const char *sql, int64_t now_ms);
int64_t audited_int(struct auditor *auditor, const char *sql);
