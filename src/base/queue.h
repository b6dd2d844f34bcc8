/* A bounded queue of pointers between threads. When full, the source is told (ERR_BUSY) and must
 * come back; nothing is dropped. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct queue;

struct queue *queue_new(size_t capacity);
/* The queue must be empty or its items owned elsewhere; accepts NULL. */
void queue_free(struct queue *queue);
/* Any thread. ERR_BUSY when full, ERR_CANCELLED when closed; the item stays the caller's then. */
MUST_CHECK enum err queue_push(struct queue *queue, void *item);
/* One consumer. Takes up to `max` items that are there; waits up to wait_ms (0: not at all,
 * INT64_MAX: for ever) for the first. Returns the count; 0 after the time or queue_wake. */
size_t queue_take(struct queue *queue, void **ret_items, size_t max, int64_t wait_ms);
/* Ends the present or next wait of the consumer. Any thread. */
void queue_wake(struct queue *queue);
/* Further pushes are refused; what is inside can still be taken. Any thread. */
void queue_close(struct queue *queue);
size_t queue_count(struct queue *queue);
