/* Message templates: Markdown with placeholders.
 *
 *   Hi {{first_name|friend}}! You did it in {{completion_hours}} h.
 *   {{streak_days}} {{plural streak_days one="day" other="days"}} in a row
 *
 * {{fact}} puts a fact in (numbers in the language's format), {{fact|fallback}} the fallback when
 * it is not known or empty, {{plural fact one="…" other="…"}} the text for the fact's plural
 * category; all categories of the language must be given. Texts of people are escaped so that they
 * cannot become Markdown. An unknown fact or a missing category is a mistake at compile time. Pure.
 */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

struct template;
struct facts;

MUST_CHECK enum err template_compile(struct arena *arena, struct str source, const char *language,
                                     struct template **ret_template, size_t *ret_offset,
                                     struct err_detail *detail);
/* Renders into the arena. `plain`: without Markdown escaping (button texts, values). */
struct str template_render(struct arena *arena, const struct template *template,
                           const struct facts *facts, bool plain);
/* Code points that a reader sees at most, facts not counted: fixed text, the longer of fallback and
 * nothing, the longest plural form. *ret_emoji (may be NULL) likewise. */
size_t template_length(const struct template *template, size_t *ret_emoji);
struct str template_source(const struct template *template);
/* Puts a backslash before every character that Markdown could take for markup. */
struct str template_escape(struct arena *arena, struct str text);
