/* What is submitted is copied into one allocation: the struct, then all its strings. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/limits.h"
#include "engine/internal.h"

static const size_t INPUT_STRINGS[] = {
    offsetof(struct input, source),      offsetof(struct input, external_id),
    offsetof(struct input, identity),    offsetof(struct input, address),
    offsetof(struct input, first_name),  offsetof(struct input, username),
    offsetof(struct input, language),    offsetof(struct input, text),
    offsetof(struct input, token),       offsetof(struct input, callback_id),
    offsetof(struct input, preview),     offsetof(struct input, message_id),
    offsetof(struct input, new_address), offsetof(struct input, bot_name),
    offsetof(struct input, provider_id), offsetof(struct input, reason),
    offsetof(struct input, name),        offsetof(struct input, data),
};
enum { INPUT_STRING_COUNT = sizeof(INPUT_STRINGS) / sizeof(INPUT_STRINGS[0]) };

static struct str *string_at(struct input *input, int index)
{
    return (struct str *)(void *)((char *)input + INPUT_STRINGS[index]);
}

static struct item *item_new(size_t bytes)
{
    struct item *item = malloc(sizeof(*item) + bytes);
    ASSERT(item != NULL);
    memset(item, 0, sizeof(*item));
    return item;
}

/* Copies the view to *at and goes on behind it. */
static struct str keep(char **at, struct str text)
{
    if (text.length == 0) {
        return STR_NONE;
    }
    struct str copy = {*at, text.length};
    memcpy(*at, text.ptr, text.length);
    *at += text.length;
    return copy;
}

struct item *item_of_input(const struct input *input)
{
    struct input copy = *input;
    size_t bytes = 0;
    for (int i = 0; i < INPUT_STRING_COUNT; i++) {
        bytes += string_at(&copy, i)->length;
    }
    struct item *item = item_new(bytes);
    item->kind = ITEM_INPUT;
    item->input = copy;
    char *at = (char *)(item + 1);
    for (int i = 0; i < INPUT_STRING_COUNT; i++) {
        struct str *text = string_at(&item->input, i);
        *text = keep(&at, *text);
    }
    return item;
}

struct item *item_of_command(struct str kind, struct str payload, struct str actor)
{
    struct item *item = item_new(kind.length + payload.length + actor.length);
    item->kind = ITEM_COMMAND;
    char *at = (char *)(item + 1);
    item->command = keep(&at, kind);
    item->payload = keep(&at, payload);
    item->actor = keep(&at, actor);
    return item;
}

void item_end(struct item *item, const struct outcome *outcome)
{
    if (item->done != NULL) {
        item->done(item->context, outcome);
    }
    if (item->done_plain != NULL) {
        item->done_plain(item->context, outcome->error);
    }
    free(item);
}

static void *grow(struct arena *arena, void *items, int count, int *capacity, size_t size)
{
    if (count < *capacity) {
        return items;
    }
    int wanted = *capacity == 0 ? PORTION(64, 1) : *capacity * 2;
    *capacity = wanted;
    return arena_grow(arena, items, (size_t)count * size, (size_t)wanted * size);
}

struct work *batch_work(struct batch *batch)
{
    batch->works = grow(batch->arena, (void *)batch->works, batch->work_count,
                        &batch->work_capacity, sizeof(*batch->works));
    return batch->works[batch->work_count++] = ARENA_NEW(batch->arena, struct work);
}

struct command_work *batch_command(struct batch *batch)
{
    batch->commands = grow(batch->arena, (void *)batch->commands, batch->command_count,
                           &batch->command_capacity, sizeof(*batch->commands));
    return batch->commands[batch->command_count++] = ARENA_NEW(batch->arena, struct command_work);
}

struct handover *batch_handover(struct batch *batch)
{
    batch->handovers = grow(batch->arena, batch->handovers, batch->handover_count,
                            &batch->handover_capacity, sizeof(*batch->handovers));
    struct handover *handover = &batch->handovers[batch->handover_count++];
    *handover = (struct handover){0};
    return handover;
}
