/* One person of the store after the other: read, live through, forget. */
#include "sim/replay.h"

#include <stdlib.h>

#include "base/check.h"
#include "channel/telegram.h"
#include "sim/load.h"

enum { PEOPLE_AT_ONCE = 500 };

struct replaying {
    const struct replay_options *options;
    struct past_reader *reader;
    struct arena *arena; /* of one person */
    struct life *life;
    struct tally *tally;
    int64_t total, done;
};

static enum err play_one(struct replaying *replaying, int64_t user_id, struct err_detail *detail)
{
    const struct replay_options *options = replaying->options;
    struct past past;
    arena_reset(replaying->arena);
    enum err error =
        past_read(replaying->reader, replaying->arena, user_id, options->catalog, &past, detail);
    if (error == OK && past.left_out != NULL) {
        replaying->tally->left_out++;
    } else if (error == OK && (past.person->user.joined_at_ms < options->until_ms)) {
        life_relive(replaying->life, &past, options->until_ms);
    }
    if (options->progress != NULL) {
        options->progress(options->context, ++replaying->done, replaying->total);
    }
    return error;
}

static enum err play_all(struct replaying *replaying, struct err_detail *detail)
{
    struct arena *arena = arena_new((size_t)64 * 1024);
    struct store *store = replaying->options->store;
    int64_t last_id = 0;
    struct rows rows = {.count = PEOPLE_AT_ONCE};
    enum err error = store_query(store, arena, "replay_people_count", NULL, 0, 1, &rows, detail);
    replaying->total = error == OK ? rows.cells[0].integer : 0;
    rows.count = PEOPLE_AT_ONCE;
    while (error == OK && rows.count == PEOPLE_AT_ONCE) {
        arena_reset(arena);
        const struct arg args[] = {ARG_INT(last_id), ARG_INT(PEOPLE_AT_ONCE)};
        error = store_query(store, arena, "replay_people", args, 2, PEOPLE_AT_ONCE, &rows, detail);
        for (int i = 0; error == OK && i < rows.count; i++) {
            last_id = rows.cells[i].integer;
            error = play_one(replaying, last_id, detail);
        }
    }
    arena_free(arena);
    return error;
}

enum err replay_run(struct arena *arena, const struct replay_options *options,
                    const struct sim_result **ret_result, struct err_detail *detail)
{
    ASSERT(options->from_ms < options->until_ms &&
           options->until_ms - options->from_ms <= SIM_DAYS_MAX * DAY_MS);
    struct sim_result *result = ARENA_NEW(arena, struct sim_result);
    struct setting setting = {.catalog = options->catalog,
                              .start_ms = options->from_ms,
                              .span_ms = options->until_ms - options->from_ms,
                              .second_count = (options->until_ms - options->from_ms + 999) / 1000};
    setting.sent_in_second = calloc((size_t)setting.second_count, sizeof(*setting.sent_in_second));
    ASSERT(setting.sent_in_second != NULL);
    struct replaying replaying = {.options = options,
                                  .reader = past_reader_new(options->store, options->fallback,
                                                            options->from_ms, options->until_ms),
                                  .arena = arena_new((size_t)256 * 1024),
                                  .tally = &result->tally};
    replaying.life = life_new(&setting, &result->tally);
    enum err error = play_all(&replaying, detail);
    result->bytes_per_person = life_memory_most(replaying.life);
    life_free(replaying.life);
    arena_free(replaying.arena);
    past_reader_free(replaying.reader);
    load_measure(arena, setting.sent_in_second, setting.second_count, options->from_ms,
                 telegram_limits()->per_second, &result->load);
    free(setting.sent_in_second);
    *ret_result = result;
    return error;
}

enum err replay_really_sent(struct store *store, struct arena *arena, int64_t from_ms,
                            int64_t until_ms, int64_t ret_sent[CLASS_NUDGE + 1],
                            struct err_detail *detail)
{
    struct rows rows;
    const struct arg args[] = {ARG_INT(from_ms), ARG_INT(until_ms)};
    enum err error =
        store_query(store, arena, "replay_really_sent", args, 2, CLASS_NUDGE + 1, &rows, detail);
    for (int i = 0; i <= CLASS_NUDGE; i++) {
        ret_sent[i] = 0;
    }
    for (int i = 0; error == OK && i < rows.count; i++) {
        int64_t class = rows.cells[2 * i].integer;
        if (class >= 0 && class <= CLASS_NUDGE) {
            ret_sent[class] = rows.cells[2 * i + 1].integer;
        }
    }
    return error;
}
