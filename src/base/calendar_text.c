/* Instants and times of day as text: ISO 8601 in both directions, and "22:00". */
#include "base/calendar.h"
#include "base/limits.h"

struct str calendar_iso(struct arena *arena, int64_t at_ms)
{
    struct local_time utc = calendar_local(zone_utc(), at_ms);
    int64_t millisecond = at_ms % 1000;
    return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.year, utc.month, utc.day,
                        utc.hour, utc.minute, utc.second,
                        (int)(millisecond < 0 ? millisecond + 1000 : millisecond));
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Takes exactly `digits` digits off the front. */
static bool take_number(struct str *text, size_t digits, int *ret_value)
{
    int value = 0;
    if (text->length < digits) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        if (!is_digit(text->ptr[i])) {
            return false;
        }
        value = value * 10 + (text->ptr[i] - '0');
    }
    *text = (struct str){text->ptr + digits, text->length - digits};
    *ret_value = value;
    return true;
}

static bool take_char(struct str *text, const char *allowed, char *ret_char)
{
    for (; text->length > 0 && *allowed != '\0'; allowed++) {
        if (text->ptr[0] == *allowed) {
            *ret_char = *allowed;
            *text = (struct str){text->ptr + 1, text->length - 1};
            return true;
        }
    }
    return false;
}

/* "Z", "+02:00", "+0200" or "+02", which must be all that is left. */
static bool take_offset(struct str *text, int *ret_offset_minute)
{
    char sign;
    if (!take_char(text, "Zz+-", &sign)) {
        return false;
    }
    int hour = 0;
    int minute = 0;
    if (sign == '+' || sign == '-') {
        char colon;
        if (!take_number(text, 2, &hour) || hour > 23) {
            return false;
        }
        if (text->length > 0) {
            (void)take_char(text, ":", &colon);
            if (!take_number(text, 2, &minute) || minute > 59) {
                return false;
            }
        }
    }
    *ret_offset_minute = (hour * 60 + minute) * (sign == '-' ? -1 : 1);
    return text->length == 0;
}

/* ".5" -> 500; digits beyond the third are dropped, at most nine are taken. */
static bool take_fraction(struct str *text, int *ret_ms)
{
    char point;
    *ret_ms = 0;
    if (!take_char(text, ".,", &point)) {
        return true;
    }
    int weight = 100;
    size_t digits = 0;
    for (; digits < 9 && digits < text->length && is_digit(text->ptr[digits]); digits++) {
        *ret_ms += (text->ptr[digits] - '0') * weight;
        weight /= 10;
    }
    *text = (struct str){text->ptr + digits, text->length - digits};
    return digits > 0;
}

static int days_in_month(int year, int month)
{
    int64_t first = calendar_day_number(year, month, 1);
    int64_t next =
        month == 12 ? calendar_day_number(year + 1, 1, 1) : calendar_day_number(year, month + 1, 1);
    return (int)(next - first);
}

static bool take_date(struct str *text, int64_t *ret_day_number)
{
    int year;
    int month;
    int day;
    char dash;
    if (!take_number(text, 4, &year) || !take_char(text, "-", &dash) ||
        !take_number(text, 2, &month) || !take_char(text, "-", &dash) ||
        !take_number(text, 2, &day)) {
        return false;
    }
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) {
        return false;
    }
    *ret_day_number = calendar_day_number(year, month, day);
    return true;
}

bool calendar_parse_iso(struct str text, int64_t *ret_at_ms)
{
    int64_t day_number;
    int hour;
    int minute;
    int second = 0;
    int millisecond = 0;
    int offset_minute;
    char c;
    if (!take_date(&text, &day_number) || !take_char(&text, "Tt ", &c) ||
        !take_number(&text, 2, &hour) || !take_char(&text, ":", &c) ||
        !take_number(&text, 2, &minute)) {
        return false;
    }
    if (take_char(&text, ":", &c) &&
        (!take_number(&text, 2, &second) || !take_fraction(&text, &millisecond))) {
        return false;
    }
    if (!take_offset(&text, &offset_minute) || hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    *ret_at_ms = day_number * DAY_MS + hour * HOUR_MS + (minute - offset_minute) * MINUTE_MS +
                 second * 1000 + millisecond;
    return true;
}

bool calendar_parse_hh_mm(struct str text, int *ret_minute)
{
    int hour;
    int minute;
    char colon;
    bool two_digits = text.length == 5;
    if (!take_number(&text, two_digits ? 2 : 1, &hour) || !take_char(&text, ":", &colon) ||
        !take_number(&text, 2, &minute) || text.length > 0 || hour > 23 || minute > 59) {
        return false;
    }
    *ret_minute = hour * 60 + minute;
    return true;
}
