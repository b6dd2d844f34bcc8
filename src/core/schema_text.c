/* Reading texts: one for each language of the catalog, compiled as templates, within the limits of
 * their kind. Mistakes inside a text are placed by the byte that the template's compiler names. */
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "core/schema.h"

struct text_limits {
    size_t code_points;
    size_t emoji;
};

static struct text_limits limits_of(enum schema_kind kind)
{
    switch (kind) {
    case SCHEMA_BUTTON:
        return (struct text_limits){BUTTON_CODE_POINTS_MAX, LIMIT_MESSAGE_EMOJI};
    case SCHEMA_VALUE:
        return (struct text_limits){LIMIT_COMMITMENT_BYTES, LIMIT_MESSAGE_EMOJI};
    case SCHEMA_URL:
        return (struct text_limits){LIMIT_URL_BYTES, 0};
    case SCHEMA_BOT:
        return (struct text_limits){LIMIT_BOT_TEXT_CODE_POINTS, LIMIT_BOT_TEXT_EMOJI};
    case SCHEMA_MESSAGE:
    case SCHEMA_NAME:
    case SCHEMA_LINE:
    case SCHEMA_DURATION:
    case SCHEMA_YES_NO:
    case SCHEMA_WORD:
    case SCHEMA_NUMBER:
    case SCHEMA_COUNT:
    case SCHEMA_PERCENT:
    case SCHEMA_CONDITION:
    case SCHEMA_CUSTOM:
        break;
    }
    return (struct text_limits){LIMIT_MESSAGE_CODE_POINTS, LIMIT_MESSAGE_EMOJI};
}

struct str schema_language_list(struct compiling *compiling)
{
    struct str list = STR_NONE;
    for (int i = 0; i < compiling->languages->count; i++) {
        const char *between = i == 0 ? "" : i + 1 == compiling->languages->count ? " and " : ", ";
        list = arena_printf(compiling->scratch, "%.*s%s%s", STR_ARG(list), between,
                            compiling->languages->names[i]);
    }
    return list;
}

/* A quoted text can spell characters that the file itself may not hold. */
static bool has_control(struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if ((byte < 0x20 && byte != '\n') || byte == 0x7f) {
            return true;
        }
    }
    return false;
}

