/* The loop on its own thread: many threads submit, report and look, and a stop ends it cleanly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "lib/engine_fixture.h"

enum { THREADS = 4, EACH = PORTION(200, 20) };

struct crowd {
    struct engine *engine;
    int each; /* by each thread */
    atomic_int next_number;
    atomic_int done;
    atomic_int cancelled;
    atomic_bool stop;
};

static void count_done(void *context, const struct outcome *outcome)
{
    struct crowd *crowd = context;
    if (outcome->error == ERR_CANCELLED) {
        atomic_fetch_add(&crowd->cancelled, 1);
    } else {
        atomic_fetch_add(&crowd->done, 1);
    }
}

static void *submit_many(void *context)
{
    struct crowd *crowd = context;
    for (int i = 0; i < crowd->each; i++) {
        char id[24], chat[24];
        int number = atomic_fetch_add(&crowd->next_number, 1);
        snprintf(id, sizeof(id), "%d", number);
        snprintf(chat, sizeof(chat), "%d", 1 + number % 50);
        struct input input = {.kind = INPUT_TEXT,
                              .source = STR("telegram"),
                              .external_id = str_of(id),
                              .channel = CHANNEL_TELEGRAM,
                              .identity = str_of(chat),
                              .address = str_of(chat),
                              .may_create = true,
                              .text = STR("/help")};
        while (engine_submit(crowd->engine, &input, count_done, crowd) == ERR_BUSY) {
            sched_yield();
        }
    }
    return NULL;
}

/* Reports about nothing, and looks at the figures. */
static void *disturb(void *context)
{
    struct crowd *crowd = context;
    struct channel_sink sink = engine_sink(crowd->engine);
    while (!atomic_load(&crowd->stop)) {
        struct report report = {.delivery_id = 5,
                                .user_id = 6,
                                .channel = CHANNEL_TELEGRAM,
                                .kind = REPORT_SENT,
                                .address = STR("1")};
        sink.report(sink.context, &report);
        struct engine_status status;
        engine_status(crowd->engine, &status);
        sched_yield();
    }
    return NULL;
}

struct running {
    struct engine *engine;
    enum err result;
};

static void *run_engine(void *context)
{
    struct running *running = context;
    running->result = engine_run(running->engine);
    return NULL;
}

static void all_is_answered_while_others_disturb(void **state)
{
    struct engine_fixture *fixture = *state;
    struct crowd crowd = {.engine = fixture->engine, .each = EACH};
    struct running running = {.result = ERR_IO, .engine = fixture->engine};
    pthread_t loop, disturber, threads[THREADS];
    assert_int_equal(pthread_create(&loop, NULL, run_engine, &running), 0);
    assert_int_equal(pthread_create(&disturber, NULL, disturb, &crowd), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, submit_many, &crowd), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    while (atomic_load(&crowd.done) < THREADS * EACH) {
        sched_yield();
    }
    atomic_store(&crowd.stop, true);
    pthread_join(disturber, NULL);
    engine_stop(fixture->engine);
    pthread_join(loop, NULL);
    assert_int_equal(running.result, OK);
    assert_int_equal(fixture_int(fixture, "SELECT count(*) FROM users"), 50);
    struct engine_status status;
    engine_status(fixture->engine, &status);
    assert_int_equal(status.inputs, THREADS * EACH);
    struct input input = fixture_input(fixture, 77, "late");
    assert_int_equal(engine_submit(fixture->engine, &input, count_done, &crowd), ERR_CANCELLED);
}

/* What waits in the queue when the stop comes is still decided. */
static void a_stop_finishes_what_was_taken(void **state)
{
    struct engine_fixture *fixture = *state;
    struct crowd crowd = {.engine = fixture->engine,
                          .each =
                              EACH < (int)LIMIT_QUEUE_INPUTS ? (int)EACH : (int)LIMIT_QUEUE_INPUTS};
    struct running running = {.result = ERR_IO, .engine = fixture->engine};
    submit_many(&crowd);
    engine_stop(fixture->engine);
    pthread_t loop;
    assert_int_equal(pthread_create(&loop, NULL, run_engine, &running), 0);
    pthread_join(loop, NULL);
    assert_int_equal(running.result, OK);
    assert_int_equal(atomic_load(&crowd.done), crowd.each);
    assert_int_equal(atomic_load(&crowd.cancelled), 0);
}

/* Who sends knows until when; as soon as another one has it, that there is none. */
static void who_sends_is_told_how_long_the_lease_lasts(void **state)
{
    struct engine_fixture *fixture = *state;
    int64_t start_ms = clock_monotonic_ms(fixture->clock);
    assert_int_equal(fixture->leased_until_ms, start_ms + 10000);
    clock_advance(fixture->clock, 3000);
    fixture_settle(fixture); /* enough is left */
    assert_int_equal(fixture->leased_until_ms, start_ms + 10000);
    clock_advance(fixture->clock, 1000);
    fixture_settle(fixture);
    assert_int_equal(fixture->leased_until_ms, start_ms + 14000);

    clock_advance(fixture->clock, 10001);
    struct store *other = NULL;
    struct err_detail detail = {""};
    struct lease lease;
    int64_t now_ms = clock_now_ms(fixture->clock);
    assert_int_equal(store_open(fixture->url, STORE_WRITER, &other, &detail), OK);
    assert_int_equal(store_lease_take(other, 2, 1, now_ms, now_ms + 10000, &lease, &detail), OK);
    struct step_result result;
    assert_int_equal(engine_step(fixture->engine, &result, &detail), ERR_CONFLICT);
    assert_int_equal(fixture->leased_until_ms, 0);
    assert_int_equal(store_lease_give(other, 2, &detail), OK);
    store_close(other);

    fixture_restart(fixture);
    assert_int_equal(fixture->leased_until_ms, clock_monotonic_ms(fixture->clock) + 10000);
    engine_free(fixture->engine);
    fixture->engine = NULL;
    assert_int_equal(fixture->leased_until_ms, 0);
}

#define ENGINE_TEST(name)                                                                          \
    cmocka_unit_test_setup_teardown(name, engine_fixture_set_up, engine_fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(all_is_answered_while_others_disturb),
        ENGINE_TEST(a_stop_finishes_what_was_taken),
        ENGINE_TEST(who_sends_is_told_how_long_the_lease_lasts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
