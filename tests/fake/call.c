/* Parameters and outcome of one method call (call.h). */
#include "call.h"

#include "multipart.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FILE_KEPT_BYTES_MAX (8 * 1024 * 1024)

#define NOT_UTF8 "Bad Request: strings must be encoded in UTF-8"

void call_fail(struct call *call, int code, const char *format, ...)
{
    if (call->code != 200) {
        return;
    }
    va_list args;
    va_start(args, format);
    vsnprintf(call->description, sizeof call->description, format, args);
    va_end(args);
    call->code = code;
}

void call_release(struct call *call)
{
    json_decref(call->params);
    buf_release(&call->result);
}

bool call_has(const struct call *call, const char *name)
{
    json_t *value = json_object_get(call->params, name);
    return value && !json_is_null(value);
}

const char *call_text(struct call *call, const char *name)
{
    json_t *value = json_object_get(call->params, name);
    if (!value || json_is_null(value)) {
        return NULL;
    }
    if (json_is_string(value)) {
        return json_string_value(value);
    }
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    if (!text) {
        abort();
    }
    json_t *string = json_string(text);
    free(text);
    json_object_set_new(call->params, name, string);
    return json_string_value(string);
}

int64_t call_int(struct call *call, const char *name, int64_t absent)
{
    json_t *value = json_object_get(call->params, name);
    if (json_is_integer(value)) {
        return json_integer_value(value);
    }
    const char *text = call_text(call, name);
    return text && *text ? strtoll(text, NULL, 10) : absent;
}

bool call_bool(struct call *call, const char *name)
{
    json_t *value = json_object_get(call->params, name);
    if (json_is_boolean(value)) {
        return json_is_true(value);
    }
    const char *text = call_text(call, name);
    return text && (!strcasecmp(text, "true") || !strcasecmp(text, "yes") || !strcmp(text, "1"));
}

json_t *call_json(struct call *call, const char *name)
{
    json_t *value = json_object_get(call->params, name);
    if (!json_is_string(value)) {
        return value;
    }
    json_t *parsed = json_loadb(json_string_value(value), json_string_length(value), 0, NULL);
    if (!parsed) {
        return NULL;
    }
    json_object_set_new(call->params, name, parsed);
    return parsed;
}

static bool set_param(struct call *call, const char *name, const char *value, size_t len)
{
    json_t *string = json_stringn(value, len);
    if (!string) {
        call_fail(call, 400, NOT_UTF8);
        return false;
    }
    json_object_set_new(call->params, name, string);
    return true;
}

static enum MHD_Result on_query_value(void *data, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    (void)kind;
    const char *text = value ? value : "";
    return set_param(data, name, text, strlen(text)) ? MHD_YES : MHD_NO;
}

/* A file becomes {uploaded, bytes, content}; content is null when it is no text or very long. */
static bool on_part(void *data, const struct part *part)
{
    struct call *call = data;
    char *name = fake_copy_n(part->name, part->name_len);
    if (part->filename) {
        bool kept = part->len <= FILE_KEPT_BYTES_MAX;
        json_t *content = kept ? json_stringn(part->bytes, part->len) : NULL;
        json_t *file = json_object();
        json_object_set_new(file, "uploaded", json_stringn(part->filename, part->filename_len));
        json_object_set_new(file, "bytes", json_integer((json_int_t)part->len));
        json_object_set_new(file, "content", content ? content : json_null());
        json_object_set_new(call->params, name, file);
    } else {
        set_param(call, name, part->bytes, part->len);
    }
    free(name);
    return call->code == 200;
}

/* A field of a form may come in pieces. */
struct form_reader {
    struct call *call;
    struct buf value;
    char name[128];
};

static void form_field_end(struct form_reader *reader)
{
    if (reader->name[0]) {
        set_param(reader->call, reader->name, reader->value.data ? reader->value.data : "",
                  reader->value.len);
    }
    reader->name[0] = '\0';
    buf_reset(&reader->value);
}

static enum MHD_Result on_form_value(void *data, enum MHD_ValueKind kind, const char *name,
                                     const char *filename, const char *content_type,
                                     const char *encoding, const char *value, uint64_t offset,
                                     size_t size)
{
    (void)kind;
    (void)filename;
    (void)content_type;
    (void)encoding;
    struct form_reader *reader = data;
    if (offset == 0 || strcmp(reader->name, name)) {
        form_field_end(reader);
        snprintf(reader->name, sizeof reader->name, "%s", name);
    }
    buf_add(&reader->value, value, size);
    return MHD_YES;
}

static bool read_urlencoded(struct call *call)
{
    struct request *request = call->request;
    struct form_reader reader = {.call = call};
    struct MHD_PostProcessor *processor =
        MHD_create_post_processor(request->connection, 65536, on_form_value, &reader);
    bool ok = processor && MHD_post_process(processor, request->body.data, request->body.len);
    if (processor) {
        MHD_destroy_post_processor(processor);
    }
    form_field_end(&reader);
    buf_release(&reader.value);
    return ok;
}

bool call_read_json(struct call *call, const char *bytes, size_t len)
{
    json_error_t error;
    json_t *parsed = json_loadb(bytes, len, 0, &error);
    if (!parsed) {
        bool encoding = json_error_code(&error) == json_error_invalid_utf8;
        call_fail(call, 400, "%s", encoding ? NOT_UTF8 : "Bad Request: can't parse JSON object");
        return false;
    }
    if (!json_is_object(parsed)) {
        json_decref(parsed);
        call_fail(call, 400, "Bad Request: JSON object expected");
        return false;
    }
    if (call->params && json_object_size(call->params)) {
        json_object_update(call->params, parsed);
        json_decref(parsed);
    } else {
        json_decref(call->params);
        call->params = parsed;
        call->raw = bytes;
        call->raw_len = len;
    }
    return true;
}

bool call_read_params(struct call *call)
{
    struct request *request = call->request;
    call->params = json_object();
    MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, on_query_value, call);
    if (call->code != 200 || !request->is_post) {
        return call->code == 200;
    }
    const char *type = request_header(request, "Content-Type");
    if (!type || !request->body.len) {
        return true;
    }
    if (!strncasecmp(type, "application/json", 16)) {
        return call_read_json(call, request->body.data, request->body.len);
    }
    bool ok = true;
    if (!strncasecmp(type, "multipart/form-data", 19)) {
        ok = multipart_read(type, request->body.data, request->body.len, on_part, call);
    } else if (!strncasecmp(type, "application/x-www-form-urlencoded", 33)) {
        ok = read_urlencoded(call);
    }
    if (!ok) {
        call_fail(call, 400, "Bad Request: can't parse the form in the request's body");
    }
    return call->code == 200; /* the real server ignores a body of any other type */
}

void call_render(const struct call *call, struct buf *out)
{
    if (call->code == 200) {
        buf_str(out, "{\"ok\":true,\"result\":");
        if (call->result.len) {
            buf_add(out, call->result.data, call->result.len);
        } else {
            buf_str(out, "true");
        }
        buf_member(out, "description", call->description[0] ? call->description : NULL);
        buf_char(out, '}');
        return;
    }
    buf_fmt(out, "{\"ok\":false,\"error_code\":%d", call->code);
    buf_member(out, "description", call->description);
    if (call->retry_after_s > 0) {
        buf_fmt(out, ",\"parameters\":{\"retry_after\":%d}", call->retry_after_s);
    } else if (call->migrate_to) {
        buf_fmt(out, ",\"parameters\":{\"migrate_to_chat_id\":%" PRId64 "}", call->migrate_to);
    }
    buf_char(out, '}');
}
