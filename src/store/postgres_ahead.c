/* Reading ahead: a statement that will be read for many is asked for all of them at once.
 *
 * The text of one reading becomes that of many by itself: its parameters are the columns of arrays,
 * and it runs beside each of their rows (LATERAL), by the plan that it has alone. The answers are
 * handed out to those who ask with the same arguments, in the order in which they were noted;
 * whoever asks for anything else is answered by the server as ever. */
#include "store/postgres.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

/* Arguments $1, $2, … become n.p1, n.p2, …; the semicolon at the end is left out. */
static void put_beside(FILE *out, const char *sql)
{
    const char *end = strrchr(sql, ';');
    ASSERT(end != NULL);
    for (const char *at = sql; at < end; at++) {
        bool is_mark = *at == '$' && at[1] >= '1' && at[1] <= '9';
        fputs(is_mark ? "n.p" : "", out);
        if (!is_mark) {
            fputc(*at, out);
        }
    }
}

/* The block for many; its first column says for whom, counted from 1. */
static char *text_of_many(const struct postgres_statement *one)
{
    char *sql = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&sql, &length);
    ASSERT(out != NULL);
    fputs("SELECT n.at, q.* FROM unnest(", out);
    for (int i = 1; i <= one->parameter_count; i++) {
        fprintf(out, "%s$%d", i > 1 ? ", " : "", i);
    }
    fputs(") WITH ORDINALITY AS n (", out);
    for (int i = 1; i <= one->parameter_count; i++) {
        fprintf(out, "p%d, ", i);
    }
    fputs("at), LATERAL (\n", out);
    put_beside(out, one->sql);
    fputs("\n) AS q", out);
    int failed = fclose(out);
    ASSERT(failed == 0 && sql != NULL);
    return sql;
}

struct postgres_statement *postgres_ahead_of(struct postgres_statement *one)
{
    if (one->ahead == NULL) {
        char *sql = text_of_many(one);
        size_t length = strlen(one->name) + sizeof(" ahead");
        char *name = malloc(length);
        ASSERT(name != NULL && !one->of_many && one->parameter_count > 0);
        snprintf(name, length, "%s ahead", one->name);
        struct block_text text = {
            .sql = sql, .parameters = one->parameter_count, .is_own = true, .of_many = true};
        one->ahead = postgres_statement_new(one->store, name, &text);
        free(name);
        free(sql);
    }
    return one->ahead;
}

void postgres_ahead_note(struct postgres_statement *ahead, const char *what)
{
    struct postgres_store *store = ahead->store;
    ahead->what = what;
    if (ahead->rows++ == 0) {
        store->aheads[store->ahead_count++] = ahead;
    }
}

/* Where each one's rows begin; within one they keep their order. */
static enum err sort_rows(struct postgres_statement *ahead, struct err_detail *detail)
{
    int rows = PQntuples(ahead->result);
    size_t callers = (size_t)ahead->rows;
    free(ahead->order);
    free(ahead->first);
    ahead->order = calloc((size_t)rows + 1, sizeof(*ahead->order));
    ahead->first = calloc(callers + 2, sizeof(*ahead->first));
    ASSERT(ahead->order != NULL && ahead->first != NULL);
    for (int pass = 0; pass < 2; pass++) { /* count, then place */
        for (int row = 0; row < rows; row++) {
            long caller = strtol(PQgetvalue(ahead->result, row, 0), NULL, 10) - 1;
            if (caller < 0 || (size_t)caller >= callers) {
                return err_set(detail, ERR_STORE, "cannot %s: an answer to nobody", ahead->what);
            }
            if (pass == 0) {
                ahead->first[caller + 2]++;
            } else {
                ahead->order[ahead->first[caller + 1]++] = row;
            }
        }
        for (size_t i = 2; pass == 0 && i < callers + 2; i++) {
            ahead->first[i] += ahead->first[i - 1];
        }
    }
    return OK;
}

enum err postgres_ahead_ask(struct store *base, struct err_detail *detail)
{
    struct postgres_store *store = postgres_of(base);
    store->noting = false;
    if (store->ahead_count == 0) {
        return OK;
    }
    enum err error = postgres_connect(store, detail);
    if (error == OK) {
        pipeline_send_collected(store);
        for (int i = 0; i < store->ahead_count; i++) {
            pipeline_send_statement(store->aheads[i], EXPECT_ROWS, 0);
        }
        error = pipeline_settle(store, NULL, detail);
    }
    for (int i = 0; i < store->ahead_count && error == OK; i++) {
        struct postgres_statement *ahead = store->aheads[i];
        ahead->next = 0;
        for (int k = 0; k < ahead->parameter_count; k++) {
            ahead->parameters[k].at = ARRAY_HEAD_BYTES;
        }
        error = sort_rows(ahead, detail);
        ahead->answered = error == OK;
    }
    if (error != OK) {
        postgres_ahead_end(base);
    }
    /* A connection that died while it was idle: whoever reads opens another. */
    return error == ERR_BUSY && !store->in_transaction ? OK : error;
}

void postgres_ahead_begin(struct store *base)
{
    postgres_ahead_end(base);
    postgres_of(base)->noting = true;
}

void postgres_ahead_end(struct store *base)
{
    struct postgres_store *store = postgres_of(base);
    store->noting = false;
    for (int i = 0; i < store->ahead_count; i++) {
        struct postgres_statement *ahead = store->aheads[i];
        postgres_statement_clear(ahead);
        ahead->answered = false;
        PQclear(ahead->result);
        ahead->result = NULL;
    }
    store->ahead_count = 0;
}

/* The element at `at` of an array in the binary form. */
static struct str element(const struct parameter *array, size_t at)
{
    uint32_t length;
    memcpy(&length, array->bytes + at, sizeof(length));
    return (struct str){array->bytes + at + sizeof(length), ntohl(length)};
}

bool postgres_ahead_take(struct postgres_statement *one)
{
    struct postgres_statement *ahead = one->ahead;
    if (ahead == NULL || !ahead->answered) {
        return false;
    }
    size_t at[PARAMETERS_MAX];
    int parameters = one->parameter_count;
    for (int i = 0; i < parameters; i++) {
        at[i] = ahead->parameters[i].at;
    }
    for (int caller = ahead->next; caller < ahead->rows; caller++) {
        bool is_same = true;
        for (int i = 0; i < parameters; i++) {
            const struct parameter *asked = &one->parameters[i];
            struct str noted = element(&ahead->parameters[i], at[i]);
            is_same = is_same && str_equal(noted, (struct str){asked->bytes, asked->length});
            at[i] += sizeof(uint32_t) + noted.length;
        }
        if (is_same) {
            for (int i = 0; i < parameters; i++) {
                ahead->parameters[i].at = at[i];
            }
            ahead->next = caller + 1;
            one->from = ahead;
            one->row = ahead->first[caller] - 1;
            one->row_end = ahead->first[caller + 1];
            return true;
        }
    }
    return false;
}
