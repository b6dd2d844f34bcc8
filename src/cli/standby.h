/* Standing by: a second process that is ready to serve a PostgreSQL database takes over when the
 * one that serves ends, dies or stands still. */
#pragma once

#include "cli/runtime.h"

/* As runtime_new with options->node set, but waits while another process serves, listed among the
 * nodes; meanwhile it takes webhooks on `listen` for that one. *ret_socket goes on listening there
 * (serve_options). SIGTERM and SIGINT end the waiting: OK with *ret_runtime NULL; they stay blocked
 * afterwards. ERR_CONFIG: on SQLite, where a file has one machine and one server, or it cannot
 * listen. */
MUST_CHECK enum err standby_wait(struct cli *cli, const struct runtime_options *options,
                                 const char *listen, struct runtime **ret_runtime, int *ret_socket,
                                 struct err_detail *detail);
