/* The common part of the commands that ask the behaviour log. */
#include "cli/behaviour_ask.h"

#include "bi/metrics.h"

struct given {
    const struct option_row *rows;
    const struct behaviour_argument *argument;
};

static struct str given_text(void *context, const char *name)
{
    const struct given *given = context;
    if (given->argument->name != NULL && str_is(str_of(name), given->argument->name)) {
        return given->argument->text;
    }
    for (const struct option_row *row = given->rows; row->name != NULL; row++) {
        if (str_is(str_of(name), row->name)) {
            return row->flag == NULL ? str_of(*row->text) : *row->flag ? STR("true") : STR_NONE;
        }
    }
    return STR_NONE;
}

int behaviour_ask(struct cli *cli, enum asked_kind kind, const struct option_row *rows,
                  const struct behaviour_argument *argument, struct asked *ret_asked,
                  struct behaviour_log **ret_log)
{
    struct err_detail detail = {""};
    struct given given = {rows, argument};
    const struct asked_words words = {given_text, &given};
    enum err error = asked_read(cli->arena, kind, &words, ret_asked, &detail);
    if (error != OK) {
        return cli_usage(cli, "%s", detail.text);
    }
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    error = metrics_now(store, cli->arena, clock_now_ms(cli->clock), &ret_asked->common.now_ms,
                        &detail);
    if (error == OK) {
        error = behaviour_load(store, &ret_asked->wants, ret_log, &detail);
    }
    store_close(store);
    return error == OK ? CLI_OK : cli_fail(cli, error, &detail);
}

const char *behaviour_percent(struct cli *cli, const struct rate *rate)
{
    int64_t tenths = rate_tenths(rate);
    return tenths < 0 ? "–"
                      : arena_printf(cli->arena, "%lld.%lld", (long long)(tenths / 10),
                                     (long long)(tenths % 10))
                            .ptr;
}

const char *behaviour_group_name(struct cli *cli, const struct behaviour_options *options,
                                 struct str name, bool is_all)
{
    return is_all            ? (options->by != NULL ? "all" : "")
           : name.length > 0 ? arena_str(cli->arena, name).ptr
                             : "(none)";
}

const char *behaviour_number(struct cli *cli, int64_t number)
{
    return arena_printf(cli->arena, "%lld", (long long)number).ptr;
}
