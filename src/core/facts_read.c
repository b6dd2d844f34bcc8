/* Reading a fact from what is loaded of a person: one case a fact, each a few words; what needs
 * more is a helper below. Nothing is changed here and nothing is loaded. */
#include "base/check.h"
#include "base/json_tree.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/classes.h"
#include "core/commitment.h"
#include "core/delivery.h"
#include "core/facts.h"
#include "core/facts_list.h"
#include "core/pressure.h"
#include "core/run.h"

enum { ANSWERS_BYTES_MAX = 64 * 1024 };

static const struct fact_value UNKNOWN = {.known = false};

static struct fact_value number(double value)
{
    return (struct fact_value){.known = true, .number = value};
}

static struct fact_value text(struct str value)
{
    return (struct fact_value){.known = value.length > 0, .text = value};
}

static struct fact_value yes_or_no(bool value)
{
    return (struct fact_value){.known = true, .yes = value};
}

static struct fact_value share(int part, int whole)
{
    return whole > 0 ? number(100.0 * part / whole) : UNKNOWN;
}

/* ---- helpers -------------------------------------------------------------------------------- */

static int64_t since_activity_ms(const struct facts *facts)
{
    const struct user *user = &facts->person->user;
    int64_t from = user->activity_last_at_ms != 0 ? user->activity_last_at_ms : user->joined_at_ms;
    int64_t since = facts->world->now_ms - from;
    return since > 0 ? since : 0;
}

static int64_t since_joined_ms(const struct facts *facts)
{
    int64_t since = facts->world->now_ms - facts->person->user.joined_at_ms;
    return since > 0 ? since : 0;
}

static int open_commitments(const struct person *person)
{
    int count = 0;
    for (int i = 0; i < person->commitment_count; i++) {
        count += person->commitments[i]->state == COMMITMENT_ACTIVE ? 1 : 0;
    }
    return count;
}

/* "30 s", "5 min", "1 h 30 min": the same signs in every language. */
static struct str size_in_words(struct arena *arena, int size_s)
{
    if (size_s < 60) {
        return arena_printf(arena, "%d s", size_s);
    }
    if (size_s < 3600) {
        return arena_printf(arena, "%d min", size_s / 60);
    }
    if (size_s % 3600 < 60) {
        return arena_printf(arena, "%d h", size_s / 3600);
    }
    return arena_printf(arena, "%d h %d min", size_s / 3600, size_s % 3600 / 60);
}

static int suggested_size_s(const struct facts *facts)
{
    return ladder_size_s(commitment_suggested_rung(&facts->person->user));
}

/* One rung above the size of what was just done, else above the suggestion: what "level up"
 * makes. */
static int next_size_s(const struct facts *facts)
{
    int rung = commitment_suggested_rung(&facts->person->user);
    if (facts->commitment != NULL && facts->commitment->size_s > 0) {
        rung = ladder_rung_of(facts->commitment->size_s);
    }
    return ladder_size_s(rung + 1 < LADDER_RUNGS ? rung + 1 : LADDER_RUNGS - 1);
}

static struct fact_value size_text(const struct facts *facts, int size_s)
{
    return size_s > 0 ? text(size_in_words(facts->arena, size_s)) : UNKNOWN;
}

static struct fact_value size_minutes(int size_s)
{
    return size_s > 0 ? number(size_s / 60.0) : UNKNOWN;
}

static int64_t commitment_ms(const struct facts *facts)
{
    const struct commitment *commitment = facts->commitment;
    int64_t until = facts->world->now_ms;
    if (commitment->state == COMMITMENT_COMPLETED) {
        until = commitment->completed_at_ms;
    }
    int64_t taken = until - commitment->created_at_ms;
    return taken > 0 ? taken : 0;
}

static struct str time_in_words(const struct facts *facts, int64_t taken_ms)
{
    int64_t minutes = (taken_ms + MINUTE_MS / 2) / MINUTE_MS;
    if (minutes < 60) {
        return arena_printf(facts->arena, "%d min", minutes < 1 ? 1 : (int)minutes);
    }
    struct str hours =
        text_number(facts->arena, facts->language, (double)taken_ms / (double)HOUR_MS, 1);
    return arena_printf(facts->arena, "%.*s h", STR_ARG(hours));
}

