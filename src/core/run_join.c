/* Joining two people: runs that cannot go on side by side, and one user made of two. Every rule
 * asks what the person would expect of one conversation: nothing twice, nothing allowed again that
 * was refused, nothing forgotten. */
#include "core/join.h"

#include "base/json.h"
#include "base/limits.h"
#include "core/run_parts.h"

bool join_survives(const struct user *user, const struct user *other)
{
    return user->joined_at_ms != other->joined_at_ms ? user->joined_at_ms < other->joined_at_ms
                                                     : user->id < other->id;
}

/* ---- runs ---- */

static int active_runs(const struct person *person)
{
    int count = 0;
    for (int i = 0; i < person->run_count; i++) {
        count += person->runs[i]->outcome == RUN_ACTIVE;
    }
    return count;
}

static bool has_active(const struct person *person, const struct run *run)
{
    for (int i = 0; i < person->run_count; i++) {
        const struct run *other = person->runs[i];
        if (other->outcome == RUN_ACTIVE && other->subject_id == run->subject_id &&
            str_equal(other->journey, run->journey)) {
            return true;
        }
    }
    return false;
}

static void leave_runs(struct deciding *survivor, struct deciding *alias)
{
    bool completed =
        survivor->person->user.onboarding_completed || alias->person->user.onboarding_completed;
    struct run *onboarding = run_onboarding(survivor->world, survivor->person);
    if (onboarding != NULL && completed) {
        run_end(survivor, onboarding, RUN_LEFT);
    }
    int room = LIMIT_RUNS_ACTIVE - active_runs(survivor->person);
    for (int i = 0; i < alias->person->run_count; i++) {
        struct run *run = alias->person->runs[i];
        if (run->outcome != RUN_ACTIVE) {
            continue;
        }
        bool is_onboarding = run_journey(alias->world, run)->is_onboarding;
        if (room == 0 || has_active(survivor->person, run) ||
            (is_onboarding && (completed || onboarding != NULL))) {
            run_end(alias, run, RUN_LEFT);
        } else {
            room--;
        }
    }
}

/* ---- what is known of them ---- */

static void keep_text(struct str *field, struct str other)
{
    if (field->length == 0) {
        *field = other;
    }
}

static void join_contacts(struct user *user, const struct user *alias)
{
    for (int i = CHANNEL_NONE + 1; i < CHANNEL_COUNT; i++) {
        struct contact *contact = &user->contacts[i];
        if (contact->reach != REACH_OK &&
            (alias->contacts[i].reach == REACH_OK || contact->reach == REACH_NONE)) {
            *contact = alias->contacts[i];
        }
    }
    if (user->contacts[user->channel].reach != REACH_OK &&
        user->contacts[alias->channel].reach == REACH_OK) {
        user->channel = alias->channel;
    }
}

static void join_profile(struct user *user, const struct user *alias)
{
    keep_text(&user->first_name, alias->first_name);
    keep_text(&user->username, alias->username);
    keep_text(&user->source, alias->source);
    keep_text(&user->feeling_word, alias->feeling_word);
    keep_text(&user->amplification_choice, alias->amplification_choice);
    if (user->language[0] == '\0') {
        str_copy(user->language, sizeof(user->language), str_of(alias->language));
    }
    if (user->zone[0] == '\0') {
        str_copy(user->zone, sizeof(user->zone), str_of(alias->zone));
    }
    if (user->quiet_from_minute < 0) {
        user->quiet_from_minute = alias->quiet_from_minute;
        user->quiet_to_minute = alias->quiet_to_minute;
    }
    user->in_group = user->in_group || alias->in_group;
    user->is_test = user->is_test || alias->is_test;
}

