/* What is only ever appended or looked up by its key: seen inputs, identities, events, feedback,
 * messages to operators, and the rows of what is due. */
#include "store/driver.h"

#include "base/check.h"
#include "core/event.h"

static enum err seen_find(struct store *store, struct str source, struct str external_id,
                          bool *ret_found, struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_SEEN_FIND, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_text(&binder, source);
    bind_text(&binder, external_id);
    error = statement_next(&binder, ret_found, "look for an input", detail);
    if (error == OK && *ret_found) {
        statement_done(&binder);
    }
    return error;
}

/* Where it can be looked up ahead it is, and what is new is written together; else inserting tells
 * whether it is. */
enum err store_seen(struct store *store, struct str source, struct str external_id, int64_t at_ms,
                    bool *ret_new, struct err_detail *detail)
{
    if (store->driver->ahead_begin != NULL) {
        bool found = false;
        enum err error = seen_find(store, source, external_id, &found, detail);
        *ret_new = false;
        if (error != OK || found) {
            return error;
        }
    }
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_SEEN_INSERT, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_text(&binder, source);
    bind_text(&binder, external_id);
    bind_int(&binder, at_ms);
    int changed = 0;
    error = statement_run(&binder, &changed, "remember an input", detail);
    if (error == OK) {
        *ret_new = changed == 1;
    }
    return error;
}

enum err store_events_make_room(struct store *store, int64_t now_ms, struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_EVENT_MONTHS, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, now_ms);
    return statement_run(&binder, NULL, "make room for events", detail);
}

/* The number that the statement gives, 0 without a row; a second one where the caller wants it. */
static enum err ask_numbers(struct store *store, enum statement which, const int64_t *args,
                            int arg_count, int64_t *ret_first, int64_t *ret_second,
                            struct err_detail *detail)
{
    struct binder binder;
    bool is_row;
    enum err error = bind_begin(store, which, &binder, detail);
    if (error != OK) {
        return error;
    }
    for (int i = 0; i < arg_count; i++) {
        bind_int(&binder, args[i]);
    }
    error = statement_next(&binder, &is_row, "let old events go", detail);
    *ret_first = 0;
    if (error == OK && is_row) {
        struct reader reader = read_begin(&binder, NULL);
        *ret_first = read_int64(&reader);
        if (ret_second != NULL) {
            *ret_second = read_int64(&reader);
        }
        statement_done(&binder);
    }
    return error;
}

static enum err run_with(struct store *store, enum statement which, int64_t arg,
                         struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, which, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, arg);
    return statement_run(&binder, NULL, "let old events go", detail);
}

enum err store_events_leave(struct store *store, int64_t before_ms, int limit, bool *ret_more,
                            struct err_detail *detail)
{
    const int64_t args[] = {before_ms <= 0 ? 0 : before_ms << 21, limit};
    int64_t left = 0;
    *ret_more = false;
    enum err error = ask_numbers(store, STATEMENT_EVENT_MONTH_LEAVE, args, 1, &left, NULL, detail);
    if (error != OK || left != 0) {
        *ret_more = left > 0;
        return error;
    }
    int64_t until = 0;
    int64_t count = 0;
    error = ask_numbers(store, STATEMENT_EVENTS_LEAVE_UNTIL, args, 2, &until, &count, detail);
    if (error != OK || count == 0) {
        return error;
    }
    *ret_more = count == limit;
    error = ask_numbers(store, STATEMENT_EVENTS_COUNT, &until, 1, &left, NULL, detail);
    if (error == OK) {
        error = run_with(store, STATEMENT_EVENTS_DELETE, until, detail);
    }
    return error == OK ? run_with(store, STATEMENT_EVENT_EDGE_MOVE, until + 1, detail) : error;
}

enum err store_seen_prune(struct store *store, struct str source, int64_t before_ms,
                          struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_SEEN_PRUNE, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_text(&binder, source);
    bind_int(&binder, before_ms);
    return statement_run(&binder, NULL, "forget old inputs", detail);
}

