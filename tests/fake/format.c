/* The HTML parse mode (format.h): a scanner with a stack of open tags. Offsets of entities count
 * UTF-16 units; byte offsets in errors count from the start of the text given. It does not find
 * links, mentions or commands in plain text, as the real server does. */
#include "format.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX    64
#define ENTITIES_MAX 100 /* as on Telegram: what comes later is plain text */

struct tag {
    char name[16];
    size_t argument; /* where its href, emoji id, … begins in scanner.arguments; 0: none */
    size_t utf16;    /* where it began in the plain text */
};

struct entity {
    struct tag tag;
    size_t length;
};

struct scanner {
    const char *text;
    size_t at;
    size_t utf16;
    struct buf *plain;
    struct buf arguments; /* strings, one after the other */
    struct tag open[DEPTH_MAX];
    size_t depth;
    struct entity entities[ENTITIES_MAX];
    size_t entity_count;
    char *error;
};

static const char *const tag_names[] = {
    "a",   "b",    "strong", "i",   "em",         "s",          "strike",   "del",     "u",
    "ins", "span", "code",   "pre", "tg-spoiler", "blockquote", "tg-emoji", "tg-time",
};

static bool fail(struct scanner *scanner, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool fail(struct scanner *scanner, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(scanner->error, FORMAT_ERROR_BYTES, format, args);
    va_end(args);
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\v';
}

static void put_code_point(struct buf *out, uint32_t code)
{
    if (code < 0x80) {
        buf_char(out, (char)code);
    } else if (code < 0x800) {
        buf_char(out, (char)(0xC0 | code >> 6));
        buf_char(out, (char)(0x80 | (code & 0x3F)));
    } else if (code < 0x10000) {
        buf_char(out, (char)(0xE0 | code >> 12));
        buf_char(out, (char)(0x80 | (code >> 6 & 0x3F)));
        buf_char(out, (char)(0x80 | (code & 0x3F)));
    } else {
        buf_char(out, (char)(0xF0 | code >> 18));
        buf_char(out, (char)(0x80 | (code >> 12 & 0x3F)));
        buf_char(out, (char)(0x80 | (code >> 6 & 0x3F)));
        buf_char(out, (char)(0x80 | (code & 0x3F)));
    }
}

/* The character of the reference at `text`, 0 when it is none; *ret_len its bytes. */
static uint32_t character_reference(const char *text, size_t *ret_len)
{
    static const struct {
        const char *name;
        uint32_t code;
    } named[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}};
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (!strncmp(text, named[i].name, strlen(named[i].name))) {
            *ret_len = strlen(named[i].name);
            return named[i].code;
        }
    }
    if (text[1] != '#') {
        return 0;
    }
    bool hex = text[2] == 'x';
    const char *digits = text + (hex ? 3 : 2);
    if (!isxdigit((unsigned char)*digits) || (!hex && !isdigit((unsigned char)*digits))) {
        return 0;
    }
    char *end;
    unsigned long code = strtoul(digits, &end, hex ? 16 : 10);
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) || end - text > 10) {
        return 0;
    }
    *ret_len = (size_t)(end - text) + (*end == ';');
    return (uint32_t)code;
}

static bool tag_known(const char *name)
{
    for (size_t i = 0; i < sizeof tag_names / sizeof tag_names[0]; i++) {
        if (!strcmp(name, tag_names[i])) {
            return true;
        }
    }
    return false;
}

static void skip_space(struct scanner *scanner)
{
    while (is_space(scanner->text[scanner->at])) {
        scanner->at++;
    }
}

/* What follows the equal sign. */
static bool attribute_value(struct scanner *scanner, size_t begin, struct buf *value)
{
    const char *text = scanner->text;
    char quote = text[scanner->at];
    if (quote != '"' && quote != '\'') {
        size_t token = scanner->at;
        while (isalnum((unsigned char)text[scanner->at]) || text[scanner->at] == '.' ||
               text[scanner->at] == '-') {
            buf_char(value, (char)tolower((unsigned char)text[scanner->at++]));
        }
        if (!is_space(text[scanner->at]) && text[scanner->at] != '>') {
            return fail(scanner, "Unexpected end of name token at byte offset %zu", token);
        }
        return true;
    }
    scanner->at++;
    while (text[scanner->at] && text[scanner->at] != quote) {
        size_t len = 0;
        uint32_t code =
            text[scanner->at] == '&' ? character_reference(text + scanner->at, &len) : 0;
        if (code) {
            put_code_point(value, code);
            scanner->at += len;
        } else {
            buf_char(value, text[scanner->at++]);
        }
    }
    if (!text[scanner->at]) {
        return fail(scanner, "Unclosed start tag at byte offset %zu", begin);
    }
    scanner->at++;
    return true;
}

static const char *argument(const struct scanner *scanner, const struct tag *tag)
{
    return tag->argument ? scanner->arguments.data + tag->argument : "";
}

