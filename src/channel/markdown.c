/* cmark parses; the tree is walked without recursion, since hostile text can nest as deep as it is
 * long. Both forms come from the same walk. When the budget of visible text is used up, text is
 * left out but tags are still closed, so that the result stays valid. */
#include "channel/markdown.h"

#include <cmark.h>
#include <string.h>

#include "base/check.h"
#include "channel/out.h"

enum {
    DEPTH_MAX = 64,            /* of lists; deeper ones are shown without indent */
    TEXT_BYTES_MAX = 24 * 1024 /* Telegram reads at most 32768 bytes before it looks at tags */
};

struct walk {
    struct out out;
    bool html;
    size_t units;
    size_t units_max;
    bool cut;
    int breaks;      /* line breaks owed before the next text */
    bool begun;      /* some text stands already */
    int quote_depth; /* blockquotes do not nest in Telegram */
    int list_depth;
    int item_numbers[DEPTH_MAX]; /* next number of an ordered list, 0: bullets */
    int link_depth;
};

static void put_tag(struct walk *walk, const char *tag)
{
    if (walk->html) {
        out_text(&walk->out, tag);
    }
}

/* Bytes of the longest beginning that fits into `units` UTF-16 units; *ret_units what it takes. */
static size_t fitting(struct str text, size_t units, size_t *ret_units)
{
    size_t used = 0;
    size_t at = 0;
    while (at < text.length) {
        bool ascii = (unsigned char)text.ptr[at] < 0x80;
        size_t length = ascii ? 1 : str_utf8_length((struct str){text.ptr + at, text.length - at});
        size_t needed = length == 4 ? 2 : 1;
        if (used + needed > units) {
            break;
        }
        used += needed;
        at += length == 0 ? 1 : length;
    }
    *ret_units = used;
    return at;
}

static void put_raw(struct walk *walk, struct str text)
{
    if (walk->cut || text.length == 0) {
        return;
    }
    size_t units = 0;
    size_t length = 0;
    if (walk->out.used + text.length <= TEXT_BYTES_MAX) {
        length = fitting(text, walk->units_max - walk->units, &units);
    }
    struct str part = {text.ptr, length};
    if (walk->html) {
        out_html(&walk->out, part);
    } else {
        out_bytes(&walk->out, part);
    }
    walk->units += units;
    if (length < text.length) {
        walk->cut = true; /* units_max was lowered by one for the ellipsis */
        out_text(&walk->out, "…");
        walk->units++;
    }
}

/* The line breaks that separate blocks are written only when something follows. */
static void settle_breaks(struct walk *walk)
{
    if (walk->breaks > 0 && walk->begun) {
        put_raw(walk, walk->breaks == 1 ? STR("\n") : STR("\n\n"));
    }
    walk->breaks = 0;
}

static void put_text(struct walk *walk, struct str text)
{
    if (text.length > 0) {
        settle_breaks(walk);
        walk->begun = true;
        put_raw(walk, text);
    }
}

static void owe_breaks(struct walk *walk, int count)
{
    walk->breaks = walk->breaks > count ? walk->breaks : count;
}

static bool link_is_shown(struct str address)
{
    static const char *const schemes[] = {"https://", "http://", "tg://", "mailto:"};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
        if (str_starts(address, str_of(schemes[i]))) {
            return address.length <= 2048;
        }
    }
    return false;
}

static void link_edge(struct walk *walk, cmark_node *node, bool entering)
{
    struct str address = str_of(cmark_node_get_url(node));
    if (!link_is_shown(address)) {
        return;
    }
    if (walk->html) {
        /* Links do not nest in Markdown, but an image's address may stand inside of a link. */
        walk->link_depth += entering ? 1 : -1;
        if (entering && walk->link_depth == 1) {
            settle_breaks(walk);
            out_text(&walk->out, "<a href=\"");
            out_html(&walk->out, address);
            out_text(&walk->out, "\">");
        } else if (!entering && walk->link_depth == 0) {
            out_text(&walk->out, "</a>");
        }
    } else if (!entering) {
        cmark_node *text = cmark_node_first_child(node);
        bool same = text != NULL && cmark_node_next(text) == NULL &&
                    cmark_node_get_type(text) == CMARK_NODE_TEXT &&
                    str_equal(str_of(cmark_node_get_literal(text)), address);
        if (!same) {
            put_text(walk, STR(" ("));
            put_text(walk, address);
            put_text(walk, STR(")"));
        }
    }
}

static void list_edge(struct walk *walk, cmark_node *node, bool entering)
{
    if (entering) {
        int first = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST
                        ? cmark_node_get_list_start(node)
                        : -1;
        if (walk->list_depth < DEPTH_MAX) {
            walk->item_numbers[walk->list_depth] = first;
        }
        walk->list_depth++;
        owe_breaks(walk, walk->list_depth > 1 ? 1 : 2);
    } else {
        walk->list_depth--;
        owe_breaks(walk, walk->list_depth > 0 ? 1 : 2);
    }
}

static void item_edge(struct walk *walk, bool entering)
{
    if (!entering) {
        walk->breaks = 0;
        owe_breaks(walk, 1);
        return;
    }
    int depth = walk->list_depth - 1;
    for (int i = 0; i < depth && i < 8; i++) {
        put_text(walk, STR("  "));
    }
    int number = depth < DEPTH_MAX ? walk->item_numbers[depth] : -1;
    if (number < 0) {
        put_text(walk, STR("• "));
    } else {
        struct str label = arena_printf(walk->out.arena, "%d. ", number);
        put_text(walk, label);
        walk->item_numbers[depth] = number < 1000000000 ? number + 1 : number;
    }
}

