/* The page: what was rehearsed, figures, steps, messages, the channel's limit, people. */
#include "sim/report_html.h"

#include <inttypes.h>
#include <math.h>

#include "base/calendar.h"
#include "core/delivery.h"
#include "sim/chart.h"

enum { ROWS_MAX = 64, LABEL_BYTES = 128 };

static const char style[] =
    ":root{color-scheme:light dark;--page:#fff;--ink:#1c2430;--soft:#5b6675;--line:#d9dee6;"
    "--s1:#2f6fdb;--s2:#d9730d;--target:#b3261e}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#12161d;--ink:#e8ecf2;--soft:#a3aebd;"
    "--line:#323a46;--s1:#7aa7ff;--s2:#ffb067;--target:#ff8a80}}\n"
    "*{box-sizing:border-box}body{margin:0 auto;max-width:860px;padding:24px 16px 64px;"
    "background:var(--page);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\n"
    "h1{font-size:1.6rem;margin:.2em 0}h2{font-size:1.15rem;margin:2.2em 0 .6em}\n"
    ".note{border-left:4px solid var(--s2);padding:.5em 1em;margin:1em 0}\n"
    ".facts,figcaption{color:var(--soft)}figure{margin:0}svg{width:100%;height:auto;"
    "display:block}\n"
    "table{border-collapse:collapse;width:100%;font-size:.85rem}th,td{text-align:right;white-space:"
    "nowrap;"
    "padding:.3em .6em;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}\n"
    "th:first-child,td:first-child{text-align:left;font-weight:400}thead th{font-weight:600}\n"
    ".wide{overflow-x:auto}details{margin:.6em 0}summary{cursor:pointer;color:var(--soft)}\n"
    "svg text{fill:var(--ink);font:11.5px system-ui,sans-serif}svg .label{text-anchor:end}\n"
    "svg .axis{text-anchor:end;fill:var(--soft)}svg .day{fill:var(--soft)}\n"
    ".s1{fill:var(--s1)}.s2{fill:var(--s2)}.l1,.l2{fill:none;stroke-width:1.2}"
    ".l1{stroke:var(--s1)}.l2{stroke:var(--s2)}\n"
    ".interval{stroke:var(--ink);stroke-width:2}.target{stroke:var(--target);stroke-width:2;"
    "stroke-dasharray:3 2}.grid{stroke:var(--line)}\n"
    ".key{display:flex;gap:1.5em;flex-wrap:wrap;margin:.4em 0}.key span::before{content:\"\";"
    "display:inline-block;width:.9em;height:.9em;border-radius:2px;margin-right:.4em;"
    "background:var(--c)}.k1{--c:var(--s1)}.k2{--c:var(--s2)}.kt{--c:var(--target)}\n";

/* ---- pieces
 * ----------------------------------------------------------------------------------------- */

static void heading(FILE *out, const char *text)
{
    fputs("<h2>", out);
    chart_text(out, text);
    fputs("</h2>\n", out);
}

/* Which colour is which side. */
static void key(FILE *out, const struct sim_side *sides, int count, bool has_target)
{
    fputs("<p class=\"key\">", out);
    for (int i = 0; i < count; i++) {
        fprintf(out, "<span class=\"k%d\">", i + 1);
        chart_text(out, sides[i].name);
        fputs("</span>", out);
    }
    fputs(has_target ? "<span class=\"kt\">target</span></p>\n" : "</p>\n", out);
}

static void cell(FILE *out, bool is_heading, const char *text)
{
    fprintf(out, "<%s>", is_heading ? "th" : "td");
    chart_text(out, text);
    fprintf(out, "</%s>", is_heading ? "th" : "td");
}

