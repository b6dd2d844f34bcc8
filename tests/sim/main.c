/* sim: lives through seeds in child processes, so that an assertion that fails in one is a finding
 * like any other; the next seed then gets a new child.
 *
 * usage: sim --seed N | --seeds FROM..TO | --seeds-of FILE
 *            [--happenings N] [--twice] [--trace] [--dump USER] [--expect-failure] [--tap]
 *            [--jobs N] [--progress N]
 *
 * At a failure it prints the seed, the options and the shortest beginning that still fails alone:
 * the number of happenings after which faults and people stop. --twice lives through each seed
 * again and compares. --expect-failure ends with 0 at the first failure, and with 1 without one.
 * --tap makes each seed a case of a test and puts the table of faults on standard error.
 * --jobs N lives through N seeds at a time; the table at the end is of all. --progress N tells how
 * far it is after each N seeds. Stopped (Ctrl-C), it gives the table of what it had by then. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/build_info.h"
#include "base/log.h"
#include "base/str.h"
#include "world.h"

struct arguments {
    int64_t *seeds;
    int64_t seed_count;
    int64_t happenings;
    bool twice;
    bool trace;
    bool expect_failure;
    bool tap;
    int64_t dump_user_id;
    int64_t jobs;
    int64_t progress;
};

struct total {
    struct world_result sum;
    int64_t seeds, failed;
};

/* A process that lives through every jobs-th seed, one after the other. */
struct child {
    pid_t process;
    int results;  /* 0: there is none */
    int64_t next; /* index of the seed whose result comes next */
};

enum { JOBS_MAX = 64 };

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

