/* One person with a run and a commitment, filled so that every fact is known; tests change what
 * they are about. */
#pragma once

#include <string.h>

#include "base/limits.h"
#include "core/decide.h"
#include "core/facts.h"

struct sample {
    struct installation installation;
    struct population population;
    struct world world;
    struct person person;
    struct run run;
    struct commitment commitment;
    struct commitment *commitments[1];
    int64_t activity_at_ms[12];
    struct arena *arena;
};

/* Monday, 2026-11-23 17:05 in Berlin. */
#define SAMPLE_NOW_MS INT64_C(1795449900000)

static inline void sample_fill_user(struct user *user)
{
    user->first_name = STR("Kim");
    user->username = STR("kim_k");
    user->source = STR("poster");
    memcpy(user->zone, "Europe/Berlin", sizeof("Europe/Berlin"));
    user->channel = CHANNEL_TELEGRAM;
    user->set = SET_OPTIMIZED;
    user->existing = true;
    user->onboarding_completed = true;
    user->onboarding_version = STR("superior_v2.0");
    user->feeling_word = STR("awake");
    user->amplification_choice = STR("mentor");
    user->in_group = true;
    user->leaderboard_opt_in = true;
    user->commitments_total = 15;
    user->commitments_completed = 12;
    user->commitments_quick = 9;
    user->commitments_missed = 2;
    user->commitments_dropped = 1;
    user->commitments_outside = 13;
    user->commitments_outside_completed = 11;
    user->completion_ms_sum = 30 * HOUR_MS;
    user->activity_last_at_ms = SAMPLE_NOW_MS - 50 * HOUR_MS;
    user->streak_best_days = 6;
    user->ladder_rung = 3; /* 5 minutes */
}

static inline void sample_init(struct sample *sample, struct arena *arena)
{
    memset(sample, 0, sizeof(*sample));
    sample->arena = arena;
    sample->installation = (struct installation){.default_zone = zone_utc(),
                                                 .default_language = "en",
                                                 .groups_in_use = true,
                                                 .bot_name = STR("nudge_bot")};
    sample->population = (struct population){.active_users = 40, .percentile = 77};
    sample->world = (struct world){.installation = &sample->installation,
                                   .population = &sample->population,
                                   .now_ms = SAMPLE_NOW_MS};
    person_init(&sample->person, 256, SAMPLE_NOW_MS - 10 * DAY_MS - HOUR_MS);
    sample_fill_user(&sample->person.user);
    sample->run = (struct run){.answers = STR("{\"chosen_action\":\"one *push-up*\","
                                              "\"tomorrow_commitment\":\"stretch at 7:30\","
                                              "\"user_feeling_word\":\"calm\",\"what\":\"stretch\","
                                              "\"when\":\"at 7:30\"}"),
                               .steps_assisted = 1};
    sample->run.step_sent_at_ms[0] = SAMPLE_NOW_MS - 5 * HOUR_MS;
    sample->run.step_completed_at_ms[0] = SAMPLE_NOW_MS - 4 * HOUR_MS;
    sample->run.step_completed_at_ms[1] = SAMPLE_NOW_MS - HOUR_MS;
    sample->commitment = (struct commitment){.text = STR("read 10 pages"),
                                             .size_s = 600,
                                             .source = STR("chat"),
                                             .created_at_ms = SAMPLE_NOW_MS - 3 * HOUR_MS,
                                             .planned_at_ms = SAMPLE_NOW_MS + HOUR_MS,
                                             .followups = 2};
    sample->commitments[0] = &sample->commitment;
    sample->person.commitments = sample->commitments;
    sample->person.commitment_count = 1;
    for (int i = 0; i < 12; i++) {
        sample->activity_at_ms[i] = SAMPLE_NOW_MS - (12 - i) * DAY_MS;
    }
    sample->person.activity_at_ms = sample->activity_at_ms;
    sample->person.activity_count = 12;
    sample->person.has_history = true;
}

static inline struct facts sample_facts(struct sample *sample, const char *language)
{
    return (struct facts){.arena = sample->arena,
                          .world = &sample->world,
                          .person = &sample->person,
                          .run = &sample->run,
                          .commitment = &sample->commitment,
                          .language = language};
}