static void table_begin(FILE *out, const char *first, const struct sim_side *sides, int count,
                        const char *const *more, int more_count)
{
    /* Narrow screens scroll it, also by the keyboard. */
    fputs("<div class=\"wide\" tabindex=\"0\" role=\"group\" aria-label=\"", out);
    chart_text(out, first);
    fputs("\"><table><thead><tr>", out);
    cell(out, true, first);
    for (int i = 0; i < count; i++) {
        cell(out, true, sides[i].name);
    }
    for (int i = 0; i < more_count; i++) {
        cell(out, true, more[i]);
    }
    fputs("</tr></thead><tbody>\n", out);
}

static void table_end(FILE *out)
{
    fputs("</tbody></table></div>\n", out);
}

static void rate_cell(FILE *out, const struct rate *rate)
{
    if (rate->n == 0) {
        fputs("<td>–</td>", out);
        return;
    }
    fprintf(out, "<td>%.1f %% (%.1f – %.1f)</td>", rate->percent, rate->low, rate->high);
}

static void bar_of(struct chart_bar *bar, int series, const struct rate *rate)
{
    bar->value[series] = rate->percent;
    bar->low[series] = rate->low;
    bar->high[series] = rate->high;
}

/* ---- figures
 * ---------------------------------------------------------------------------------------- */

static void write_figures(FILE *out, const struct sim_side *sides, int count)
{
    struct sim_figure figures[2][SIM_FIGURES] = {0};
    struct chart_bar bars[SIM_FIGURES];
    for (int i = 0; i < count; i++) {
        sim_figures(sides[i].result, figures[i]);
    }
    for (int i = 0; i < SIM_FIGURES; i++) {
        bars[i] = (struct chart_bar){.label = figures[0][i].label, .target = figures[0][i].target};
        for (int side = 0; side < count; side++) {
            bar_of(&bars[i], side, &figures[side][i].rate);
        }
    }
    heading(out, "What people did");
    key(out, sides, count, true);
    chart_bars(out, &(struct chart_bars){.title = "Shares",
                                         .description = "the table below has the same numbers",
                                         .unit = "%",
                                         .most = 100,
                                         .decimals = 1,
                                         .bars = bars,
                                         .bar_count = SIM_FIGURES,
                                         .series_count = count});
    static const char *const more[] = {"target", "difference in points"};
    table_begin(out, "share (95 % interval)", sides, count, more, count);
    for (int i = 0; i < SIM_FIGURES; i++) {
        fputs("<tr>", out);
        cell(out, true, figures[0][i].label);
        for (int side = 0; side < count; side++) {
            rate_cell(out, &figures[side][i].rate);
        }
        if (isnan(figures[0][i].target)) {
            fputs("<td></td>", out);
        } else {
            fprintf(out, "<td>%g %%</td>", figures[0][i].target);
        }
        if (count == 2) {
            struct sim_difference found = sim_difference(&figures[0][i].rate, &figures[1][i].rate);
            isnan(found.points) ? fputs("<td>–</td>", out)
                                : fprintf(out, "<td>%+.1f (%+.1f – %+.1f)</td>", found.points,
                                          found.low, found.high);
        }
        fputs("</tr>\n", out);
    }
    table_end(out);
}

static void write_numbers(FILE *out, const struct sim_side *sides, int count)
{
    struct sim_number numbers[2][SIM_NUMBERS] = {0};
    for (int i = 0; i < count; i++) {
        sim_numbers(sides[i].result, numbers[i]);
    }
    table_begin(out, "number", sides, count, NULL, 0);
    for (int i = 0; i < SIM_NUMBERS; i++) {
        fputs("<tr>", out);
        cell(out, true, numbers[0][i].label);
        for (int side = 0; side < count; side++) {
            const struct sim_number *number = &numbers[side][i];
            isnan(number->value) ? fputs("<td>–</td>", out)
                                 : fprintf(out, "<td>%.*f</td>", number->decimals, number->value);
        }
        fputs("</tr>\n", out);
    }
    table_end(out);
}

/* ---- steps
 * ------------------------------------------------------------------------------------------ */

