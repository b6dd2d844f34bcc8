/* nudge simulate: a rehearsal of journeys with made-up people, or a replay with those of the store.
 * Reads only, sends nothing. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/build_info.h"
#include "base/file.h"
#include "base/limits.h"
#include "cli/arguments.h"
#include "cli/command.h"
#include "cli/journeys_load.h"
#include "cli/rehearse.h"
#include "cli/simulate_into.h"
#include "cli/simulate_replay.h"
#include "cli/simulate_view.h"
#include "core/mistakes.h"
#include "sim/report_html.h"

static const char text[] =
    "Lets made-up people live through the journeys, with the real decision function and a clock of "
    "its own, and says what would be sent and what they would do. Nothing is sent, no store is "
    "read. It is a rehearsal, not evidence. With --replay: what people of the store did since an "
    "instant happens again under the definitions in force and under those of a folder; nothing is "
    "sent or written then, either.\v"
    "A side is original or optimized (what newcomers get), and may name a folder of definitions: "
    "optimized@./journeys. The same seed gives the same result, with any number of threads. Quiet "
    "hours, caps, zone and language are those of the settings. Ends with status 1 when somebody is "
    "left without a next step. With --into the people are kept in an empty store, as if they had "
    "joined in the days until now: serve it, and look at the dashboard. They have no addresses.\n\n"
    "Examples:\n"
    "  nudge simulate                                       1,000 people, 30 days\n"
    "  nudge simulate --users 100000 --compare original,optimized\n"
    "  nudge simulate --compare optimized,optimized@./journeys --html report.html\n"
    "  nudge simulate --people my-people.yaml --days 60 --json\n"
    "  nudge simulate --into sqlite:rehearsal.sqlite --users 5000 --share 50\n"
    "  nudge simulate --replay --at 2026-01-31 --journeys ./journeys";

enum { SIDES_MAX = 2, USERS_DEFAULT = 1000, DAYS_DEFAULT = 30, SEED_DEFAULT = 1 };

struct simulate_options {
    const char *users;
    const char *days;
    const char *seed;
    const char *threads;
    const char *journeys;
    const char *people;
    const char *set;
    const char *compare;
    const char *html;
    const char *into;
    const char *share;
    const char *at;
    bool replay;
};

struct simulate {
    struct cli *cli;
    struct sim_about about;
    int threads;
    struct sim_side sides[SIDES_MAX];
    struct catalog *catalogs[SIDES_MAX]; /* NULL: that of the side before */
    int side_count;
};

/* ---- arguments
 * ------------------------------------------------------------------------------------------ */

static int read_number(struct cli *cli, const char *option, const char *word, int64_t fallback,
                       int64_t least, int64_t most, int64_t *ret_value)
{
    *ret_value = fallback;
    if (word == NULL) {
        return CLI_OK;
    }
    if (!str_to_int64(str_of(word), ret_value) || *ret_value < least || *ret_value > most) {
        return cli_usage(cli, "--%s takes a number from %lld to %lld", option, (long long)least,
                         (long long)most);
    }
    return CLI_OK;
}

static int read_numbers(struct simulate *simulate, const struct simulate_options *options)
{
    struct cli *cli = simulate->cli;
    int64_t days, seed, threads;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t all = cores < 1 ? 1 : cores > SIM_THREADS_MAX ? SIM_THREADS_MAX : cores;
    int status = read_number(cli, "users", options->users, USERS_DEFAULT, 1, SIM_USERS_MAX,
                             &simulate->about.users);
    if (status == CLI_OK) {
        status = read_number(cli, "days", options->days, DAYS_DEFAULT, 1, SIM_DAYS_MAX, &days);
    }
    if (status == CLI_OK) {
        status = read_number(cli, "seed", options->seed, SEED_DEFAULT, 0, INT64_MAX, &seed);
    }
    if (status == CLI_OK) {
        status = read_number(cli, "threads", options->threads, all, 1, SIM_THREADS_MAX, &threads);
    }
    if (status == CLI_OK) {
        simulate->about.days = (int)days;
        simulate->about.seed = (uint64_t)seed;
        simulate->about.start_ms = REHEARSAL_START_MS;
        simulate->threads = (int)threads;
    }
    return status;
}

