/* Composing answers of the bot's own texts with values that are no facts. A text may hold %1 … %9;
 * values are put in as they are, so what a person wrote goes through say_person first. Pure. */
#pragma once

#include "core/commitment.h"

/* Lines of one answer, in the arena. */
struct say_lines {
    struct arena *arena;
    char *text;
    size_t length, capacity;
};

/* The bot text of `key` with the values in; at most 9. */
struct str say_text(struct deciding *deciding, const char *key, const struct str *values,
                    int count);
/* A text of the one key or the other by the count's plural category: KEY_one, KEY_other, …
 * (KEY_other when the catalog has none of that category); %1 is the count. */
struct str say_count(struct deciding *deciding, const char *key, int64_t count);
/* What a person wrote, safe inside Markdown, at most `graphemes` long. */
struct str say_person(struct deciding *deciding, struct str text, size_t graphemes);
struct str say_number(struct deciding *deciding, double value, int decimals);
/* "25 min", "3.4 h", "2.1 days". */
struct str say_duration(struct deciding *deciding, int64_t duration_ms);
/* The size of a commitment: "30 seconds", "5 min". */
struct str say_size(struct deciding *deciding, int size_s);
/* "today, 18:00", "tomorrow, 08:00", "Mon, 23 Nov, 08:00" in the person's zone. */
struct str say_when(struct deciding *deciding, int64_t at_ms);
/* "07:05" of minutes since midnight. */
struct str say_clock(struct deciding *deciding, int minute);
/* The language the person is written to in. */
const char *say_language(const struct deciding *deciding);

/* Sends the text as a reply. */
void say(struct deciding *deciding, const char *key, const struct str *values, int count);
void say_with(struct deciding *deciding, const char *key, const struct str *values, int count,
              const struct button *buttons, int button_count);

void say_line(struct say_lines *lines, struct str line);
struct str say_lines_end(const struct say_lines *lines);

/* Appends a button with the text of `key` and a token by printf; the array has room for
 * LIMIT_BUTTONS, more are left out. */
struct say_buttons {
    struct button items[12];
    int count;
};
void say_button(struct deciding *deciding, struct say_buttons *buttons, struct str text,
                const char *token_format, ...) PRINTF_LIKE(4, 5);
/* Plain text of a key, for buttons and callbacks. */
struct str say_plain(struct deciding *deciding, const char *key);
/* The same with values. */
struct str say_label(struct deciding *deciding, const char *key, const struct str *values,
                     int count);