static void step_row(FILE *out, const struct sim_side *side, int journey, int index,
                     const char *label)
{
    const struct step_tally *tally = &side->result->tally.journeys[journey].steps[index];
    struct rate rate = sim_step_rate(side, journey, index);
    double target = catalog_journey_at(side->catalog, journey)->steps[index].target;
    fputs("<tr>", out);
    cell(out, true, label);
    fprintf(out, "<td>%" PRId64 "</td>", tally->sent);
    rate_cell(out, &rate);
    target > 0 ? fprintf(out, "<td>%g %%</td>", target) : fputs("<td></td>", out);
    fprintf(out, "<td>%" PRId64 "</td><td>%" PRId64 "</td><td>%" PRId64 "</td></tr>\n",
            tally->assisted, tally->recoveries, tally->skipped);
}

static void write_steps(FILE *out, const struct sim_side *side, int series)
{
    struct chart_bar bars[ROWS_MAX];
    char labels[ROWS_MAX][LABEL_BYTES];
    int count = 0;
    fputs("<h2>Steps: ", out);
    chart_text(out, side->name);
    fputs("</h2>\n<details><summary>As a table</summary>\n", out);
    static const char *const more[] = {
        "sent", "completed (95 % interval)", "target", "of these assisted", "recovery", "skipped"};
    table_begin(out, "step", side, 0, more, 6);
    for (int i = 0; i < catalog_journey_count(side->catalog); i++) {
        const struct journey *journey = catalog_journey_at(side->catalog, i);
        for (int step = 0; sim_is_shown(side, i) && step < journey->step_count; step++) {
            char label[LABEL_BYTES];
            snprintf(label, sizeof(label), "%.*s: %.*s", STR_ARG(journey->name),
                     STR_ARG(journey->steps[step].id));
            step_row(out, side, i, step, label);
            struct rate rate = sim_step_rate(side, i, step);
            if (rate.n == 0 || count == ROWS_MAX) {
                continue;
            }
            double target = journey->steps[step].target;
            snprintf(labels[count], LABEL_BYTES, "%s", label);
            bars[count] = (struct chart_bar){.label = labels[count],
                                             .value = {NAN, NAN},
                                             .target = target > 0 ? target : (double)NAN};
            bar_of(&bars[count++], series, &rate);
        }
    }
    table_end(out);
    fputs("</details>\n", out);
    chart_bars(out, &(struct chart_bars){.title = "Steps completed of those sent",
                                         .description = "the table above has the same numbers",
                                         .unit = "%",
                                         .most = 100,
                                         .decimals = 1,
                                         .bars = bars,
                                         .bar_count = count,
                                         .series_first = series,
                                         .series_count = series + 1});
}

/* ---- messages and people
 * ---------------------------------------------------------------------------- */

struct count_row {
    const char *label;
    size_t offset; /* of an int64_t in struct tally */
};

static int64_t count_of(const struct sim_side *side, const struct count_row *row)
{
    return *(const int64_t *)((const char *)&side->result->tally + row->offset);
}

static void write_counts(FILE *out, const char *first, const struct count_row *rows,
                         size_t row_count, const struct sim_side *sides, int count)
{
    table_begin(out, first, sides, count, NULL, 0);
    for (size_t i = 0; i < row_count; i++) {
        fputs("<tr>", out);
        cell(out, true, rows[i].label);
        for (int side = 0; side < count; side++) {
            fprintf(out, "<td>%" PRId64 "</td>", count_of(&sides[side], &rows[i]));
        }
        fputs("</tr>\n", out);
    }
    table_end(out);
}

