/* Phrases of time in commitments. All tables are read at one instant: Wednesday, 25 November 2026,
 * 10:00 in Berlin. Expected instants are local: month-day hour:minute. */
#include "core/time_phrase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"

static const char *const the_now = "2026-11-25T10:00:00+01:00";

struct expected {
    const char *text;
    const char *at; /* NULL: nothing is found and the text stays whole */
    const char *rest;
};

struct expected_repeat {
    const char *text;
    const char *at;
    enum repeat_kind repeat;
    int weekday, minute;
    const char *rest;
};

static struct time_phrase parse_at(struct arena *arena, const char *text, const char *language,
                                   const char *now)
{
    int64_t now_ms;
    struct time_phrase found;
    assert_true(calendar_parse_iso(str_of(now), &now_ms));
    const struct zone *zone = zone_find(STR("Europe/Berlin"));
    time_phrase_parse(arena, str_of(text), language, zone, now_ms, &found);
    if (found.found) {
        assert_true(found.at_ms > now_ms);
        assert_true(found.repeat_minute >= 0 && found.repeat_minute < 1440);
    }
    return found;
}

static const char *local_text(struct arena *arena, int64_t at_ms)
{
    struct local_time local = calendar_local(zone_find(STR("Europe/Berlin")), at_ms);
    return arena_printf(arena, "%02d-%02d %02d:%02d", local.month, local.day, local.hour,
                        local.minute)
        .ptr;
}

static void check_rest(const char *text, struct str rest, const char *expected)
{
    if (!str_is(rest, expected)) {
        fail_msg("\"%s\": rest is \"%.*s\", expected \"%s\"", text, STR_ARG(rest), expected);
    }
}

static void check(const char *language, const char *now, const struct expected *cases, size_t count)
{
    struct arena *arena = arena_new(64 * 1024);
    for (size_t i = 0; i < count; i++) {
        const struct expected *expected = &cases[i];
        struct time_phrase found = parse_at(arena, expected->text, language, now);
        if (found.found != (expected->at != NULL)) {
            fail_msg("\"%s\": %s, rest \"%.*s\"", expected->text,
                     found.found ? "found" : "not found", STR_ARG(found.rest));
        }
        assert_int_equal(found.repeat, REPEAT_NONE);
        if (found.found && strcmp(local_text(arena, found.at_ms), expected->at) != 0) {
            fail_msg("\"%s\": is at %s, expected %s", expected->text,
                     local_text(arena, found.at_ms), expected->at);
        }
        check_rest(expected->text, found.rest, found.found ? expected->rest : expected->text);
    }
    arena_free(arena);
}

