/* Compiling templates: source -> parts (text, fact with fallback, plural forms). All that can be
 * wrong is found here, so that rendering cannot fail; rendering is template_render.c's. */
#include "core/template.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "core/nearest.h"
#include "core/template_parts.h"

struct compiler {
    struct arena *arena;
    struct str source;
    size_t at;
    struct template *template;
    size_t error_at;
    struct err_detail *detail;
};

static enum err fail(struct compiler *compiler, size_t at, const char *text)
{
    compiler->error_at = at;
    return err_set(compiler->detail, ERR_INVALID, "%s", text);
}

static struct template_part *add_part(struct compiler *compiler, enum part_kind kind)
{
    struct template *template = compiler->template;
    if (template->part_count == template->part_capacity) {
        int capacity = template->part_capacity == 0 ? PORTION(4, 1) : template->part_capacity * 2;
        size_t size = sizeof(struct template_part);
        template->parts = arena_grow(compiler->arena, template->parts,
                                     (size_t) template->part_count * size, (size_t)capacity * size);
        template->part_capacity = capacity;
    }
    struct template_part *part = &template->parts[template->part_count++];
    part->kind = kind;
    part->fact = -1;
    return part;
}

static bool looking_at(const struct compiler *compiler, const char *sign)
{
    struct str rest = {compiler->source.ptr + compiler->at, compiler->source.length - compiler->at};
    return str_starts(rest, str_of(sign));
}

static void skip_blanks(struct compiler *compiler)
{
    while (looking_at(compiler, " ") || looking_at(compiler, "\n")) {
        compiler->at++;
    }
}

