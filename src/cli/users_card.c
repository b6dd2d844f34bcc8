/* The card of one person (users_card.h). It works on the JSON that --json prints, so both say the
 * same. */
#include "cli/users_card.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/delivery.h"

static const char *text_of(struct cli *cli, const json_t *row, const char *key)
{
    struct str text = json_get_str(row, key);
    return arena_printf(cli->arena, "%.*s", STR_ARG(text)).ptr;
}

static const char *when(struct cli *cli, const json_t *row, const char *key)
{
    return cli_when(cli, json_get_int(row, key, 0));
}

static void print_runs(struct cli *cli, const json_t *runs)
{
    static const char *const headings[] = {"run",  "journey", "outcome", "phase",
                                           "step", "entered", "ended",   "next"};
    struct table *table = table_new(cli->arena, 8, headings);
    size_t index;
    const json_t *run;
    table_right(table, 4);
    json_array_foreach(runs, index, run)
    {
        const char *cells[] = {
            text_of(cli, run, "id"),
            text_of(cli, run, "journey"),
            text_of(cli, run, "outcome"),
            text_of(cli, run, "phase"),
            arena_printf(cli->arena, "%" PRId64, json_get_int(run, "step", 0)).ptr,
            when(cli, run, "entered_at_ms"),
            when(cli, run, "ended_at_ms"),
            when(cli, run, "next_at_ms")};
        table_row(table, cells);
    }
    if (json_array_size(runs) > 0) {
        printf("\n");
        table_print(table);
    }
}

static void print_commitments(struct cli *cli, const json_t *commitments)
{
    static const char *const headings[] = {"commitment", "state", "made",
                                           "planned",    "done",  "text"};
    struct table *table = table_new(cli->arena, 6, headings);
    size_t index;
    const json_t *commitment;
    json_array_foreach(commitments, index, commitment)
    {
        const char *cells[] = {
            text_of(cli, commitment, "id"),           text_of(cli, commitment, "state"),
            when(cli, commitment, "created_at_ms"),   when(cli, commitment, "planned_at_ms"),
            when(cli, commitment, "completed_at_ms"), text_of(cli, commitment, "text")};
        table_row(table, cells);
    }
    if (json_array_size(commitments) > 0) {
        printf("\n");
        table_print(table);
    }
}

static void print_timeline(struct cli *cli, const json_t *timeline)
{
    static const char *const headings[] = {"when", "what", "journey", "step", "why"};
    struct table *table = table_new(cli->arena, 5, headings);
    size_t index;
    const json_t *event;
    json_array_foreach(timeline, index, event)
    {
        const char *cells[] = {when(cli, event, "at_ms"), text_of(cli, event, "type"),
                               text_of(cli, event, "journey"), text_of(cli, event, "step"),
                               text_of(cli, event, "rule")};
        table_row(table, cells);
    }
    if (json_array_size(timeline) > 0) {
        printf("\n");
        table_print(table);
    }
}

/* What keeps messages from the person, if anything does. */
static void print_holds(struct cli *cli, const json_t *person)
{
    static const struct {
        const char *key;
        const char *words;
    } holds[] = {
        {"crisis_hold", "held after words of crisis, until somebody lifts it"},
        {"is_held", "imported: gets no nudges until the stage is open"},
        {"is_test", "test person: in no figure"},
        {"is_erased", "erased"},
    };
    for (size_t i = 0; i < sizeof(holds) / sizeof(holds[0]); i++) {
        if (json_get_int(person, holds[i].key, 0) != 0) {
            printf("%s\n", holds[i].words);
        }
    }
    int64_t operators = json_get_int(person, "operator_holds", 0);
    if (json_get_int(person, "stopped", 0) != 0) {
        printf("%s\n", (operators & OPERATOR_STOPPED) != 0 ? "stopped by an operator"
                                                           : "stopped: wants no messages");
    }
    int64_t paused_until_ms = json_get_int(person, "paused_until_ms", 0);
    if (paused_until_ms > clock_now_ms(cli->clock)) {
        printf("paused until %s%s\n", cli_when(cli, paused_until_ms),
               (operators & OPERATOR_PAUSED) != 0 ? " by an operator" : "");
    }
}

void users_card_print(struct cli *cli, const json_t *person)
{
    printf("%s  (user %s)\n", text_of(cli, person, "first_name"), text_of(cli, person, "id"));
    printf("joined %s, set %s, writes by %s, %" PRId64 " commitments made, %" PRId64 " done\n",
           when(cli, person, "joined_at_ms"), text_of(cli, person, "journey_set"),
           text_of(cli, person, "channel"), json_get_int(person, "commitments_total", 0),
           json_get_int(person, "commitments_completed", 0));
    print_holds(cli, person);
    print_runs(cli, json_object_get(person, "runs"));
    print_commitments(cli, json_object_get(person, "commitments"));
    print_timeline(cli, json_object_get(person, "timeline"));
    printf("\ntimes in %s\n", cli_zone(cli));
}
