/* See changes.h. */
#include "bi/journeys/changes.h"

static void add_change(json_t *changes, const char *what, const char *kind, struct str name,
                       struct str before, struct str after)
{
    json_t *change = json_object();
    json_object_set_new(change, "change", json_string(what));
    json_object_set_new(change, "kind", json_string(kind));
    json_object_set_new(change, "name", json_str(name));
    json_object_set_new(change, "version_before", json_str(before));
    json_object_set_new(change, "version", json_str(after));
    json_array_append_new(changes, change);
}

static void compare_journeys(json_t *changes, const struct catalog *before,
                             const struct catalog *after)
{
    for (int i = 0; i < catalog_journey_count(after); i++) {
        const struct journey *journey = catalog_journey_at(after, i);
        const struct journey *old = catalog_journey(before, journey->name);
        if (old == NULL) {
            add_change(changes, "new", "journey", journey->name, STR(""), journey->version);
        } else if (!str_equal(old->hash, journey->hash)) {
            add_change(changes, "changed", "journey", journey->name, old->version,
                       journey->version);
        }
    }
    for (int i = 0; i < catalog_journey_count(before); i++) {
        const struct journey *old = catalog_journey_at(before, i);
        if (catalog_journey(after, old->name) == NULL) {
            add_change(changes, "removed", "journey", old->name, old->version, STR(""));
        }
    }
}

static const struct catalog_file *find_file(const struct catalog *catalog, struct str name)
{
    int count;
    const struct catalog_file *files = catalog_files(catalog, &count);
    for (int i = 0; i < count; i++) {
        if (str_equal(files[i].name, name)) {
            return &files[i];
        }
    }
    return NULL;
}

static bool holds_texts(struct str name)
{
    return str_starts(name, STR("bot/")) || str_starts(name, STR("words/"));
}

static void compare_texts(json_t *changes, const struct catalog *before,
                          const struct catalog *after)
{
    int count;
    const struct catalog_file *files = catalog_files(after, &count);
    for (int i = 0; i < count; i++) {
        const struct catalog_file *old = find_file(before, files[i].name);
        if (holds_texts(files[i].name) && (old == NULL || !str_equal(old->hash, files[i].hash))) {
            add_change(changes, old == NULL ? "new" : "changed", "texts", files[i].name, STR(""),
                       STR(""));
        }
    }
    files = catalog_files(before, &count);
    for (int i = 0; i < count; i++) {
        if (holds_texts(files[i].name) && find_file(after, files[i].name) == NULL) {
            add_change(changes, "removed", "texts", files[i].name, STR(""), STR(""));
        }
    }
}

json_t *journeys_changes(const struct catalog *before, const struct catalog *after)
{
    json_t *changes = json_array();
    compare_journeys(changes, before, after);
    compare_texts(changes, before, after);
    return changes;
}

json_t *journeys_mistakes(const struct mistakes *mistakes)
{
    json_t *list = json_array();
    for (int i = 0; i < mistakes->count; i++) {
        const struct mistake *mistake = &mistakes->items[i];
        json_t *item = json_object();
        json_object_set_new(item, "file", json_str(mistake->file));
        json_object_set_new(item, "line", json_integer(mistake->line));
        json_object_set_new(item, "column", json_integer(mistake->column));
        json_object_set_new(item, "text", json_str(mistake->text));
        json_array_append_new(list, item);
    }
    return list;
}

json_t *journeys_apply_payload(const struct catalog *catalog, struct str policy, struct str steps)
{
    int count;
    const struct catalog_file *files = catalog_files(catalog, &count);
    json_t *list = json_array();
    for (int i = 0; i < count; i++) {
        json_t *file = json_object();
        json_object_set_new(file, "name", json_str(files[i].name));
        json_object_set_new(file, "yaml", json_str(files[i].yaml));
        json_array_append_new(list, file);
    }
    json_t *payload = json_object();
    json_object_set_new(payload, "files", list);
    json_object_set_new(payload, "policy", json_str(policy));
    json_object_set_new(payload, "steps", json_str(steps));
    return payload;
}
