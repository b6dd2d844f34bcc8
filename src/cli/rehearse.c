/* See rehearse.h. */
#include "cli/rehearse.h"

#include "core/mistakes.h"
#include "sim/report.h"

enum { ARENA_BYTES = 1024 * 1024, SIDES = 2 };

struct installation rehearse_installation(const struct config *config)
{
    const struct zone *zone = zone_find(str_of(config->default_time_zone));
    return (struct installation){.default_zone = zone != NULL ? zone : zone_utc(),
                                 .default_language = config->default_language,
                                 .quiet_from_minute = config->quiet_from_minute,
                                 .quiet_to_minute = config->quiet_to_minute,
                                 .nudge_min_gap_ms = config->nudge_min_gap_ms,
                                 .nudge_per_day = config->nudge_per_day};
}

static void run_side(struct arena *arena, const struct config *config,
                     const struct rehearsal_wish *wish, const struct people *people,
                     struct sim_side *side)
{
    const struct sim_options options = {.catalog = side->catalog,
                                        .set = wish->set,
                                        .people = people,
                                        .installation = rehearse_installation(config),
                                        .users = wish->users,
                                        .days = wish->days,
                                        .seed = wish->seed,
                                        .threads = 1,
                                        .start_ms = REHEARSAL_START_MS};
    side->set = wish->set;
    side->result = sim_run(arena, &options);
}

enum err rehearse(const struct config *config, const struct rehearsal_wish *wish, json_t **ret_json,
                  struct err_detail *detail)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    const struct people *people = NULL;
    struct mistakes mistakes = {0};
    struct sim_side sides[SIDES] = {{.name = "in force", .catalog = wish->in_force},
                                    {.name = "draft", .catalog = wish->draft}};
    enum err error = people_read_embedded(arena, &people, &mistakes);
    if (error != OK) {
        error = err_set(detail, error, "the made-up people of this program cannot be read");
    }
    for (int i = 0; error == OK && i < SIDES; i++) {
        run_side(arena, config, wish, people, &sides[i]);
    }
    if (error == OK) {
        const struct sim_about about = {.people = people,
                                        .users = wish->users,
                                        .days = wish->days,
                                        .seed = wish->seed,
                                        .start_ms = REHEARSAL_START_MS};
        *ret_json = sim_json(&about, sides, SIDES);
    }
    arena_free(arena);
    return error;
}
