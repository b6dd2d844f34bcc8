/* What depends on a language: plural categories, numbers, dates, capital letters and names. */
#include <string.h>
#include <unicode/ucal.h>
#include <unicode/ucasemap.h>
#include <unicode/udatpg.h>
#include <unicode/uloc.h>
#include <unicode/ustring.h>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/text_icu.h"

enum { UNITS_MAX = 128 }; /* of UTF-16 in one number, date or name */

static const char *const categories[] = {"zero", "one", "two", "few", "many", "other"};
enum { CATEGORY_COUNT = 6 };

static struct str from_units(struct arena *arena, const UChar *units, int32_t length)
{
    UErrorCode status = U_ZERO_ERROR;
    char *bytes = arena_alloc(arena, 3 * (size_t)length + 1);
    int32_t bytes_length = 0;
    u_strToUTF8(bytes, 3 * length + 1, &bytes_length, units, length, &status);
    ASSERT(U_SUCCESS(status));
    return (struct str){bytes, (size_t)bytes_length};
}

struct str text_title(struct arena *arena, struct str text, const char *language)
{
    struct str clean = text_clean(arena, text);
    if (clean.length == 0) {
        return clean;
    }
    ASSERT(clean.length < INT32_MAX / 8);
    UErrorCode status = U_ZERO_ERROR;
    UCaseMap *map = ucasemap_open(text_language_of(language)->locale,
                                  U_TITLECASE_WHOLE_STRING | U_TITLECASE_NO_LOWERCASE, &status);
    int32_t room = (int32_t)clean.length + 16; /* only one character grows */
    char *bytes = arena_alloc(arena, (size_t)room);
    int32_t length =
        ucasemap_utf8ToTitle(map, bytes, room, clean.ptr, (int32_t)clean.length, &status);
    ucasemap_close(map);
    ASSERT(U_SUCCESS(status));
    return (struct str){bytes, (size_t)length};
}

static const UPluralRules *plural_rules(const char *language)
{
    struct text_language *found = text_language_of(language);
    if (found->plural == NULL) {
        UErrorCode status = U_ZERO_ERROR;
        found->plural = uplrules_open(found->locale, &status);
        ASSERT(U_SUCCESS(status));
    }
    return found->plural;
}

static size_t category_of(const UPluralRules *rules, double n)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar units[16];
    int32_t length = uplrules_select(rules, n, units, 16, &status);
    ASSERT(U_SUCCESS(status) && length > 0 && length < 16);
    char name[16];
    u_UCharsToChars(units, name, length + 1);
    for (size_t i = 0; i < CATEGORY_COUNT; i++) {
        if (strcmp(name, categories[i]) == 0) {
            return i;
        }
    }
    return CATEGORY_COUNT - 1; /* CLDR has no others */
}

const char *text_plural_category(const char *language, double n)
{
    return categories[category_of(plural_rules(language), n)];
}

/* Asked of the rules once for each language: it takes two thousand numbers. */
size_t text_plural_categories(const char *language, const char *ret_names[6])
{
    unsigned found = 0;
    const UPluralRules *rules = plural_rules(language);
    struct text_language *known = text_language_of(language);
    for (int n = 0; known->categories == 0 && n <= 1000; n++) {
        found |= 1u << category_of(rules, n);
    }
    for (int tenths = 1; known->categories == 0 && tenths < 1000; tenths++) {
        found |= 1u << category_of(rules, tenths / 10.0);
    }
    known->categories |= found;
    size_t count = 0;
    for (size_t i = 0; i < CATEGORY_COUNT; i++) {
        if ((known->categories & 1u << i) != 0) {
            ret_names[count++] = categories[i];
        }
    }
    return count;
}

static const UNumberFormatter *number_format(const char *language, int decimals)
{
    static const char *const skeletons[TEXT_DECIMALS_MAX + 1] = {
        "precision-integer rounding-mode-half-up",
        ".# rounding-mode-half-up",
        ".## rounding-mode-half-up",
        ".### rounding-mode-half-up",
        ".#### rounding-mode-half-up",
        ".##### rounding-mode-half-up",
        ".###### rounding-mode-half-up"};
    struct text_language *found = text_language_of(language);
    UNumberFormatter **format = &found->numbers[decimals];
    if (*format == NULL) {
        UErrorCode status = U_ZERO_ERROR;
        UChar skeleton[64];
        u_uastrcpy(skeleton, skeletons[decimals]);
        *format = unumf_openForSkeletonAndLocale(skeleton, -1, found->locale, &status);
        ASSERT(U_SUCCESS(status));
    }
    return *format;
}

