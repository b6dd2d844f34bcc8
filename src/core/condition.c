/* Compiling conditions: source -> tokens -> a tree of nodes in the arena, types checked on the way.
 * Recursive descent, bounded by the limits on length and depth. Evaluating is condition_eval.c's.
 */
#include "core/condition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "core/condition_tree.h"
#include "core/nearest.h"

enum token {
    TOKEN_END,
    TOKEN_NUMBER,
    TOKEN_TEXT,
    TOKEN_NAME,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMPARE,
    TOKEN_OR,
    TOKEN_AND,
    TOKEN_NOT,
    TOKEN_TRUE,
    TOKEN_FALSE
};

struct compiler {
    struct arena *arena;
    struct str source;
    size_t next; /* byte after the present token */
    enum token token;
    size_t token_at;
    struct str token_text;
    double token_number;
    enum condition_op token_op;
    int depth;
    enum err error;
    size_t error_at;
    struct err_detail *detail;
};

static void fail(struct compiler *compiler, size_t at, enum err error, const char *text)
{
    if (compiler->error == OK) {
        compiler->error = err_set(compiler->detail, error, "%s", text);
        compiler->error_at = at;
    }
}

/* ---- tokens --------------------------------------------------------------------------------- */

static char byte_at(const struct compiler *compiler, size_t at)
{
    return at < compiler->source.length ? compiler->source.ptr[at] : '\0';
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_name(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

/* Milliseconds of a duration unit; 1 for none, 0 when it is no unit. */
static double unit_ms(struct str unit)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"", 1},        {"s", 1000},   {"m", MINUTE_MS},
                 {"h", HOUR_MS}, {"d", DAY_MS}, {"w", 7 * DAY_MS}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (str_is(unit, units[i].name)) {
            return (double)units[i].ms;
        }
    }
    return 0;
}

static void take_number(struct compiler *compiler)
{
    size_t at = compiler->token_at;
    char digits[32];
    size_t length = 0;
    bool has_point = false;
    while (is_digit(byte_at(compiler, at)) || (byte_at(compiler, at) == '.' && !has_point)) {
        has_point = has_point || byte_at(compiler, at) == '.';
        if (length + 1 == sizeof(digits)) {
            fail(compiler, compiler->token_at, ERR_INVALID, "the number is too long");
            return;
        }
        digits[length++] = compiler->source.ptr[at++];
    }
    digits[length] = '\0';
    size_t unit_at = at;
    while (is_name(byte_at(compiler, at))) {
        at++;
    }
    double unit = unit_ms((struct str){compiler->source.ptr + unit_at, at - unit_at});
    if (unit <= 0 || digits[length - 1] == '.') {
        fail(compiler, unit <= 0 ? unit_at : at, ERR_INVALID,
             "not a number; expected digits and perhaps a unit s, m, h, d or w");
        return;
    }
    compiler->token = TOKEN_NUMBER;
    compiler->token_number = strtod(digits, NULL) * unit;
    compiler->next = at;
}

static void take_text(struct compiler *compiler)
{
    size_t start = compiler->token_at + 1;
    const char *end = NULL;
    if (start < compiler->source.length) {
        end = memchr(compiler->source.ptr + start, '"', compiler->source.length - start);
    }
    if (end == NULL) {
        fail(compiler, compiler->token_at, ERR_INVALID, "the text has no closing quote");
        return;
    }
    compiler->token = TOKEN_TEXT;
    compiler->token_text =
        (struct str){compiler->source.ptr + start, (size_t)(end - compiler->source.ptr) - start};
    compiler->next = start + compiler->token_text.length + 1;
}

static void take_name(struct compiler *compiler)
{
    static const struct {
        const char *word;
        enum token token;
    } words[] = {{"or", TOKEN_OR},
                 {"and", TOKEN_AND},
                 {"not", TOKEN_NOT},
                 {"true", TOKEN_TRUE},
                 {"false", TOKEN_FALSE}};
    size_t at = compiler->token_at;
    while (is_name(byte_at(compiler, at)) || is_digit(byte_at(compiler, at))) {
        at++;
    }
    compiler->token_text =
        (struct str){compiler->source.ptr + compiler->token_at, at - compiler->token_at};
    compiler->token = TOKEN_NAME;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (str_is(compiler->token_text, words[i].word)) {
            compiler->token = words[i].token;
        }
    }
    compiler->next = at;
}