static void check_repeats(const char *language, const struct expected_repeat *cases, size_t count)
{
    struct arena *arena = arena_new(64 * 1024);
    for (size_t i = 0; i < count; i++) {
        const struct expected_repeat *expected = &cases[i];
        struct time_phrase found = parse_at(arena, expected->text, language, the_now);
        if (!found.found || found.repeat != expected->repeat ||
            found.repeat_weekday != expected->weekday || found.repeat_minute != expected->minute) {
            fail_msg("\"%s\": found %d repeat %d weekday %d minute %d", expected->text, found.found,
                     (int)found.repeat, found.repeat_weekday, found.repeat_minute);
        }
        if (strcmp(local_text(arena, found.at_ms), expected->at) != 0) {
            fail_msg("\"%s\": is at %s, expected %s", expected->text,
                     local_text(arena, found.at_ms), expected->at);
        }
        check_rest(expected->text, found.rest, expected->rest);
    }
    arena_free(arena);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct expected english_phrases[] = {
    {"call mom in 20 minutes", "11-25 10:20", "call mom"},
    {"call mom in 20 min", "11-25 10:20", "call mom"},
    {"call mom in 20min", "11-25 10:20", "call mom"},
    {"call mom in an hour", "11-25 11:00", "call mom"},
    {"call mom in half an hour.", "11-25 10:30", "call mom"},
    {"call mom in 2 hours", "11-25 12:00", "call mom"},
    {"call mom in 1.5 hours", "11-25 11:30", "call mom"},
    {"call mom in an hour and a half", "11-25 11:30", "call mom"},
    {"call mom in a couple of hours", "11-25 12:00", "call mom"},
    {"call mom in about 30 minutes", "11-25 10:30", "call mom"},
    {"call mom within the next hour", "11-25 11:00", "call mom"},
    {"Run tomorrow at 9 and stretch", "11-26 09:00", "Run and stretch"},
    {"call mom within the hour", "11-25 11:00", "call mom"},
    {"call mom ten minutes from now", "11-25 10:10", "call mom"},
    {"stretch in twenty minutes", "11-25 10:20", "stretch"},
    {"In 20 minutes, stretch", "11-25 10:20", "stretch"},
    {"in 20 minutes I will stretch", "11-25 10:20", "I will stretch"},
    {"water the plants in 2 days", "11-27 09:00", "water the plants"},
    {"water the plants in two days at 6pm", "11-27 18:00", "water the plants"},
    {"water the plants in a week", "12-02 09:00", "water the plants"},
    {"report done by 18:00", "11-25 18:00", "report done"},
    {"report done by 6pm", "11-25 18:00", "report done"},
    {"report done by 6 p.m.", "11-25 18:00", "report done"},
    {"gym at 6pm", "11-25 18:00", "gym"},
    {"gym at 6 pm", "11-25 18:00", "gym"},
    {"gym 6pm", "11-25 18:00", "gym"},
    {"gym at 6:30pm", "11-25 18:30", "gym"},
    {"gym at 18.30", "11-25 18:30", "gym"},
    {"gym at 7", "11-25 19:00", "gym"},
    {"gym at seven", "11-25 19:00", "gym"},
    {"gym at 7 o'clock", "11-25 19:00", "gym"},
    {"gym at 07:00", "11-26 07:00", "gym"},
    {"gym at 3", "11-25 15:00", "gym"},
    {"gym at 11", "11-25 11:00", "gym"},
    {"gym at 9am", "11-26 09:00", "gym"},
    {"gym at half past seven", "11-25 19:30", "gym"},
    {"gym at quarter to 8", "11-25 19:45", "gym"},
    {"gym around 18:00", "11-25 18:00", "gym"},
    {"eat at noon", "11-25 12:00", "eat"},
    {"sleep at midnight", "11-26 00:00", "sleep"},
    {"read a book today", "11-25 20:00", "read a book"},
    {"read a book today at 5", "11-25 17:00", "read a book"},
    {"read a book tonight", "11-25 20:00", "read a book"},
    {"read a book tonight at 9", "11-25 21:00", "read a book"},
    {"read a book this evening", "11-25 20:00", "read a book"},
    {"read a book this afternoon", "11-25 15:00", "read a book"},
    {"read a book at night", "11-25 20:00", "read a book"},
    {"read a book in the morning", "11-26 09:00", "read a book"},
    {"read a book in the evening", "11-25 20:00", "read a book"},
    {"read 10 pages tomorrow", "11-26 09:00", "read 10 pages"},
    {"read 10 pages tmrw", "11-26 09:00", "read 10 pages"},
    {"read 10 pages by tomorrow", "11-26 09:00", "read 10 pages"},
    {"read 10 pages tomorrow morning", "11-26 09:00", "read 10 pages"},
    {"read 10 pages tomorrow afternoon", "11-26 15:00", "read 10 pages"},
    {"read 10 pages tomorrow evening", "11-26 20:00", "read 10 pages"},
    {"read 10 pages tomorrow night at 9", "11-26 21:00", "read 10 pages"},
    {"read 10 pages tomorrow at 9:30", "11-26 09:30", "read 10 pages"},
    {"read 10 pages tomorrow, at 9:30", "11-26 09:30", "read 10 pages"},
    {"read 10 pages tomorrow 9:30", "11-26 09:30", "read 10 pages"},
    {"read 10 pages at 9:30 tomorrow", "11-26 09:30", "read 10 pages"},
    {"read 10 pages tomorrow at 7", "11-26 07:00", "read 10 pages"},
    {"read 10 pages tomorrow at 3", "11-26 15:00", "read 10 pages"},
    {"read 10 pages at 7 tomorrow evening", "11-26 19:00", "read 10 pages"},
    {"Tomorrow I will read 10 pages", "11-26 09:00", "I will read 10 pages"},
    {"tomorrow: read 10 pages", "11-26 09:00", "read 10 pages"},
    {"Tomorrow read 10 pages at 7pm", "11-26 19:00", "read 10 pages"},
    {"I will run tomorrow morning before work", "11-26 09:00", "I will run before work"},
    {"I will run tomorrow at 8 in the park", "11-26 08:00", "I will run in the park"},
    {"I will run at 18:30 in the park", "11-25 18:30", "I will run in the park"},
    {"run the day after tomorrow", "11-27 09:00", "run"},
    {"run on Friday", "11-27 09:00", "run"},
    {"run on Fri", "11-27 09:00", "run"},
    {"run Friday", "11-27 09:00", "run"},
    {"run Friday evening", "11-27 20:00", "run"},
    {"run on Friday at 6pm", "11-27 18:00", "run"},
    {"run this Friday", "11-27 09:00", "run"},
    {"run by Friday", "11-27 09:00", "run"},
    {"run on Wednesday", "12-02 09:00", "run"},
    {"run on Wednesday at 6pm", "11-25 18:00", "run"},
    {"run next Monday", "11-30 09:00", "run"},
    {"run next Monday at 8", "11-30 08:00", "run"},
    {"run next Wednesday at 6pm", "12-02 18:00", "run"},
    {"run next week", "11-30 09:00", "run"},
    {"run this weekend", "11-28 09:00", "run"},
    {"On Sunday, call dad", "11-29 09:00", "call dad"},
    {"Run Tomorrow \xF0\x9F\x92\xAA", "11-26 09:00", "Run \xF0\x9F\x92\xAA"},
    {"(tomorrow)", "11-26 09:00", ""},
    {"tomorrow morning", "11-26 09:00", ""},
    {"tomorrow at 8", "11-26 08:00", ""},
    {"9:30", "11-25 21:30", ""},
    {"evening", "11-25 20:00", ""},
    {"6pm", "11-25 18:00", ""},
};

static void english_phrases_are_understood(void **state)
{
    (void)state;
    check("en", the_now, english_phrases, COUNT(english_phrases));
}

static void english_repeats_are_understood(void **state)
{
    (void)state;
    static const struct expected_repeat cases[] = {
        {"read 10 pages every day", "11-26 09:00", REPEAT_DAILY, 0, 540, "read 10 pages"},
        {"read 10 pages every single day", "11-26 09:00", REPEAT_DAILY, 0, 540, "read 10 pages"},
        {"read 10 pages daily", "11-26 09:00", REPEAT_DAILY, 0, 540, "read 10 pages"},
        {"read 10 pages every day at 7am", "11-26 07:00", REPEAT_DAILY, 0, 420, "read 10 pages"},
        {"read 10 pages daily at 18:00", "11-25 18:00", REPEAT_DAILY, 0, 1080, "read 10 pages"},
        {"read 10 pages at 7 every day", "11-26 07:00", REPEAT_DAILY, 0, 420, "read 10 pages"},
        {"read 10 pages every morning", "11-26 09:00", REPEAT_DAILY, 0, 540, "read 10 pages"},
        {"read every evening at 8", "11-25 20:00", REPEAT_DAILY, 0, 1200, "read"},
        {"read every night", "11-25 20:00", REPEAT_DAILY, 0, 1200, "read"},
        {"Every day, read 10 pages", "11-26 09:00", REPEAT_DAILY, 0, 540, "read 10 pages"},
        {"Every day read 10 pages at 7pm", "11-25 19:00", REPEAT_DAILY, 0, 1140, "read 10 pages"},
        {"Daily, read a page", "11-26 09:00", REPEAT_DAILY, 0, 540, "read a page"},
        {"run every weekday", "11-26 09:00", REPEAT_WEEKDAYS, 0, 540, "run"},
        {"run on weekdays at 6:30am", "11-26 06:30", REPEAT_WEEKDAYS, 0, 390, "run"},
        {"run every Monday", "11-30 09:00", REPEAT_WEEKLY, 1, 540, "run"},
        {"run every Wednesday", "12-02 09:00", REPEAT_WEEKLY, 3, 540, "run"},
        {"run every Wednesday at 6pm", "11-25 18:00", REPEAT_WEEKLY, 3, 1080, "run"},
        {"run every Sunday evening", "11-29 20:00", REPEAT_WEEKLY, 7, 1200, "run"},
        {"run on Mondays", "11-30 09:00", REPEAT_WEEKLY, 1, 540, "run"},
        {"run weekly", "12-02 09:00", REPEAT_WEEKLY, 3, 540, "run"},
        {"run every week on Friday", "11-27 09:00", REPEAT_WEEKLY, 5, 540, "run"},
        {"run every weekend", "11-28 09:00", REPEAT_WEEKLY, 6, 540, "run"},
    };
    check_repeats("en", cases, COUNT(cases));
}

static void english_near_misses_stay_whole(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"read 10 pages by Tolstoy", NULL, NULL},
        {"5 minutes of reading", NULL, NULL},
        {"available 24/7", NULL, NULL},
        {"I may call mom", NULL, NULL},
        {"call mom in May", NULL, NULL},
        {"read John 3:16", NULL, NULL},
        {"prepare for tomorrow", NULL, NULL},
        {"think about tomorrow", NULL, NULL},
        {"make a list of tasks for today", NULL, NULL},
        {"prepare tomorrow's lunch", NULL, NULL},
        {"watch the tonight show", NULL, NULL},
        {"read the daily", NULL, NULL},
        {"daily walk", NULL, NULL},
        {"weekly review", NULL, NULL},
        {"Sunday morning walk", NULL, NULL},
        {"watch Saturday Night Live", NULL, NULL},
        {"shop on Black Friday", NULL, NULL},
        {"fast until Friday", NULL, NULL},
        {"plan for the weekend", NULL, NULL},
        {"look at 7", NULL, NULL},
        {"look at 7 houses", NULL, NULL},
        {"at 7 people's request", NULL, NULL},
        {"stay at 100%", NULL, NULL},
        {"at least 20 minutes of yoga", NULL, NULL},
        {"in 20 minutes a day learn chess", NULL, NULL},
        {"in 5 minutes of silence find peace", NULL, NULL},
        {"swim in 20 m pool", NULL, NULL},
        {"increase reading by 10", NULL, NULL},
        {"read 10 pages a day", NULL, NULL},
        {"run every other day", NULL, NULL},
        {"run every 2 days", NULL, NULL},
        {"run every Monday and Thursday", NULL, NULL},
        {"do the laundry today and tomorrow", NULL, NULL},
        {"say good morning", NULL, NULL},
        {"enjoy the morning", NULL, NULL},
        {"review my day", NULL, NULL},
        {"one thing at a time", NULL, NULL},
        {"read chapter 7", NULL, NULL},
        {"write 300 words", NULL, NULL},
        {"look forward to tomorrow", NULL, NULL},
        {"buy a book called Monday", NULL, NULL},
        {"run 5k 25:61", NULL, NULL},
        {"meet at 25:00", NULL, NULL},
        {"meet at 13pm", NULL, NULL},
        {"wait in 0 minutes", NULL, NULL},
        {"rest in 9999 weeks", NULL, NULL},
        {"second attempt", NULL, NULL},
        {"at 7 or 8 call mom", NULL, NULL},
        {"at 7pm and at 9pm take a pill", NULL, NULL},
        {"from 9am to 5pm work", NULL, NULL},
        {"tomorrow or on Friday call mom", NULL, NULL},
        {"", NULL, NULL},
    };
    check("en", the_now, cases, COUNT(cases));
}

