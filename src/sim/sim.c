/* Threads take shards of people one after the other; each counts for itself, and the counts are
 * added at the end. The only thing they share is the count of messages of each second, which is a
 * sum too. */
#include "sim/sim.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/check.h"
#include "channel/telegram.h"
#include "sim/load.h"

enum { SHARD_PEOPLE = 250 };

struct shared {
    const struct setting *setting;
    int64_t users;
    _Atomic int64_t next; /* first person that nobody has taken */
    _Atomic int64_t done;
};

struct worker {
    struct shared *shared;
    const struct sim_options *options;
    struct tally *tally;
    size_t memory_most;
    bool tells; /* the calling thread */
    pthread_t thread;
};

struct joining {
    int64_t at_ms;
    int64_t number;
};

static int by_instant(const void *left, const void *right)
{
    const struct joining *a = left, *b = right;
    return a->at_ms != b->at_ms ? (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms)
                                : (a->number > b->number) - (a->number < b->number);
}

/* A store keeps rows by age: whoever joined one after the other writes into the same pages. */
static struct joining *order_of(struct life *life, int64_t users)
{
    struct joining *order = calloc((size_t)users, sizeof(*order));
    ASSERT(order != NULL);
    for (int64_t i = 0; i < users; i++) {
        order[i] = (struct joining){life_joins_at(life, i), i};
    }
    qsort(order, (size_t)users, sizeof(*order), by_instant);
    return order;
}

static void *work(void *context)
{
    struct worker *worker = context;
    struct shared *shared = worker->shared;
    const struct keep *keep = shared->setting->keep;
    struct life *life = life_new(shared->setting, worker->tally);
    struct joining *order = keep != NULL ? order_of(life, shared->users) : NULL;
    for (;;) {
        int64_t from = atomic_fetch_add(&shared->next, SHARD_PEOPLE);
        int64_t to = from + SHARD_PEOPLE < shared->users ? from + SHARD_PEOPLE : shared->users;
        if (from >= shared->users || (keep != NULL && keep_has_failed(keep))) {
            break;
        }
        for (int64_t i = from; i < to; i++) {
            life_live(life, order != NULL ? order[i].number : i);
        }
        int64_t done = atomic_fetch_add(&shared->done, to - from) + to - from;
        if (worker->tells && worker->options->progress != NULL) {
            worker->options->progress(worker->options->context, done, shared->users);
        }
    }
    worker->memory_most = life_memory_most(life);
    life_free(life);
    free(order);
    return NULL;
}

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    ASSERT(memory != NULL);
    return memory;
}

static void run_workers(const struct sim_options *options, const struct setting *setting,
                        struct sim_result *result)
{
    struct shared shared = {.setting = setting, .users = options->users};
    struct worker *workers = zeroed((size_t)options->threads, sizeof(*workers));
    for (int i = options->threads - 1; i >= 0; i--) {
        workers[i] = (struct worker){.shared = &shared,
                                     .options = options,
                                     .tally = zeroed(1, sizeof(struct tally)),
                                     .tells = i == 0};
        int failed = i > 0 ? pthread_create(&workers[i].thread, NULL, work, &workers[i]) : 0;
        ASSERT(failed == 0);
    }
    work(&workers[0]);
    for (int i = 0; i < options->threads; i++) {
        if (i > 0) {
            pthread_join(workers[i].thread, NULL);
        }
        tally_add(&result->tally, workers[i].tally);
        if (workers[i].memory_most > result->bytes_per_person) {
            result->bytes_per_person = workers[i].memory_most;
        }
        free(workers[i].tally);
    }
    free(workers);
}

const struct sim_result *sim_run(struct arena *arena, const struct sim_options *options)
{
    ASSERT(options->users > 0 && options->users <= SIM_USERS_MAX && options->days > 0 &&
           options->days <= SIM_DAYS_MAX && options->threads > 0 &&
           options->threads <= SIM_THREADS_MAX && (options->keep == NULL || options->threads == 1));
    struct sim_result *result = ARENA_NEW(arena, struct sim_result);
    struct setting setting = {
        .catalog = options->catalog,
        .installation = options->installation,
        .people = options->people,
        .seed = options->seed,
        .start_ms = options->start_ms,
        .span_ms = options->days * DAY_MS,
        .keep = options->keep,
    };
    setting.installation.channels[CHANNEL_TELEGRAM] = true;
    if (options->keep == NULL) {
        setting.installation.rollout =
            (struct rollout){.name = STR("rehearsal"),
                             .seed = STR("rehearsal"),
                             .share_permyriad = options->set == SET_OPTIMIZED ? 10000 : 0};
    }
    int64_t joining_ms = options->keep != NULL ? keep_until_ms(options->keep) - options->start_ms
                                               : options->people->joining_ms;
    /* People east and west of Greenwich begin the first and the last day at other instants. */
    setting.second_count = (joining_ms + setting.span_ms + 2 * DAY_MS) / 1000;
    setting.sent_in_second = zeroed((size_t)setting.second_count, sizeof(*setting.sent_in_second));
    run_workers(options, &setting, result);
    load_measure(arena, setting.sent_in_second, setting.second_count, options->start_ms,
                 telegram_limits()->per_second, &result->load);
    free(setting.sent_in_second);
    return result;
}
