/* Inputs as JSON, from the inbox and from engine_command. */
#include "base/limits.h"
#include "engine/internal.h"

struct str command_source(struct str actor)
{
    struct str rest;
    return str_split(actor, ':', &rest);
}

int64_t command_id(const json_t *payload, const char *key)
{
    int64_t id = 0;
    const json_t *value = json_object_get(payload, key);
    if (json_is_integer(value)) {
        id = json_get_int(payload, key, 0);
    } else if (json_is_string(value) && !str_to_int64(json_get_str(payload, key), &id)) {
        id = 0;
    }
    return id > 0 ? id : 0;
}

static struct str copied(struct arena *arena, const json_t *payload, const char *key)
{
    return arena_str(arena, json_get_str(payload, key));
}

enum err command_person(struct arena *arena, const json_t *payload, struct input *ret_input,
                        struct err_detail *detail)
{
    ret_input->user_id = command_id(payload, "user_id");
    struct str channel = json_get_str(payload, "channel");
    ret_input->channel = channel_kind_of(channel);
    ret_input->identity = copied(arena, payload, "identity");
    ret_input->address = ret_input->identity;
    ret_input->may_create = ret_input->user_id == 0;
    if (channel.length > 0 && ret_input->channel == CHANNEL_NONE) {
        return err_set(detail, ERR_INVALID, "\"channel\" is none of telegram, webchat, email");
    }
    bool by_identity = ret_input->channel != CHANNEL_NONE && ret_input->identity.length > 0;
    if (ret_input->user_id == 0 && !by_identity) {
        return err_set(detail, ERR_INVALID,
                       "who is meant? Expected \"user_id\", or \"channel\" and \"identity\"");
    }
    if (ret_input->identity.length > 256) {
        return err_set(detail, ERR_LIMIT, "\"identity\" has more than 256 bytes");
    }
    return OK;
}

static enum err kind_of(struct str word, enum input_kind *ret_kind, struct err_detail *detail)
{
    static const struct {
        const char *word;
        enum input_kind kind;
    } kinds[] = {
        {"trigger", INPUT_TRIGGER}, {"track", INPUT_TRACK}, {"commitment", INPUT_COMMITMENT},
        {"answer", INPUT_ANSWER},   {"admin", INPUT_ADMIN}, {"text", INPUT_TEXT},
        {"button", INPUT_BUTTON},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (str_is(word, kinds[i].word)) {
            *ret_kind = kinds[i].kind;
            return OK;
        }
    }
    return err_set(detail, ERR_INVALID,
                   "\"kind\" is none of trigger, track, commitment, answer, admin, text, button");
}

enum err engine_read_input(struct arena *arena, const json_t *payload, struct str actor,
                           struct input *ret_input, struct err_detail *detail)
{
    struct input input = {.source = command_source(actor)};
    enum err error = kind_of(json_get_str(payload, "kind"), &input.kind, detail);
    if (error == OK) {
        error = command_person(arena, payload, &input, detail);
    }
    if (error != OK) {
        return error;
    }
    input.name = copied(arena, payload, "name");
    input.text = copied(arena, payload, "text");
    input.token = copied(arena, payload, "token");
    input.first_name = copied(arena, payload, "first_name");
    input.language = copied(arena, payload, "language");
    input.external_id = copied(arena, payload, "external_id");
    input.ref_id = command_id(payload, "ref_id");
    input.revenue = json_get_number(payload, "revenue", 0);
    const json_t *data = json_get_object(payload, "data");
    input.data = data != NULL ? json_write(arena, data) : STR_NONE;
    if (input.text.length > LIMIT_TEXT_BYTES || input.name.length > LIMIT_KEY_BYTES ||
        input.first_name.length > LIMIT_NAME_BYTES || input.external_id.length > 256 ||
        input.token.length > LIMIT_CALLBACK_BYTES) {
        return err_set(detail, ERR_LIMIT, "\"text\", \"name\" or another member is too long");
    }
    *ret_input = input;
    return OK;
}

enum err engine_read_request(const struct engine *engine, const struct batch *batch,
                             const json_t *payload, struct input *ret_input, bool *ret_relevant,
                             struct err_detail *detail)
{
    enum channel_kind kind = channel_kind_of(json_get_str(payload, "channel"));
    const struct channel *channel = engine->channels[kind];
    if (channel == NULL || channel->ops->read_request == NULL) {
        return err_set(detail, ERR_CONFIG, "the channel of the request is off here, or has none");
    }
    const struct taken_request taken = {.id = copied(batch->arena, payload, "id"),
                                        .body = copied(batch->arena, payload, "body"),
                                        .at_ms = batch->now_ms};
    return channel->ops->read_request(channel, batch->arena, &taken, ret_input, ret_relevant,
                                      detail);
}
