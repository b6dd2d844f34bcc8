/* Markdown as HTML for our own pages. Pure, any thread. */
#pragma once

#include "base/arena.h"
#include "base/str.h"

/* Raw HTML and dangerous links are left out, single line breaks stay. */
struct str markdown_html(struct arena *arena, struct str markdown);
