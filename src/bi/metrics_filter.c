/* Reading a filter of the figures as people write it: options of the terminal and parameters of the
 * API alike. */
#include "base/calendar.h"
#include "base/limits.h"
#include "bi/metrics.h"

/* "2026-01-01", or an instant of ISO 8601. */
static bool read_instant(struct arena *arena, struct str word, int64_t *ret_at_ms)
{
    return calendar_parse_iso(word, ret_at_ms) ||
           (word.length == 10 &&
            calendar_parse_iso(arena_printf(arena, "%.*sT00:00Z", STR_ARG(word)), ret_at_ms));
}

static bool read_cohort(struct arena *arena, struct str word, struct metrics_filter *filter)
{
    /* An instant may hold a '.' of its own, so two in a row are looked for. */
    for (size_t i = 0; i + 1 < word.length; i++) {
        if (word.ptr[i] == '.' && word.ptr[i + 1] == '.') {
            struct str from = {word.ptr, i};
            struct str to = {word.ptr + i + 2, word.length - i - 2};
            return (from.length == 0 || read_instant(arena, from, &filter->from_ms)) &&
                   (to.length == 0 || read_instant(arena, to, &filter->to_ms)) &&
                   (to.length == 0 || filter->from_ms < filter->to_ms);
        }
    }
    return false;
}

/* "48h", "7d", "90m". */
static bool read_duration(struct str word, int64_t *ret_ms)
{
    int64_t count;
    if (word.length < 2 || !str_to_int64((struct str){word.ptr, word.length - 1}, &count) ||
        count < 1 || count > 100000) {
        return false;
    }
    char unit = word.ptr[word.length - 1];
    int64_t each_ms = unit == 'd' ? DAY_MS : unit == 'h' ? HOUR_MS : unit == 'm' ? MINUTE_MS : 0;
    *ret_ms = count * each_ms;
    return each_ms > 0;
}

enum err metrics_filter_read(struct arena *arena, const struct metrics_filter_words *words,
                             struct metrics_filter *ret_filter, struct err_detail *detail)
{
    struct metrics_filter filter = {
        .source = words->source, .language = words->language, .set = words->set};
    if (words->set.length > 0 && !str_is(words->set, "original") &&
        !str_is(words->set, "optimized")) {
        return err_set(detail, ERR_INVALID, "set takes original or optimized");
    }
    if (words->cohort.length > 0 && !read_cohort(arena, words->cohort, &filter)) {
        return err_set(detail, ERR_INVALID,
                       "cohort takes FROM..TO, such as 2026-01-01..2026-02-01");
    }
    if (words->variant.length > 0) {
        filter.experiment = str_split(words->variant, '=', &filter.variant);
        if (filter.experiment.length == 0 || filter.variant.length == 0) {
            return err_set(detail, ERR_INVALID, "variant takes EXPERIMENT=VARIANT");
        }
    }
    if (words->within.length > 0 && !read_duration(words->within, &filter.within_ms)) {
        return err_set(detail, ERR_INVALID, "within takes a time such as 48h, 7d or 90m");
    }
    *ret_filter = filter;
    return OK;
}
