/* Telegram's webhook: the secret is compared in constant time, the update becomes an input, and 200
 * is answered only after its transaction committed. The answer to a tap travels in that response:
 * the Bot API takes one call there, which saves a request. */
#include <microhttpd.h>

#include "base/digest.h"
#include "channel/telegram.h"
#include "http/request.h"
#include "http/routes.h"

static void answer_update(struct request *request, const struct outcome *outcome)
{
    if (outcome->tap_answer == NULL) {
        http_reply_constant(request, MHD_HTTP_OK, "application/json", "{}", 2);
        return;
    }
    struct str call = telegram_tap_answer(http_arena(request), outcome->tap_answer);
    http_reply(request, MHD_HTTP_OK, "application/json", call);
}

/* Compares the secret; answers 401 or 403 when it does not fit. */
static bool is_telegram(struct request *request, const struct http_app *app)
{
    struct str given = http_header(request, "X-Telegram-Bot-Api-Secret-Token");
    if (given.length == 0) {
        http_problem(request, MHD_HTTP_UNAUTHORIZED, "the secret token is missing");
        return false;
    }
    if (!digest_equal_secret(given, str_of(app->telegram_secret))) {
        http_problem(request, MHD_HTTP_FORBIDDEN, "the secret token is wrong");
        return false;
    }
    return true;
}

void route_telegram_webhook(struct request *request)
{
    const struct http_app *app = http_app(request);
    if (app->config->telegram_bot_token[0] == '\0') {
        http_problem(request, MHD_HTTP_NOT_FOUND, "Telegram is off: TELEGRAM_BOT_TOKEN is not set");
        return;
    }
    if (!is_telegram(request, app)) {
        return;
    }
    struct telegram_update update;
    struct err_detail detail = {""};
    struct str name = app->telegram != NULL ? telegram_bot_name(app->telegram) : STR_NONE;
    enum err error = telegram_parse_update(http_arena(request), http_body(request), name,
                                           clock_now_ms(app->clock), &update, &detail);
    if (error != OK) {
        http_problem_of(request, error, &detail);
    } else if (app->engine == NULL) { /* what is relevant, who serves knows */
        http_hand_on(request, CHANNEL_TELEGRAM, STR_NONE);
    } else if (!update.relevant) {
        http_reply_constant(request, MHD_HTTP_OK, "application/json", "{}", 2);
    } else {
        update.input.answers_tap = true;
        http_submit(request, &update.input, answer_update);
    }
}
