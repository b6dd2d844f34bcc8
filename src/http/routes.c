/* The table of routes: the one place that says which path is answered by whom. */
#include <microhttpd.h>

#include "http/routes.h"

struct route {
    enum request_method method;
    const char *path; /* one that ends with "/" stands for everything below it */
    http_route *run;
    http_route *standby; /* while another process serves; NULL: that one has to be asked */
};

static const struct route routes[] = {
    {METHOD_GET, "/healthz", route_healthz, route_healthz_standby},
    {METHOD_GET, "/health", route_healthz, route_healthz_standby},
    {METHOD_GET, "/readyz", route_readyz, route_readyz_standby},
    {METHOD_GET, "/metrics", route_prometheus, NULL},
    {METHOD_POST, "/telegram/webhook", route_telegram_webhook, route_telegram_webhook},
    {METHOD_POST, "/webhook", route_telegram_webhook, route_telegram_webhook},
    {METHOD_GET, "/chat", route_chat_page, NULL},
    {METHOD_GET, "/assets/", route_asset, NULL},
    {METHOD_POST, "/chat/session", route_chat_session, NULL},
    {METHOD_GET, "/chat/link", route_chat_link, NULL},
    {METHOD_POST, "/chat/messages", route_chat_message, NULL},
    {METHOD_GET, "/chat/messages", route_chat_history, NULL},
    {METHOD_GET, "/chat/events", route_chat_events, NULL},
    {METHOD_GET, "/chat/export", route_chat_export, NULL},
    {METHOD_GET, "/unsubscribe", route_unsubscribe_page, route_unsubscribe_page},
    {METHOD_POST, "/unsubscribe", route_unsubscribe, route_unsubscribe},
    {METHOD_POST, "/resend/webhook", route_resend_webhook, route_resend_webhook},
    {METHOD_GET, "/mail/button", route_mail_button_page, route_mail_button_page},
    {METHOD_POST, "/mail/button", route_mail_button, route_mail_button},
    {METHOD_GET, "/admin/dashboard-enhanced", route_dashboard, NULL},
    {METHOD_GET, "/api/", route_api, NULL},
    {METHOD_POST, "/api/", route_api, NULL},
};

static bool matches(const struct route *route, struct str path)
{
    struct str pattern = str_of(route->path);
    if (pattern.ptr[pattern.length - 1] == '/') {
        return path.length > pattern.length && str_starts(path, pattern);
    }
    return str_equal(path, pattern);
}

static void run(const struct route *route, struct request *request)
{
    http_route *function = http_app(request)->engine != NULL ? route->run : route->standby;
    if (function != NULL) {
        function(request);
    } else {
        http_reply_header(request, "Retry-After", "1");
        http_problem(request, MHD_HTTP_SERVICE_UNAVAILABLE,
                     "this process stands by; another one serves");
    }
}

void http_dispatch(struct request *request)
{
    bool known_path = false;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (matches(&routes[i], http_path(request))) {
            known_path = true;
            if (routes[i].method == request_method(request)) {
                run(&routes[i], request);
                return;
            }
        }
    }
    if (known_path) {
        http_problem(request, MHD_HTTP_METHOD_NOT_ALLOWED, "this path does not take this method");
    } else {
        http_problem(request, MHD_HTTP_NOT_FOUND, "there is nothing at this path");
    }
}
