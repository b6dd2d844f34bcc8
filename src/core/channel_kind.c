/* Names of the channels, as stored in identities and deliveries. */
#include "core/channel_kind.h"

static const char *const NAMES[CHANNEL_COUNT] = {"none", "telegram", "webchat", "email"};

const char *channel_kind_name(enum channel_kind kind)
{
    return kind >= 0 && kind < CHANNEL_COUNT ? NAMES[kind] : "none";
}

enum channel_kind channel_kind_of(struct str name)
{
    for (int i = CHANNEL_TELEGRAM; i < CHANNEL_COUNT; i++) {
        if (str_is(name, NAMES[i])) {
            return (enum channel_kind)i;
        }
    }
    return CHANNEL_NONE;
}
