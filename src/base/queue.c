/* A bounded ring behind a mutex and a condition. */
#include "base/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/check.h"

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    size_t capacity;
    size_t first;
    size_t count;
    bool woken;
    bool closed;
    bool waiting; /* saves the signal while the consumer is busy */
    void *items[];
};

struct queue *queue_new(size_t capacity)
{
    ASSERT(capacity > 0 && capacity < SIZE_MAX / sizeof(void *) / 2);
    struct queue *queue = calloc(1, sizeof(*queue) + capacity * sizeof(void *));
    ASSERT(queue != NULL);
    queue->capacity = capacity;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->filled, &attributes);
    pthread_condattr_destroy(&attributes);
    return queue;
}

void queue_free(struct queue *queue)
{
    if (queue != NULL) {
        pthread_cond_destroy(&queue->filled);
        pthread_mutex_destroy(&queue->lock);
        free(queue);
    }
}

enum err queue_push(struct queue *queue, void *item)
{
    enum err result = OK;
    pthread_mutex_lock(&queue->lock);
    if (queue->closed) {
        result = ERR_CANCELLED;
    } else if (queue->count == queue->capacity) {
        result = ERR_BUSY;
    } else {
        queue->items[(queue->first + queue->count) % queue->capacity] = item;
        queue->count++;
        if (queue->waiting) {
            pthread_cond_signal(&queue->filled);
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return result;
}

/* Waits with the lock held until something is there, a wake came, or the time is over. */
static void wait_locked(struct queue *queue, int64_t wait_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    bool for_ever = wait_ms > INT64_MAX / 1000000;
    if (!for_ever) {
        until.tv_sec += wait_ms / 1000;
        until.tv_nsec += wait_ms % 1000 * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
    }
    queue->waiting = true;
    int failed = 0;
    while (queue->count == 0 && !queue->woken && failed == 0) {
        failed = for_ever ? pthread_cond_wait(&queue->filled, &queue->lock)
                          : pthread_cond_timedwait(&queue->filled, &queue->lock, &until);
    }
    queue->waiting = false;
}

size_t queue_take(struct queue *queue, void **ret_items, size_t max, int64_t wait_ms)
{
    pthread_mutex_lock(&queue->lock);
    if (queue->count == 0 && wait_ms > 0) {
        wait_locked(queue, wait_ms);
    }
    queue->woken = false;
    size_t taken = queue->count < max ? queue->count : max;
    for (size_t i = 0; i < taken; i++) {
        ret_items[i] = queue->items[queue->first];
        queue->first = (queue->first + 1) % queue->capacity;
    }
    queue->count -= taken;
    pthread_mutex_unlock(&queue->lock);
    return taken;
}

void queue_wake(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->woken = true;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->lock);
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_signal(&queue->filled);
    queue->woken = true;
    pthread_mutex_unlock(&queue->lock);
}

size_t queue_count(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    size_t count = queue->count;
    pthread_mutex_unlock(&queue->lock);
    return count;
}
