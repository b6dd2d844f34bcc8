/* The people held out beside all others: what is read from the store, page by page, equals a walk
 * over everybody, on both stores; and what is said of it. */
#include "store_fixture.h"

#include <math.h>
#include <stdlib.h>

#include "bi/experiments/holdout.h"
#include "core/assign.h"

#define FIXTURE    struct fixture *fixture = *state
#define CASE(test) cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

enum { PEOPLE = 3200, BATCH = 100 };

static const int64_t WINDOW_MS = 7 * DAY_MS;
static const int64_t SINCE_MS = NOW_MS - 40 * DAY_MS;

struct all {
    struct person *people[PEOPLE];
    double revenue[PEOPLE]; /* within the window */
    uint64_t seed;
};

static uint64_t draw(struct all *all, uint64_t below)
{
    all->seed ^= all->seed << 13;
    all->seed ^= all->seed >> 7;
    all->seed ^= all->seed << 17;
    return all->seed % below;
}

/* At one of the window's edges, or anywhere around it. */
static int64_t moment(struct all *all, int64_t joined_at_ms)
{
    switch (draw(all, 4)) {
    case 0:
        return joined_at_ms + WINDOW_MS - 1;
    case 1:
        return joined_at_ms + WINDOW_MS;
    default:
        return joined_at_ms + (int64_t)draw(all, 10) * DAY_MS;
    }
}

static void pay(struct fixture *fixture, struct all *all, int index)
{
    struct person *person = all->people[index];
    int64_t at_ms = moment(all, person->user.joined_at_ms);
    struct event event = fixture_event(fixture, person, EVENT_TRACKED, at_ms);
    event.revenue = (double)draw(all, 40) / 4;
    all->revenue[index] += at_ms < person->user.joined_at_ms + WINDOW_MS ? event.revenue : 0;
    assert_ok(store_events_append(fixture->store, &event, 1, &fixture->detail));
}

/* Those who are not held out commit `lift` percent more often. */
static void make(struct fixture *fixture, struct all *all, int index,
                 const struct experiments *experiments, unsigned lift)
{
    struct person *person = all->people[index] = fixture_person(fixture);
    struct user *user = &person->user;
    bool is_held = assign_is_held_out(experiments, user->id);
    user->is_test = draw(all, 15) == 0;
    user->joined_at_ms = draw(all, 20) == 0 ? SINCE_MS - (int64_t)draw(all, 2)
                                            : NOW_MS - (int64_t)draw(all, 40) * DAY_MS;
    bool commits = draw(all, 100) < 30 + (is_held ? 0 : lift);
    user->first_commitment_at_ms = commits ? moment(all, user->joined_at_ms) : 0;
    user->first_completion_at_ms =
        commits && draw(all, 2) == 0 ? moment(all, user->first_commitment_at_ms) : 0;
}

static struct all *populate(struct fixture *fixture, const struct experiments *experiments,
                            unsigned lift)
{
    struct all *all = calloc(1, sizeof(*all));
    assert_non_null(all);
    all->seed = 20261123;
    for (int from = 0; from < PEOPLE; from += BATCH) {
        for (int i = from; i < from + BATCH; i++) {
            make(fixture, all, i, experiments, lift);
        }
        assert_ok(store_begin(fixture->store, &fixture->detail));
        assert_ok(store_people_save(fixture->store, all->people + from, BATCH, &fixture->detail));
        for (int i = from; i < from + BATCH; i++) {
            if (draw(all, 10) == 0) {
                pay(fixture, all, i);
            }
        }
        assert_ok(store_commit(fixture->store, &fixture->detail));
    }
    return all;
}

/* ---- the walk ---- */

static bool is_within(const struct user *user, int64_t at_ms)
{
    return at_ms > 0 && at_ms < user->joined_at_ms + WINDOW_MS;
}

