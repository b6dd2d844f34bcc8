/* The store: the only place that keeps anything. One contract, two databases (SQLite
 * and PostgreSQL), so all calls take and give whole batches.
 *
 * A store object belongs to one thread. The engine loop holds the only writer; others open
 * read-only ones. Everything of one batch is one transaction: begin, load, save, commit. Errors:
 * ERR_BUSY (locked, retry), ERR_FULL (disk full, retry later), ERR_STORE (see detail), ERR_SCHEMA;
 * after an error inside a transaction only store_rollback may follow. Pointers that loads give live
 * in the caller's arena. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/ids.h"
#include "core/decide.h"

struct store;

enum store_mode { STORE_WRITER, STORE_READER };

/* Opens "sqlite:PATH" (created when missing and mode is STORE_WRITER) or "postgres://…". Does not
 * migrate. */
MUST_CHECK enum err store_open(const char *url, enum store_mode mode, struct store **ret_store,
                               struct err_detail *detail);
void store_close(struct store *store);
/* "sqlite 3.40.1 wal synchronous=full", for humans; static as long as the store. */
const char *store_description(const struct store *store);

/* ---- schema (migrate.c) ---------------------------------------------------------------------- */

struct migration_state {
    int applied;
    int pending;
    const char *last; /* name of the last applied, "" none */
};
/* ERR_SCHEMA when a checksum differs or the schema is newer than this program. */
MUST_CHECK enum err store_migration_state(struct store *store, struct migration_state *ret_state,
                                          struct err_detail *detail);
/* Applies what is pending, each in a transaction; told by `done` (may be NULL) after each. */
MUST_CHECK enum err store_migrate(struct store *store,
                                  void (*done)(void *context, const char *name), void *context,
                                  struct err_detail *detail);

/* The embedded migration of that place in their order, from 0. */
const char *store_migration_name(const struct store *store, int index);
/* One migration of PostgreSQL as a script for an SQL editor: one statement that applies and records
 * it in `schema` (an identifier) unless that was done, as store_migrate does. */
struct migration_script {
    const char *name; /* "0001_start.sql" */
    struct str sql;
};
/* May PostgreSQL's schema have this name? Small letters, digits and _. */
bool store_is_schema(struct str name);
/* The scripts in their order, from 0; false behind the last. No database is asked. */
bool store_script_next(struct arena *arena, const char *schema, size_t index,
                       struct migration_script *ret_script);
/* A query that answers the five tables that other tools read, each with "ok" or what is wrong. */
struct str store_script_look(struct arena *arena, const char *schema);
/* For everybody but nudge migrate: a file of our own is migrated; a server's database, and what was
 * opened to read only, must be (ERR_SCHEMA names the command). */
MUST_CHECK enum err store_make_ready(struct store *store,
                                     void (*done)(void *context, const char *name), void *context,
                                     struct err_detail *detail);

/* ---- ownership ------------------------------------------------------------------------------- */

struct lease {
    int64_t fence; /* grows with every take-over */
    int64_t pid;
    int64_t until_ms; /* by the clock of the database's server, if it has one; 0: nobody has it */
    int64_t left_ms;  /* 0: it has run out, or nobody has it */
    bool is_alive;    /* told by store_lease_show: the holder's process is certainly there */
};
/* Takes or renews the engine's lease on all slots for `owner` (a random id of this process) until
 * until_ms by the clock that shows now_ms; a server reckons the same time by its own. ERR_CONFLICT
 * with the holder in *ret_lease when another living owner has it. */
MUST_CHECK enum err store_lease_take(struct store *store, int64_t owner, int64_t pid,
                                     int64_t now_ms, int64_t until_ms, struct lease *ret_lease,
                                     struct err_detail *detail);
/* To be called now and then by who has the lease: when it was taken over from a process that stood
 * still, the lock that tells others that the holder lives is free only after that one has ended. */
