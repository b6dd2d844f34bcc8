/* Replays (simulate_replay.h): reads the store only, finds how far back it can go, and plays. */
#include "cli/simulate_replay.h"

#include "base/calendar.h"
#include "base/limits.h"
#include "cli/journeys_load.h"
#include "sim/replay.h"

enum { DAYS_DEFAULT = 30 };

/* "2026-01-01", "2026-01-01T08:00Z", "now". */
static bool read_instant(struct cli *cli, const char *word, int64_t now_ms, int64_t *ret_at_ms)
{
    struct str text = str_of(word);
    *ret_at_ms = now_ms;
    return str_is(text, "now") || calendar_parse_iso(text, ret_at_ms) ||
           (text.length == 10 &&
            calendar_parse_iso(arena_printf(cli->arena, "%.*sT00:00Z", STR_ARG(text)), ret_at_ms));
}

static int read_span(struct cli *cli, struct store *store, const struct replay_wish *wish,
                     struct replay_found *found)
{
    struct err_detail detail = {""};
    struct sim_replay *replay = &found->replay;
    int64_t now_ms = clock_now_ms(cli->clock);
    enum err error = past_kept_since(store, cli->arena, &replay->kept_since_ms, &detail);
    if (error != OK) {
        return cli_fail(cli, error, &detail);
    }
    int64_t earliest_ms = replay->kept_since_ms != 0 ? replay->kept_since_ms : now_ms;
    int64_t at_ms = now_ms - DAYS_DEFAULT * DAY_MS;
    at_ms = at_ms < earliest_ms ? earliest_ms : at_ms;
    if (wish->at != NULL && !read_instant(cli, wish->at, now_ms, &at_ms)) {
        return cli_usage(cli, "--at takes a day or an instant in UTC, such as 2026-01-31 or "
                              "2026-01-31T08:00Z, or now");
    }
    if (at_ms < earliest_ms || at_ms > now_ms) {
        return cli_usage(cli,
                         "--at must lie between %s, from which on decisions are kept "
                         "(DECISIONS_KEPT_DAYS), and now",
                         calendar_iso(cli->arena, earliest_ms).ptr);
    }
    int64_t days = wish->days > 0 ? wish->days : at_ms == now_ms ? DAYS_DEFAULT : 0;
    replay->from_ms = at_ms;
    replay->until_ms = days > 0 ? at_ms + days * DAY_MS : now_ms;
    replay->now_ms = now_ms;
    if (replay->until_ms - at_ms > SIM_DAYS_MAX * DAY_MS) {
        return cli_usage(cli, "a replay takes at most %d days", SIM_DAYS_MAX);
    }
    return CLI_OK;
}

static void show_progress(void *context, int64_t done, int64_t total)
{
    progress_show(((const struct sim_side *)context)->name, done, total);
}

static enum err play(struct cli *cli, struct store *store, struct replay_found *found, int index,
                     struct err_detail *detail)
{
    const struct config *config = &cli->config;
    const struct zone *zone = zone_find(str_of(config->default_time_zone));
    const struct installation fallback = {.default_zone = zone != NULL ? zone : zone_utc(),
                                          .default_language = config->default_language,
                                          .quiet_from_minute = config->quiet_from_minute,
                                          .quiet_to_minute = config->quiet_to_minute,
                                          .nudge_min_gap_ms = config->nudge_min_gap_ms,
                                          .nudge_per_day = config->nudge_per_day,
                                          .channels = {[CHANNEL_TELEGRAM] = true},
                                          .rollout = {.name = STR("none"), .seed = STR("none")}};
    const struct replay_options options = {.store = store,
                                           .catalog = found->catalogs[index],
                                           .fallback = &fallback,
                                           .from_ms = found->replay.from_ms,
                                           .until_ms = found->replay.until_ms,
                                           .progress = show_progress,
                                           .context = &found->sides[index]};
    enum err error = replay_run(cli->arena, &options, &found->sides[index].result, detail);
    progress_end();
    return error;
}

static enum err play_sides(struct cli *cli, struct store *store, const struct replay_wish *wish,
                           struct replay_found *found, struct err_detail *detail)
{
    struct sim_replay *replay = &found->replay;
    found->sides[0].name = "in force";
    enum err error =
        journeys_in_force(cli->arena, store, cli->config.journeys_dir, &found->catalogs[0], detail);
    found->side_count = 1;
    if (error == OK && wish->journeys != NULL) {
        found->sides[1].name = wish->journeys;
        found->side_count = 2;
        error = journeys_load(cli->arena, wish->journeys, &found->catalogs[1], detail);
    }
    for (int i = 0; error == OK && i < found->side_count; i++) {
        found->sides[i].catalog = found->catalogs[i];
        error = play(cli, store, found, i, detail);
    }
    if (error == OK) {
        error = replay_really_sent(store, cli->arena, replay->from_ms, replay->until_ms,
                                   replay->really_sent, detail);
    }
    if (error == OK && found->sides[0].result->tally.people == 0) {
        error = err_set(detail, ERR_NOT_FOUND,
                        "there is nobody to play with: no people, or not "
                        "enough is kept of any of them");
    }
    return error;
}

int simulate_replay(struct cli *cli, const struct replay_wish *wish, struct replay_found *ret)
{
    int status = CLI_OK;
    struct err_detail detail = {""};
    *ret = (struct replay_found){.about = {.replay = &ret->replay}};
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    status = read_span(cli, store, wish, ret);
    if (status == CLI_OK) {
        ret->about.start_ms = ret->replay.from_ms;
        enum err error = play_sides(cli, store, wish, ret, &detail);
        status = error == OK ? CLI_OK : cli_fail(cli, error, &detail);
    }
    store_close(store);
    return status;
}