static enum err identity_find(struct store *store, struct str kind, struct str value,
                              int64_t *ret_user_id, struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_IDENTITY_FIND, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_text(&binder, kind);
    bind_text(&binder, value);
    bool is_row;
    error = statement_next(&binder, &is_row, "find an identity", detail);
    if (error == OK) {
        *ret_user_id = is_row ? read_first(&binder) : 0;
    }
    return error;
}

static enum err identity_add(struct store *store, struct str kind, struct str value,
                             int64_t user_id, int64_t at_ms, int64_t *ret_user_id,
                             struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_IDENTITY_INSERT, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_text(&binder, kind);
    bind_text(&binder, value);
    bind_int(&binder, user_id);
    bind_int(&binder, at_ms);
    int changed = 0;
    error = statement_run(&binder, &changed, "add an identity", detail);
    if (error != OK) {
        return error;
    }
    if (changed == 0) {
        return identity_find(store, kind, value, ret_user_id, detail);
    }
    *ret_user_id = user_id;
    return OK;
}

static struct str kind_text(enum channel_kind kind)
{
    return str_of(channel_kind_name(kind));
}

/* Whoever asks a second time asks anew: the first may have changed the answer. */
static bool is_first(const struct look *looks, int at)
{
    for (int i = 0; i < at; i++) {
        if (looks[i].is_identity == looks[at].is_identity &&
            str_equal(looks[i].second, looks[at].second) &&
            str_equal(looks[i].first, looks[at].first)) {
            return false;
        }
    }
    return true;
}

enum err store_look_ahead(struct store *store, const struct look *looks, int count,
                          struct err_detail *detail)
{
    enum err error = OK;
    if (store->driver->ahead_begin == NULL) {
        return OK;
    }
    store->driver->ahead_begin(store);
    for (int i = 0; i < count && error == OK; i++) {
        const struct look *look = &looks[i];
        bool found;
        int64_t user_id;
        if (!is_first(looks, i)) {
            continue;
        }
        error = look->is_identity
                    ? identity_find(store, look->first, look->second, &user_id, detail)
                    : seen_find(store, look->first, look->second, &found, detail);
    }
    return error == OK ? store->driver->ahead_ask(store, detail) : error;
}

enum err store_identity_find(struct store *store, enum channel_kind kind, struct str value,
                             int64_t *ret_user_id, struct err_detail *detail)
{
    return identity_find(store, kind_text(kind), value, ret_user_id, detail);
}

enum err store_identity_claim(struct store *store, enum channel_kind kind, struct str value,
                              int64_t user_id, int64_t at_ms, struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_IDENTITY_CLAIM, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_text(&binder, kind_text(kind));
    bind_text(&binder, value);
    bind_int(&binder, user_id);
    bind_int(&binder, at_ms);
    return statement_run(&binder, NULL, "add an identity", detail);
}

enum err store_identity_add(struct store *store, enum channel_kind kind, struct str value,
                            int64_t user_id, int64_t at_ms, int64_t *ret_user_id,
                            struct err_detail *detail)
{
    return identity_add(store, kind_text(kind), value, user_id, at_ms, ret_user_id, detail);
}

enum err store_identity_change(struct store *store, int64_t user_id,
                               const struct identity_change *change, int64_t at_ms,
                               struct err_detail *detail)
{
    struct str kind = kind_text(change->channel);
    if (change->new_value.length > 0) {
        int64_t owner;
        enum err error =
            identity_add(store, kind, change->new_value, user_id, at_ms, &owner, detail);
        if (error != OK) {
            return error;
        }
        if (owner != user_id) {
            return err_set(detail, ERR_CONFLICT, "this %s identity belongs to user %lld already",
                           channel_kind_name(change->channel), (long long)owner);
        }
    }
    if (change->old_value.length > 0 && !str_equal(change->old_value, change->new_value)) {
        struct binder binder;
        enum err error = bind_begin(store, STATEMENT_IDENTITY_DELETE, &binder, detail);
        if (error != OK) {
            return error;
        }
        bind_text(&binder, kind);
        bind_text(&binder, change->old_value);
        bind_int(&binder, user_id);
        return statement_run(&binder, NULL, "remove an identity", detail);
    }
    return OK;
}

