/* The words that all views of journeys share. */
#include "bi/journeys/view.h"

#include <inttypes.h>

#include "base/limits.h"
#include "core/journey_words.h"

const char *view_duration(const struct journeys_view *view, int64_t duration_ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
        int64_t least; /* of them, so that 72h stays 72h */
    } units[] = {{"d", DAY_MS, 3}, {"h", HOUR_MS, 1}, {"m", MINUTE_MS, 1}, {"s", 1000, 1}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (duration_ms % units[i].ms == 0 && duration_ms / units[i].ms >= units[i].least) {
            return arena_printf(view->arena, "%" PRId64 "%s", duration_ms / units[i].ms,
                                units[i].unit)
                .ptr;
        }
    }
    return duration_ms == 0 ? "at once"
                            : arena_printf(view->arena, "%" PRId64 "ms", duration_ms).ptr;
}

struct str view_text(const struct journeys_view *view, const struct message *message)
{
    return message == NULL ? STR_NONE : template_source(message->by_language[view->language]);
}

const char *view_verbs(const struct journeys_view *view, const struct step_button *button)
{
    struct str verbs = STR("");
    for (int i = 0; i < button->verb_count; i++) {
        verbs = arena_printf(view->arena, "%.*s%s%s", STR_ARG(verbs), i == 0 ? "" : ", ",
                             journey_word(VERB_WORDS, (int)button->verbs[i]));
    }
    return verbs.ptr;
}

static struct str add(const struct journeys_view *view, struct str text, const char *what,
                      struct str value)
{
    return arena_printf(view->arena, "%.*s, %s%.*s", STR_ARG(text), what, STR_ARG(value));
}

struct str view_enter(const struct journeys_view *view, const struct journey *journey)
{
    struct arena *arena = view->arena;
    struct str text =
        arena_printf(arena, "on %s", journey_word(TRIGGER_WORDS, (int)journey->trigger));
    if (journey->trigger == TRIGGER_INACTIVITY) {
        text = add(view, text, "after ", str_of(view_duration(view, journey->trigger_after_ms)));
    }
    for (int i = 0; i < journey->streak_count; i++) {
        text = arena_printf(arena, "%.*s%s%d", STR_ARG(text), i == 0 ? " of " : ", ",
                            journey->streaks[i]);
    }
    if (journey->when != NULL) {
        text = add(view, text, "when ", condition_source(journey->when));
    }
    if (journey->per_commitment) {
        text = add(view, text, "a run for each commitment", STR_NONE);
    }
    if (journey->needs_plan) {
        text = add(view, text, "only with a planned time", STR_NONE);
    }
    if (journey->again == AGAIN_NEVER) {
        text = add(view, text, "once only", STR_NONE);
    } else if (journey->again == AGAIN_AFTER) {
        text = add(view, text, "at most once in ",
                   str_of(view_duration(view, journey->again_after_ms)));
    }
    if (journey->stage != STAGE_NONE) {
        text = add(view, text, "existing people from stage ",
                   str_of(journey_word(STAGE_WORDS, (int)journey->stage)));
    }
    return text;
}

static const char *anchor_words(const struct journey *journey, int index)
{
    switch (journey->steps[index].anchor) {
    case ANCHOR_PREVIOUS:
        if (index == 0) {
            return "entering";
        }
        return journey->steps[index - 1].expects == EXPECTS_NOTHING
                   ? "the previous message"
                   : "the previous step's completion";
    case ANCHOR_ENTERED:
        return "entering";
    case ANCHOR_PLANNED:
        return "the planned time, else the making";
    case ANCHOR_JOINED:
        return "joining";
    }
    return "";
}

struct str view_delay(const struct journeys_view *view, const struct journey *journey, int index)
{
    const struct step *step = &journey->steps[index];
    if (step->after_ms == 0) {
        return step->anchor == ANCHOR_PLANNED ? STR("at the planned time") : STR("at once");
    }
    return arena_printf(view->arena, "%s after %s", view_duration(view, step->after_ms),
                        anchor_words(journey, index));
}
