/* The dashboard's page. It holds no figures: those come by the API, to who has a key. */
#include <microhttpd.h>

#include "http/request.h"
#include "http/routes.h"

void route_dashboard(struct request *request)
{
    http_reply_header(request, "Content-Security-Policy",
                      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src "
                      "'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
                      "frame-ancestors 'none'");
    http_reply_header(request, "Cache-Control", "no-cache");
    http_reply_header(request, "Referrer-Policy", "no-referrer");
    reply_embedded(request, STR("dashboard.html"));
}
