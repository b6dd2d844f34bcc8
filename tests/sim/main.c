/* sim: lives through seeds, each in a process of its own, so that an assertion that fails in one is
 * a finding like any other.
 *
 * usage: sim --seed N | --seeds FROM..TO [--happenings N] [--trace] [--expect-failure]
 *
 * At a failure it prints the seed, the options and the shortest beginning that still fails alone:
 * the number of happenings after which faults and people stop. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/build_info.h"
#include "base/log.h"
#include "base/str.h"
#include "world.h"

struct arguments {
    int64_t from, to;
    int64_t happenings;
    bool trace;
    bool expect_failure;
    int64_t dump_user_id;
    const char *file; /* of seeds that failed once */
};

struct total {
    struct world_result sum;
    int64_t seeds, failed;
};

static double seconds(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* Runs the seed in a child; false when the child died before it could tell. */
static bool run_seed(int64_t seed, int64_t happenings, const struct arguments *arguments,
                     struct world_result *ret_result)
{
    int ends[2];
    if (pipe(ends) != 0) {
        perror("sim: pipe");
        exit(2);
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct world_options options = {.seed = (uint64_t)seed, .happenings_max = happenings};
        if (arguments != NULL) {
            options.trace = arguments->trace;
            options.dump_user_id = arguments->dump_user_id;
        }
        struct world_result result;
        world_run(&options, &result);
        bool told = write(ends[1], &result, sizeof(result)) == (ssize_t)sizeof(result);
        /* Not exit: it would set back the place in a file that the parent is reading. */
        fflush(NULL);
        _exit(told ? 0 : 2);
    }
    close(ends[1]);
    bool told = read(ends[0], ret_result, sizeof(*ret_result)) == (ssize_t)sizeof(*ret_result);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!told || status != 0) {
        if (!told) {
            *ret_result = (struct world_result){0};
        }
        ret_result->failed = true;
        snprintf(ret_result->failure, sizeof(ret_result->failure),
                 "the process ended with status %d (an assertion, a sanitizer's finding)", status);
    }
    return told;
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
        (void)run_seed(seed, middle, NULL, &result);
        if (result.failed) {
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
    if (arguments->expect_failure || arguments->trace) {
        return;
    }
    int64_t beginning = shorten(seed, result->happenings > 0 ? result->happenings : 100000);
    (void)run_seed(seed, beginning, NULL, &shortest);
    printf("  shortest beginning that fails: sim --seed %" PRId64 " --happenings %" PRId64
           " --trace\n  with: %s\n",
           seed, beginning, shortest.failure);
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

static void report(const struct total *total, double took_s)
{
    const struct world_result *sum = &total->sum;
    double seeds = total->seeds > 0 ? (double)total->seeds : 1;
    int64_t faults = 0;
    for (int i = 0; i < FAULT_COUNT; i++) {
        faults += sum->hits[i];
        printf("%8" PRId64 "  %s\n", sum->hits[i], fault_name((enum fault)i));
    }
    printf("a seed has %.1f people, %.1f journeys, %.1f days, %.1f faults, %.1f crashes, "
           "%.0f happenings, %.0f messages (%.2f of them twice, their answers lost)\n",
           (double)sum->people / seeds, (double)sum->journeys / seeds, (double)sum->days / seeds,
           (double)faults / seeds, (double)sum->crashes / seeds, (double)sum->happenings / seeds,
           (double)sum->messages / seeds, (double)sum->resent / seeds);
    printf("%" PRId64 " seeds in %.1f s (%.1f a second), %" PRId64 " failed\n", total->seeds,
           took_s, seeds / (took_s > 0 ? took_s : 1), total->failed);
}

static void one(int64_t seed, const struct arguments *arguments, struct total *total)
{
    struct world_result result;
    (void)run_seed(seed, arguments->happenings, arguments, &result);
    add(total, &result);
    if (arguments->from == arguments->to && arguments->file == NULL) {
        printf("seed %" PRId64 " digest %016" PRIx64 "\n", seed, result.digest);
    }
    if (result.failed) {
        tell_failure(seed, arguments, &result);
    }
}

/* "17 what it was": one a line, '#' begins a comment. */
static void seeds_of_file(const struct arguments *arguments, struct total *total)
{
    char line[256];
    FILE *file = fopen(arguments->file, "r");
    if (file == NULL) {
        fprintf(stderr, "sim: cannot read %s\n", arguments->file);
        exit(2);
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        struct str rest;
        int64_t seed;
        if (str_to_int64(str_trim(str_split(str_of(line), ' ', &rest)), &seed)) {
            one(seed, arguments, total);
        }
    }
    fclose(file);
}

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: sim --seed N | --seeds FROM..TO | --seeds-of FILE\n"
                    "           [--happenings N] [--trace] [--dump USER] [--expect-failure]\n");
    exit(2);
}

static bool read_range(const char *text, int64_t *ret_from, int64_t *ret_to)
{
    struct str rest;
    struct str first = str_split(str_of(text), '.', &rest);
    return str_to_int64(first, ret_from) && rest.length > 1 &&
           str_to_int64((struct str){rest.ptr + 1, rest.length - 1}, ret_to);
}

static struct arguments read_arguments(int count, char **words)
{
    struct arguments arguments = {0};
    bool chosen = false;
    for (int i = 1; i < count; i++) {
        const char *value = i + 1 < count ? words[i + 1] : "";
        bool known = true;
        if (strcmp(words[i], "--seed") == 0) {
            known = str_to_int64(str_of(value), &arguments.from);
            arguments.to = arguments.from;
            chosen = true;
            i++;
        } else if (strcmp(words[i], "--seeds") == 0) {
            known = read_range(value, &arguments.from, &arguments.to);
            chosen = true;
            i++;
        } else if (strcmp(words[i], "--seeds-of") == 0) {
            arguments.file = value;
            chosen = true;
            i++;
        } else if (strcmp(words[i], "--happenings") == 0) {
            known = str_to_int64(str_of(value), &arguments.happenings);
            i++;
        } else if (strcmp(words[i], "--dump") == 0) {
            known = str_to_int64(str_of(value), &arguments.dump_user_id);
            i++;
        } else if (strcmp(words[i], "--trace") == 0) {
            arguments.trace = true;
        } else if (strcmp(words[i], "--expect-failure") == 0) {
            arguments.expect_failure = true;
        } else {
            known = false;
        }
        if (!known) {
            usage();
        }
    }
    if (!chosen) {
        usage();
    }
    return arguments;
}

int main(int count, char **words)
{
    struct arguments arguments = read_arguments(count, words);
    struct total total = {0};
    double started_s = seconds();
    log_set_level(arguments.trace ? LOG_LEVEL_ERROR : LOG_LEVEL_ERROR + 1);
    if (arguments.file != NULL) {
        seeds_of_file(&arguments, &total);
    } else {
        for (int64_t seed = arguments.from; seed <= arguments.to; seed++) {
            one(seed, &arguments, &total);
            if (arguments.expect_failure && total.failed > 0) {
                break;
            }
        }
    }
    report(&total, seconds() - started_s);
    if (arguments.expect_failure) {
        return total.failed > 0 ? 0 : 1;
    }
    return total.failed > 0 ? 1 : 0;
}
