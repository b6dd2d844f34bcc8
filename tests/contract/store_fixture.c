/* An empty database, and people with a different value in every field. */
#include "store_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/delivery.h"

int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    *state = fixture;
    const char *base = getenv("TMPDIR");
    snprintf(fixture->folder, sizeof(fixture->folder), "%s/nudge-store-XXXXXX",
             base != NULL && strlen(base) < 32 ? base : "/tmp");
    if (mkdtemp(fixture->folder) == NULL) {
        return -1;
    }
    snprintf(fixture->path, sizeof(fixture->path), "%s/nudge.db", fixture->folder);
    const char *server = getenv("NUDGE_TEST_POSTGRES");
    fixture->is_file = server == NULL;
    if (fixture->is_file) {
        snprintf(fixture->url, sizeof(fixture->url), "sqlite:%s", fixture->path);
    } else {
        static int schemas;
        snprintf(fixture->url, sizeof(fixture->url), "%s&schema=t%d_%d", server, (int)getpid(),
                 ++schemas);
    }
    fixture->arena = arena_new(64 * 1024);
    if (store_open(fixture->url, STORE_WRITER, &fixture->store, &fixture->detail) != OK ||
        store_migrate(fixture->store, NULL, NULL, &fixture->detail) != OK) {
        fprintf(stderr, "setup: %s\n", fixture->detail.text);
        return -1;
    }
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    static const char *const suffixes[] = {"",      "-wal",      "-shm",      "-serve",
                                           "-copy", "-copy-wal", "-copy-shm", "-copy-serve"};
    store_close(fixture->store);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        char path[128];
        snprintf(path, sizeof(path), "%s%s", fixture->path, suffixes[i]);
        unlink(path);
    }
    int failed = rmdir(fixture->folder);
    arena_free(fixture->arena);
    free(fixture);
    return failed;
}

bool fixture_is_file(void)
{
    return getenv("NUDGE_TEST_POSTGRES") == NULL;
}

static void fill_counters(struct user *user)
{
    user->commitments_outside = 0;
    user->streak_days = 17;
    user->streak_best_days = 18;
    user->streak_day = 20410;
    user->ladder_rung = 4;
    user->quick_in_row = 2;
    user->misses_in_row = 1;
}

struct person *fixture_person(struct fixture *fixture)
{
    struct person *person = ARENA_NEW(fixture->arena, struct person);
    person_init(person, id_next(&fixture->ids, NOW_MS, 42), NOW_MS - 5 * DAY_MS);
    struct user *user = &person->user;
    user->first_name = STR("Žofie \"Z\"");
    user->username = STR("zofie");
    user->source = STR("spring");
    str_copy(user->language, sizeof(user->language), STR("pt-BR"));
    str_copy(user->zone, sizeof(user->zone), STR("America/Argentina/ComodRivadavia"));
    user->contacts[CHANNEL_TELEGRAM] = (struct contact){STR("1001"), REACH_OK};
    user->contacts[CHANNEL_WEBCHAT] = (struct contact){STR("session"), REACH_BLOCKED};
    user->contacts[CHANNEL_EMAIL] = (struct contact){STR("z@example.org"), REACH_GONE};
    user->channel = CHANNEL_TELEGRAM;
    user->set = SET_OPTIMIZED;
    user->set_assigned = true;
    user->is_held = true;
    user->existing = true;
    user->stopped = true;
    user->paused_until_ms = NOW_MS + 1;
    user->operator_holds = OPERATOR_PAUSED;
    user->crisis_hold = true;
    user->quiet_from_minute = 1321;
    user->quiet_to_minute = 481;
    user->nudge_last_at_ms = NOW_MS - 2;
    user->nudge_day = 20411;
    user->nudge_count = 3;
    user->followup_day = 20412;
    user->followup_count = 4;
    user->activity_last_at_ms = NOW_MS - 5;
    user->activity_day = 20413;
    user->activity_days = 0x8000000000000005U;
    fill_counters(user);
    user->onboarding_completed = true;
    user->onboarding_completed_at_ms = NOW_MS - 6;
    user->onboarding_version = STR("superior_v2.0");
    user->feeling_word = STR("calm");
    user->amplification_choice = STR("mentor");
    user->in_group = true;
    user->leaderboard_opt_in = true;
    user->help_last_at_ms = NOW_MS - 7;
    user->entered = STR("{\"onboarding\":1}");
    user->onboarding_ended_at_ms = NOW_MS - 8;
    user->dialog = DIALOG_PLAN_WHEN;
    user->dialog_ref = 77;
    user->dialog_at_ms = NOW_MS - 9;
    user->next_at_ms = NOW_MS + DAY_MS;
    return person;
}