void store_lease_lock(struct store *store);
MUST_CHECK enum err store_lease_give(struct store *store, int64_t owner, struct err_detail *detail);
/* Who holds it (read only). It may have run out, also while the holder is alive. */
MUST_CHECK enum err store_lease_show(struct store *store, int64_t now_ms, struct lease *ret_lease,
                                     struct err_detail *detail);

/* A process that serves, or is ready to: one row in `nodes` while it lives. */
struct node {
    int64_t id; /* random; the owner of its lease */
    int64_t pid;
    const char *host;
    const char *version;
};
/* Says that it lives, now; the first time it is listed thereby. Within a transaction or alone.
 * PostgreSQL takes its own clock. */
MUST_CHECK enum err store_node_beat(struct store *store, const struct node *node, int64_t now_ms,
                                    struct err_detail *detail);
/* It ends, or begins: it is listed no longer, nor is who has been silent for a day. */
MUST_CHECK enum err store_node_forget(struct store *store, int64_t id, int64_t now_ms,
                                      struct err_detail *detail);

/* ---- the batch transaction ------------------------------------------------------------------- */

MUST_CHECK enum err store_begin(struct store *store, struct err_detail *detail);
/* A transaction that sees one instant and writes nothing; ends with store_rollback. */
MUST_CHECK enum err store_begin_reading(struct store *store, struct err_detail *detail);
MUST_CHECK enum err store_commit(struct store *store, struct err_detail *detail);
void store_rollback(struct store *store);

/* What a batch will ask: whether an input was seen (text, external id), whose an identity is (name
 * of its channel, value). */
struct look {
    bool is_identity;
    struct str first, second;
};
/* Asks for all of it at once, where every question has a way to go. What is asked afterwards in the
 * same transaction gets the same answers as without it, only sooner. */
MUST_CHECK enum err store_look_ahead(struct store *store, const struct look *looks, int count,
                                     struct err_detail *detail);

/* Remembers (source, external_id); *ret_new is false when it was seen before (then do nothing). */
MUST_CHECK enum err store_seen(struct store *store, struct str source, struct str external_id,
                               int64_t at_ms, bool *ret_new, struct err_detail *detail);
/* Makes room for events of this month and the next two, where the database keeps them by month, in
 * a transaction. When others are in the way it is left for the next time. */
MUST_CHECK enum err store_events_make_room(struct store *store, int64_t now_ms,
                                           struct err_detail *detail);
/* Lets events from before the instant go, the oldest first, in a transaction: how many there were
 * on a day stays (event_counts), and those with revenue. Where the database keeps them by month and
 * the month is not too large it goes as a whole, else at most `limit` of them. *ret_more: others
 * are left to go, at once; false, too, when somebody was in the way, to be tried again later. */
MUST_CHECK enum err store_events_leave(struct store *store, int64_t before_ms, int limit,
                                       bool *ret_more, struct err_detail *detail);
/* Forgets what was seen before the instant. */
MUST_CHECK enum err store_seen_prune(struct store *store, struct str source, int64_t before_ms,
                                     struct err_detail *detail);

/* User id of an identity; 0 when there is none. */
MUST_CHECK enum err store_identity_find(struct store *store, enum channel_kind kind,
                                        struct str value, int64_t *ret_user_id,
                                        struct err_detail *detail);
/* Of a new person, after the same transaction found that the identity is nobody's; fails the
 * transaction, maybe only with its commit, when it has become somebody's meanwhile. */
MUST_CHECK enum err store_identity_claim(struct store *store, enum channel_kind kind,
                                         struct str value, int64_t user_id, int64_t at_ms,
                                         struct err_detail *detail);
/* insert … on conflict do nothing; *ret_user_id is the owner afterwards. */
MUST_CHECK enum err store_identity_add(struct store *store, enum channel_kind kind,
                                       struct str value, int64_t user_id, int64_t at_ms,
                                       int64_t *ret_user_id, struct err_detail *detail);
/* Adds, removes or exchanges. ERR_CONFLICT when the new value belongs to another person: then
 * nothing was changed, and the transaction may go on. */
MUST_CHECK enum err store_identity_change(struct store *store, int64_t user_id,
                                          const struct identity_change *change, int64_t at_ms,
                                          struct err_detail *detail);

