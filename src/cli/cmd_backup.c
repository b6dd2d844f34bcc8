/* nudge backup: a consistent copy of the store, while it is in use. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "cli/arguments.h"
#include "cli/command.h"

static const char text[] =
    "Copies the store to a new file while the engine goes on writing. The copy is of one instant, "
    "and "
    "it is whole and on disk before it has its name; an existing file is never overwritten.\v"
    "To restore: stop the server, run nudge restore PATH, start the server.\n\n"
    "Examples:\n"
    "  nudge backup nudge-monday.db\n"
    "  nudge backup /var/backups/nudge.db --json";

static void show_progress(void *context, int64_t done, int64_t total)
{
    const struct cli *cli = context;
    if (!cli->json) {
        progress_show("backup", done, total);
    }
}

static int backup(struct cli *cli, const char *path)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct err_detail detail = {""};
    enum err error = store_backup(store, path, show_progress, cli, &detail);
    store_close(store);
    if (!cli->json) {
        progress_end();
    }
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    struct stat about = {0};
    int64_t bytes = stat(path, &about) == 0 ? (int64_t)about.st_size : 0;
    if (cli->json) {
        cli_print_json(json_pack("{s:s, s:I}", "path", path, "bytes", (json_int_t)bytes));
    } else {
        printf("wrote %s, %" PRId64 " bytes\n", path, bytes);
    }
    return CLI_OK;
}

int cmd_backup(int argc, char **argv)
{
    static const struct option_row rows[] = {{0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "PATH", text, argc, argv, &arguments);
    if (status == CLI_OK && arguments.word_count != 1) {
        status = cli_usage(&cli, "expected the path of the copy");
    } else if (status == CLI_OK) {
        status = backup(&cli, arguments.words[0]);
    }
    return cli_end(&cli, status);
}
