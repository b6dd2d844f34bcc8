/* Journeys: those in force with what went through them; drafts, which are checked, drawn, rehearsed
 * and put into force. A draft is files laid over those in force; the server keeps none. */
#include "bi/journeys/changes.h"
#include "bi/journeys/describe.h"
#include "bi/journeys/draft.h"
#include "bi/journeys/traffic.h"
#include "bi/journeys/waiting.h"
#include "core/journey_words.h"
#include "http/api/api.h"

static struct journeys_view view_of(const struct api_call *call, const struct catalog *catalog,
                                    const char *language)
{
    int index = catalog_language_index(catalog, language);
    return (struct journeys_view){
        .arena = call->arena, .catalog = catalog, .language = index < 0 ? 0 : index};
}

static int64_t people_of(const struct rows *rows, struct str journey)
{
    for (int i = 0; i < rows->count; i++) {
        const struct cell *cell = &rows->cells[i * rows->columns];
        if (str_equal(cell[0].text, journey)) {
            return cell[1].integer;
        }
    }
    return 0;
}

static json_t *line_json(const struct journeys_view *view, const struct journey *journey,
                         const struct rows *people)
{
    json_t *json = json_object();
    json_object_set_new(json, "name", json_str(journey->name));
    json_object_set_new(json, "version", json_str(journey->version));
    json_object_set_new(json, "hash", json_str(journey->hash));
    json_object_set_new(json, "file", json_str(journey->file));
    json_object_set_new(json, "set", json_string(journey_word(SET_WORDS, (int)journey->set)));
    json_object_set_new(json, "class", json_string(journey_word(CLASS_WORDS, (int)journey->class)));
    json_object_set_new(json, "replaces", json_str(journey->replaces));
    json_object_set_new(json, "steps", json_integer(journey->step_count));
    json_object_set_new(json, "enters", json_str(view_enter(view, journey)));
    json_object_set_new(json, "people", json_integer(people_of(people, journey->name)));
    return json;
}

bool api_run_journeys(struct api_call *call)
{
    const struct catalog *catalog = NULL;
    struct rows people = {0};
    struct err_detail detail = {""};
    enum err error = analyst_catalog(call->analyst, &catalog, &detail);
    if (error == OK) {
        error = store_query(call->store, call->arena, "journeys_people", NULL, 0,
                            WAITING_GROUPS_MAX, &people, &detail);
    }
    if (error != OK) {
        return api_fail(call, error, &detail);
    }
    const struct journeys_view view =
        view_of(call, catalog, http_app(call->request)->config->default_language);
    json_t *list = json_array();
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        json_array_append_new(list, line_json(&view, catalog_journey_at(catalog, i), &people));
    }
    return api_reply(call, json_pack("{s:o, s:o}", "journeys", list, "revision",
                                     json_str(catalog_revision(catalog, call->arena))));
}

/* Of one journey only; takes the list over. */
static json_t *only_of(json_t *list, struct str journey)
{
    json_t *kept = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *group = json_array_get(list, i);
        if (str_equal(json_get_str(group, "journey"), journey)) {
            json_array_append(kept, group);
        }
    }
    json_decref(list);
    return kept;
}

/* Who waits by which version; older ones are read into a catalog of its own. */
static enum err who_waits(struct api_call *call, const struct catalog *in_force, struct str journey,
                          json_t **ret_list, struct err_detail *detail)
{
    int count;
    const struct catalog_file *files = catalog_files(in_force, &count);
    struct definition_file *all =
        ARENA_ARRAY(call->arena, struct definition_file, (size_t)count + 1);
    for (int i = 0; i < count; i++) {
        all[i] = (struct definition_file){files[i].name, files[i].yaml};
    }
    struct catalog *own = NULL;
    struct mistakes mistakes = {0};
    json_t *list = NULL;
    enum err error = catalog_build(call->arena, all, count, &own, &mistakes);
    if (error == OK) {
        error = waiting_people(call->store, call->arena, own, NULL, true, &list, detail);
    }
    if (error == OK) {
        *ret_list = only_of(list, journey);
    }
    catalog_free(own);
    return error;
}

