/* What operators are told is kept as rows; who tells them (cli/notifier.c) says when they know. */
#include "base/limits.h"
#include "engine/commands.h"

enum { KIND_BYTES_MAX = 32, TEXT_BYTES_MAX = 4000 };

enum err operators_tell(struct engine *engine, struct batch *batch, const struct notice *notices,
                        int count, struct err_detail *detail)
{
    return store_notices_append(engine->store, notices, count, batch->now_ms, &engine->ids, detail);
}

/* Of a kind that is told once for each occasion ("once": a day's report): whether this one was told
 * before; if not, it is now. */
static enum err note_occasion(struct doing *doing, struct str kind, struct str once,
                              bool *ret_was_told, struct err_detail *detail)
{
    struct arena *arena = doing->batch->arena;
    const char *name = arena_printf(arena, "told/%.*s", STR_ARG(kind)).ptr;
    struct str last = STR_NONE;
    struct str now = command_written(doing, json_pack("{s:o}", "once", json_str(once)));
    enum err error = store_setting_get(doing->engine->store, arena, name, &last, detail);
    *ret_was_told = error == OK && str_equal(last, now);
    return error == OK && !*ret_was_told
               ? store_setting_put(doing->engine->store, name, now, doing->batch->now_ms, detail)
               : error;
}

/* A message to operators that somebody else made: a report, a test of the way. */
enum err command_operators_tell(struct doing *doing, struct err_detail *detail)
{
    struct str once = json_get_str(doing->payload, "once");
    bool was_told = false;
    enum err error = OK;
    const struct notice notice = {.kind = json_get_str(doing->payload, "kind"),
                                  .text = json_get_str(doing->payload, "text")};
    if (notice.kind.length == 0 || notice.kind.length > KIND_BYTES_MAX || notice.text.length == 0 ||
        notice.text.length > TEXT_BYTES_MAX) {
        return command_refuse(doing, ERR_INVALID, "expected \"kind\" and \"text\"");
    }
    if (once.length > 0) {
        error = note_occasion(doing, notice.kind, once, &was_told, detail);
    }
    doing->command->silent = was_told;
    doing->command->result = doing->command->after = command_written(
        doing, json_pack("{s:o, s:b}", "kind", json_str(notice.kind), "told", !was_told));
    return error == OK && !was_told
               ? operators_tell(doing->engine, doing->batch, &notice, 1, detail)
               : error;
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