static struct str take_name(struct compiler *compiler)
{
    size_t start = compiler->at;
    while (compiler->at < compiler->source.length) {
        char byte = compiler->source.ptr[compiler->at];
        if (!((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_')) {
            break;
        }
        compiler->at++;
    }
    return (struct str){compiler->source.ptr + start, compiler->at - start};
}

static enum err fail_unknown_fact(struct compiler *compiler, size_t at, struct str name)
{
    int count;
    const struct fact_row *rows = facts_rows(&count);
    struct nearest nearest = nearest_to(name);
    for (int i = 0; i < count; i++) {
        nearest_offer(&nearest, str_of(rows[i].name));
    }
    int length = (int)(name.length > 60 ? 60 : name.length);
    char text[200];
    if (nearest.best.length > 0) {
        snprintf(text, sizeof(text), "there is no fact \"%.*s\"; did you mean \"%.*s\"?", length,
                 name.ptr, STR_ARG(nearest.best));
    } else {
        snprintf(text, sizeof(text),
                 "there is no fact \"%.*s\"; docs/reference/facts.md lists them", length, name.ptr);
    }
    return fail(compiler, at, text);
}

static enum err take_fact(struct compiler *compiler, int *ret_fact)
{
    size_t at = compiler->at;
    struct str name = take_name(compiler);
    if (name.length == 0) {
        return fail(compiler, at, "expected the name of a fact here");
    }
    int count;
    int fact = facts_find(name);
    if (fact < 0) {
        return fail_unknown_fact(compiler, at, name);
    }
    if (facts_rows(&count)[fact].type == FACT_BOOL) {
        return fail(compiler, at, "the fact is yes or no; expected a number or a text");
    }
    *ret_fact = fact;
    return OK;
}

/* ---- plurals -------------------------------------------------------------------------------- */

static enum err take_quoted(struct compiler *compiler, struct str *ret_text)
{
    char quote = looking_at(compiler, "'") ? '\'' : '"';
    if (quote == '"' && !looking_at(compiler, "\"")) {
        return fail(compiler, compiler->at, "expected a text in quotes here");
    }
    size_t start = compiler->at + 1;
    const char *end = NULL;
    if (start < compiler->source.length) {
        end = memchr(compiler->source.ptr + start, quote, compiler->source.length - start);
    }
    if (end == NULL) {
        return fail(compiler, compiler->at, "the text has no closing quote");
    }
    *ret_text =
        (struct str){compiler->source.ptr + start, (size_t)(end - compiler->source.ptr) - start};
    compiler->at = start + ret_text->length + 1;
    return OK;
}

static const char *category_of(const char *language, struct str name)
{
    const char *names[PLURAL_CATEGORIES];
    size_t count = text_plural_categories(language, names);
    for (size_t i = 0; i < count; i++) {
        if (str_is(name, names[i])) {
            return names[i];
        }
    }
    return NULL;
}

static bool has_form(const struct template_part *part, const char *category)
{
    for (int i = 0; i < part->form_count; i++) {
        if (strcmp(part->forms[i].category, category) == 0) {
            return true;
        }
    }
    return false;
}

static enum err take_form(struct compiler *compiler, struct template_part *part)
{
    size_t at = compiler->at;
    struct str name = take_name(compiler);
    const char *language = compiler->template->language;
    const char *category = category_of(language, name);
    char text[160];
    if (category == NULL) {
        snprintf(text, sizeof(text), "\"%.*s\" is no plural category of the language %s",
                 (int)(name.length > 40 ? 40 : name.length), name.ptr, language);
        return fail(compiler, at, name.length == 0 ? "expected a plural category here" : text);
    }
    if (has_form(part, category)) {
        snprintf(text, sizeof(text), "the plural category %s stands twice", category);
        return fail(compiler, at, text);
    }
    skip_blanks(compiler);
    if (!looking_at(compiler, "=")) {
        return fail(compiler, compiler->at, "expected = here");
    }
    compiler->at++;
    skip_blanks(compiler);
    struct plural_form *form = &part->forms[part->form_count];
    enum err error = take_quoted(compiler, &form->text);
    if (error != OK) {
        return error;
    }
    form->category = category;
    part->form_count++;
    return OK;
}

static enum err take_plural(struct compiler *compiler, size_t opened_at)
{
    skip_blanks(compiler);
    size_t fact_at = compiler->at;
    int fact;
    int count;
    enum err error = take_fact(compiler, &fact);
    if (error != OK) {
        return error;
    }
    if (facts_rows(&count)[fact].type != FACT_NUMBER) {
        return fail(compiler, fact_at, "a plural needs a number");
    }
    struct template_part *part = add_part(compiler, PART_PLURAL);
    part->fact = fact;
    for (skip_blanks(compiler); !looking_at(compiler, "}}"); skip_blanks(compiler)) {
        if (compiler->at >= compiler->source.length) {
            return fail(compiler, opened_at, "{{ has no closing }}");
        }
        error = take_form(compiler, part);
        if (error != OK) {
            return error;
        }
    }
    const char *names[PLURAL_CATEGORIES];
    size_t needed = text_plural_categories(compiler->template->language, names);
    for (size_t i = 0; i < needed; i++) {
        if (!has_form(part, names[i])) {
            char text[160];
            snprintf(text, sizeof(text),
                     "the plural category %s is missing; the language %s needs it", names[i],
                     compiler->template->language);
            return fail(compiler, compiler->at, text);
        }
    }
    return OK;
}

/* ---- placeholders --------------------------------------------------------------------------- */

static enum err take_fallback(struct compiler *compiler, size_t opened_at, struct str *ret_fallback)
{
    size_t start = compiler->at;
    while (compiler->at < compiler->source.length && !looking_at(compiler, "}}")) {
        if (looking_at(compiler, "{{")) {
            return fail(compiler, opened_at, "{{ has no closing }}");
        }
        compiler->at++;
    }
    *ret_fallback = (struct str){compiler->source.ptr + start, compiler->at - start};
    return OK;
}

static enum err take_placeholder(struct compiler *compiler)
{
    size_t opened_at = compiler->at;
    compiler->at += 2;
    skip_blanks(compiler);
    size_t word_at = compiler->at;
    bool is_plural = str_is(take_name(compiler), "plural");
    enum err error;
    if (is_plural) {
        error = take_plural(compiler, opened_at);
    } else {
        int fact;
        compiler->at = word_at;
        error = take_fact(compiler, &fact);
        if (error == OK) {
            struct template_part *part = add_part(compiler, PART_FACT);
            part->fact = fact;
            skip_blanks(compiler);
            if (looking_at(compiler, "|")) {
                compiler->at++;
                error = take_fallback(compiler, opened_at, &part->text);
            }
        }
    }
    if (error != OK) {
        return error;
    }
    if (!looking_at(compiler, "}}")) {
        return compiler->at >= compiler->source.length
                   ? fail(compiler, opened_at, "{{ has no closing }}")
                   : fail(compiler, compiler->at, "expected }} here");
    }
    compiler->at += 2;
    return OK;
}

static enum err take_all(struct compiler *compiler)
{
    size_t text_at = 0;
    while (compiler->at < compiler->source.length) {
        if (looking_at(compiler, "}}")) {
            return fail(compiler, compiler->at, "}} without {{");
        }
        if (!looking_at(compiler, "{{")) {
            compiler->at++;
            continue;
        }
        if (compiler->at > text_at) {
            add_part(compiler, PART_TEXT)->text =
                (struct str){compiler->source.ptr + text_at, compiler->at - text_at};
        }
        enum err error = take_placeholder(compiler);
        if (error != OK) {
            return error;
        }
        text_at = compiler->at;
    }
    if (compiler->at > text_at) {
        add_part(compiler, PART_TEXT)->text =
            (struct str){compiler->source.ptr + text_at, compiler->at - text_at};
    }
    return OK;
}

enum err template_compile(struct arena *arena, struct str source, const char *language,
                          struct template **ret_template, size_t *ret_offset,
                          struct err_detail *detail)
{
    if (source.length > LIMIT_TEMPLATE_BYTES) {
        *ret_offset = 0;
        return err_set(detail, ERR_LIMIT, "the text has %zu bytes; expected at most %d",
                       source.length, LIMIT_TEMPLATE_BYTES);
    }
    struct template *template = ARENA_NEW(arena, struct template);
    template->source = arena_str(arena, source);
    template->language = arena_strdup(arena, language);
    struct compiler compiler = {
        .arena = arena, .source = template->source, .template = template, .detail = detail};
    enum err error = take_all(&compiler);
    if (error != OK) {
        *ret_offset = compiler.error_at;
        return error;
    }
    *ret_template = template;
    return OK;
}

static void count(struct str text, size_t *points, size_t *emoji)
{
    *points += text_code_points(text);
    *emoji += text_emoji(text);
}

size_t template_length(const struct template *template, size_t *ret_emoji)
{
    size_t points = 0;
    size_t emoji = 0;
    for (int i = 0; i < template->part_count; i++) {
        const struct template_part *part = &template->parts[i];
        size_t longest = 0;
        size_t most = 0;
        for (int form = 0; form < part->form_count; form++) {
            size_t form_points = 0;
            size_t form_emoji = 0;
            count(part->forms[form].text, &form_points, &form_emoji);
            longest = form_points > longest ? form_points : longest;
            most = form_emoji > most ? form_emoji : most;
        }
        points += longest;
        emoji += most;
        count(part->text, &points, &emoji);
    }
    if (ret_emoji != NULL) {
        *ret_emoji = emoji;
    }
    return points;
}

struct str template_source(const struct template *template)
{
    return template->source;
}
