/* Reading a time zone (settings_zone.h): a name, a city below one of tzdata's regions, or an
 * offset. */
#include "core/settings_zone.h"

#include "base/limits.h"
#include "base/text.h"

static const char *const regions[] = {"Europe",   "America",   "Asia",
                                      "Africa",   "Australia", "Pacific",
                                      "Atlantic", "Indian",    "America/Argentina"};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* "new york" -> "New_York", "europe/berlin" -> "Europe/Berlin"; little words stay
 * ("Port_of_Spain"). */
static struct str tz_case(struct arena *arena, struct str text)
{
    char *name = arena_alloc(arena, text.length + 1);
    bool start = true;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.ptr[i];
        bool little = start && i > 0 && i + 2 < text.length && text.ptr[i + 2] == ' ' &&
                      (c == 'o' || c == 'd' || c == 'e');
        if (c == ' ') {
            c = '_';
        } else if (start && !little && c >= 'a' && c <= 'z') {
            c = (char)(c - 'a' + 'A');
        }
        start = !is_letter(c);
        name[i] = c;
    }
    return (struct str){name, text.length};
}

/* "utc+2", "gmt-05:30", "+3"; whole hours have names in tzdata, others none. */
static const struct zone *offset_zone(struct arena *arena, struct str text)
{
    if (str_starts(text, STR("utc")) || str_starts(text, STR("gmt"))) {
        text = str_trim((struct str){text.ptr + 3, text.length - 3});
    }
    if (text.length == 0) {
        return zone_utc();
    }
    bool east = text.ptr[0] == '+';
    int64_t hours;
    if ((!east && text.ptr[0] != '-') ||
        !str_to_int64((struct str){text.ptr + 1, text.length - 1}, &hours) || hours > 14) {
        return NULL;
    }
    /* Names below Etc count westwards. */
    return hours == 0 ? zone_utc()
                      : zone_find(arena_printf(arena, "Etc/GMT%c%d", east ? '-' : '+', (int)hours));
}

const struct zone *settings_zone_find(struct arena *arena, struct str text)
{
    struct str exact = str_trim(text);
    if (exact.length == 0 || exact.length > LIMIT_ZONE_BYTES) {
        return NULL;
    }
    const struct zone *zone = zone_find(exact);
    if (zone != NULL) {
        return zone;
    }
    struct str folded = text_fold(arena, exact);
    if (folded.length == 0) {
        return NULL;
    }
    zone = offset_zone(arena, folded);
    if (zone != NULL) {
        return zone;
    }
    struct str name = tz_case(arena, folded);
    zone = zone_find(name);
    for (size_t i = 0; zone == NULL && i < sizeof(regions) / sizeof(regions[0]); i++) {
        zone = zone_find(arena_printf(arena, "%s/%.*s", regions[i], STR_ARG(name)));
    }
    return zone;
}
