/* What the files of the engine share. Private. Everything here belongs to the loop's thread but
 * what struct engine says otherwise. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/ids.h"
#include "base/json.h"
#include "base/queue.h"
#include "core/commitment.h"
#include "core/link.h"
#include "core/record.h"
#include "engine/engine.h"
#include "engine/pacer.h"

/* ---- items: what was submitted and is not answered yet (item.c) ---- */

enum item_kind { ITEM_INPUT, ITEM_COMMAND };

/* One allocation: the strings stand behind it. */
struct item {
    struct item *next;
    enum item_kind kind;
    struct input input; /* ITEM_INPUT */
    struct str command; /* ITEM_COMMAND */
    struct str payload;
    struct str actor;
    engine_done *done;                                 /* may be NULL */
    void (*done_plain)(void *context, enum err error); /* of channels; may be NULL */
    void *context;
};

struct item *item_of_input(const struct input *input);
struct item *item_of_command(struct str kind, struct str payload, struct str actor);
/* Tells whoever waits; frees the item. */
void item_end(struct item *item, const struct outcome *outcome);

/* A report and the pause it may bring. */
struct report_item {
    struct report_item *next;
    struct item *item;  /* NULL: a report about an act; only its pause counts */
    int64_t attempt_ms; /* 0: whichever is under way */
    enum report_kind kind;
    enum channel_kind channel;
    int64_t pause_ms; /* 0 none */
    bool pause_all;
    char address[96];
};

/* ---- the batch ---- */

struct command_work {
    struct str kind, payload, actor;
    int64_t inbox_id;  /* 0: by engine_command */
    struct item *item; /* NULL: from the inbox */
    enum err error;
    struct str result;
    struct err_detail detail;
    struct str before, after; /* for the audit */
    bool later;               /* a sweep or a drain answers it */
    bool silent;              /* no audit, or whoever answers it writes it */
};

struct slot; /* intake.c: a person of the present round */

/* One input to decide on, in the order in which they came. */
struct work {
    struct input input;
    struct item *item;            /* NULL: a timer, a sweep, a command of the inbox */
    struct command_work *command; /* the command that it is the body of; NULL */
    struct due due;               /* of INPUT_TIMER */
    int64_t attempt_ms;           /* of a channel's report: which attempt it is about; 0 any */
    struct slot *slot;
    bool done;
    bool duplicate;
    struct decision decision;
    const struct act *tap_answer; /* goes with the item's outcome, not to the channel */
    struct str result;
};

/* A delivery or an act to be handed over after the commit. */
struct handover {
    const struct delivery *delivery; /* NULL: an act */
    const struct act *act;
    int64_t user_id;
};

struct batch {
    struct arena *arena;
    struct world world;
    int64_t now_ms;
    struct work **works;
    int work_count, work_capacity;
    struct command_work **commands;
    int command_count, command_capacity;
    struct handover *handovers;
    int handover_count, handover_capacity;
    int item_count;   /* of engine->retained, from its beginning */
    int report_count; /* of engine->reports_retained */
    int due_count;
    struct due first_due;
    int handed[CHANNEL_COUNT]; /* handovers to each channel so far */
    int decisions;
    int commands_run;                     /* of them, from the beginning */
    bool inbox_left;                      /* more rows than were loaded */
    bool drained;                         /* the drains are answered by this batch */
    bool prune_left;                      /* more old rows than are deleted at once */
    long long errors[ENGINE_ERROR_KINDS]; /* engine.errors as this batch writes them */
};

/* Appends a zeroed one. */
struct work *batch_work(struct batch *batch);
struct command_work *batch_command(struct batch *batch);
struct handover *batch_handover(struct batch *batch);

/* ---- sweeps: all people in pages, over many batches (sweep.c) ---- */

struct sweep;

/* ---- the engine ---- */

/* Sending counters by channel, since the start. */
struct counters {
    int64_t sent[CHANNEL_COUNT];
    int64_t failed[CHANNEL_COUNT];
    int64_t uncertain;
};

/* A command that is answered when nothing due is left. */
struct drain {
    struct drain *next;
    int64_t inbox_id;
    struct item *item;
    struct counters before;
    bool fresh;        /* begun by the batch that is not committed yet */
    struct str result; /* in the arena of the batch that answers it */
};

/* When the oldest message of a line is due, or earlier; INT64_MAX: nothing waits in it. */
struct line {
    int64_t at_ms;
    bool is_known; /* as the store has it */
};

struct waiting_user; /* status.c: people of the web chat with something to answer */

