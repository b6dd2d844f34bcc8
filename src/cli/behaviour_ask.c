/* The common part of the commands that ask the behaviour log. */
#include "cli/behaviour_ask.h"

#include "bi/metrics.h"

static enum err read_question(struct cli *cli, const struct behaviour_options *options,
                              struct behaviour_question *question, struct err_detail *detail)
{
    *question =
        (struct behaviour_question){.where = str_of(options->where), .by = str_of(options->by)};
    enum err error = OK;
    if (options->from != NULL) {
        error = behaviour_parse_instant(cli->arena, "from", str_of(options->from),
                                        &question->from_ms, detail);
    }
    if (error == OK && options->to != NULL) {
        error = behaviour_parse_instant(cli->arena, "to", str_of(options->to), &question->to_ms,
                                        detail);
    }
    return error;
}

int behaviour_ask(struct cli *cli, const struct behaviour_options *options,
                  const struct behaviour_text *texts, int text_count,
                  struct behaviour_question *ret_question, struct behaviour_log **ret_log)
{
    struct err_detail detail = {""};
    struct behaviour_question question;
    struct behaviour_wants wants = {.attribute_count = 0};
    enum err error = read_question(cli, options, &question, &detail);
    if (error == OK) {
        error = behaviour_wants_add(&wants, cli->arena, &question, texts, text_count, &detail);
    }
    if (error != OK) {
        return cli_usage(cli, "%s", detail.text);
    }
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    error = metrics_now(store, cli->arena, clock_now_ms(cli->clock), &question.now_ms, &detail);
    if (error == OK) {
        error = behaviour_load(store, &wants, ret_log, &detail);
    }
    store_close(store);
    *ret_question = question;
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
