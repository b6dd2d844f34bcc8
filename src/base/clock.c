/* Real, virtual and scaled clocks. */
#include "base/clock.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"

enum clock_kind { CLOCK_KIND_REAL, CLOCK_KIND_VIRTUAL, CLOCK_KIND_SCALED, CLOCK_KIND_FILE };

enum { FILE_LOOK_MS = 10 }; /* how often a waiter looks whether a file clock was moved */

struct clock {
    enum clock_kind kind;
    pthread_mutex_t *lock; /* guards base and rate; a pointer, so that reading stays const */
    int64_t base_ms;       /* what a virtual or scaled clock showed at base_real_ms */
    int64_t base_real_ms;  /* monotonic */
    double rate;
    const _Atomic int64_t *file_ms; /* of a file clock */
};

static int64_t read_ms(clockid_t id)
{
    struct timespec now;
    int failed = clock_gettime(id, &now);
    ASSERT(failed == 0);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct clock *clock_new(enum clock_kind kind, int64_t now_ms, double rate)
{
    struct clock *clock = calloc(1, sizeof(*clock));
    ASSERT(clock != NULL);
    clock->kind = kind;
    clock->base_ms = now_ms;
    clock->base_real_ms = read_ms(CLOCK_MONOTONIC);
    clock->rate = rate;
    clock->lock = malloc(sizeof(*clock->lock));
    ASSERT(clock->lock != NULL);
    pthread_mutex_init(clock->lock, NULL);
    return clock;
}

struct clock *clock_new_real(void)
{
    return clock_new(CLOCK_KIND_REAL, 0, 1.0);
}

struct clock *clock_new_virtual(int64_t now_ms)
{
    return clock_new(CLOCK_KIND_VIRTUAL, now_ms, 0.0);
}

struct clock *clock_new_scaled(int64_t now_ms, double rate)
{
    ASSERT(rate >= 1.0);
    return clock_new(CLOCK_KIND_SCALED, now_ms, rate);
}

struct clock *clock_new_file(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return NULL;
    }
    struct stat status;
    void *memory = MAP_FAILED;
    if (fstat(file, &status) == 0 && status.st_size >= (off_t)sizeof(int64_t)) {
        memory = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    }
    close(file);
    if (memory == MAP_FAILED) {
        return NULL;
    }
    struct clock *clock = clock_new(CLOCK_KIND_FILE, 0, 0.0);
    clock->file_ms = memory;
    return clock;
}

void clock_free(struct clock *clock)
{
    if (clock != NULL) {
        if (clock->kind == CLOCK_KIND_FILE) {
            union {
                const _Atomic int64_t *constant;
                void *plain;
            } memory = {clock->file_ms};
            munmap(memory.plain, sizeof(int64_t));
        }
        pthread_mutex_destroy(clock->lock);
        free(clock->lock);
        free(clock);
    }
}

static int64_t scaled_now_locked(const struct clock *clock)
{
    int64_t elapsed_ms = read_ms(CLOCK_MONOTONIC) - clock->base_real_ms;
    return clock->base_ms + (int64_t)((double)elapsed_ms * clock->rate);
}

int64_t clock_now_ms(const struct clock *clock)
{
    if (clock->kind == CLOCK_KIND_REAL) {
        return read_ms(CLOCK_REALTIME);
    }
    if (clock->kind == CLOCK_KIND_FILE) {
        return atomic_load(clock->file_ms);
    }
    pthread_mutex_lock(clock->lock);
    int64_t now = clock->kind == CLOCK_KIND_VIRTUAL ? clock->base_ms : scaled_now_locked(clock);
    pthread_mutex_unlock(clock->lock);
    return now;
}

int64_t clock_monotonic_ms(const struct clock *clock)
{
    return clock->kind == CLOCK_KIND_VIRTUAL ? clock_now_ms(clock) : read_ms(CLOCK_MONOTONIC);
}

int64_t clock_wait_ms(const struct clock *clock, int64_t at_ms)
{
    int64_t missing = at_ms - clock_now_ms(clock);
    if (missing <= 0) {
        return 0;
    }
    if (clock->kind == CLOCK_KIND_VIRTUAL) {
        return INT64_MAX;
    }
    if (clock->kind == CLOCK_KIND_FILE) {
        return FILE_LOOK_MS;
    }
    pthread_mutex_lock(clock->lock);
    double rate = clock->rate;
    pthread_mutex_unlock(clock->lock);
    return (int64_t)((double)missing / rate) + 1;
}

void clock_rest(int64_t us)
{
    struct timespec rest = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&rest, NULL);
}

int64_t clock_worked_ms(void)
{
    return read_ms(CLOCK_THREAD_CPUTIME_ID);
}

void clock_set(struct clock *clock, int64_t now_ms)
{
    ASSERT(clock->kind == CLOCK_KIND_VIRTUAL);
    pthread_mutex_lock(clock->lock);
    clock->base_ms = now_ms;
    pthread_mutex_unlock(clock->lock);
}

void clock_advance(struct clock *clock, int64_t by_ms)
{
    ASSERT(clock->kind == CLOCK_KIND_VIRTUAL);
    pthread_mutex_lock(clock->lock);
    clock->base_ms += by_ms;
    pthread_mutex_unlock(clock->lock);
}

void clock_set_rate(struct clock *clock, double rate)
{
    if (clock->kind != CLOCK_KIND_SCALED) {
        return;
    }
    ASSERT(rate >= 1.0);
    pthread_mutex_lock(clock->lock);
    clock->base_ms = scaled_now_locked(clock);
    clock->base_real_ms = read_ms(CLOCK_MONOTONIC);
    clock->rate = rate;
    pthread_mutex_unlock(clock->lock);
}