static struct fact_value planned_time(const struct facts *facts)
{
    if (facts->commitment->planned_at_ms == 0) {
        return UNKNOWN;
    }
    const struct zone *zone = person_zone(facts->world, facts->person);
    struct local_time local = calendar_local(zone, facts->commitment->planned_at_ms);
    struct str clock = arena_printf(facts->arena, "%02d:%02d", local.hour, local.minute);
    if (local.day_number == calendar_local_day(zone, facts->world->now_ms)) {
        return text(clock);
    }
    struct str date = text_date(facts->arena, facts->language, local.day_number);
    return text(arena_printf(facts->arena, "%.*s, %.*s", STR_ARG(date), STR_ARG(clock)));
}

/* A member of the run's answers; unknown when it is not there. */
static struct fact_value answer(const struct facts *facts, const char *key)
{
    if (facts->run == NULL || facts->run->answers.length == 0) {
        return UNKNOWN;
    }
    const struct json_node *answers;
    if (json_tree_read(facts->arena, facts->run->answers, ANSWERS_BYTES_MAX, &answers, NULL) !=
        OK) {
        return UNKNOWN;
    }
    return text(json_node_str(answers, key));
}

static struct fact_value feeling_word(const struct facts *facts)
{
    struct fact_value value = answer(facts, "user_feeling_word");
    return value.known ? value : text(facts->person->user.feeling_word);
}

static int steps_completed(const struct run *run)
{
    int count = 0;
    for (int i = 0; i < RUN_STEPS_MAX; i++) {
        count += run->step_completed_at_ms[i] != 0 ? 1 : 0;
    }
    return count;
}

static bool is_same_day(const struct facts *facts)
{
    int64_t first = facts->run->step_sent_at_ms[0];
    const struct zone *zone = person_zone(facts->world, facts->person);
    return first == 0 ||
           calendar_local_day(zone, first) == calendar_local_day(zone, facts->world->now_ms);
}

static struct fact_value read_now(const struct facts *facts, int fact)
{
    const struct zone *zone = person_zone(facts->world, facts->person);
    struct local_time local = calendar_local(zone, facts->world->now_ms);
    if (fact == FACT_LOCAL_HOUR) {
        return number(local.hour);
    }
    if (fact == FACT_LOCAL_WEEKDAY) {
        return number(local.weekday);
    }
    if (fact == FACT_IS_WEEKEND) {
        return yes_or_no(local.weekday >= 6);
    }
    return text(arena_printf(facts->arena, "%02d:%02d", local.hour, local.minute));
}

static struct fact_value channel(const struct user *user)
{
    return user->channel == CHANNEL_NONE ? UNKNOWN : text(str_of(channel_kind_name(user->channel)));
}

static struct fact_value average_hours(const struct user *user)
{
    if (user->commitments_completed == 0) {
        return UNKNOWN;
    }
    return number((double)user->completion_ms_sum / (double)HOUR_MS / user->commitments_completed);
}

static struct fact_value best_hour(const struct facts *facts)
{
    int hour = classes_best_hour(facts->world, facts->person);
    return hour < 0 ? UNKNOWN : number(hour);
}

static struct fact_value progress_status(const struct facts *facts)
{
    int streak = classes_streak_days(facts->world, facts->person);
    return text(str_of(progress_status_name(classes_progress(&facts->person->user, streak))));
}

static struct fact_value percentile(const struct facts *facts)
{
    return facts->world->population == NULL ? UNKNOWN
                                            : number(facts->world->population->percentile);
}

/* ---- the groups of facts_list.h ------------------------------------------------------------- */