static void count_commitment(struct user *user, const struct commitment *commitment)
{
    user->commitments_total++;
    user->commitments_completed += commitment->state == COMMITMENT_COMPLETED;
    user->commitments_quick += commitment->state == COMMITMENT_COMPLETED;
    user->commitments_outside++;
    user->commitments_outside_completed += commitment->state == COMMITMENT_COMPLETED;
    user->commitments_missed += commitment->state == COMMITMENT_MISSED;
    user->commitments_dropped += commitment->state == COMMITMENT_DROPPED;
    if (user->first_commitment_at_ms == 0) {
        user->first_commitment_at_ms = commitment->created_at_ms;
    }
    if (commitment->state == COMMITMENT_COMPLETED) {
        user->completion_ms_sum += commitment->completed_at_ms - commitment->created_at_ms;
        if (user->first_completion_at_ms == 0) {
            user->first_completion_at_ms = commitment->completed_at_ms;
        }
    }
}

struct commitment *fixture_commitment(struct fixture *fixture, struct person *person,
                                      enum commitment_state state)
{
    struct commitment *commitment = person_add_commitment(fixture->arena, person);
    commitment->id = id_next(&fixture->ids, NOW_MS, id_slot(person->user.id));
    commitment->user_id = person->user.id;
    commitment->state = state;
    commitment->undo_state = COMMITMENT_DROPPED;
    commitment->undo_until_ms = NOW_MS + 11;
    commitment->text = STR("read 10 pages\nof \\ \"anything\"");
    commitment->size_s = 1200;
    commitment->source = STR("chat");
    commitment->external_id = STR("ext-1");
    commitment->created_at_ms = NOW_MS - 12;
    commitment->planned_at_ms = NOW_MS + 13;
    commitment->due_at_ms = NOW_MS + 14;
    commitment->completed_at_ms = state == COMMITMENT_COMPLETED ? NOW_MS - 1 : 0;
    commitment->ended_at_ms = state >= COMMITMENT_MISSED ? NOW_MS - 2 : 0;
    commitment->repeat = REPEAT_WEEKLY;
    commitment->repeat_weekday = 5;
    commitment->repeat_minute = 605;
    commitment->followups = 2;
    commitment->next_at_ms = state == COMMITMENT_ACTIVE ? NOW_MS + 15 : 0;
    count_commitment(&person->user, commitment);
    return commitment;
}

struct run *fixture_run(struct fixture *fixture, struct person *person, enum run_outcome outcome)
{
    struct run *run = person_add_run(fixture->arena, person);
    run->id = id_next(&fixture->ids, NOW_MS, id_slot(person->user.id));
    run->user_id = person->user.id;
    run->journey = STR("superior_onboarding");
    run->definition = STR("abc123");
    run->sequence = STR("superior_onboarding_v2");
    run->subject_id = run->id;
    run->outcome = outcome;
    run->phase = outcome == RUN_ACTIVE ? PHASE_WAITING : PHASE_ENDED;
    run->step = 2;
    run->ultra = true;
    run->flags = RUN_FLAG_ASSISTED | RUN_FLAG_POSTPONED;
    run->entered_at_ms = NOW_MS - 21;
    run->ended_at_ms = outcome == RUN_ACTIVE ? 0 : NOW_MS - 22;
    run->anchor_at_ms = NOW_MS - 23;
    run->step_sent_at_ms[0] = NOW_MS - 24;
    run->step_completed_at_ms[0] = NOW_MS - 25;
    run->step_sent_at_ms[2] = NOW_MS - 26;
    run->steps_assisted = 0x80000001U;
    run->answers = STR("{\"user_feeling_word\":\"calm\"}");
    run->variants = STR("{\"first_win\":\"b\"}");
    run->held_ms = 27;
    run->next_at_ms = outcome == RUN_ACTIVE ? NOW_MS + 28 : 0;
    return run;
}

