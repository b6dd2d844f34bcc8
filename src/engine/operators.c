/* What operators are told is kept as rows; who tells them (cli/notifier.c) says when they know. */
#include "base/limits.h"
#include "engine/commands.h"

enum { KIND_BYTES_MAX = 32, TEXT_BYTES_MAX = 4000 };

enum err operators_tell(struct engine *engine, struct batch *batch, const struct notice *notices,
                        int count, struct err_detail *detail)
{
    return store_notices_append(engine->store, notices, count, batch->now_ms, &engine->ids, detail);
}

/* A message to operators that somebody else made: a report, a test of the way. */
enum err command_operators_tell(struct doing *doing, struct err_detail *detail)
{
    const struct notice notice = {.kind = json_get_str(doing->payload, "kind"),
                                  .text = json_get_str(doing->payload, "text")};
    if (notice.kind.length == 0 || notice.kind.length > KIND_BYTES_MAX || notice.text.length == 0 ||
        notice.text.length > TEXT_BYTES_MAX) {
        return command_refuse(doing, ERR_INVALID, "expected \"kind\" and \"text\"");
    }
    doing->command->result = doing->command->after =
        command_written(doing, json_pack("{s:o}", "kind", json_str(notice.kind)));
    return operators_tell(doing->engine, doing->batch, &notice, 1, detail);
}

/* Once more does no harm. */
enum err command_operators_told(struct doing *doing, struct err_detail *detail)
{
    int64_t id = command_id(doing->payload, "id");
    const struct arg args[] = {ARG_INT(id), ARG_INT(doing->batch->now_ms)};
    struct rows none;
    doing->command->silent = true;
    doing->command->result = STR("{}");
    return store_query(doing->engine->store, doing->batch->arena, "operator_message_sent", args, 2,
                       1, &none, detail);
}