static struct fact_value read_person(const struct facts *facts, int fact)
{
    const struct user *user = &facts->person->user;
    switch (fact) {
    case FACT_FIRST_NAME:
        return text(user->first_name);
    case FACT_USERNAME:
        return text(user->username);
    case FACT_LANGUAGE:
        return text(str_of(facts->language));
    case FACT_CHANNEL:
        return channel(user);
    case FACT_SOURCE:
        return text(user->source);
    case FACT_SET:
        return text(user->set == SET_OPTIMIZED ? STR("optimized") : STR("original"));
    case FACT_IS_EXISTING:
        return yes_or_no(run_user_is_existing(facts->world, user));
    case FACT_IS_TEST:
        return yes_or_no(user->is_test);
    case FACT_ONBOARDING_COMPLETED:
        return yes_or_no(user->onboarding_completed);
    case FACT_ONBOARDING_VERSION:
        return text(user->onboarding_version);
    case FACT_FEELING_WORD:
        return feeling_word(facts);
    case FACT_AMPLIFICATION_CHOICE:
        return text(user->amplification_choice);
    case FACT_IN_GROUP:
        return yes_or_no(user->in_group);
    case FACT_GROUPS_IN_USE:
        return yes_or_no(facts->world->installation->groups_in_use);
    case FACT_LEADERBOARD_OPT_IN:
        return yes_or_no(user->leaderboard_opt_in);
    case FACT_BOT_NAME:
        return text(facts->world->installation->bot_name);
    }
    return UNKNOWN;
}

static struct fact_value read_counts(const struct facts *facts, int fact)
{
    const struct user *user = &facts->person->user;
    switch (fact) {
    case FACT_COMMITMENTS_TOTAL:
        return number(user->commitments_total);
    case FACT_COMMITMENTS_OPEN:
        return number(open_commitments(facts->person));
    case FACT_COMMITMENTS_COMPLETED:
        return number(user->commitments_completed);
    case FACT_COMMITMENTS_QUICK:
        return number(user->commitments_quick);
    case FACT_COMMITMENTS_MISSED:
        return number(user->commitments_missed);
    case FACT_COMMITMENTS_DROPPED:
        return number(user->commitments_dropped);
    case FACT_COMMITMENTS_OUTSIDE:
        return number(user->commitments_outside);
    case FACT_COMMITMENTS_OUTSIDE_COMPLETED:
        return number(user->commitments_outside_completed);
    case FACT_COMPLETION_RATE:
        return share(user->commitments_completed, user->commitments_total);
    case FACT_QUICK_COMPLETION_RATE:
        return share(user->commitments_quick, user->commitments_completed);
    case FACT_AVG_COMPLETION_HOURS:
        return average_hours(user);
    }
    return UNKNOWN;
}

static struct fact_value read_habit(const struct facts *facts, int fact)
{
    switch (fact) {
    case FACT_DAYS_SINCE_JOINED:
        return number((double)(since_joined_ms(facts) / DAY_MS));
    case FACT_SINCE_JOINED_MS:
        return number((double)since_joined_ms(facts));
    case FACT_DAYS_SINCE_ACTIVITY:
        return number((double)(since_activity_ms(facts) / DAY_MS));
    case FACT_SINCE_ACTIVITY_MS:
        return number((double)since_activity_ms(facts));
    case FACT_STREAK_DAYS:
        return number(classes_streak_days(facts->world, facts->person));
    case FACT_STREAK_BEST_DAYS:
        return number(facts->person->user.streak_best_days);
    case FACT_SUGGESTED_SIZE:
        return size_text(facts, suggested_size_s(facts));
    case FACT_SUGGESTED_MINUTES:
        return size_minutes(suggested_size_s(facts));
    case FACT_NEXT_SIZE:
        return size_text(facts, next_size_s(facts));
    case FACT_NEXT_MINUTES:
        return size_minutes(next_size_s(facts));
    case FACT_BEST_HOUR:
        return best_hour(facts);
    }
    return UNKNOWN;
}