/* [held][figure] */
static void walk(const struct all *all, const struct experiments *experiments,
                 struct sample samples[2][HOLDOUT_FIGURES])
{
    for (int i = 0; i < PEOPLE; i++) {
        const struct user *user = &all->people[i]->user;
        if (user->is_test || user->joined_at_ms < SINCE_MS ||
            user->joined_at_ms + WINDOW_MS > NOW_MS) {
            continue;
        }
        const double values[] = {is_within(user, user->first_commitment_at_ms),
                                 is_within(user, user->first_completion_at_ms), all->revenue[i]};
        for (int figure = 0; figure < HOLDOUT_FIGURES; figure++) {
            struct sample *sample = &samples[assign_is_held_out(experiments, user->id)][figure];
            sample->people++;
            sample->sum += values[figure];
            sample->sum_squares += values[figure] * values[figure];
        }
    }
}

static void same(const struct sample *read, const struct sample *walked)
{
    assert_true(read->people == walked->people);
    assert_true(fabs(read->sum - walked->sum) < 1e-6);
    assert_true(fabs(read->sum_squares - walked->sum_squares) < 1e-6);
}

static struct holdout read(struct fixture *fixture, const struct experiments *experiments)
{
    struct holdout holdout;
    assert_ok(holdout_read(fixture->store, experiments, NOW_MS, &holdout, &fixture->detail));
    return holdout;
}

static void pages_count_as_a_walk_does(void **state)
{
    FIXTURE;
    const struct experiments experiments = {.holdout_permyriad = 3000,
                                            .holdout_since_ms = SINCE_MS};
    struct all *all = populate(fixture, &experiments, 0);
    struct sample samples[2][HOLDOUT_FIGURES] = {0};
    walk(all, &experiments, samples);
    struct holdout holdout = read(fixture, &experiments);
    assert_true(samples[0][2].sum > 0 && samples[1][2].sum > 0);
    for (int i = 0; i < HOLDOUT_FIGURES; i++) {
        same(&holdout.figures[i].others, &samples[0][i]);
        same(&holdout.figures[i].held, &samples[1][i]);
    }
    assert_string_equal(holdout_text(fixture->arena, &holdout).ptr, "No difference is shown.");
    assert_true(holdout.figures[0].effect.low < 0 && holdout.figures[0].effect.high > 0);
    free(all);
}

static void a_difference_is_said_and_a_broken_split_says_nothing(void **state)
{
    FIXTURE;
    const struct experiments experiments = {.holdout_permyriad = 3000,
                                            .holdout_since_ms = SINCE_MS};
    struct all *all = populate(fixture, &experiments, 40);
    struct holdout holdout = read(fixture, &experiments);
    assert_non_null(
        strstr(holdout_text(fixture->arena, &holdout).ptr, "The variants raise conversion."));
    assert_true(holdout.figures[0].found && holdout.figures[0].effect.low > 0);
    for (int i = 0; i < PEOPLE; i++) { /* most of those held out are lost */
        struct person *person = all->people[i];
        person->user.is_test = person->user.is_test ||
                               (i % 4 != 0 && assign_is_held_out(&experiments, person->user.id));
        person->user.changed = true;
    }
    assert_ok(store_begin(fixture->store, &fixture->detail));
    assert_ok(store_people_save(fixture->store, all->people, PEOPLE, &fixture->detail));
    assert_ok(store_commit(fixture->store, &fixture->detail));
    holdout = read(fixture, &experiments);
    assert_string_equal(holdout_text(fixture->arena, &holdout).ptr,
                        "No comparison: people are not split as planned.");
    assert_true(isinf(holdout.figures[0].effect.high) && !holdout.figures[0].found);
    free(all);
}

static void few_people_and_no_holdout_say_so(void **state)
{
    FIXTURE;
    const struct experiments experiments = {.holdout_permyriad = 3000};
    struct holdout holdout = read(fixture, &experiments);
    assert_string_equal(holdout_text(fixture->arena, &holdout).ptr,
                        "Nothing can be said yet: 0 held out and 0 others are judged; it takes 100 "
                        "of each.");
    holdout = read(fixture, NULL);
    assert_string_equal(holdout_text(fixture->arena, &holdout).ptr, "Nobody is held out.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(pages_count_as_a_walk_does),
        CASE(a_difference_is_said_and_a_broken_split_says_nothing),
        CASE(few_people_and_no_holdout_say_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
