/* Reading maps of a definition file by tables: which keys there are, of which type, and where their
 * value goes. What does not fit becomes a mistake with its place; reading goes on, so that one pass
 * finds them all. For the definitions (journey_parse*.c, words_parse.c, catalog.c) and for the
 * people of a rehearsal (sim/people.c). */
#pragma once

#include <stddef.h>

#include "core/journey.h"
#include "core/yaml_tree.h"

enum {
    LANGUAGES_MAX = 16,
    STEP_ID_BYTES_MAX = 24,
    BUTTON_ID_BYTES_MAX = 16, /* "r:" run ":" step ":" button fits LIMIT_CALLBACK_BYTES */
    BUTTON_CODE_POINTS_MAX = 40
};

struct languages {
    const char *names[LANGUAGES_MAX];
    int count;
};

/* What the readers of one file share. */
struct compiling {
    struct arena *arena;   /* of the catalog: for what is compiled */
    struct arena *scratch; /* of the caller: for mistakes */
    struct mistakes *mistakes;
    const struct tree *tree;
    const struct languages *languages;
    bool is_pinned;  /* an older definition: texts may lack languages */
    struct str path; /* "superior_onboarding/first_win", for keys of messages */
};

enum schema_kind {
    SCHEMA_NAME,      /* struct str: [a-z][a-z0-9_]*, at most LIMIT_KEY_BYTES */
    SCHEMA_LINE,      /* struct str: anything in one line, at most LIMIT_NAME_BYTES */
    SCHEMA_DURATION,  /* int64_t milliseconds */
    SCHEMA_YES_NO,    /* bool */
    SCHEMA_WORD,      /* enum, by `words` */
    SCHEMA_NUMBER,    /* double >= 0 */
    SCHEMA_COUNT,     /* int, 1.. */
    SCHEMA_PERCENT,   /* int in 1/10000: 0 to 100 percent, to two decimals */
    SCHEMA_CONDITION, /* struct condition * */
    SCHEMA_MESSAGE,   /* const struct message *: LIMIT_MESSAGE_CODE_POINTS, LIMIT_MESSAGE_EMOJI */
    SCHEMA_BUTTON,    /* const struct message *: short */
    SCHEMA_VALUE,     /* const struct message *: what a button stands for, a picture shows */
    SCHEMA_URL,       /* const struct message *: https://…, without placeholders */
    SCHEMA_BOT,       /* const struct message *: LIMIT_BOT_TEXT_CODE_POINTS */
    SCHEMA_CUSTOM     /* `read` does it, target is the whole struct */
};

struct schema_word {
    const char *word;
    int value;
};

typedef void (*schema_read_fn)(struct compiling *compiling, const struct tree_node *node,
                               void *target);

struct schema_row {
    const char *key;
    enum schema_kind kind;
    size_t offset;
    bool is_required;
    const struct schema_word *words; /* SCHEMA_WORD; closed by a NULL word */
    schema_read_fn read;             /* SCHEMA_CUSTOM */
};

/* Reads the map's members in the order of the rows; unknown keys and absent required ones are
 * mistakes. `what` names the map: "a step". False when the node is no map. */
bool schema_read(struct compiling *compiling, const struct tree_node *node, const char *what,
                 const struct schema_row *rows, size_t row_count, void *target);
/* One value by its kind, as schema_read does for a member; false when it does not fit. */
bool schema_value(struct compiling *compiling, const struct tree_node *node,
                  const struct schema_row *row, void *target);
/* False and a mistake when the node is no list or has over `most` entries. */
bool schema_list(struct compiling *compiling, const struct tree_node *node, const char *what,
                 int most);
/* A mistake at the beginning of the node. */
void schema_mistake(struct compiling *compiling, const struct tree_node *node, const char *format,
                    ...) PRINTF_LIKE(3, 4);
/* A mistake at the member's key (at the node, when it has no such member). */
void schema_mistake_at(struct compiling *compiling, const struct tree_node *node, const char *key,
                       const char *format, ...) PRINTF_LIKE(4, 5);
/* A text in every language (schema_text.c). NULL when it does not fit. */
const struct message *schema_message(struct compiling *compiling, const struct tree_node *node,
                                     const char *key, enum schema_kind kind);
/* "en and de". */
struct str schema_language_list(struct compiling *compiling);
/* The path with a part added. */
struct str schema_path(struct compiling *compiling, struct str part);
/* "2h", "90m", "1h30m"; false when it is none. */
bool schema_duration(struct str text, int64_t *ret_ms);
