/* nth: each call of what is outside fails once, alone.
 *
 * A script is lived through as it should be; then once more, and whenever the store, the disk, the
 * memory of SQLite or a channel is called, the process divides: in the child this one call fails,
 * and its life goes on to the end; the parent's call succeeds and it goes on to the next one. So
 * the first, second, ... n-th use of every operation fails until a life passes in which there was
 * none left. What is visible in the end must be the same, unless an answer of a provider was truly
 * lost; the auditor (auditor.h) judges each life.
 *
 * usage: nth [--every N] [--every-memory N] [--tap] SCRIPT...
 *        nth [--trace] [--show] --fault NAME [--call NAME] --use N SCRIPT
 *
 * --every N lets only each N-th use of an operation fail, and each at least once; --every-memory N
 * only each N-th of SQLite's requests for memory. The second form lives one life in which that use
 * fails; --show prints what is visible in its end, after that of the life in which nothing fails.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/str.h"
#include "world.h"

enum { OPERATIONS_MAX = 1000, CALL_BYTES = 80, LIFE_S_MAX = 300, FAILURES_SHOWN = 10 };

struct operation {
    enum fault fault;
    char call[CALL_BYTES];
    int64_t uses; /* in this life */
    int64_t all_uses, lives, uncertain, failed;
};

/* What came of one life. */
struct verdict {
    bool failed;
    bool uncertain;
    char why[900];
};

struct nth {
    int64_t every, every_memory;
    bool tap, trace, shows;
    const char *fault, *call; /* the one to fail; NULL: each */
    int64_t use;

    const char *script;
    struct script_memory memory;
    char *expected; /* NULL: the first life */
    struct operation operations[OPERATIONS_MAX];
    int operation_count;
    bool has_failed; /* nothing more fails in this life */
    const struct operation *failing;
    struct verdict verdict;
    int results; /* where a child tells its verdict */
    int64_t failures;
};

/* ---- whose turn it is ---- */

/* How like the outcome must be to that of the life in which nothing fails. */
enum likeness {
    LIKE_EXACTLY,
    LIKE_BUT_ORDER,  /* what is tried again comes after other messages */
    LIKE_BUT_COUNTS, /* likewise, and what a lost answer said the engine's counts do not know */
    LIKE_NOTHING     /* life goes on in another way: only the auditor judges */
};

static enum likeness likeness_after(enum fault fault, bool lost)
{
    switch ((int)fault) {
    case FAULT_UPDATE_LATE:
    case FAULT_UPDATE_SWAPPED:
    case FAULT_PAUSE_LONG:
    case FAULT_REFUSED:
    case FAULT_GONE:
    case FAULT_CLOCK_FORWARD:
    case FAULT_CLOCK_BACK:
        return LIKE_NOTHING;
    case FAULT_CRASH_WRITE:
    case FAULT_CRASH_BEFORE_SYNC:
    case FAULT_CRASH_AFTER_SYNC:
    case FAULT_CRASH_BEFORE_SEND:
    case FAULT_CRASH_AFTER_SEND:
        return LIKE_BUT_COUNTS;
    case FAULT_PAUSE_SHORT:
    case FAULT_SERVER_ERROR:
    case FAULT_RESET:
        return lost ? LIKE_BUT_COUNTS : LIKE_BUT_ORDER;
    }
    return lost ? LIKE_BUT_COUNTS : LIKE_EXACTLY;
}

static struct operation *operation_of(struct nth *nth, enum fault fault, const char *call)
{
    for (int i = 0; i < nth->operation_count; i++) {
        struct operation *operation = &nth->operations[i];
        if (operation->fault == fault && strcmp(operation->call, call) == 0) {
            return operation;
        }
    }
    ASSERT(nth->operation_count < OPERATIONS_MAX);
    struct operation *operation = &nth->operations[nth->operation_count++];
    *operation = (struct operation){.fault = fault};
    snprintf(operation->call, sizeof(operation->call), "%s", call);
    return operation;
}

