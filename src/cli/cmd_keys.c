/* nudge keys: named keys of the API and the dashboard. A setting holds only a hash of each. */
#include <stdio.h>

#include "base/digest.h"
#include "cli/arguments.h"
#include "cli/command.h"

#define KEY_SETTING "key/"

enum { SECRET_BYTES = 32, NAME_BYTES_MAX = 40, KEYS_MAX = 1000 };

static const char text[] =
    "Keys of the API and the dashboard that have a name, so that it is known who did what.\v"
    "A key is shown once, when it is added; only a hash of it is kept. It may read and act, with "
    "--read-only only read. Beside them ADMIN_API_KEY and VIEWER_API_KEY are valid.\n\n"
    "Examples:\n"
    "  nudge keys add anna\n"
    "  nudge keys add screen-in-the-hall --read-only\n"
    "  nudge keys list\n"
    "  nudge keys remove anna                    valid no more, at once";

static bool is_name(struct str name)
{
    for (size_t i = 0; i < name.length; i++) {
        char c = name.ptr[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        if (!good) {
            return false;
        }
    }
    return name.length > 0 && name.length <= NAME_BYTES_MAX;
}

/* What is stored of the name: NULL when there is no such key, also when there was one. */
static enum err stored_key(struct cli *cli, struct store *store, struct str name, json_t **ret_key,
                           struct err_detail *detail)
{
    struct str setting = arena_printf(cli->arena, KEY_SETTING "%.*s", STR_ARG(name));
    struct str stored = STR_NONE;
    *ret_key = NULL;
    enum err error = store_setting_get(store, cli->arena, setting.ptr, &stored, detail);
    if (error == OK && stored.length > 0 && !str_is(stored, "null")) {
        error = json_read(stored, stored.length, ret_key, detail);
    }
    return error;
}

static int exists(struct cli *cli, struct str name, bool *ret_exists)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_WRITER, &status);
    if (store == NULL) {
        return status;
    }
    json_t *key = NULL;
    struct err_detail detail = {""};
    enum err error = stored_key(cli, store, name, &key, &detail);
    store_close(store);
    *ret_exists = key != NULL;
    json_decref(key);
    return error == OK ? CLI_OK : cli_fail(cli, error, &detail);
}

/* Takes the value. */
static int put(struct cli *cli, struct str name, json_t *value)
{
    struct str setting = arena_printf(cli->arena, KEY_SETTING "%.*s", STR_ARG(name));
    json_t *payload = json_object();
    json_object_set_new(payload, "name", json_str(setting));
    json_object_set_new(payload, "value", value);
    json_t *result = NULL;
    struct err_detail detail = {""};
    enum err error = cli_engine_command(cli, "setting_put", payload, &result, &detail);
    json_decref(result);
    return error == OK ? CLI_OK : cli_fail(cli, error, &detail);
}

static int add(struct cli *cli, struct str name, bool read_only)
{
    if (!is_name(name)) {
        return cli_usage(cli, "a name has 1 to %d small letters, digits, - and _", NAME_BYTES_MAX);
    }
    bool taken = false;
    int status = exists(cli, name, &taken);
    if (status == CLI_OK && taken) {
        fprintf(stderr, "nudge: there is a key \"%.*s\" already; remove it first\n", STR_ARG(name));
        status = CLI_NO;
    }
    if (status != CLI_OK) {
        return status;
    }
    char random[SECRET_BYTES];
    digest_random(random, sizeof(random));
    struct str secret = digest_base64url(cli->arena, (struct str){random, sizeof(random)});
    struct str key = arena_printf(cli->arena, "nudge_%.*s", STR_ARG(secret));
    char hash[DIGEST_HEX_BYTES + 1];
    digest_sha256_hex(key, hash);
    const char *role = read_only ? "viewer" : "admin";
    status = put(cli, name,
                 json_pack("{s:s, s:s, s:I}", "hash", hash, "role", role, "added_at_ms",
                           (json_int_t)clock_now_ms(cli->clock)));
    if (status == CLI_OK && cli->json) {
        cli_print_json(json_pack("{s:s, s:s}", "key", key.ptr, "role", role));
    } else if (status == CLI_OK) {
        fprintf(stderr, "nudge: keep it well, it is not shown again\n");
        printf("%s\n", key.ptr);
    }
    return status;
}