/* What of a person to load beside the user, the active runs, open and recent commitments. */
struct person_want {
    int64_t user_id;
    int64_t run_id;        /* also this one though it ended; 0: none */
    int64_t commitment_id; /* likewise */
    int64_t delivery_id;   /* likewise */
    bool history;          /* instants of activity of the last 60 days */
    int64_t now_ms;
};
/* Loads people; ret_people[i] is NULL when there is no such user (or it is erased). Of deliveries
 * it loads the wanted one and all unfinished ones of the person's active runs. A person of whose
 * rows one holds a value that no program of ours writes comes back with nothing but `broken` set:
 * the others are not to suffer. */
MUST_CHECK enum err store_people_load(struct store *store, struct arena *arena,
                                      const struct person_want *wants, int count,
                                      struct person **ret_people, struct err_detail *detail);
/* Writes all rows marked is_new or changed of these people, and their due rows (next_at_ms against
 * saved_next_at_ms). Clears the marks. */
MUST_CHECK enum err store_people_save(struct store *store, struct person *const *people, int count,
                                      struct err_detail *detail);
/* Appends events in order. previous_event_id and event_last_id are the caller's business. */
MUST_CHECK enum err store_events_append(struct store *store, const struct event *events, int count,
                                        struct err_detail *detail);
MUST_CHECK enum err store_feedback_append(struct store *store, const struct feedback *feedback,
                                          int count, int64_t at_ms, struct id_source *ids,
                                          struct err_detail *detail);
MUST_CHECK enum err store_notices_append(struct store *store, const struct notice *notices,
                                         int count, int64_t at_ms, struct id_source *ids,
                                         struct err_detail *detail);

/* Due rows of one line (core/delivery.h; 0: all but messages to be sent), oldest first, of all
 * slots. */
struct due {
    int64_t due_at_ms;
    int64_t id; /* of the row that waits; its slot in the low 8 bits */
    enum due_kind kind;
    int64_t user_id;
    int line;
};
MUST_CHECK enum err store_due_load(struct store *store, int line, int64_t until_ms, int limit,
                                   struct due *ret_due, int *ret_count, struct err_detail *detail);
/* The first instant of the line, INT64_MAX when nothing waits there. */
MUST_CHECK enum err store_due_next(struct store *store, int line, int64_t *ret_due_at_ms,
                                   struct err_detail *detail);

/* Whom an id leads to: the person themselves, or the one that their row was joined into; 0 when
 * there is nobody (any more). */
MUST_CHECK enum err store_alias_find(struct store *store, int64_t user_id, int64_t *ret_user_id,
                                     struct err_detail *detail);
/* Instants of all completions of the two people, oldest first, in the arena. */
MUST_CHECK enum err store_join_completions(struct store *store, struct arena *arena,
                                           int64_t survivor_id, int64_t alias_id,
                                           int64_t **ret_at_ms, int *ret_count,
                                           struct err_detail *detail);
/* Joins two rows of one person: all that the alias has (identities, commitments, runs, messages,
 * events, feedback, due rows) becomes the survivor's, chains become one, counters are counted anew.
 * The alias stays as an empty shell that leads to the survivor (alias_of). Both were saved before
 * and are loaded again after it; which runs may go on is the core's business (core/join.h), and was
 * decided and saved before. Done already: nothing happens. ERR_NOT_FOUND when one of them is
 * nobody. */
MUST_CHECK enum err store_people_join(struct store *store, int64_t survivor_id, int64_t alias_id,
                                      int64_t at_ms, struct err_detail *detail);

/* Erases a person: identities, texts, addresses, commitments, runs, events; the user row stays as
 * an empty shell marked erased, deliveries stay as counts only. */
MUST_CHECK enum err store_user_erase(struct store *store, int64_t user_id, int64_t at_ms,
                                     struct err_detail *detail);
/* Everything held about a person as one JSON object in the arena. ERR_NOT_FOUND. */
MUST_CHECK enum err store_user_export(struct store *store, struct arena *arena, int64_t user_id,
                                      struct str *ret_json, struct err_detail *detail);