static void describe(const struct operation *operation, int64_t use, char *ret_text, size_t size)
{
    snprintf(ret_text, size, "--fault '%s'%s%s%s --use %" PRId64, fault_name(operation->fault),
             operation->call[0] != '\0' ? " --call '" : "", operation->call,
             operation->call[0] != '\0' ? "'" : "", use);
}

static void count_life(struct nth *nth, struct operation *operation, const struct verdict *verdict)
{
    operation->lives++;
    operation->uncertain += verdict->uncertain;
    operation->failed += verdict->failed;
    if (verdict->failed && nth->failures++ < FAILURES_SHOWN) {
        char which[200];
        describe(operation, operation->uses, which, sizeof(which));
        printf("FAILED nth %s %s\n  %s\n", which, nth->script, verdict->why);
        fflush(stdout);
    }
}

/* True in the child. */
static bool divide(struct nth *nth, struct operation *operation)
{
    int ends[2];
    if (pipe(ends) != 0) {
        perror("nth: pipe");
        exit(2);
    }
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        alarm(LIFE_S_MAX);
        nth->results = ends[1];
        return true;
    }
    close(ends[1]);
    struct verdict verdict;
    int status = 0;
    ssize_t length = read(ends[0], &verdict, sizeof(verdict));
    close(ends[0]);
    waitpid(child, &status, 0);
    if (length != (ssize_t)sizeof(verdict)) {
        verdict = (struct verdict){.failed = true};
        snprintf(verdict.why, sizeof(verdict.why),
                 "the process ended with status %d (an assertion, a sanitizer's finding)", status);
    }
    count_life(nth, operation, &verdict);
    return false;
}

/* With --every the scripts begin at different uses; what was never tried is. */
static bool is_chosen(const struct nth *nth, const struct operation *operation)
{
    int64_t every = nth->every * (operation->fault == FAULT_MEMORY ? nth->every_memory : 1);
    uint32_t from = hash_fnv1a(str_of(nth->script)) ^ hash_fnv1a(str_of(operation->call));
    return operation->lives == 0 || (operation->uses + from % every) % every == 0;
}

static bool turn(void *context, enum fault fault, const char *call)
{
    struct nth *nth = context;
    /* One process at a time: the lock that tells them apart is the parent's, too. */
    bool needs_another = fault == FAULT_SECOND || fault == FAULT_STANDS_STILL;
    if (nth->expected == NULL || nth->has_failed || needs_another) {
        return false;
    }
    struct operation *operation = operation_of(nth, fault, call);
    int64_t use = ++operation->uses;
    if (nth->fault != NULL) {
        nth->has_failed = strcmp(nth->fault, fault_name(fault)) == 0 &&
                          strcmp(nth->call, call) == 0 && use == nth->use;
    } else if (is_chosen(nth, operation)) {
        nth->has_failed = divide(nth, operation);
    }
    nth->failing = nth->has_failed ? operation : NULL;
    return nth->has_failed;
}

/* ---- what comes of it ---- */

struct lines {
    struct str *lines;
    int count;
};

