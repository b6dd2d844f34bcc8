/* What operators are told: kept as rows, and sent to their chats. */
#include "base/limits.h"
#include "engine/internal.h"

static void tell_chat(struct batch *batch, struct str address, struct str text)
{
    struct act *act = ARENA_NEW(batch->arena, struct act);
    act->kind = ACT_SEND_TEXT;
    act->channel = CHANNEL_TELEGRAM;
    act->address = address;
    act->text = text;
    batch_handover(batch)->act = act;
}

static enum err tell_notice(struct engine *engine, struct batch *batch, const struct cell *cells,
                            struct str chats, struct err_detail *detail)
{
    struct str rest = chats;
    while (rest.length > 0) {
        struct str address = str_trim(str_split(rest, ',', &rest));
        if (address.length > 0) {
            tell_chat(batch, address, cells[4].text);
        }
    }
    const struct arg args[] = {ARG_INT(cells[0].integer), ARG_INT(batch->now_ms)};
    struct rows none;
    return store_query(engine->store, batch->arena, "operator_message_sent", args, 2, 1, &none,
                       detail);
}

/* What operators were not told yet goes to their chats, the oldest first; it counts as told with
 * this transaction. All of it: the newest may be urgent. */
static enum err tell_waiting(struct engine *engine, struct batch *batch, struct err_detail *detail)
{
    struct str chats = str_trim(str_of(engine->config->admin_chat_ids));
    if (chats.length == 0 || engine->channels[CHANNEL_TELEGRAM] == NULL ||
        engine_sending(engine) == SENDING_DRY_RUN) {
        return OK;
    }
    const struct arg limit[] = {ARG_INT(LIMIT_BATCH_NOTICES)};
    struct rows rows = {.count = LIMIT_BATCH_NOTICES};
    enum err error = OK;
    while (error == OK && rows.count == LIMIT_BATCH_NOTICES) {
        error = store_query(engine->store, batch->arena, "operator_messages_unsent", limit, 1,
                            LIMIT_BATCH_NOTICES, &rows, detail);
        for (int i = 0; error == OK && i < rows.count; i++) {
            error =
                tell_notice(engine, batch, rows.cells + (ptrdiff_t)i * rows.columns, chats, detail);
        }
    }
    return error;
}

enum err operators_tell(struct engine *engine, struct batch *batch, const struct notice *notices,
                        int count, struct err_detail *detail)
{
    enum err error =
        store_notices_append(engine->store, notices, count, batch->now_ms, &engine->ids, detail);
    return error == OK ? tell_waiting(engine, batch, detail) : error;
}