static void print_mistakes(struct cli *cli, const struct mistakes *mistakes)
{
    for (int i = 0; i < mistakes->count; i++) {
        struct str line = mistake_line(cli->arena, &mistakes->items[i]);
        fprintf(stderr, "%.*s\n", STR_ARG(line));
    }
}

static int read_people(struct simulate *simulate, const char *file)
{
    struct cli *cli = simulate->cli;
    struct mistakes mistakes = {0};
    struct err_detail detail = {""};
    enum err error;
    if (file == NULL) {
        error = people_read_embedded(cli->arena, &simulate->about.people, &mistakes);
    } else {
        struct str yaml;
        error = file_read(cli->arena, file, LIMIT_YAML_BYTES, &yaml, &detail);
        if (error == OK) {
            error = people_read(cli->arena, str_of(file), yaml, &simulate->about.people, &mistakes);
        }
    }
    if (error == ERR_INVALID) {
        print_mistakes(cli, &mistakes);
        error = err_set(&detail, ERR_CONFIG, "%d mistakes in the people", mistakes.count);
    }
    return error == OK ? CLI_OK : cli_fail(cli, error, &detail);
}

/* "original", "optimized@FOLDER". */
static int read_side(struct simulate *simulate, struct str word, const char *folder)
{
    struct cli *cli = simulate->cli;
    struct str own_folder;
    struct str set = str_split(word, '@', &own_folder);
    struct sim_side *side = &simulate->sides[simulate->side_count];
    if (!str_is(set, "original") && !str_is(set, "optimized")) {
        return cli_usage(cli,
                         "there is no set \"%.*s\"; expected original or optimized, perhaps "
                         "with a folder: optimized@FOLDER",
                         STR_ARG(set));
    }
    side->name = arena_str(cli->arena, word).ptr;
    side->set = str_is(set, "optimized") ? SET_OPTIMIZED : SET_ORIGINAL;
    folder = own_folder.length > 0 ? arena_str(cli->arena, own_folder).ptr : folder;
    bool is_same = simulate->side_count > 0 && own_folder.length == 0 &&
                   strchr(simulate->sides[0].name, '@') == NULL;
    if (!is_same) {
        struct err_detail detail = {""};
        enum err error =
            journeys_load(cli->arena, folder, &simulate->catalogs[simulate->side_count], &detail);
        if (error != OK) {
            return cli_fail(cli, error, &detail);
        }
    }
    side->catalog = simulate->catalogs[is_same ? 0 : simulate->side_count];
    simulate->side_count++;
    return CLI_OK;
}

static int read_sides(struct simulate *simulate, const struct simulate_options *options)
{
    const char *folder =
        options->journeys != NULL ? options->journeys : simulate->cli->config.journeys_dir;
    if (options->compare == NULL) {
        return read_side(simulate, str_of(options->set != NULL ? options->set : "optimized"),
                         folder);
    }
    struct str second;
    struct str first = str_split(str_of(options->compare), ',', &second);
    if (options->set != NULL || second.length == 0) {
        return cli_usage(simulate->cli, "--compare takes two sides, such as original,optimized%s",
                         options->set != NULL ? "; without --set" : "");
    }
    int status = read_side(simulate, first, folder);
    return status == CLI_OK ? read_side(simulate, second, folder) : status;
}

/* ---- the rehearsal
 * -------------------------------------------------------------------------------------- */

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void show_progress(void *context, int64_t done, int64_t total)
{
    progress_show(((const struct sim_side *)context)->name, done, total);
}

