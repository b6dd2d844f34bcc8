/* What the store costs: microseconds per operation of the hot path, in batches as the engine makes
 * them. Prints a table; fails only when the store does.
 *
 * usage: store_bench PATH [PEOPLE] [BATCH]
 *
 * "start" is a new person's first message: seen, identity, user, run, message, due rows, events.
 * "report" is the outcome of that message: the person is loaded by user and message, three rows
 * change. "exchange" is an answer (seen, identity, load, a new message, events) and then the
 * outcome of that message; "scattered" is the same with people in another order than they joined,
 * so that each touches pages of their own. CPU time is of the whole process, so writing to the disk
 * counts; the wall clock also has the waiting for it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/store.h"

enum { BATCH_MAX = 1024 };

struct bench {
    struct store *store;
    struct arena *arena;
    struct id_source ids;
    struct err_detail detail;
    int64_t now_ms;
    int people;
    int batch;
    int update_next;
    int64_t *user_ids;
    int64_t *delivery_ids;
};

static void must(struct bench *bench, enum err error)
{
    if (error != OK) {
        fprintf(stderr, "store_bench: %s: %s\n", err_text(error), bench->detail.text);
        exit(3);
    }
}

static double seconds(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void add_event(struct bench *bench, struct person *person, enum event_type type,
                      struct event *ret_event)
{
    *ret_event = (struct event){
        .id = id_next(&bench->ids, bench->now_ms, id_slot(person->user.id)),
        .user_id = person->user.id,
        .at_ms = bench->now_ms,
        .type = type,
        .previous_event_id = person->user.event_last_id,
        .journey = STR("superior_onboarding"),
        .step = STR("first_win"),
        .rule = STR("journey.enter"),
    };
    person->user.event_last_id = ret_event->id;
    person->user.changed = true;
}

static struct delivery *add_delivery(struct bench *bench, struct person *person, struct run *run)
{
    struct delivery *delivery = person_add_delivery(bench->arena, person);
    delivery->id = id_next(&bench->ids, bench->now_ms, id_slot(person->user.id));
    delivery->user_id = person->user.id;
    delivery->run_id = run->id;
    delivery->journey = run->journey;
    delivery->sequence = run->sequence;
    delivery->step = STR("first_win");
    delivery->class = CLASS_REPLY;
    delivery->channel = CHANNEL_TELEGRAM;
    delivery->address = person->user.contacts[CHANNEL_TELEGRAM].address;
    delivery->language = STR("en");
    delivery->text = STR("Welcome! Here is something you can finish in thirty seconds: breathe in "
                         "slowly, three times, and tell me when you are done. That is all for now, "
                         "and it counts.");
    delivery->buttons = ARENA_ARRAY(bench->arena, struct button, 2);
    delivery->buttons[0] =
        (struct button){STR("Done"), STR("r:7421960348211200013:first_win:done"), STR("")};
    delivery->buttons[1] = (struct button){STR("Too much right now"),
                                           STR("r:7421960348211200013:first_win:ultra"), STR("")};
    delivery->button_count = 2;
    delivery->state = DELIVERY_SENDING;
    delivery->created_at_ms = bench->now_ms;
    delivery->expires_at_ms = bench->now_ms + DAY_MS;
    delivery->attempts = 1;
    delivery->next_at_ms = bench->now_ms + MINUTE_MS;
    run->delivery_id = delivery->id;
    run->changed = true;
    return delivery;
}

static struct person *new_person(struct bench *bench, int index)
{
    struct person *person = ARENA_NEW(bench->arena, struct person);
    int64_t id = id_next(&bench->ids, bench->now_ms, (uint8_t)(index * 167));
    person_init(person, id, bench->now_ms);
    struct user *user = &person->user;
    user->first_name = STR("Zofie");
    user->username = STR("zofie_example");
    str_copy(user->language, sizeof(user->language), STR("en"));
    user->contacts[CHANNEL_TELEGRAM].address = arena_printf(bench->arena, "%d", 500000000 + index);
    user->contacts[CHANNEL_TELEGRAM].reach = REACH_OK;
    user->channel = CHANNEL_TELEGRAM;
    user->set = SET_OPTIMIZED;
    user->set_assigned = true;
    user->activity_last_at_ms = bench->now_ms;
    user->activity_days = 1;
    user->entered = STR("{\"superior_onboarding\":1764000000000}");
    user->next_at_ms = bench->now_ms + 3 * DAY_MS;
    struct run *run = person_add_run(bench->arena, person);
    run->id = id_next(&bench->ids, bench->now_ms, id_slot(id));
    run->user_id = id;
    run->journey = STR("superior_onboarding");
    run->definition = STR("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
    run->sequence = STR("superior_onboarding_v2");
    run->phase = PHASE_SENDING;
    run->entered_at_ms = run->anchor_at_ms = bench->now_ms;
    return person;
}

/* People meet the bot in an order that has nothing to do with their Telegram ids. */
static int scattered(const struct bench *bench, int i)
{
    return (int)((uint64_t)i * 2654435761U % (uint64_t)bench->people);
}

