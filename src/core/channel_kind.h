/* The channels a person can be reached on. The number is stored; do not renumber. */
#pragma once

#include "base/str.h"

enum channel_kind {
    CHANNEL_NONE = 0,
    CHANNEL_TELEGRAM = 1,
    CHANNEL_WEBCHAT = 2,
    CHANNEL_EMAIL = 3,
    CHANNEL_COUNT
};

/* "telegram", "webchat", "email"; "none". Static storage. */
const char *channel_kind_name(enum channel_kind kind);
/* CHANNEL_NONE when it is no channel's name. */
enum channel_kind channel_kind_of(struct str name);