/* ---- decisions as they were made (core/record.h) --------------------------------------------- */

struct decision_row {
    int64_t id;
    int64_t user_id;
    int64_t previous_id; /* of the same person; as users.decision_last_id, the caller's business */
    int64_t world_id;
    struct str record;
};
/* Inside the engine's transaction. */
MUST_CHECK enum err store_decisions_append(struct store *store, const struct decision_row *rows,
                                           int count, struct err_detail *detail);
/* A person's from that id on, oldest first; of more than `limit` the newest. */
MUST_CHECK enum err store_decisions_load(struct store *store, struct arena *arena, int64_t user_id,
                                         int64_t from_id, int limit, struct decision_row **ret_rows,
                                         int *ret_count, struct err_detail *detail);
/* Deletes at most `limit` of those made before the instant, the oldest first; after the last of
 * them worlds and files, too, that none of the others was made in. */
MUST_CHECK enum err store_decisions_prune(struct store *store, int64_t before_ms, int limit,
                                          int *ret_deleted, struct err_detail *detail);
/* Keeps a world where it is not kept yet: it is in force from now on. Ids of decisions made in it
 * are the same source's and follow. */
MUST_CHECK enum err store_world_put(struct store *store, struct str record, int64_t at_ms,
                                    struct id_source *ids, int64_t *ret_id,
                                    struct err_detail *detail);
MUST_CHECK enum err store_world_get(struct store *store, struct arena *arena, int64_t id,
                                    struct str *ret_record, struct err_detail *detail);
/* at_ms: of the loading, no later than the ids of worlds that are made of it. */
MUST_CHECK enum err store_file_put(struct store *store, const struct catalog_file *file,
                                   int64_t at_ms, struct err_detail *detail);
MUST_CHECK enum err store_file_get(struct store *store, struct arena *arena, struct str hash,
                                   struct str *ret_yaml, struct err_detail *detail);

/* ---- inbox: commands for the running engine -------------------------------------------------- */

struct inbox_row {
    int64_t id;
    struct str kind;    /* "rollout", "rollback", "sending", "input", "broadcast", … */
    struct str payload; /* JSON object */
    struct str actor;   /* who: "cli:anna", "api:key:bert" */
};
/* Appends outside any transaction (any process, any thread's own store). */
MUST_CHECK enum err store_inbox_put(struct store *store, struct str kind, struct str payload,
                                    struct str actor, int64_t at_ms, int64_t *ret_id,
                                    struct err_detail *detail);
/* Unanswered rows, oldest first. Inside the engine's transaction. */
MUST_CHECK enum err store_inbox_load(struct store *store, struct arena *arena, int limit,
                                     struct inbox_row **ret_rows, int *ret_count,
                                     struct err_detail *detail);
MUST_CHECK enum err store_inbox_answer(struct store *store, int64_t id, enum err error,
                                       struct str result, int64_t at_ms, struct err_detail *detail);
/* The answer of a row: *ret_done false while it waits. */
MUST_CHECK enum err store_inbox_result(struct store *store, struct arena *arena, int64_t id,
                                       bool *ret_done, enum err *ret_error, struct str *ret_result,
                                       struct err_detail *detail);
/* Changes whenever another connection committed (cheap; for noticing inbox rows while idle). */
MUST_CHECK enum err store_change_mark(struct store *store, int64_t *ret_mark,
                                      struct err_detail *detail);

/* ---- settings, rollouts, definitions, pauses ------------------------------------------------- */

/* Named JSON values ("sending", "rollout/superior_onboarding", "journeys/current", …); empty when
 * absent. Writes inside the engine's transaction. */
MUST_CHECK enum err store_setting_get(struct store *store, struct arena *arena, const char *name,
                                      struct str *ret_json, struct err_detail *detail);
MUST_CHECK enum err store_setting_put(struct store *store, const char *name, struct str json,
                                      int64_t at_ms, struct err_detail *detail);
