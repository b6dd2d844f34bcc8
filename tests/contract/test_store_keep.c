/* The contract of the store: doctor, backup, export and erasure. */
#include "store_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"

#define FIXTURE struct fixture *fixture = *state

/* A person as the engine would leave them: everything agrees. */
static struct person *healthy_person(struct fixture *fixture, const char *chat)
{
    struct person *person = fixture_person(fixture);
    int64_t owner;
    assert_ok(store_begin(fixture->store, &fixture->detail));
    person->user.contacts[CHANNEL_TELEGRAM].address = str_of(chat);
    person->user.contacts[CHANNEL_WEBCHAT] = (struct contact){STR(""), REACH_NONE};
    assert_ok(store_identity_add(fixture->store, CHANNEL_TELEGRAM, str_of(chat), person->user.id,
                                 NOW_MS, &owner, &fixture->detail));
    assert_ok(store_definition_put(fixture->store, STR("abc123"), STR("superior_onboarding"),
                                   STR("2.0"), STR("x"), NOW_MS, &fixture->detail));
    fixture_commitment(fixture, person, COMMITMENT_ACTIVE);
    fixture_commitment(fixture, person, COMMITMENT_COMPLETED);
    fixture_commitment(fixture, person, COMMITMENT_MISSED);
    struct run *run = fixture_run(fixture, person, RUN_ACTIVE);
    fixture_run(fixture, person, RUN_COMPLETED);
    run->phase = PHASE_SENDING;
    run->next_at_ms = 0;
    fixture_delivery(fixture, person, run, DELIVERY_SENT);
    run->delivery_id = fixture_delivery(fixture, person, run, DELIVERY_SENDING)->id;
    struct event events[] = {
        fixture_event(fixture, person, EVENT_USER_JOINED, NOW_MS - 2),
        fixture_event(fixture, person, EVENT_MESSAGE_RECEIVED, NOW_MS - 1),
    };
    assert_ok(store_events_append(fixture->store, events, 2, &fixture->detail));
    assert_ok(store_people_save(fixture->store, &person, 1, &fixture->detail));
    const struct feedback feedback = {.user_id = person->user.id, .text = STR("secret words")};
    assert_ok(store_feedback_append(fixture->store, &feedback, 1, NOW_MS, &fixture->ids,
                                    &fixture->detail));
    const struct notice notice = {STR("crisis"), person->user.id, STR("look after them")};
    assert_ok(
        store_notices_append(fixture->store, &notice, 1, NOW_MS, &fixture->ids, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    return person;
}

struct diagnosis {
    struct finding *findings;
    int count, checks;
};

static struct diagnosis diagnose(struct fixture *fixture)
{
    struct diagnosis diagnosis = {0};
    assert_ok(store_doctor(fixture->store, fixture->arena, 50, &diagnosis.findings,
                           &diagnosis.count, &diagnosis.checks, &fixture->detail));
    return diagnosis;
}

static void doctor_finds_nothing_in_health(void **state)
{
    FIXTURE;
    healthy_person(fixture, "1001");
    healthy_person(fixture, "1002");
    struct diagnosis diagnosis = diagnose(fixture);
    for (int i = 0; i < diagnosis.count; i++) {
        print_error("%.*s: %.*s\n", STR_ARG(diagnosis.findings[i].check),
                    STR_ARG(diagnosis.findings[i].text));
    }
    assert_int_equal(diagnosis.count, 0);
    assert_true(diagnosis.checks >= 10);
}

static void expect_finding(struct fixture *fixture, const char *check, int64_t id, const char *text)
{
    struct diagnosis diagnosis = diagnose(fixture);
    for (int i = 0; i < diagnosis.count; i++) {
        const struct finding *finding = &diagnosis.findings[i];
        if (str_is(finding->check, check) && finding->id == id &&
            strstr(finding->text.ptr, text) != NULL) {
            return;
        }
    }
    for (int i = 0; i < diagnosis.count; i++) {
        print_error("found %.*s %lld: %.*s\n", STR_ARG(diagnosis.findings[i].check),
                    (long long)diagnosis.findings[i].id, STR_ARG(diagnosis.findings[i].text));
    }
    fail_msg("doctor did not find %s of %lld: %s", check, (long long)id, text);
}

static void doctor_recounts_every_counter(void **state)
{
    FIXTURE;
    struct person *person = healthy_person(fixture, "1001");
    struct user good = person->user;
    struct {
        int *counter;
        const char *name;
    } counters[] = {
        {&person->user.commitments_total, "commitments_total"},
        {&person->user.commitments_completed, "commitments_completed"},
        {&person->user.commitments_quick, "commitments_quick"},
        {&person->user.commitments_outside, "commitments_outside"},
        {&person->user.commitments_outside_completed, "commitments_outside_completed"},
        {&person->user.commitments_missed, "commitments_missed"},
        {&person->user.commitments_dropped, "commitments_dropped"},
    };
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        ++*counters[i].counter;
        person->user.changed = true;
        fixture_save(fixture, person);
        expect_finding(fixture, "counters", person->user.id, counters[i].name);
        --*counters[i].counter;
    }
    person->user.completion_ms_sum++;
    person->user.first_commitment_at_ms--;
    person->user.first_completion_at_ms--;
    person->user.changed = true;
    fixture_save(fixture, person);
    expect_finding(fixture, "counters", person->user.id, "completion_ms_sum");
    expect_finding(fixture, "counters", person->user.id, "first_commitment_at_ms");
    expect_finding(fixture, "counters", person->user.id, "first_completion_at_ms");
    good.saved_next_at_ms = person->user.saved_next_at_ms;
    person->user = good;
    person->user.changed = true;
    fixture_save(fixture, person);
    assert_int_equal(diagnose(fixture).count, 0);
}

static void doctor_compares_due_rows_both_ways(void **state)
{
    FIXTURE;
    struct person *person = healthy_person(fixture, "1001");
    struct rows rows;
    const struct arg args[] = {ARG_INT(0), ARG_INT(person->user.next_at_ms),
                               ARG_INT(person->user.id)};
    assert_ok(store_query(fixture->store, fixture->arena, "due_drop", args, 3, 0, &rows,
                          &fixture->detail));
    expect_finding(fixture, "due_missing", person->user.id, "user waits");
    person->user.next_at_ms = NOW_MS + 77;
    person->user.saved_next_at_ms = 0;
    fixture_save(fixture, person);
    assert_int_equal(diagnose(fixture).count, 0);
    struct commitment *open = person->commitments[0];
    open->next_at_ms = NOW_MS + 78;
    open->saved_next_at_ms = NOW_MS + 79; /* not what was saved: the old due row stays */
    fixture_save(fixture, person);
    expect_finding(fixture, "due_stale", open->id, "nothing waits");
}

static void doctor_follows_chains_and_actions(void **state)
{
    FIXTURE;
    struct person *person = healthy_person(fixture, "1001");
    person->user.event_last_id--;
    person->user.changed = true;
    fixture_save(fixture, person);
    expect_finding(fixture, "events", person->user.id, "the last event");
    person->user.event_last_id++;
    person->user.delivery_last_id = 0;
    person->user.changed = true;
    fixture_save(fixture, person);
    expect_finding(fixture, "deliveries", person->user.id, "the last message");
    person->user.delivery_last_id = person->deliveries[person->delivery_count - 1]->id;
    person->user.changed = true;
    struct run *run = person->runs[0];
    run->phase = PHASE_WAITING; /* and next_at_ms 0 */
    run->changed = true;
    fixture_save(fixture, person);
    expect_finding(fixture, "next_action", run->id, "waits for nothing");
    run->phase = PHASE_SENDING;
    run->delivery_id = person->deliveries[0]->id; /* sent already */
    run->changed = true;
    fixture_save(fixture, person);
    expect_finding(fixture, "next_action", run->id, "not under way");
    run->delivery_id = person->deliveries[1]->id;
    run->definition = STR("unknown");
    run->changed = true;
    fixture_save(fixture, person);
    expect_finding(fixture, "runs", run->id, "not kept");
}

static void doctor_knows_identities_and_references(void **state)
{
    FIXTURE;
    struct person *person = healthy_person(fixture, "1001");
    int64_t owner;
    struct identity_change removed = {CHANNEL_TELEGRAM, STR("1001"), STR("")};
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(
        store_identity_change(fixture->store, person->user.id, &removed, NOW_MS, &fixture->detail));
    assert_ok(store_identity_add(fixture->store, CHANNEL_TELEGRAM, STR("nobody"), 4242, NOW_MS,
                                 &owner, &fixture->detail));
    struct event lost = {.id = 99, .user_id = 4243, .at_ms = NOW_MS};
    assert_ok(store_events_append(fixture->store, &lost, 1, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    expect_finding(fixture, "identities", person->user.id, "no Telegram identity");
    expect_finding(fixture, "identities", 4242, "leads to nobody");
    expect_finding(fixture, "references", 99, "user 4243");
}

/* ---- export and erasure ---------------------------------------------------------------------- */

static json_t *export_of(struct fixture *fixture, int64_t user_id)
{
    struct str text = STR_NONE;
    json_t *json = NULL;
    assert_ok(store_user_export(fixture->store, fixture->arena, user_id, &text, &fixture->detail));
    assert_ok(json_read(text, 1024 * 1024, &json, &fixture->detail));
    return json;
}

static void export_holds_everything(void **state)
{
    FIXTURE;
    struct person *person = healthy_person(fixture, "1001");
    healthy_person(fixture, "1002");
    json_t *json = export_of(fixture, person->user.id);
    assert_str("Žofie \"Z\"", json_get_str(json_get_object(json, "user"), "first_name"));
    char id[24];
    snprintf(id, sizeof(id), "%lld", (long long)person->user.id);
    assert_str(id, json_get_str(json_get_object(json, "user"), "id"));
    assert_int_equal(json_array_size(json_get_array(json, "identities")), 1);
    assert_int_equal(json_array_size(json_get_array(json, "commitments")), 3);
    assert_int_equal(json_array_size(json_get_array(json, "runs")), 2);
    assert_int_equal(json_array_size(json_get_array(json, "messages")), 2);
    assert_int_equal(json_array_size(json_get_array(json, "events")), 2);
    assert_int_equal(json_array_size(json_get_array(json, "feedback")), 1);
    assert_int_equal(json_array_size(json_get_array(json, "operator_messages")), 1);
    json_t *message = json_array_get(json_get_array(json, "messages"), 0);
    assert_int_equal(json_array_size(json_get_array(message, "buttons")), 2);
    json_decref(json);
    struct str text;
    assert_err(ERR_NOT_FOUND,
               store_user_export(fixture->store, fixture->arena, 5, &text, &fixture->detail));
}

static bool file_holds(const char *path, const char *words)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    static char bytes[4 * 1024 * 1024];
    size_t length = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    return memmem(bytes, length, words, strlen(words)) != NULL;
}

static void erasure_leaves_a_shell(void **state)
{
    FIXTURE;
    struct person *person = healthy_person(fixture, "1001");
    struct person *other = healthy_person(fixture, "1002");
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_user_erase(fixture->store, person->user.id, NOW_MS, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    assert_int_equal(diagnose(fixture).count, 0);
    struct str text;
    assert_err(ERR_NOT_FOUND, store_user_export(fixture->store, fixture->arena, person->user.id,
                                                &text, &fixture->detail));
    int64_t owner;
    assert_ok(store_identity_find(fixture->store, CHANNEL_TELEGRAM, STR("1001"), &owner,
                                  &fixture->detail));
    assert_int_equal(owner, 0);
    struct due due[16];
    int count = fixture_due(fixture, INT64_MAX, due, 16);
    for (int i = 0; i < count; i++) {
        assert_int_equal(due[i].user_id, other->user.id);
    }
    struct rows rows;
    const struct arg list[] = {ARG_INT(-1), ARG_INT(person->user.id), ARG_INT(10), ARG_INT(0)};
    assert_ok(store_query(fixture->store, fixture->arena, "deliveries_list", list, 4, 10, &rows,
                          &fixture->detail));
    assert_int_equal(rows.count, 2); /* counts stay */
    assert_err(ERR_NOT_FOUND,
               store_user_erase(fixture->store, person->user.id, NOW_MS, &fixture->detail));
    json_t *json = export_of(fixture, other->user.id);
    assert_int_equal(json_array_size(json_get_array(json, "messages")), 2);
    json_decref(json);
}

/* The words are gone from the file itself, not only from the tables. */
static void erased_words_are_overwritten(void **state)
{
    FIXTURE;
    struct person *person = healthy_person(fixture, "1001");
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_user_erase(fixture->store, person->user.id, NOW_MS, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    store_close(fixture->store); /* the log is copied back */
    assert_false(file_holds(fixture->path, "secret words"));
    assert_false(file_holds(fixture->path, "zofie"));
    assert_ok(store_open(fixture->url, STORE_WRITER, &fixture->store, &fixture->detail));
}

/* ---- backup ---------------------------------------------------------------------------------- */

struct writing {
    struct fixture *fixture;
    int64_t last_done;
    int calls;
    int written;
};

/* Another connection writes while the copy is made. */
static void write_meanwhile(void *context, int64_t done, int64_t total)
{
    struct writing *writing = context;
    struct fixture *fixture = writing->fixture;
    assert_true(done >= writing->last_done && done <= total);
    writing->last_done = done;
    writing->calls++;
    struct person *person = fixture_person(fixture);
    fixture_save(fixture, person);
    writing->written++;
}

static void a_backup_is_one_instant(void **state)
{
    FIXTURE;
    healthy_person(fixture, "1001");
    for (int i = 0; i < 200; i++) { /* enough pages for several steps */
        struct person *person = fixture_person(fixture);
        for (int k = 0; k < 40; k++) {
            fixture_delivery(fixture, person, NULL, DELIVERY_SENT);
        }
        fixture_save(fixture, person);
        if (i % 50 == 49) {
            arena_reset(fixture->arena);
        }
    }
    struct store *reader = NULL;
    assert_ok(store_open(fixture->url, STORE_READER, &reader, &fixture->detail));
    char path[128];
    snprintf(path, sizeof(path), "%s-copy", fixture->path);
    struct writing writing = {.fixture = fixture};
    assert_ok(store_backup(reader, path, write_meanwhile, &writing, &fixture->detail));
    assert_true(writing.calls > 1);
    assert_err(ERR_CONFLICT, store_backup(reader, path, NULL, NULL, &fixture->detail));
    store_close(reader);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);

    int64_t now_here = fixture_number(fixture, "user_counts", NULL, 0);
    char url[160];
    snprintf(url, sizeof(url), "sqlite:%s", path);
    struct store *copy = NULL;
    assert_ok(store_open(url, STORE_READER, &copy, &fixture->detail));
    struct rows rows;
    assert_ok(
        store_query(copy, fixture->arena, "user_counts", NULL, 0, 1, &rows, &fixture->detail));
    assert_int_equal(rows.cells[0].integer, 201);
    assert_int_equal(now_here, 201 + writing.written);
    store_close(copy);
    assert_err(ERR_IO,
               store_backup(fixture->store, "/nowhere/at/all.db", NULL, NULL, &fixture->detail));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(doctor_finds_nothing_in_health),
        CASE(doctor_recounts_every_counter),
        CASE(doctor_compares_due_rows_both_ways),
        CASE(doctor_follows_chains_and_actions),
        CASE(doctor_knows_identities_and_references),
        CASE(export_holds_everything),
        CASE(erasure_leaves_a_shell),
        /* only a file has these */
        CASE(erased_words_are_overwritten),
        CASE(a_backup_is_one_instant),
    };
    size_t count = sizeof(tests) / sizeof(tests[0]) - (fixture_is_file() ? 0 : 2);
    return _cmocka_run_group_tests("keep", tests, count, NULL, NULL);
}