static struct fact_value read_classes(const struct facts *facts, int fact)
{
    const struct user *user = &facts->person->user;
    switch (fact) {
    case FACT_COMPLETION_PATTERN:
        return text(str_of(completion_pattern_name(classes_pattern(user))));
    case FACT_PERFORMANCE_TIER:
        return text(str_of(performance_tier_name(classes_tier(user))));
    case FACT_ACTIVITY_STATUS:
        return text(str_of(activity_status_name(classes_status(user, facts->world->now_ms))));
    case FACT_BEHAVIORAL_TYPE:
        return text(str_of(behavioral_type_name(classes_type(user))));
    case FACT_OPPORTUNITY:
        return text(str_of(opportunity_name(classes_opportunity(user))));
    case FACT_PROGRESS_STATUS:
        return progress_status(facts);
    case FACT_ENGAGEMENT:
        return number(classes_engagement(facts->world, facts->person));
    case FACT_PERCENTILE:
        return percentile(facts);
    }
    return UNKNOWN;
}

static struct fact_value read_run(const struct facts *facts, int fact)
{
    const struct run *run = facts->run;
    switch (fact) {
    case FACT_STEPS_COMPLETED:
        return run == NULL ? UNKNOWN : number(steps_completed(run));
    case FACT_RUN_ASSISTED:
        return run == NULL ? UNKNOWN : yes_or_no(run->steps_assisted != 0);
    case FACT_RUN_SAME_DAY:
        return run == NULL ? UNKNOWN : yes_or_no(is_same_day(facts));
    case FACT_CHOSEN_ACTION:
        return answer(facts, "chosen_action");
    case FACT_PLAN_WHAT:
        return answer(facts, "what");
    case FACT_PLAN_WHEN:
        return answer(facts, "when");
    case FACT_TOMORROW_COMMITMENT:
        return answer(facts, "tomorrow_commitment");
    }
    return UNKNOWN;
}

static struct fact_value read_commitment(const struct facts *facts, int fact)
{
    const struct commitment *commitment = facts->commitment;
    if (commitment == NULL) {
        return UNKNOWN;
    }
    switch (fact) {
    case FACT_COMMITMENT_TEXT:
        return text(commitment->text);
    case FACT_COMMITMENT_STATE:
        return text(str_of(commitment_state_name(commitment->state)));
    case FACT_COMMITMENT_OPEN:
        return yes_or_no(commitment->state == COMMITMENT_ACTIVE);
    case FACT_COMMITMENT_SOURCE:
        return text(commitment->source);
    case FACT_COMMITMENT_PLANNED:
        return yes_or_no(commitment->planned_at_ms != 0);
    case FACT_COMMITMENT_REPEATS:
        return yes_or_no(commitment->repeat != REPEAT_NONE);
    case FACT_COMMITMENT_FOLLOWUPS:
        return number(commitment->followups);
    case FACT_COMMITMENT_SIZE:
        return size_text(facts, commitment->size_s);
    case FACT_COMMITMENT_MINUTES:
        return size_minutes(commitment->size_s);
    case FACT_COMMITMENT_HOURS:
        return number((double)commitment_ms(facts) / (double)HOUR_MS);
    case FACT_COMMITMENT_TIME:
        return text(time_in_words(facts, commitment_ms(facts)));
    case FACT_PLANNED_TIME:
        return planned_time(facts);
    }
    return UNKNOWN;
}

/* The constants stand in the order of the groups. */
struct fact_value facts_read(const struct facts *facts, int index)
{
    ASSERT(index >= 0 && index < FACT_COUNT);
    if (index < FACT_COMMITMENTS_TOTAL) {
        return read_person(facts, index);
    }
    if (index < FACT_DAYS_SINCE_JOINED) {
        return read_counts(facts, index);
    }
    if (index < FACT_COMPLETION_PATTERN) {
        return read_habit(facts, index);
    }
    if (index < FACT_LOCAL_TIME) {
        return read_classes(facts, index);
    }
    if (index < FACT_STEPS_COMPLETED) {
        return read_now(facts, index);
    }
    if (index < FACT_COMMITMENT_TEXT) {
        return read_run(facts, index);
    }
    return read_commitment(facts, index);
}