/* Who did what: before and after as JSON ("" none). */
MUST_CHECK enum err store_audit_append(struct store *store, struct str actor, struct str action,
                                       struct str before, struct str after, int64_t at_ms,
                                       struct id_source *ids, struct err_detail *detail);
MUST_CHECK enum err store_definition_put(struct store *store, struct str hash, struct str journey,
                                         struct str version, struct str yaml, int64_t at_ms,
                                         struct err_detail *detail);
MUST_CHECK enum err store_definition_get(struct store *store, struct arena *arena, struct str hash,
                                         struct str *ret_yaml, struct err_detail *detail);
/* Until when a channel (address "" = the whole channel) must not be written to. */
MUST_CHECK enum err store_pause_put(struct store *store, enum channel_kind channel,
                                    struct str address, int64_t until_ms,
                                    struct err_detail *detail);

/* ---- generic reads: named blocks of sql/NAME.sql --------------------------------------------- */

enum cell_type { CELL_NULL, CELL_INT, CELL_REAL, CELL_TEXT };
struct cell {
    enum cell_type type;
    int64_t integer;
    double real; /* also set for CELL_INT */
    struct str text;
};
struct arg {
    enum cell_type type;
    int64_t integer;
    double real;
    struct str text;
};
#define ARG_INT(value)  ((struct arg){.type = CELL_INT, .integer = (value)})
#define ARG_TEXT(value) ((struct arg){.type = CELL_TEXT, .text = (value)})
#define ARG_REAL(value) ((struct arg){.type = CELL_REAL, .real = (value)})
#define ARG_NULL        ((struct arg){.type = CELL_NULL})

struct rows {
    int count;
    int columns;
    const char *const *names;
    struct cell *cells; /* count * columns, row by row */
};
/* Runs the named block ("metrics_totals") with its positional arguments and gives all rows, at most
 * row_max (ERR_LIMIT beyond). Reads or writes. */
MUST_CHECK enum err store_query(struct store *store, struct arena *arena, const char *block,
                                const struct arg *args, int arg_count, int row_max,
                                struct rows *ret_rows, struct err_detail *detail);
/* Names of all blocks, sorted. */
const char *const *store_blocks(int *ret_count);
/* Prepares a block without running it; how many arguments it takes. Start-up and tests prepare all.
 */
MUST_CHECK enum err store_block_prepare(struct store *store, const char *block, int *ret_arg_count,
                                        struct err_detail *detail);

/* ---- maintenance ----------------------------------------------------------------------------- */

/* A consistent copy while the engine writes; refuses to overwrite. progress may be NULL. */
MUST_CHECK enum err store_backup(struct store *store, const char *path,
                                 void (*progress)(void *context, int64_t done, int64_t total),
                                 void *context, struct err_detail *detail);
/* Puts a file that store_backup made in the place of the store that an sqlite: URL names. */
struct restore_job {
    const char *file;
    bool force;    /* also over people, and over what cannot be read */
    int64_t owner; /* random: of the lease on what stands there meanwhile */
    int64_t now_ms;
    void (*progress)(void *context, int64_t done, int64_t total); /* may be NULL */
    void *context;
};
struct restored {
    int64_t people;
    int pending;     /* migrations */
    char kept[4096]; /* where the old file is now; "" there was none to keep */
};
/* ERR_STORE: the backup is damaged; ERR_SCHEMA: it is newer, or none; ERR_CONFLICT: the store is
 * served, or holds people. What stands there is whole at any instant. */
MUST_CHECK enum err store_restore(const char *url, const struct restore_job *job,
                                  struct restored *ret_restored, struct err_detail *detail);
/* One disagreement found by doctor. */
struct finding {
    struct str check; /* "counters", "due", "chain", … */
    int64_t id;
    struct str text;
};
/* Recounts everything that is kept twice, and the database's own integrity. At most `max` findings.
 */
MUST_CHECK enum err store_doctor(struct store *store, struct arena *arena, int max,
                                 struct finding **ret_findings, int *ret_count, int *ret_checks,
                                 struct err_detail *detail);