static bool is_letter_or_digit(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

/* Addresses are fetched by the servers of providers and by browsers: only whole ones, of hosts that
 * the author named. What is known about people does not go into them. */
static void check_address(struct compiling *compiling, const struct tree_node *node)
{
    struct str text = str_trim(node->text);
    struct str scheme = STR("https://");
    if (!str_starts(text, scheme)) {
        schema_mistake(compiling, node, "expected an address that begins with https://");
        return;
    }
    size_t end = scheme.length;
    while (end < text.length && (is_letter_or_digit(text.ptr[end]) ||
                                 (end > scheme.length && strchr(".-:", text.ptr[end]) != NULL))) {
        end++;
    }
    if (end == scheme.length || (end < text.length && strchr("/?#", text.ptr[end]) == NULL)) {
        schema_mistake(compiling, node, "expected the name of a host after https://");
        return;
    }
    for (; end < text.length; end++) {
        char byte = text.ptr[end];
        if (!is_letter_or_digit(byte) && strchr("-._~:/?#[]@!$&'()*+,;=%", byte) == NULL) {
            schema_mistake(compiling, node,
                           byte == '{'
                               ? "an address has no placeholders"
                               : "an address has no blanks, quotes or letters beyond ASCII; "
                                 "write them as %%20 and the like");
            return;
        }
    }
}

static void check_limits(struct compiling *compiling, const struct tree_node *node,
                         const struct template *template, enum schema_kind kind)
{
    struct text_limits limits = limits_of(kind);
    size_t emoji;
    size_t points = template_length(template, &emoji);
    if (points > limits.code_points) {
        schema_mistake(compiling, node, "the text has %zu characters; expected at most %zu", points,
                       limits.code_points);
    }
    if (emoji > limits.emoji) {
        schema_mistake(compiling, node, "the text has %zu emoji; expected at most %zu", emoji,
                       limits.emoji);
    }
    if (kind == SCHEMA_URL) {
        check_address(compiling, node);
    }
}

static struct template *read_text(struct compiling *compiling, const struct tree_node *node,
                                  const char *language, enum schema_kind kind)
{
    if (node->kind != TREE_SCALAR) {
        schema_mistake(compiling, node, "%.*s is %s; expected a text", STR_ARG(node->key),
                       tree_kind_name(node->kind));
        return NULL;
    }
    if (str_trim(node->text).length == 0) {
        schema_mistake(compiling, node, "the text is empty");
        return NULL;
    }
    if (has_control(node->text)) {
        schema_mistake(compiling, node, "the text holds a control character");
        return NULL;
    }
    struct template *template = NULL;
    size_t offset = 0;
    struct err_detail detail = {""};
    if (template_compile(compiling->arena, str_trim(node->text), language, &template, &offset,
                         &detail) != OK) {
        int line;
        int column;
        size_t cut = (size_t)(str_trim(node->text).ptr - node->text.ptr);
        tree_place(compiling->tree, node, cut + offset, &line, &column);
        mistakes_add(compiling->scratch, compiling->mistakes, compiling->tree->file, line, column,
                     "%s", detail.text);
        return NULL;
    }
    check_limits(compiling, node, template, kind);
    return template;
}

static bool is_language(const struct compiling *compiling, struct str name)
{
    for (int i = 0; i < compiling->languages->count; i++) {
        if (str_is(name, compiling->languages->names[i])) {
            return true;
        }
    }
    return false;
}

static void check_languages(struct compiling *compiling, const struct tree_node *node)
{
    struct str list = schema_language_list(compiling);
    for (const struct tree_node *child = node->first; child != NULL; child = child->next) {
        if (!is_language(compiling, child->key)) {
            mistakes_add(compiling->scratch, compiling->mistakes, compiling->tree->file,
                         child->key_line, child->key_column,
                         "a text in \"%.*s\"; the languages here are %.*s",
                         (int)(child->key.length > 40 ? 40 : child->key.length), child->key.ptr,
                         STR_ARG(list));
        }
    }
    for (int i = 0; i < compiling->languages->count; i++) {
        if (tree_member(node, compiling->languages->names[i]) == NULL) {
            schema_mistake(compiling, node, "the text has no \"%s\"; expected %.*s",
                           compiling->languages->names[i], STR_ARG(list));
        }
    }
}

/* Languages that an older definition lacks get a text that it has. */
static void fill_gaps(const struct compiling *compiling, const struct template **by_language)
{
    const struct template *any = NULL;
    for (int i = 0; i < compiling->languages->count && any == NULL; i++) {
        any = by_language[i];
    }
    for (int i = 0; i < compiling->languages->count; i++) {
        by_language[i] = by_language[i] == NULL ? any : by_language[i];
    }
}

const struct message *schema_message(struct compiling *compiling, const struct tree_node *node,
                                     const char *key, enum schema_kind kind)
{
    if (node->kind != TREE_MAP) {
        schema_mistake(compiling, node,
                       "%s is %s; expected a text for each language, such as {en: ..., de: ...}",
                       key, tree_kind_name(node->kind));
        return NULL;
    }
    if (!compiling->is_pinned) {
        check_languages(compiling, node);
    }
    char language[LIMIT_LANGUAGE_BYTES];
    struct message *message = ARENA_NEW(compiling->arena, struct message);
    message->key = schema_path(compiling, str_of(key));
    const struct template **by_language =
        ARENA_ARRAY(compiling->arena, const struct template *, (size_t)compiling->languages->count);
    for (int i = 0; i < compiling->languages->count; i++) {
        const struct tree_node *text = tree_member(node, compiling->languages->names[i]);
        if (text != NULL) {
            by_language[i] = read_text(compiling, text, compiling->languages->names[i], kind);
        }
    }
    if (compiling->is_pinned && node->first != NULL && by_language[0] == NULL) {
        str_copy(language, sizeof(language), node->first->key);
        by_language[0] = read_text(compiling, node->first, language, kind);
    }
    fill_gaps(compiling, by_language);
    message->by_language = by_language;
    return by_language[0] != NULL ? message : NULL;
}
