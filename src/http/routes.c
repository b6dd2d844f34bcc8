/* The table of routes: the one place that says which path is answered by whom. */
#include <microhttpd.h>

#include "http/routes.h"

struct route {
    enum request_method method;
    const char *path; /* one that ends with "/" stands for everything below it */
    http_route *run;
};

static const struct route routes[] = {
    {METHOD_GET, "/healthz", route_healthz},
    {METHOD_GET, "/health", route_healthz},
    {METHOD_GET, "/readyz", route_readyz},
    {METHOD_GET, "/metrics", route_prometheus},
    {METHOD_POST, "/telegram/webhook", route_telegram_webhook},
    {METHOD_POST, "/webhook", route_telegram_webhook},
    {METHOD_GET, "/chat", route_chat_page},
    {METHOD_GET, "/assets/", route_asset},
    {METHOD_POST, "/chat/session", route_chat_session},
    {METHOD_GET, "/chat/link", route_chat_link},
    {METHOD_POST, "/chat/messages", route_chat_message},
    {METHOD_GET, "/chat/messages", route_chat_history},
    {METHOD_GET, "/chat/events", route_chat_events},
    {METHOD_GET, "/chat/export", route_chat_export},
    {METHOD_GET, "/unsubscribe", route_unsubscribe_page},
    {METHOD_POST, "/unsubscribe", route_unsubscribe},
    {METHOD_POST, "/resend/webhook", route_resend_webhook},
    {METHOD_GET, "/mail/button", route_mail_button_page},
    {METHOD_POST, "/mail/button", route_mail_button},
    {METHOD_GET, "/admin/dashboard-enhanced", route_dashboard},
    {METHOD_GET, "/api/", route_api},
    {METHOD_POST, "/api/", route_api},
};

static bool matches(const struct route *route, struct str path)
{
    struct str pattern = str_of(route->path);
    if (pattern.ptr[pattern.length - 1] == '/') {
        return path.length > pattern.length && str_starts(path, pattern);
    }
    return str_equal(path, pattern);
}

void http_dispatch(struct request *request)
{
    bool known_path = false;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (matches(&routes[i], http_path(request))) {
            known_path = true;
            if (routes[i].method == request_method(request)) {
                routes[i].run(request);
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
