/* The lines that messages wait in to be sent (core/delivery.h). A line is looked at when its oldest
 * message is due and its channel has room, and only as many are loaded as may go: what waits is
 * neither in memory nor moved, however long the line is. Earlier priorities are asked first, so a
 * broadcast has what nudges leave, and replies find their part of the rate untouched.
 *
 * When the oldest message of each line is due is kept in memory, never too late: everything saved
 * lowers it, and a line from which something was taken is measured again before the commit. */
#include "base/limits.h"
#include "engine/internal.h"

void lines_forget(struct engine *engine)
{
    for (int i = 0; i < LINE_COUNT; i++) {
        engine->lines[i] = (struct line){.at_ms = 0, .is_known = false};
    }
}

void lines_note(struct engine *engine, const struct delivery *delivery)
{
    struct line *line = &engine->lines[delivery_line(delivery)];
    if (line != engine->lines && delivery->next_at_ms != 0 && delivery->next_at_ms < line->at_ms) {
        line->at_ms = delivery->next_at_ms;
    }
}

bool lines_wait(const struct engine *engine, enum channel_kind kind, enum priority priority,
                int64_t now_ms)
{
    bool wait = false;
    for (int i = 0; i <= (int)priority; i++) {
        wait |= engine->lines[line_number(kind, (enum priority)i)].at_ms <= now_ms;
    }
    return wait;
}

/* Replies find room that nothing else takes: a slow provider does not make them wait behind it. */
static int channel_room(const struct engine *engine, const struct batch *batch,
                        enum channel_kind kind, enum priority priority)
{
    const struct channel *channel = engine->channels[kind];
    int room =
        priority == PRIORITY_REPLY ? LIMIT_IN_FLIGHT : LIMIT_IN_FLIGHT - LIMIT_IN_FLIGHT_REPLIES;
    int handed = batch != NULL ? batch->handed[kind] : 0;
    return room - channel->ops->in_flight(channel) - handed - engine->unsent_of[kind];
}

int lines_room(struct engine *engine, const struct batch *batch, enum channel_kind kind,
               enum priority priority, int64_t now_ms, int64_t *ret_at_ms)
{
    enum sending_mode mode = engine_sending(engine);
    bool held = mode == SENDING_DRY_RUN || (mode == SENDING_OFF && priority != PRIORITY_REPLY);
    if (held || engine->channels[kind] == NULL) {
        return LIMIT_BATCH_DUE; /* nothing goes out: each is put off or ended */
    }
    int room = channel_room(engine, batch, kind, priority);
    if (room <= 0) {
        *ret_at_ms = now_ms + CHANNEL_FULL_MS;
        return 0;
    }
    int paced =
        engine->pacing ? pacer_room(engine->pacer, kind, priority, now_ms, ret_at_ms) : room;
    return paced < room ? paced : room;
}

enum err lines_measure(struct engine *engine, struct err_detail *detail)
{
    enum err error = OK;
    for (int i = 0; error == OK && i < LINE_COUNT; i++) {
        struct line *line = &engine->lines[i];
        if (i == 0 || i % LINES_OF_CHANNEL >= PRIORITY_COUNT || i < LINES_OF_CHANNEL) {
            *line = (struct line){INT64_MAX, true}; /* none of a channel */
        } else if (!line->is_known) {
            error = store_due_next(engine->store, i, &line->at_ms, detail);
            line->is_known = error == OK;
        }
    }
    return error;
}

enum err lines_load(struct engine *engine, struct batch *batch, int limit,
                    struct err_detail *detail)
{
    enum err error = OK;
    for (int kind = 0; kind < CHANNEL_COUNT; kind++) {
        int loaded = 0; /* of the channel; decided later, so not counted by its room */
        for (int i = 0; error == OK && i < PRIORITY_COUNT; i++) {
            enum priority priority = (enum priority)i;
            int number = line_number((enum channel_kind)kind, priority);
            int64_t at_ms;
            if (engine->lines[number].at_ms > batch->now_ms) {
                continue;
            }
            int room = lines_room(engine, batch, (enum channel_kind)kind, priority, batch->now_ms,
                                  &at_ms) -
                       loaded;
            int count = batch->due_count;
            if (room > 0 && count < limit) {
                engine->lines[number].is_known = false;
                error = due_load_line(engine, batch, number,
                                      room < limit - count ? room : limit - count, detail);
                loaded += batch->due_count - count;
            }
        }
    }
    return error;
}

int64_t lines_next_at_ms(struct engine *engine, int64_t now_ms)
{
    int64_t next_at_ms = INT64_MAX;
    for (int kind = 0; kind < CHANNEL_COUNT; kind++) {
        for (int i = 0; i < PRIORITY_COUNT; i++) {
            enum channel_kind channel = (enum channel_kind)kind;
            int64_t at_ms = engine->lines[line_number(channel, (enum priority)i)].at_ms;
            int64_t room_at_ms = at_ms;
            if (at_ms <= now_ms &&
                lines_room(engine, NULL, channel, (enum priority)i, now_ms, &room_at_ms) == 0) {
                at_ms = room_at_ms;
            }
            next_at_ms = at_ms < next_at_ms ? at_ms : next_at_ms;
        }
    }
    return next_at_ms;
}

int64_t lines_oldest_ms(const struct engine *engine, int64_t now_ms)
{
    int64_t oldest_ms = now_ms;
    for (int i = LINES_OF_CHANNEL; i < LINE_COUNT; i++) {
        bool waits = engine->lines[i].at_ms != 0 && engine->lines[i].at_ms < oldest_ms;
        oldest_ms = waits ? engine->lines[i].at_ms : oldest_ms;
    }
    return now_ms - oldest_ms;
}
