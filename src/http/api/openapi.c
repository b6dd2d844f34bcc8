/* The OpenAPI 3.1 document, made from the table of operations. */
#include <microhttpd.h>

#include "base/build_info.h"
#include "http/api/api.h"

static json_t *reference(const char *schema)
{
    return json_pack("{s:s+}", "$ref", "#/components/schemas/", schema);
}

static json_t *content(const char *type, const char *schema)
{
    return json_pack("{s:{s:o}}", type, "schema", reference(schema));
}

static json_t *parameter(const char *name, size_t name_length, const char *where, const char *help,
                         enum api_type type)
{
    const char *word = type == API_COUNT ? "integer" : type == API_FLAG ? "boolean" : "string";
    return json_pack("{s:s%, s:s, s:s, s:b, s:{s:s}}", "name", name, name_length, "in", where,
                     "description", help, "required", type == API_NEEDED, "schema", "type", word);
}

/* Whether the same Idempotency-Key is decided on once. */
static bool decides_once(const struct api_operation *operation)
{
    return operation->run == api_run_input || operation->run == api_run_person_request;
}

static json_t *parameters(const struct api_operation *operation)
{
    json_t *list = json_array();
    if (decides_once(operation)) {
        static const char name[] = "Idempotency-Key";
        json_array_append_new(list,
                              parameter(name, sizeof(name) - 1, "header",
                                        "What came with it before is not done again", API_TEXT));
    }
    const char *open = strchr(operation->path, '{');
    if (open != NULL) {
        size_t length = (size_t)(strchr(open, '}') - open) - 1;
        json_array_append_new(
            list, parameter(open + 1, length, "path", "Which one is meant", API_NEEDED));
    }
    for (const struct api_parameter *each = operation->parameters;
         each != NULL && each->name != NULL; each++) {
        json_array_append_new(
            list, parameter(each->name, strlen(each->name), "query", each->help, each->type));
    }
    return list;
}

static void put_problem(json_t *answers, const char *status, const char *what)
{
    json_object_set_new(answers, status,
                        json_pack("{s:s, s:o}", "description", what, "content",
                                  content("application/problem+json", "Problem")));
}

static json_t *content_of_answer(const struct api_operation *operation)
{
    bool is_stream = str_is(str_of(operation->answer), API_STREAM);
    return is_stream ? json_pack("{s:{s:{s:s}}}", "text/event-stream", "schema", "type", "string")
                     : content("application/json", operation->answer);
}

static json_t *answers(const struct api_operation *operation)
{
    json_t *all = json_object();
    json_object_set_new(
        all, "200",
        json_pack("{s:s, s:o}", "description", "Done", "content", content_of_answer(operation)));
    if (operation->method == METHOD_GET) {
        json_object_set_new(all, "304",
                            json_pack("{s:s}", "description", "As it was: see If-None-Match"));
    }
    put_problem(all, "400", "Something is wrong with what was asked");
    if (operation->role != API_NOBODY) {
        put_problem(all, "401", "No key came");
        put_problem(all, "403", "The key is wrong, or may not do this");
        put_problem(all, "429", "Too many wrong keys came from this address");
    }
    put_problem(all, "503", "Come again after Retry-After seconds");
    return all;
}

static json_t *one(const struct api_operation *operation)
{
    json_t *json = json_pack("{s:s, s:s, s:o, s:o}", "operationId", operation->id, "summary",
                             operation->summary, "parameters", parameters(operation), "responses",
                             answers(operation));
    if (operation->body != NULL) {
        json_object_set_new(json, "requestBody",
                            json_pack("{s:b, s:o}", "required", 1, "content",
                                      content("application/json", operation->body)));
    }
    if (operation->role == API_NOBODY) {
        json_object_set_new(json, "security", json_array());
    }
    return json;
}

static json_t *paths(void)
{
    json_t *all = json_object();
    int count;
    const struct api_operation *operations = api_operations(&count);
    for (int i = 0; i < count; i++) {
        json_t *path = json_object_get(all, operations[i].path);
        if (path == NULL) {
            path = json_object();
            json_object_set_new(all, operations[i].path, path);
        }
        json_object_set_new(path, operations[i].method == METHOD_GET ? "get" : "post",
                            one(&operations[i]));
    }
    return all;
}

static json_t *ways_in(void)
{
    return json_pack("{s:{s:s, s:s, s:s}, s:{s:s, s:s, s:s}, s:{s:s, s:s}}", "adminKey", "type",
                     "apiKey", "in", "header", "name", "X-Admin-Key", "apiKey", "type", "apiKey",
                     "in", "header", "name", "X-API-Key", "bearer", "type", "http", "scheme",
                     "bearer");
}

json_t *api_openapi(void)
{
    return json_pack(
        "{s:s, s:{s:s, s:s, s:s}, s:o, s:{s:o, s:o}, s:[{s:[]}, {s:[]}, {s:[]}]}", "openapi",
        "3.1.1", "info", "title", "nudge", "version", build_info_version(), "description",
        "Onboarding and follow-up in chats: figures, people, and what operators do. Mistakes are "
        "answered as problem+json (RFC 9457).",
        "paths", paths(), "components", "schemas", api_schemas(), "securitySchemes", ways_in(),
        "security", "adminKey", "apiKey", "bearer");
}

bool api_run_openapi(struct api_call *call)
{
    return api_reply(call, api_openapi());
}
