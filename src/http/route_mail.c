/* The pages that links in mails lead to: unsubscribing (also by one request of a mail program, RFC
 * 8058) and pressing a button. GET asks and changes nothing, POST does it; both go by the link's
 * signature alone, without logging in. */
#include <microhttpd.h>

#include "channel/mail.h"
#include "http/request.h"
#include "http/routes.h"

static void reply_page(struct request *request, int status, const struct mail_words *words,
                       struct str text, struct str button)
{
    http_reply_header(request, "Content-Security-Policy",
                      "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
                      "base-uri 'none'; frame-ancestors 'none'");
    http_reply_header(request, "Cache-Control", "no-store");
    http_reply_header(request, "Referrer-Policy", "no-referrer");
    http_reply_header(request, "X-Robots-Tag", "noindex");
    http_reply(request, status, "text/html; charset=utf-8",
               mail_page(http_arena(request), words, text, button));
}

/* Standing by, what the one that serves has stored. Answers itself when that cannot be read. */
static bool find_secret(struct request *request, struct str *ret_secret)
{
    const struct http_app *app = http_app(request);
    struct err_detail detail = {""};
    *ret_secret = app->mail->secret;
    if (app->engine != NULL) {
        return true;
    }
    enum err error = engine_stored_secret(app->inbox, http_arena(request), ret_secret, &detail);
    if (error != OK) {
        http_problem_of(request, error, &detail);
    }
    return error == OK;
}

/* Standing by, the input goes to the one that serves. */
static void submit(struct request *request, const struct input *input, http_answer *answer)
{
    if (http_app(request)->engine != NULL) {
        http_submit(request, input, answer);
        return;
    }
    json_t *json = json_object();
    json_object_set_new(json, "user_id", json_sprintf("%lld", (long long)input->user_id));
    if (input->kind == INPUT_ADMIN) {
        json_object_set_new(json, "kind", json_string("admin"));
        json_object_set_new(json, "name", json_str(input->name));
    } else {
        json_object_set_new(json, "kind", json_string("button"));
        json_object_set_new(json, "channel", json_string(channel_kind_name(input->channel)));
        json_object_set_new(json, "text", json_str(input->text));
        json_object_set_new(json, "token", json_str(input->token));
    }
    http_hand_on_input(request, input->source, json, answer);
}

/* Reads the link; answers 404 when it is none of ours. */
static bool read_link(struct request *request, enum mail_link_kind kind, struct mail_link *ret_link)
{
    const struct mail_site *site = http_app(request)->mail;
    struct str secret;
    if (site == NULL) {
        http_problem(request, MHD_HTTP_NOT_FOUND, "there are no links in mails here");
        return false;
    }
    if (!find_secret(request, &secret)) {
        return false;
    }
    struct str token = http_query(request, "token");
    if (secret.length > 0 && mail_link_read(http_arena(request), secret, token, ret_link) &&
        ret_link->kind == kind) {
        return true;
    }
    const struct mail_words *words = mail_words_of(site, STR_NONE);
    reply_page(request, MHD_HTTP_NOT_FOUND, words, words->invalid, STR_NONE);
    return false;
}

static const struct mail_words *words_for(struct request *request, const struct mail_link *link)
{
    return mail_words_of(http_app(request)->mail, link->language);
}

void route_unsubscribe_page(struct request *request)
{
    struct mail_link link;
    if (read_link(request, MAIL_LINK_STOP, &link)) {
        const struct mail_words *words = words_for(request, &link);
        reply_page(request, MHD_HTTP_OK, words, words->ask, words->stop);
    }
}

/* Whoever was erased meanwhile gets nothing any more either. */
static void answer_stopped(struct request *request, const struct outcome *outcome)
{
    struct mail_link link;
    if (outcome->error != OK && outcome->error != ERR_NOT_FOUND) {
        http_problem_of(request, outcome->error, outcome->detail);
    } else if (read_link(request, MAIL_LINK_STOP, &link)) {
        const struct mail_words *words = words_for(request, &link);
        reply_page(request, MHD_HTTP_OK, words, words->stopped, STR_NONE);
    }
}

void route_unsubscribe(struct request *request)
{
    struct mail_link link;
    if (read_link(request, MAIL_LINK_STOP, &link)) {
        const struct input input = {.kind = INPUT_ADMIN,
                                    .source = STR("unsubscribe"),
                                    .user_id = link.user_id,
                                    .name = STR("stop")};
        submit(request, &input, answer_stopped);
    }
}

void route_mail_button_page(struct request *request)
{
    struct mail_link link;
    if (read_link(request, MAIL_LINK_BUTTON, &link)) {
        const struct mail_words *words = words_for(request, &link);
        reply_page(request, MHD_HTTP_OK, words, words->press_ask, link.text);
    }
}

static void answer_pressed(struct request *request, const struct outcome *outcome)
{
    struct mail_link link;
    if (outcome->error != OK) {
        http_problem_of(request, outcome->error, outcome->detail);
    } else if (read_link(request, MAIL_LINK_BUTTON, &link)) {
        const struct mail_words *words = words_for(request, &link);
        const struct act *answer = outcome->tap_answer;
        bool says = answer != NULL && answer->text.length > 0;
        reply_page(request, MHD_HTTP_OK, words, says ? answer->text : words->pressed, STR_NONE);
    }
}

void route_mail_button(struct request *request)
{
    struct mail_link link;
    if (read_link(request, MAIL_LINK_BUTTON, &link)) {
        const struct input input = {.kind = INPUT_BUTTON,
                                    .source = STR("email"),
                                    .user_id = link.user_id,
                                    .channel = CHANNEL_EMAIL,
                                    .text = link.text,
                                    .token = link.token,
                                    .answers_tap = true};
        submit(request, &input, answer_pressed);
    }
}
