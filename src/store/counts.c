/* Counts of messages by day, sequence and channel (delivery_counts), kept in the transaction of
 * what they count. A saved message takes back how it was counted before and is counted as it is
 * now; the differences of one transaction are summed here, and written with one statement for each
 * key before its commit. Test people's messages are not counted. */
#include "store/driver.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"

/* The columns of the table after its key, in their order. */
enum {
    COUNT_TOTAL,
    COUNT_SENT,
    COUNT_DELIVERED,
    COUNT_OPENED,
    COUNT_CLICKED,
    COUNT_ANSWERED,
    COUNT_FAILED,
    COUNT_NOT_SENT,
    COUNT_UNCERTAIN,
    COUNTS
};
struct key_counts {
    int64_t day;
    struct str sequence; /* in the arena */
    int64_t channel;
    int64_t n[COUNTS];
};

struct store_counts {
    struct arena *arena;
    struct key_counts keys[LIMIT_COUNT_KEYS];
    int count;
};

struct store_counts *counts_new(void)
{
    struct store_counts *counts = calloc(1, sizeof(*counts));
    ASSERT(counts != NULL);
    counts->arena = arena_new(4096);
    return counts;
}

void counts_free(struct store_counts *counts)
{
    arena_free(counts->arena);
    free(counts);
}

void counts_forget(struct store_counts *counts)
{
    counts->count = 0;
    arena_reset(counts->arena);
}

static enum err write_key(struct store *store, const struct key_counts *key,
                          struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_DELIVERY_COUNT_ADD, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, key->day);
    bind_text(&binder, key->sequence);
    bind_int(&binder, key->channel);
    for (int i = 0; i < COUNTS; i++) {
        bind_int(&binder, key->n[i]);
    }
    return statement_run(&binder, NULL, "count messages", detail);
}

enum err counts_write(struct store *store, struct err_detail *detail)
{
    static const struct key_counts nothing;
    struct store_counts *counts = store->counts;
    enum err error = OK;
    for (int i = 0; i < counts->count && error == OK; i++) {
        const struct key_counts *key = &counts->keys[i];
        if (memcmp(key->n, nothing.n, sizeof(key->n)) != 0) {
            error = write_key(store, key, detail);
        }
    }
    counts_forget(counts);
    return error;
}

/* The counts of the key; new ones are zero. NULL on an error. */
static int64_t *counts_of(struct store *store, int64_t day, struct str sequence, int64_t channel,
                          enum err *ret_error, struct err_detail *detail)
{
    struct store_counts *counts = store->counts;
    *ret_error = OK;
    for (int i = counts->count - 1; i >= 0; i--) {
        struct key_counts *key = &counts->keys[i];
        if (key->day == day && key->channel == channel && str_equal(key->sequence, sequence)) {
            return key->n;
        }
    }
    if (counts->count == LIMIT_COUNT_KEYS) {
        *ret_error = counts_write(store, detail);
        if (*ret_error != OK) {
            return NULL;
        }
    }
    struct key_counts *key = &counts->keys[counts->count++];
    *key = (struct key_counts){
        .day = day, .sequence = arena_str(counts->arena, sequence), .channel = channel};
    return key->n;
}

static enum err add(struct store *store, const struct counted_delivery *as, int sign,
                    struct err_detail *detail)
{
    enum err error = OK;
    int64_t *n = as->is_counted
                     ? counts_of(store, as->day, as->sequence, as->channel, &error, detail)
                     : NULL;
    if (n == NULL) {
        return error;
    }
    enum delivery_state state = as->state;
    bool was_sent = state >= DELIVERY_SENT && state <= DELIVERY_CLICKED;
    n[COUNT_TOTAL] += sign;
    n[COUNT_SENT] += was_sent ? sign : 0;
    n[COUNT_DELIVERED] += was_sent && state >= DELIVERY_DELIVERED ? sign : 0;
    n[COUNT_OPENED] += was_sent && state >= DELIVERY_OPENED ? sign : 0;
    n[COUNT_CLICKED] += state == DELIVERY_CLICKED ? sign : 0;
    n[COUNT_ANSWERED] += as->is_answered ? sign : 0;
    n[COUNT_FAILED] += state == DELIVERY_FAILED || state == DELIVERY_DEAD ? sign : 0;
    n[COUNT_NOT_SENT] += state == DELIVERY_SUPPRESSED || state == DELIVERY_EXPIRED ? sign : 0;
    n[COUNT_UNCERTAIN] += state == DELIVERY_UNCERTAIN ? sign : 0;
    return OK;
}

struct counted_delivery counts_as(const struct delivery *delivery)
{
    int64_t at_ms = delivery->sent_at_ms > 0 ? delivery->sent_at_ms : delivery->created_at_ms;
    return (struct counted_delivery){.is_counted = true,
                                     .is_answered = delivery->answered_at_ms > 0,
                                     .state = delivery->state,
                                     .channel = delivery->channel,
                                     .day = at_ms / DAY_MS,
                                     .sequence = delivery->sequence};
}

enum err counts_take(struct store *store, struct delivery *delivery, bool is_test,
                     struct err_detail *detail)
{
    struct counted_delivery now = counts_as(delivery);
    enum err error = is_test ? OK : add(store, &delivery->counted, -1, detail);
    if (error == OK && !is_test) {
        error = add(store, &now, 1, detail);
    }
    delivery->counted = now;
    return error;
}

enum err counts_take_answer(struct store *store, int64_t at_ms, struct str sequence,
                            int64_t channel, struct err_detail *detail)
{
    enum err error;
    int64_t *n = counts_of(store, at_ms / DAY_MS, sequence, channel, &error, detail);
    if (n != NULL) {
        n[COUNT_ANSWERED]++;
    }
    return error;
}

enum err counts_take_person(struct store *store, enum statement which, int64_t user_id, int sign,
                            struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, which, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, user_id);
    for (;;) {
        bool is_row;
        error = statement_next(&binder, &is_row, "count a person's messages", detail);
        if (error != OK || !is_row) {
            return error;
        }
        struct reader reader = read_begin(&binder, store->arena);
        int64_t day = read_int64(&reader);
        struct str sequence = read_text(&reader);
        int64_t channel = read_int64(&reader);
        int64_t *n = counts_of(store, day, sequence, channel, &error, detail);
        if (n == NULL) {
            statement_done(&binder);
            return error;
        }
        for (int i = 0; i < COUNTS; i++) {
            n[i] += sign * read_int64(&reader);
        }
    }
}
