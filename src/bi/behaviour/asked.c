/* One reader for each kind of question, over readers for each kind of value. */
#include "bi/behaviour/asked.h"

struct reading {
    struct arena *arena;
    const struct asked_words *words;
    struct asked *asked;
    struct err_detail *detail;
    enum err error; /* the first one; nothing is read after it */
};

/* ---- values ---------------------------------------------------------------------------------- */

static struct str word(struct reading *reading, const char *name)
{
    return reading->words->get(reading->words->context, name);
}

/* Whether there is anything to read. */
static bool given(struct reading *reading, const char *name, struct str *ret_text)
{
    *ret_text = word(reading, name);
    return reading->error == OK && ret_text->ptr != NULL;
}

static bool flag(struct reading *reading, const char *name)
{
    struct str text;
    bool is_given = given(reading, name, &text);
    if (is_given && !str_is(text, "true") && !str_is(text, "false")) {
        reading->error =
            err_set(reading->detail, ERR_INVALID, "%s: takes true or false, not \"%.*s\"", name,
                    (int)(text.length < 40 ? text.length : 40), text.ptr);
    }
    return is_given && str_is(text, "true");
}

static int count(struct reading *reading, const char *name, int max)
{
    struct str text;
    int64_t number = 0;
    if (given(reading, name, &text) &&
        (!str_to_int64(text, &number) || number < 1 || number > max)) {
        reading->error =
            err_set(reading->detail, ERR_INVALID, "%s: takes a number from 1 to %d", name, max);
    }
    return reading->error == OK ? (int)number : 0;
}

static int64_t duration(struct reading *reading, const char *name)
{
    struct str text;
    int64_t ms = 0;
    if (given(reading, name, &text)) {
        reading->error = behaviour_parse_duration(name, text, &ms, reading->detail);
    }
    return ms;
}

static int64_t instant(struct reading *reading, const char *name)
{
    struct str text;
    int64_t at_ms = 0;
    if (given(reading, name, &text)) {
        reading->error =
            behaviour_parse_instant(reading->arena, name, text, &at_ms, reading->detail);
    }
    return at_ms;
}

static enum period period(struct reading *reading)
{
    struct str text;
    enum period found = PERIOD_WEEK;
    if (given(reading, "period", &text)) {
        reading->error = period_read("period", text, &found, reading->detail);
    }
    return found;
}

static int weekday(struct reading *reading)
{
    struct str text;
    int day = 0;
    if (given(reading, "week-starts", &text)) {
        reading->error = period_read_weekday("week-starts", text, &day, reading->detail);
    }
    return day;
}

/* ---- questions ------------------------------------------------------------------------------- */

static void read_common(struct reading *reading, struct behaviour_question *question)
{
    *question = (struct behaviour_question){.where = word(reading, "where"),
                                            .by = word(reading, "by"),
                                            .from_ms = instant(reading, "from"),
                                            .to_ms = instant(reading, "to")};
}

static void read_retention(struct reading *reading, struct retention_question *question)
{
    question->start = word(reading, "start");
    question->back = word(reading, "back");
    question->period = period(reading);
    question->week_starts = weekday(reading);
    question->calendar = flag(reading, "calendar");
    question->recurring = flag(reading, "recurring");
    question->cells = count(reading, "cells", PERIODS_MAX);
}

static void read_paths(struct reading *reading, struct paths_question *question)
{
    question->around = word(reading, "event");
    question->through = word(reading, "through");
    question->before = flag(reading, "before");
    question->steps = count(reading, "steps", PATHS_STEPS_MAX);
    question->window_ms = duration(reading, "window");
    question->count = count(reading, "count", PATHS_MAX);
}

