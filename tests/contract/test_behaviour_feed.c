/* A behaviour log that follows its store is the same as one that is built anew, whatever happened
 * meanwhile: new people and events, events committed out of their order, changed attributes, people
 * erased, joined, and marked as test people. */
#include "behaviour_world.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/queue.h"
#include "bi/behaviour/feed.h"
#include "bi/behaviour/keeper.h"

#define FIXTURE struct fixture *fixture = *state

enum { ROUNDS = 12, DEEDS = 10 };

static const struct behaviour_wants WANTS = {.attributes = {{"variant:greeting", 16}},
                                             .attribute_count = 1,
                                             .properties = {{"step", 4}, {"size", 4}},
                                             .property_count = 2};

/* ---- comparing ------------------------------------------------------------------------------- */

static const char *text_of(struct arena *arena, const struct behaviour_column *column,
                           uint32_t place)
{
    return arena_str(arena, column->values.list[column->codes[place]]).ptr;
}

/* All that is known of a person, as one text. */
static const char *told(struct arena *arena, const struct behaviour_log *log, uint32_t person)
{
    struct str text = arena_printf(arena, "joined %lld", (long long)log->joined_at_ms[person]);
    for (int i = 0; i < log->attribute_count; i++) {
        text = arena_printf(arena, "%s, %s", text.ptr, text_of(arena, &log->attributes[i], person));
    }
    for (uint32_t at = log->first[person]; at < log->last[person]; at++) {
        text = arena_printf(
            arena, "%s\n%lld %s %s %s", text.ptr, (long long)behaviour_at_ms(log, at),
            arena_str(arena, log->types.list[log->type[at]]).ptr,
            text_of(arena, &log->properties[0], at), text_of(arena, &log->properties[1], at));
    }
    return text.ptr;
}

static uint32_t find(const struct behaviour_log *log, int64_t id)
{
    uint32_t person = 0;
    while (person < log->person_count && log->person_id[person] != id) {
        person++;
    }
    assert_true(person < log->person_count);
    return person;
}

static void assert_same(struct fixture *fixture, const struct behaviour_log *followed)
{
    struct behaviour_log *fresh = NULL;
    assert_ok(behaviour_load(fixture->store, &WANTS, &fresh, &fixture->detail));
    struct arena *arena = arena_new(64 * 1024);
    assert_int_equal(followed->person_count, fresh->person_count);
    assert_int_equal(followed->event_count, fresh->event_count);
    assert_int_equal(followed->oldest_ms, fresh->oldest_ms);
    assert_int_equal(followed->newest_ms, fresh->newest_ms);
    for (uint32_t i = 0; i < fresh->person_count; i++) {
        arena_reset(arena);
        uint32_t person = find(followed, fresh->person_id[i]);
        assert_string_equal(told(arena, followed, person), told(arena, fresh, i));
    }
    arena_free(arena);
    behaviour_log_free(fresh);
}

/* ---- what happens ---------------------------------------------------------------------------- */

static int64_t anybody(struct world_of_events *world)
{
    struct rows rows =
        world_ask(world, "SELECT id FROM users WHERE is_erased = 0 AND is_test = 0 ORDER BY id");
    assert_true(rows.count > 10);
    return rows.cells[world_draw(world, (uint64_t)rows.count)].integer;
}

static struct person *load(struct world_of_events *world, int64_t id)
{
    return fixture_load(world->fixture, &(struct person_want){.user_id = id, .now_ms = NOW_MS});
}

