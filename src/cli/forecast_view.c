/* Has the forecast made, shows it. */
#include "cli/forecast_view.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/limits.h"
#include "bi/forecast_due.h"
#include "channel/resend.h"
#include "channel/telegram.h"

static const char *span(struct arena *arena, int64_t seconds)
{
    int64_t minutes = seconds / 60;
    return minutes < 60
               ? arena_printf(arena, "%" PRId64 " min", minutes).ptr
               : arena_printf(arena, "%" PRId64 " h %" PRId64 " min", minutes / 60, minutes % 60)
                     .ptr;
}

static void print_table(struct cli *cli, const struct forecast *forecast)
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
                                   forecast_priority((enum priority)priority),
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
           all, forecast->decisions);
}

int forecast_show(struct cli *cli)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct err_detail detail = {""};
    struct forecast *forecast = ARENA_NEW(cli->arena, struct forecast);
    forecast->per_second[CHANNEL_TELEGRAM] = telegram_limits()->per_second;
    forecast->per_second[CHANNEL_EMAIL] = resend_limits()->per_second;
    enum err error = forecast_read(store, cli->arena, clock_now_ms(cli->clock), forecast, &detail);
    store_close(store);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    forecast_make(forecast);
    if (cli->json) {
        cli_print_json(forecast_json(forecast));
    } else {
        print_table(cli, forecast);
    }
    return CLI_OK;
}
