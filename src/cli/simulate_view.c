/* Tables of a rehearsal: figures, steps, messages, the channel's limit, how people stand. */
#include "cli/simulate_view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/text.h"

enum { CELLS_MAX = 8 };

/* A row with one cell for each side. */
struct row {
    const char *cells[CELLS_MAX];
    int count;
};

static void cell(struct row *row, const char *text)
{
    row->cells[row->count++] = text;
}

/* ---- words
 * ------------------------------------------------------------------------------------------ */

static const char *decimal(struct cli *cli, double value, int decimals)
{
    return isnan(value) ? "–" : arena_printf(cli->arena, "%.*f", decimals, value).ptr;
}

static const char *grouped(struct cli *cli, int64_t value)
{
    return text_number(cli->arena, "en", (double)value, 0).ptr;
}

/* "27.8 % (27.5 – 28.1)" */
static const char *share(struct cli *cli, const struct rate *rate)
{
    if (rate->n == 0) {
        return "–";
    }
    return arena_printf(cli->arena, "%s %% (%s – %s)", decimal(cli, rate->percent, 1),
                        decimal(cli, rate->low, 1), decimal(cli, rate->high, 1))
        .ptr;
}

static const char *difference(struct cli *cli, const struct rate *a, const struct rate *b)
{
    struct sim_difference found = sim_difference(a, b);
    if (isnan(found.points)) {
        return "–";
    }
    return arena_printf(cli->arena, "%+.1f (%+.1f – %+.1f)", found.points, found.low, found.high)
        .ptr;
}

static const char *target(struct cli *cli, double value)
{
    return isnan(value) || value <= 0 ? "" : arena_printf(cli->arena, "%g %%", value).ptr;
}

static const char *when(struct cli *cli, int64_t at_ms)
{
    struct local_time at = calendar_local(zone_utc(), at_ms);
    return arena_printf(cli->arena, "%04d-%02d-%02d %02d:%02d UTC", at.year, at.month, at.day,
                        at.hour, at.minute)
        .ptr;
}

static struct table *begin(struct cli *cli, const char *first, const struct sim_side *sides,
                           int count, const char *third, const char *last)
{
    struct row headings = {0};
    cell(&headings, first);
    for (int i = 0; i < count; i++) {
        cell(&headings, sides[i].name);
    }
    if (count == 2 && third != NULL) {
        cell(&headings, third);
    }
    if (last != NULL) {
        cell(&headings, last);
    }
    printf("\n");
    return table_new(cli->arena, headings.count, headings.cells);
}

/* ---- figures
 * ---------------------------------------------------------------------------------------- */

static void print_figures(struct cli *cli, const struct sim_side *sides, int count)
{
    struct table *table = begin(cli, "share", sides, count, "difference in points", "target");
    struct sim_figure figures[2][SIM_FIGURES] = {0};
    for (int i = 0; i < count; i++) {
        sim_figures(sides[i].result, figures[i]);
    }
    for (int figure = 0; figure < SIM_FIGURES; figure++) {
        struct row row = {0};
        cell(&row, figures[0][figure].label);
        for (int i = 0; i < count; i++) {
            cell(&row, share(cli, &figures[i][figure].rate));
        }
        if (count == 2) {
            cell(&row, difference(cli, &figures[0][figure].rate, &figures[1][figure].rate));
        }
        cell(&row, target(cli, figures[0][figure].target));
        table_row(table, row.cells);
    }
    table_print(table);
}

static void print_numbers(struct cli *cli, const struct sim_side *sides, int count)
{
    struct table *table = begin(cli, "number", sides, count, NULL, NULL);
    struct sim_number numbers[2][SIM_NUMBERS] = {0};
    for (int i = 0; i < count; i++) {
        sim_numbers(sides[i].result, numbers[i]);
    }
    for (int number = 0; number < SIM_NUMBERS; number++) {
        struct row row = {0};
        cell(&row, numbers[0][number].label);
        for (int i = 0; i < count; i++) {
            cell(&row, decimal(cli, numbers[i][number].value, numbers[i][number].decimals));
        }
        table_row(table, row.cells);
    }
    table_print(table);
}

