/* What all subcommands share: settings, errors, exit statuses, and talking to the engine.
 *
 * Exit status: 0 done or yes, 1 no (a check failed), 2 wrong usage, 3 failure. Results go to
 * standard output (a table for people, one JSON document with --json), everything else to standard
 * error. */
#pragma once

#include <argp.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/json.h"
#include "store/store.h"

enum { CLI_OK = 0, CLI_NO = 1, CLI_USAGE = 2, CLI_FAILURE = 3 };

struct cli {
    struct arena *arena; /* lives as long as the command */
    struct config config;
    struct clock *clock;
    bool json;            /* --json */
    const char *env_file; /* --env-file, default ".env" */
    const char *database; /* --database, overrides DATABASE_URL */
    /* Where no command line asks, but the server's API: */
    const char *actor;           /* for the audit; NULL: the user of this machine */
    const atomic_bool *stopping; /* ends waiting for the engine early; NULL: never */
};

/* Parses the arguments of a subcommand by its argp (whose parser may use state->input = `input`),
 * with the common options --json, --env-file, --database beside its own; then loads the settings.
 * argv[0] is the subcommand's name. On a wrong argument argp prints usage and exits with 2. Returns
 * CLI_OK or the exit status to end with (the message is printed). */
MUST_CHECK int cli_begin(struct cli *cli, const struct argp *argp, int argc, char **argv,
                         void *input);
/* Frees everything; gives `status` back, so that a command ends with `return cli_end(&cli,
 * status)`. */
int cli_end(struct cli *cli, int status);

/* Prints "nudge COMMAND: …" on standard error and gives the exit status for the error. */
int cli_fail(const struct cli *cli, enum err error, const struct err_detail *detail);
/* A usage mistake found after parsing: prints it with a hint at --help; gives CLI_USAGE. */
int cli_usage(const struct cli *cli, const char *format, ...) PRINTF_LIKE(2, 3);

/* Opens the configured store. STORE_WRITER also migrates a SQLite store; STORE_READER refuses one
 * that is not migrated and says how to. Returns NULL after printing the error; *ret_status is the
 * exit status then. */
struct store *cli_store(struct cli *cli, enum store_mode mode, int *ret_status);

/* Has the engine do a command (engine/engine.h, engine_command): by the inbox of a living server,
 * else by an engine of its own in this process. payload is taken over. On OK *ret_result is a new
 * reference (JSON null when there is no result). Errors are for cli_fail. */
MUST_CHECK enum err cli_engine_command(struct cli *cli, const char *kind, json_t *payload,
                                       json_t **ret_result, struct err_detail *detail);

/* Prints JSON with a line break at the end on standard output; takes the reference over. */
void cli_print_json(json_t *json);

/* A table for people: columns are as wide as their widest cell; numbers can stand right. */
struct table;
struct table *table_new(struct arena *arena, int columns, const char *const *headings);
/* Marks a column as right-aligned. */
void table_right(struct table *table, int column);
/* One row; NULL cells are empty. Cells are copied. */
void table_row(struct table *table, const char *const *cells);
void table_print(const struct table *table);

/* An instant for people, in the operators' zone (ADMIN_TIME_ZONE, else DEFAULT_TIME_ZONE):
 * "2026-11-23 09:00"; "" for 0. In the arena. */
const char *cli_when(struct cli *cli, int64_t at_ms);
/* That zone's name. */
const char *cli_zone(const struct cli *cli);
const struct zone *cli_operators_zone(const struct config *config);

/* A progress bar on standard error while it is a terminal; silent else. */
void progress_show(const char *what, int64_t done, int64_t total);
void progress_end(void);

/* The secret of Telegram's webhook: TELEGRAM_WEBHOOK_SECRET, else derived from the token. ""
 * without a token. */
const char *cli_webhook_secret(struct cli *cli);
