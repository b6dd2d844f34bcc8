/* Rendering compiled templates, and making people's texts harmless in Markdown. Rendering never
 * fails: what is not known becomes its fallback, or nothing. */
#include <string.h>

#include "base/text.h"
#include "core/catalog.h"
#include "core/template_parts.h"

enum { FIRST_BYTES = 64 };

struct output {
    struct arena *arena;
    char *bytes;
    size_t length, capacity;
};

static void put(struct output *output, struct str text)
{
    if (text.length == 0) {
        return;
    }
    if (output->length + text.length + 1 > output->capacity) {
        size_t capacity = (output->length + text.length + FIRST_BYTES) * 2;
        output->bytes = arena_grow(output->arena, output->bytes, output->length, capacity);
        output->capacity = capacity;
    }
    memcpy(output->bytes + output->length, text.ptr, text.length);
    output->length += text.length;
}

/* ---- escaping ------------------------------------------------------------------------------- */

static bool is_markup(char byte)
{
    static const bool markup[256] = {
        ['\\'] = true, ['`'] = true, ['*'] = true, ['_'] = true, ['['] = true,
        [']'] = true,  ['('] = true, [')'] = true, ['<'] = true, ['>'] = true,
        ['&'] = true,  ['~'] = true, ['|'] = true, ['#'] = true, ['!'] = true};
    return markup[(unsigned char)byte];
}

/* Signs that are markup at the beginning of a line only: lists, quotes, underlines of titles. */
static bool is_line_markup(char byte)
{
    return byte == '-' || byte == '+' || byte == '=';
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Length of "12" in "12." or "12)" at the start; 0 when the line begins no numbered list. */
static size_t list_number(struct str text)
{
    size_t digits = 0;
    while (digits < text.length && is_digit(text.ptr[digits])) {
        digits++;
    }
    bool closes = digits < text.length && (text.ptr[digits] == '.' || text.ptr[digits] == ')');
    return closes ? digits : 0;
}

/* One line without its leading blanks, which could make it a code block. */
static void put_escaped_line(struct output *output, struct str line)
{
    line = str_trim(line);
    size_t number = list_number(line);
    size_t plain = 0; /* from where nothing needs a mark */
    for (size_t i = 0; i < line.length; i++) {
        char byte = line.ptr[i];
        if (is_markup(byte) || (i == 0 && is_line_markup(byte)) || (number > 0 && i == number)) {
            put(output, (struct str){line.ptr + plain, i - plain});
            put(output, STR("\\"));
            plain = i;
        }
    }
    put(output, (struct str){line.ptr + plain, line.length - plain});
}

struct str template_escape(struct arena *arena, struct str text)
{
    struct output output = {.arena = arena};
    bool is_first = true;
    while (text.length > 0) {
        struct str line = str_split(text, '\n', &text);
        if (!is_first) {
            put(&output, STR("\n"));
        }
        put_escaped_line(&output, line);
        is_first = false;
    }
    return (struct str){output.bytes, output.length};
}

/* ---- rendering ------------------------------------------------------------------------------ */

/* White space runs of a fact become one blank, so that it stays inside its line. */
static struct str one_line(struct arena *arena, struct str text)
{
    char *bytes = arena_alloc(arena, text.length + 1);
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        char byte = text.ptr[i];
        bool blank = byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
        if (!blank) {
            bytes[length++] = text.ptr[i];
        } else if (length > 0 && bytes[length - 1] != ' ') {
            bytes[length++] = ' ';
        }
    }
    return (struct str){bytes, length};
}

static void put_fact(struct output *output, const struct template *template,
                     const struct template_part *part, const struct facts *facts, bool plain)
{
    int count;
    struct fact_value value = facts_read(facts, part->fact);
    if (!value.known) {
        put(output, part->text);
    } else if (facts_rows(&count)[part->fact].type == FACT_NUMBER) {
        put(output, text_number(output->arena, template->language, value.number, 1));
    } else {
        struct str text = one_line(output->arena, value.text);
        put(output, plain ? text : template_escape(output->arena, text));
    }
}

static void put_plural(struct output *output, const struct template *template,
                       const struct template_part *part, const struct facts *facts)
{
    struct fact_value value = facts_read(facts, part->fact);
    const char *category = text_plural_category(template->language, value.known ? value.number : 0);
    struct str text = STR_NONE;
    for (int i = 0; i < part->form_count; i++) {
        if (strcmp(part->forms[i].category, category) == 0) {
            text = part->forms[i].text;
        }
    }
    put(output, text);
}

struct str template_render(struct arena *arena, const struct template *template,
                           const struct facts *facts, bool plain)
{
    struct output output = {.arena = arena};
    if (template->part_count == 1 && template->parts[0].kind == PART_TEXT) {
        return arena_str(arena, template->parts[0].text); /* most buttons */
    }
    for (int i = 0; i < template->part_count; i++) {
        const struct template_part *part = &template->parts[i];
        switch (part->kind) {
        case PART_TEXT:
            put(&output, part->text);
            break;
        case PART_FACT:
            put_fact(&output, template, part, facts, plain);
            break;
        case PART_PLURAL:
            put_plural(&output, template, part, facts);
            break;
        }
    }
    return output.length > 0 ? (struct str){output.bytes, output.length}
                             : arena_str(arena, STR_NONE);
}

struct str message_render(struct arena *arena, const struct message *message,
                          const struct catalog *catalog, const struct facts *facts, bool plain)
{
    if (message == NULL) {
        return STR_NONE;
    }
    int index = catalog_language_index(catalog, facts->language);
    return template_render(arena, message->by_language[index < 0 ? 0 : index], facts, plain);
}
