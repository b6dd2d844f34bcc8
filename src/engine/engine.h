/* The engine: one loop that owns all writes. It takes what waits now (inputs, reports, inbox
 * commands, due rows), decides, saves everything in one transaction, commits once, and only then
 * acknowledges and hands messages to the channels. When a commit fails nothing happened: inputs are
 * offered again.
 *
 * engine_step is one batch without waiting, for tests and the simulator (virtual clock, one
 * thread); engine_run is the loop of `serve` on a thread of its own. engine_submit may be called on
 * any thread. */
#pragma once

#include "base/clock.h"
#include "base/config.h"
#include "base/json.h"
#include "channel/channel.h"
#include "core/catalog.h"
#include "store/store.h"

struct engine;

/* What the engine asks of the population (bi answers; cli wires it). NULL functions: unknown. */
struct population_ops {
    void *context;
    void (*read)(void *context, struct store *store, struct arena *arena, const struct user *user,
                 const struct input *input, int64_t now_ms, struct population *ret_population);
};

struct engine_options {
    const struct config *config;
    struct clock *clock;
    struct store *store;                     /* writer; the engine uses it alone while it lives */
    struct catalog *catalog;                 /* the engine takes it over and frees it */
    struct channel *channels[CHANNEL_COUNT]; /* NULL: off. Not owned. */
    struct population_ops population;
    /* Told with each taking and renewing of the lease until when it certainly lasts (monotonic),
     * and 0 when it is given back: who sends asks the clock right before. May be NULL. */
    void (*leased)(void *context, int64_t until_ms);
    void *leased_context;
    uint64_t seed;    /* of jitter and slots of new users */
    int64_t lease_ms; /* default 10 s */
    int64_t owner;    /* random id of this process */
    /* As this process is listed among the nodes while the engine lives, its id the owner. NULL: not
     * at all (commands, tests). What it points to outlives the engine. */
    const struct node *node;
    bool pacing; /* false only for measuring */
    /* 32 random bytes: the secret of signed links of an installation that has none yet. "": then
     * there are no links. Copied. */
    struct str entropy;
};

/* Takes the lease, loads settings, rollouts, definitions and pauses. ERR_CONFLICT: another process
 * serves this database (the detail names its pid). */
MUST_CHECK enum err engine_new(const struct engine_options *options, struct engine **ret_engine,
                               struct err_detail *detail);
/* Gives the lease back. The loop must have ended. */
void engine_free(struct engine *engine);

/* What the caller of engine_submit is told after the commit (on the engine's thread, or inside
 * engine_step). result and detail are valid during the call only. */
struct outcome {
    enum err error;
    bool handled;
    bool duplicate;
    int64_t user_id;
    struct str result;
    const struct err_detail *detail;
    const struct act *tap_answer; /* of an input with answers_tap; NULL: there is none */
};
typedef void engine_done(void *context, const struct outcome *outcome);

/* Copies the input. ERR_BUSY when the queue is full (nothing will be called), ERR_CANCELLED while
 * shutting down. done may be NULL. */
MUST_CHECK enum err engine_submit(struct engine *engine, const struct input *input,
                                  engine_done *done, void *context);
/* The same for commands about the installation, as in the inbox: kind and JSON payload. Ids travel
 * as decimal strings. Each is audited with its actor.
 *
 *   kind                payload                                     result
 *   rollout_set         {"name","share"} percent 0..100             {"name","share_before","share"}
 *   rollback            {"what":"all|entries|nurture","move":bool}  {"what","moved"} people
 *   rollout_stage       {"stage":"existing_rescue|…","open":bool}   {"stage","open","people"}
 *   rollout_plan        {"action":"start","plan":{"name",        {"name","stages","at","since_ms",
 *                        "stages":[{"name","share" or "opens",     "started_at_ms","automatic",
 *                        …}]},"automatic":bool,"reason"},          "held","reason"}
 *                       {"action":"advance","from"?,"reason"},
 *                       {"action":"hold|resume","reason"}
 *   sending             {"mode":"on|off|dry-run"}                   {"mode_before","mode"}
 *   input               {"kind":"trigger|track|commitment|answer|   the decision's result object
 *                        admin", "user_id" or "channel"+"identity", with "user_id" and "handled"
 *                        "name","text","ref_id","data","revenue"}
 *   broadcast           {"text":{"en":…,"de":…},"filter","at_ms",   {"broadcast_id","recipients"}
 *                        "per_second","preview":bool,"test"}        when counted; preview: also
 *                       "test" is one person (as in "input"), who   "examples", and id ""
 *                       gets it at once; filter and time are left out
 *   broadcast_state     {"id","state":"paused|running|cancelled"}   {"broadcast_id","state_before",
 *                                                                  "state","unsent"} messages that
 *                                                                  wait or are under way
 *   deliveries_process  {}                                          {"telegram_sent","email_sent",
 *                                                                  "telegram_failed",
 *                                                                  "email_failed",
 *                                                                  "total_processed"}, when drained
 *   delivery_retry      {"id"} or {"all":true} (dead, failed)       {"retried"}
 *   journeys_apply      {"files":[{"name","yaml"},…] all of them,   {"journeys","changed" (counts),
 *                        "policy":"pin|follow|migrate",             "policy","steps"}; people move
 *                        "steps":"old=new,…" of migrate}            afterwards, in the background
 *   setting_put         {"name","value"}                            {}
 *   bridge_import       {"people"} (store/live.h), "seen_at_ms" of   {"new","changed","unchanged",
 *                       who follows: all there is here by then     "left_out","commitments"}
 *   webhook             {"channel","id","body"}: a request that was  {}
 *                       verified (channel/channel.h, taken_request)
 *   alerts              {"findings","partial"} (bi/alerts)          {"changes"}
 *   alert               {"rule","action","for_ms"}                  {"rule","change","phase",…}
 *   operators_tell      {"kind","text"}, "once": an occasion         {"kind","told"}
 *   operators_told      {"id"} of the message                       {}
 */