static void keep_argument(struct scanner *scanner, struct tag *tag, const char *attribute,
                          const char *value)
{
    const char *kept = NULL;
    if ((!strcmp(tag->name, "a") && !strcmp(attribute, "href")) ||
        (!strcmp(tag->name, "tg-emoji") && !strcmp(attribute, "emoji-id")) ||
        (!strcmp(tag->name, "tg-time") && !strcmp(attribute, "unix"))) {
        kept = value;
    } else if (!strcmp(tag->name, "code") && !strcmp(attribute, "class") &&
               !strncmp(value, "language-", 9)) {
        kept = value + 9;
    } else if (!strcmp(tag->name, "span") && !strcmp(attribute, "class") &&
               !strncmp(value, "tg-", 3)) {
        kept = value + 3;
    } else if (!strcmp(tag->name, "blockquote") && !strcmp(attribute, "expandable")) {
        kept = "1";
    }
    if (kept) {
        buf_char(&scanner->arguments, '\0'); /* so that no argument begins at 0 */
        tag->argument = scanner->arguments.len;
        buf_str(&scanner->arguments, kept);
    }
}

/* One attribute; the scanner stands at its first character. */
static bool read_attribute(struct scanner *scanner, size_t begin, struct tag *tag)
{
    const char *text = scanner->text;
    size_t name = scanner->at;
    while (text[scanner->at] && !is_space(text[scanner->at]) &&
           !strchr("=>/\"'", text[scanner->at])) {
        scanner->at++;
    }
    char attribute[32];
    snprintf(attribute, sizeof attribute, "%.*s", (int)(scanner->at - name), text + name);
    if (scanner->at == name) {
        return fail(scanner, "Empty attribute name in the tag \"%s\" at byte offset %zu", tag->name,
                    begin);
    }
    skip_space(scanner);
    if (text[scanner->at] != '=') {
        if (!text[scanner->at]) {
            return fail(scanner, "Unclosed start tag \"%s\" at byte offset %zu", tag->name, begin);
        }
        keep_argument(scanner, tag, attribute, "");
        return true;
    }
    scanner->at++;
    skip_space(scanner);
    if (!text[scanner->at]) {
        return fail(scanner, "Unclosed start tag \"%s\" at byte offset %zu", tag->name, begin);
    }
    struct buf value = {0};
    buf_str(&value, "");
    bool ok = attribute_value(scanner, begin, &value);
    if (ok) {
        keep_argument(scanner, tag, attribute, value.data);
    }
    buf_release(&value);
    return ok;
}