static void start_batch(struct bench *bench, int from, int count)
{
    struct person *people[BATCH_MAX];
    struct event events[2 * BATCH_MAX];
    for (int i = 0; i < count; i++) {
        bool is_new;
        int64_t user_id;
        struct str update = arena_printf(bench->arena, "%d", 100000000 + from + i);
        struct str value = arena_printf(bench->arena, "%d", 500000000 + scattered(bench, from + i));
        must(bench, store_seen(bench->store, STR("telegram"), update, bench->now_ms, &is_new,
                               &bench->detail));
        must(bench,
             store_identity_find(bench->store, CHANNEL_TELEGRAM, value, &user_id, &bench->detail));
        people[i] = new_person(bench, scattered(bench, from + i));
        int64_t id = people[i]->user.id;
        must(bench, store_identity_add(bench->store, CHANNEL_TELEGRAM, value, id, bench->now_ms,
                                       &user_id, &bench->detail));
        struct delivery *delivery = add_delivery(bench, people[i], people[i]->runs[0]);
        add_event(bench, people[i], EVENT_USER_JOINED, &events[2 * i]);
        add_event(bench, people[i], EVENT_RUN_ENTERED, &events[2 * i + 1]);
        bench->user_ids[from + i] = id;
        bench->delivery_ids[from + i] = delivery->id;
    }
    must(bench, store_people_save(bench->store, people, count, &bench->detail));
    must(bench, store_events_append(bench->store, events, 2 * count, &bench->detail));
}

static void load_batch(struct bench *bench, int from, int count, struct person **people,
                       bool with_delivery)
{
    struct person_want *wants = ARENA_ARRAY(bench->arena, struct person_want, (size_t)count);
    for (int i = 0; i < count; i++) {
        wants[i] = (struct person_want){
            .user_id = bench->user_ids[from + i],
            .delivery_id = with_delivery ? bench->delivery_ids[from + i] : 0,
            .now_ms = bench->now_ms,
        };
    }
    must(bench,
         store_people_load(bench->store, bench->arena, wants, count, people, &bench->detail));
}

/* From now on people come in an order that has nothing to do with when they joined. */
static void shuffle(struct bench *bench)
{
    uint64_t seed = 1;
    for (int i = bench->people - 1; i > 0; i--) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        int k = (int)((seed >> 33) % (uint64_t)(i + 1));
        int64_t user = bench->user_ids[i];
        int64_t delivery = bench->delivery_ids[i];
        bench->user_ids[i] = bench->user_ids[k];
        bench->delivery_ids[i] = bench->delivery_ids[k];
        bench->user_ids[k] = user;
        bench->delivery_ids[k] = delivery;
    }
}

static void report_batch(struct bench *bench, int from, int count)
{
    struct person *people[BATCH_MAX];
    struct event events[BATCH_MAX];
    load_batch(bench, from, count, people, true);
    for (int i = 0; i < count; i++) {
        struct person *person = people[i];
        struct delivery *delivery = person_delivery(person, bench->delivery_ids[from + i]);
        delivery->state = DELIVERY_SENT;
        delivery->sent_at_ms = bench->now_ms;
        delivery->provider_id = STR("123456");
        delivery->next_at_ms = 0;
        delivery->changed = true;
        struct run *run = person->runs[0];
        run->phase = PHASE_WAITING;
        run->step_sent_at_ms[0] = bench->now_ms;
        run->next_at_ms = bench->now_ms + 6 * HOUR_MS;
        run->changed = true;
        add_event(bench, person, EVENT_STEP_SENT, &events[i]);
    }
    must(bench, store_people_save(bench->store, people, count, &bench->detail));
    must(bench, store_events_append(bench->store, events, count, &bench->detail));
}

