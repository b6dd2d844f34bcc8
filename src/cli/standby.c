/* Waiting for the lease of another process, with an open door for webhooks and links in mails:
 * whatever comes meanwhile is put into the inbox, for whoever serves.
 *
 * It is vacant when it was given back, when the database knows that the holder has gone, and when
 * it has run out: a holder that lives renews it three times meanwhile. Of several who try to take
 * it then, one gets it. */
#include "cli/standby.h"

#include <signal.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/notify.h"
#include "cli/journeys_load.h"
#include "cli/mail_site.h"

enum { LOOK_MS = 250, BEAT_MS = 3000 };

struct watch {
    struct store *store;
    struct clock *clock;
    int64_t beat_at_ms; /* monotonic; 0: not yet */
    bool lost;          /* the database was not reached */
    int port;           /* of the door */
};

/* The HTTP thread has a connection of its own. */
struct door {
    struct store *inbox;
    struct http_server *server;
};

static enum err open_door(struct cli *cli, const char *listen, struct door *door,
                          struct err_detail *detail)
{
    struct catalog *catalog = NULL;
    enum err error = journeys_load(cli->arena, cli->config.journeys_dir, &catalog, detail);
    if (error == OK) {
        error = store_open(cli->config.database_url, STORE_WRITER, &door->inbox, detail);
    }
    if (error != OK) {
        catalog_free(catalog);
        return error;
    }
    const struct mail_site *mail = mail_site_of(cli->arena, &cli->config, catalog);
    catalog_free(catalog);
    const struct http_options http = {.listen = listen,
                                      .app = {.config = &cli->config,
                                              .clock = cli->clock,
                                              .inbox = door->inbox,
                                              .mail = mail,
                                              .telegram_secret = cli_webhook_secret(cli)}};
    return http_server_start(&http, &door->server, detail);
}

static void close_door(struct door *door)
{
    http_server_stop(door->server);
    store_close(door->inbox);
}

/* Connections that come now wait until this process serves. */
static int hand_over(struct door *door)
{
    int socket = http_server_hand_over(door->server);
    door->server = NULL;
    return socket;
}

static enum err look(struct watch *watch, bool *ret_vacant, struct err_detail *detail)
{
    struct lease lease = {0};
    enum err error = store_lease_show(watch->store, clock_now_ms(watch->clock), &lease, detail);
    *ret_vacant = error == OK && lease.left_ms == 0;
    return error;
}

static enum err beat(struct watch *watch, const struct node *node, struct err_detail *detail)
{
    int64_t mono_ms = clock_monotonic_ms(watch->clock);
    if (watch->beat_at_ms != 0 && mono_ms - watch->beat_at_ms < BEAT_MS) {
        return OK;
    }
    enum err error = store_node_beat(watch->store, node, clock_now_ms(watch->clock), detail);
    if (error == OK) {
        if (watch->beat_at_ms == 0) {
            log_info("serve", "standing by: another process serves this database", "port=%d",
                     watch->port);
            notify_ready();
        }
        watch->beat_at_ms = mono_ms;
    }
    return error;
}

/* A database that is away for a while is the other process's trouble as well: it is waited for. */
static enum err settle(struct watch *watch, enum err error, const struct err_detail *detail)
{
    if (error != ERR_BUSY && error != ERR_STORE) {
        watch->lost = false;
        return error;
    }
    if (!watch->lost) {
        log_warn("serve", "standing by: the database is not reached", "detail=\"%s\"",
                 detail->text);
    }
    watch->lost = true;
    return OK;
}

static bool told_to_end(const sigset_t *signals)
{
    const struct timespec pause = {0, LOOK_MS * 1000000L};
    notify_watchdog();
    return sigtimedwait(signals, NULL, &pause) > 0;
}

static void leave(struct watch *watch, const struct node *node)
{
    struct err_detail detail = {""};
    if (store_node_forget(watch->store, node->id, clock_now_ms(watch->clock), &detail) != OK) {
        log_warn("serve", "this node stays listed for a day", "detail=\"%s\"", detail.text);
    }
}

static enum err wait_until_ours(struct cli *cli, const struct runtime_options *options,
                                struct watch *watch, const sigset_t *signals,
                                struct runtime **ret_runtime, struct err_detail *detail)
{
    for (;;) {
        bool vacant = false;
        enum err error = look(watch, &vacant, detail);
        if (error == OK && vacant) {
            error = runtime_new(cli, options, ret_runtime, detail);
            if (error == OK) {
                return OK;
            }
            error = error == ERR_CONFLICT ? OK : error; /* another one was quicker */
        }
        if (error == OK) {
            error = beat(watch, options->node, detail);
        }
        error = settle(watch, error, detail);
        if (error != OK || told_to_end(signals)) {
            leave(watch, options->node);
            return error;
        }
    }
}

static enum err stand_by(struct cli *cli, const struct runtime_options *options, const char *listen,
                         struct watch *watch, struct door *door, struct runtime **ret_runtime,
                         struct err_detail *detail)
{
    sigset_t signals;
    runtime_block_signals(&signals); /* before the door's thread begins */
    enum err error = open_door(cli, listen, door, detail);
    if (error != OK) {
        return error;
    }
    watch->port = http_server_port(door->server);
    return wait_until_ours(cli, options, watch, &signals, ret_runtime, detail);
}

enum err standby_wait(struct cli *cli, const struct runtime_options *options, const char *listen,
                      struct runtime **ret_runtime, int *ret_socket, struct err_detail *detail)
{
    struct watch watch = {.clock = cli->clock};
    struct door door = {NULL, NULL};
    *ret_runtime = NULL;
    static const char file[] = "sqlite:";
    if (strncmp(cli->config.database_url, file, strlen(file)) == 0) {
        return err_set(detail, ERR_CONFIG,
                       "--standby is for PostgreSQL: a file has one server, and one machine");
    }
    enum err error = store_open(cli->config.database_url, STORE_WRITER, &watch.store, detail);
    if (error == OK) {
        error = store_make_ready(watch.store, NULL, NULL, detail);
    }
    if (error == OK) {
        error = stand_by(cli, options, listen, &watch, &door, ret_runtime, detail);
    }
    if (*ret_runtime != NULL) {
        *ret_socket = hand_over(&door);
    }
    close_door(&door);
    store_close(watch.store);
    return error;
}