static void write_messages(FILE *out, const struct sim_side *sides, int count)
{
    static const struct count_row rows[] = {
        {"replies to what they did", offsetof(struct tally, messages[CLASS_REPLY])},
        {"of onboarding", offsetof(struct tally, messages[CLASS_ONBOARDING])},
        {"about a commitment", offsetof(struct tally, messages[CLASS_FOLLOWUP])},
        {"begun by us", offsetof(struct tally, messages[CLASS_NUDGE])},
        {"held for quiet hours", offsetof(struct tally, held[HELD_QUIET])},
        {"held for caps", offsetof(struct tally, held[HELD_CAP])},
        {"not sent: caps", offsetof(struct tally, unsent[UNSENT_CAP])},
        {"not sent: blocked or stopped", offsetof(struct tally, unsent[UNSENT_UNREACHABLE])},
        {"not sent: answered before", offsetof(struct tally, unsent[UNSENT_RUN_ENDED])},
        {"not sent: too late", offsetof(struct tally, unsent[UNSENT_LATE])},
        {"not sent: other reasons", offsetof(struct tally, unsent[UNSENT_OTHER])},
    };
    struct chart_bar bars[CLASS_NUDGE + 1];
    double most = 1;
    for (int i = 0; i <= CLASS_NUDGE; i++) {
        bars[i] = (struct chart_bar){
            .label = rows[i].label, .low = {NAN, NAN}, .high = {NAN, NAN}, .target = NAN};
        for (int side = 0; side < count; side++) {
            const struct tally *tally = &sides[side].result->tally;
            bars[i].value[side] = (double)tally->messages[i] / (double)tally->people;
            most = bars[i].value[side] > most ? bars[i].value[side] : most;
        }
    }
    heading(out, "Messages a person gets");
    key(out, sides, count, false);
    chart_bars(out, &(struct chart_bars){.title = "Messages a person gets, by kind",
                                         .description = "the table below has the counts",
                                         .unit = "",
                                         .most = most,
                                         .decimals = 1,
                                         .bars = bars,
                                         .bar_count = CLASS_NUDGE + 1,
                                         .series_count = count});
    write_counts(out, "messages", rows, sizeof(rows) / sizeof(rows[0]), sides, count);
}

static void write_standing(FILE *out, const struct sim_side *sides, int count)
{
    static const struct count_row rows[] = {
        {"something is planned", offsetof(struct tally, waiting)},
        {"blocked or stopped", offsetof(struct tally, unreachable)},
        {"silent, brought back as often as allowed", offsetof(struct tally, at_rest)},
        {"without a next step (must be none)", offsetof(struct tally, without_next)},
        {"with a broken invariant (must be none)", offsetof(struct tally, broken)},
    };
    heading(out, "How people stand at the end");
    write_counts(out, "people", rows, sizeof(rows) / sizeof(rows[0]), sides, count);
}

static void write_personas(FILE *out, const struct sim_about *about, const struct sim_side *sides,
                           int count)
{
    heading(out, "Who they are");
    table_begin(out, "persona: made a commitment", sides, count, NULL, 0);
    for (int i = 0; i < about->people->persona_count; i++) {
        char label[LABEL_BYTES];
        snprintf(label, sizeof(label), "%.*s (%" PRId64 " people)",
                 STR_ARG(about->people->personas[i].id), sides[0].result->tally.personas[i].people);
        fputs("<tr>", out);
        cell(out, true, label);
        for (int side = 0; side < count; side++) {
            const struct persona_tally *tally = &sides[side].result->tally.personas[i];
            struct rate rate = rate_of(tally->converted, tally->people);
            rate_cell(out, &rate);
        }
        fputs("</tr>\n", out);
    }
    table_end(out);
}

/* ---- the channel's limit
 * ---------------------------------------------------------------------------- */

static void instant(FILE *out, int64_t at_ms)
{
    struct local_time at = calendar_local(zone_utc(), at_ms);
    fprintf(out, "%04d-%02d-%02d %02d:%02d UTC", at.year, at.month, at.day, at.hour, at.minute);
}

static void write_load_of(FILE *out, const struct sim_side *side)
{
    const struct sim_load *load = &side->result->load;
    fputs("<li>", out);
    chart_text(out, side->name);
    fprintf(out, ": busiest hour %" PRId64 " messages (", load->busiest_hour_count);
    instant(out, load->busiest_hour_ms);
    if (load->seconds_over == 0) {
        fputs("); the limit is never reached.</li>\n", out);
        return;
    }
    fprintf(out, "). In %" PRId64 " %s more became due than the limit, at worst %" PRId64 " (",
            load->seconds_over, load->seconds_over == 1 ? "second" : "seconds",
            load->busiest_second_count);
    instant(out, load->busiest_second_ms);
    fprintf(out,
            "); paced, %" PRId64 " messages leave later than they could, the longest queue takes "
            "%" PRId64 " s.</li>\n",
            load->delayed, load->longest_wait_s);
}