static const struct expected german_phrases[] = {
    {"Mama anrufen in 20 Minuten", "11-25 10:20", "Mama anrufen"},
    {"in 20 Minuten Mama anrufen", "11-25 10:20", "Mama anrufen"},
    {"Mama anrufen in 20min", "11-25 10:20", "Mama anrufen"},
    {"Mama anrufen in einer Stunde", "11-25 11:00", "Mama anrufen"},
    {"Mama anrufen in einer halben Stunde", "11-25 10:30", "Mama anrufen"},
    {"Mama anrufen in einer Viertelstunde", "11-25 10:15", "Mama anrufen"},
    {"Mama anrufen in anderthalb Stunden", "11-25 11:30", "Mama anrufen"},
    {"Mama anrufen in 1,5 Stunden", "11-25 11:30", "Mama anrufen"},
    {"Mama anrufen in zwei Stunden", "11-25 12:00", "Mama anrufen"},
    {"Mama anrufen in fuenf Minuten", "11-25 10:05", "Mama anrufen"},
    {"Mama anrufen in den n\u00E4chsten 30 Minuten", "11-25 10:30", "Mama anrufen"},
    {"Blumen gie\u00DFen in 2 Tagen", "11-27 09:00", "Blumen gie\u00DFen"},
    {"Blumen gie\u00DFen in einer Woche", "12-02 09:00", "Blumen gie\u00DFen"},
    {"Bericht fertig bis 18 Uhr", "11-25 18:00", "Bericht fertig"},
    {"Bericht fertig bis 18:00", "11-25 18:00", "Bericht fertig"},
    {"bis 18 Uhr Bericht schreiben", "11-25 18:00", "Bericht schreiben"},
    {"Sport um 18:30", "11-25 18:30", "Sport"},
    {"Sport um 18:30 Uhr", "11-25 18:30", "Sport"},
    {"Sport um 18.30 Uhr", "11-25 18:30", "Sport"},
    {"Sport um 18 Uhr 30", "11-25 18:30", "Sport"},
    {"Sport um 18h", "11-25 18:00", "Sport"},
    {"Sport gegen 18 Uhr", "11-25 18:00", "Sport"},
    {"Sport um 7", "11-25 19:00", "Sport"},
    {"Sport um sieben", "11-25 19:00", "Sport"},
    {"Sport um 7 Uhr", "11-26 07:00", "Sport"},
    {"Sport um halb 8", "11-25 19:30", "Sport"},
    {"Sport um Viertel nach 7", "11-25 19:15", "Sport"},
    {"Sport um dreiviertel 8", "11-25 19:45", "Sport"},
    {"Um 7 laufen gehen", "11-25 19:00", "laufen gehen"},
    {"18 Uhr Sport", "11-25 18:00", "Sport"},
    {"schlafen um Mitternacht", "11-26 00:00", "schlafen"},
    {"lesen heute", "11-25 20:00", "lesen"},
    {"heute noch lesen", "11-25 20:00", "lesen"},
    {"lesen heute Abend", "11-25 20:00", "lesen"},
    {"heute Abend 10 Seiten lesen", "11-25 20:00", "10 Seiten lesen"},
    {"heute Nachmittag lesen", "11-25 15:00", "lesen"},
    {"heute um 17 Uhr lesen", "11-25 17:00", "lesen"},
    {"heute Abend um 9 lesen", "11-25 21:00", "lesen"},
    {"am Abend lesen", "11-25 20:00", "lesen"},
    {"abends lesen", "11-25 20:00", "lesen"},
    {"lesen in der Fr\u00FCh", "11-26 09:00", "lesen"},
    {"morgen lesen", "11-26 09:00", "lesen"},
    {"lesen bis morgen", "11-26 09:00", "lesen"},
    {"morgen fr\u00FCh laufen", "11-26 09:00", "laufen"},
    {"morgen frueh laufen", "11-26 09:00", "laufen"},
    {"laufen morgen Abend", "11-26 20:00", "laufen"},
    {"morgen um 9 laufen gehen", "11-26 09:00", "laufen gehen"},
    {"laufen morgen um 9:30", "11-26 09:30", "laufen"},
    {"laufen morgen um 3", "11-26 15:00", "laufen"},
    {"Ich gehe morgen fr\u00FCh laufen", "11-26 09:00", "Ich gehe laufen"},
    {"Ich gehe heute Abend laufen", "11-25 20:00", "Ich gehe laufen"},
    {"Ich rufe Oma am Sonntag an", "11-29 09:00", "Ich rufe Oma an"},
    {"Ich rufe Oma morgen an", "11-26 09:00", "Ich rufe Oma an"},
    {"Ich gehe um 18 Uhr laufen", "11-25 18:00", "Ich gehe laufen"},
    {"\u00FCbermorgen laufen", "11-27 09:00", "laufen"},
    {"laufen \u00FCbermorgen um 8 Uhr", "11-27 08:00", "laufen"},
    {"am Freitag laufen", "11-27 09:00", "laufen"},
    {"laufen Freitag", "11-27 09:00", "laufen"},
    {"laufen am Fr", "11-27 09:00", "laufen"},
    {"laufen Freitagabend", "11-27 20:00", "laufen"},
    {"laufen am Freitag Abend", "11-27 20:00", "laufen"},
    {"laufen bis Freitag", "11-27 09:00", "laufen"},
    {"laufen am Freitag um 18 Uhr", "11-27 18:00", "laufen"},
    {"laufen am Mittwoch", "12-02 09:00", "laufen"},
    {"laufen n\u00E4chsten Montag", "11-30 09:00", "laufen"},
    {"laufen am naechsten Montag um 8 Uhr", "11-30 08:00", "laufen"},
    {"laufen n\u00E4chste Woche", "11-30 09:00", "laufen"},
    {"laufen am Wochenende", "11-28 09:00", "laufen"},
    {"morgen fr\u00FCh", "11-26 09:00", ""},
    {"18 Uhr", "11-25 18:00", ""},
    {"um 8", "11-25 20:00", ""},
};

