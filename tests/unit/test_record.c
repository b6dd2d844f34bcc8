/* Records of decisions: what was given comes back exactly, whatever the person looks like; and
 * bytes that are not a record are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/codec.h"
#include "base/limits.h"
#include "core/catalog.h"
#include "core/record.h"

#define NOW_MS INT64_C(1795420800000)
enum { PEOPLE = 300 };

struct made {
    struct arena *arena;
    struct id_source ids;
    uint64_t state;
    struct installation installation;
    struct population population;
    struct world world;
    struct person person;
    struct input input;
    int64_t id;
};

/* xorshift64*: the same seed gives the same people everywhere. */
static uint64_t draw(struct made *made, uint64_t below)
{
    made->state ^= made->state >> 12;
    made->state ^= made->state << 25;
    made->state ^= made->state >> 27;
    return (made->state * 2685821657736338717u >> 16) % below;
}

/* Small, middling and the greatest numbers. */
static int64_t number(struct made *made)
{
    switch (draw(made, 6)) {
    case 0:
        return 0;
    case 1:
        return (int64_t)draw(made, 300) - 100;
    case 2:
        return NOW_MS - (int64_t)draw(made, 1000000);
    case 3:
        return INT64_MAX;
    case 4:
        return INT64_MIN;
    default:
        return (int64_t)((uint64_t)NOW_MS << 21 | draw(made, 1 << 20));
    }
}

static int small(struct made *made)
{
    static const int values[] = {0, -1, 1, 123, 124, 247, 248, INT32_MAX, INT32_MIN};
    return values[draw(made, sizeof(values) / sizeof(values[0]))];
}

static bool flag(struct made *made)
{
    return draw(made, 2) != 0;
}

static struct str text(struct made *made)
{
    static const size_t lengths[] = {0, 1, 5, 60, 247, 248, 300, 5000};
    size_t length = lengths[draw(made, sizeof(lengths) / sizeof(lengths[0]))];
    char *bytes = arena_alloc(made->arena, length + 1);
    for (size_t i = 0; i < length; i++) {
        bytes[i] = (char)(1 + draw(made, 255));
    }
    return (struct str){bytes, length};
}

static void make_user(struct made *made)
{
    struct user *user = &made->person.user;
    *user = (struct user){.id = made->id,
                          .joined_at_ms = number(made),
                          .first_name = text(made),
                          .source = text(made),
                          .channel = CHANNEL_WEBCHAT,
                          .set = SET_OPTIMIZED,
                          .set_assigned = flag(made),
                          .is_test = flag(made),
                          .is_held = flag(made),
                          .stopped = flag(made),
                          .crisis_hold = flag(made),
                          .leaderboard_opt_in = flag(made),
                          .onboarding_completed = flag(made),
                          .quiet_from_minute = small(made),
                          .nudge_last_at_ms = number(made),
                          .nudge_count = small(made),
                          .commitments_total = small(made),
                          .activity_days = (uint64_t)number(made),
                          .ladder_rung = small(made),
                          .entered = text(made),
                          .dialog = DIALOG_PLAN_WHEN,
                          .dialog_ref = number(made),
                          .event_last_id = number(made),
                          .next_at_ms = number(made),
                          .is_new = flag(made),
                          .changed = flag(made)};
    memset(user->language, 'x', draw(made, sizeof(user->language)));
    memset(user->zone, 'z', draw(made, sizeof(user->zone)));
    user->contacts[CHANNEL_EMAIL] = (struct contact){text(made), REACH_GONE};
}

static void make_runs(struct made *made)
{
    for (uint64_t left = draw(made, 4); left > 0; left--) {
        struct run *run = person_add_run(made->arena, &made->person);
        run->id = number(made);
        run->journey = text(made);
        run->definition = text(made);
        run->outcome = (enum run_outcome)draw(made, RUN_STOPPED + 1);
        run->phase = (enum run_phase)draw(made, PHASE_ENDED + 1);
        run->step = (int)draw(made, RUN_STEPS_MAX);
        run->flags = (unsigned)draw(made, 1u << 31);
        run->subject_id = number(made);
        run->steps_assisted = (uint32_t)draw(made, UINT32_MAX);
        run->answers = text(made);
        run->next_at_ms = number(made);
        run->is_new = flag(made);
        run->changed = flag(made);
        for (uint64_t step = 0; step < draw(made, RUN_STEPS_MAX + 1); step++) {
            run->step_sent_at_ms[step] = number(made);
            run->step_completed_at_ms[step] = number(made);
        }
    }
}

