/* What the database says: is it there and ours, who else may read it, what waits in it. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <sys/timex.h>

#include "base/limits.h"
#include "bi/metrics.h"
#include "bi/plan_files.h"
#include "cli/journeys_load.h"
#include "cli/preflight/preflight.h"
#include "core/delivery.h"

enum { BACKLOG_MS_MAX = 5 * 60 * 1000, CLOCK_MS_MAX = 2000, NAMES_MAX = 1000, NAMED = 5 };

static bool is_postgres(const struct preflight *preflight)
{
    return str_starts(str_of(preflight->cli->config.database_url), STR("postgres"));
}

/* ---- database, schema, rights ---- */

static void look_at_schema(struct preflight *preflight, struct store *store)
{
    struct migration_state state = {.last = ""};
    struct err_detail detail = {""};
    enum err error = store_migration_state(store, &state, &detail);
    if (error != OK) {
        preflight_line(preflight, CHECK_FAIL, "schema", "see docs/operate/postgresql.md", "%s",
                       detail.text);
    } else if (state.pending > 0) {
        preflight_line(preflight, CHECK_FAIL, "schema", "nudge migrate",
                       "%d migrations are pending", state.pending);
    } else {
        preflight_line(preflight, CHECK_PASS, "schema", "",
                       "%d migrations applied, none pending; this role may read and write",
                       state.applied);
        preflight->store = store;
    }
}

void preflight_database(struct preflight *preflight)
{
    struct cli *cli = preflight->cli;
    struct store *store = NULL;
    struct err_detail detail = {""};
    enum err error = store_open(cli->config.database_url, STORE_READER, &store, &detail);
    if (error != OK) {
        preflight_line(preflight, CHECK_FAIL, "database",
                       is_postgres(preflight) ? "DATABASE_URL" : "nudge migrate", "%s",
                       detail.text);
        preflight_line(preflight, CHECK_NOT_CHECKED, "schema", "", "the database is not reached");
        return;
    }
    preflight_line(preflight, CHECK_PASS, "database", "", "%s", store_description(store));
    look_at_schema(preflight, store);
    if (preflight->store == NULL) {
        store_close(store);
        return;
    }
    error = journeys_in_force(cli->arena, store, cli->config.journeys_dir, &preflight->catalog,
                              &detail);
    if (error != OK) {
        preflight_line(preflight, CHECK_FAIL, "journeys", "nudge journeys check", "%s",
                       detail.text);
    } else {
        preflight_line(preflight, CHECK_PASS, "journeys", "", "%d in force",
                       catalog_journey_count(preflight->catalog));
    }
}

/* ---- exposure ---- */

static struct str first_names(struct arena *arena, const struct rows *rows)
{
    struct str names = STR("");
    for (int i = 0; i < rows->count && i < NAMED; i++) {
        names = arena_printf(arena, "%.*s%s%.*s", STR_ARG(names), i == 0 ? "" : ", ",
                             STR_ARG(rows->cells[(ptrdiff_t)i * rows->columns].text));
    }
    return rows->count > NAMED
               ? arena_printf(arena, "%.*s and %d more", STR_ARG(names), rows->count - NAMED)
               : names;
}

static bool ask(struct preflight *preflight, const char *name, const char *block,
                const struct arg *args, int count, struct rows *ret_rows)
{
    struct err_detail detail = {""};
    enum err error = store_query(preflight->store, preflight->cli->arena, block, args, count,
                                 NAMES_MAX, ret_rows, &detail);
    if (error != OK) {
        preflight_line(preflight, CHECK_FAIL, name, "nudge doctor", "%s: %s", err_text(error),
                       detail.text);
    }
    return error == OK;
}

void preflight_exposure(struct preflight *preflight)
{
    struct rows open = {0};
    struct rows exposed = {0};
    if (!is_postgres(preflight) || preflight->store == NULL) {
        const char *why = is_postgres(preflight) ? "the database is not ready"
                                                 : "does not apply: the store is a file";
        preflight_line(preflight, CHECK_NOT_CHECKED, "our tables closed", "", "%s", why);
        preflight_line(preflight, CHECK_NOT_CHECKED, "other tables", "", "%s", why);
        return;
    }
    struct arena *arena = preflight->cli->arena;
    if (ask(preflight, "our tables closed", "preflight_open_tables", NULL, 0, &open)) {
        if (open.count > 0) {
            preflight_line(preflight, CHECK_FAIL, "our tables closed",
                           "docs/operate/preflight.md#closing-tables",
                           "public roles reach, or no row level security guards: %.*s",
                           STR_ARG(first_names(arena, &open)));
        } else {
            preflight_line(preflight, CHECK_PASS, "our tables closed", "",
                           "row level security everywhere, nothing for public roles");
        }
    }
    if (ask(preflight, "other tables", "preflight_exposed_tables", NULL, 0, &exposed)) {
        if (exposed.count > 0) {
            preflight_line(preflight, CHECK_NOTE, "other tables",
                           "docs/operate/preflight.md#closing-tables",
                           "not ours, and open to whoever has the public key: %.*s",
                           STR_ARG(first_names(arena, &exposed)));
        } else {
            preflight_line(preflight, CHECK_PASS, "other tables", "",
                           "none is open to public roles");
        }
    }
}