static void german_phrases_are_understood(void **state)
{
    (void)state;
    check("de", the_now, german_phrases, COUNT(german_phrases));
}

static void german_repeats_are_understood(void **state)
{
    (void)state;
    static const struct expected_repeat cases[] = {
        {"10 Seiten lesen jeden Tag", "11-26 09:00", REPEAT_DAILY, 0, 540, "10 Seiten lesen"},
        {"jeden Tag 10 Seiten lesen", "11-26 09:00", REPEAT_DAILY, 0, 540, "10 Seiten lesen"},
        {"t\u00E4glich lesen", "11-26 09:00", REPEAT_DAILY, 0, 540, "lesen"},
        {"lesen taeglich um 18 Uhr", "11-25 18:00", REPEAT_DAILY, 0, 1080, "lesen"},
        {"jeden Tag lesen um 7 Uhr", "11-26 07:00", REPEAT_DAILY, 0, 420, "lesen"},
        {"jeden Morgen laufen", "11-26 09:00", REPEAT_DAILY, 0, 540, "laufen"},
        {"jeden Abend um 8 lesen", "11-25 20:00", REPEAT_DAILY, 0, 1200, "lesen"},
        {"jede Nacht schlafen", "11-25 20:00", REPEAT_DAILY, 0, 1200, "schlafen"},
        {"werktags laufen", "11-26 09:00", REPEAT_WEEKDAYS, 0, 540, "laufen"},
        {"laufen unter der Woche um 6:30", "11-26 06:30", REPEAT_WEEKDAYS, 0, 390, "laufen"},
        {"jeden Montag laufen", "11-30 09:00", REPEAT_WEEKLY, 1, 540, "laufen"},
        {"laufen jeden Mittwoch um 18 Uhr", "11-25 18:00", REPEAT_WEEKLY, 3, 1080, "laufen"},
        {"montags laufen", "11-30 09:00", REPEAT_WEEKLY, 1, 540, "laufen"},
        {"w\u00F6chentlich laufen", "12-02 09:00", REPEAT_WEEKLY, 3, 540, "laufen"},
        {"jede Woche am Freitag laufen", "11-27 09:00", REPEAT_WEEKLY, 5, 540, "laufen"},
        {"jedes Wochenende laufen", "11-28 09:00", REPEAT_WEEKLY, 6, 540, "laufen"},
    };
    check_repeats("de", cases, COUNT(cases));
}