static void make_commitments(struct made *made)
{
    int64_t id = 1000;
    for (uint64_t left = draw(made, 12); left > 0; left--) {
        struct commitment *commitment = person_add_commitment(made->arena, &made->person);
        commitment->id = id += 1 + (int64_t)draw(made, 1000);
        commitment->user_id = made->id;
        commitment->state = (enum commitment_state)draw(made, COMMITMENT_DROPPED + 1);
        commitment->created_at_ms = number(made);
        commitment->external_id = text(made);
        commitment->is_new = commitment->changed = false;
        if (commitment->state == COMMITMENT_ACTIVE) {
            commitment->text = text(made);
            commitment->repeat = REPEAT_WEEKLY;
            commitment->followups = small(made);
            commitment->next_at_ms = number(made);
            commitment->changed = flag(made);
        }
    }
}

static void make_deliveries(struct made *made)
{
    for (uint64_t left = draw(made, 4); left > 0; left--) {
        struct delivery *delivery = person_add_delivery(made->arena, &made->person);
        delivery->id = number(made);
        delivery->journey = text(made);
        delivery->kind = (enum message_kind)draw(made, KIND_COUNT);
        delivery->class = (enum message_class)draw(made, CLASS_NUDGE + 1);
        delivery->state = (enum delivery_state)draw(made, DELIVERY_STATE_COUNT);
        delivery->reason = text(made);
        delivery->attempts = small(made);
        delivery->step_index = small(made);
        delivery->text = flag(made) ? STR("…") : STR_NONE; /* kept elsewhere */
        delivery->is_new = flag(made);
        delivery->dispatch = flag(made);
    }
}

static void make_history(struct made *made)
{
    int count = (int)draw(made, 30);
    int64_t *at_ms = ARENA_ARRAY(made->arena, int64_t, (size_t)count);
    int64_t last_ms = NOW_MS - 60 * DAY_MS;
    for (int i = 0; i < count; i++) {
        at_ms[i] = last_ms += (int64_t)draw(made, DAY_MS);
    }
    made->person.has_history = count > 0;
    made->person.activity_at_ms = at_ms;
    made->person.activity_count = count;
}

static struct made *make(struct arena *arena, uint64_t seed)
{
    struct made *made = ARENA_NEW(arena, struct made);
    made->arena = arena;
    made->state = seed * 0x9E3779B97F4A7C15u + 1;
    made->installation =
        (struct installation){.default_zone = zone_utc(), .default_language = "en"};
    made->population = (struct population){.active_users = 3, .leaderboard = text(made)};
    made->id = id_next(&made->ids, NOW_MS, (uint8_t)draw(made, 256));
    made->world = (struct world){.installation = &made->installation,
                                 .population = flag(made) ? &made->population : NULL,
                                 .now_ms = NOW_MS,
                                 .ids = &made->ids};
    made->input = (struct input){.kind = (enum input_kind)draw(made, INPUT_MOVE + 1),
                                 .at_ms = NOW_MS,
                                 .source = text(made),
                                 .user_id = made->id,
                                 .channel = CHANNEL_TELEGRAM,
                                 .text = text(made),
                                 .token = text(made),
                                 .ref_kind = DUE_DELIVERY,
                                 .report = REPORT_COMPLAINED,
                                 .name = text(made),
                                 .data = text(made),
                                 .revenue = 12.5};
    make_user(made);
    make_runs(made);
    make_commitments(made);
    make_deliveries(made);
    make_history(made);
    return made;
}

static struct str write(struct recorder *recorder, struct arena *arena, struct made *made,
                        bool reads_ended)
{
    struct decision decision = {.handled = true, .event_count = 0};
    recorder_begin(recorder, made->id, &made->world, &made->person, &made->input);
    recorder_trace(recorder)->read_ended |= reads_ended;
    recorder_decided(recorder, &made->person, &decision);
    return recorder_end(recorder, arena, &made->person, &decision);
}

