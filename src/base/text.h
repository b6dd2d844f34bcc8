/* Text in any script: ICU behind. Input may be any bytes; invalid UTF-8 counts as U+FFFD. Pure, any
 * thread. Languages are tags such as "en", "de", "pt-BR". */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

/* Valid UTF-8: invalid sequences, NUL and other control characters but tab and newline replaced by
 * U+FFFD; NFC. The same view when nothing had to change. */
struct str text_clean(struct arena *arena, struct str text);
bool text_is_utf8(struct str text);
size_t text_code_points(struct str text);
/* User-perceived characters. */
size_t text_graphemes(struct str text);
/* UTF-16 code units, Telegram's unit. */
size_t text_utf16_units(struct str text);
/* At most `count` graphemes of it, with "…" put at the end when something was cut off. */
struct str text_cut(struct arena *arena, struct str text, size_t count);
/* The first word by ICU's word boundaries (works for Thai), without punctuation, at most
 * max_graphemes long; empty when the text has no letter or digit (emoji count as a word then). */
struct str text_first_word(struct arena *arena, struct str text, size_t max_graphemes);
/* Case-folded, accents kept, white space runs made one space, quotes and apostrophes unified,
 * trimmed: for comparing phrases. */
struct str text_fold(struct arena *arena, struct str text);
/* All words of folded text, in order, by ICU's word boundaries, without punctuation. Returns the
 * count; *ret_words is an array in the arena of at most max_words. */
size_t text_words(struct arena *arena, struct str text, size_t max_words, struct str **ret_words);
/* Emoji presentation sequences (a family with joiners is one). */
size_t text_emoji(struct str text);
/* First letter upper case, by the language. */
struct str text_title(struct arena *arena, struct str text, const char *language);

/* CLDR plural category of n in the language: "zero", "one", "two", "few", "many", "other". */
const char *text_plural_category(const char *language, double n);
/* All categories that integers 0..1000 and one decimal can take in the language; count returned. */
size_t text_plural_categories(const char *language, const char *ret_names[6]);
/* A number with at most `decimals` decimals in the language's format ("1,234.5", "1.234,5"). */
struct str text_number(struct arena *arena, const char *language, double value, int decimals);
/* A local date in words ("Mon, 23 Nov") in the language; days since 1970-01-01. */
struct str text_date(struct arena *arena, const char *language, int64_t day_number);
/* Whether there are formats for the language of a tag such as "pt-BR"; unknown ones count as
 * English everywhere else. NULL and "" are not known. */
bool text_language_is_known(const char *language);
/* Native name of a language ("Deutsch" for "de"). */
struct str text_language_name(struct arena *arena, const char *language);
