/* Loading the settings. A value is looked for in the environment, then in the .env file, then it is
 * the row's fallback. The rows: config_table.c; syntax of the file: config_env.c; kinds of values:
 * config_kinds.c. */
#include "base/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/config_env.h"
#include "base/config_kinds.h"
#include "base/digest.h"
#include "base/limits.h"
#include "base/text.h"

/* What the environment and the file say. */
struct sources {
    char *const *environment;
    const char *env_path;
    const struct env_pair *pairs;
    size_t count;
};

struct found {
    const char *name; /* under which it stood: the name or the alias */
    const char *value;
    int line; /* 0: in the environment */
};

static const char *in_environment(char *const environment[], const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; environment != NULL && environment[i] != NULL; i++) {
        if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=') {
            return environment[i] + length + 1;
        }
    }
    return NULL;
}

/* A value that is there and not empty. */
static bool find_named(const struct sources *sources, const char *name, bool in_file,
                       struct found *ret_found)
{
    if (name == NULL) {
        return false;
    }
    if (!in_file) {
        const char *value = in_environment(sources->environment, name);
        *ret_found = (struct found){.name = name, .value = value};
        return value != NULL && value[0] != '\0';
    }
    for (size_t i = 0; i < sources->count; i++) {
        const struct env_pair *pair = &sources->pairs[i];
        if (strcmp(pair->name, name) == 0) {
            *ret_found = (struct found){name, pair->value, pair->line};
            return pair->value[0] != '\0';
        }
    }
    return false;
}

static bool find_value(const struct sources *sources, const struct config_row *row,
                       struct found *ret_found)
{
    return find_named(sources, row->name, false, ret_found) ||
           find_named(sources, row->alias, false, ret_found) ||
           find_named(sources, row->name, true, ret_found) ||
           find_named(sources, row->alias, true, ret_found);
}

static bool is_printable(struct str value)
{
    for (size_t i = 0; i < value.length; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c < 0x20 || c == 0x7F) {
            return false;
        }
    }
    return text_is_utf8(value);
}

/* "NUDGE_MIN_GAP in .env line 3: got \"often\", expected a duration such as 4h". */
static enum err refuse(const struct sources *sources, const struct config_row *row,
                       const struct found *found, const char *expected, struct err_detail *detail)
{
    char place[96] = "";
    char got[64] = "";
    if (found->line > 0) {
        snprintf(place, sizeof(place), " in %.60s line %d", sources->env_path, found->line);
    }
    if (!row->secret && config_kind_is_public(row->kind) && is_printable(str_of(found->value))) {
        char cut[41];
        str_copy(cut, sizeof(cut), str_of(found->value));
        snprintf(got, sizeof(got), "got \"%s\", ", cut);
    }
    return err_set(detail, ERR_CONFIG, "%s%s: %sexpected %s", found->name, place, got, expected);
}

static enum err load_row(struct arena *arena, const struct sources *sources,
                         const struct config_row *row, struct config *config,
                         struct err_detail *detail)
{
    struct found found;
    if (!find_value(sources, row, &found)) {
        if (row->fallback != NULL) {
            const char *expected = config_put(arena, row, str_of(row->fallback), config);
            ASSERT(expected == NULL);
        } else {
            config_put_nothing(row, config);
        }
        return OK;
    }
    struct str value = str_of(found.value);
    const char *expected = NULL;
    if (value.length > ENV_LINE_BYTES_MAX) {
        return err_set(detail, ERR_LIMIT, "%s: longer than %d KB", found.name,
                       ENV_LINE_BYTES_MAX / 1024);
    }
    if (!is_printable(value)) {
        expected = "one line of text in UTF-8";
    } else {
        expected = config_put(arena, row, value, config);
    }
    return expected == NULL ? OK : refuse(sources, row, &found, expected, detail);
}

/* The database of a Supabase project, by its direct address. */
static const char *supabase_database(struct arena *arena, const struct config *config)
{
    struct str host = str_of(config->supabase_url + strlen("https://"));
    const char *password = config->supabase_db_password;
    char *escaped = arena_alloc(arena, 3 * strlen(password) + 1);
    size_t length = 0;
    for (; *password != '\0'; password++) {
        length += (size_t)snprintf(escaped + length, 4, "%%%02X", (unsigned char)*password);
    }
    escaped[length] = '\0';
    return arena_printf(arena, "postgres://postgres:%s@db.%.*s:5432/postgres?sslmode=require",
                        escaped, STR_ARG(host))
        .ptr;
}

/* What follows from other settings. */
static void derive(struct arena *arena, struct config *config)
{
    if (config->database_url[0] == '\0' && config->supabase_url[0] != '\0' &&
        config->supabase_db_password[0] != '\0') {
        config->database_url = supabase_database(arena, config);
    }
    if (config->admin_time_zone[0] == '\0') {
        config->admin_time_zone = config->default_time_zone;
    }
    if (config->telegram_webhook_secret[0] == '\0' && config->telegram_bot_token[0] != '\0') {
        char hex[DIGEST_HEX_BYTES + 1];
        digest_hmac_sha256_hex(str_of(config->telegram_bot_token), STR("telegram webhook secret"),
                               hex);
        config->telegram_webhook_secret = arena_strdup(arena, hex);
    }
}

