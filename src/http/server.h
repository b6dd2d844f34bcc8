/* The HTTP server: one thread (libmicrohttpd in poll mode) that parses and answers. A request that
 * writes waits, suspended, until its batch committed; what the API reads is answered by a second
 * thread (analyst.h). Bounded connections,
 * bodies and times. Nothing here knows the domain: routes are in route_*.c. */
#pragma once

#include "base/clock.h"
#include "base/config.h"
#include "base/json.h"
#include "channel/channel.h"
#include "channel/mail.h"
#include "engine/engine.h"
#include "store/store.h"

struct http_server;

/* How many made-up people live for how long, if nothing else is asked for, and at most. */
enum {
    REHEARSAL_USERS = 10000,
    REHEARSAL_USERS_MAX = 20000,
    REHEARSAL_DAYS = 14,
    REHEARSAL_DAYS_MAX = 30
};
struct rehearsal_wish {
    const struct catalog *in_force, *draft;
    enum journey_set set; /* what newcomers get */
    int64_t users;
    int days; /* that each lives */
    uint64_t seed;
};

/* Go or no-go: a look at everything, the drill of a rollback, or a signature by hand. */
enum preflight_kind { PREFLIGHT_LOOK, PREFLIGHT_DRILL, PREFLIGHT_CONFIRM };
struct preflight_wish {
    enum preflight_kind kind;
    const char *actor;     /* for the audit */
    const char *item, *by; /* what is signed, who signs; "" else */
};
/* Takes the JSON over; NULL with an error. Once, on any thread; asks nothing of who calls it. */
typedef void preflight_done(void *context, json_t *json, enum err error,
                            const struct err_detail *detail);

/* What routes work with. All borrowed, must outlive the server. */
struct http_app {
    const struct config *config;
    struct clock *clock;
    struct engine *engine; /* NULL: another process serves; webhooks and health only */
    struct store *inbox;   /* then: where webhooks wait for it; used by the HTTP thread alone */
    struct store *reader;  /* read-only, used by the HTTP thread alone */
    struct store *analyst_reader; /* read-only, used by the analyst's thread alone */
    /* The journeys in force; called on the analyst's thread with its store. */
    enum err (*read_catalog)(void *context, struct store *store, struct arena *arena,
                             struct catalog **ret_catalog, struct err_detail *detail);
    /* A draft of journeys beside those in force, with made-up people; the figures of both as JSON.
     * On the analyst's thread. */
    enum err (*rehearse)(void *context, const struct rehearsal_wish *wish, json_t **ret_json,
                         struct err_detail *detail);
    void *context; /* of both */
    /* Calls `done` later, from a thread of its own, unless it gives an error (ERR_BUSY: one is
     * under way). */
    enum err (*preflight)(void *context, const struct preflight_wish *wish, preflight_done *done,
                          void *done_context, struct err_detail *detail);
    void *preflight_context;
    struct channel *webchat;      /* NULL: /chat is off */
    struct channel *telegram;     /* NULL: off */
    const char *telegram_secret;  /* of the webhook */
    const struct mail_site *mail; /* of the pages behind links in mails; NULL: there are none */
    bool demo;                    /* the chat page explains itself and shows running time */
    double time_scale;
};

struct http_options {
    const char *listen; /* "127.0.0.1:8080", "[::1]:0"; port 0: any free one */
    int socket;         /* > 0: listens already (http_server_hand_over) */
    struct http_app app;
};

/* Starts listening. ERR_CONFIG with the reason (address in use, not an address, …). */
MUST_CHECK enum err http_server_start(const struct http_options *options,
                                      struct http_server **ret_server, struct err_detail *detail);
/* The port it listens on. */
int http_server_port(const struct http_server *server);
/* Refuses new requests, so that the engine can finish what is under way; ends the analyst. */
void http_server_quiesce(struct http_server *server);
/* Ends all streams, waits for the thread, frees. The engine must have answered (or cancelled) all
 * it was given. Accepts NULL. */
void http_server_stop(struct http_server *server);
/* The same, but goes on listening: connections wait for the server that is started on the socket.
 */
int http_server_hand_over(struct http_server *server);
/* To be called about once a second by the owner: heartbeats of event streams. */
void http_server_tick(struct http_server *server);