static void assert_str(struct str actual, struct str expected)
{
    assert_int_equal(actual.length, expected.length);
    assert_memory_equal(actual.ptr != NULL ? actual.ptr : "",
                        expected.ptr != NULL ? expected.ptr : "", expected.length);
}

static void assert_people_equal(const struct person *actual, const struct person *expected,
                                bool has_ended)
{
    assert_int_equal(actual->user.activity_days, expected->user.activity_days);
    assert_int_equal(actual->user.crisis_hold, expected->user.crisis_hold);
    assert_int_equal(actual->user.changed, expected->user.changed);
    assert_string_equal(actual->user.zone, expected->user.zone);
    assert_str(actual->user.entered, expected->user.entered);
    assert_int_equal(actual->run_count, expected->run_count);
    for (int i = 0; i < expected->run_count; i++) {
        assert_int_equal(actual->runs[i]->flags, expected->runs[i]->flags);
        assert_memory_equal(actual->runs[i]->step_sent_at_ms, expected->runs[i]->step_sent_at_ms,
                            sizeof(expected->runs[i]->step_sent_at_ms));
    }
    assert_int_equal(actual->delivery_count, expected->delivery_count);
    for (int i = 0; i < expected->delivery_count; i++) {
        assert_int_equal(record_lacks_message_text(actual->deliveries[i]),
                         expected->deliveries[i]->text.length > 0);
    }
    assert_int_equal(actual->activity_count, expected->activity_count);
    assert_memory_equal(actual->activity_at_ms, expected->activity_at_ms,
                        (size_t)expected->activity_count * sizeof(int64_t));
    int found = 0;
    for (int i = 0; i < expected->commitment_count; i++) {
        const struct commitment *wanted = expected->commitments[i];
        const struct commitment *commitment = person_commitment(actual, wanted->id);
        assert_true(commitment != NULL || (wanted->state != COMMITMENT_ACTIVE && !has_ended));
        if (commitment != NULL) {
            assert_int_equal(commitment->state, wanted->state);
            assert_int_equal(commitment->created_at_ms, wanted->created_at_ms);
            assert_ptr_equal(commitment, actual->commitments[found]); /* in the order of ids */
            found++;
        }
    }
    assert_int_equal(actual->commitment_count, found);
}

/* Every field: what is read and written again is the same to the byte. */
static void what_was_given_comes_back(void **state)
{
    (void)state;
    struct recorder *recorder = recorder_new();
    for (uint64_t seed = 0; seed < PEOPLE; seed++) {
        struct arena *arena = arena_new((size_t)64 * 1024);
        struct made *made = make(arena, seed);
        bool has_ended = seed % 2 == 0;
        struct str bytes = write(recorder, arena, made, has_ended);
        struct record record;
        struct err_detail detail = {""};
        if (record_read(arena, made->id, NULL, bytes, &record, &detail) != OK) {
            fail_msg("seed %d: %s", (int)seed, detail.text);
        }
        assert_int_equal(record.now_ms, NOW_MS);
        assert_int_equal(record.input.kind, made->input.kind);
        assert_str(record.input.text, made->input.text);
        assert_int_equal(record.has_population, made->world.population != NULL);
        assert_true(record.result.handled);
        assert_people_equal(&record.person, &made->person, record.has_ended);
        struct made again = *made;
        again.person = record.person;
        again.input = record.input;
        again.population = record.population;
        again.world.population = record.has_population ? &again.population : NULL;
        assert_str(write(recorder, arena, &again, record.has_ended), bytes);
        arena_free(arena);
    }
    recorder_free(recorder);
}