struct delivery *fixture_delivery(struct fixture *fixture, struct person *person,
                                  const struct run *run, enum delivery_state state)
{
    struct delivery *delivery = person_add_delivery(fixture->arena, person);
    delivery->id = id_next(&fixture->ids, NOW_MS, id_slot(person->user.id));
    delivery->user_id = person->user.id;
    delivery->run_id = run == NULL ? 0 : run->id;
    delivery->journey = STR("superior_onboarding");
    delivery->sequence = STR("superior_onboarding_v2");
    delivery->step = STR("first_win");
    delivery->step_index = 3;
    delivery->kind = KIND_CELEBRATION;
    delivery->class = CLASS_NUDGE;
    delivery->channel = CHANNEL_TELEGRAM;
    delivery->address = STR("1001");
    delivery->language = STR("en");
    delivery->variant = STR("b");
    delivery->text = STR("*Well done*");
    delivery->picture = STR("https://example.org/p.png");
    delivery->picture_alt = STR("A penguin");
    delivery->buttons = ARENA_ARRAY(fixture->arena, struct button, 2);
    delivery->buttons[0] = (struct button){STR("Done \"now\" \\ \n ü"), STR("r:1:2:3"), STR("")};
    delivery->buttons[1] =
        (struct button){STR("More"), STR(""), STR("https://example.org/?a=\"b\"")};
    delivery->button_count = 2;
    delivery->state = state;
    delivery->reason = STR("quiet_hours");
    delivery->created_at_ms = NOW_MS - 31;
    delivery->expires_at_ms = NOW_MS + 32;
    delivery->sent_at_ms = state >= DELIVERY_SENT ? NOW_MS - 33 : 0;
    delivery->attempts = 2;
    delivery->uncertain = 1;
    delivery->provider_id = STR("9001");
    delivery->next_at_ms = state <= DELIVERY_UNCERTAIN ? NOW_MS + 34 : 0;
    return delivery;
}

struct event fixture_event(struct fixture *fixture, struct person *person, enum event_type type,
                           int64_t at_ms)
{
    struct event event = {
        .id = id_next(&fixture->ids, at_ms, id_slot(person->user.id)),
        .user_id = person->user.id,
        .at_ms = at_ms,
        .type = type,
        .previous_event_id = person->user.event_last_id,
        .journey = STR("superior_onboarding"),
        .step = STR("first_win"),
        .ref_id = 5,
        .rule = STR("test"),
        .data = STR("{\"text\":\"hello\"}"),
        .revenue = 1.25,
    };
    person->user.event_last_id = event.id;
    person->user.changed = true;
    return event;
}

void fixture_save(struct fixture *fixture, struct person *person)
{
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_save(fixture->store, &person, 1, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
}

struct person *fixture_load(struct fixture *fixture, const struct person_want *want)
{
    struct person *person = NULL;
    assert_ok(
        store_people_load(fixture->store, fixture->arena, want, 1, &person, &fixture->detail));
    assert_non_null(person);
    return person;
}

int64_t fixture_number(struct fixture *fixture, const char *block, const struct arg *args,
                       int arg_count)
{
    struct rows rows;
    assert_ok(store_query(fixture->store, fixture->arena, block, args, arg_count, 1, &rows,
                          &fixture->detail));
    assert_int_equal(rows.count, 1);
    return rows.cells[0].integer;
}

static int by_instant(const void *a, const void *b)
{
    const struct due *first = a;
    const struct due *second = b;
    return first->due_at_ms < second->due_at_ms ? -1 : first->due_at_ms > second->due_at_ms;
}

int fixture_due(struct fixture *fixture, int64_t until_ms, struct due *ret_due, int limit)
{
    int total = 0;
    for (int line = 0; line < LINE_COUNT; line++) {
        int count = 0;
        assert_true(total < limit);
        assert_ok(store_due_load(fixture->store, line, until_ms, limit - total, ret_due + total,
                                 &count, &fixture->detail));
        total += count;
    }
    qsort(ret_due, (size_t)total, sizeof(*ret_due), by_instant);
    return total;
}
