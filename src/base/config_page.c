/* The page of all settings, made from their table: docs/reference/settings.md is this text. */
#include <inttypes.h>
#include <string.h>

#include "base/config.h"

static const char head[] = "# Settings\n\n"
                           "From the environment, and below it in precedence from the file `.env` "
                           "in the working directory "
                           "(or\n`--env-file`). An empty value counts as not set. A wrong value "
                           "stops every command with one "
                           "line that names\nthe setting, what is wrong and what was expected "
                           "(exit status 3). In the file, a "
                           "name that is nearly one of\nthese is a mistake; other names are left "
                           "alone. Values of secrets are "
                           "never shown.\n\n"
                           "| setting | kind | default | what it is for |\n"
                           "|---|---|---|---|\n";

static const char tail[] =
    "\nA duration is written as `500ms`, `30s`, `90m`, `2h`, `1d` or `1h30m`; a window as "
    "`22:00-08:00`, or `off`;\nlists are separated by commas; zones are IANA names such as "
    "`Europe/Berlin`.\n";

/* "<" would begin HTML in Markdown. */
static struct str escaped(struct arena *arena, const char *text)
{
    struct str done = STR_NONE;
    for (struct str rest = str_of(text); rest.length > 0;) {
        bool cut = memchr(rest.ptr, '<', rest.length) != NULL;
        struct str part = str_split(rest, '<', &rest);
        done = arena_printf(arena, "%.*s%.*s%s", STR_ARG(done), STR_ARG(part), cut ? "\\<" : "");
    }
    return done;
}

struct str config_page(struct arena *arena)
{
    size_t count;
    const struct config_row *rows = config_rows(&count);
    struct str page = str_of(head);
    for (size_t i = 0; i < count; i++) {
        const struct config_row *row = &rows[i];
        struct str alias =
            row->alias != NULL ? arena_printf(arena, ", also `%s`", row->alias) : STR_NONE;
        struct str fallback =
            row->fallback != NULL ? arena_printf(arena, "`%s`", row->fallback) : STR_NONE;
        struct str help = escaped(arena, row->help);
        bool says_secret = strstr(row->kind, "secret") != NULL;
        struct str range =
            row->max > row->min && strcmp(row->kind, "number") == 0
                ? arena_printf(arena, ", %" PRId64 " to %" PRId64, row->min, row->max)
                : STR_NONE;
        page = arena_printf(arena, "%.*s| `%s`%.*s | %s%.*s%s | %.*s | %.*s |\n", STR_ARG(page),
                            row->name, STR_ARG(alias), row->kind, STR_ARG(range),
                            row->secret && !says_secret ? ", secret" : "", STR_ARG(fallback),
                            STR_ARG(help));
    }
    return arena_printf(arena, "%.*s%s", STR_ARG(page), tail);
}
