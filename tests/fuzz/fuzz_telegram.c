/* Telegram's updates from outside: read into an input or refused, never anything between. */
#include "channel/telegram.h"

#include "base/check.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct str json = {(const char *)data, size};
    struct telegram_update update = {0};
    struct err_detail detail = {""};
    enum err error =
        telegram_parse_update(arena, json, STR("nudge_bot"), 1795340000000, &update, &detail);
    if (error != OK) {
        ASSERT(error == ERR_INVALID || error == ERR_LIMIT);
        ASSERT(detail.text[0] != '\0');
    } else if (update.relevant) {
        ASSERT(text_is_utf8(update.input.text));
    }
    arena_free(arena);
    return 0;
}