static void hostile_bytes_are_refused(void **state)
{
    (void)state;
    struct recorder *recorder = recorder_new();
    struct arena *arena = arena_new((size_t)256 * 1024);
    struct made *made = make(arena, 7);
    struct str bytes = write(recorder, arena, made, true);
    struct record record;
    struct err_detail detail;
    for (size_t length = 0; length < bytes.length; length++) {
        /* In memory of its own, so that reading beyond it is seen. */
        char *cut = malloc(length + 1);
        assert_non_null(cut);
        memcpy(cut, bytes.ptr, length);
        assert_int_equal(
            record_read(arena, made->id, NULL, (struct str){cut, length}, &record, &detail),
            ERR_INVALID);
        free(cut);
    }
    struct str longer = arena_printf(arena, "%.*s", 0, "");
    char *extra = arena_alloc(arena, bytes.length + 1);
    memcpy(extra, bytes.ptr, bytes.length);
    longer = (struct str){extra, bytes.length + 1};
    assert_int_equal(record_read(arena, made->id, NULL, longer, &record, &detail), ERR_INVALID);
    extra[0] = RECORD_VERSION + 1;
    assert_int_equal(
        record_read(arena, made->id, NULL, (struct str){extra, bytes.length}, &record, &detail),
        ERR_INVALID);
    assert_non_null(strstr(detail.text, "does not know"));
    for (size_t i = 0; i < bytes.length && i < 2000; i++) { /* any answer but a crash */
        memcpy(extra, bytes.ptr, bytes.length);
        for (int bit = 0; bit < 8; bit++) {
            extra[i] = (char)(bytes.ptr[i] ^ (1 << bit));
            enum err error = record_read(arena, made->id, NULL, (struct str){extra, bytes.length},
                                         &record, &detail);
            assert_true(error == OK || error == ERR_INVALID);
        }
        arena_reset(arena);
        made = make(arena, 7);
        bytes = write(recorder, arena, made, true);
        extra = arena_alloc(arena, bytes.length + 1);
    }
    arena_free(arena);
    recorder_free(recorder);
}

static void numbers_have_one_form(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,   1,   247,        248,        255,
                                      256, 511, UINT16_MAX, UINT32_MAX, UINT64_MAX};
    struct codec codec = {.reading = false};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        uint64_t value = values[i];
        codec_rewind(&codec);
        code_number(&codec, &value);
        struct codec reader = codec_reader((struct str){(const char *)codec.bytes, codec.at});
        uint64_t read = 1;
        code_number(&reader, &read);
        assert_true(codec_is_whole(&reader));
        assert_int_equal(read, values[i]);
    }
    codec_release(&codec);
    static const char *const wrong[] = {"\xf8\x01", "\xf9\xff\x00", "\xf9\xff"};
    static const size_t lengths[] = {2, 3, 2};
    for (size_t i = 0; i < 3; i++) {
        struct codec reader = codec_reader((struct str){wrong[i], lengths[i]});
        uint64_t read = 1;
        code_number(&reader, &read);
        assert_true(reader.bad);
        assert_int_equal(read, 0);
    }
}

/* ---- packed ---- */

static uint64_t large(struct made *made)
{
    static const uint64_t bases[] = {UINT64_C(2) * NOW_MS, UINT64_C(3765153816530398438) * 2, 0};
    uint64_t base = bases[draw(made, 3)];
    return base != 0 ? base + draw(made, 3) * 100000 + draw(made, 2) : UINT64_MAX >> draw(made, 64);
}

static void packed_numbers_come_back(void **state)
{
    (void)state;
    enum { COUNT = 500 };
    struct codec codec = {.reading = false};
    struct codec_pack pack;
    for (uint64_t seed = 0; seed < PEOPLE; seed++) {
        struct made made = {.state = seed * 0x9E3779B97F4A7C15u + 1};
        uint64_t values[COUNT] = {0};
        for (int i = 0; i < COUNT; i += 1 + (int)(draw(&made, 2) * draw(&made, 40))) {
            values[i] = large(&made);
        }
        codec_rewind(&codec);
        codec_pack(&codec, &pack, NULL);
        for (int i = 0; i < COUNT; i++) {
            uint64_t value = values[i];
            code_number(&codec, &value);
        }
        codec_plain(&codec);
        struct codec reader = codec_reader((struct str){(const char *)codec.bytes, codec.at});
        codec_pack(&reader, &pack, NULL);
        for (int i = 0; i < COUNT; i++) {
            uint64_t read = 1;
            code_number(&reader, &read);
            assert_int_equal(read, values[i]);
        }
        assert_true(codec_is_whole(&reader));
    }
    codec_release(&codec);
}

static size_t packed_length(const uint64_t *values, int count)
{
    struct codec codec = {.reading = false};
    struct codec_pack pack;
    codec_pack(&codec, &pack, NULL);
    for (int i = 0; i < count; i++) {
        uint64_t value = values[i];
        code_number(&codec, &value);
    }
    codec_plain(&codec);
    size_t length = codec.at;
    codec_release(&codec);
    return length;
}

