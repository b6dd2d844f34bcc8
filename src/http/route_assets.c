/* The pages that are embedded in the program. Assets carry a hash in their name and never change;
 * each stands beside its gzip form. */
#include <microhttpd.h>
#include <string.h>

#include "base/embed.h"
#include "http/request.h"
#include "http/routes.h"

static const struct embedded_file *find(struct str name)
{
    for (size_t i = 0; i < nudge_web_count; i++) {
        if (str_is(name, nudge_web[i].name)) {
            return &nudge_web[i];
        }
    }
    return NULL;
}

static bool ends_with(struct str text, const char *ending)
{
    size_t length = strlen(ending);
    return text.length >= length && memcmp(text.ptr + text.length - length, ending, length) == 0;
}

static const char *type_of(struct str name)
{
    static const struct {
        const char *ending;
        const char *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".woff2", "font/woff2"},
        {".json", "application/json"},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (ends_with(name, types[i].ending)) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

static bool accepts_gzip(struct request *request)
{
    struct str rest = http_header(request, "Accept-Encoding");
    while (rest.length > 0) {
        struct str parameters;
        struct str coding = str_split(str_split(rest, ',', &rest), ';', &parameters);
        if (str_is(str_trim(coding), "gzip") && !str_is(str_trim(parameters), "q=0")) {
            return true;
        }
    }
    return false;
}

void reply_embedded(struct request *request, struct str name)
{
    struct str packed_name = arena_printf(http_arena(request), "%.*s.gz", STR_ARG(name));
    const struct embedded_file *packed = accepts_gzip(request) ? find(packed_name) : NULL;
    const struct embedded_file *file = packed != NULL ? packed : find(name);
    if (file == NULL) {
        http_problem(request, MHD_HTTP_NOT_FOUND, "this program was built without its pages");
        return;
    }
    if (packed != NULL) {
        http_reply_header(request, "Content-Encoding", "gzip");
    }
    http_reply_header(request, "Vary", "Accept-Encoding");
    http_reply_constant(request, MHD_HTTP_OK, type_of(name), file->data, file->length);
}

void route_asset(struct request *request)
{
    struct str path = http_path(request);
    http_reply_header(request, "Cache-Control", "public, max-age=31536000, immutable");
    reply_embedded(request, (struct str){path.ptr + 1, path.length - 1});
}