bool api_run_journey(struct api_call *call)
{
    const struct catalog *catalog = NULL;
    json_t *traffic = NULL;
    json_t *waiting = NULL;
    struct err_detail detail = {""};
    enum err error = analyst_catalog(call->analyst, &catalog, &detail);
    const struct journey *journey = error == OK ? catalog_journey(catalog, call->word) : NULL;
    if (error == OK && journey == NULL) {
        error = err_set(&detail, ERR_NOT_FOUND,
                        "there is no journey \"%.*s\"; /api/journeys lists "
                        "them",
                        STR_ARG(call->word));
    }
    if (error != OK) {
        return api_fail(call, error, &detail);
    }
    struct str wanted = http_query(call->request, "language");
    const struct journeys_view view =
        view_of(call, catalog,
                wanted.length > 0 ? arena_str(call->arena, wanted).ptr
                                  : http_app(call->request)->config->default_language);
    error = journey_traffic(call->store, &view, journey, &traffic, &detail);
    if (error == OK) {
        error = who_waits(call, catalog, journey->name, &waiting, &detail);
    }
    if (error != OK) {
        json_decref(traffic);
        return api_fail(call, error, &detail);
    }
    json_object_set_new(traffic, "definition", journey_describe(&view, journey));
    json_object_set_new(traffic, "people", waiting);
    json_object_set_new(traffic, "revision", json_str(catalog_revision(catalog, call->arena)));
    json_object_set_new(traffic, "file",
                        json_pack("{s:o, s:o}", "name", json_str(journey->file), "yaml",
                                  json_str(journey->source)));
    return api_reply(call, traffic);
}

/* ---- drafts ---- */

/* Graphs of what the draft changes or adds, by name. */
static json_t *graphs_json(const struct journeys_view *view, const json_t *changes)
{
    json_t *graphs = json_object();
    for (size_t i = 0; i < json_array_size(changes); i++) {
        struct str name = json_get_str(json_array_get(changes, i), "name");
        const struct journey *journey = catalog_journey(view->catalog, name);
        if (journey != NULL) {
            json_object_setn_new(graphs, name.ptr, name.length, journey_graph_json(view, journey));
        }
    }
    return graphs;
}

/* What a draft without mistakes would change. */
static enum err preview(struct api_call *call, const json_t *body, const struct catalog *in_force,
                        struct catalog *draft, json_t **ret_json, struct err_detail *detail)
{
    struct str policy = json_get_str(body, "policy");
    struct str steps = json_get_str(body, "steps");
    bool migrates = str_is(policy, "migrate");
    bool moves = migrates || str_is(policy, "follow");
    const struct step_names names = {migrates, steps};
    json_t *people = NULL;
    if (policy.length > 0 && !moves && !str_is(policy, "pin")) {
        return err_set(detail, ERR_INVALID, "\"policy\" is none of pin, follow, migrate");
    }
    if (!step_pairs_are_names(steps)) {
        return err_set(detail, ERR_INVALID, "\"steps\" is no list of pairs old=new");
    }
    enum err error = waiting_people(call->store, call->arena, draft, moves ? &names : NULL, false,
                                    &people, detail);
    if (error == OK) {
        const struct journeys_view view =
            view_of(call, draft, http_app(call->request)->config->default_language);
        json_t *changes = journeys_changes(in_force, draft);
        *ret_json = json_pack("{s:[], s:o, s:o, s:o}", "mistakes", "changes", changes, "people",
                              people, "graphs", graphs_json(&view, changes));
    }
    return error;
}

bool api_run_journeys_preview(struct api_call *call)
{
    const struct catalog *in_force = NULL;
    struct catalog *draft = NULL;
    struct mistakes mistakes = {0};
    struct err_detail detail = {""};
    json_t *answer = NULL;
    json_t *body = http_json_body(call->request);
    if (body == NULL) {
        return true;
    }
    enum err error = analyst_catalog(call->analyst, &in_force, &detail);
    if (error == OK) {
        error = journeys_draft(call->arena, in_force, json_object_get(body, "files"), &draft,
                               &mistakes, &detail);
    }
    if (error == OK) {
        error = preview(call, body, in_force, draft, &answer, &detail);
    } else if (mistakes.count > 0) {
        answer = json_pack("{s:o, s:[], s:[], s:{}}", "mistakes", journeys_mistakes(&mistakes),
                           "changes", "people", "graphs");
        error = OK;
    }
    catalog_free(draft);
    json_decref(body);
    return error == OK ? api_reply(call, answer) : api_fail(call, error, &detail);
}

