/* What the text files share of ICU: objects that are costly to open, kept for each thread and freed
 * at its end, and the way from language tags to ICU's locales. Private to base/text*.c. */
#pragma once

#include <stdbool.h>
#include <unicode/ubrk.h>
#include <unicode/ucasemap.h>
#include <unicode/udat.h>
#include <unicode/unumberformatter.h>
#include <unicode/upluralrules.h>

#include "base/str.h"

enum {
    TEXT_LOCALE_BYTES = 48,
    TEXT_DECIMALS_MAX = 6, /* of printed numbers */
};
/* How a language writes tenths, when not with the sign itself. */
enum { TENTHS_UNKNOWN, TENTHS_OTHER };

/* Formats of one language, opened when first asked for. */
struct text_language {
    char tag[16];
    bool known;
    char locale[TEXT_LOCALE_BYTES]; /* ICU's name, "en_001" */
    UPluralRules *plural;
    unsigned categories; /* bits of those its numbers need; 0 not known yet */
    UNumberFormatter *numbers[TEXT_DECIMALS_MAX + 1]; /* by decimals */
    char tenths; /* '.' or ',' between whole and tenths, or as above */
    UDateFormat *date;
};

/* The thread's iterators, set to the text (bytes; valid UTF-8 or not). The text must live while the
 * iterator is used; indices are bytes. Never close them. */
UBreakIterator *text_graphemes_of(struct str text);
UBreakIterator *text_words_of(struct str text);
/* Full case folding, for ucasemap_utf8FoldCase. */
const UCaseMap *text_case_map(void);
/* The thread's formats for a tag such as "pt-BR"; NULL, malformed and unknown tags mean English.
 * Valid until the next call in this thread. */
struct text_language *text_language_of(const char *tag);
