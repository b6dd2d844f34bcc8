/* People, events and runs at random, written by the store's own functions. */
#include "behaviour_world.h"

#include "base/calendar.h"
#include "core/delivery.h"
#include "store/driver.h"

enum { PEOPLE = 70, EVENTS_MAX = 40 };

uint64_t world_draw(struct world_of_events *world, uint64_t below)
{
    world->seed ^= world->seed << 13;
    world->seed ^= world->seed >> 7;
    world->seed ^= world->seed << 17;
    return world->seed % below;
}

/* Whole hours, often, so that instants meet and windows end exactly at an event. */
static int64_t draw_instant(struct world_of_events *world, int64_t from_ms)
{
    int64_t hours = (NOW_MS - from_ms) / HOUR_MS + 1;
    int64_t at_ms = from_ms + (int64_t)world_draw(world, (uint64_t)hours) * HOUR_MS;
    if (world_draw(world, 3) == 0 && !world->whole_seconds) {
        at_ms += (int64_t)world_draw(world, 3) - 1;
    }
    return at_ms < NOW_MS ? at_ms : NOW_MS;
}

static void make_event(struct world_of_events *world, struct user *user, struct event *event)
{
    static const enum event_type types[] = {
        EVENT_MESSAGE_RECEIVED, EVENT_STEP_SENT,       EVENT_STEP_COMPLETED, EVENT_COMMITMENT_MADE,
        EVENT_TRACKED,          EVENT_COMMITMENT_MADE, EVENT_STEP_COMPLETED};
    static const char *const data[] = {
        "{\"event\":\"Order Completed\",\"properties\":{\"paid\":true}}",
        "{\"event\":\"commitment_made\",\"size\":3}", "{}", ""};
    static const char *const steps[] = {"first_win", "momentum", ""};
    event->id = id_next(&world->fixture->ids, NOW_MS, id_slot(user->id));
    event->user_id = user->id;
    event->at_ms = draw_instant(world, user->joined_at_ms);
    event->type = types[world_draw(world, sizeof(types) / sizeof(types[0]))];
    event->previous_event_id = user->event_last_id;
    event->journey = world_draw(world, 2) == 0 ? STR("superior_onboarding") : STR("onboarding");
    event->step = str_of(steps[world_draw(world, 3)]);
    if (event->type == EVENT_TRACKED) {
        event->data = str_of(data[world_draw(world, 4)]);
    }
    user->event_last_id = event->id;
}

static void make_person(struct world_of_events *world)
{
    struct fixture *fixture = world->fixture;
    struct person *person = ARENA_NEW(fixture->arena, struct person);
    int64_t joined_ms = NOW_MS - (int64_t)world_draw(world, 70 * 24) * HOUR_MS;
    person_init(person, id_next(&fixture->ids, NOW_MS, (uint8_t)world_draw(world, 256)), joined_ms);
    struct user *user = &person->user;
    static const char *const sources[] = {"", "blog", "friend"};
    static const char *const languages[] = {"en", "de", ""};
    user->source = str_of(sources[world_draw(world, 3)]);
    str_copy(user->language, sizeof(user->language), str_of(languages[world_draw(world, 3)]));
    user->set = (enum journey_set)world_draw(world, 2);
    user->set_assigned = world_draw(world, 4) > 0;
    user->is_test = world_draw(world, 12) == 0;
    user->is_erased = world_draw(world, 12) == 0;
    if (world_draw(world, 2) == 0) {
        struct run *run = person_add_run(fixture->arena, person);
        run->id = id_next(&fixture->ids, NOW_MS, id_slot(user->id));
        run->user_id = user->id;
        run->journey = run->sequence = STR("onboarding");
        run->variants = world_draw(world, 2) == 0 ? STR("{\"greeting\":\"warm\"}")
                                                  : STR("{\"greeting\":\"short\",\"other\":\"x\"}");
    }
    int count = (int)world_draw(world, EVENTS_MAX);
    struct event *events = ARENA_ARRAY(fixture->arena, struct event, EVENTS_MAX);
    for (int i = 0; i < count; i++) {
        make_event(world, user, &events[i]);
    }
    assert_ok(store_people_save(fixture->store, &person, 1, &fixture->detail));
    assert_ok(store_events_append(fixture->store, events, count, &fixture->detail));
}

void world_fill(struct world_of_events *world, struct fixture *fixture, uint64_t seed)
{
    *world =
        (struct world_of_events){.fixture = fixture, .seed = seed, .whole_seconds = seed % 2 == 0};
    assert_ok(store_begin(fixture->store, &fixture->detail));
    for (int i = 0; i < PEOPLE; i++) {
        make_person(world);
    }
    assert_ok(store_commit(fixture->store, &fixture->detail));
}

void world_load(struct world_of_events *world)
{
    struct fixture *fixture = world->fixture;
    const struct behaviour_wants wants = {
        .attributes = {STR("variant:greeting")},
        .attribute_count = 1,
        .properties = {STR("journey"), STR("step"), STR("paid"), STR("size")},
        .property_count = 4};
    behaviour_log_free(world->log);
    world->log = NULL;
    assert_ok(behaviour_load(fixture->store, &wants, &world->log, &fixture->detail));
}

void world_release(struct world_of_events *world)
{
    behaviour_log_free(world->log);
}

struct rows world_ask(struct world_of_events *world, const char *format, ...)
{
    struct fixture *fixture = world->fixture;
    va_list args;
    va_start(args, format);
    struct str sql = arena_vprintf(fixture->arena, format, args);
    va_end(args);
    struct rows rows;
    const struct driver *driver = fixture->store->driver;
    assert_ok(driver->begin_reading(fixture->store, &fixture->detail));
    assert_ok(
        driver->ask(fixture->store, fixture->arena, sql.ptr, NULL, 0, &rows, &fixture->detail));
    store_rollback(fixture->store);
    return rows;
}

int64_t world_number(struct world_of_events *world, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    struct str sql = arena_vprintf(world->fixture->arena, format, args);
    va_end(args);
    struct rows rows = world_ask(world, "%s", sql.ptr);
    assert_int_equal(rows.count, 1);
    return rows.cells[0].integer;
}
