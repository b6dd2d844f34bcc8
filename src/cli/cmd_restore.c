/* nudge restore: a backup takes the place of the store's file. */
#include <inttypes.h>
#include <stdio.h>

#include "base/digest.h"
#include "cli/arguments.h"
#include "cli/command.h"

static const char text[] =
    "Puts a file that nudge backup made in the place of the store's. The file is looked at first "
    "(its integrity, its schema), copied, and put there in one instant; it stays as it is.\v"
    "Refused while a server works on the store, and when the store holds people: --force keeps the "
    "old file beside, under a name with the time. A PostgreSQL database is restored with its own "
    "tools (pg_restore).\n\n"
    "Examples:\n"
    "  nudge restore nudge-monday.db\n"
    "  nudge restore /var/backups/nudge.db --force --json";

static void show_progress(void *context, int64_t done, int64_t total)
{
    const struct cli *cli = context;
    if (!cli->json) {
        progress_show("restore", done, total);
    }
}

static void print_result(const struct cli *cli, const char *file, const struct restored *restored)
{
    if (cli->json) {
        cli_print_json(json_pack("{s:s, s:I, s:i, s:s}", "file", file, "people",
                                 (json_int_t)restored->people, "pending", restored->pending, "kept",
                                 restored->kept));
        return;
    }
    printf("restored %s: %" PRId64 " people\n", file, restored->people);
    if (restored->kept[0] != '\0') {
        printf("the old file is kept as %s\n", restored->kept);
    }
    if (restored->pending > 0) {
        printf("it is of an older schema; run: nudge migrate\n");
    }
}

static int restore(struct cli *cli, const char *file, bool force)
{
    struct err_detail detail = {""};
    struct restored restored;
    uint64_t number;
    digest_random(&number, sizeof(number));
    const struct restore_job job = {.file = file,
                                    .owner = (int64_t)(number >> 1),
                                    .force = force,
                                    .now_ms = clock_now_ms(cli->clock),
                                    .progress = show_progress,
                                    .context = cli};
    enum err error = store_restore(cli->config.database_url, &job, &restored, &detail);
    if (!cli->json) {
        progress_end();
    }
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    print_result(cli, file, &restored);
    return CLI_OK;
}

int cmd_restore(int argc, char **argv)
{
    bool force = false;
    const struct option_row rows[] = {
        {"force", 0, NULL, "Also over people; the old file is kept beside", &force, NULL}, {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "FILE", text, argc, argv, &arguments);
    if (status == CLI_OK && arguments.word_count != 1) {
        status = cli_usage(&cli, "expected the path of the backup");
    } else if (status == CLI_OK) {
        status = restore(&cli, arguments.words[0], force);
    }
    return cli_end(&cli, status);
}
