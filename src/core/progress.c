/* /metrics and /insights: what a person has done, in a few warm lines. Every figure comes from the
 * counters and rows of the person; only the place among others needs the population, and is left
 * out when that is not known or too small to tell anything. */
#include "core/commands_parts.h"

#include <math.h>

#include "base/calendar.h"
#include "base/limits.h"
#include "core/classes.h"
#include "core/compose.h"
#include "core/progress_parts.h"

enum { POPULATION_MIN = 10, PICTURE_WEEKS = 4, WEEK_DAYS = 7 };

/* ---- lines of /metrics ------------------------------------------------------------------------
 */

static void totals(struct deciding *deciding, struct say_lines *lines)
{
    const struct user *user = &deciding->person->user;
    double rate = 100.0 * user->commitments_completed / user->commitments_total;
    struct str values[] = {say_count(deciding, "commitments", user->commitments_total),
                           say_number(deciding, user->commitments_completed, 0),
                           say_number(deciding, rate, 0)};
    say_line(lines, say_text(deciding, "progress_totals", values, 3));
}

static void streak(struct deciding *deciding, struct say_lines *lines)
{
    struct str values[] = {
        say_count(deciding, "days", classes_streak_days(deciding->world, deciding->person)),
        say_count(deciding, "days", deciding->person->user.streak_best_days)};
    say_line(lines, say_text(deciding, "progress_streak", values, 2));
}

static void pace(struct deciding *deciding, struct say_lines *lines)
{
    const struct user *user = &deciding->person->user;
    int64_t days = (deciding->world->now_ms - user->joined_at_ms) / DAY_MS;
    if (days <= 0) {
        say_line(lines, say_text(deciding, "progress_pace_today", NULL, 0));
        return;
    }
    /* The first week counts as a whole one: nobody makes seven a week on their first day. */
    double weeks = days < WEEK_DAYS ? 1.0 : (double)days / WEEK_DAYS;
    struct str values[] = {say_count(deciding, "days", days),
                           say_number(deciding, user->commitments_total / weeks, 1)};
    say_line(lines, say_text(deciding, "progress_pace", values, 2));
}

static void trend(struct deciding *deciding, struct say_lines *lines)
{
    int64_t now_ms = deciding->world->now_ms;
    int last = progress_completed_between(deciding->person, now_ms - 7 * DAY_MS, now_ms + 1);
    int before =
        progress_completed_between(deciding->person, now_ms - 14 * DAY_MS, now_ms - 7 * DAY_MS);
    const char *key = last > before   ? "progress_trend_up"
                      : last < before ? "progress_trend_down"
                                      : "progress_trend_same";
    struct str values[] = {say_number(deciding, last, 0), say_number(deciding, before, 0)};
    say_line(lines, say_text(deciding, key, values, 2));
}

static void times(struct deciding *deciding, struct say_lines *lines)
{
    int64_t typical_ms = progress_typical_ms(deciding->arena, deciding->person);
    if (typical_ms >= 0) {
        struct str typical = say_duration(deciding, typical_ms);
        say_line(lines, say_text(deciding, "progress_typical", &typical, 1));
    }
    int hour = classes_best_hour(deciding->world, deciding->person);
    if (hour >= 0) {
        struct str values[] = {say_clock(deciding, hour * 60),
                               say_clock(deciding, (hour + 1) % 24 * 60)};
        say_line(lines, say_text(deciding, "progress_best_hour", values, 2));
    }
}

