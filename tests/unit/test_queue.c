/* Bounded queues: order, limits, waking and closing, and many producers at once. */
#include "base/queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>

static int numbers[8];

static void items_come_out_in_order(void **state)
{
    (void)state;
    struct queue *queue = queue_new(3);
    void *items[8];
    for (int round = 0; round < 5; round++) { /* the ring wraps */
        assert_int_equal(queue_push(queue, &numbers[0]), OK);
        assert_int_equal(queue_push(queue, &numbers[1]), OK);
        assert_int_equal(queue_count(queue), 2);
        assert_int_equal(queue_take(queue, items, 1, 0), 1);
        assert_ptr_equal(items[0], &numbers[0]);
        assert_int_equal(queue_take(queue, items, 8, 0), 1);
        assert_ptr_equal(items[0], &numbers[1]);
    }
    assert_int_equal(queue_take(queue, items, 8, 0), 0);
    queue_free(queue);
    queue_free(NULL);
}

static void a_full_queue_says_so(void **state)
{
    (void)state;
    struct queue *queue = queue_new(2);
    void *items[2];
    assert_int_equal(queue_push(queue, &numbers[0]), OK);
    assert_int_equal(queue_push(queue, &numbers[1]), OK);
    assert_int_equal(queue_push(queue, &numbers[2]), ERR_BUSY);
    assert_int_equal(queue_take(queue, items, 1, 0), 1);
    assert_int_equal(queue_push(queue, &numbers[2]), OK);
    assert_int_equal(queue_take(queue, items, 2, INT64_MAX), 2);
    assert_ptr_equal(items[1], &numbers[2]);
    queue_free(queue);
}

static void a_closed_queue_gives_what_it_has(void **state)
{
    (void)state;
    struct queue *queue = queue_new(2);
    void *items[2];
    assert_int_equal(queue_push(queue, &numbers[0]), OK);
    queue_close(queue);
    assert_int_equal(queue_push(queue, &numbers[1]), ERR_CANCELLED);
    assert_int_equal(queue_take(queue, items, 2, INT64_MAX), 1);
    queue_free(queue);
}

static void waits_end_by_time_and_by_waking(void **state)
{
    (void)state;
    struct queue *queue = queue_new(2);
    void *items[2];
    assert_int_equal(queue_take(queue, items, 2, 1), 0);
    queue_wake(queue); /* before the wait: it must not be lost */
    assert_int_equal(queue_take(queue, items, 2, INT64_MAX), 0);
    queue_free(queue);
}

static void *wake_or_close(void *queue)
{
    queue_close(queue);
    return NULL;
}

static void closing_wakes_who_waits(void **state)
{
    (void)state;
    struct queue *queue = queue_new(2);
    void *items[2];
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, wake_or_close, queue), 0);
    assert_int_equal(queue_take(queue, items, 2, INT64_MAX), 0);
    pthread_join(thread, NULL);
    queue_free(queue);
}

enum { PRODUCERS = 4, EACH = 5000 };

struct producer {
    struct queue *queue;
    int items[EACH];
};

static void *produce(void *data)
{
    struct producer *producer = data;
    for (int i = 0; i < EACH; i++) {
        producer->items[i] = i;
        while (queue_push(producer->queue, &producer->items[i]) == ERR_BUSY) {
            sched_yield();
        }
    }
    return NULL;
}

/* Nothing is lost, and what one producer sent keeps its order. */
static void many_producers_lose_nothing(void **state)
{
    (void)state;
    static struct producer producers[PRODUCERS];
    pthread_t threads[PRODUCERS];
    struct queue *queue = queue_new(64);
    for (int i = 0; i < PRODUCERS; i++) {
        producers[i].queue = queue;
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    int next[PRODUCERS] = {0};
    for (int taken = 0; taken < PRODUCERS * EACH;) {
        void *items[16];
        size_t count = queue_take(queue, items, 16, 60000);
        assert_true(count > 0);
        taken += (int)count;
        for (size_t i = 0; i < count; i++) {
            int p = 0;
            while ((int *)items[i] < producers[p].items ||
                   (int *)items[i] >= producers[p].items + EACH) {
                p++;
            }
            assert_int_equal(*(int *)items[i], next[p]);
            next[p]++;
        }
    }
    for (int i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(next[i], EACH);
    }
    assert_int_equal(queue_count(queue), 0);
    queue_free(queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_out_in_order),
        cmocka_unit_test(a_full_queue_says_so),
        cmocka_unit_test(a_closed_queue_gives_what_it_has),
        cmocka_unit_test(waits_end_by_time_and_by_waking),
        cmocka_unit_test(closing_wakes_who_waits),
        cmocka_unit_test(many_producers_lose_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
