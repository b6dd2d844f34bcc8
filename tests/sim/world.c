/* Time passes from one happening or due row to the next. At each instant all happenings of it are
 * served, then the engine steps until nothing is left, then the auditor looks. */
#include "world.h"

#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/calendar.h"
#include "base/check.h"
#include "base/embed.h"
#include "base/limits.h"
#include "bi/metrics.h"
#include "mail.h"
#include "operators.h"
#include "people.h"
#include "provider.h"
#include "rival.h"
#include "source.h"

enum { STEPS_MAX = 5000, FAILURES_MAX = 2000 };
/* While faults and people are at work, and afterwards. */
#define CHECK_EVERY_MS       (4 * DAY_MS)
#define CHECK_EVERY_LATER_MS (14 * DAY_MS)
#define ENTROPY              "a secret of thirty-two bytes ..." /* of links */
#define DRAIN_MS             (4 * DAY_MS)
#define AFTERLIFE_MS         (48 * DAY_MS)
#define SCRIPT_MS_MAX        (200 * DAY_MS)

/* ---- happenings: a heap by time, then by order ---- */

static bool is_before(const struct happening *a, const struct happening *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct happening *a, struct happening *b)
{
    struct happening kept = *a;
    *a = *b;
    *b = kept;
}

void world_at(struct sim *world, int64_t at_ms, happening_run *run, void *argument)
{
    if (world->heap_count == world->heap_capacity) {
        world->heap_capacity = world->heap_capacity == 0 ? 256 : 2 * world->heap_capacity;
        world->heap = realloc(world->heap, (size_t)world->heap_capacity * sizeof(*world->heap));
        ASSERT(world->heap != NULL);
    }
    int at = world->heap_count++;
    world->heap[at] = (struct happening){at_ms, world->order++, run, argument};
    while (at > 0 && is_before(&world->heap[at], &world->heap[(at - 1) / 2])) {
        swap(&world->heap[at], &world->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
}

static struct happening take_happening(struct sim *world)
{
    struct happening first = world->heap[0];
    world->heap[0] = world->heap[--world->heap_count];
    int at = 0;
    for (;;) {
        int least = at;
        for (int child = 2 * at + 1; child <= 2 * at + 2 && child < world->heap_count; child++) {
            least = is_before(&world->heap[child], &world->heap[least]) ? child : least;
        }
        if (least == at) {
            return first;
        }
        swap(&world->heap[at], &world->heap[least]);
        at = least;
    }
}

/* ---- time ---- */

int64_t world_clock_ms(const struct sim *world)
{
    return world->now_ms + world->skew_ms;
}

void world_trace(struct sim *world, const char *format, ...)
{
    if (!world->options.trace) {
        return;
    }
    struct local_time local = calendar_local(zone_utc(), world_clock_ms(world));
    fprintf(stderr, "%04d-%02d-%02d %02d:%02d:%02d.%03d  ", local.year, local.month, local.day,
            local.hour, local.minute, local.second, (int)(world_clock_ms(world) % 1000));
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* ---- the process ---- */

void world_stir(struct sim *world)
{
    world->stirred = true;
}

void world_crash(struct sim *world)
{
    world_trace(world, "CRASH");
    world->crashed = true;
}

static int disk_fails(void *context, enum disk_operation operation)
{
    struct sim *world = context;
    struct faults *faults = &world->faults;
    if (world->crashed) {
        return SQLITE_IOERR;
    }
    if (!world->armed) {
        return SQLITE_OK;
    }
    int code = SQLITE_OK;
    if (operation == DISK_OPEN) {
        code = faults_happen(faults, FAULT_OPEN) ? SQLITE_CANTOPEN : SQLITE_OK;
    } else if (operation == DISK_READ) {
        code = faults_happen(faults, FAULT_READ) ? SQLITE_IOERR_READ : SQLITE_OK;
    } else if (operation == DISK_WRITE) {
        if (faults_happen(faults, FAULT_CRASH_WRITE)) {
            world_crash(world);
            return dice_chance(&faults->dice, 5000) ? DISK_DONE_UNTOLD : SQLITE_IOERR_WRITE;
        }
        code = faults_happen(faults, FAULT_WRITE)       ? SQLITE_IOERR_WRITE
               : faults_happen(faults, FAULT_DISK_FULL) ? SQLITE_FULL
                                                        : SQLITE_OK;
    } else {
        if (faults_happen(faults, FAULT_CRASH_BEFORE_SYNC)) {
            world_crash(world);
            return SQLITE_IOERR_FSYNC;
        }
        if (faults_happen(faults, FAULT_CRASH_AFTER_SYNC)) {
            world_crash(world);
            return DISK_DONE_UNTOLD;
        }
        code = faults_happen(faults, FAULT_SYNC) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
    }
    if (code != SQLITE_OK) {
        world_trace(world, "disk fails: operation %d code %d", (int)operation, code);
        world->hurt = true;
    }
    return code;
}

static struct catalog *read_journeys(struct sim *world)
{
    struct definition_file *files =
        ARENA_ARRAY(world->life_arena, struct definition_file, nudge_journeys_count);
    for (size_t i = 0; i < nudge_journeys_count; i++) {
        files[i] = (struct definition_file){
            str_of(nudge_journeys[i].name),
            {(const char *)nudge_journeys[i].data, nudge_journeys[i].length}};
    }
    struct catalog *catalog = NULL;
    struct mistakes mistakes = {0};
    enum err error =
        catalog_build(world->life_arena, files, (int)nudge_journeys_count, &catalog, &mistakes);
    ASSERT(error == OK);
    return catalog;
}

enum err world_engine_new(struct sim *world, struct store *store, int64_t owner,
                          struct engine **ret_engine, struct err_detail *detail)
{
    struct catalog *catalog = read_journeys(world);
    struct engine_options options = {.config = &world->config,
                                     .clock = world->clock,
                                     .store = store,
                                     .catalog = catalog,
                                     .seed = dice_next(&world->dice),
                                     .lease_ms = WORLD_LEASE_MS,
                                     .owner = owner,
                                     .pacing = true,
                                     .entropy = world->script != NULL ? STR(ENTROPY) : STR_NONE};
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        options.channels[i] = world->channels[i];
    }
    *ret_engine = NULL;
    enum err error = engine_new(&options, ret_engine, detail);
    if (error != OK) {
        catalog_free(catalog);
        *ret_engine = NULL;
    }
    return error;
}

static enum err open_engine(struct sim *world, struct err_detail *detail)
{
    enum err error =
        world_engine_new(world, world->store, 4711 + world->life, &world->engine, detail);
    if (error != OK) {
        return error;
    }
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        struct channel_sink sink = engine_sink(world->engine);
        if (world->channels[i] != NULL) {
            provider_connect(world->channels[i], &sink);
        }
    }
    return OK;
}

void world_abandon(struct sim *world, int64_t down_ms)
{
    auditor_close(world->auditor);
    world->engine = NULL;
    world->store = NULL;
    world->life++;
    world->result.lost += world->told;
    world->told = 0;
    world->retry_at_ms = 0;
    world->down_until_ms = world->now_ms + down_ms;
}

/* What the dead process held is given up, and the disk keeps what it had synced. */
static void bury(struct sim *world, int64_t down_ms)
{
    world->crashed = true;
    auditor_close(world->auditor);
    engine_free(world->engine);
    store_close(world->store);
    rival_end(world);
    disk_crash(world->disk, &world->faults.dice, dice_below(&world->faults.dice, 3) * 3000);
    arena_reset(world->life_arena);
    world->crashed = world->hurt = false;
    world_abandon(world, down_ms);
}

static int64_t down_time(struct sim *world)
{
    struct dice *dice = &world->faults.dice;
    if (world->script != NULL) {
        return 3000; /* else life goes on in another way */
    }
    return dice_chance(dice, 1500) ? dice_range(dice, 1, 50) * HOUR_MS
                                   : dice_range(dice, 1, 300) * 1000;
}

static void boot(struct sim *world)
{
    struct err_detail detail = {""};
    world->down_until_ms = 0;
    world->armed = true;
    world->hurt = false;
    enum err error = store_open(world->url, STORE_WRITER, &world->store, &detail);
    if (error == OK && world->calls != NULL) {
        calls_watch(world->calls, world->store);
    }
    if (error == OK) {
        error = store_migrate(world->store, NULL, NULL, &detail);
    }
    if (error == OK) {
        error = open_engine(world, &detail);
    }
    world->armed = false;
    if (rival_has_lease(world, error) && !world->crashed) {
        store_close(world->store);
        world_abandon(world, HOUR_MS);
        return;
    }
    if (error != OK) {
        world_trace(world, "cannot start: %s", detail.text);
        if (!world->hurt && !world->crashed) {
            auditor_fail(world->auditor,
                         "cannot start, and nothing was wrong with the disk: %s: %s",
                         err_text(error), detail.text);
        }
        bury(world, 3000);
        return;
    }
    if (world->crashed) {
        world->result.crashes++;
        bury(world, down_time(world));
        return;
    }
    auditor_open(world->auditor, disk_connection(world->disk, world->url + strlen("sqlite:")));
    auditor_restarted(world->auditor, world_clock_ms(world));
    world->next_due_ms = 0;
    world->stirred = true;
    rival_replaced(world);
    source_offer_all(world);
}

/* ---- an instant ---- */

static bool has_something(const struct sim *world)
{
    return world->engine != NULL &&
           (world->stirred || world->next_due_ms <= world_clock_ms(world) ||
            (world->retry_at_ms != 0 && world->retry_at_ms <= world->now_ms));
}

static void settle(struct sim *world)
{
    world->stirred = false;
    auditor_round_begins(world->auditor, world_clock_ms(world));
    for (int i = 0;; i++) {
        struct step_result result = {0};
        struct err_detail detail = {""};
        world->armed = true;
        world->hurt = false;
        enum err error = engine_step(world->engine, &result, &detail);
        world->armed = false;
        if (world->crashed) {
            world->result.crashes++;
            bury(world, down_time(world));
            return;
        }
        if (error != OK) {
            if (!world->hurt) {
                auditor_fail(world->auditor, "the engine fails by itself: %s: %s", err_text(error),
                             detail.text);
            }
            world->retry_at_ms = world->now_ms + dice_range(&world->dice, 20, 2000);
            return;
        }
        world->retry_at_ms = 0;
        world->told = 0;
        world->next_due_ms = result.next_due_at_ms;
        if (!result.more) {
            break;
        }
        if (i == STEPS_MAX) {
            auditor_fail(world->auditor, "the engine finds no end: %d due", result.due);
            return;
        }
    }
    auditor_look(world->auditor, world_clock_ms(world));
}

static int64_t next_instant(const struct sim *world)
{
    int64_t at_ms = world->heap_count > 0 ? world->heap[0].at_ms : INT64_MAX;
    int64_t engine_ms = INT64_MAX;
    if (world->engine == NULL) {
        engine_ms = world->down_until_ms;
    } else if (world->retry_at_ms != 0) {
        engine_ms = world->retry_at_ms;
    } else if (world->next_due_ms != INT64_MAX) {
        engine_ms = world->next_due_ms - world->skew_ms;
    }
    at_ms = engine_ms < at_ms ? engine_ms : at_ms;
    return at_ms > world->now_ms ? at_ms : world->now_ms;
}

static void jump(struct sim *world)
{
    struct dice *dice = &world->faults.dice;
    int64_t by_ms = 0;
    if (faults_happen(&world->faults, FAULT_CLOCK_FORWARD)) {
        by_ms = dice_chance(dice, 3000) ? dice_range(dice, 1, 10) * HOUR_MS
                                        : dice_range(dice, 1, 600) * 1000;
    } else if (faults_happen(&world->faults, FAULT_CLOCK_BACK)) {
        by_ms = -(dice_chance(dice, 3000) ? dice_range(dice, 1, 3) * HOUR_MS
                                          : dice_range(dice, 1, 600) * 1000);
    }
    if (by_ms != 0) {
        auditor_clock_jumped(world->auditor, by_ms, world->now_ms + world->skew_ms);
        world->skew_ms += by_ms;
        world_trace(world, "clock jumps by %" PRId64 " s", by_ms / 1000);
    }
}

static void live_until(struct sim *world, int64_t until_ms)
{
    int64_t limit = world->options.happenings_max;
    while (auditor_failure(world->auditor)[0] == '\0') {
        int64_t at_ms = next_instant(world);
        if (at_ms > until_ms || (!world->people_rest && script_is_done(world->script)) ||
            (world->faults.on && limit != 0 && world->result.happenings >= limit)) {
            return;
        }
        world->now_ms = at_ms;
        jump(world);
        clock_set(world->clock, world_clock_ms(world));
        if (world->engine == NULL && world->down_until_ms <= world->now_ms) {
            boot(world);
        }
        while (world->heap_count > 0 && world->heap[0].at_ms <= world->now_ms) {
            struct happening happening = take_happening(world);
            world->result.happenings++;
            happening.run(world, happening.argument);
        }
        if (world->engine != NULL && faults_happen(&world->faults, FAULT_CRASH_IDLE)) {
            world_crash(world);
            world->result.crashes++;
            bury(world, down_time(world));
        }
        if (world->engine != NULL && faults_happen(&world->faults, FAULT_STANDS_STILL)) {
            rival_freeze(world);
        }
        bool rivals = world->engine != NULL && faults_happen(&world->faults, FAULT_SECOND);
        world->stirred |= rivals; /* the lease is as long as it can be */
        if (has_something(world)) {
            settle(world);
        }
        if (rivals && world->engine != NULL && world->retry_at_ms == 0) {
            rival_start(world);
        }
        if (world->engine != NULL && world->retry_at_ms == 0 &&
            world->now_ms - world->checked_at_ms >=
                (world->people_rest ? CHECK_EVERY_LATER_MS : CHECK_EVERY_MS)) {
            world->checked_at_ms = world->now_ms;
            auditor_check(world->auditor, world_clock_ms(world));
        }
    }
}

/* ---- a whole run ---- */

/* From Monday, 23 November 2026, 09:00 in Berlin, until the script is done. */
static void begin_script(struct sim *world)
{
    world->now_ms = world->checked_at_ms = world->start_ms = (int64_t)1795420800000;
    world->faults_end_ms = world->start_ms + SCRIPT_MS_MAX;
    clock_set(world->clock, world->now_ms);
    world->faults.turn = world->options.turn;
    world->faults.turn_context = world->options.turn_context;
    world->calls = calls_new(world);
    world->script = script_new(world, world->options.script, world->options.memory);
    boot(world);
}

static void begin(struct sim *world)
{
    /* Each within a month of a change of the clocks somewhere, or of a leap day. */
    static const int64_t starts[] = {
        20526, /* 2026-03-14 */ 20730, /* 2026-10-04 */ 21239, /* 2028-02-25 */
        20884, /* 2027-03-07 */ 20800,                         /* 2026-12-13 */
    };
    char *environment[] = {(char *)(uintptr_t) "DEFAULT_TIME_ZONE=Europe/Berlin", NULL};
    struct err_detail detail = {""};
    world->dice = dice_of(world->options.seed, 0);
    faults_plan(&world->faults, world->options.seed);
    world->start_ms = DICE_PICK(&world->dice, starts) * DAY_MS + dice_below(&world->dice, DAY_MS);
    world->faults_end_ms = world->start_ms + dice_range(&world->dice, 29, 33) * DAY_MS;
    world->now_ms = world->checked_at_ms = world->start_ms;
    world->arena = arena_new(64 * 1024);
    world->life_arena = arena_new(64 * 1024);
    enum err error = config_load(world->arena, environment, NULL, &world->config, &detail);
    ASSERT(error == OK);
    snprintf(world->folder, sizeof(world->folder), "/tmp/nudge-sim-XXXXXX");
    ASSERT(mkdtemp(world->folder) != NULL);
    snprintf(world->url, sizeof(world->url), "sqlite:%s/sim.db", world->folder);
    world->clock = clock_new_virtual(world->now_ms);
    world->disk = disk_new();
    disk_set_hook(world->disk, disk_fails, world);
    world->auditor = auditor_new();
    world->channels[CHANNEL_TELEGRAM] = provider_new(world, CHANNEL_TELEGRAM);
    world->channels[CHANNEL_WEBCHAT] = provider_new(world, CHANNEL_WEBCHAT);
    world->channels[CHANNEL_EMAIL] = provider_new(world, CHANNEL_EMAIL);
    world->mail = mail_new(world);
    if (world->options.script != NULL) {
        begin_script(world);
    } else {
        world->faults.on = false;
        boot(world);
        world->faults.on = true;
        people_new(world);
        mail_people_new(world);
        operators_new(world);
    }
}

static void end(struct sim *world)
{
    auditor_free(world->auditor);
    rival_end(world);
    if (world->engine != NULL) {
        engine_free(world->engine);
        store_close(world->store);
    }
    while (world->heap_count >
           0) { /* arguments that are memory of their own die with the process */
        take_happening(world);
    }
    free(world->heap);
    source_free(world);
    mail_free(world->mail);
    script_free(world->script);
    calls_free(world->calls);
    for (int i = 0; i < CHANNEL_COUNT; i++) {
        if (world->channels[i] != NULL) {
            world->channels[i]->ops->free(world->channels[i]);
        }
    }
    free(world->people);
    disk_free(world->disk);
    clock_free(world->clock);
    arena_free(world->life_arena);
    arena_free(world->arena);
    static const char *const names[] = {"sim.db", "sim.db-serve"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s/%s", world->folder, names[i]);
        unlink(path);
    }
    rmdir(world->folder);
}

/* Production's own check must agree with the auditor's. */
static void ask_doctor(struct sim *world)
{
    struct finding *findings = NULL;
    int count = 0, checks = 0;
    struct err_detail detail = {""};
    enum err error =
        store_doctor(world->store, world->arena, 5, &findings, &count, &checks, &detail);
    if (error != OK) {
        auditor_fail(world->auditor, "doctor: %s", detail.text);
    } else if (count > 0) {
        auditor_fail(world->auditor, "doctor finds %.*s: row %" PRId64 ": %.*s",
                     STR_ARG(findings[0].check), findings[0].id, STR_ARG(findings[0].text));
    }
}

/* The figures that are shown are those of their definitions. */
static void ask_metrics(struct sim *world)
{
    struct metrics metrics;
    struct audited_metric audited[64];
    struct err_detail detail = {""};
    int count;
    const struct metric_row *rows = metrics_rows(&count);
    const struct metrics_filter everybody = {0};
    struct catalog *catalog = read_journeys(world);
    enum err error = metrics_read(world->store, world->arena, catalog, &everybody,
                                  world_clock_ms(world), &metrics, &detail);
    catalog_free(catalog);
    if (error != OK) {
        auditor_fail(world->auditor, "metrics: %s", detail.text);
        return;
    }
    for (int i = 0; i < count; i++) {
        const char *field = (const char *)&metrics + rows[i].offset;
        audited[i] = (struct audited_metric){.name = rows[i].name, .value = NAN};
        if (rows[i].kind == METRIC_RATE) {
            struct rate rate;
            memcpy(&rate, field, sizeof(rate));
            audited[i].hits = rate.hits;
            audited[i].n = rate.n;
        } else if (rows[i].kind == METRIC_COUNT) {
            int64_t value;
            memcpy(&value, field, sizeof(value));
            audited[i].value = (double)value;
        } else {
            memcpy(&audited[i].value, field, sizeof(audited[i].value));
        }
    }
    auditor_metrics(world->auditor, audited, count, world_clock_ms(world));
}

/* The clock goes right again, faults stop, then people; everything must come to its end. */
static void drain(struct sim *world)
{
    world->faults.on = world->script != NULL; /* one fault alone may come at any time */
    world->people_rest = true;
    live_until(world, world->now_ms > world->down_until_ms ? world->now_ms : world->down_until_ms);
    if (world->script == NULL) {
        operators_rest(world);
    }
    live_until(world, world->now_ms + DRAIN_MS);
    if (auditor_failure(world->auditor)[0] == '\0') {
        if (!source_is_empty(world)) {
            auditor_fail(world->auditor, "an update was never confirmed");
        }
        if (!mail_is_empty(world)) {
            auditor_fail(world->auditor, "an event about a mail was never confirmed");
        }
        auditor_drained(world->auditor, world_clock_ms(world));
        ask_metrics(world);
    }
    live_until(world, world->now_ms + AFTERLIFE_MS);
    if (auditor_failure(world->auditor)[0] == '\0') {
        auditor_ended(world->auditor, world_clock_ms(world));
        ask_doctor(world);
    }
}

void world_run(const struct world_options *options, struct world_result *ret_result)
{
    struct sim *world = calloc(1, sizeof(*world));
    ASSERT(world != NULL);
    world->options = *options;
    begin(world);
    live_until(world, world->faults_end_ms);
    world->result.days = (world->now_ms - world->start_ms + DAY_MS / 2) / DAY_MS;
    drain(world);
    struct world_result *result = &world->result;
    snprintf(result->failure, sizeof(result->failure), "%s", auditor_failure(world->auditor));
    result->failed = result->failure[0] != '\0';
    if (options->dump_user_id != 0) {
        auditor_dump(world->auditor, options->dump_user_id);
    }
    result->people = world->people_count;
    result->resent = auditor_resent(world->auditor);
    memcpy(result->hits, world->faults.hits, sizeof(result->hits));
    if (world->engine != NULL) {
        struct engine_status status;
        engine_status(world->engine, &status);
        result->decisions = status.decisions;
        result->journeys = auditor_journeys(world->auditor);
    }
    if (options->done != NULL) {
        char *outcome = script_outcome(world->script);
        options->done(options->turn_context, result, outcome, script_uncertain(world->script));
        free(outcome);
    }
    *ret_result = *result;
    end(world);
    free(world);
}
