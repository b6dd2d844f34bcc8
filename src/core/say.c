/* Answers of the bot's own texts (say.h). Numbers, dates and plurals follow the person's language.
 */
#include "core/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/calendar.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "core/compose.h"

_Static_assert(sizeof((struct say_buttons){0}.items) / sizeof(struct button) == LIMIT_BUTTONS,
               "room for all buttons of a message");

const char *say_language(const struct deciding *deciding)
{
    return person_language(deciding->world, deciding->person);
}

static void append(struct say_lines *lines, struct str text)
{
    if (lines->length + text.length + 1 > lines->capacity) {
        size_t capacity = PORTION(2, 1) * (lines->length + text.length) + PORTION(256, 1);
        lines->text = arena_grow(lines->arena, lines->text, lines->length, capacity);
        lines->capacity = capacity;
    }
    if (text.length > 0) {
        memcpy(lines->text + lines->length, text.ptr, text.length);
        lines->length += text.length;
    }
}

void say_line(struct say_lines *lines, struct str line)
{
    if (lines->length > 0) {
        append(lines, STR("\n"));
    }
    append(lines, line);
}

struct str say_lines_end(const struct say_lines *lines)
{
    return (struct str){lines->text, lines->length};
}

/* Puts values for %1 … %9; a mark without value stays. */
static struct str fill(struct arena *arena, struct str text, const struct str *values, int count)
{
    struct say_lines filled = {.arena = arena};
    size_t from = 0;
    for (size_t i = 0; i + 1 < text.length; i++) {
        int index = text.ptr[i + 1] - '1';
        if (text.ptr[i] != '%' || index < 0 || index >= count) {
            continue;
        }
        append(&filled, (struct str){text.ptr + from, i - from});
        append(&filled, values[index]);
        from = i + 2;
        i++;
    }
    append(&filled, (struct str){text.ptr + from, text.length - from});
    return say_lines_end(&filled);
}

struct str say_text(struct deciding *deciding, const char *key, const struct str *values, int count)
{
    struct str text = compose_text(deciding, key, NULL, NULL, false);
    return count == 0 ? text : fill(deciding->arena, text, values, count);
}

struct str say_plain(struct deciding *deciding, const char *key)
{
    return compose_text(deciding, key, NULL, NULL, true);
}

struct str say_label(struct deciding *deciding, const char *key, const struct str *values,
                     int count)
{
    return str_trim(fill(deciding->arena, say_plain(deciding, key), values, count));
}

struct str say_count(struct deciding *deciding, const char *key, int64_t count)
{
    const char *category = text_plural_category(say_language(deciding), (double)count);
    struct str full = arena_printf(deciding->arena, "%s_%s", key, category);
    if (catalog_text(deciding->world->catalog, full.ptr) == NULL) {
        full = arena_printf(deciding->arena, "%s_other", key);
    }
    struct str number = say_number(deciding, (double)count, 0);
    return say_text(deciding, full.ptr, &number, 1);
}

struct str say_person(struct deciding *deciding, struct str text, size_t graphemes)
{
    return template_escape(deciding->arena, text_cut(deciding->arena, text, graphemes));
}

struct str say_number(struct deciding *deciding, double value, int decimals)
{
    return text_number(deciding->arena, say_language(deciding), value, decimals);
}

struct str say_duration(struct deciding *deciding, int64_t duration_ms)
{
    if (duration_ms < HOUR_MS) {
        int64_t minutes = duration_ms < MINUTE_MS ? 1 : duration_ms / MINUTE_MS;
        struct str value = say_number(deciding, (double)minutes, 0);
        return say_text(deciding, "duration_minutes", &value, 1);
    }
    bool hours = duration_ms < 2 * DAY_MS;
    struct str value =
        say_number(deciding, (double)duration_ms / (double)(hours ? HOUR_MS : DAY_MS), 1);
    return say_text(deciding, hours ? "duration_hours" : "duration_days", &value, 1);
}

struct str say_size(struct deciding *deciding, int size_s)
{
    return size_s < 60 ? say_text(deciding, "half_a_minute", NULL, 0)
                       : say_duration(deciding, size_s * (int64_t)1000);
}

struct str say_clock(struct deciding *deciding, int minute)
{
    return arena_printf(deciding->arena, "%02d:%02d", minute / 60, minute % 60);
}

struct str say_when(struct deciding *deciding, int64_t at_ms)
{
    const struct zone *zone = person_zone(deciding->world, deciding->person);
    int64_t day = calendar_local_day(zone, at_ms);
    int64_t today = calendar_local_day(zone, deciding->world->now_ms);
    struct str date;
    if (day == today) {
        date = say_text(deciding, "when_today", NULL, 0);
    } else if (day == today + 1) {
        date = say_text(deciding, "when_tomorrow", NULL, 0);
    } else {
        date = template_escape(deciding->arena,
                               text_date(deciding->arena, say_language(deciding), day));
    }
    struct str clock = say_clock(deciding, calendar_local_minute(zone, at_ms));
    return arena_printf(deciding->arena, "%.*s, %.*s", STR_ARG(date), STR_ARG(clock));
}

void say(struct deciding *deciding, const char *key, const struct str *values, int count)
{
    say_with(deciding, key, values, count, NULL, 0);
}

void say_with(struct deciding *deciding, const char *key, const struct str *values, int count,
              const struct button *buttons, int button_count)
{
    compose_reply_text(deciding, say_text(deciding, key, values, count), buttons, button_count);
}

void say_button(struct deciding *deciding, struct say_buttons *buttons, struct str text,
                const char *token_format, ...)
{
    if (buttons->count == LIMIT_BUTTONS) {
        return;
    }
    va_list args;
    va_start(args, token_format);
    struct str token = arena_vprintf(deciding->arena, token_format, args);
    va_end(args);
    ASSERT(token.length <= LIMIT_CALLBACK_BYTES);
    buttons->items[buttons->count++] = (struct button){.text = str_trim(text), .token = token};
}