static void german_near_misses_stay_whole(void **state)
{
    (void)state;
    static const struct expected cases[] = {
        {"5 Minuten lesen", NULL, NULL},
        {"10 Seiten von Tolstoi lesen", NULL, NULL},
        {"rund um die Uhr 24/7", NULL, NULL},
        {"Mama guten Morgen", NULL, NULL},
        {"Listen f\u00FCr morgen", NULL, NULL},
        {"Plan f\u00FCr heute", NULL, NULL},
        {"das Heute genie\u00DFen", NULL, NULL},
        {"den Morgen genie\u00DFen", NULL, NULL},
        {"um 5 kg abnehmen", NULL, NULL},
        {"um 10 Prozent senken", NULL, NULL},
        {"um die Ecke gehen", NULL, NULL},
        {"bis Seite 18 lesen", NULL, NULL},
        {"z\u00E4hlen bis 18", NULL, NULL},
        {"in 20 Minuten am Tag lernen", NULL, NULL},
        {"in 5 Minuten von hier", NULL, NULL},
        {"jeden zweiten Tag laufen", NULL, NULL},
        {"alle 2 Tage laufen", NULL, NULL},
        {"jeden Montag und Donnerstag", NULL, NULL},
        {"Tagebuch schreiben", NULL, NULL},
        {"den Freitag planen", NULL, NULL},
        {"den Tag planen", NULL, NULL},
        {"ein Buch lesen", NULL, NULL},
        {"zu Mittag essen", NULL, NULL},
        {"Kapitel 7 lesen", NULL, NULL},
        {"Abendessen kochen", NULL, NULL},
        {"Sonntagsbraten machen", NULL, NULL},
        {"Morgengymnastik", NULL, NULL},
        {"Sport um 25 Uhr", NULL, NULL},
        {"Sport um 18:75", NULL, NULL},
        {"in 0 Minuten los", NULL, NULL},
        {"von gestern bis heute", NULL, NULL},
        {"Uhr aufziehen", NULL, NULL},
        {"t\u00E4gliche \u00DCbung", NULL, NULL},
        {"ein Tag ohne Zucker", NULL, NULL},
        {"Listen f\u00FCr morgen an", NULL, NULL},
    };
    check("de", the_now, cases, COUNT(cases));
}