static void add_event(struct world_of_events *world, struct person *person, enum event_type type,
                      int64_t id)
{
    struct fixture *fixture = world->fixture;
    struct user *user = &person->user;
    struct event event = {.id = id,
                          .user_id = user->id,
                          .at_ms = NOW_MS,
                          .type = type,
                          .previous_event_id = user->event_last_id,
                          .journey = STR("onboarding"),
                          .step = world_draw(world, 2) == 0 ? STR("momentum") : STR("new_step")};
    user->event_last_id = id;
    user->changed = true;
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_save(fixture->store, &person, 1, &fixture->detail));
    assert_ok(store_events_append(fixture->store, &event, 1, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
}

static int64_t new_id(struct world_of_events *world, int64_t user_id)
{
    return id_next(&world->fixture->ids, NOW_MS, id_slot(user_id));
}

/* Somebody whose ids were made up to half a minute ago, by a process that commits only now. */
static void come_late(struct world_of_events *world)
{
    int64_t ms = NOW_MS - 30000 + (int64_t)world_draw(world, 30000);
    int64_t id = ms << 21 | (int64_t)world_draw(world, 8000) << 8;
    struct person *person = ARENA_NEW(world->fixture->arena, struct person);
    person_init(person, id | (int64_t)world_draw(world, 256), ms);
    add_event(world, person, EVENT_USER_JOINED, (id + 256) | id_slot(person->user.id));
}

static void join_two(struct world_of_events *world)
{
    struct fixture *fixture = world->fixture;
    int64_t survivor_id = anybody(world);
    int64_t alias_id = anybody(world);
    if (survivor_id == alias_id) {
        return;
    }
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_join(fixture->store, survivor_id, alias_id, NOW_MS, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    struct person *survivor = load(world, survivor_id);
    add_event(world, survivor, EVENT_IDENTITY_ADDED, new_id(world, survivor_id));
}

static void erase(struct world_of_events *world)
{
    struct fixture *fixture = world->fixture;
    int64_t id = anybody(world);
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_user_erase(fixture->store, id, NOW_MS, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
}

/* The oldest events that are left. */
static void let_some_go(struct world_of_events *world)
{
    struct fixture *fixture = world->fixture;
    bool more;
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_events_leave(fixture->store, NOW_MS - 30000, 20, &more, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
}

static void mark_as_test(struct world_of_events *world, int64_t id, bool is_test)
{
    struct person *person = load(world, id);
    person->user.is_test = is_test;
    person->user.changed = true;
    fixture_save(world->fixture, person);
}

static void happen(struct world_of_events *world, int deed, uint64_t seed)
{
    int64_t id = anybody(world);
    struct person *person = load(world, id);
    switch (deed) {
    case 6:
        let_some_go(world);
        return;
    case 0:
        world_fill(world, world->fixture, seed); /* seventy more */
        return;
    case 1:
        str_copy(person->user.language, sizeof(person->user.language), STR("sv"));
        add_event(world, person, EVENT_SETTINGS_CHANGED, new_id(world, id));
        return;
    case 2:
        erase(world);
        return;
    case 3:
        join_two(world);
        return;
    case 4:
        mark_as_test(world, id, true);
        return;
    case 5:
        come_late(world);
        return;
    default:
        for (int i = 0; i < 5; i++) {
            add_event(world, person, EVENT_COMMITMENT_MADE, new_id(world, id));
        }
        return;
    }
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void what_is_followed_is_what_is_built_anew(void **state)
{
    FIXTURE;
    struct world_of_events world;
    world_fill(&world, fixture, 7);
    struct behaviour_feed *feed = NULL;
    assert_ok(behaviour_feed_new(fixture->store, &WANTS, 0, &feed, &fixture->detail));
    assert_same(fixture, behaviour_feed_log(feed));
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < DEEDS; i++) {
            int deed = round == 0 ? i : (int)world_draw(&world, DEEDS);
            happen(&world, deed > 0 || i % 3 == 0 ? deed : 1, 100 + (uint64_t)(round * DEEDS + i));
        }
        assert_ok(behaviour_feed_read(feed, fixture->store, &fixture->detail));
        assert_same(fixture, behaviour_feed_log(feed));
    }
    behaviour_feed_free(feed);
}

static void an_edition_that_is_held_stays_as_it_is(void **state)
{
    FIXTURE;
    struct world_of_events world;
    world_fill(&world, fixture, 8);
    struct behaviour_feed *feed = NULL;
    assert_ok(behaviour_feed_new(fixture->store, &WANTS, 0, &feed, &fixture->detail));
    struct behaviour_log *held = behaviour_log_share(behaviour_feed_log(feed));
    const char **before = ARENA_ARRAY(fixture->arena, const char *, held->person_count);
    for (uint32_t i = 0; i < held->person_count; i++) {
        before[i] = told(fixture->arena, held, i);
    }
    for (int deed = 0; deed < DEEDS; deed++) {
        happen(&world, deed, 200);
        assert_ok(behaviour_feed_read(feed, fixture->store, &fixture->detail));
    }
    assert_true(behaviour_feed_log(feed) != held);
    behaviour_feed_free(feed);
    for (uint32_t i = 0; i < held->person_count; i++) {
        assert_string_equal(told(fixture->arena, held, i), before[i]);
    }
    behaviour_log_free(held);
}

static void nothing_new_is_no_new_edition(void **state)
{
    FIXTURE;
    struct behaviour_feed *feed = NULL;
    assert_ok(behaviour_feed_new(fixture->store, &WANTS, 0, &feed, &fixture->detail));
    const struct behaviour_log *empty = behaviour_feed_log(feed);
    assert_int_equal(empty->person_count, 0);
    assert_ok(behaviour_feed_read(feed, fixture->store, &fixture->detail));
    assert_ptr_equal(behaviour_feed_log(feed), empty);
    struct world_of_events world;
    world_fill(&world, fixture, 9);
    assert_ok(behaviour_feed_read(feed, fixture->store, &fixture->detail));
    assert_same(fixture, behaviour_feed_log(feed));
    behaviour_feed_free(feed);
}

static void a_test_person_who_is_none_any_more_comes_back(void **state)
{
    FIXTURE;
    struct world_of_events world;
    world_fill(&world, fixture, 10);
    int64_t id = anybody(&world);
    struct behaviour_feed *feed = NULL;
    assert_ok(behaviour_feed_new(fixture->store, &WANTS, 0, &feed, &fixture->detail));
    for (int i = 0; i < 4; i++) {
        mark_as_test(&world, id, i % 2 == 0);
        assert_ok(behaviour_feed_read(feed, fixture->store, &fixture->detail));
        assert_same(fixture, behaviour_feed_log(feed));
    }
    behaviour_feed_free(feed);
}

static void a_log_takes_no_more_than_it_may(void **state)
{
    FIXTURE;
    struct world_of_events world;
    world_fill(&world, fixture, 11);
    struct behaviour_feed *feed = NULL;
    assert_err(ERR_FULL, behaviour_feed_new(fixture->store, &WANTS, 2000, &feed, &fixture->detail));
    assert_ok(behaviour_feed_new(fixture->store, &WANTS, 60000, &feed, &fixture->detail));
    const struct behaviour_log *before = behaviour_feed_log(feed);
    assert_true(before->event_count > 500);
    for (uint64_t i = 0; i < 5; i++) {
        world_fill(&world, fixture, 12 + i);
    }
    assert_err(ERR_FULL, behaviour_feed_read(feed, fixture->store, &fixture->detail));
    assert_ptr_equal(behaviour_feed_log(feed), before);
    behaviour_feed_free(feed);
}

/* ---- the keeper ------------------------------------------------------------------------------ */

struct asker {
    struct behaviour_waiting waiting;
    struct queue *answers;
    struct behaviour_log *log;
    enum err error;
};

static void got(void *context, struct behaviour_log *log, enum err error,
                const struct err_detail *detail)
{
    struct asker *asker = context;
    (void)detail;
    asker->log = log;
    asker->error = error;
    enum err pushed = queue_push(asker->answers, asker);
    ASSERT(pushed == OK); /* cmocka knows one thread */
}

/* From any thread. */
static struct behaviour_log *ask(struct behaviour_keeper *keeper, struct queue *answers,
                                 enum err expected)
{
    struct asker asker = {.waiting = {&WANTS, got, &asker}, .answers = answers};
    enum err asked = behaviour_keeper_ask(keeper, &asker.waiting);
    ASSERT(asked == OK);
    void *answered;
    size_t count = queue_take(answers, &answered, 1, INT64_MAX);
    ASSERT(count == 1 && answered == &asker && asker.error == expected);
    return asker.log;
}

/* Reads all of many editions, as questions do. */
static void *read_all(void *context)
{
    struct behaviour_keeper *keeper = context;
    struct queue *answers = queue_new(1);
    int64_t events = 0;
    for (int i = 0; i < 60; i++) {
        struct behaviour_log *log = ask(keeper, answers, OK);
        struct arena *arena = arena_new(4096);
        int64_t seen = 0;
        for (uint32_t person = 0; person < log->person_count; person++) {
            seen += log->last[person] - log->first[person];
            (void)told(arena, log, person);
            arena_reset(arena);
        }
        ASSERT(seen == log->event_count);
        events += seen;
        arena_free(arena);
        behaviour_log_free(log);
    }
    ASSERT(events > 0);
    queue_free(answers);
    return NULL;
}

static void editions_are_read_while_the_next_is_made(void **state)
{
    enum { READERS = 3 };
    FIXTURE;
    struct clock *clock = clock_new_real();
    struct world_of_events world;
    world_fill(&world, fixture, 21);
    struct behaviour_keeper *keeper = behaviour_keeper_new(fixture->url, clock, 0);
    pthread_t readers[READERS];
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_all, keeper), 0);
    }
    for (int i = 0; i < 3 * DEEDS; i++) {
        happen(&world, i % DEEDS, 400 + (uint64_t)i);
    }
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i], NULL);
    }
    behaviour_keeper_stop(keeper);
    behaviour_keeper_free(keeper);
    clock_free(clock);
}