static double seconds(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Of all children that have ended: what the seeds cost, however busy the machine was. */
static double busy_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static _Noreturn void live_seeds(const struct arguments *arguments, int64_t from, int results)
{
    for (int64_t i = from; i < arguments->seed_count; i += arguments->jobs) {
        const struct world_options options = {.seed = (uint64_t)arguments->seeds[i],
                                              .happenings_max = arguments->happenings,
                                              .trace = arguments->trace,
                                              .dump_user_id = arguments->dump_user_id};
        struct world_result result;
        for (int life = 0; life < 1 + arguments->twice; life++) {
            uint64_t digest = life == 0 ? 0 : result.digest;
            world_run(&options, &result);
            if (life > 0 && digest != result.digest && !result.failed) {
                result.failed = true;
                snprintf(result.failure, sizeof(result.failure),
                         "its second life differs from its first");
            }
        }
        if (write(results, &result, sizeof(result)) != (ssize_t)sizeof(result)) {
            _exit(2);
        }
    }
    fflush(NULL);
    _exit(0);
}

static void on_stop(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* From its next seed on. */
static void child_start(struct child *child, const struct arguments *arguments)
{
    int ends[2];
    if (pipe(ends) != 0) {
        perror("sim: pipe");
        exit(2);
    }
    fflush(NULL);
    child->process = fork();
    if (child->process == 0) {
        close(ends[0]);
        on_stop(SIG_IGN); /* the parent ends it */
        live_seeds(arguments, child->next, ends[1]);
    }
    close(ends[1]);
    child->results = ends[0];
}

static int child_end(struct child *child)
{
    int status = 0;
    close(child->results);
    waitpid(child->process, &status, 0);
    child->results = 0;
    return status;
}

/* What came of the child's next seed; a child that died gave none, and that is what came of it. */
static void result_of(struct child *child, const struct arguments *arguments,
                      struct world_result *ret_result)
{
    ssize_t length;
    do {
        length = read(child->results, ret_result, sizeof(*ret_result));
    } while (length < 0 && errno == EINTR);
    child->next += arguments->jobs;
    if (length != (ssize_t)sizeof(*ret_result)) {
        int status = child_end(child);
        *ret_result = (struct world_result){.failed = true};
        snprintf(ret_result->failure, sizeof(ret_result->failure),
                 "the process ended with status %d (an assertion, a sanitizer's finding)", status);
    }
}

static bool fails(int64_t seed, int64_t happenings, struct world_result *ret_result)
{
    const struct arguments arguments = {
        .seeds = &seed, .seed_count = 1, .happenings = happenings, .jobs = 1};
    struct child child = {0};
    child_start(&child, &arguments);
    result_of(&child, &arguments, ret_result);
    if (child.results != 0) {
        child_end(&child);
    }
    return ret_result->failed;
}

/* The shortest beginning that fails: not every longer one must, so it is looked for by halves and
 * then confirmed. */
static int64_t shorten(int64_t seed, int64_t happenings)
{
    struct world_result result;
    int64_t good = 0;
    int64_t bad = happenings;
    if (bad == 0) {
        return 0;
    }
    while (bad - good > 1) {
        int64_t middle = good + (bad - good) / 2;
        if (fails(seed, middle, &result)) {
            bad = middle;
        } else {
            good = middle;
        }
    }
    return bad;
}

static void tell_failure(int64_t seed, const struct arguments *arguments,
                         const struct world_result *result)
{
    struct world_result shortest = *result;
    printf("FAILED seed %" PRId64 " after %" PRId64 " happenings: %s\n", seed, result->happenings,
           result->failure);
    printf("  build %s\n", build_info_commit());
    printf("  options --seed %" PRId64 "%s\n", seed, arguments->twice ? " --twice" : "");
    fflush(stdout);
    if (arguments->expect_failure || arguments->trace) {
        return;
    }
    /* What follows from the last happening comes before the next one. */
    int64_t beginning = shorten(seed, result->happenings > 0 ? result->happenings + 1 : 100000);
    if (!fails(seed, beginning, &shortest)) {
        printf("  it does not fail again by itself\n");
        fflush(stdout);
        return;
    }
    printf("  shortest beginning that fails: sim --seed %" PRId64 " --happenings %" PRId64
           " --trace\n  with: %s\n",
           seed, beginning, shortest.failure);
    fflush(stdout);
}

static void add(struct total *total, const struct world_result *result)
{
    total->seeds++;
    total->failed += result->failed;
    total->sum.happenings += result->happenings;
    total->sum.people += result->people;
    total->sum.journeys += result->journeys;
    total->sum.crashes += result->crashes;
    total->sum.days += result->days;
    total->sum.decisions += result->decisions;
    total->sum.messages += result->messages;
    total->sum.resent += result->resent;
    for (int i = 0; i < FAULT_COUNT; i++) {
        total->sum.hits[i] += result->hits[i];
    }
}

static void report(FILE *out, const struct total *total, double took_s)
{
    const struct world_result *sum = &total->sum;
    double seeds = total->seeds > 0 ? (double)total->seeds : 1;
    int64_t faults = 0;
    for (int i = 0; i < FAULT_BY_CHANCE; i++) {
        faults += sum->hits[i];
        fprintf(out, "%8" PRId64 "  %s\n", sum->hits[i], fault_name((enum fault)i));
    }
    fprintf(out,
            "a seed has %.1f people, %.1f journeys, %.1f days, %.1f faults, %.1f crashes, "
            "%.0f happenings, %.0f messages (%.2f of them twice, their answers lost)\n",
            (double)sum->people / seeds, (double)sum->journeys / seeds, (double)sum->days / seeds,
            (double)faults / seeds, (double)sum->crashes / seeds, (double)sum->happenings / seeds,
            (double)sum->messages / seeds, (double)sum->resent / seeds);
    double busy_s = busy_seconds();
    fprintf(out,
            "%" PRId64 " seeds in %.1f s (%.0f a minute), %.1f s of a processor (%.0f a minute), "
            "%" PRId64 " failed\n",
            total->seeds, took_s, seeds * 60 / (took_s > 0 ? took_s : 1), busy_s,
            seeds * 60 / (busy_s > 0 ? busy_s : 1), total->failed);
}

static void keep_seed(struct arguments *arguments, int64_t seed)
{
    size_t count = (size_t)arguments->seed_count + 1;
    arguments->seeds = realloc(arguments->seeds, count * sizeof(*arguments->seeds));
    if (arguments->seeds == NULL) {
        perror("sim");
        exit(2);
    }
    arguments->seeds[arguments->seed_count++] = seed;
}

/* "17 what it was": one a line, '#' begins a comment. */
static bool read_file(const char *path, struct arguments *arguments)
{
    char line[256];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "sim: cannot read %s\n", path);
        return false;
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        struct str rest;
        int64_t seed;
        if (str_to_int64(str_trim(str_split(str_of(line), ' ', &rest)), &seed)) {
            keep_seed(arguments, seed);
        }
    }
    fclose(file);
    return true;
}

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: sim --seed N | --seeds FROM..TO | --seeds-of FILE\n"
                    "           [--happenings N] [--twice] [--trace] [--dump USER]\n"
                    "           [--expect-failure] [--tap] [--jobs N] [--progress N]\n");
    exit(2);
}

static bool read_range(const char *text, struct arguments *arguments)
{
    struct str rest;
    int64_t from, to;
    struct str first = str_split(str_of(text), '.', &rest);
    if (!str_to_int64(first, &from) || rest.length < 2 ||
        !str_to_int64((struct str){rest.ptr + 1, rest.length - 1}, &to)) {
        return false;
    }
    for (int64_t seed = from; seed <= to; seed++) {
        keep_seed(arguments, seed);
    }
    return true;
}

/* False when there is no such option with such a value. */
static bool read_option(const char *name, const char *value, struct arguments *arguments)
{
    int64_t seed;
    if (strcmp(name, "--seeds") == 0) {
        return read_range(value, arguments);
    }
    if (strcmp(name, "--seeds-of") == 0) {
        return read_file(value, arguments);
    }
    if (strcmp(name, "--happenings") == 0) {
        return str_to_int64(str_of(value), &arguments->happenings);
    }
    if (strcmp(name, "--progress") == 0) {
        return str_to_int64(str_of(value), &arguments->progress);
    }
    if (strcmp(name, "--jobs") == 0) {
        return str_to_int64(str_of(value), &arguments->jobs) && arguments->jobs >= 1 &&
               arguments->jobs <= JOBS_MAX;
    }
    if (strcmp(name, "--dump") == 0) {
        return str_to_int64(str_of(value), &arguments->dump_user_id);
    }
    if (strcmp(name, "--seed") == 0 && str_to_int64(str_of(value), &seed)) {
        keep_seed(arguments, seed);
        return true;
    }
    return false;
}

