/* Bodies of requests to the Bot API. Private to the Telegram channel; pure. */
#pragma once

#include "channel/channel.h"

struct telegram_body {
    const char *method;
    struct str bytes;
    struct str content_type; /* empty: JSON */
};

/* A message or an act. as_text: without markup and picture. */
struct telegram_body telegram_body_of(const struct outgoing *outgoing, bool as_text);
