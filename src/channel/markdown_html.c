/* Markdown as HTML: cmark's safe mode does the work. */
#include "channel/markdown_html.h"

#include <cmark.h>
#include <stdlib.h>

#include "base/check.h"

struct str markdown_html(struct arena *arena, struct str markdown)
{
    char *html =
        cmark_markdown_to_html(markdown.ptr != NULL ? markdown.ptr : "", markdown.length,
                               CMARK_OPT_DEFAULT | CMARK_OPT_HARDBREAKS | CMARK_OPT_VALIDATE_UTF8);
    ASSERT(html != NULL);
    struct str result = arena_str(arena, str_of(html));
    free(html);
    return result;
}