/* ---- steps
 * ------------------------------------------------------------------------------------------ */

static void print_steps(struct cli *cli, const struct sim_side *side)
{
    const char *headings[] = {"step",     "sent",     "completed", "target",
                              "assisted", "recovery", "skipped"};
    printf("\nsteps, %s\n", side->name);
    struct table *table = table_new(cli->arena, 7, headings);
    table_right(table, 1);
    for (int i = 4; i < 7; i++) {
        table_right(table, i);
    }
    for (int i = 0; i < catalog_journey_count(side->catalog); i++) {
        const struct journey *journey = catalog_journey_at(side->catalog, i);
        for (int step = 0; sim_is_shown(side, i) && step < journey->step_count; step++) {
            const struct step_tally *tally = &side->result->tally.journeys[i].steps[step];
            struct rate rate = sim_step_rate(side, i, step);
            const char *cells[] = {arena_printf(cli->arena, "%.*s/%.*s", STR_ARG(journey->name),
                                                STR_ARG(journey->steps[step].id))
                                       .ptr,
                                   grouped(cli, tally->sent),
                                   share(cli, &rate),
                                   target(cli, journey->steps[step].target),
                                   grouped(cli, tally->assisted),
                                   grouped(cli, tally->recoveries),
                                   grouped(cli, tally->skipped)};
            table_row(table, cells);
        }
    }
    table_print(table);
}

/* ---- messages and people
 * ---------------------------------------------------------------------------- */

struct count_row {
    const char *label;
    int64_t values[2];
};

static void print_counts(struct cli *cli, const char *what, const struct count_row *rows,
                         size_t row_count, const struct sim_side *sides, int count)
{
    struct table *table = begin(cli, what, sides, count, NULL, NULL);
    for (int i = 1; i <= count; i++) {
        table_right(table, i);
    }
    for (size_t r = 0; r < row_count; r++) {
        struct row row = {0};
        cell(&row, rows[r].label);
        for (int i = 0; i < count; i++) {
            cell(&row, grouped(cli, rows[r].values[i]));
        }
        table_row(table, row.cells);
    }
    table_print(table);
}

#define COUNT_ROW(label, of)                                                                       \
    {                                                                                              \
        label,                                                                                     \
        {                                                                                          \
            first->of, second->of                                                                  \
        }                                                                                          \
    }

static void print_messages(struct cli *cli, const struct sim_side *sides, int count)
{
    const struct tally *first = &sides[0].result->tally;
    const struct tally *second = &sides[count - 1].result->tally;
    const struct count_row rows[] = {
        COUNT_ROW("replies to what they did", messages[CLASS_REPLY]),
        COUNT_ROW("of onboarding", messages[CLASS_ONBOARDING]),
        COUNT_ROW("about a commitment", messages[CLASS_FOLLOWUP]),
        COUNT_ROW("begun by us", messages[CLASS_NUDGE]),
        COUNT_ROW("held for quiet hours", held[HELD_QUIET]),
        COUNT_ROW("held for caps", held[HELD_CAP]),
        COUNT_ROW("not sent: caps", unsent[UNSENT_CAP]),
        COUNT_ROW("not sent: blocked or stopped", unsent[UNSENT_UNREACHABLE]),
        COUNT_ROW("not sent: answered before", unsent[UNSENT_RUN_ENDED]),
        COUNT_ROW("not sent: too late", unsent[UNSENT_LATE]),
        COUNT_ROW("not sent: other reasons", unsent[UNSENT_OTHER]),
    };
    print_counts(cli, "messages", rows, sizeof(rows) / sizeof(rows[0]), sides, count);
}

static void print_standing(struct cli *cli, const struct sim_side *sides, int count)
{
    const struct tally *first = &sides[0].result->tally;
    const struct tally *second = &sides[count - 1].result->tally;
    const struct count_row rows[] = {
        COUNT_ROW("something is planned", waiting),
        COUNT_ROW("blocked or stopped", unreachable),
        COUNT_ROW("silent, brought back as often as allowed", at_rest),
        COUNT_ROW("without a next step (must be none)", without_next),
        COUNT_ROW("with a broken invariant (must be none)", broken),
    };
    print_counts(cli, "people at the end", rows, sizeof(rows) / sizeof(rows[0]), sides, count);
}