static struct sim_options options_of(struct simulate *simulate, struct sim_side *side)
{
    return (struct sim_options){
        .catalog = side->catalog,
        .set = side->set,
        .people = simulate->about.people,
        .installation = rehearse_installation(&simulate->cli->config),
        .users = simulate->about.users,
        .days = simulate->about.days,
        .seed = simulate->about.seed,
        .threads = simulate->threads,
        .start_ms = simulate->about.start_ms,
        .progress = show_progress,
        .context = side,
    };
}

static void rehearse_sides(struct simulate *simulate)
{
    for (int i = 0; i < simulate->side_count; i++) {
        struct sim_side *side = &simulate->sides[i];
        const struct sim_options options = options_of(simulate, side);
        side->result = sim_run(simulate->cli->arena, &options);
        progress_end();
    }
}

/* Their days end now. */
static int rehearse_into(struct simulate *simulate, const struct simulate_options *options)
{
    struct cli *cli = simulate->cli;
    int64_t share;
    if (options->compare != NULL || options->threads != NULL) {
        return cli_usage(cli, "--into keeps the people of one side: without --compare and "
                              "--threads; --share 50 gives half of them the optimized journeys");
    }
    if (simulate->about.users > KEEP_PEOPLE_MAX) {
        return cli_usage(cli, "--into takes at most %d people", KEEP_PEOPLE_MAX);
    }
    struct sim_side *side = &simulate->sides[0];
    int status = read_number(cli, "share", options->share, side->set == SET_OPTIMIZED ? 100 : 0, 0,
                             100, &share);
    if (status != CLI_OK) {
        return status;
    }
    const struct into_wish wish = {
        .url = options->into, .share_percent = (int)share, .until_ms = clock_now_ms(cli->clock)};
    simulate->about.start_ms = wish.until_ms - simulate->about.days * DAY_MS;
    simulate->threads = 1;
    const struct sim_options sim = options_of(simulate, side);
    status = simulate_into(cli, &wish, &sim, &side->result);
    progress_end();
    return status;
}

static struct sim_run_facts measure(const struct simulate *simulate, double started_s)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    struct sim_run_facts facts = {
        .seconds = seconds_of(CLOCK_MONOTONIC) - started_s,
        .cpu_seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID),
        .threads = simulate->threads,
        .memory_bytes = (int64_t)usage.ru_maxrss * 1024,
        .program = build_info_version(),
    };
    for (int i = 0; i < simulate->side_count; i++) {
        facts.decisions += tally_decisions(&simulate->sides[i].result->tally);
    }
    return facts;
}

static int write_page(struct simulate *simulate, const char *path)
{
    struct err_detail detail;
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        return cli_fail(simulate->cli,
                        err_set(&detail, ERR_IO, "cannot write %s: %s", path, strerror(errno)),
                        &detail);
    }
    sim_html(file, &simulate->about, simulate->sides, simulate->side_count);
    bool failed = ferror(file) != 0;
    if (fclose(file) != 0 || failed) {
        return cli_fail(simulate->cli, err_set(&detail, ERR_IO, "cannot write all of %s", path),
                        &detail);
    }
    fprintf(stderr, "nudge simulate: the report is in %s\n", path);
    return CLI_OK;
}

/* ---- or a replay ---- */

static int replay(struct simulate *simulate, const struct simulate_options *options)
{
    struct cli *cli = simulate->cli;
    struct replay_wish wish = {.at = options->at, .journeys = options->journeys};
    struct replay_found *found = ARENA_NEW(cli->arena, struct replay_found);
    if (options->users != NULL || options->seed != NULL || options->people != NULL ||
        options->set != NULL || options->compare != NULL || options->threads != NULL ||
        options->into != NULL) {
        return cli_usage(cli,
                         "--replay takes the people of the store as they are: without --users, "
                         "--seed, --people, --set, --compare, --into and --threads");
    }
    int status = read_number(cli, "days", options->days, 0, 1, SIM_DAYS_MAX, &wish.days);
    if (status == CLI_OK) {
        status = simulate_replay(cli, &wish, found);
    }
    simulate->about = found->about;
    simulate->threads = 1;
    simulate->side_count = found->side_count;
    for (int i = 0; i < SIDES_MAX; i++) {
        simulate->sides[i] = found->sides[i];
        simulate->catalogs[i] = found->catalogs[i];
    }
    return status;
}