static void quote_edge(struct walk *walk, bool entering)
{
    if (entering) {
        owe_breaks(walk, 2);
        settle_breaks(walk);
        if (walk->quote_depth++ == 0) {
            put_tag(walk, "<blockquote>");
        }
    } else {
        walk->breaks = 0;
        if (--walk->quote_depth == 0) {
            put_tag(walk, "</blockquote>");
        }
        owe_breaks(walk, 2);
    }
}

static void block_of_code(struct walk *walk, cmark_node *node)
{
    struct str text = str_of(cmark_node_get_literal(node));
    if (text.length > 0 && text.ptr[text.length - 1] == '\n') {
        text.length--;
    }
    owe_breaks(walk, 2);
    settle_breaks(walk);
    put_tag(walk, "<pre>");
    put_text(walk, text);
    put_tag(walk, "</pre>");
    owe_breaks(walk, 2);
}

static void tag_edge(struct walk *walk, const char *open, const char *close, bool entering)
{
    if (entering) {
        settle_breaks(walk);
        put_tag(walk, open);
    } else {
        put_tag(walk, close);
    }
}

/* Only the paragraph of a tight list's item makes no gap. */
static int breaks_after(cmark_node *node)
{
    cmark_node *parent = cmark_node_parent(node);
    return parent != NULL && cmark_node_get_type(parent) == CMARK_NODE_ITEM ? 1 : 2;
}

static void visit_leaf(struct walk *walk, cmark_node *node)
{
    switch ((int)cmark_node_get_type(node)) {
    case CMARK_NODE_TEXT:
    case CMARK_NODE_HTML_INLINE:
    case CMARK_NODE_CUSTOM_INLINE:
        put_text(walk, str_of(cmark_node_get_literal(node)));
        break;
    case CMARK_NODE_HTML_BLOCK:
        put_text(walk, str_trim(str_of(cmark_node_get_literal(node))));
        owe_breaks(walk, 2);
        break;
    case CMARK_NODE_CODE_BLOCK:
        block_of_code(walk, node);
        break;
    case CMARK_NODE_CODE:
        settle_breaks(walk);
        put_tag(walk, "<code>");
        put_text(walk, str_of(cmark_node_get_literal(node)));
        put_tag(walk, "</code>");
        break;
    case CMARK_NODE_SOFTBREAK:
    case CMARK_NODE_LINEBREAK:
        put_text(walk, STR("\n"));
        break;
    case CMARK_NODE_THEMATIC_BREAK:
        put_text(walk, STR("———"));
        owe_breaks(walk, 2);
        break;
    default:
        break;
    }
}

static void visit(struct walk *walk, cmark_node *node, bool entering)
{
    switch ((int)cmark_node_get_type(node)) {
    case CMARK_NODE_PARAGRAPH:
        if (!entering) {
            owe_breaks(walk, breaks_after(node));
        }
        break;
    case CMARK_NODE_HEADING:
        tag_edge(walk, "<b>", "</b>", entering);
        if (!entering) {
            owe_breaks(walk, 2);
        }
        break;
    case CMARK_NODE_BLOCK_QUOTE:
        quote_edge(walk, entering);
        break;
    case CMARK_NODE_LIST:
        list_edge(walk, node, entering);
        break;
    case CMARK_NODE_ITEM:
        item_edge(walk, entering);
        break;
    case CMARK_NODE_EMPH:
        tag_edge(walk, "<i>", "</i>", entering);
        break;
    case CMARK_NODE_STRONG:
        tag_edge(walk, "<b>", "</b>", entering);
        break;
    case CMARK_NODE_LINK:
    case CMARK_NODE_IMAGE:
        link_edge(walk, node, entering);
        break;
    default:
        if (entering) {
            visit_leaf(walk, node);
        }
        break;
    }
}

static struct markdown_text render(struct arena *arena, struct str markdown, size_t units_max,
                                   bool html)
{
    ASSERT(units_max > 1);
    struct walk walk = {.html = html, .units_max = units_max - 1};
    out_init(&walk.out, arena, markdown.length + markdown.length / 4 + 64);
    cmark_node *document = cmark_parse_document(markdown.ptr != NULL ? markdown.ptr : "",
                                                markdown.length, CMARK_OPT_DEFAULT);
    ASSERT(document != NULL);
    cmark_iter *iterator = cmark_iter_new(document);
    ASSERT(iterator != NULL);
    cmark_event_type event;
    while ((event = cmark_iter_next(iterator)) != CMARK_EVENT_DONE) {
        visit(&walk, cmark_iter_get_node(iterator), event == CMARK_EVENT_ENTER);
    }
    cmark_iter_free(iterator);
    cmark_node_free(document);
    return (struct markdown_text){out_str(&walk.out), walk.units, walk.cut};
}

struct markdown_text markdown_telegram(struct arena *arena, struct str markdown, size_t units_max)
{
    return render(arena, markdown, units_max, true);
}

struct markdown_text markdown_plain(struct arena *arena, struct str markdown, size_t units_max)
{
    return render(arena, markdown, units_max, false);
}