static void take_sign(struct compiler *compiler)
{
    static const struct {
        const char *sign;
        enum token token;
        enum condition_op op;
    } signs[] = {
        {"==", TOKEN_COMPARE, CONDITION_EQUAL},   {"!=", TOKEN_COMPARE, CONDITION_DIFFERENT},
        {"<=", TOKEN_COMPARE, CONDITION_AT_MOST}, {">=", TOKEN_COMPARE, CONDITION_AT_LEAST},
        {"<", TOKEN_COMPARE, CONDITION_LESS},     {">", TOKEN_COMPARE, CONDITION_MORE},
        {"(", TOKEN_OPEN, CONDITION_EQUAL},       {")", TOKEN_CLOSE, CONDITION_EQUAL}};
    struct str rest = {compiler->source.ptr + compiler->token_at,
                       compiler->source.length - compiler->token_at};
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (str_starts(rest, str_of(signs[i].sign))) {
            compiler->token = signs[i].token;
            compiler->token_op = signs[i].op;
            compiler->next = compiler->token_at + strlen(signs[i].sign);
            return;
        }
    }
    fail(compiler, compiler->token_at, ERR_INVALID,
         rest.ptr[0] == '=' ? "a single =; expected ==" : "a sign that conditions do not have");
}

static void next_token(struct compiler *compiler)
{
    size_t at = compiler->next;
    while (byte_at(compiler, at) == ' ' || byte_at(compiler, at) == '\n') {
        at++;
    }
    compiler->token_at = at;
    compiler->token = TOKEN_END;
    if (at >= compiler->source.length || compiler->error != OK) {
        return;
    }
    char byte = byte_at(compiler, at);
    if (is_digit(byte)) {
        take_number(compiler);
    } else if (byte == '"') {
        take_text(compiler);
    } else if (is_name(byte)) {
        take_name(compiler);
    } else {
        take_sign(compiler);
    }
}

/* ---- operands ------------------------------------------------------------------------------- */

static void fail_unknown_fact(struct compiler *compiler)
{
    int count;
    const struct fact_row *rows = facts_rows(&count);
    struct nearest nearest = nearest_to(compiler->token_text);
    for (int i = 0; i < count; i++) {
        nearest_offer(&nearest, str_of(rows[i].name));
    }
    char text[200];
    bool known = nearest.best.length > 0;
    snprintf(text, sizeof(text), "there is no fact \"%.*s\"%s%.*s%s",
             (int)(compiler->token_text.length > 60 ? 60 : compiler->token_text.length),
             compiler->token_text.ptr, known ? "; did you mean \"" : "", STR_ARG(nearest.best),
             known ? "\"?" : "; docs/reference/facts.md lists them");
    fail(compiler, compiler->token_at, ERR_INVALID, text);
}

static void read_operand(struct compiler *compiler, struct condition_operand *ret_operand)
{
    *ret_operand = (struct condition_operand){.fact = -1, .at = compiler->token_at};
    switch (compiler->token) {
    case TOKEN_NUMBER:
        ret_operand->type = FACT_NUMBER;
        ret_operand->number = compiler->token_number;
        break;
    case TOKEN_TEXT:
        ret_operand->type = FACT_TEXT;
        ret_operand->text = arena_str(compiler->arena, compiler->token_text);
        break;
    case TOKEN_TRUE:
    case TOKEN_FALSE:
        ret_operand->type = FACT_BOOL;
        ret_operand->yes = compiler->token == TOKEN_TRUE;
        break;
    case TOKEN_NAME: {
        int count;
        ret_operand->fact = facts_find(compiler->token_text);
        if (ret_operand->fact < 0) {
            fail_unknown_fact(compiler);
            return;
        }
        ret_operand->type = facts_rows(&count)[ret_operand->fact].type;
        break;
    }
    case TOKEN_END:
        fail(compiler, compiler->token_at, ERR_INVALID,
             "the condition ends here; expected a fact, a number or a text");
        return;
    case TOKEN_OPEN:
    case TOKEN_CLOSE:
    case TOKEN_COMPARE:
    case TOKEN_OR:
    case TOKEN_AND:
    case TOKEN_NOT:
        fail(compiler, compiler->token_at, ERR_INVALID, "expected a fact, a number or a text here");
        return;
    }
    next_token(compiler);
}

static const char *type_name(enum fact_type type)
{
    switch (type) {
    case FACT_NUMBER:
        return "a number";
    case FACT_TEXT:
        return "a text";
    case FACT_BOOL:
        return "yes or no";
    }
    return "";
}

/* A text that the fact can never be is a typing mistake. */
static void check_value(struct compiler *compiler, const struct condition_operand *fact,
                        const struct condition_operand *literal)
{
    int count;
    const struct fact_row *rows = facts_rows(&count);
    if (compiler->error != OK || fact->fact < 0 || literal->fact >= 0 ||
        rows[fact->fact].values == NULL) {
        return;
    }
    struct nearest nearest = nearest_to(literal->text);
    struct str rest = str_of(rows[fact->fact].values);
    while (rest.length > 0) {
        struct str value = str_split(rest, ' ', &rest);
        if (str_equal(value, literal->text)) {
            return;
        }
        nearest_offer(&nearest, value);
    }
    char text[240];
    if (nearest.best.length > 0) {
        snprintf(text, sizeof(text), "%s is never that; did you mean \"%.*s\"?",
                 rows[fact->fact].name, STR_ARG(nearest.best));
    } else {
        snprintf(text, sizeof(text), "%s is never that; expected one of: %s", rows[fact->fact].name,
                 rows[fact->fact].values);
    }
    fail(compiler, literal->at, ERR_INVALID, text);
}

