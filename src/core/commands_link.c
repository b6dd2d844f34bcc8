/* Signed links in the chat: opening one asks whether the page it comes from is theirs, since a link
 * can be sent to anybody; joining waits for the button. The engine has checked the link and, when
 * it was taken, joined the people before anything is decided here (core/link.h). */
#include "core/commands_parts.h"

#include "core/compose.h"
#include "core/decide_parts.h"
#include "core/link.h"

static void ask(struct deciding *deciding, struct str payload)
{
    int64_t age_ms = deciding->world->now_ms - id_ms(deciding->input->offered_user_id);
    struct str age = say_duration(deciding, age_ms);
    struct say_buttons buttons = {.count = 0};
    say_button(deciding, &buttons, say_plain(deciding, "button_link_take"), LINK_TAKE "%.*s",
               STR_ARG(payload));
    say_button(deciding, &buttons, say_plain(deciding, "button_link_refuse"), LINK_REFUSE "%.*s",
               STR_ARG(payload));
    say_with(deciding, "link_ask", &age, 1, buttons.items, buttons.count);
}

static bool is_linked(const struct deciding *deciding)
{
    return deciding->input->linked_user_id == deciding->person->user.id;
}

void link_opened(struct deciding *deciding, struct str payload)
{
    if (deciding->input->offered_user_id != 0) {
        ask(deciding, payload);
        return;
    }
    bool greeted = compose_said_something(deciding);
    say(deciding, is_linked(deciding) ? "link_done" : "link_unknown", NULL, 0);
    if (is_linked(deciding) && !greeted) {
        start_again(deciding, true);
    }
}

bool link_button(struct deciding *deciding)
{
    struct str payload;
    switch (link_deed(deciding->input, &payload)) {
    case LINK_NO_DEED:
    case LINK_OPENED:
        return false;
    case LINK_TAKEN:
        if (!is_linked(deciding)) {
            answer_here(deciding, NULL, say_text(deciding, "link_unknown", NULL, 0), NULL);
            return true;
        }
        answer_here(deciding, NULL, say_text(deciding, "link_done", NULL, 0), NULL);
        if (!decide_contact(deciding)) {
            start_again(deciding, true);
        }
        return true;
    case LINK_REFUSED:
        answer_here(deciding, NULL, say_text(deciding, "link_refused", NULL, 0), NULL);
        decide_contact(deciding); /* who came by it is greeted after all */
        return true;
    }
    return false;
}