/* Beginning of the actors of those who ask by the API ("api:key:anna"). What stands before the
 * first colon of an actor is the source of their inputs. */
#define ENGINE_API_ACTOR "api:"
MUST_CHECK enum err engine_command(struct engine *engine, struct str kind, struct str payload,
                                   struct str actor, engine_done *done, void *context);
/* An input as JSON, as in the payload of the command "input", for engine_submit; its strings are in
 * the arena. ERR_INVALID or ERR_LIMIT with what is wrong. */
MUST_CHECK enum err engine_read_input(struct arena *arena, const json_t *payload, struct str actor,
                                      struct input *ret_input, struct err_detail *detail);
/* The sink to give to channels. */
struct channel_sink engine_sink(struct engine *engine);

struct step_result {
    int inputs, reports, due, sent;
    int64_t next_due_at_ms; /* INT64_MAX: nothing waits */
    bool more;              /* something was left for the next batch */
};
/* One batch. ERR_BUSY/ERR_FULL/ERR_STORE: nothing was changed, nothing lost; step again later. */
MUST_CHECK enum err engine_step(struct engine *engine, struct step_result *ret_result,
                                struct err_detail *detail);
/* Runs until engine_stop. Retries store failures with backoff, renews the lease, prunes. */
enum err engine_run(struct engine *engine);
/* Ends engine_run after the present batch. Any thread, signal handlers excluded. */
void engine_stop(struct engine *engine);

/* What went wrong without anybody being told, counted by day in the store for critical_errors. */
enum engine_error { ENGINE_ERROR_INVARIANT, ENGINE_ERROR_HTTP_5XX, ENGINE_ERROR_KINDS };
/* Counts one; written with one of the next batches. Any thread. */
void engine_count_error(struct engine *engine, enum engine_error kind);

/* The journeys that journeys_apply stored last, as a new catalog; NULL when there are none, or they
 * do not fit this program: then those the program was started with are in force. For who reads
 * beside an engine; the arena is for the way only. */
MUST_CHECK enum err engine_applied_catalog(struct store *store, struct arena *arena,
                                           struct catalog **ret_catalog, struct err_detail *detail);

/* The payload of a signed link that proves whoever opens it (`/start PAYLOAD` in Telegram) to be
 * the person, once within 24 h (core/link.h); in the arena. "" when there is no secret. Any
 * thread. What follows from opening it: docs/reference/identities.md. */
struct str engine_link(struct engine *engine, struct arena *arena, int64_t user_id);
/* The secret that signs them, and links in mails; "" when there is none. It does not change while
 * the engine lives. */
struct str engine_link_secret(const struct engine *engine);

/* The same as it stands in the store, for who has no engine. ERR_CONFIG: damaged. */
MUST_CHECK enum err engine_stored_secret(struct store *store, struct arena *arena,
                                         struct str *ret_secret, struct err_detail *detail);

/* Figures for health and metrics pages; any thread. */
struct engine_status {
    int64_t batches, inputs, decisions, sent, failed, uncertain, store_errors;
    int64_t last_batch_at_ms;
    int64_t oldest_due_age_ms; /* backlog: how late the oldest due row is, 0 none */
    int64_t followed_at_ms;    /* all is here that stood in the live tables then; 0: not followed */
    int64_t oldest_line_age_ms; /* how long the oldest message has waited for its channel */
    int queue_count;
    bool healthy;       /* last store access worked, lease held */
    bool someone_waits; /* some web-chat person has a message waiting for an answer */
};
void engine_status(struct engine *engine, struct engine_status *ret_status);