static struct str format_number(struct arena *arena, const char *language, double value,
                                int decimals)
{
    UErrorCode status = U_ZERO_ERROR;
    UFormattedNumber *result = unumf_openResult(&status);
    unumf_formatDouble(number_format(language, decimals), value, result, &status);
    /* A double without exponent has up to 309 digits and their separators. */
    UChar units[512];
    int32_t length = unumf_resultToString(result, units, 512, &status);
    unumf_closeResult(result);
    ASSERT(U_SUCCESS(status));
    return from_units(arena, units, length);
}

/* The sign between whole and tenths of a language that writes them as 1.5 or 1,5; 0: another. */
static char tenths_sign(struct arena *arena, const char *language)
{
    struct text_language *found = text_language_of(language);
    if (found->tenths == TENTHS_UNKNOWN) {
        struct str sample = format_number(arena, found->tag, 907.5, 1);
        bool plain = sample.length == 5 && memcmp(sample.ptr, "907", 3) == 0 &&
                     (sample.ptr[3] == '.' || sample.ptr[3] == ',') && sample.ptr[4] == '5';
        found->tenths = (char)(plain ? sample.ptr[3] : TENTHS_OTHER);
    }
    return (char)(found->tenths != TENTHS_OTHER ? found->tenths : 0);
}

/* Small numbers, which nearly all are, without ICU. Halves are left to it: it rounds what is
 * written, not what is stored. */
static bool small_number(struct arena *arena, const char *language, double value, int decimals,
                         struct str *ret_text)
{
    if (!(value >= 0 && value < 999) || decimals > 1) {
        return false;
    }
    double scaled = decimals == 1 ? value * 10 : value;
    int units = (int)(scaled + 0.5);
    double rest = scaled - (double)units; /* -0.5 .. 0.5 */
    char sign = tenths_sign(arena, language);
    if (sign == 0 || rest < -0.499999 || rest > 0.499999) {
        return false;
    }
    int whole = decimals == 1 ? units / 10 : units;
    int tenth = decimals == 1 ? units % 10 : 0;
    *ret_text = tenth == 0 ? arena_printf(arena, "%d", whole)
                           : arena_printf(arena, "%d%s%d", whole, sign == '.' ? "." : ",", tenth);
    return true;
}

struct str text_number(struct arena *arena, const char *language, double value, int decimals)
{
    decimals = decimals < 0 ? 0 : decimals > TEXT_DECIMALS_MAX ? TEXT_DECIMALS_MAX : decimals;
    struct str text;
    return small_number(arena, language, value, decimals, &text)
               ? text
               : format_number(arena, language, value, decimals);
}

static UDateFormat *date_format(const char *language)
{
    struct text_language *found = text_language_of(language);
    if (found->date != NULL) {
        return found->date;
    }
    UErrorCode status = U_ZERO_ERROR;
    UChar skeleton[16];
    UChar utc[4];
    UChar pattern[UNITS_MAX];
    char locale[TEXT_LOCALE_BYTES + 24];
    u_uastrcpy(skeleton, "EEEdMMM");
    u_uastrcpy(utc, "UTC");
    UDateTimePatternGenerator *generator = udatpg_open(found->locale, &status);
    int32_t length = udatpg_getBestPattern(generator, skeleton, -1, pattern, UNITS_MAX, &status);
    udatpg_close(generator);
    /* Our days are Gregorian, also where the country's calendar is another. */
    str_copy(locale, sizeof(locale), str_of(found->locale));
    uloc_setKeywordValue("calendar", "gregorian", locale, sizeof(locale), &status);
    found->date = udat_open(UDAT_PATTERN, UDAT_PATTERN, locale, utc, -1, pattern, length, &status);
    ASSERT(U_SUCCESS(status));
    return found->date;
}

struct str text_date(struct arena *arena, const char *language, int64_t day_number)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar units[UNITS_MAX];
    int32_t length = udat_format(date_format(language), (UDate)(day_number * DAY_MS), units,
                                 UNITS_MAX, NULL, &status);
    ASSERT(U_SUCCESS(status));
    return from_units(arena, units, length);
}

bool text_language_is_known(const char *language)
{
    if (language == NULL || language[0] == '\0' || strlen(language) > LIMIT_LANGUAGE_BYTES) {
        return false;
    }
    return text_language_of(language)->known;
}

struct str text_language_name(struct arena *arena, const char *language)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar units[UNITS_MAX];
    const char *tag = language == NULL ? "en" : language;
    const char *locale = text_language_of(tag)->locale;
    if (strcmp(locale, "en_001") == 0) {
        locale = "en"; /* without "(world)" */
    }
    int32_t length = uloc_getDisplayName(locale, locale, units, UNITS_MAX, &status);
    ASSERT(U_SUCCESS(status));
    return text_title(arena, from_units(arena, units, length), tag);
}
