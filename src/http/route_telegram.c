/* Telegram's webhook: the secret is compared in constant time, the update becomes an input, and 200
 * is answered only after its transaction committed. */
#include <microhttpd.h>

#include "base/digest.h"
#include "channel/telegram.h"
#include "http/request.h"
#include "http/routes.h"

static void answer_update(struct http_request *request, const struct outcome *outcome)
{
    (void)outcome;
    http_reply_constant(request, MHD_HTTP_OK, "application/json", "{}", 2);
}

void route_telegram_webhook(struct http_request *request)
{
    const struct http_app *app = http_app(request);
    struct str secret = str_of(app->telegram_secret);
    if (secret.length == 0) {
        http_problem(request, MHD_HTTP_NOT_FOUND, "Telegram is off: TELEGRAM_BOT_TOKEN is not set");
        return;
    }
    struct str given = http_header(request, "X-Telegram-Bot-Api-Secret-Token");
    if (given.length == 0) {
        http_problem(request, MHD_HTTP_UNAUTHORIZED, "the secret token is missing");
        return;
    }
    if (!digest_equal_secret(given, secret)) {
        http_problem(request, MHD_HTTP_FORBIDDEN, "the secret token is wrong");
        return;
    }
    struct input input;
    struct err_detail detail = {""};
    enum err error = telegram_parse_update(http_arena(request), http_body(request), app->bot_name,
                                           clock_now_ms(app->clock), &input, &detail);
    if (error == ERR_NOT_FOUND) { /* an update of a kind that means nothing to us */
        http_reply_constant(request, MHD_HTTP_OK, "application/json", "{}", 2);
        return;
    }
    if (error != OK) {
        http_problem_of(request, error, &detail);
        return;
    }
    http_submit(request, &input, answer_update);
}