static void the_other_language_is_tried_too(void **state)
{
    (void)state;
    static const struct expected english_in_german[] = {
        {"read 10 pages tomorrow at 9:30", "11-26 09:30", "read 10 pages"},
    };
    static const struct expected german_in_others[] = {
        {"morgen um 9 laufen", "11-26 09:00", "laufen"},
    };
    check("de-AT", the_now, english_in_german, 1);
    check("en-US", the_now, german_in_others, 1);
    check("fr", the_now, german_in_others, 1);
    check(NULL, the_now, english_in_german, 1);
}

static void times_that_are_past_mean_later(void **state)
{
    (void)state;
    static const char *const evening = "2026-11-25T21:30:00+01:00";
    static const struct expected cases[] = {
        {"read at 18:00", "11-26 18:00", "read"},
        {"read at 7", "11-26 07:00", "read"},
        {"read at 10", "11-25 22:00", "read"},
        {"read today at 6pm", "11-26 18:00", "read"},
        {"read tonight", "11-25 22:30", "read"},
        {"read today", "11-25 22:30", "read"},
        {"read this morning", "11-26 09:00", "read"},
        {"read in the evening", "11-26 20:00", "read"},
        {"read on Wednesday", "12-02 09:00", "read"},
        {"read tomorrow", "11-26 09:00", "read"},
        {"read in 3 hours", "11-26 00:30", "read"},
    };
    check("en", evening, cases, COUNT(cases));
}