/* ---- figures ---- */

static void baseline(struct preflight *preflight)
{
    struct cli *cli = preflight->cli;
    struct err_detail detail = {""};
    const struct kpi_plan *plan = NULL;
    struct metrics metrics;
    const struct metrics_filter everybody = {0};
    enum err error = kpi_plan_load(cli->arena, cli->config.journeys_dir, &plan, &detail);
    if (error != OK) {
        preflight_line(preflight, CHECK_FAIL, "baseline", "nudge metrics --verdicts", "%s",
                       detail.text);
        return;
    }
    error = metrics_read(preflight->store, cli->arena, preflight->catalog, &everybody,
                         preflight->now_ms, &metrics, &detail);
    if (error != OK) {
        preflight_line(preflight, CHECK_FAIL, "baseline", "nudge metrics", "%s", detail.text);
    } else if (metrics.conversion_rate.n == 0) {
        preflight_line(preflight, CHECK_NOT_CHECKED, "baseline", "",
                       "nobody is here yet; what comes is compared with the plan's figures");
    } else {
        preflight_line(preflight, CHECK_PASS, "baseline", "",
                       "%" PRId64 " of %" PRId64 " people made a commitment, %" PRId64
                       " of %" PRId64 " commitments are completed",
                       metrics.conversion_rate.hits, metrics.conversion_rate.n,
                       metrics.completion_rate.hits, metrics.completion_rate.n);
    }
}

static void backlog(struct preflight *preflight)
{
    const struct arg last[] = {ARG_INT(LINE_COUNT - 1)};
    struct rows rows = {0};
    int64_t oldest_ms = 0;
    if (!ask(preflight, "backlog", "alert_waiting", last, 1, &rows)) {
        return;
    }
    for (int i = 0; i < rows.count; i++) {
        int64_t since_ms = rows.cells[(ptrdiff_t)i * rows.columns + 1].integer;
        if (since_ms > 0 && (oldest_ms == 0 || since_ms < oldest_ms)) {
            oldest_ms = since_ms;
        }
    }
    int64_t late_ms = oldest_ms == 0 ? 0 : preflight->now_ms - oldest_ms;
    if (late_ms > BACKLOG_MS_MAX) {
        preflight_line(preflight, CHECK_FAIL, "backlog", "nudge deliveries process",
                       "what was due at %s is not done yet", cli_when(preflight->cli, oldest_ms));
    } else {
        preflight_line(preflight, CHECK_PASS, "backlog", "", "nothing is late");
    }
}

void preflight_figures(struct preflight *preflight)
{
    if (preflight->store == NULL || preflight->catalog == NULL) {
        preflight_line(preflight, CHECK_NOT_CHECKED, "baseline", "", "the store is not ready");
        preflight_line(preflight, CHECK_NOT_CHECKED, "backlog", "", "the store is not ready");
        return;
    }
    baseline(preflight);
    backlog(preflight);
}

/* ---- clock ---- */

/* The kernel knows whether somebody corrects its clock; it changes nothing to ask. */
static bool is_kept_in_time(void)
{
    struct timex times = {.modes = 0};
    return adjtimex(&times) != TIME_ERROR && (times.status & STA_UNSYNC) == 0;
}

void preflight_clock(struct preflight *preflight)
{
    struct rows rows = {0};
    if (preflight->store != NULL && is_postgres(preflight)) {
        if (!ask(preflight, "clock", "preflight_server_clock", NULL, 0, &rows) || rows.count != 1) {
            return;
        }
        int64_t apart_ms = clock_now_ms(preflight->cli->clock) - rows.cells[0].integer;
        enum check_state state = llabs(apart_ms) > CLOCK_MS_MAX ? CHECK_FAIL : CHECK_PASS;
        preflight_line(preflight, state, "clock", state == CHECK_FAIL ? "timedatectl" : "",
                       "%.1f s apart from the database's", fabs((double)apart_ms) / 1000);
    } else if (is_kept_in_time()) {
        preflight_line(preflight, CHECK_PASS, "clock", "", "kept in time by this machine");
    } else {
        preflight_line(preflight, CHECK_NOT_CHECKED, "clock", "timedatectl",
                       "nobody tells this machine's kernel the time, or it is not told of it");
    }
}