static int64_t later(int64_t a_ms, int64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

/* Messages of today to either count as messages of today to both. */
static void join_cap(int64_t *day, int *count, int64_t other_day, int other_count)
{
    if (other_day == *day) {
        *count += other_count;
    } else if (other_day > *day) {
        *day = other_day;
        *count = other_count;
    }
}

/* An operator's is the hold of one person only when nobody of the two wished it. */
static unsigned join_hold(unsigned hold, bool is_held, unsigned holds, bool other, unsigned others)
{
    bool wished = (is_held && (holds & hold) == 0) || (other && (others & hold) == 0);
    return wished ? 0 : (holds | others) & hold;
}

static void join_pressure(struct user *user, const struct user *alias)
{
    user->operator_holds =
        join_hold(OPERATOR_STOPPED, user->stopped, user->operator_holds, alias->stopped,
                  alias->operator_holds) |
        join_hold(OPERATOR_PAUSED, user->paused_until_ms != 0, user->operator_holds,
                  alias->paused_until_ms != 0, alias->operator_holds);
    user->stopped = user->stopped || alias->stopped;
    user->crisis_hold = user->crisis_hold || alias->crisis_hold;
    user->paused_until_ms = later(user->paused_until_ms, alias->paused_until_ms);
    user->nudge_last_at_ms = later(user->nudge_last_at_ms, alias->nudge_last_at_ms);
    join_cap(&user->nudge_day, &user->nudge_count, alias->nudge_day, alias->nudge_count);
    join_cap(&user->followup_day, &user->followup_count, alias->followup_day,
             alias->followup_count);
    user->help_last_at_ms = later(user->help_last_at_ms, alias->help_last_at_ms);
}

static uint64_t days_before(uint64_t days, int64_t by)
{
    return by < 64 ? days << by : 0;
}

static void join_activity(struct user *user, const struct user *alias)
{
    if (alias->activity_last_at_ms == 0) {
        return;
    }
    if (user->activity_last_at_ms == 0) {
        user->activity_day = alias->activity_day;
        user->activity_days = alias->activity_days;
    } else {
        int64_t day = later(user->activity_day, alias->activity_day);
        user->activity_days = days_before(user->activity_days, day - user->activity_day) |
                              days_before(alias->activity_days, day - alias->activity_day);
        user->activity_day = day;
    }
    user->activity_last_at_ms = later(user->activity_last_at_ms, alias->activity_last_at_ms);
}

/* Of two streaks the one that ends later, of those that end alike the longer. */
static void join_streak(struct user *user, int64_t day, int days, int best)
{
    if (days > 0 && (user->streak_days == 0 || day > user->streak_day ||
                     (day == user->streak_day && days > user->streak_days))) {
        user->streak_day = day;
        user->streak_days = days;
    }
    if (best > user->streak_best_days) {
        user->streak_best_days = best;
    }
}

/* A day with a completion in one row may close the gap between two days in the other. */
static void count_streak(struct user *user, const struct zone *zone, const int64_t *completed_at_ms,
                         int count)
{
    int64_t last = 0;
    int days = 0;
    int best = 0;
    for (int i = 0; i < count; i++) {
        int64_t day = calendar_local_day(zone, completed_at_ms[i]);
        if (days > 0 && day <= last) {
            continue;
        }
        days = days > 0 && day == last + 1 ? days + 1 : 1;
        last = day;
        best = days > best ? days : best;
    }
    join_streak(user, last, days, best);
}

static void join_habit(struct user *user, const struct user *alias)
{
    join_streak(user, alias->streak_day, alias->streak_days, alias->streak_best_days);
    if (user->ladder_rung < 0) {
        user->ladder_rung = alias->ladder_rung;
        user->quick_in_row = alias->quick_in_row;
        user->misses_in_row = alias->misses_in_row;
    }
}

static void join_onboarding(struct user *user, const struct user *alias)
{
    if (alias->onboarding_completed &&
        (!user->onboarding_completed ||
         alias->onboarding_completed_at_ms < user->onboarding_completed_at_ms)) {
        user->onboarding_completed = true;
        user->onboarding_completed_at_ms = alias->onboarding_completed_at_ms;
        user->onboarding_version = alias->onboarding_version;
    }
    user->onboarding_ended_at_ms =
        later(user->onboarding_ended_at_ms, alias->onboarding_ended_at_ms);
}

/* What either entered, both have entered. */
static void join_entered(struct deciding *deciding, struct str entered)
{
    json_t *json = NULL;
    const char *journey;
    json_t *value;
    if (entered.length == 0 || json_read(entered, entered.length, &json, NULL) != OK) {
        return;
    }
    json_object_foreach(json, journey, value)
    {
        struct str name = arena_str(deciding->arena, str_of(journey));
        int64_t at_ms = json_integer_value(value);
        if (at_ms > run_entered_at(&deciding->person->user, name)) {
            run_note_entered(deciding, name, at_ms);
        }
    }
    json_decref(json);
}

void join_people(struct arena *arena, const struct world *world, const struct input *input,
                 struct person *survivor, struct person *alias, const int64_t *completed_at_ms,
                 int completed_count, struct decision *ret_survivor, struct decision *ret_alias)
{
    *ret_survivor = *ret_alias = (struct decision){0};
    struct deciding staying = {.arena = arena,
                               .world = world,
                               .person = survivor,
                               .input = input,
                               .decision = ret_survivor,
                               .first_run = survivor->run_count,
                               .first_delivery = survivor->delivery_count};
    struct deciding leaving = staying;
    leaving.person = alias;
    leaving.decision = ret_alias;
    leaving.first_run = alias->run_count;
    leaving.first_delivery = alias->delivery_count;
    leave_runs(&staying, &leaving);
    struct user *user = &survivor->user;
    join_contacts(user, &alias->user);
    join_profile(user, &alias->user);
    join_pressure(user, &alias->user);
    join_activity(user, &alias->user);
    join_habit(user, &alias->user);
    count_streak(user, person_zone(world, survivor), completed_at_ms, completed_count);
    join_onboarding(user, &alias->user);
    join_entered(&staying, alias->user.entered);
    user->changed = true;
    alias->user.is_test = user->is_test; /* their messages count alike, before they are moved */
    alias->user.next_at_ms = 0;
    alias->user.changed = true;
    run_rearm_user(&staying);
    struct event *event = decision_event(arena, ret_survivor, EVENT_IDENTITY_ADDED);
    event->user_id = user->id;
    event->at_ms = world->now_ms;
    event->rule = STR("join");
    event->data = arena_printf(arena, "{\"alias\":\"%lld\"}", (long long)alias->user.id);
}
