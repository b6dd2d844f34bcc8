/* Appends events through the store, as the engine does when much comes at once: a transaction,
 * durable, for each batch. Prints the seconds that it took, from the first transaction on. The row
 * `events` of bench/main.mjs gives the same rows to COPY beside it.
 *
 * usage: bench-append URL EVENTS BATCH */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "store/store.h"

enum { PEOPLE = 10000, BATCH_MAX = 4096 };

static void must(enum err error, const struct err_detail *detail)
{
    if (error != OK) {
        fprintf(stderr, "bench-append: %s: %s\n", err_text(error), detail->text);
        exit(3);
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void append(struct store *store, struct id_source *ids, int64_t last[PEOPLE], int from,
                   int count)
{
    static struct event events[BATCH_MAX];
    struct err_detail detail = {""};
    const int64_t now_ms = INT64_C(1764000000000);
    for (int i = 0; i < count; i++) {
        int person = (int)((unsigned)(from + i) * 2654435761U % PEOPLE);
        events[i] = (struct event){
            .id = id_next(ids, now_ms, (uint8_t)(person * 167)),
            .user_id = person + 1,
            .at_ms = now_ms,
            .type = EVENT_MESSAGE_SENT,
            .previous_event_id = last[person],
            .journey = STR("superior_onboarding"),
            .step = STR("first_win"),
            .ref_id = now_ms << 21,
            .rule = STR("journey.enter"),
            .data = STR("{\"variant\":\"warm\",\"channel\":\"telegram\"}"),
        };
        last[person] = events[i].id;
    }
    must(store_begin(store, &detail), &detail);
    must(store_events_append(store, events, count, &detail), &detail);
    must(store_commit(store, &detail), &detail);
}

int main(int argc, char **argv)
{
    int total = argc == 4 ? (int)strtol(argv[2], NULL, 10) : 0;
    int batch = argc == 4 ? (int)strtol(argv[3], NULL, 10) : 0;
    if (total <= 0 || batch <= 0 || batch > BATCH_MAX) {
        fprintf(stderr, "usage: bench-append URL EVENTS BATCH (at most %d)\n", BATCH_MAX);
        return 2;
    }
    static int64_t last[PEOPLE];
    struct id_source ids = {0};
    struct store *store = NULL;
    struct err_detail detail = {""};
    must(store_open(argv[1], STORE_WRITER, &store, &detail), &detail);
    must(store_make_ready(store, NULL, NULL, &detail), &detail);
    double began = seconds();
    for (int from = 0; from < total; from += batch) {
        append(store, &ids, last, from, total - from < batch ? total - from : batch);
    }
    printf("%.6f\n", seconds() - began);
    store_close(store);
    return 0;
}