static void gaps_and_overlaps_follow_the_calendar(void **state)
{
    (void)state;
    static const struct expected spring[] = {
        {"get up tomorrow at 02:30", "03-29 03:00", "get up"},
    };
    static const struct expected autumn[] = {
        {"get up tomorrow at 02:30", "10-25 02:30", "get up"},
    };
    check("en", "2026-03-28T20:00:00+01:00", spring, 1);
    check("en", "2026-10-24T20:00:00+02:00", autumn, 1);
    /* A span is real time, also over a gap: 23:30 and 3 hours are 03:30. */
    static const struct expected span[] = {{"get up in 3 hours", "03-29 03:30", "get up"}};
    check("en", "2026-03-28T23:30:00+01:00", span, 1);
    struct arena *arena = arena_new(4096);
    struct time_phrase found =
        parse_at(arena, "get up tomorrow at 02:30", "en", "2026-10-24T20:00:00+02:00");
    int64_t first;
    assert_true(calendar_parse_iso(STR("2026-10-25T00:30:00Z"), &first));
    assert_int_equal(found.at_ms, first);
    arena_free(arena);
}

static void clocks_are_told_from_assumed_hours(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool has_clock;
    } cases[] = {
        {"read tomorrow at 9", true}, {"read in 20 minutes", true}, {"read at noon", true},
        {"read tomorrow", false},     {"read tonight", false},      {"read every day", false},
        {"read in 2 days", false},    {"read daily at 7", true},
    };
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct time_phrase found = parse_at(arena, cases[i].text, "en", the_now);
        assert_true(found.found);
        assert_int_equal(found.has_clock, cases[i].has_clock);
    }
    arena_free(arena);
}