static void check_types(struct compiler *compiler, const struct condition_node *node, size_t op_at)
{
    if (compiler->error != OK) {
        return;
    }
    if (node->left_operand.type != node->right_operand.type) {
        char text[160];
        snprintf(text, sizeof(text), "compares %s with %s; expected the same on both sides",
                 type_name(node->left_operand.type), type_name(node->right_operand.type));
        fail(compiler, op_at, ERR_INVALID, text);
        return;
    }
    bool ordered = node->op == CONDITION_LESS || node->op == CONDITION_AT_MOST ||
                   node->op == CONDITION_MORE || node->op == CONDITION_AT_LEAST;
    if (ordered && node->left_operand.type != FACT_NUMBER) {
        fail(compiler, op_at, ERR_INVALID, "only numbers have an order; expected == or !=");
        return;
    }
    if (node->left_operand.type == FACT_TEXT) {
        check_value(compiler, &node->left_operand, &node->right_operand);
        check_value(compiler, &node->right_operand, &node->left_operand);
    }
}

/* ---- expressions ---------------------------------------------------------------------------- */

static struct condition_node *read_or(struct compiler *compiler);

static struct condition_node *read_comparison(struct compiler *compiler)
{
    struct condition_node *node = ARENA_NEW(compiler->arena, struct condition_node);
    node->op = CONDITION_YES;
    read_operand(compiler, &node->left_operand);
    if (compiler->error == OK && compiler->token == TOKEN_COMPARE) {
        size_t op_at = compiler->token_at;
        node->op = compiler->token_op;
        next_token(compiler);
        read_operand(compiler, &node->right_operand);
        check_types(compiler, node, op_at);
    } else if (node->left_operand.type != FACT_BOOL) {
        fail(compiler, compiler->token_at, ERR_INVALID,
             "expected a comparison (== != < <= > >=) here");
    }
    return node;
}

static struct condition_node *read_primary(struct compiler *compiler)
{
    if (compiler->token == TOKEN_NOT) {
        struct condition_node *node = ARENA_NEW(compiler->arena, struct condition_node);
        node->op = CONDITION_NOT;
        if (++compiler->depth > LIMIT_CONDITION_DEPTH) {
            fail(compiler, compiler->token_at, ERR_LIMIT, "the condition is nested too deeply");
            return node;
        }
        next_token(compiler);
        node->left = read_primary(compiler);
        compiler->depth--;
        return node;
    }
    if (compiler->token != TOKEN_OPEN) {
        return read_comparison(compiler);
    }
    if (++compiler->depth > LIMIT_CONDITION_DEPTH) {
        fail(compiler, compiler->token_at, ERR_LIMIT, "the condition is nested too deeply");
        return NULL;
    }
    next_token(compiler);
    struct condition_node *node = read_or(compiler);
    if (compiler->token != TOKEN_CLOSE) {
        fail(compiler, compiler->token_at, ERR_INVALID, "expected ) here");
        return node;
    }
    next_token(compiler);
    compiler->depth--;
    return node;
}

static struct condition_node *read_chain(struct compiler *compiler, enum token token,
                                         enum condition_op op,
                                         struct condition_node *(*read)(struct compiler *))
{
    struct condition_node *left = read(compiler);
    while (compiler->error == OK && compiler->token == token) {
        struct condition_node *node = ARENA_NEW(compiler->arena, struct condition_node);
        node->op = op;
        node->left = left;
        next_token(compiler);
        node->right = read(compiler);
        left = node;
    }
    return left;
}

static struct condition_node *read_and(struct compiler *compiler)
{
    return read_chain(compiler, TOKEN_AND, CONDITION_AND, read_primary);
}

static struct condition_node *read_or(struct compiler *compiler)
{
    return read_chain(compiler, TOKEN_OR, CONDITION_OR, read_and);
}

enum err condition_compile(struct arena *arena, struct str source, struct condition **ret_condition,
                           size_t *ret_offset, struct err_detail *detail)
{
    if (source.length > LIMIT_CONDITION_BYTES) {
        *ret_offset = 0;
        return err_set(detail, ERR_LIMIT, "the condition has %zu bytes; expected at most %d",
                       source.length, LIMIT_CONDITION_BYTES);
    }
    struct compiler compiler = {
        .arena = arena, .source = arena_str(arena, source), .error = OK, .detail = detail};
    next_token(&compiler);
    struct condition_node *root = read_or(&compiler);
    if (compiler.error == OK && compiler.token != TOKEN_END) {
        fail(&compiler, compiler.token_at, ERR_INVALID,
             "expected \"and\", \"or\" or the end of the condition here");
    }
    if (compiler.error != OK) {
        *ret_offset = compiler.error_at;
        return compiler.error;
    }
    struct condition *condition = ARENA_NEW(arena, struct condition);
    condition->source = compiler.source;
    condition->root = root;
    *ret_condition = condition;
    return OK;
}

struct str condition_source(const struct condition *condition)
{
    return condition->source;
}
