/* Who is gone leaves first, since others get their numbers; then come new people, then events, then
 * the attributes of those whose events say that they may have changed. Whoever was joined into
 * another has all of the other's events read anew. The newest minute of ids is counted again each
 * time; when it is not what is known of it, it is read, and what is known passed over. */
#include "bi/behaviour/feed.h"

#include <stdlib.h>

#include "base/check.h"
#include "bi/behaviour/load_parts.h"

struct behaviour_feed {
    struct loading loading; /* its log is the newest edition */
};

/* One reading. */
struct following {
    struct loading next; /* the edition that is being made, and what will be known with it */
    const struct loading *before;
    uint32_t *gone; /* who is to be taken away */
    size_t gone_count;
    int64_t *survivors; /* of joins: their events are read anew */
    size_t survivor_count;
    int64_t *touched; /* whose attributes may differ, some more than once */
    size_t touched_count;
    bool changed;
    bool is_anew; /* everything is read again: old events have left, or somebody who was gone is
                     there again, a test person who is none any more */
};

/* ---- who is gone ----------------------------------------------------------------------------- */

/* Room for one more in an array. */
static void *widened(void *list, size_t count, size_t size)
{
    bool is_full = count == 0 || (count & (count - 1)) == 0;
    void *wider = is_full ? reallocarray(list, count == 0 ? 1 : count * 2, size) : list;
    ASSERT(wider != NULL);
    return wider;
}

static bool is_survivor(const struct following *following, int64_t id)
{
    for (size_t i = 0; i < following->survivor_count; i++) {
        if (following->survivors[i] == id) {
            return true;
        }
    }
    return false;
}

static void take_gone(struct following *following, int64_t id, int64_t alias_of)
{
    uint32_t person = loading_person(&following->next, id);
    if (person == 0) {
        return; /* has never been here, or left before */
    }
    following->gone = widened(following->gone, following->gone_count, sizeof(uint32_t));
    following->gone[following->gone_count++] = person - 1;
    if (alias_of != 0 && !is_survivor(following, alias_of)) {
        following->survivors =
            widened(following->survivors, following->survivor_count, sizeof(int64_t));
        following->survivors[following->survivor_count++] = alias_of;
    }
}

static enum err find_gone(struct following *following)
{
    struct loading *next = &following->next;
    int64_t after = 0;
    for (;;) {
        const struct arg args[] = {ARG_INT(after), ARG_INT(LOADING_ROWS)};
        struct rows rows;
        arena_reset(next->page);
        enum err error = store_query(next->store, next->page, "behaviour_gone_page", args, 2,
                                     LOADING_ROWS, &rows, next->detail);
        for (int i = 0; error == OK && i < rows.count; i++) {
            after = rows.cells[i * rows.columns].integer;
            take_gone(following, after, rows.cells[i * rows.columns + 1].integer);
        }
        if (error != OK || rows.count < LOADING_ROWS) {
            return error;
        }
    }
}

