/* The methods of the Bot API this server executes. */
#ifndef FAKE_METHODS_H
#define FAKE_METHODS_H

#include "call.h"

struct method {
    const char *name;
    void (*run)(struct call *call);
    const char *params; /* the documented parameters, separated by spaces */
};

/* By name, in any case; NULL: there is no such method. */
const struct method *method_named(const char *name);
/* Runs the method unless the call has failed already. Counts nothing and logs nothing. */
void method_run(const struct method *method, struct call *call);
/* Names of parameters the method does not have, separated by spaces; NULL: none. Owned by the
 * caller. The real server ignores them, so they hide mistakes. */
char *method_unknown_params(const struct method *method, json_t *params);

void method_send_message(struct call *call);
void method_send_media(struct call *call); /* sendPhoto, sendDocument, … */
void method_edit_text(struct call *call);
void method_edit_caption(struct call *call);
void method_edit_markup(struct call *call);
void method_delete_message(struct call *call);
void method_delete_messages(struct call *call);
void method_set_webhook(struct call *call);
void method_delete_webhook(struct call *call);
void method_get_webhook_info(struct call *call);

/* The chat of the parameter chat_id, if the bot may write there; NULL: call failed. */
struct chat *writable_chat(struct call *call);
/* Reads a text with its parse mode, entities and link preview, or a caption; false: call failed.
 * Strings owned by the caller. */
struct content {
    char *text;
    char *entities;
    char *preview;
};
void content_release(struct content *content);
bool read_content(struct call *call, const char *name, size_t length_max, struct content *ret);

#endif