/* Any bytes, and words of the tables in any order, must be taken in bounded time. */
static void random_texts_do_no_harm(void **state)
{
    (void)state;
    static const char *const words[] = {"in",     "20",  "minutes", "at",   "7",     "tomorrow",
                                        "every",  "day", "morgen",  "um",   "halb",  "8",
                                        "Uhr",    "bis", "heute",   "pm",   "half",  "past",
                                        "Monday", ",",   "quarter", "to",   "abend", "\xFF",
                                        "12:",    ":30", "1.",      "6pm:", "-",     "99999"};
    struct arena *arena = arena_new(64 * 1024);
    uint64_t seed = 88172645463325252ULL;
    for (int n = 0; n < 5000; n++) {
        char text[200] = "";
        size_t used = 0;
        for (int i = 0; i < n % 14; i++) {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i == 0 ? "" : " ",
                                     words[seed % COUNT(words)]);
        }
        struct time_phrase found = parse_at(arena, text, n % 2 == 0 ? "de" : "en", the_now);
        assert_true(found.rest.length <= used);
        arena_reset(arena);
    }
    char *many = arena_alloc(arena, 4000);
    for (int i = 0; i < 600; i++) {
        memcpy(many + 3 * i, "at ", 3);
    }
    assert_false(parse_at(arena, many, "en", the_now).found);
    arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(english_phrases_are_understood),
        cmocka_unit_test(english_repeats_are_understood),
        cmocka_unit_test(english_near_misses_stay_whole),
        cmocka_unit_test(german_phrases_are_understood),
        cmocka_unit_test(german_repeats_are_understood),
        cmocka_unit_test(german_near_misses_stay_whole),
        cmocka_unit_test(the_other_language_is_tried_too),
        cmocka_unit_test(times_that_are_past_mean_later),
        cmocka_unit_test(gaps_and_overlaps_follow_the_calendar),
        cmocka_unit_test(clocks_are_told_from_assumed_hours),
        cmocka_unit_test(random_texts_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