static void a_keeper_knows_all_that_was_committed(void **state)
{
    FIXTURE;
    struct clock *clock = clock_new_real();
    struct behaviour_keeper *keeper = behaviour_keeper_new(fixture->url, clock, 0);
    struct queue *answers = queue_new(4);
    struct world_of_events world;
    world_fill(&world, fixture, 17);
    struct behaviour_log *first = ask(keeper, answers, OK);
    uint32_t people = first->person_count;
    for (int deed = 0; deed < DEEDS; deed++) {
        happen(&world, deed, 300);
        struct behaviour_log *log = ask(keeper, answers, OK);
        assert_same(fixture, log);
        behaviour_log_free(log);
    }
    behaviour_keeper_stop(keeper);
    struct asker late = {.waiting = {&WANTS, got, &late}, .answers = answers};
    assert_int_equal(behaviour_keeper_ask(keeper, &late.waiting), ERR_CANCELLED);
    behaviour_keeper_free(keeper);
    assert_int_equal(first->person_count, people); /* editions outlive the keeper */
    behaviour_log_free(first);
    queue_free(answers);
    clock_free(clock);
}

static void a_keeper_refuses_what_is_too_large(void **state)
{
    FIXTURE;
    struct clock *clock = clock_new_real();
    struct behaviour_keeper *keeper = behaviour_keeper_new(fixture->url, clock, 2000);
    struct queue *answers = queue_new(4);
    behaviour_log_free(ask(keeper, answers, OK)); /* nobody is there yet */
    struct world_of_events world;
    world_fill(&world, fixture, 19);
    assert_null(ask(keeper, answers, ERR_FULL));
    assert_null(ask(keeper, answers, ERR_FULL));
    behaviour_keeper_stop(keeper);
    behaviour_keeper_free(keeper);
    queue_free(answers);
    clock_free(clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_followed_is_what_is_built_anew, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_edition_that_is_held_stays_as_it_is, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(nothing_new_is_no_new_edition, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_test_person_who_is_none_any_more_comes_back,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_log_takes_no_more_than_it_may, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_keeper_knows_all_that_was_committed, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(editions_are_read_while_the_next_is_made, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_keeper_refuses_what_is_too_large, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("behaviour_feed", tests, NULL, NULL);
}