struct engine {
    const struct config *config;
    struct clock *clock;
    struct store *store;
    struct catalog *catalog;
    struct catalog **old_catalogs; /* replaced ones: people of the batch may point into them */
    int old_catalog_count;
    struct channel *channels[CHANNEL_COUNT];
    struct population_ops population;
    uint64_t seed;
    int64_t owner;
    int64_t lease_ms;
    void (*leased)(void *context, int64_t until_ms);
    void *leased_context;
    bool pacing;
    unsigned char link_secret[LINK_SECRET_BYTES]; /* does not change after the start */
    bool has_links;
    bool lost;         /* the lease is not ours */
    bool keep_catalog; /* the first catalog stays the caller's */

    struct installation installation;
    struct arena *settings_arena; /* of what was loaded into installation */
    bool settings_stale;          /* a batch failed after changing them: load again */
    enum sending_mode sending_stored;
    struct id_source ids;
    struct pacer *pacer;
    struct arena *arena;    /* of the batch */
    struct item **retained; /* taken from the queue, not yet committed; in order */
    int retained_count, retained_capacity;
    struct report_item **reports_retained;
    int reports_retained_count, reports_retained_capacity;
    int failures; /* store failures in a row; above ISOLATE_AFTER one thing at a time is tried */
    int isolated; /* due rows that were tried alone since */
    int64_t change_mark;
    bool inbox_may_wait;
    int64_t next_due_at_ms; /* of what waits in no line */
    struct line lines[LINE_COUNT];
    const struct node *node;     /* NULL: not listed */
    int64_t lease_until_ms;      /* monotonic */
    int64_t lease_until_wall_ms; /* as others see it: the clock may be set forward */
    int64_t pruned_at_ms;
    struct recorder *recorder;
    struct str world_record; /* heap: of world_id */
    int64_t world_id;        /* decisions are made in it; 0: not kept yet */
    struct sweep *sweeps;
    struct drain *drains;
    struct counters counters;
    struct outgoing **unsent; /* acts for a channel that was full: tried again first */
    enum channel_kind *unsent_channels;
    int unsent_count, unsent_capacity;
    int unsent_of[CHANNEL_COUNT];
    struct waiting_user *waiting;
    atomic_llong errors[ENGINE_ERROR_KINDS];    /* since the start; any thread */
    long long errors_saved[ENGINE_ERROR_KINDS]; /* of them, those in the store */
    int64_t errors_saved_at_ms;

    struct queue *queue;   /* items; any thread */
    struct queue *backoff; /* nothing is in it: waiting between failures */
    atomic_bool stopping;
    atomic_bool idle; /* the loop waits: a report must wake it */

    pthread_mutex_t lock; /* guards the following */
    struct report_item *reports_first, **reports_last;
    int report_count;
    int64_t followed_at_ms; /* as in the status */
    struct engine_status status;
};

/* intake.c: the slot of the next new person. */
uint8_t engine_next_slot(struct engine *engine);
/* Decides on all works of the batch, in rounds. */
enum err engine_decide(struct engine *engine, struct batch *batch, struct err_detail *detail);
/* remember.c: keeps the world that the batch's decisions are made in. */
enum err remember_world(struct engine *engine, const struct batch *batch,
                        struct err_detail *detail);
/* It was rolled back. */
void remember_forget_world(struct engine *engine);
/* Around each decision; the id of its record, 0: none is kept. Between them recorder_decided. */
int64_t remember_begin(struct engine *engine, struct world *world, struct person *person,
                       const struct input *input);
/* Whether the decision needs no record. */
bool remember_is_idle(const struct person *person, const struct input *input,
                      const struct decision *decision);
struct decision_row remember_end(struct engine *engine, struct batch *batch, int64_t id,
                                 struct person *person, const struct decision *decision);
/* Deletes a bounded number of old ones; says in the batch whether more are left. */
enum err remember_prune(struct engine *engine, struct batch *batch, struct err_detail *detail);

/* Lets events go that EVENTS_KEEP_MONTHS keeps no longer (forget.c); as many at once as
 * remember_prune deletes. */
enum err forget_events(struct engine *engine, struct batch *batch, struct err_detail *detail);
void remember_free(struct engine *engine);
/* join.c: the secret of signed links; makes it when there is none. */
enum err join_load_secret(struct engine *engine, struct str entropy, struct err_detail *detail);
/* Whether the input opens, takes or refuses a link made here that has not ended, and whose. */
bool join_is_asked(struct engine *engine, const struct batch *batch, const struct input *input,
                   int64_t *ret_user_id);
/* Who opens the link is offered it (offered_user_id). Who takes it: lets the input's identity lead
 * to the person of the link, joining two people where it has to, and says so in linked_user_id and
 * user_id. Who refuses it uses it up. Nothing happens when it was used before, or the person is
 * gone. Neither of the two may be loaded. */
enum err join_by_link(struct engine *engine, struct batch *batch, struct input *input,
                      int64_t linked_user_id, struct err_detail *detail);
