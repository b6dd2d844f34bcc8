/* The population's figures for the chat (population.h). A histogram of completed commitments
 * answers where anybody stands, so the cache holds one array however many people there are. */
#include "bi/population.h"

#include <math.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/limits.h"
#include "bi/metrics.h"
#include "core/template.h"

enum { BOARD_MAX = 10, BOARD_MIN = 3, HISTOGRAM_MAX = 1 << 20 };
#define FRESH_MS MINUTE_MS

struct population_cache {
    struct arena *arena; /* of what is kept; reset at each reading */
    bool known;
    int64_t read_at_ms;
    struct rows completions; /* (completed, people), few to many */
    int64_t people;
    struct str leaderboard;
    double typical_hours;
    double quick_percent;
};

struct population_cache *population_new(void)
{
    struct arena *arena = arena_new(4096);
    struct population_cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL) {
        arena_free(arena);
        return NULL;
    }
    cache->arena = arena;
    return cache;
}

void population_free(struct population_cache *cache)
{
    if (cache != NULL) {
        arena_free(cache->arena);
        free(cache);
    }
}

static enum err read_board(struct population_cache *cache, struct store *store,
                           struct err_detail *detail)
{
    struct arg most = ARG_INT(BOARD_MAX);
    struct rows rows;
    enum err error = store_query(store, cache->arena, "population_leaderboard", &most, 1, BOARD_MAX,
                                 &rows, detail);
    cache->leaderboard = STR_NONE;
    if (error != OK || rows.count < BOARD_MIN) {
        return error;
    }
    for (int i = 0; i < rows.count; i++) {
        const struct cell *cell = &rows.cells[i * rows.columns];
        struct str name =
            cell[0].text.length > 0 ? template_escape(cache->arena, cell[0].text) : STR("–");
        cache->leaderboard =
            arena_printf(cache->arena, "%.*s%s**%d** · %.*s · %lld ✓", STR_ARG(cache->leaderboard),
                         i > 0 ? "\n" : "", i + 1, STR_ARG(name), (long long)cell[1].integer);
    }
    return OK;
}

static enum err refresh(struct population_cache *cache, struct store *store, int64_t now_ms,
                        struct err_detail *detail)
{
    arena_reset(cache->arena);
    cache->known = false;
    enum err error = store_query(store, cache->arena, "population_completions", NULL, 0,
                                 HISTOGRAM_MAX, &cache->completions, detail);
    if (error != OK) {
        return error;
    }
    cache->people = 0;
    for (int i = 0; i < cache->completions.count; i++) {
        cache->people += cache->completions.cells[2 * i + 1].integer;
    }
    error = read_board(cache, store, detail);
    if (error != OK) {
        return error;
    }
    struct metrics_filter everybody = {0};
    error = metrics_typical(store, cache->arena, &everybody, now_ms, &cache->typical_hours,
                            &cache->quick_percent, detail);
    cache->known = error == OK;
    cache->read_at_ms = now_ms;
    return error;
}

/* Share of the others who completed fewer. */
static double percentile(const struct population_cache *cache, int completed)
{
    int64_t fewer = 0;
    for (int i = 0; i < cache->completions.count; i++) {
        if (cache->completions.cells[2 * i].integer < completed) {
            fewer += cache->completions.cells[2 * i + 1].integer;
        }
    }
    if (cache->people < 2) {
        return 0;
    }
    double share = 100.0 * (double)fewer / (double)(cache->people - 1);
    return share > 100.0 ? 100.0 : share;
}

void population_read(void *context, struct store *store, struct arena *arena,
                     const struct user *user, const struct input *input, int64_t now_ms,
                     struct population *ret_population)
{
    struct population_cache *cache = context;
    *ret_population = (struct population){.typical_hours = NAN, .quick_percent = NAN};
    if (!str_starts(input->text, STR("/"))) {
        return;
    }
    struct err_detail detail;
    if (!cache->known || now_ms - cache->read_at_ms >= FRESH_MS || now_ms < cache->read_at_ms) {
        if (refresh(cache, store, now_ms, &detail) != OK) {
            return;
        }
    }
    /* Who has made none yet is not among those compared. */
    ret_population->active_users = user->commitments_total > 0 ? (int)cache->people : 0;
    ret_population->percentile = percentile(cache, user->commitments_completed);
    ret_population->leaderboard = arena_str(arena, cache->leaderboard);
    ret_population->typical_hours = cache->typical_hours;
    ret_population->quick_percent = cache->quick_percent;
}