static void print_replayed(struct cli *cli, const struct sim_side *sides, int count)
{
    const struct tally *first = &sides[0].result->tally;
    const struct tally *second = &sides[count - 1].result->tally;
    const struct count_row rows[] = {
        COUNT_ROW("things that people did", deeds),
        COUNT_ROW("of these about what did not come about", deeds_lost),
        COUNT_ROW("people left out: not enough is kept", left_out),
    };
    print_counts(cli, "played", rows, sizeof(rows) / sizeof(rows[0]), sides, count);
}

static void print_about(struct cli *cli, const struct sim_about *about,
                        const struct sim_side *sides)
{
    const struct sim_replay *replay = about->replay;
    if (replay == NULL) {
        printf("%s people (%.*s), %d days each, seed %llu\n", grouped(cli, about->users),
               STR_ARG(about->people->name), about->days, (unsigned long long)about->seed);
        return;
    }
    printf("%s people of the store, from %s to %s\n", grouped(cli, sides[0].result->tally.people),
           when(cli, replay->from_ms), when(cli, replay->until_ms));
    printf(
        "Really sent in that time: %s replies, %s of onboarding, %s about a commitment, %s begun "
        "by us.\n",
        grouped(cli, replay->really_sent[CLASS_REPLY]),
        grouped(cli, replay->really_sent[CLASS_ONBOARDING]),
        grouped(cli, replay->really_sent[CLASS_FOLLOWUP]),
        grouped(cli, replay->really_sent[CLASS_NUDGE]));
    if (replay->until_ms > replay->now_ms) {
        printf("From %s on nobody does anything: that is yet to come.\n",
               when(cli, replay->now_ms));
    }
}

static void print_load(struct cli *cli, const struct sim_side *side)
{
    const struct sim_load *load = &side->result->load;
    printf("\n%s, the channel's limit of %g messages a second: ", side->name,
           load->limit_per_second);
    if (load->seconds_over == 0) {
        printf("never reached; busiest second %s, busiest hour %s messages (%s)\n",
               grouped(cli, load->busiest_second_count), grouped(cli, load->busiest_hour_count),
               when(cli, load->busiest_hour_ms));
        return;
    }
    printf("storms. In %s %s more became due;\n"
           "the worst: %s messages due in one second (%s).\n"
           "Paced, %s messages leave later than they could, the longest queue takes %s s (%s).\n"
           "Busiest hour: %s messages (%s).\n",
           grouped(cli, load->seconds_over), load->seconds_over == 1 ? "second" : "seconds",
           grouped(cli, load->busiest_second_count), when(cli, load->busiest_second_ms),
           grouped(cli, load->delayed), grouped(cli, load->longest_wait_s),
           when(cli, load->longest_wait_at_ms), grouped(cli, load->busiest_hour_count),
           when(cli, load->busiest_hour_ms));
}

void simulate_print(struct cli *cli, const struct sim_about *about, const struct sim_side *sides,
                    int count, const struct sim_run_facts *facts)
{
    print_about(cli, about, sides);
    printf("%s\n", sim_note(about));
    print_figures(cli, sides, count);
    print_numbers(cli, sides, count);
    for (int i = 0; i < count; i++) {
        print_steps(cli, &sides[i]);
    }
    print_messages(cli, sides, count);
    if (about->replay != NULL) {
        print_replayed(cli, sides, count);
    }
    print_standing(cli, sides, count);
    for (int i = 0; i < count; i++) {
        print_load(cli, &sides[i]);
    }
    printf("\n%s decisions in %.1f s (%.1f CPU seconds: %s a CPU second), %d threads, %.1f MB\n",
           grouped(cli, facts->decisions), facts->seconds, facts->cpu_seconds,
           grouped(cli, (int64_t)((double)facts->decisions / facts->cpu_seconds)), facts->threads,
           (double)facts->memory_bytes / 1e6);
}