static int compare_lines(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static struct lines lines_of(const char *text, enum likeness likeness)
{
    struct lines lines = {0};
    struct str rest = str_of(text);
    while (rest.length > 0) {
        struct str line = str_split(rest, '\n', &rest);
        bool counts = str_starts(line, STR("events|")) || str_starts(line, STR("messages|")) ||
                      str_starts(line, STR("audit|deliveries_process|")); /* is asked again */
        if (likeness != LIKE_BUT_COUNTS || !counts) {
            lines.lines = realloc(lines.lines, (size_t)(lines.count + 1) * sizeof(*lines.lines));
            ASSERT(lines.lines != NULL);
            lines.lines[lines.count++] = line;
        }
    }
    if (likeness != LIKE_EXACTLY) {
        qsort(lines.lines, (size_t)lines.count, sizeof(*lines.lines), compare_lines);
    }
    return lines;
}

static bool differ(const char *expected, const char *found, enum likeness likeness, char *ret_why,
                   size_t size)
{
    struct lines one = lines_of(expected, likeness);
    struct lines other = lines_of(found, likeness);
    int at = 0;
    while (at < one.count && at < other.count && str_equal(one.lines[at], other.lines[at])) {
        at++;
    }
    bool differs = at < one.count || at < other.count;
    if (differs) {
        snprintf(ret_why, size, "another outcome\n  expected: %.*s\n  found:    %.*s",
                 STR_ARG(at < one.count ? one.lines[at] : STR("nothing more")),
                 STR_ARG(at < other.count ? other.lines[at] : STR("nothing more")));
    }
    free(one.lines);
    free(other.lines);
    return differs;
}

static void life_done(void *context, const struct world_result *result, const char *outcome,
                      int64_t uncertain)
{
    struct nth *nth = context;
    struct verdict *verdict = &nth->verdict;
    *verdict = (struct verdict){.failed = result->failed, .uncertain = uncertain > 0};
    snprintf(verdict->why, sizeof(verdict->why), "%s", result->failure);
    if (nth->shows) {
        printf("%s", outcome);
    }
    if (nth->expected == NULL) {
        nth->expected = strdup(outcome);
        ASSERT(nth->expected != NULL);
        if (uncertain > 0 || result->resent > 0) {
            verdict->failed = true;
            snprintf(verdict->why, sizeof(verdict->why), "something is lost though nothing fails");
        }
        return;
    }
    enum likeness likeness =
        nth->failing != NULL ? likeness_after(nth->failing->fault, result->lost > 0) : LIKE_EXACTLY;
    if (!verdict->failed && !verdict->uncertain && likeness != LIKE_NOTHING &&
        differ(nth->expected, outcome, likeness, verdict->why, sizeof(verdict->why))) {
        verdict->failed = true;
    }
    if (nth->results != 0) {
        const struct verdict told = *verdict;
        ssize_t length = write(nth->results, &told, sizeof(told));
        fflush(NULL);
        _exit(length == (ssize_t)sizeof(told) ? 0 : 2);
    }
}

static void live(struct nth *nth)
{
    const struct world_options options = {.seed = 1,
                                          .trace = nth->trace,
                                          .script = nth->script,
                                          .memory = &nth->memory,
                                          .turn = turn,
                                          .turn_context = nth,
                                          .done = life_done};
    struct world_result result;
    world_run(&options, &result);
    if (nth->verdict.failed) {
        printf("FAILED %s: %s\n", nth->script, nth->verdict.why);
        nth->failures++;
    }
}

static double seconds(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static bool play(struct nth *nth, const char *script)
{
    double started_s = seconds();
    int64_t lives = 0;
    for (int i = 0; i < nth->operation_count; i++) {
        lives -= nth->operations[i].lives;
        nth->operations[i].all_uses += nth->operations[i].uses;
        nth->operations[i].uses = 0;
    }
    nth->script = script;
    nth->memory = (struct script_memory){0};
    nth->failures = 0;
    nth->has_failed = false;
    live(nth);
    if (nth->failures == 0) {
        live(nth);
    }
    free(nth->expected);
    nth->expected = NULL;
    for (int i = 0; i < nth->operation_count; i++) {
        lives += nth->operations[i].lives;
    }
    if (nth->fault == NULL) {
        fprintf(nth->tap ? stderr : stdout, "%s: %" PRId64 " lives in %.1f s, %" PRId64 " failed\n",
                script, lives, seconds() - started_s, nth->failures);
    }
    return nth->failures == 0;
}

/* ---- the program ---- */

static int compare(const void *a, const void *b)
{
    const struct operation *first = a, *second = b;
    int order = (int)first->fault - (int)second->fault;
    return order != 0 ? order : strcmp(first->call, second->call);
}

static void report(struct nth *nth, FILE *out)
{
    for (int i = 0; i < nth->operation_count; i++) {
        nth->operations[i].all_uses += nth->operations[i].uses;
    }
    struct operation sum = {0};
    qsort(nth->operations, (size_t)nth->operation_count, sizeof(nth->operations[0]), compare);
    fprintf(out, "    uses    lives uncertain  failed  the call that failed once in each\n");
    for (int i = 0; i < nth->operation_count; i++) {
        const struct operation *operation = &nth->operations[i];
        fprintf(out, "%8" PRId64 " %8" PRId64 " %9" PRId64 " %7" PRId64 "  %s%s%s\n",
                operation->all_uses, operation->lives, operation->uncertain, operation->failed,
                fault_name(operation->fault), operation->call[0] != '\0' ? ": " : "",
                operation->call);
        sum.all_uses += operation->all_uses;
        sum.lives += operation->lives;
        sum.uncertain += operation->uncertain;
        sum.failed += operation->failed;
    }
    fprintf(out, "%8" PRId64 " %8" PRId64 " %9" PRId64 " %7" PRId64 "  of %d operations\n",
            sum.all_uses, sum.lives, sum.uncertain, sum.failed, nth->operation_count);
}

static _Noreturn void usage(void)
{
    fprintf(stderr, "usage: nth [--every N] [--every-memory N] [--tap] SCRIPT...\n"
                    "       nth [--trace] [--show] --fault NAME [--call NAME] --use N SCRIPT\n");
    exit(2);
}

/* How many words the option takes; 0: it is none. */
static int read_option(struct nth *nth, const char *name, const char *value)
{
    if (strcmp(name, "--tap") == 0) {
        nth->tap = true;
    } else if (strcmp(name, "--trace") == 0) {
        nth->trace = true;
    } else if (strcmp(name, "--show") == 0) {
        nth->shows = true;
    } else if (value == NULL) {
        return 0;
    } else if (strcmp(name, "--fault") == 0) {
        nth->fault = value;
        return 2;
    } else if (strcmp(name, "--call") == 0) {
        nth->call = value;
        return 2;
    } else if ((strcmp(name, "--use") == 0 && str_to_int64(str_of(value), &nth->use)) ||
               (strcmp(name, "--every") == 0 && str_to_int64(str_of(value), &nth->every) &&
                nth->every > 0) ||
               (strcmp(name, "--every-memory") == 0 &&
                str_to_int64(str_of(value), &nth->every_memory) && nth->every_memory > 0)) {
        return 2;
    } else {
        return 0;
    }
    return 1;
}

int main(int count, char **words)
{
    struct nth *nth = calloc(1, sizeof(*nth));
    ASSERT(nth != NULL);
    nth->every = nth->every_memory = 1;
    nth->call = "";
    int at = 1;
    while (at < count && words[at][0] == '-') {
        int taken = read_option(nth, words[at], at + 1 < count ? words[at + 1] : NULL);
        if (taken == 0) {
            usage();
        }
        at += taken;
    }
    if (at == count || (nth->fault != NULL && nth->use == 0)) {
        usage();
    }
    log_set_level(nth->trace ? LOG_LEVEL_ERROR : LOG_LEVEL_ERROR + 1);
    calls_watch_memory();
    bool good = true;
    if (nth->tap) {
        printf("1..%d\n", count - at);
    }
    for (int i = at; i < count; i++) {
        bool passed = play(nth, words[i]);
        good = good && passed;
        if (nth->tap) {
            const char *name = strrchr(words[i], '/');
            printf("%s %d - %s\n", passed ? "ok" : "not ok", i - at + 1,
                   name != NULL ? name + 1 : words[i]);
            fflush(stdout);
        }
    }
    if (nth->fault == NULL) {
        report(nth, nth->tap ? stderr : stdout);
    }
    free(nth);
    return good ? 0 : 1;
}