static void read_kind(struct reading *reading)
{
    struct asked *asked = reading->asked;
    switch (asked->kind) {
    case ASKED_FUNNEL:
        asked->funnel.steps = word(reading, "steps");
        asked->funnel.window_ms = duration(reading, "window");
        asked->funnel.strict = flag(reading, "strict");
        return;
    case ASKED_RETENTION:
        read_retention(reading, &asked->retention);
        return;
    case ASKED_PATHS:
        read_paths(reading, &asked->paths);
        return;
    case ASKED_ACTIVITY:
        asked->activity.what = word(reading, "what");
        asked->activity.period = period(reading);
        asked->activity.week_starts = weekday(reading);
        return;
    case ASKED_POWER:
        asked->power.what = word(reading, "what");
        return;
    case ASKED_HOURS:
        asked->hours.what = word(reading, "what");
        asked->hours.zone = word(reading, "zone");
        return;
    case ASKED_TIMES:
        asked->times.steps = word(reading, "steps");
        asked->times.window_ms = duration(reading, "window");
        asked->times.first = flag(reading, "first");
        return;
    }
}

/* Texts that name events. */
static int texts_of(const struct asked *asked, struct behaviour_text ret_texts[2])
{
    switch (asked->kind) {
    case ASKED_FUNNEL:
        ret_texts[0] = (struct behaviour_text){"steps", asked->funnel.steps};
        return 1;
    case ASKED_RETENTION:
        ret_texts[0] = (struct behaviour_text){"start", asked->retention.start};
        ret_texts[1] = (struct behaviour_text){"back", asked->retention.back};
        return 2;
    case ASKED_PATHS:
        ret_texts[0] = (struct behaviour_text){"event", asked->paths.around};
        ret_texts[1] = (struct behaviour_text){"through", asked->paths.through};
        return 2;
    case ASKED_ACTIVITY:
        ret_texts[0] = (struct behaviour_text){"what", asked->activity.what};
        return 1;
    case ASKED_POWER:
        ret_texts[0] = (struct behaviour_text){"what", asked->power.what};
        return 1;
    case ASKED_HOURS:
        ret_texts[0] = (struct behaviour_text){"what", asked->hours.what};
        return 1;
    case ASKED_TIMES:
        ret_texts[0] = (struct behaviour_text){"steps", asked->times.steps};
        return 1;
    }
    return 0;
}

enum err asked_read(struct arena *arena, enum asked_kind kind, const struct asked_words *words,
                    struct asked *ret_asked, struct err_detail *detail)
{
    *ret_asked = (struct asked){.kind = kind};
    struct reading reading = {arena, words, ret_asked, detail, OK};
    read_common(&reading, &ret_asked->common);
    read_kind(&reading);
    struct behaviour_text texts[2];
    int text_count = texts_of(ret_asked, texts);
    return reading.error != OK ? reading.error
                               : behaviour_wants_add(&ret_asked->wants, arena, &ret_asked->common,
                                                     texts, text_count, detail);
}

/* ---- answers --------------------------------------------------------------------------------- */

#define ANSWER(kind_)                                                                              \
    do {                                                                                           \
        struct kind_##_answer answer;                                                              \
        enum err error = behaviour_##kind_(log, arena, &asked->kind_, &answer, detail);            \
        *ret_json = error == OK ? behaviour_##kind_##_json(&answer) : NULL;                        \
        return error;                                                                              \
    } while (0)

enum err asked_answer(const struct behaviour_log *log, struct arena *arena,
                      const struct asked *asked, json_t **ret_json, struct err_detail *detail)
{
    switch (asked->kind) {
    case ASKED_FUNNEL:
        ANSWER(funnel);
    case ASKED_RETENTION:
        ANSWER(retention);
    case ASKED_PATHS:
        ANSWER(paths);
    case ASKED_ACTIVITY:
        ANSWER(activity);
    case ASKED_POWER:
        ANSWER(power);
    case ASKED_HOURS:
        ANSWER(hours);
    case ASKED_TIMES:
        ANSWER(times);
    }
    return ERR_INVALID;
}
