/* What the behaviour log costs beside a store: building it from everything, and bringing it up to
 * date by 10,000 new events of as many people, at a thousand events a second, as nudge serve does
 * before it answers. Prints a table; fails only when the store does.
 *
 * usage: feed_bench URL [EVENTS [PEOPLE]]     an empty store; 2000000 and a twentieth of them */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "bi/behaviour/feed.h"

enum { PORTION_ROWS = 5000, NEW_EVENTS = 10000, ROUNDS = 15, DAYS = 90 };

struct bench {
    struct store *store;
    struct arena *arena;
    struct id_source ids;
    struct err_detail detail;
    int64_t now_ms;
    uint64_t seed;
    int64_t *users;
    size_t people;
};

static void must(struct bench *bench, enum err error)
{
    if (error != OK) {
        fprintf(stderr, "feed_bench: %s: %s\n", err_text(error), bench->detail.text);
        exit(3);
    }
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static uint64_t draw(struct bench *bench, uint64_t below)
{
    bench->seed ^= bench->seed << 13;
    bench->seed ^= bench->seed >> 7;
    bench->seed ^= bench->seed << 17;
    return bench->seed % below;
}

static void add_people(struct bench *bench)
{
    for (size_t from = 0; from < bench->people; from += PORTION_ROWS) {
        size_t count = bench->people - from < PORTION_ROWS ? bench->people - from : PORTION_ROWS;
        arena_reset(bench->arena);
        struct person **people = ARENA_ARRAY(bench->arena, struct person *, count);
        for (size_t i = 0; i < count; i++) {
            people[i] = ARENA_NEW(bench->arena, struct person);
            int64_t id = id_next(&bench->ids, bench->now_ms, (uint8_t)draw(bench, 256));
            bench->users[from + i] = id;
            person_init(people[i], id, bench->now_ms);
            str_copy(people[i]->user.language, sizeof(people[i]->user.language),
                     i % 2 == 0 ? STR("en") : STR("de"));
        }
        must(bench, store_begin(bench->store, &bench->detail));
        must(bench, store_people_save(bench->store, people, (int)count, &bench->detail));
        must(bench, store_commit(bench->store, &bench->detail));
    }
}

static void add_events(struct bench *bench, size_t count, double ms_each)
{
    static const enum event_type types[] = {EVENT_MESSAGE_RECEIVED, EVENT_STEP_SENT,
                                            EVENT_STEP_COMPLETED,   EVENT_COMMITMENT_MADE,
                                            EVENT_MESSAGE_SENT,     EVENT_BUTTON_PRESSED};
    int64_t begin_ms = bench->now_ms;
    for (size_t done = 0; done < count;) {
        size_t more = count - done < PORTION_ROWS ? count - done : PORTION_ROWS;
        arena_reset(bench->arena);
        struct event *events = ARENA_ARRAY(bench->arena, struct event, more);
        for (size_t i = 0; i < more; i++, done++) {
            bench->now_ms = begin_ms + (int64_t)((double)done * ms_each);
            int64_t user_id = bench->users[draw(bench, bench->people)];
            events[i] = (struct event){.id = id_next(&bench->ids, bench->now_ms, id_slot(user_id)),
                                       .user_id = user_id,
                                       .at_ms = bench->now_ms,
                                       .type = types[draw(bench, 6)],
                                       .journey = STR("superior_onboarding"),
                                       .step = STR("first_win")};
        }
        must(bench, store_begin(bench->store, &bench->detail));
        must(bench, store_events_append(bench->store, events, (int)more, &bench->detail));
        must(bench, store_commit(bench->store, &bench->detail));
    }
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return a < b ? -1 : a > b;
}

static void measure(struct bench *bench, const char *name, const struct behaviour_wants *wants)
{
    struct behaviour_feed *feed = NULL;
    double begin = now_ms();
    must(bench, behaviour_feed_new(bench->store, wants, 0, &feed, &bench->detail));
    const struct behaviour_log *log = behaviour_feed_log(feed);
    double bytes = (double)behaviour_log_bytes(log) / (double)log->event_count;
    printf("%-20s built from %u events of %u people in %.2f s, %.1f bytes an event\n", name,
           log->event_count, log->person_count, (now_ms() - begin) / 1e3, bytes);
    double took[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        add_events(bench, NEW_EVENTS, 1);
        begin = now_ms();
        must(bench, behaviour_feed_read(feed, bench->store, &bench->detail));
        took[i] = now_ms() - begin;
    }
    begin = now_ms();
    must(bench, behaviour_feed_read(feed, bench->store, &bench->detail));
    double nothing = now_ms() - begin;
    qsort(took, ROUNDS, sizeof(took[0]), compare);
    printf("%-20s up to date after %d new events in %.1f ms (%.1f to %.1f), after none in %.1f "
           "ms\n",
           name, NEW_EVENTS, took[ROUNDS / 2], took[0], took[ROUNDS - 1], nothing);
    behaviour_feed_free(feed);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: feed_bench URL [EVENTS [PEOPLE]]\n");
        return 2;
    }
    size_t events = argc > 2 ? strtoull(argv[2], NULL, 10) : 2000000;
    struct bench bench = {.now_ms = 1764000000000, .seed = 88172645463325252U};
    bench.people = argc > 3 ? strtoull(argv[3], NULL, 10) : events / 20;
    if (events < 1000 || bench.people < 10) {
        fprintf(stderr, "feed_bench: at least 1000 events and 10 people\n");
        return 2;
    }
    bench.arena = arena_new(4 * 1024 * 1024);
    bench.users = calloc(bench.people, sizeof(*bench.users));
    must(&bench, store_open(argv[1], STORE_WRITER, &bench.store, &bench.detail));
    must(&bench, store_migrate(bench.store, NULL, NULL, &bench.detail));
    add_people(&bench);
    add_events(&bench, events, (double)DAYS * (double)DAY_MS / (double)events);
    bench.now_ms += HOUR_MS;
    printf("%s\n", store_description(bench.store));
    const struct behaviour_wants none = {.property_count = 0};
    const struct behaviour_wants step = {.properties = {STR("step")}, .property_count = 1};
    measure(&bench, "events", &none);
    measure(&bench, "with a property", &step);
    store_close(bench.store);
    arena_free(bench.arena);
    free(bench.users);
    return 0;
}