/* A word without a value; false when there is no such one. */
static bool read_switch(const char *name, struct arguments *arguments)
{
    if (strcmp(name, "--trace") == 0) {
        arguments->trace = true;
    } else if (strcmp(name, "--twice") == 0) {
        arguments->twice = true;
    } else if (strcmp(name, "--tap") == 0) {
        arguments->tap = true;
    } else if (strcmp(name, "--expect-failure") == 0) {
        arguments->expect_failure = true;
    } else {
        return false;
    }
    return true;
}

static struct arguments read_arguments(int count, char **words)
{
    struct arguments arguments = {.jobs = 1};
    for (int i = 1; i < count; i++) {
        if (read_switch(words[i], &arguments)) {
            continue;
        }
        if (i + 1 == count || !read_option(words[i], words[i + 1], &arguments)) {
            usage();
        }
        i++;
    }
    if (arguments.tap || arguments.trace) {
        arguments.jobs = 1; /* in order */
    }
    if (arguments.seed_count == 0) {
        usage();
    }
    return arguments;
}

static void tell_case(int64_t index, const struct arguments *arguments,
                      const struct world_result *result)
{
    if (index == 0 && arguments->tap) {
        printf("1..%" PRId64 "\n", arguments->seed_count);
    }
    if (arguments->tap) {
        printf("%s %" PRId64 " - seed %" PRId64 "\n", result->failed ? "not ok" : "ok", index + 1,
               arguments->seeds[index]);
    } else if (arguments->seed_count == 1) {
        printf("seed %" PRId64 " digest %016" PRIx64 "\n", arguments->seeds[0], result->digest);
    }
    if (result->failed) {
        tell_failure(arguments->seeds[index], arguments, result);
    }
}

/* Whether a child that has lived through its last seed ended well. */
static bool ends_well(struct child *child)
{
    int status = child_end(child);
    if (status != 0) {
        printf("FAILED after the last seed: the process ended with status %d\n", status);
    }
    return status == 0;
}

static void tell_progress(const struct arguments *arguments, const struct total *total,
                          double started_s)
{
    if (arguments->progress > 0 && total->seeds % arguments->progress == 0) {
        double took_s = seconds() - started_s;
        printf("%" PRId64 " seeds, to about %" PRId64 ", %.0f a minute, %" PRId64 " failed\n",
               total->seeds, arguments->seeds[total->seeds - 1],
               (double)total->seeds * 60 / (took_s > 0 ? took_s : 1), total->failed);
        fflush(stdout);
    }
}

/* Starts those that have seeds left and are not there; how many live. */
static int start_children(struct child *children, const struct arguments *arguments,
                          struct pollfd *ret_waits)
{
    int count = 0;
    for (int i = 0; i < arguments->jobs; i++) {
        struct child *child = &children[i];
        if (child->results == 0 && child->next < arguments->seed_count) {
            child_start(child, arguments);
        }
        count += child->results != 0;
        ret_waits[i] =
            (struct pollfd){.fd = child->results != 0 ? child->results : -1, .events = POLLIN};
    }
    return count;
}

/* Lives through all; false when one failed. */
static bool live(const struct arguments *arguments, struct total *total, double started_s)
{
    struct child children[JOBS_MAX] = {0};
    struct pollfd waits[JOBS_MAX];
    bool good = true;
    for (int i = 0; i < arguments->jobs; i++) {
        children[i].next = i;
    }
    while (!stopped && (good || !arguments->expect_failure) &&
           start_children(children, arguments, waits) > 0) {
        if (poll(waits, (nfds_t)arguments->jobs, -1) < 0) {
            continue; /* stopped */
        }
        for (int i = 0; i < arguments->jobs && !stopped; i++) {
            struct child *child = &children[i];
            if (child->results == 0 || (waits[i].revents & (POLLIN | POLLHUP)) == 0) {
                continue;
            }
            if (child->next >= arguments->seed_count) {
                good = ends_well(child) && good;
                continue;
            }
            struct world_result result;
            int64_t index = child->next;
            result_of(child, arguments, &result);
            add(total, &result);
            tell_case(index, arguments, &result);
            tell_progress(arguments, total, started_s);
            good = good && !result.failed;
        }
    }
    for (int i = 0; i < arguments->jobs; i++) {
        if (children[i].results != 0) {
            kill(children[i].process, SIGKILL);
            child_end(&children[i]);
        }
    }
    return good;
}

int main(int count, char **words)
{
    struct arguments arguments = read_arguments(count, words);
    struct total total = {0};
    double started_s = seconds();
    log_set_level(arguments.trace ? LOG_LEVEL_ERROR : LOG_LEVEL_ERROR + 1);
    on_stop(stop);
    bool good = live(&arguments, &total, started_s);
    report(arguments.tap ? stderr : stdout, &total, seconds() - started_s);
    free(arguments.seeds);
    return good != arguments.expect_failure ? 0 : 1;
}