static void packed_numbers_are_short(void **state)
{
    (void)state;
    static const uint64_t zeros[17] = {0};
    static const uint64_t id = UINT64_C(7530307633060796876);
    assert_int_equal(packed_length(zeros, 17), 1);
    assert_int_equal(packed_length((const uint64_t[]){id, id}, 2), 9 + 1);
    assert_int_equal(packed_length((const uint64_t[]){id, id + 100}, 2), 9 + 2);
    /* A hash in between does not make the ids behind it longer. */
    assert_int_equal(packed_length((const uint64_t[]){id, 1ULL << 63, id - 100}, 3), 9 + 9 + 2);
}

static void known_texts_are_told_by_index(void **state)
{
    (void)state;
    static struct codec_words words;
    codec_words_add(&words, STR("superior_onboarding"));
    codec_words_add(&words, STR("first_win"));
    codec_words_add(&words, STR("first_win"));
    codec_words_add(&words, STR("en")); /* as long as its index */
    assert_int_equal(words.count, 2);
    const struct str texts[] = {STR("first_win"), STR("5000003999"), STR("first_win"),
                                STR_NONE,         STR("en"),         STR("5000003999")};
    enum { COUNT = sizeof(texts) / sizeof(texts[0]) };
    struct codec codec = {.reading = false};
    struct codec_pack pack;
    codec_pack(&codec, &pack, &words);
    for (int i = 0; i < COUNT; i++) {
        struct str text = texts[i];
        code_str(&codec, &text);
    }
    codec_plain(&codec);
    assert_int_equal(codec.at, 1 + 11 + 1 + 1 + 3 + 1);
    for (int with_words = 0; with_words < 2; with_words++) {
        struct codec reader = codec_reader((struct str){(const char *)codec.bytes, codec.at});
        codec_pack(&reader, &pack, with_words ? &words : NULL);
        for (int i = 0; i < COUNT; i++) {
            struct str text;
            code_str(&reader, &text);
            if (with_words) {
                assert_str(text, texts[i]);
            }
        }
        assert_int_equal(codec_is_whole(&reader), with_words);
    }
    codec_release(&codec);
}

/* The names that rows repeat stand in the world. */
static void records_go_by_the_words_of_their_world(void **state)
{
    (void)state;
    struct arena *arena = arena_new((size_t)256 * 1024);
    struct recorder *recorder = recorder_new();
    struct made *made = make(arena, 3);
    struct catalog *catalog = NULL;
    struct mistakes mistakes = {0};
    assert_int_equal(catalog_build_embedded(arena, &catalog, &mistakes), OK);
    made->world.catalog = catalog;
    const struct journey *journey = catalog_journey_at(catalog, 0);
    struct run *run = person_add_run(arena, &made->person);
    run->journey = arena_str(arena, journey->name);
    run->definition = arena_str(arena, journey->hash);
    size_t without = write(recorder, arena, made, false).length;
    struct str world = arena_str(arena, recorder_world(recorder, &made->world));
    assert_true(recorder_is_in(recorder, &made->world, world));
    made->installation.nudge_per_day++;
    assert_false(recorder_is_in(recorder, &made->world, world));
    recorder_enter(recorder, arena, world);
    struct str bytes = write(recorder, arena, made, false);
    assert_true(bytes.length + journey->name.length + journey->hash.length < without + 6);
    struct record_world read;
    struct record record;
    struct err_detail detail = {""};
    assert_int_equal(record_world_read(arena, world, &read, &detail), OK);
    assert_int_equal(record_read(arena, made->id, read.words, bytes, &record, &detail), OK);
    struct run *last = record.person.runs[record.person.run_count - 1];
    assert_str(last->journey, journey->name);
    assert_str(last->definition, journey->hash);
    assert_int_equal(record_read(arena, made->id, NULL, bytes, &record, &detail), ERR_INVALID);
    catalog_free(catalog);
    recorder_free(recorder);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_given_comes_back),
        cmocka_unit_test(hostile_bytes_are_refused),
        cmocka_unit_test(numbers_have_one_form),
        cmocka_unit_test(packed_numbers_come_back),
        cmocka_unit_test(packed_numbers_are_short),
        cmocka_unit_test(known_texts_are_told_by_index),
        cmocka_unit_test(records_go_by_the_words_of_their_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