/* The body's number; ERR_INVALID outside of 1 to most. */
static enum err read_number(const json_t *body, const char *key, int64_t usual, int64_t most,
                            int64_t *ret_value, struct err_detail *detail)
{
    const json_t *given = json_object_get(body, key);
    *ret_value = given == NULL ? usual : json_integer_value(given);
    if (given != NULL && (!json_is_integer(given) || *ret_value < 1 || *ret_value > most)) {
        return err_set(detail, ERR_INVALID, "\"%s\" takes a whole number from 1 to %lld", key,
                       (long long)most);
    }
    return OK;
}

static enum err read_wish(const json_t *body, struct rehearsal_wish *wish,
                          struct err_detail *detail)
{
    int64_t days = 0, seed = 0;
    struct str set = json_get_str(body, "set");
    wish->set = str_is(set, "original") ? SET_ORIGINAL : SET_OPTIMIZED;
    if (set.length > 0 && !str_is(set, "original") && !str_is(set, "optimized")) {
        return err_set(detail, ERR_INVALID, "\"set\" is none of original, optimized");
    }
    enum err error =
        read_number(body, "users", REHEARSAL_USERS, REHEARSAL_USERS_MAX, &wish->users, detail);
    if (error == OK) {
        error = read_number(body, "days", REHEARSAL_DAYS, REHEARSAL_DAYS_MAX, &days, detail);
    }
    if (error == OK) {
        error = read_number(body, "seed", 1, INT32_MAX, &seed, detail);
    }
    wish->days = (int)days;
    wish->seed = (uint64_t)seed;
    return error;
}

/* Takes about a second: on the analyst's thread, so one at a time. */
bool api_run_journeys_rehearse(struct api_call *call)
{
    const struct http_app *app = http_app(call->request);
    struct rehearsal_wish wish = {0};
    struct catalog *draft = NULL;
    struct mistakes mistakes = {0};
    struct err_detail detail = {""};
    json_t *answer = NULL;
    json_t *body = http_json_body(call->request);
    if (body == NULL) {
        return true;
    }
    enum err error = read_wish(body, &wish, &detail);
    if (error == OK) {
        error = analyst_catalog(call->analyst, &wish.in_force, &detail);
    }
    if (error == OK) {
        error = journeys_draft(call->arena, wish.in_force, json_object_get(body, "files"), &draft,
                               &mistakes, &detail);
    }
    if (error == OK) {
        wish.draft = draft;
        error = app->rehearse(app->context, &wish, &answer, &detail);
    }
    catalog_free(draft);
    json_decref(body);
    return error == OK ? api_reply(call, answer) : api_fail(call, error, &detail);
}

bool api_run_journeys_apply(struct api_call *call)
{
    const struct catalog *in_force = NULL;
    struct catalog *draft = NULL;
    struct mistakes mistakes = {0};
    struct err_detail detail = {""};
    json_t *payload = NULL;
    json_t *body = http_json_body(call->request);
    if (body == NULL) {
        return true;
    }
    enum err error = analyst_catalog(call->analyst, &in_force, &detail);
    if (error == OK) {
        error = journeys_draft(call->arena, in_force, json_object_get(body, "files"), &draft,
                               &mistakes, &detail);
    }
    if (error == OK) {
        payload = journeys_apply_payload(draft, json_get_str(body, "policy"),
                                         json_get_str(body, "steps"));
        json_object_set_new(payload, "based_on", json_str(json_get_str(body, "based_on")));
    }
    catalog_free(draft);
    json_decref(body);
    return error == OK ? api_command(call, "journeys_apply", payload)
                       : api_fail(call, error, &detail);
}
