/* The control API below /control/, by which a test plays the people, scripts faults, moves the
 * clock and reads what the bot did. README.md in this folder lists it. */
#ifndef FAKE_CONTROL_H
#define FAKE_CONTROL_H

#include "server.h"
#include "state.h"

#include <jansson.h>

/* One control request. A failure answers 400 {"error":…}. */
struct control {
    struct world *world;
    struct request *request;
    struct bot *bot;   /* NULL only where none is needed */
    json_t *args;      /* the JSON body, or the query as strings */
    const char *error; /* NULL: it went well */
    struct buf out;    /* the answer; empty means {} */
    bool kept;         /* will be answered later */
};

void control_handle(struct world *world, struct request *request);

int64_t control_int(const struct control *control, const char *key, int64_t absent);
const char *control_text(const struct control *control, const char *key);
bool control_bool(const struct control *control, const char *key, bool absent);

/* What people do; control_people.c. */
void control_user(struct control *control);
void control_group(struct control *control);
void control_message(struct control *control);
void control_edit(struct control *control);
void control_tap(struct control *control);
void control_block(struct control *control);
void control_unblock(struct control *control);
void control_standing(struct control *control);
void control_migrate(struct control *control);
void control_update(struct control *control);

#endif