static int compare_numbers(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left;
    uint32_t b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

/* The largest number first: whoever gets the number of somebody gone stays. */
static void drop_gone(struct following *following)
{
    struct loading *next = &following->next;
    if (following->gone_count == 0) {
        return;
    }
    qsort(following->gone, following->gone_count, sizeof(uint32_t), compare_numbers);
    for (size_t i = following->gone_count; i > 0; i--) {
        behaviour_drop_person(next->log, following->gone[i - 1]);
    }
    loading_index(next);
    for (size_t i = 0; i < following->survivor_count; i++) {
        uint32_t person = loading_person(next, following->survivors[i]);
        if (person > 0) {
            behaviour_drop_events(next->log, person - 1);
        }
    }
    following->changed = true;
}

static enum err leave(struct following *following)
{
    struct gone *now = &following->next.gone;
    const struct gone *before = &following->before->gone;
    enum err error = loading_gone(&following->next, now);
    if (error == OK && now->edge_id != before->edge_id) {
        following->is_anew = true;
        return OK;
    }
    if (error != OK || (now->count == before->count && now->sum == before->sum)) {
        return error;
    }
    error = find_gone(following);
    drop_gone(following);
    following->is_anew = now->count < before->count + (int64_t)following->gone_count;
    return error;
}

/* ---- who came, who changed ------------------------------------------------------------------- */

static void touch(struct following *following, int64_t id)
{
    following->touched = widened(following->touched, following->touched_count, sizeof(int64_t));
    following->touched[following->touched_count++] = id;
}

/* Whether attributes may differ after such an event. */
static bool may_change(const struct behaviour_log *log, enum event_type type)
{
    bool has_variants = log->attribute_count > LOADING_FIXED;
    return type == EVENT_USER_JOINED || type == EVENT_SETTINGS_CHANGED ||
           type == EVENT_SET_ASSIGNED || type == EVENT_IDENTITY_ADDED || type == EVENT_BLOCKED ||
           type == EVENT_UNBLOCKED || type == EVENT_COMMAND_USED ||
           (has_variants && (type == EVENT_RUN_ENTERED || type == EVENT_STEP_SENT ||
                             type == EVENT_EXPERIMENT_EXPOSED));
}

/* People whose ids are larger. */
static enum err take_new_people(struct following *following, int64_t since)
{
    struct loading *next = &following->next;
    for (int64_t after = since;;) {
        const struct arg args[] = {ARG_INT(after), ARG_INT(LOADING_ROWS)};
        struct rows rows;
        arena_reset(next->page);
        enum err error = store_query(next->store, next->page, "behaviour_users", args, 2,
                                     LOADING_ROWS, &rows, next->detail);
        for (int i = 0; error == OK && i < rows.count; i++) {
            const struct cell *cell = &rows.cells[i * rows.columns];
            after = cell[0].integer;
            uint32_t person = loading_person(next, after);
            if (person == 0) {
                person = behaviour_add_person(next->log, after, cell[1].integer) + 1;
                loading_index_last(next);
                following->changed = true;
            }
            error = loading_take_person(next, person - 1, cell);
            touch(following, after);
        }
        if (error != OK || rows.count < LOADING_ROWS) {
            return error;
        }
    }
}

static enum err take_variants(struct following *following, uint32_t person, int64_t id)
{
    struct loading *next = &following->next;
    const struct arg args[] = {ARG_INT(id)};
    struct rows rows;
    arena_reset(next->page);
    enum err error = store_query(next->store, next->page, "behaviour_variants_of", args, 1,
                                 INT32_MAX, &rows, next->detail);
    for (int i = 0; error == OK && i < rows.count; i++) {
        error = loading_take_variants(next, person, rows.cells[i * rows.columns].text);
    }
    return error;
}

static enum err take_changed(struct following *following, int64_t id, int64_t since)
{
    struct loading *next = &following->next;
    uint32_t person = loading_person(next, id);
    if (person == 0) {
        return OK;
    }
    enum err error = OK;
    if (id <= since) { /* else they were read with the new ones */
        const struct arg args[] = {ARG_INT(id)};
        struct rows rows;
        arena_reset(next->page);
        error =
            store_query(next->store, next->page, "behaviour_user", args, 1, 1, &rows, next->detail);
        if (error == OK && rows.count == 1) {
            error = loading_take_person(next, person - 1, rows.cells);
        }
    }
    return error == OK && next->log->attribute_count > LOADING_FIXED
               ? take_variants(following, person - 1, id)
               : error;
}

static int compare_ids(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

/* Each of those who were touched, once. */
static enum err take_all_changed(struct following *following, int64_t since)
{
    enum err error = OK;
    if (following->touched_count > 0) {
        qsort(following->touched, following->touched_count, sizeof(int64_t), compare_ids);
    }
    for (size_t i = 0; error == OK && i < following->touched_count; i++) {
        if (i == 0 || following->touched[i] != following->touched[i - 1]) {
            error = take_changed(following, following->touched[i], since);
        }
    }
    return error;
}

/* ---- events ---------------------------------------------------------------------------------- */

static bool is_known(const struct loading *before, int64_t id)
{
    size_t low = 0;
    size_t high = before->recent_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (before->recent[middle] < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < before->recent_count && before->recent[low] == id;
}

/* The id behind which there may be something new. Nearly always the events up to the newest known
 * one are those that are known, and counting them is much less work than reading them; they are
 * noted again then. */
static enum err find_new(struct following *following, int64_t *ret_since)
{
    int64_t since = loading_since(following->before->last_id);
    struct loading *next = &following->next;
    const struct loading *before = following->before;
    const struct arg args[] = {ARG_INT(since), ARG_INT(before->last_id)};
    struct rows rows;
    arena_reset(next->page);
    enum err error = store_query(next->store, next->page, "behaviour_events_between", args, 2, 1,
                                 &rows, next->detail);
    size_t first = 0;
    while (first < before->recent_count && before->recent[first] <= since) {
        first++;
    }
    int64_t sum = 0;
    for (size_t i = first; i < before->recent_count; i++) {
        sum += before->recent[i] % 1000000007;
    }
    bool kept = error == OK && rows.cells[0].integer == (int64_t)(before->recent_count - first) &&
                rows.cells[1].integer == sum;
    for (size_t i = first; kept && i < before->recent_count; i++) {
        loading_note(next, before->recent[i]);
    }
    *ret_since = kept ? before->last_id : since;
    return error;
}

static enum err take_events(struct following *following, int64_t since)
{
    struct loading *next = &following->next;
    for (int64_t after = since;;) {
        struct rows rows;
        enum err error = loading_events(next, after, &rows);
        for (int i = 0; error == OK && i < rows.count; i++) {
            const struct cell *cell = &rows.cells[i * rows.columns];
            after = cell[EVENT_ID].integer;
            loading_note(next, after);
            if (!is_known(following->before, after) &&
                !is_survivor(following, cell[EVENT_USER].integer)) {
                error = loading_take_event(next, cell);
                following->changed = true;
                if (may_change(next->log, event_type_of(cell[EVENT_TYPE].text))) {
                    touch(following, cell[EVENT_USER].integer);
                }
            }
        }
        if (error != OK || rows.count < LOADING_ROWS) {
            return error;
        }
    }
}

static enum err refill_survivors(struct following *following)
{
    struct loading *next = &following->next;
    enum err error = OK;
    for (size_t i = 0; error == OK && i < following->survivor_count; i++) {
        touch(following, following->survivors[i]);
        const struct arg args[] = {ARG_INT(following->survivors[i])};
        struct rows rows;
        arena_reset(next->page);
        error = store_query(next->store, next->page, "behaviour_events_of", args, 1, INT32_MAX,
                            &rows, next->detail);
        for (int k = 0; error == OK && k < rows.count; k++) {
            error = loading_take_event(next, &rows.cells[k * rows.columns]);
        }
    }
    return error;
}

/* ---- the feed -------------------------------------------------------------------------------- */

static enum err follow(struct following *following)
{
    int64_t since = 0;
    enum err error = leave(following);
    if (error != OK || following->is_anew) {
        return error;
    }
    error = find_new(following, &since);
    if (error == OK) {
        error = take_new_people(following, since);
    }
    if (error == OK) {
        error = refill_survivors(following);
    }
    if (error == OK) {
        error = take_events(following, since);
    }
    if (error == OK) {
        error = take_all_changed(following, since);
    }
    return error == OK ? loading_fits(&following->next) : error;
}

/* What the log was made for. */
static void wants_of(const struct behaviour_log *log, struct behaviour_wants *ret_wants)
{
    *ret_wants = (struct behaviour_wants){.attribute_count = 0};
    for (int i = LOADING_FIXED; i < log->attribute_count; i++) {
        ret_wants->attributes[ret_wants->attribute_count++] = log->attributes[i].name;
    }
    for (int i = 0; i < log->property_count; i++) {
        ret_wants->properties[ret_wants->property_count++] = log->properties[i].name;
    }
}

/* In a transaction. */
static enum err make_next(struct following *following)
{
    struct loading *next = &following->next;
    *next = *following->before;
    next->recent = NULL;
    next->recent_count = next->recent_room = 0;
    next->log = behaviour_log_next(following->before->log);
    enum err error = follow(following);
    if (error == OK && following->is_anew) {
        struct behaviour_wants wants;
        wants_of(following->before->log, &wants);
        behaviour_log_free(next->log);
        next->log = NULL;
        next->last_id = 0;
        following->changed = true;
        return loading_all(next, &wants);
    }
    if (error == OK) {
        behaviour_finish(next->log);
    }
    return error;
}

/* The next edition takes the place of the one before, or is forgotten. The index is common to
 * them. */
static void settle(struct behaviour_feed *feed, struct following *following, bool is_good)
{
    struct loading *loading = &feed->loading;
    struct loading *next = &following->next;
    if (is_good && following->changed) {
        behaviour_log_free(loading->log);
        free(loading->recent);
        *loading = *next;
        return;
    }
    loading->gone = is_good ? next->gone : loading->gone;
    loading->slots = next->slots;
    loading->slot_mask = next->slot_mask;
    if (!is_good) {
        loading_index(loading);
    }
    behaviour_log_free(next->log);
    free(next->recent);
}

/* Gives what one reading needs, and takes it back. */
static enum err begin(struct loading *loading, struct store *store, struct err_detail *detail)
{
    loading->store = store;
    loading->detail = detail;
    loading->page = arena_new(LOADING_PAGE_BYTES);
    return store_begin_reading(store, detail);
}

static void end(struct loading *loading, enum err begun)
{
    if (begun == OK) {
        store_rollback(loading->store); /* nothing was written */
    }
    arena_free(loading->page);
    loading->page = NULL;
}

enum err behaviour_feed_new(struct store *store, const struct behaviour_wants *wants,
                            int64_t bytes_max, struct behaviour_feed **ret_feed,
                            struct err_detail *detail)
{
    struct behaviour_feed *feed = calloc(1, sizeof(*feed));
    ASSERT(feed != NULL);
    feed->loading.bytes_max = bytes_max;
    enum err begun = begin(&feed->loading, store, detail);
    enum err error = begun == OK ? loading_all(&feed->loading, wants) : begun;
    end(&feed->loading, begun);
    if (error != OK) {
        behaviour_feed_free(feed);
        return error;
    }
    *ret_feed = feed;
    return OK;
}

enum err behaviour_feed_read(struct behaviour_feed *feed, struct store *store,
                             struct err_detail *detail)
{
    struct following following = {.before = &feed->loading};
    enum err error = begin(&feed->loading, store, detail);
    if (error == OK) {
        error = make_next(&following);
        end(&feed->loading, OK);
        following.next.page = NULL;
        settle(feed, &following, error == OK);
    } else {
        end(&feed->loading, error);
    }
    free(following.gone);
    free(following.survivors);
    free(following.touched);
    return error;
}

void behaviour_feed_wants(const struct behaviour_feed *feed, struct behaviour_wants *ret_wants)
{
    wants_of(feed->loading.log, ret_wants);
}

static bool is_listed(struct str name, const struct str *list, int count)
{
    for (int i = 0; i < count; i++) {
        if (str_equal(list[i], name)) {
            return true;
        }
    }
    return false;
}

/* An attribute that no log has is the question's mistake. */
bool behaviour_feed_has(const struct behaviour_feed *feed, const struct behaviour_wants *wants)
{
    struct behaviour_wants has;
    wants_of(feed->loading.log, &has);
    bool all = true;
    for (int i = 0; i < wants->attribute_count; i++) {
        all = all && (!loading_is_variant(wants->attributes[i]) ||
                      is_listed(wants->attributes[i], has.attributes, has.attribute_count));
    }
    for (int i = 0; i < wants->property_count; i++) {
        all = all && is_listed(wants->properties[i], has.properties, has.property_count);
    }
    return all;
}

struct behaviour_log *behaviour_feed_log(const struct behaviour_feed *feed)
{
    return feed->loading.log;
}

void behaviour_feed_free(struct behaviour_feed *feed)
{
    if (feed != NULL) {
        loading_release(&feed->loading);
        free(feed);
    }
}
