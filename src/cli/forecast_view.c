/* Reads what waits by the minute, has the forecast made, shows it. */
#include "cli/forecast_view.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/limits.h"
#include "bi/forecast.h"
#include "channel/resend.h"
#include "channel/telegram.h"

static const char *const priorities[PRIORITY_COUNT] = {"reply", "onboarding", "followup", "nudge",
                                                       "broadcast"};

/* Gives how many decisions are due, too: each may make messages that nobody knows of yet. */
static enum err read_due(struct cli *cli, struct store *store, struct forecast *forecast,
                         int64_t *ret_decisions, struct err_detail *detail)
{
    int64_t now_ms = clock_now_ms(cli->clock);
    const struct arg args[] = {ARG_INT(now_ms), ARG_INT(now_ms + DAY_MS)};
    struct rows rows = {0};
    enum err error = store_query(store, cli->arena, "forecast_due", args, 2,
                                 LINE_COUNT * FORECAST_MINUTES, &rows, detail);
    *ret_decisions = 0;
    for (int i = 0; error == OK && i < rows.count; i++) {
        const struct cell *cells = rows.cells + (ptrdiff_t)i * rows.columns;
        int64_t line = cells[0].integer;
        int64_t minute = cells[1].integer;
        if (line == 0) {
            *ret_decisions += cells[2].integer;
        }
        for (int channel = 1; channel < CHANNEL_COUNT; channel++) {
            for (int priority = 0; priority < PRIORITY_COUNT; priority++) {
                if (line == line_number((enum channel_kind)channel, (enum priority)priority) &&
                    minute >= 0 && minute < FORECAST_MINUTES) {
                    forecast->due[channel][priority][minute] += cells[2].integer;
                }
            }
        }
    }
    forecast->per_second[CHANNEL_TELEGRAM] = telegram_limits()->per_second;
    forecast->per_second[CHANNEL_EMAIL] = resend_limits()->per_second;
    return error;
}

static void print_json(const struct forecast *forecast, int64_t decisions)
{
    json_t *list = json_array();
    for (int channel = 1; channel < CHANNEL_COUNT; channel++) {
        for (int priority = 0; priority < PRIORITY_COUNT; priority++) {
            if (forecast->messages[channel][priority] > 0) {
                json_array_append_new(
                    list,
                    json_pack("{s:s, s:s, s:I, s:I, s:I}", "channel",
                              channel_kind_name((enum channel_kind)channel), "priority",
                              priorities[priority], "messages",
                              (json_int_t)forecast->messages[channel][priority], "waits_most_s",
                              (json_int_t)forecast->waits_most_s[channel][priority], "out_after_s",
                              (json_int_t)forecast->out_after_s[channel][priority]));
            }
        }
    }
    cli_print_json(json_pack("{s:o, s:I}", "lines", list, "decisions", (json_int_t)decisions));
}

static const char *span(struct arena *arena, int64_t seconds)
{
    int64_t minutes = seconds / 60;
    return minutes < 60
               ? arena_printf(arena, "%" PRId64 " min", minutes).ptr
               : arena_printf(arena, "%" PRId64 " h %" PRId64 " min", minutes / 60, minutes % 60)
                     .ptr;
}

static void print_table(struct cli *cli, const struct forecast *forecast, int64_t decisions)
{
    static const char *const headings[] = {"channel", "priority", "messages", "waits at most",
                                           "all out after"};
    struct table *table = table_new(cli->arena, 5, headings);
    table_right(table, 2);
    int64_t all = 0;
    for (int channel = 1; channel < CHANNEL_COUNT; channel++) {
        for (int priority = 0; priority < PRIORITY_COUNT; priority++) {
            int64_t messages = forecast->messages[channel][priority];
            const char *cells[] = {channel_kind_name((enum channel_kind)channel),
                                   priorities[priority],
                                   arena_printf(cli->arena, "%" PRId64, messages).ptr,
                                   span(cli->arena, forecast->waits_most_s[channel][priority]),
                                   span(cli->arena, forecast->out_after_s[channel][priority])};
            if (messages > 0) {
                table_row(table, cells);
            }
            all += messages;
        }
    }
    if (all > 0) {
        table_print(table);
        printf("\n");
    }
    printf("%" PRId64 " messages due within 24 h; %" PRId64 " decisions, which may make others\n",
           all, decisions);
}

int forecast_show(struct cli *cli)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct err_detail detail = {""};
    int64_t decisions = 0;
    struct forecast *forecast = ARENA_NEW(cli->arena, struct forecast);
    enum err error = read_due(cli, store, forecast, &decisions, &detail);
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    forecast_make(forecast);
    if (cli->json) {
        print_json(forecast, decisions);
    } else {
        print_table(cli, forecast, decisions);
    }
    return CLI_OK;
}