/* lines.c */
/* Nothing is known any more: they are measured when the next batch begins. */
void lines_forget(struct engine *engine);
/* A delivery is (or is about to be) saved. */
void lines_note(struct engine *engine, const struct delivery *delivery);
/* Whether messages of this priority or an earlier one wait for the channel already. */
bool lines_wait(const struct engine *engine, enum channel_kind kind, enum priority priority,
                int64_t now_ms);
/* How many messages may go now; 0: *ret_at_ms says when to look again. batch: what it hands over is
 * not under way yet; NULL none. */
int lines_room(struct engine *engine, const struct batch *batch, enum channel_kind kind,
               enum priority priority, int64_t now_ms, int64_t *ret_at_ms);
/* Asks the store about the lines that are not known; inside the transaction. */
enum err lines_measure(struct engine *engine, struct err_detail *detail);
/* Adds works for messages whose channels have room; `limit`: due rows of the whole batch. */
enum err lines_load(struct engine *engine, struct batch *batch, int limit,
                    struct err_detail *detail);
/* When the next message of some line may go; INT64_MAX none. */
int64_t lines_next_at_ms(struct engine *engine, int64_t now_ms);
/* How long the oldest message that is due has waited; 0 none. */
int64_t lines_oldest_ms(const struct engine *engine, int64_t now_ms);
/* due.c */
/* Adds works for the due rows of a line (0: what waits in none). */
enum err due_load_line(struct engine *engine, struct batch *batch, int line, int limit,
                       struct err_detail *detail);
/* Whether the row (person may be NULL) still waits; a due row that stands for nothing is deleted.
 */
enum err due_check(struct engine *engine, struct arena *arena, struct person *person,
                   const struct due *due, int64_t now_ms, bool *ret_due, struct err_detail *detail);
/* It cannot be worked on: it waits aside, for doctor to name it and the next start to try again. */
enum err due_set_aside(struct engine *engine, struct arena *arena, const struct due *due,
                       struct str why, int64_t now_ms, struct err_detail *detail);
/* At the start, and a day later: what was set aside before the instant is due again. */
enum err due_put_back(struct engine *engine, struct arena *arena, int64_t before_ms,
                      struct err_detail *detail);
/* A row that its timer did not move would be due for ever: moves it and says so. */
void due_unstick(struct engine *engine, struct person *person, const struct due *due,
                 int64_t now_ms);
/* A full channel is looked at again; a report, which makes room, may come before its end. */
enum { CHANNEL_FULL_MS = 50 };
/* dispatch.c: sending mode, allow-list, pacing of what the decision wants sent. from_line: the
 * delivery whose turn in its line it is (0 none); reserved: at an instant that its chat kept. */
void dispatch_decided(struct engine *engine, struct batch *batch, struct deciding *deciding,
                      int64_t from_line, bool reserved);
/* Reasons of deliveries that wait for their channel, for their chat. */
#define DISPATCH_IN_LINE  "paced"
#define DISPATCH_RESERVED "chat_rate"
#define DISPATCH_PAUSED   "chat_paused"
void dispatch_acts(struct engine *engine, struct batch *batch, struct work *work);
void dispatch_act(struct engine *engine, struct batch *batch, const struct act *act,
                  int64_t user_id);
void dispatch_hand_over(struct engine *engine, struct batch *batch);
/* Acts that a channel had no room for; false while some are left. */
bool dispatch_unsent(struct engine *engine);
enum sending_mode engine_sending(const struct engine *engine);
/* operators.c */
/* In the batch's transaction. */
enum err operators_tell(struct engine *engine, struct batch *batch, const struct notice *notices,
                        int count, struct err_detail *detail);
/* settings.c */
enum err settings_load(struct engine *engine, struct err_detail *detail);
enum err settings_save_rollout(struct engine *engine, int64_t now_ms, struct err_detail *detail);
/* Has what the JSON holds (NULL: nothing) decide from now on. */
enum err settings_use_experiments(struct engine *engine, const json_t *json,
                                  struct err_detail *detail);
enum err settings_save_experiments(struct engine *engine, const struct experiments *experiments,
                                   int64_t now_ms, struct err_detail *detail);
enum err settings_load_pauses(struct engine *engine, struct err_detail *detail);
enum err settings_store_catalog(struct engine *engine, const struct catalog *catalog,
                                int64_t now_ms, struct err_detail *detail);
/* Uses the journeys that were applied by a command, when there are any. */
enum err settings_applied_catalog(struct engine *engine, struct err_detail *detail);
bool settings_mode_of(struct str word, enum sending_mode *ret_mode);
const char *settings_mode_name(enum sending_mode mode);
/* Makes sure that the definition of a run is in the catalog. */
enum err settings_pin(struct engine *engine, struct arena *arena, struct run *run,
                      struct err_detail *detail);
