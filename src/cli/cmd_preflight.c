/* nudge preflight: may real people be written to? Go or no-go, with what mends each line. */
#include <stdarg.h>
#include <stdio.h>

#include "base/check.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/preflight/preflight.h"

static const char text[] =
    "Go or no-go: looks at everything that has to be so before real people are written to, and "
    "changes nothing.\v"
    "A line that failed says what mends it. Exit status: 0 go, 1 no-go. What nothing can look at "
    "is "
    "signed by hand with confirm, and kept with the name in the audit log.\n\n"
    "Examples:\n"
    "  nudge preflight\n"
    "  nudge preflight confirm team-briefed --by Anna\n"
    "  nudge preflight confirm tests-green --by Anna\n"
    "  nudge rollback --drill\n"
    "  nudge onboarding test telegram:123456";

enum { NAME_BYTES_MAX = 64 };

const char *check_state_name(enum check_state state)
{
    switch (state) {
    case CHECK_PASS:
        return "pass";
    case CHECK_FAIL:
        return "fail";
    case CHECK_NOT_CHECKED:
        return "not checked";
    case CHECK_NOTE:
        return "note";
    }
    return "";
}

void preflight_line(struct preflight *preflight, enum check_state state, const char *name,
                    const char *mend, const char *format, ...)
{
    ASSERT(preflight->count < CHECK_LINES_MAX);
    char buffer[512];
    va_list values;
    va_start(values, format);
    vsnprintf(buffer, sizeof(buffer), format, values);
    va_end(values);
    struct arena *arena = preflight->cli->arena;
    preflight->lines[preflight->count++] = (struct check_line){
        state, name, arena_str(arena, str_of(buffer)), arena_str(arena, str_of(mend))};
}

static int count_of(const struct preflight *preflight, enum check_state state)
{
    int count = 0;
    for (int i = 0; i < preflight->count; i++) {
        count += preflight->lines[i].state == state;
    }
    return count;
}

static void print_json(const struct preflight *preflight)
{
    json_t *list = json_array();
    for (int i = 0; i < preflight->count; i++) {
        const struct check_line *line = &preflight->lines[i];
        json_t *row =
            json_pack("{s:s, s:s}", "name", line->name, "state", check_state_name(line->state));
        json_object_set_new(row, "says", json_str(line->says));
        json_object_set_new(row, "mend", json_str(line->mend));
        json_array_append_new(list, row);
    }
    cli_print_json(
        json_pack("{s:b, s:o}", "go", count_of(preflight, CHECK_FAIL) == 0, "checks", list));
}

static void print_table(const struct preflight *preflight)
{
    static const char *const headings[] = {"", "what", "found", "mend it by"};
    struct table *table = table_new(preflight->cli->arena, 4, headings);
    for (int i = 0; i < preflight->count; i++) {
        const struct check_line *line = &preflight->lines[i];
        const char *cells[] = {check_state_name(line->state), line->name, line->says.ptr,
                               line->mend.ptr};
        table_row(table, cells);
    }
    table_print(table);
    int failed = count_of(preflight, CHECK_FAIL);
    int unknown = count_of(preflight, CHECK_NOT_CHECKED);
    printf("\n%s: %d passed, %d failed, %d not checked\n", failed == 0 ? "GO" : "NO-GO",
           count_of(preflight, CHECK_PASS), failed, unknown);
}

static int look(struct cli *cli)
{
    struct preflight *preflight = ARENA_NEW(cli->arena, struct preflight);
    const struct http_client_options http = {.clock = cli->clock};
    struct err_detail detail = {""};
    preflight->cli = cli;
    preflight->now_ms = clock_now_ms(cli->clock);
    enum err error = http_client_new(&http, &preflight->client, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    preflight_database(preflight);
    preflight_exposure(preflight);
    preflight_telegram(preflight);
    preflight_email(preflight);
    preflight_keys(preflight);
    preflight_alerts(preflight);
    preflight_figures(preflight);
    preflight_clock(preflight);
    preflight_records(preflight);
    if (cli->json) {
        print_json(preflight);
    } else {
        print_table(preflight);
    }
    http_client_free(preflight->client);
    catalog_free(preflight->catalog);
    store_close(preflight->store);
    return count_of(preflight, CHECK_FAIL) == 0 ? CLI_OK : CLI_NO;
}

static int confirm(struct cli *cli, struct str name, const char *by)
{
    const struct manual_item *item = manual_items();
    struct err_detail detail = {""};
    while (item->name != NULL && !str_is(name, item->name)) {
        item++;
    }
    if (item->name == NULL) {
        return cli_usage(cli, "expected confirm team-briefed or confirm tests-green");
    }
    if (by == NULL || str_trim(str_of(by)).length == 0 || str_of(by).length > NAME_BYTES_MAX) {
        return cli_usage(cli, "confirm wants who signs: --by NAME, of at most 64 bytes");
    }
    json_t *value = json_pack("{s:s}", "by", by);
    if (value == NULL) {
        return cli_usage(cli, "--by is no text in UTF-8");
    }
    json_object_set_new(value, "build", json_str(build_name(cli->arena)));
    enum err error = preflight_record(cli, item->name, value, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    if (cli->json) {
        cli_print_json(json_pack("{s:s, s:s}", "name", item->name, "by", by));
    } else {
        printf("%s: signed by %s (%s)\n", item->name, by, item->means);
    }
    return CLI_OK;
}

int cmd_preflight(int argc, char **argv)
{
    const char *by = NULL;
    const struct option_row rows[] = {{"by", 0, "NAME", "confirm: who signs", NULL, &by}, {0}};
    struct cli cli;
    struct arguments arguments;
    int status =
        arguments_begin(&cli, rows, "\nconfirm ITEM --by NAME", text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    if (arguments.word_count == 0 && by == NULL) {
        status = look(&cli);
    } else if (arguments.word_count == 2 && arguments_is(&arguments, 0, "confirm")) {
        status = confirm(&cli, arguments_word(&arguments, 1), by);
    } else {
        status = cli_usage(&cli, "expected nothing, or confirm ITEM --by NAME");
    }
    return cli_end(&cli, status);
}