enum err store_events_append(struct store *store, const struct event *events, int count,
                             struct err_detail *detail)
{
    for (int i = 0; i < count; i++) {
        const struct event *event = &events[i];
        struct binder binder;
        enum err error = bind_begin(store, STATEMENT_EVENT_INSERT, &binder, detail);
        if (error != OK) {
            return error;
        }
        bind_int(&binder, event->id);
        bind_int(&binder, event->user_id);
        bind_int(&binder, event->at_ms);
        bind_text(&binder, str_of(event_type_name(event->type)));
        bind_int(&binder, event->previous_event_id);
        bind_text(&binder, event->journey);
        bind_text(&binder, event->step);
        bind_int(&binder, event->ref_id);
        bind_text(&binder, event->rule);
        bind_text(&binder, event->data);
        bind_real(&binder, event->revenue);
        error = statement_run(&binder, NULL, "append an event", detail);
        if (error != OK) {
            return error;
        }
    }
    return OK;
}

enum err store_feedback_append(struct store *store, const struct feedback *feedback, int count,
                               int64_t at_ms, struct id_source *ids, struct err_detail *detail)
{
    for (int i = 0; i < count; i++) {
        struct binder binder;
        enum err error = bind_begin(store, STATEMENT_FEEDBACK_INSERT, &binder, detail);
        if (error != OK) {
            return error;
        }
        bind_int(&binder, id_next(ids, at_ms, id_slot(feedback[i].user_id)));
        bind_int(&binder, feedback[i].user_id);
        bind_int(&binder, feedback[i].run_id);
        bind_int(&binder, at_ms);
        bind_text(&binder, feedback[i].text);
        bind_int(&binder, feedback[i].rating);
        bind_int(&binder, feedback[i].is_problem);
        error = statement_run(&binder, NULL, "append feedback", detail);
        if (error != OK) {
            return error;
        }
    }
    return OK;
}

enum err store_notices_append(struct store *store, const struct notice *notices, int count,
                              int64_t at_ms, struct id_source *ids, struct err_detail *detail)
{
    for (int i = 0; i < count; i++) {
        struct binder binder;
        enum err error = bind_begin(store, STATEMENT_OPERATOR_MESSAGE_INSERT, &binder, detail);
        if (error != OK) {
            return error;
        }
        bind_int(&binder, id_next(ids, at_ms, id_slot(notices[i].user_id)));
        bind_int(&binder, at_ms);
        bind_text(&binder, notices[i].kind);
        bind_int(&binder, notices[i].user_id);
        bind_text(&binder, notices[i].text);
        error = statement_run(&binder, NULL, "append a message to operators", detail);
        if (error != OK) {
            return error;
        }
    }
    return OK;
}

enum err store_due_load(struct store *store, int line, int64_t until_ms, int limit,
                        struct due *ret_due, int *ret_count, struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_DUE_LOAD, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, line);
    bind_int(&binder, until_ms);
    bind_int(&binder, limit);
    int count = 0;
    for (;;) {
        bool is_row;
        error = statement_next(&binder, &is_row, "load what is due", detail);
        if (error != OK) {
            return error;
        }
        if (!is_row) {
            *ret_count = count;
            return OK;
        }
        ASSERT(count < limit);
        struct reader reader = read_begin(&binder, NULL);
        struct due *due = &ret_due[count++];
        due->due_at_ms = read_int64(&reader);
        due->id = read_int64(&reader);
        due->kind = (enum due_kind)read_enum(&reader, DUE_DELIVERY + 1);
        due->user_id = read_int64(&reader);
        due->line = line;
        if (reader.bad) {
            statement_done(&binder);
            return err_set(detail, ERR_STORE,
                           "table due, id %lld: a kind that this program does not know; run nudge "
                           "doctor",
                           (long long)due->id);
        }
    }
}

enum err store_due_next(struct store *store, int line, int64_t *ret_due_at_ms,
                        struct err_detail *detail)
{
    struct binder binder;
    enum err error = bind_begin(store, STATEMENT_DUE_NEXT, &binder, detail);
    if (error != OK) {
        return error;
    }
    bind_int(&binder, line);
    bool is_row;
    error = statement_next(&binder, &is_row, "load what is due", detail);
    if (error == OK) {
        *ret_due_at_ms = is_row ? read_first(&binder) : INT64_MAX;
    }
    return error;
}