/* commands.c */
enum err engine_run_commands(struct engine *engine, struct batch *batch, struct err_detail *detail);
enum err engine_answer_commands(struct engine *engine, struct batch *batch,
                                struct err_detail *detail);
/* The input of a webhook's request that another process took (command "webhook"). */
MUST_CHECK enum err engine_read_request(const struct engine *engine, const struct batch *batch,
                                        const json_t *payload, struct input *ret_input,
                                        bool *ret_relevant, struct err_detail *detail);
/* Whether the inbox row is being worked on already (a drain, a sweep). */
bool engine_command_is_pending(const struct engine *engine, int64_t inbox_id);
/* Whether a drain can be answered: nothing is due, under way or unreported. */
bool engine_drains_ready(struct engine *engine);
/* After the commit, or after the batch failed. */
void engine_settle_commands(struct engine *engine, const struct batch *batch, bool committed);
void engine_cancel_commands(struct engine *engine, const struct outcome *outcome);
/* engine.c: a channel had no room for the message: it waits in its line. */
void engine_report_unsent(struct engine *engine, enum channel_kind channel,
                          const struct outgoing *outgoing, int64_t now_ms);
/* Takes or renews it, and tells who sends. */
enum err engine_take_lease(struct engine *engine, struct err_detail *detail);
/* Takes over the new catalog; the old one lives on for the batch's sake. */
void engine_swap_catalog(struct engine *engine, struct catalog *catalog);
/* Reads who is meant: "user_id", or "channel" and "identity". */
enum err command_person(struct arena *arena, const json_t *payload, struct input *ret_input,
                        struct err_detail *detail);
/* Where the inputs of an actor come from: "api:key:anna" by "api", "cli:root" by "cli". */
struct str command_source(struct str actor);
/* An id that travels as a decimal string (or a number); 0 absent or none. */
int64_t command_id(const json_t *payload, const char *key);
/* broadcast.c: counts whom it reaches, answers, then sends; or sends to one person. */
enum err broadcast_begin(struct engine *engine, struct batch *batch, struct command_work *command,
                         const json_t *payload, struct err_detail *detail);
/* Pauses, resumes or cancels one. */
enum err broadcast_change(struct engine *engine, struct batch *batch, struct command_work *command,
                          const json_t *payload, struct err_detail *detail);
/* experiment.c: starts, stops and ships one, or sets the holdout. */
enum err experiment_change(struct engine *engine, struct batch *batch, struct command_work *command,
                           const json_t *payload, struct err_detail *detail);
/* ERR_CONFLICT: the journeys would change the variants of a running experiment. */
enum err experiment_check_catalog(const struct engine *engine, const struct catalog *after,
                                  struct err_detail *detail);
/* bridge.c: takes over people of a previous bot's tables (core/live_person.h). */
enum err bridge_people(struct engine *engine, struct batch *batch, struct command_work *command,
                       const json_t *payload, struct err_detail *detail);
/* sweep.c */
/* INPUT_MOVE of that name and text for everyone, in the background; survives a restart. */
enum err sweep_move(struct engine *engine, struct batch *batch, const char *name, struct str text,
                    struct err_detail *detail);
/* Whether people are being moved to other definitions. */
bool sweep_moves_versions(const struct engine *engine);
/* What a previous process left unfinished. */
enum err sweep_load(struct engine *engine, struct err_detail *detail);
/* When the next sweep wants to go on; INT64_MAX none. */
int64_t sweep_next_at_ms(const struct engine *engine);
/* The next page of each sweep that is due: works are added. */
enum err sweep_step(struct engine *engine, struct batch *batch, struct err_detail *detail);
/* After the commit, or after the batch failed: goes on, or looks at the page again. */
void sweep_settle(struct engine *engine, bool committed);
bool sweep_is_pending(const struct engine *engine, int64_t inbox_id);
/* Answers those who wait for a count that is done; inside the transaction. */
enum err sweep_answer(struct engine *engine, struct batch *batch, struct err_detail *detail);
void sweep_cancel(struct engine *engine, const struct outcome *outcome);
void sweep_free_all(struct engine *engine);
/* status.c */
/* The id stands for nobody any more. */
void status_forget_person(struct engine *engine, int64_t user_id);
void status_note_person(struct engine *engine, const struct person *person);
void status_update(struct engine *engine, const struct batch *batch, enum err error);
void status_count_report(struct engine *engine, const struct report_item *report);
void status_free(struct engine *engine);
/* Whether some errors are not in the store yet, for a second or longer. */
bool status_errors_wait(struct engine *engine, int64_t now_ms);
/* Writes them; inside the transaction. */
enum err status_write_errors(struct engine *engine, struct batch *batch, struct err_detail *detail);
/* After the commit. */
void status_errors_written(struct engine *engine, const struct batch *batch);