static void tap_batch(struct bench *bench, int from, int count)
{
    struct person *people[BATCH_MAX];
    struct event events[2 * BATCH_MAX];
    for (int i = 0; i < count; i++) {
        bool is_new;
        int64_t user_id;
        struct str update = arena_printf(bench->arena, "%d", bench->update_next++);
        struct str value = arena_printf(bench->arena, "%d", 500000000 + scattered(bench, from + i));
        must(bench, store_seen(bench->store, STR("telegram"), update, bench->now_ms, &is_new,
                               &bench->detail));
        must(bench,
             store_identity_find(bench->store, CHANNEL_TELEGRAM, value, &user_id, &bench->detail));
    }
    load_batch(bench, from, count, people, false);
    for (int i = 0; i < count; i++) {
        struct person *person = people[i];
        struct run *run = person->runs[0];
        run->step = 1;
        run->phase = PHASE_DUE;
        run->step_completed_at_ms[0] = bench->now_ms;
        run->next_at_ms = bench->now_ms + 2 * HOUR_MS;
        struct delivery *delivery = add_delivery(bench, person, run);
        bench->delivery_ids[from + i] = delivery->id;
        add_event(bench, person, EVENT_BUTTON_PRESSED, &events[2 * i]);
        add_event(bench, person, EVENT_STEP_COMPLETED, &events[2 * i + 1]);
    }
    must(bench, store_people_save(bench->store, people, count, &bench->detail));
    must(bench, store_events_append(bench->store, events, 2 * count, &bench->detail));
}

/* An answer, and in the next transaction the outcome of the message it led to. */
static void exchange_batch(struct bench *bench, int from, int count)
{
    tap_batch(bench, from, count);
    must(bench, store_commit(bench->store, &bench->detail));
    must(bench, store_begin(bench->store, &bench->detail));
    report_batch(bench, from, count);
}

/* Reads of people one by one, in a transaction each batch. */
static void read_batch(struct bench *bench, int from, int count)
{
    struct person *people[BATCH_MAX];
    load_batch(bench, from, count, people, false);
}

static void due_batch(struct bench *bench, int from, int count)
{
    (void)from;
    struct due due[BATCH_MAX];
    int found;
    must(bench, store_due_load(bench->store, 0, INT64_MAX, count, due, &found, &bench->detail));
}

static void measure(struct bench *bench, const char *name,
                    void (*run)(struct bench *bench, int from, int count))
{
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    double wall = seconds(CLOCK_MONOTONIC);
    for (int from = 0; from < bench->people; from += bench->batch) {
        int count = bench->people - from < bench->batch ? bench->people - from : bench->batch;
        bench->now_ms += 5;
        must(bench, store_begin(bench->store, &bench->detail));
        run(bench, from, count);
        must(bench, store_commit(bench->store, &bench->detail));
        arena_reset(bench->arena);
    }
    cpu = (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / bench->people;
    wall = (seconds(CLOCK_MONOTONIC) - wall) * 1e6 / bench->people;
    printf("%-10s %8.1f us cpu %8.1f us wall\n", name, cpu, wall);
}

static int number(int argc, char **argv, int index, int fallback)
{
    int64_t value;
    return argc > index && str_to_int64(str_of(argv[index]), &value) && value > 0 ? (int)value
                                                                                  : fallback;
}

int main(int argc, char **argv)
{
    struct bench bench = {.now_ms = 1764000000000, .update_next = 200000000};
    if (argc < 2) {
        fprintf(stderr, "usage: store_bench PATH [PEOPLE] [BATCH]\n");
        return 2;
    }
    if (access(argv[1], F_OK) == 0) {
        fprintf(stderr, "store_bench: %s exists already\n", argv[1]);
        return 2;
    }
    bench.people = number(argc, argv, 2, 20000);
    bench.batch = number(argc, argv, 3, 64);
    bench.batch = bench.batch > BATCH_MAX ? BATCH_MAX : bench.batch;
    bench.arena = arena_new(4 * 1024 * 1024);
    bench.user_ids = calloc((size_t)bench.people, sizeof(int64_t));
    bench.delivery_ids = calloc((size_t)bench.people, sizeof(int64_t));
    struct str url = arena_printf(bench.arena, "sqlite:%s", argv[1]);
    must(&bench, store_open(url.ptr, STORE_WRITER, &bench.store, &bench.detail));
    must(&bench, store_migrate(bench.store, NULL, NULL, &bench.detail));
    arena_reset(bench.arena);
    printf("%s, %d people, batches of %d\n", store_description(bench.store), bench.people,
           bench.batch);
    measure(&bench, "start", start_batch);
    measure(&bench, "report", report_batch);
    measure(&bench, "exchange", exchange_batch);
    shuffle(&bench);
    measure(&bench, "scattered", exchange_batch);
    measure(&bench, "read", read_batch);
    measure(&bench, "due", due_batch);
    store_close(bench.store);
    arena_free(bench.arena);
    free(bench.user_ids);
    free(bench.delivery_ids);
    return 0;
}