/* Levenshtein's distance, given up (as `limit` + 1) when it is over the limit for sure. */
static size_t distance(const char *a, const char *b, size_t limit)
{
    enum { NAME_MAX_BYTES = 64 };
    size_t a_length = strlen(a);
    size_t b_length = strlen(b);
    size_t longer = a_length > b_length ? a_length : b_length;
    size_t shorter = a_length > b_length ? b_length : a_length;
    if (longer >= NAME_MAX_BYTES || longer - shorter > limit) {
        return limit + 1;
    }
    size_t row[NAME_MAX_BYTES];
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t drop = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < drop ? change : drop;
        }
    }
    return row[b_length];
}

/* The known name that an unknown one was probably meant to be; NULL when it is another program's.
 * A `.env` file may be shared, so only near misses are mistakes. */
static const char *meant_name(const char *name)
{
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    size_t row_count;
    const struct config_row *rows = config_rows(&row_count);
    for (size_t i = 0; i < row_count; i++) {
        const char *known[2] = {rows[i].name, rows[i].alias};
        for (size_t k = 0; k < 2 && known[k] != NULL; k++) {
            size_t length = strlen(known[k]);
            size_t limit = length < 6 ? 1 : 2;
            size_t away = distance(name, known[k], limit);
            if (away == 0) {
                return NULL;
            }
            if (away <= limit && away < best_distance) {
                best = known[k];
                best_distance = away;
            }
        }
    }
    return best;
}

static enum err check_names(const struct sources *sources, struct err_detail *detail)
{
    for (size_t i = 0; i < sources->count; i++) {
        const struct env_pair *pair = &sources->pairs[i];
        const char *meant = meant_name(pair->name);
        if (meant != NULL) {
            return err_set(detail, ERR_CONFIG,
                           "%.60s line %d: there is no setting %.64s, is %s meant?",
                           sources->env_path, pair->line, pair->name, meant);
        }
    }
    return OK;
}

/* The whole file, at most one byte over the limit; absent: no bytes. */
static enum err read_file(struct arena *arena, const char *path, struct str *ret_text,
                          struct err_detail *detail)
{
    *ret_text = STR_NONE;
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return errno == ENOENT ? OK
                               : err_set(detail, ERR_CONFIG, "%.100s: %s", path, strerror(errno));
    }
    char *bytes = arena_alloc(arena, ENV_FILE_BYTES_MAX + 1);
    size_t length = fread(bytes, 1, ENV_FILE_BYTES_MAX + 1, file);
    enum err result = OK;
    if (ferror(file)) {
        result = err_set(detail, ERR_CONFIG, "%.100s: %s", path, strerror(errno));
    }
    fclose(file);
    *ret_text = (struct str){bytes, length};
    return result;
}

enum err config_load(struct arena *arena, char *const environment[], const char *env_path,
                     struct config *ret_config, struct err_detail *detail)
{
    struct sources sources = {.environment = environment, .env_path = env_path};
    if (env_path != NULL) {
        struct str text;
        struct env_pair *pairs = NULL;
        enum err error = read_file(arena, env_path, &text, detail);
        if (error != OK) {
            return error;
        }
        error = config_env_parse(arena, text, &pairs, &sources.count, detail);
        if (error != OK) {
            return err_wrap(detail, error, "%.100s", env_path);
        }
        sources.pairs = pairs;
        error = check_names(&sources, detail);
        if (error != OK) {
            return error;
        }
    }
    struct config config = {0};
    size_t row_count;
    const struct config_row *rows = config_rows(&row_count);
    for (size_t i = 0; i < row_count; i++) {
        enum err error = load_row(arena, &sources, &rows[i], &config, detail);
        if (error != OK) {
            return error;
        }
    }
    derive(arena, &config);
    *ret_config = config;
    return OK;
}

static bool take_unit(struct str *text, int64_t *ret_unit_ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", MINUTE_MS}, {"h", HOUR_MS}, {"d", DAY_MS}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        struct str name = str_of(units[i].name);
        if (str_starts(*text, name)) {
            *text = (struct str){text->ptr + name.length, text->length - name.length};
            *ret_unit_ms = units[i].ms;
            return true;
        }
    }
    return false;
}

bool config_parse_duration(struct str text, int64_t *ret_ms)
{
    int64_t total = 0;
    int64_t last_unit = INT64_MAX; /* units fall: "30m1h" is none */
    if (text.length == 0) {
        return false;
    }
    while (text.length > 0) {
        size_t digits = 0;
        while (digits < text.length && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') {
            digits++;
        }
        int64_t number;
        int64_t unit;
        if (!str_to_int64((struct str){text.ptr, digits}, &number)) {
            return false;
        }
        text = (struct str){text.ptr + digits, text.length - digits};
        if (!take_unit(&text, &unit) || unit >= last_unit ||
            __builtin_mul_overflow(number, unit, &number) ||
            __builtin_add_overflow(total, number, &total)) {
            return false;
        }
        last_unit = unit;
    }
    *ret_ms = total;
    return true;
}