static void write_load(FILE *out, const struct sim_side *sides, int count)
{
    struct chart_hours chart = {.title = "Messages by the hour",
                                .description = "the busiest ones are named below",
                                .hour_count = sides[0].result->load.hour_count,
                                .series_count = count};
    for (int i = 0; i < count; i++) {
        chart.counts[i] = sides[i].result->load.by_hour;
    }
    heading(out, "Messages by the hour, and the channel's limit");
    key(out, sides, count, false);
    chart_hours(out, &chart);
    fprintf(out, "<p>The limit is %g messages a second.</p><ul>\n",
            sides[0].result->load.limit_per_second);
    for (int i = 0; i < count; i++) {
        write_load_of(out, &sides[i]);
    }
    fputs("</ul>\n", out);
}

/* ---- a replay
 * ---------------------------------------------------------------------------------------- */

static void write_replay(FILE *out, const struct sim_replay *replay, const struct tally *tally)
{
    fprintf(out, "%" PRId64 " people of the store, from ", tally->people);
    instant(out, replay->from_ms);
    fputs(" to ", out);
    instant(out, replay->until_ms);
    fprintf(out,
            "; really sent in that time: %" PRId64 " replies, %" PRId64 " of onboarding, %" PRId64
            " about a commitment, %" PRId64 " begun by us",
            replay->really_sent[CLASS_REPLY], replay->really_sent[CLASS_ONBOARDING],
            replay->really_sent[CLASS_FOLLOWUP], replay->really_sent[CLASS_NUDGE]);
}

static void write_replayed(FILE *out, const struct sim_side *sides, int count)
{
    static const struct count_row rows[] = {
        {"things that people did", offsetof(struct tally, deeds)},
        {"of these about what did not come about", offsetof(struct tally, deeds_lost)},
        {"people left out: not enough is kept", offsetof(struct tally, left_out)},
    };
    heading(out, "What was played");
    write_counts(out, "played", rows, sizeof(rows) / sizeof(rows[0]), sides, count);
}

/* ---- the page
 * ---------------------------------------------------------------------------------------- */

void sim_html(FILE *out, const struct sim_about *about, const struct sim_side *sides, int count)
{
    fputs("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'unsafe-inline'\">\n<title>Rehearsal of journeys</title>\n<style>\n",
          out);
    fputs(style, out);
    fputs("</style></head><body><main>\n<h1>", out);
    fputs(about->replay != NULL ? "Replay: " : "Rehearsal: ", out);
    for (int i = 0; i < count; i++) {
        fputs(i > 0 ? " and " : "", out);
        chart_text(out, sides[i].name);
    }
    fputs("</h1>\n<p class=\"facts\">", out);
    if (about->replay != NULL) {
        write_replay(out, about->replay, &sides[0].result->tally);
    } else {
        fprintf(out, "%" PRId64 " made-up people (%.*s), each for %d days, seed %" PRIu64,
                about->users, STR_ARG(about->people->name), about->days, about->seed);
    }
    fputs("</p>\n<p class=\"note\" role=\"note\">", out);
    chart_text(out, sim_note(about));
    fputs("</p>\n", out);
    write_figures(out, sides, count);
    write_numbers(out, sides, count);
    for (int i = 0; i < count; i++) {
        write_steps(out, &sides[i], i);
    }
    write_messages(out, sides, count);
    write_load(out, sides, count);
    write_standing(out, sides, count);
    if (about->replay == NULL) {
        write_personas(out, about, sides, count);
    } else {
        write_replayed(out, sides, count);
    }
    fputs("</main></body></html>\n", out);
}