static int rehearsal(struct simulate *simulate, const struct simulate_options *options)
{
    if (options->at != NULL) {
        return cli_usage(simulate->cli, "--at belongs to --replay");
    }
    if (options->share != NULL && options->into == NULL) {
        return cli_usage(simulate->cli, "--share belongs to --into");
    }
    int status = read_numbers(simulate, options);
    if (status == CLI_OK) {
        status = read_people(simulate, options->people);
    }
    if (status == CLI_OK) {
        status = read_sides(simulate, options);
    }
    if (status == CLI_OK && options->into != NULL) {
        return rehearse_into(simulate, options);
    }
    if (status == CLI_OK) {
        rehearse_sides(simulate);
    }
    return status;
}

static int run(struct simulate *simulate, const struct simulate_options *options)
{
    struct cli *cli = simulate->cli;
    double started_s = seconds_of(CLOCK_MONOTONIC);
    int status = options->replay ? replay(simulate, options) : rehearsal(simulate, options);
    if (status == CLI_OK && options->html != NULL) {
        status = write_page(simulate, options->html);
    }
    if (status != CLI_OK) {
        return status;
    }
    struct sim_run_facts facts = measure(simulate, started_s);
    if (cli->json) {
        json_t *json = sim_json(&simulate->about, simulate->sides, simulate->side_count);
        json_object_set_new(json, "run", sim_run_json(&facts));
        cli_print_json(json);
    } else {
        simulate_print(cli, &simulate->about, simulate->sides, simulate->side_count, &facts);
    }
    return sim_is_sound(simulate->sides, simulate->side_count) ? CLI_OK : CLI_NO;
}

int cmd_simulate(int argc, char **argv)
{
    struct simulate_options options = {0};
    const struct option_row rows[] = {
        {"users", 'u', "N", "So many people (default: 1000)", NULL, &options.users},
        {"days", 'd', "N", "Each lives so many days from joining (default: 30)", NULL,
         &options.days},
        {"seed", 's', "N", "Another number, other luck (default: 1)", NULL, &options.seed},
        {"set", 0, "SIDE", "What newcomers get (default: optimized)", NULL, &options.set},
        {"compare", 'c', "SIDE,SIDE", "Two sides beside each other, with the same people", NULL,
         &options.compare},
        {"journeys", 'j', "FOLDER", "Definitions (default: those of the settings)", NULL,
         &options.journeys},
        {"people", 'p', "FILE", "Other people (default: those of this program)", NULL,
         &options.people},
        {"html", 0, "FILE", "Write the report as a page too", NULL, &options.html},
        {"into", 0, "URL", "Keep the people in this empty store, as if they were here", NULL,
         &options.into},
        {"share", 0, "PERCENT", "With --into: how many get the optimized journeys", NULL,
         &options.share},
        {"replay", 'r', NULL, "With the people of the store and what they did", &options.replay,
         NULL},
        {"at", 0, "TIME", "From this instant on (default: 30 days ago, or as far as is kept)", NULL,
         &options.at},
        {"threads", 't', "N", "Threads (default: as many as cores)", NULL, &options.threads},
        {0}};
    struct cli cli;
    struct arguments arguments;
    int status = arguments_begin(&cli, rows, "", text, argc, argv, &arguments);
    struct simulate simulate = {.cli = &cli};
    if (status == CLI_OK && arguments.word_count > 0) {
        status = cli_usage(&cli, "no argument expected: %s", arguments.words[0]);
    } else if (status == CLI_OK) {
        status = run(&simulate, &options);
    }
    for (int i = 0; i < SIDES_MAX; i++) {
        catalog_free(simulate.catalogs[i]);
    }
    return cli_end(&cli, status);
}