static int remove_key(struct cli *cli, struct str name)
{
    bool known = false;
    int status = exists(cli, name, &known);
    if (status == CLI_OK && !known) {
        fprintf(stderr, "nudge: there is no key \"%.*s\"\n", STR_ARG(name));
        return CLI_NO;
    }
    status = status == CLI_OK ? put(cli, name, json_null()) : status;
    if (status == CLI_OK && cli->json) {
        cli_print_json(json_object());
    } else if (status == CLI_OK) {
        printf("removed %.*s\n", STR_ARG(name));
    }
    return status;
}

static int print(struct cli *cli, const struct rows *rows)
{
    static const char *const headings[] = {"name", "may", "added"};
    struct table *table = table_new(cli->arena, 3, headings);
    json_t *list = json_array();
    for (int i = 0; i < rows->count; i++) {
        const struct cell *cells = rows->cells + i * rows->columns;
        struct str name = {cells[0].text.ptr + sizeof(KEY_SETTING) - 1,
                           cells[0].text.length - (sizeof(KEY_SETTING) - 1)};
        json_t *key = NULL;
        struct err_detail detail = {""};
        enum err error = json_read(cells[1].text, cells[1].text.length, &key, &detail);
        if (error != OK) {
            json_decref(list);
            return cli_fail(cli, error, &detail);
        }
        if (json_is_object(key)) {
            int64_t added_ms = json_get_int(key, "added_at_ms", 0);
            bool acts = str_is(json_get_str(key, "role"), "admin");
            const char *row[] = {arena_str(cli->arena, name).ptr, acts ? "read, act" : "read",
                                 cli_when(cli, added_ms)};
            table_row(table, row);
            json_t *one = json_object();
            json_object_set_new(one, "name", json_str(name));
            json_object_set_new(one, "role", json_str(json_get_str(key, "role")));
            json_object_set_new(one, "added_at_ms", json_integer(added_ms));
            json_array_append_new(list, one);
        }
        json_decref(key);
    }
    if (cli->json) {
        cli_print_json(list);
        return CLI_OK;
    }
    json_decref(list);
    table_print(table);
    return CLI_OK;
}

static int list(struct cli *cli)
{
    int status = CLI_OK;
    struct store *store = cli_store(cli, STORE_READER, &status);
    if (store == NULL) {
        return status;
    }
    struct rows rows = {0};
    struct err_detail detail = {""};
    const struct arg args[] = {ARG_TEXT(STR(KEY_SETTING))};
    enum err error =
        store_query(store, cli->arena, "settings_list", args, 1, KEYS_MAX, &rows, &detail);
    store_close(store);
    return error == OK ? print(cli, &rows) : cli_fail(cli, error, &detail);
}

int cmd_keys(int argc, char **argv)
{
    bool read_only = false;
    const struct option_row rows[] = {
        {"read-only", 'r', NULL, "The key to add may not act", &read_only, NULL}, {0}};
    struct cli cli;
    struct arguments arguments;
    int status =
        arguments_begin(&cli, rows, "add NAME\nlist\nremove NAME", text, argc, argv, &arguments);
    if (status != CLI_OK) {
        return cli_end(&cli, status);
    }
    int words = arguments.word_count;
    if (words == 2 && arguments_is(&arguments, 0, "add")) {
        status = add(&cli, arguments_word(&arguments, 1), read_only);
    } else if (words == 2 && arguments_is(&arguments, 0, "remove")) {
        status = remove_key(&cli, arguments_word(&arguments, 1));
    } else if (words == 1 && arguments_is(&arguments, 0, "list")) {
        status = list(&cli);
    } else {
        status = cli_usage(&cli, "expected: keys add NAME, keys list or keys remove NAME");
    }
    return cli_end(&cli, status);
}
