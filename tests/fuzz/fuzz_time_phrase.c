/* Times in what people write: whatever the text, a time that was found lies ahead, and what is left
 * of the text is a part of it. The first line chooses language, zone and the present instant. */
#include "core/time_phrase.h"

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MINUTES_PER_DAY = 24 * 60, AHEAD_DAYS_MAX = 2 * 366 };

static void check(struct str text, int64_t now_ms, const struct time_phrase *phrase)
{
    if (!phrase->found) {
        ASSERT(phrase->at_ms == 0 && phrase->repeat == REPEAT_NONE);
        ASSERT(str_equal(phrase->rest, str_trim(text)) || str_equal(phrase->rest, text));
        return;
    }
    ASSERT(phrase->at_ms > now_ms);
    ASSERT(phrase->at_ms - now_ms <= AHEAD_DAYS_MAX * DAY_MS);
    ASSERT(phrase->rest.length <= text.length);
    ASSERT(!text_is_utf8(text) || text_is_utf8(phrase->rest));
    if (phrase->repeat != REPEAT_NONE) {
        ASSERT(phrase->repeat_minute >= 0 && phrase->repeat_minute < MINUTES_PER_DAY);
        ASSERT(phrase->repeat != REPEAT_WEEKLY ||
               (phrase->repeat_weekday >= 1 && phrase->repeat_weekday <= 7));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct str text;
    struct str head = str_split((struct str){(const char *)data, size}, '\n', &text);
    struct str rest;
    struct str language = str_split(head, ' ', &rest);
    struct str instant;
    const struct zone *zone = zone_find(str_split(rest, ' ', &instant));
    int64_t now_ms = 0;
    if (zone != NULL && language.length < LIMIT_LANGUAGE_BYTES &&
        calendar_parse_iso(instant, &now_ms) && now_ms > 0) {
        char name[LIMIT_LANGUAGE_BYTES];
        str_copy(name, sizeof(name), language);
        struct time_phrase phrase;
        time_phrase_parse(arena, text, name, zone, now_ms, &phrase);
        check(text, now_ms, &phrase);
    }
    arena_free(arena);
    return 0;
}