/* Four lines of seven blocks, oldest week first, today last: full where something was completed. */
static void picture(struct deciding *deciding, struct say_lines *lines)
{
    const struct zone *zone = person_zone(deciding->world, deciding->person);
    int64_t today = calendar_local_day(zone, deciding->world->now_ms);
    bool done[PICTURE_WEEKS * WEEK_DAYS] = {false};
    for (int i = 0; i < deciding->person->commitment_count; i++) {
        const struct commitment *commitment = deciding->person->commitments[i];
        if (commitment->state == COMMITMENT_COMPLETED) {
            int64_t ago = today - calendar_local_day(zone, commitment->completed_at_ms);
            if (ago >= 0 && ago < PICTURE_WEEKS * WEEK_DAYS) {
                done[PICTURE_WEEKS * WEEK_DAYS - 1 - ago] = true;
            }
        }
    }
    say_line(lines, say_text(deciding, "progress_picture", NULL, 0));
    for (int week = 0; week < PICTURE_WEEKS; week++) {
        struct str row = STR_NONE;
        for (int day = 0; day < WEEK_DAYS; day++) {
            row = arena_printf(deciding->arena, "%.*s%s", STR_ARG(row),
                               done[week * WEEK_DAYS + day] ? "■" : "□");
        }
        say_line(lines, row);
    }
}

static void among_others(struct deciding *deciding, struct say_lines *lines)
{
    const struct population *population = deciding->world->population;
    if (population == NULL || population->active_users < POPULATION_MIN) {
        return;
    }
    struct str percentile = say_number(deciding, population->percentile, 0);
    say_line(lines, say_text(deciding, "progress_percentile", &percentile, 1));
}

static void achievements(struct deciding *deciding, struct say_lines *lines)
{
    const char *keys[PROGRESS_ACHIEVEMENTS_MAX];
    int count = progress_achievements(&deciding->person->user, keys);
    struct str all = STR_NONE;
    for (int i = 0; i < count; i++) {
        struct str name = say_text(deciding, keys[i], NULL, 0);
        all = arena_printf(deciding->arena, "%.*s%s%.*s", STR_ARG(all), i > 0 ? ", " : "",
                           STR_ARG(name));
    }
    if (count > 0) {
        say_line(lines, say_text(deciding, "progress_achievements", &all, 1));
    }
}

static void milestone(struct deciding *deciding, struct say_lines *lines)
{
    struct progress_milestone next = progress_next_milestone(
        &deciding->person->user, classes_streak_days(deciding->world, deciding->person));
    if (next.key == NULL) {
        return;
    }
    struct str values[] = {say_count(deciding, next.key, next.goal),
                           say_number(deciding, (double)next.missing, 0)};
    say_line(lines, say_text(deciding, "progress_milestone", values, 2));
}

static void recommendations(struct deciding *deciding, struct say_lines *lines)
{
    const char *keys[PROGRESS_RECOMMENDATIONS_MAX];
    int count = progress_recommendations(deciding->world, deciding->person, keys);
    for (int i = 0; i < count; i++) {
        say_line(lines, say_text(deciding, keys[i], NULL, 0));
    }
}

static const char *status_key(enum progress_status status)
{
    switch (status) {
    case PROGRESS_NEW_USER:
        return "status_new_user";
    case PROGRESS_ON_FIRE:
        return "status_on_fire";
    case PROGRESS_STEADY:
        return "status_steady";
    case PROGRESS_BUILDING:
        return "status_building";
    case PROGRESS_NEEDS_SUPPORT:
        return "status_needs_support";
    }
    return "status_new_user";
}

void progress_metrics(struct deciding *deciding)
{
    const struct user *user = &deciding->person->user;
    struct say_lines lines = {.arena = deciding->arena};
    int days = classes_streak_days(deciding->world, deciding->person);
    say_line(&lines, say_text(deciding, "progress_heading", NULL, 0));
    say_line(&lines, say_text(deciding, status_key(classes_progress(user, days)), NULL, 0));
    if (user->commitments_total == 0) {
        struct say_buttons buttons = {.count = 0};
        say_button(deciding, &buttons, say_plain(deciding, "button_how_to_commit"), "x:commit");
        pace(deciding, &lines);
        milestone(deciding, &lines);
        recommendations(deciding, &lines);
        compose_reply_text(deciding, say_lines_end(&lines), buttons.items, buttons.count);
        return;
    }
    say_line(&lines, STR_NONE);
    totals(deciding, &lines);
    streak(deciding, &lines);
    pace(deciding, &lines);
    trend(deciding, &lines);
    times(deciding, &lines);
    say_line(&lines, STR_NONE);
    picture(deciding, &lines);
    say_line(&lines, STR_NONE);
    among_others(deciding, &lines);
    achievements(deciding, &lines);
    milestone(deciding, &lines);
    recommendations(deciding, &lines);
    compose_reply_text(deciding, say_lines_end(&lines), NULL, 0);
}

