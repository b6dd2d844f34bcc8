/* Rows of options as an argp parser. */
#include "cli/arguments.h"

#include <errno.h>

#include "base/check.h"
#include "core/channel_kind.h"

enum { ROWS_MAX = 24, KEY_FIRST = 2000 };

struct parsing {
    const struct option_row *rows;
    struct arguments *arguments;
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
    struct parsing *parsing = state->input;
    if (key == ARGP_KEY_ARG) {
        if (parsing->arguments->word_count == ARGUMENT_WORDS_MAX) {
            argp_error(state, "too many words");
            return EINVAL;
        }
        parsing->arguments->words[parsing->arguments->word_count++] = argument;
        return 0;
    }
    for (int i = 0; parsing->rows[i].name != NULL; i++) {
        const struct option_row *row = &parsing->rows[i];
        if (key == (row->letter != 0 ? row->letter : KEY_FIRST + i)) {
            if (row->flag != NULL) {
                *row->flag = true;
            } else {
                *row->text = argument;
            }
            return 0;
        }
    }
    return ARGP_ERR_UNKNOWN;
}

int arguments_begin(struct cli *cli, const struct option_row *rows, const char *usage,
                    const char *text, int argc, char **argv, struct arguments *ret_arguments)
{
    struct argp_option options[ROWS_MAX + 1] = {{0}};
    for (int i = 0; rows[i].name != NULL; i++) {
        ASSERT(i < ROWS_MAX);
        options[i].name = rows[i].name;
        options[i].key = rows[i].letter != 0 ? rows[i].letter : KEY_FIRST + i;
        options[i].arg = rows[i].value;
        options[i].doc = rows[i].help;
    }
    struct parsing parsing = {rows, ret_arguments};
    ret_arguments->word_count = 0;
    /* glibc's --help loses the memory of an empty table. */
    const struct argp_option *table = rows[0].name != NULL ? options : NULL;
    const struct argp argp = {table, parse, usage, text, NULL, NULL, NULL};
    return cli_begin(cli, &argp, argc, argv, &parsing);
}

struct str arguments_word(const struct arguments *arguments, int index)
{
    return index < arguments->word_count ? str_of(arguments->words[index]) : STR_NONE;
}

bool arguments_is(const struct arguments *arguments, int index, const char *word)
{
    return str_is(arguments_word(arguments, index), word);
}

bool person_into(json_t *payload, struct str word)
{
    struct str value;
    struct str kind = str_split(word, ':', &value);
    int64_t id = 0;
    if (value.length == 0) {
        if (!str_to_int64(kind, &id) || id <= 0) {
            return false;
        }
        json_object_set_new(payload, "user_id", json_str(kind));
        return true;
    }
    if (channel_kind_of(kind) == CHANNEL_NONE) {
        return false;
    }
    json_object_set_new(payload, "channel", json_str(kind));
    json_object_set_new(payload, "identity", json_str(value));
    return true;
}
