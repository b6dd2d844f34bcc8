/* Routes and what they share. Private to src/http. */
#pragma once

#include "http/request.h"

typedef void http_route(struct request *request);

http_route route_healthz, route_readyz, route_prometheus;
http_route route_healthz_standby, route_readyz_standby;
http_route route_telegram_webhook;
http_route route_asset, route_chat_page, route_chat_session, route_chat_link, route_chat_message,
    route_chat_history, route_chat_events, route_chat_export;
http_route route_unsubscribe_page, route_unsubscribe, route_mail_button_page, route_mail_button;
http_route route_resend_webhook;
http_route route_dashboard;
http_route route_api; /* everything below /api/ has a table of its own (api/table.c) */

/* Answers with an embedded page or asset, in gzip form when the client takes it. */
void reply_embedded(struct request *request, struct str name);
/* Finds the route and runs it; answers 404 and 405 itself. */
void http_dispatch(struct request *request);
