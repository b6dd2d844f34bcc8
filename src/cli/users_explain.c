/* nudge users explain: the decisions about one person as a timeline (bi/explain.h), and with
 * --verify only those that come out differently. It prints from the JSON that --json gives, so both
 * say the same. */
#include "cli/users_explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/calendar.h"
#include "base/config_kinds.h"
#include "bi/explain.h"

static bool read_since(struct cli *cli, const char *text, int64_t *ret_at_ms)
{
    struct str word = str_of(text);
    int64_t back_ms;
    if (config_parse_duration(word, &back_ms)) {
        *ret_at_ms = clock_now_ms(cli->clock) - back_ms;
        return true;
    }
    return calendar_parse_iso(word, ret_at_ms) ||
           (word.length == 10 &&
            calendar_parse_iso(arena_printf(cli->arena, "%sT00:00Z", text), ret_at_ms));
}

/* ---- for people ---- */

static void print_lines(const json_t *list, const char *before)
{
    size_t index;
    const json_t *line;
    json_array_foreach(list, index, line)
    {
        printf("    %s%s\n", before, json_string_value(line));
    }
}

/* The facts of one condition stand together. */
static void print_facts(const json_t *facts)
{
    size_t index;
    const json_t *fact;
    struct str condition = STR_NONE;
    json_array_foreach(facts, index, fact)
    {
        struct str own = json_get_str(fact, "condition");
        if (!str_equal(own, condition)) {
            printf("%s    because \"%.*s\" %s: ", condition.length > 0 ? "\n" : "", STR_ARG(own),
                   json_get_bool(fact, "holds", false) ? "holds" : "does not hold");
        }
        char *value =
            json_dumps(json_object_get(fact, "value"), JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        printf("%s%s is %s", str_equal(own, condition) ? ", " : "",
               json_string_value(json_object_get(fact, "name")), value);
        free(value);
        condition = own;
    }
    if (json_array_size(facts) > 0) {
        printf("\n");
    }
}

static void print_rules(const json_t *rules)
{
    size_t index;
    const json_t *rule;
    json_array_foreach(rules, index, rule)
    {
        struct str name = json_get_str(rule, "rule");
        struct str step = json_get_str(rule, "step");
        printf("%s%.*s", index == 0 ? "    recorded: " : ", ",
               STR_ARG(json_get_str(rule, "event")));
        if (step.length > 0) {
            printf(" %.*s", STR_ARG(step));
        }
        if (name.length > 0) {
            printf(" (%.*s)", STR_ARG(name));
        }
    }
    if (json_array_size(rules) > 0) {
        printf("\n");
    }
}

static void print_decision(struct cli *cli, const json_t *decision)
{
    struct str verdict = json_get_str(decision, "verdict");
    printf("%s  %.*s\n", cli_when(cli, json_get_int(decision, "at_ms", 0)),
           STR_ARG(json_get_str(decision, "what")));
    print_lines(json_object_get(decision, "sentences"), "");
    print_facts(json_object_get(decision, "facts"));
    print_rules(json_object_get(decision, "rules"));
    if (str_is(verdict, "different")) {
        printf("    COMES OUT DIFFERENTLY NOW (decision %.*s)\n",
               STR_ARG(json_get_str(decision, "id")));
        print_lines(json_object_get(decision, "differences"), "  ");
    } else if (str_is(verdict, "unknown")) {
        printf("    cannot be made again: %.*s\n", STR_ARG(json_get_str(decision, "why")));
    }
}

static void print_timeline(struct cli *cli, const json_t *list, bool verify)
{
    size_t index;
    const json_t *decision;
    json_array_foreach(list, index, decision)
    {
        struct str verdict = json_get_str(decision, "verdict");
        if (!verify || str_is(verdict, "different") || str_is(verdict, "unknown")) {
            print_decision(cli, decision);
        }
    }
}

static void print_totals(struct cli *cli, const struct explain_totals *totals, bool verify)
{
    printf("%s%d decisions", totals->decisions > 0 ? "\n" : "", totals->decisions);
    if (verify) {
        printf(": %d come out the same, %d differently, %d cannot be made again", totals->same,
               totals->different, totals->unknown);
    }
    printf("; times in %s\n", cli_zone(cli));
}

/* ---- the command ---- */

static void print(struct cli *cli, json_t *list, const struct explain_totals *totals, bool verify)
{
    if (cli->json) {
        cli_print_json(json_pack("{s:O, s:{s:i, s:i, s:i, s:i}}", "decisions", list, "totals",
                                 "decisions", totals->decisions, "same", totals->same, "different",
                                 totals->different, "unknown", totals->unknown));
        return;
    }
    print_timeline(cli, list, verify);
    print_totals(cli, totals, verify);
}

static enum err is_anybody(struct cli *cli, struct store *store, int64_t user_id,
                           struct err_detail *detail)
{
    struct rows rows = {0};
    const struct arg args[] = {ARG_INT(user_id)};
    enum err error = store_query(store, cli->arena, "user_card", args, 1, 1, &rows, detail);
    return error != OK || rows.count > 0
               ? error
               : err_set(detail, ERR_NOT_FOUND, "there is no user %" PRId64, user_id);
}

int users_explain(struct cli *cli, struct store *store, int64_t user_id,
                  const struct users_explain_options *options)
{
    struct explain_wish wish = {.user_id = user_id};
    struct explain_totals totals = {0};
    struct err_detail detail = {""};
    json_t *list = NULL;
    if (options->since != NULL && !read_since(cli, options->since, &wish.from_ms)) {
        return cli_usage(cli,
                         "\"%s\" is neither an instant (2026-11-23T10:00Z), a date nor a "
                         "duration (7d)",
                         options->since);
    }
    if (options->message != NULL &&
        (!str_to_int64(str_of(options->message), &wish.message_id) || wish.message_id == 0)) {
        return cli_usage(cli, "\"%s\" is no message id", options->message);
    }
    enum err error = is_anybody(cli, store, user_id, &detail);
    if (error == OK) {
        error = explain_person(store, cli->arena, &wish, &list, &totals, &detail);
    }
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    print(cli, list, &totals, options->verify);
    json_decref(list);
    return options->verify && totals.different > 0 ? CLI_NO : CLI_OK;
}