/* ---- /insights --------------------------------------------------------------------------------
 */

static const char *pattern_key(enum completion_pattern pattern)
{
    switch (pattern) {
    case PATTERN_UNKNOWN:
        return "pattern_unknown";
    case PATTERN_QUICK_EXECUTOR:
        return "pattern_quick_executor";
    case PATTERN_THOUGHTFUL_PROCESSOR:
        return "pattern_thoughtful_processor";
    case PATTERN_BALANCED_COMPLETER:
        return "pattern_balanced_completer";
    }
    return "pattern_unknown";
}

static const char *type_key(enum behavioral_type type)
{
    switch (type) {
    case TYPE_HIGH_ACHIEVER:
        return "type_high_achiever";
    case TYPE_STEADY_PERFORMER:
        return "type_steady_performer";
    case TYPE_BUILDING_MOMENTUM:
        return "type_building_momentum";
    case TYPE_GETTING_STARTED:
        return "type_getting_started";
    }
    return "type_getting_started";
}

/* Completions by weekday, the best one named; nothing with fewer than five of them. */
static void best_weekday(struct deciding *deciding, struct say_lines *lines)
{
    static const char *const names[] = {"weekday_1", "weekday_2", "weekday_3", "weekday_4",
                                        "weekday_5", "weekday_6", "weekday_7"};
    const struct zone *zone = person_zone(deciding->world, deciding->person);
    int counts[WEEK_DAYS] = {0};
    int all = 0;
    for (int i = 0; i < deciding->person->commitment_count; i++) {
        const struct commitment *commitment = deciding->person->commitments[i];
        if (commitment->state == COMMITMENT_COMPLETED) {
            counts[calendar_local(zone, commitment->completed_at_ms).weekday - 1]++;
            all++;
        }
    }
    int best = 0;
    for (int day = 1; day < WEEK_DAYS; day++) {
        if (counts[day] > counts[best]) {
            best = day;
        }
    }
    if (all >= 5) {
        struct str values[] = {say_text(deciding, names[best], NULL, 0),
                               say_number(deciding, counts[best], 0), say_number(deciding, all, 0)};
        say_line(lines, say_text(deciding, "insights_weekday", values, 3));
    }
}

void progress_insights(struct deciding *deciding)
{
    const struct user *user = &deciding->person->user;
    const struct population *population = deciding->world->population;
    struct say_lines lines = {.arena = deciding->arena};
    say_line(&lines, say_text(deciding, "insights_heading", NULL, 0));
    say_line(&lines, say_text(deciding, type_key(classes_type(user)), NULL, 0));
    say_line(&lines, say_text(deciding, pattern_key(classes_pattern(user)), NULL, 0));
    if (user->commitments_total > 0) {
        say_line(&lines, STR_NONE);
        totals(deciding, &lines);
        trend(deciding, &lines);
        times(deciding, &lines);
        best_weekday(deciding, &lines);
        struct str size = say_size(deciding, ladder_size_s(commitment_suggested_rung(user)));
        say_line(&lines, say_text(deciding, "insights_size", &size, 1));
    }
    say_line(&lines, STR_NONE);
    recommendations(deciding, &lines);
    if (population != NULL && population->active_users >= POPULATION_MIN &&
        !isnan(population->typical_hours)) {
        struct str values[] = {
            say_duration(deciding, (int64_t)(population->typical_hours * (double)HOUR_MS)),
            say_number(deciding, population->quick_percent, 0)};
        say_line(&lines, say_text(deciding, "insights_others", values, 2));
    }
    compose_reply_text(deciding, say_lines_end(&lines), NULL, 0);
}
