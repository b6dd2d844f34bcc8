/* The threads of a pass. */
#include "bi/behaviour/scan.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"

enum {
    PORTION_PEOPLE = 4096,      /* taken at once: coarse enough to cost nothing */
    EVENTS_FOR_THREADS = 200000 /* fewer are counted sooner than a thread begins */
};

struct pass {
    behaviour_work *work;
    const void *question;
    uint32_t people;
    atomic_uint_fast64_t next;
};

struct worker {
    pthread_t thread;
    struct pass *pass;
    void *part;
};

static void *run(void *context)
{
    struct worker *worker = context;
    struct pass *pass = worker->pass;
    for (;;) {
        uint64_t from = atomic_fetch_add(&pass->next, PORTION_PEOPLE);
        if (from >= pass->people) {
            return NULL;
        }
        uint64_t to = from + PORTION_PEOPLE < pass->people ? from + PORTION_PEOPLE : pass->people;
        pass->work(pass->question, worker->part, (uint32_t)from, (uint32_t)to);
    }
}

int behaviour_scan_threads(const struct behaviour_who *who)
{
    long cores = who->threads > 0 ? who->threads : sysconf(_SC_NPROCESSORS_ONLN);
    if (who->threads <= 0 && who->log->event_count < EVENTS_FOR_THREADS) {
        cores = 1;
    }
    return cores < 1 ? 1 : cores > BEHAVIOUR_THREADS_MAX ? BEHAVIOUR_THREADS_MAX : (int)cores;
}

void behaviour_scan(const struct behaviour_who *who, behaviour_work *work, const void *question,
                    void *parts, size_t part_bytes)
{
    struct pass pass = {work, question, who->log->person_count, 0};
    struct worker workers[BEHAVIOUR_THREADS_MAX];
    int count = behaviour_scan_threads(who);
    int started = 0;
    for (int i = 0; i < count; i++) {
        workers[i] = (struct worker){.pass = &pass, .part = (char *)parts + (size_t)i * part_bytes};
    }
    /* A thread that does not come is missed by nobody: the others take its portions. */
    while (started + 1 < count &&
           pthread_create(&workers[started + 1].thread, NULL, run, &workers[started + 1]) == 0) {
        started++;
    }
    (void)run(&workers[0]);
    for (int i = 1; i <= started; i++) {
        pthread_join(workers[i].thread, NULL);
    }
}

int64_t *behaviour_scan_counts(const struct behaviour_who *who, struct arena *arena,
                               behaviour_work *work, const void *question, size_t count)
{
    int threads = behaviour_scan_threads(who);
    /* A cache line between the parts, so that threads do not write into each other's. */
    size_t stride = (count + 8) * sizeof(int64_t);
    int64_t *parts = calloc((size_t)threads, stride);
    ASSERT(parts != NULL);
    behaviour_scan(who, work, question, parts, stride);
    int64_t *sums = ARENA_ARRAY(arena, int64_t, count > 0 ? count : 1);
    for (int i = 0; i < threads; i++) {
        const int64_t *part = parts + (size_t)i * (count + 8);
        for (size_t k = 0; k < count; k++) {
            sums[k] += part[k];
        }
    }
    free(parts);
    return sums;
}
