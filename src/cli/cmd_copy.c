/* nudge copy: a whole store into another, and the proof that nothing of it is missing. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "store/copy.h"

enum { HASH_SHOWN = 16 };

static const char text[] =
    "Copies everything from one store into another: SQLite to PostgreSQL, back, or into another of "
    "the same kind. Then reads both again and compares each table by its rows and a hash of all "
    "values.\v"
    "The source is read as of one instant; what a server writes there meanwhile is not copied: to "
    "move, stop it first. An SQLite target is created; a PostgreSQL one is migrated before. A copy "
    "that was interrupted goes on when it is started again; until it has ended nothing else works "
    "on the target. Exit status: 0 both are the same, 1 they differ or the copy is refused.\n\n"
    "Examples:\n"
    "  nudge migrate --database postgres://nudge@db.example.org/app\n"
    "  nudge copy --from sqlite:nudge.db --to postgres://nudge@db.example.org/app\n"
    "  nudge copy --from postgres://nudge@db.example.org/app --to sqlite:copy.db --json";

/* A bar on a terminal, a line for each table elsewhere. */
static void show_progress(void *context, const char *table, int64_t done, int64_t total,
                          bool checking)
{
    (void)context;
    char what[96];
    snprintf(what, sizeof(what), "%s %-18s", checking ? "checking" : "copying ", table);
    progress_show(what, done, total);
    if (isatty(STDERR_FILENO) == 0 && !checking && done >= total) {
        fprintf(stderr, "copied %s: %" PRId64 " rows\n", table, done);
    }
}

static int count_different(const struct copy_proof *proofs, int count)
{
    int different = 0;
    for (int i = 0; i < count; i++) {
        different += !copy_proof_holds(&proofs[i]);
    }
    return different;
}

static json_t *side_json(const struct copy_side *side)
{
    return json_pack("{s:I, s:s}", "rows", (json_int_t)side->rows, "hash", side->hash);
}

static void print_json(const struct copy_proof *proofs, int count)
{
    json_t *list = json_array();
    for (int i = 0; i < count; i++) {
        json_array_append_new(list, json_pack("{s:s, s:o, s:o, s:b}", "table", proofs[i].table,
                                              "source", side_json(&proofs[i].source), "target",
                                              side_json(&proofs[i].target), "same",
                                              copy_proof_holds(&proofs[i])));
    }
    cli_print_json(
        json_pack("{s:b, s:o}", "same", count_different(proofs, count) == 0, "tables", list));
}

static const char *rows_text(struct cli *cli, const struct copy_side *side)
{
    return arena_printf(cli->arena, "%" PRId64, side->rows).ptr;
}

static const char *hash_text(struct cli *cli, const struct copy_side *side)
{
    return arena_printf(cli->arena, "%.*s", HASH_SHOWN, side->hash).ptr;
}

static void print_table(struct cli *cli, const struct copy_proof *proofs, int count)
{
    static const char *const headings[] = {"table",       "rows of source", "rows of target",
                                           "hash source", "hash target",    ""};
    struct table *table = table_new(cli->arena, 6, headings);
    table_right(table, 1);
    table_right(table, 2);
    for (int i = 0; i < count; i++) {
        const char *cells[] = {proofs[i].table,
                               rows_text(cli, &proofs[i].source),
                               rows_text(cli, &proofs[i].target),
                               hash_text(cli, &proofs[i].source),
                               hash_text(cli, &proofs[i].target),
                               copy_proof_holds(&proofs[i]) ? "same" : "DIFFERENT"};
        table_row(table, cells);
    }
    table_print(table);
    int different = count_different(proofs, count);
    if (different == 0) {
        printf("%d tables, all the same\n", count);
    } else {
        printf("%d tables, %d different; run the same command again\n", count, different);
    }
}

static enum err run_copy(struct cli *cli, const char *from, const char *to,
                         struct copy_proof **ret_proofs, int *ret_count, struct err_detail *detail)
{
    struct copy_job job = {.clock = cli->clock, .pid = getpid(), .progress = show_progress};
    uint64_t number;
    digest_random(&number, sizeof(number));
    job.owner = (int64_t)(number >> 1);
    enum err error = store_open(from, STORE_READER, &job.source, detail);
    if (error == OK) {
        error = store_make_ready(job.source, NULL, NULL, detail);
    }
    if (error != OK) {
        store_close(job.source);
        return err_wrap(detail, error, "the source");
    }
    error = store_open(to, STORE_WRITER, &job.target, detail);
    if (error != OK) {
        error = err_wrap(detail, error, "the target");
    } else {
        error = store_copy(&job, cli->arena, ret_proofs, ret_count, detail);
        progress_end();
    }
    store_close(job.target);
    store_close(job.source);
    return error;
}

static int copy(struct cli *cli, const char *from, const char *to)
{
    struct err_detail detail = {""};
    struct copy_proof *proofs = NULL;
    int count = 0;
    enum err error = run_copy(cli, from, to, &proofs, &count, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        print_json(proofs, count);
    } else {
        print_table(cli, proofs, count);
    }
    return count_different(proofs, count) == 0 ? CLI_OK : CLI_NO;
}

int cmd_copy(int argc, char **argv)
{
    const char *from = NULL;
    const char *to = NULL;
    const struct option_row rows[] = {
        {"from", 'f', "URL", "The store to copy, as in DATABASE_URL", NULL, &from},
        {"to", 't', "URL", "The store to fill", NULL, &to},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "", text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (arguments.word_count > 0) {
        status = cli_usage(&cli, "copy takes no \"%s\"", arguments.words[0]);
    } else if (from == NULL || to == NULL) {
        status = cli_usage(&cli, "expected --from URL and --to URL");
    } else if (strcmp(from, to) == 0) {
        status = cli_usage(&cli, "--from and --to are the same store");
    } else {
        status = copy(&cli, from, to);
    }
    return cli_end(&cli, status);
}