static bool read_start_tag(struct scanner *scanner)
{
    const char *text = scanner->text;
    size_t begin = scanner->at++;
    size_t name = scanner->at;
    while (text[scanner->at] && !is_space(text[scanner->at]) && text[scanner->at] != '>') {
        scanner->at++;
    }
    if (!text[scanner->at]) {
        return fail(scanner, "Unclosed start tag at byte offset %zu", begin);
    }
    struct tag tag = {.utf16 = scanner->utf16};
    char shown[64];
    snprintf(shown, sizeof shown, "%.*s", (int)(scanner->at - name), text + name);
    for (char *c = shown; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    if (!tag_known(shown)) {
        return fail(scanner, "Unsupported start tag \"%s\" at byte offset %zu", shown, begin);
    }
    snprintf(tag.name, sizeof tag.name, "%.15s", shown);
    for (skip_space(scanner); text[scanner->at] != '>'; skip_space(scanner)) {
        if (!text[scanner->at]) {
            return fail(scanner, "Unclosed start tag at byte offset %zu", begin);
        }
        if (!read_attribute(scanner, begin, &tag)) {
            return false;
        }
    }
    scanner->at++;
    if (!strcmp(tag.name, "span") && strcmp(argument(scanner, &tag), "spoiler")) {
        return fail(scanner, "Tag \"span\" must have class \"tg-spoiler\" at byte offset %zu",
                    begin);
    }
    if (!strcmp(tag.name, "tg-emoji") && !strtoull(argument(scanner, &tag), NULL, 10)) {
        return fail(scanner, "Invalid custom emoji identifier specified");
    }
    if (scanner->depth == DEPTH_MAX) {
        return fail(scanner, "Too many nested tags at byte offset %zu", begin);
    }
    scanner->open[scanner->depth++] = tag;
    return true;
}

static bool read_end_tag(struct scanner *scanner)
{
    const char *text = scanner->text;
    size_t begin = scanner->at;
    if (!scanner->depth) {
        return fail(scanner, "Unexpected end tag at byte offset %zu", begin);
    }
    scanner->at += 2;
    size_t name = scanner->at;
    while (text[scanner->at] && !is_space(text[scanner->at]) && text[scanner->at] != '>') {
        scanner->at++;
    }
    char found[64];
    snprintf(found, sizeof found, "%.*s", (int)(scanner->at - name), text + name);
    for (char *c = found; *c; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    skip_space(scanner);
    if (text[scanner->at] != '>') {
        return fail(scanner, "Unclosed end tag at byte offset %zu", begin);
    }
    scanner->at++;
    const struct tag *tag = &scanner->open[--scanner->depth];
    if (found[0] && strcmp(found, tag->name)) {
        return fail(scanner,
                    "Unmatched end tag at byte offset %zu, expected \"</%s>\", found \"</%s>\"",
                    begin, tag->name, found);
    }
    if (scanner->utf16 > tag->utf16 && scanner->entity_count < ENTITIES_MAX) {
        struct entity *entity = &scanner->entities[scanner->entity_count++];
        entity->tag = *tag;
        entity->length = scanner->utf16 - tag->utf16;
    }
    return true;
}

static const char *entity_type(const struct tag *tag)
{
    static const struct {
        const char *tag;
        const char *type;
    } types[] = {
        {"a", "text_link"},
        {"b", "bold"},
        {"strong", "bold"},
        {"i", "italic"},
        {"em", "italic"},
        {"s", "strikethrough"},
        {"strike", "strikethrough"},
        {"del", "strikethrough"},
        {"u", "underline"},
        {"ins", "underline"},
        {"span", "spoiler"},
        {"tg-spoiler", "spoiler"},
        {"code", "code"},
        {"pre", "pre"},
        {"tg-emoji", "custom_emoji"},
        {"tg-time", "date_time"},
    };
    if (!strcmp(tag->name, "blockquote")) {
        return tag->argument ? "expandable_blockquote" : "blockquote";
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (!strcmp(tag->name, types[i].tag)) {
            return types[i].type;
        }
    }
    return "unknown";
}

static int by_position(const void *a, const void *b)
{
    const struct entity *left = a;
    const struct entity *right = b;
    if (left->tag.utf16 != right->tag.utf16) {
        return left->tag.utf16 < right->tag.utf16 ? -1 : 1;
    }
    return left->length > right->length ? -1 : left->length < right->length;
}

static void render_entities(struct scanner *scanner, struct buf *out)
{
    if (!scanner->entity_count) {
        return;
    }
    qsort(scanner->entities, scanner->entity_count, sizeof scanner->entities[0], by_position);
    buf_char(out, '[');
    for (size_t i = 0; i < scanner->entity_count; i++) {
        const struct entity *entity = &scanner->entities[i];
        buf_str(out, i ? ",{" : "{");
        buf_member_i64(out, "offset", (int64_t)entity->tag.utf16);
        buf_member_i64(out, "length", (int64_t)entity->length);
        buf_member(out, "type", entity_type(&entity->tag));
        if (!strcmp(entity->tag.name, "a")) {
            buf_member(out, "url", argument(scanner, &entity->tag));
        } else if (!strcmp(entity->tag.name, "tg-emoji")) {
            buf_member(out, "custom_emoji_id", argument(scanner, &entity->tag));
        }
        buf_char(out, '}');
    }
    buf_char(out, ']');
}

bool format_html(const char *html, struct buf *plain, struct buf *entities,
                 char error[FORMAT_ERROR_BYTES])
{
    struct scanner scanned;
    struct scanner *scanner = &scanned;
    memset(scanner, 0, offsetof(struct scanner, open));
    scanner->depth = 0;
    scanner->entity_count = 0;
    scanner->text = html;
    scanner->plain = plain;
    scanner->error = error;
    bool ok = true;
    while (ok && html[scanner->at]) {
        const char *at = html + scanner->at;
        size_t len = 1;
        uint32_t code = *at == '&' ? character_reference(at, &len) : 0;
        if (code) {
            put_code_point(plain, code);
            scanner->utf16 += code > 0xFFFF ? 2 : 1;
            scanner->at += len;
        } else if (*at == '<') {
            ok = at[1] == '/' ? read_end_tag(scanner) : read_start_tag(scanner);
        } else {
            unsigned char byte = (unsigned char)*at;
            buf_char(plain, *at);
            if ((byte & 0xC0) != 0x80) {
                scanner->utf16 += byte >= 0xF0 ? 2 : 1;
            }
            scanner->at++;
        }
    }
    if (ok && scanner->depth) {
        ok = fail(scanner, "Can't find end tag corresponding to start tag \"%s\"",
                  scanner->open[scanner->depth - 1].name);
    }
    if (ok) {
        render_entities(scanner, entities);
    }
    buf_release(&scanner->arguments);
    return ok;
}

bool utf8_valid(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at) {
        size_t more = *at < 0x80 ? 0 : *at < 0xC2 ? 9 : *at < 0xE0 ? 1 : *at < 0xF0 ? 2 : 3;
        if (more > 3 || *at > 0xF4) {
            return false;
        }
        for (size_t i = 1; i <= more; i++) {
            if ((at[i] & 0xC0) != 0x80) {
                return false;
            }
        }
        at += more + 1;
    }
    return true;
}

size_t utf8_length(const char *text)
{
    size_t length = 0;
    for (; *text; text++) {
        length += ((unsigned char)*text & 0xC0) != 0x80;
    }
    return length;
}

bool text_is_blank(const char *text)
{
    for (; *text; text++) {
        if (!is_space(*text)) {
            return false;
        }
    }
    return true;
}
