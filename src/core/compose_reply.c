/* Replies of the bot's own texts, and answers to taps. */
#include "core/compose_parts.h"

#include "base/check.h"

struct str compose_text(struct deciding *deciding, const char *key,
                        const struct commitment *commitment, const struct run *run, bool plain)
{
    const struct message *message = catalog_text(deciding->world->catalog, key);
    ASSERT(message != NULL); /* catalog_build compared all keys */
    struct facts facts = compose_facts(deciding, commitment, run);
    return message_render(deciding->arena, message, deciding->world->catalog, &facts, plain);
}

bool compose_said_something(const struct deciding *deciding)
{
    return deciding->person->delivery_count > deciding->first_delivery;
}

struct delivery *compose_reply(struct deciding *deciding, const char *key,
                               const struct button *buttons, int button_count)
{
    return compose_reply_about(deciding, key, NULL, NULL, buttons, button_count);
}

struct delivery *compose_reply_about(struct deciding *deciding, const char *key,
                                     const struct commitment *commitment, const struct run *run,
                                     const struct button *buttons, int button_count)
{
    struct delivery *delivery = compose_reply_text(
        deciding, compose_text(deciding, key, commitment, run, false), buttons, button_count);
    delivery->commitment_id = commitment != NULL ? commitment->id : 0;
    return delivery;
}

void compose_tap_edit(struct deciding *deciding, struct str callback_text, struct str markdown,
                      const struct button *buttons, int button_count)
{
    const struct input *input = deciding->input;
    struct act *answer = decision_act(deciding->arena, deciding->decision, ACT_ANSWER_TAP);
    answer->channel = input->channel;
    answer->address = input->address;
    answer->callback_id = input->callback_id;
    answer->text = callback_text;
    deciding->decision->handled = true;
    if (markdown.length == 0 || input->message_id.length == 0) {
        return;
    }
    struct act *edit = decision_act(deciding->arena, deciding->decision, ACT_EDIT_MESSAGE);
    edit->channel = input->channel;
    edit->address = input->address;
    edit->message_id = input->message_id;
    edit->is_captioned = input->is_captioned;
    edit->preview = input->preview;
    edit->text = markdown;
    edit->button_count = button_count;
    edit->buttons = ARENA_ARRAY(deciding->arena, struct button, (size_t)button_count);
    for (int i = 0; i < button_count; i++) {
        edit->buttons[i] = buttons[i];
    }
}

void compose_tap_text(struct deciding *deciding, const char *key)
{
    compose_tap_edit(deciding, compose_text(deciding, key, NULL, NULL, true), STR_NONE, NULL, 0);
}
