/* Bodies of requests to the Bot API. Private to the Telegram channel; pure. */
#pragma once

#include "channel/channel.h"

struct telegram_body {
    const char *method;
    struct str bytes;
    struct str content_type; /* empty: JSON */
};

/* A message or an act; without: TELEGRAM_WITHOUT_… (telegram.h). */
struct telegram_body telegram_body_of(const struct outgoing *outgoing, unsigned without);
