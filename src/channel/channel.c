/* Copies for channels: what is handed over outlives the batch it was decided in. */
#include "channel/channel.h"

enum { OUTGOING_BYTES = 1024 };

void outgoing_free(struct outgoing *outgoing)
{
    if (outgoing != NULL) {
        arena_free(outgoing->arena); /* the struct itself lives in it */
    }
}

static struct button *copy_buttons(struct arena *arena, const struct button *buttons, int count)
{
    struct button *copy = ARENA_ARRAY(arena, struct button, (size_t)count);
    for (int i = 0; i < count; i++) {
        copy[i].text = arena_str(arena, buttons[i].text);
        copy[i].token = arena_str(arena, buttons[i].token);
        copy[i].url = arena_str(arena, buttons[i].url);
    }
    return copy;
}

static struct outgoing *outgoing_new(int64_t user_id)
{
    struct arena *arena = arena_new(OUTGOING_BYTES);
    struct outgoing *outgoing = ARENA_NEW(arena, struct outgoing);
    outgoing->arena = arena;
    outgoing->user_id = user_id;
    return outgoing;
}

struct outgoing *outgoing_of_delivery(const struct delivery *delivery)
{
    struct outgoing *outgoing = outgoing_new(delivery->user_id);
    struct arena *arena = outgoing->arena;
    outgoing->delivery_id = delivery->id;
    outgoing->attempt_ms = delivery->next_at_ms;
    outgoing->class = delivery->class;
    outgoing->address = arena_str(arena, delivery->address);
    outgoing->language = arena_str(arena, delivery->language);
    outgoing->text = arena_str(arena, delivery->text);
    outgoing->picture = arena_str(arena, delivery->picture);
    outgoing->picture_alt = arena_str(arena, delivery->picture_alt);
    outgoing->buttons = copy_buttons(arena, delivery->buttons, delivery->button_count);
    outgoing->button_count = delivery->button_count;
    return outgoing;
}

struct outgoing *outgoing_of_act(const struct act *act, int64_t user_id)
{
    struct outgoing *outgoing = outgoing_new(user_id);
    struct arena *arena = outgoing->arena;
    outgoing->class = CLASS_REPLY;
    outgoing->address = arena_str(arena, act->address);
    outgoing->act = *act;
    outgoing->act.address = outgoing->address;
    outgoing->act.callback_id = arena_str(arena, act->callback_id);
    outgoing->act.message_id = arena_str(arena, act->message_id);
    outgoing->act.preview = arena_str(arena, act->preview);
    outgoing->act.text = arena_str(arena, act->text);
    outgoing->act.file_name = arena_str(arena, act->file_name);
    outgoing->act.buttons = copy_buttons(arena, act->buttons, act->button_count);
    return outgoing;
}
