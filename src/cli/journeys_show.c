/* One journey with all its texts, as a page for people. */
#include "cli/journeys_show.h"

#include "core/journey_words.h"

/* A text, every line of it indented. */
static void print_text(struct str text, const char *indent)
{
    while (text.length > 0) {
        struct str line = str_split(text, '\n', &text);
        printf("%s%.*s\n", indent, STR_ARG(line));
    }
}

static void print_message(const struct journeys_view *view, const char *heading,
                          const struct message *message, const char *indent)
{
    if (message == NULL) {
        return;
    }
    printf("%s%s\n", indent, heading);
    struct str deeper = arena_printf(view->arena, "%s  ", indent);
    print_text(view_text(view, message), deeper.ptr);
}

static void print_buttons(const struct journeys_view *view, const struct prompt *prompt,
                          const char *indent)
{
    for (int i = 0; i < prompt->button_count; i++) {
        const struct step_button *button = &prompt->buttons[i];
        struct str label = view_text(view, button->text);
        printf("%s[%.*s] %.*s: %s\n", indent, STR_ARG(label), STR_ARG(button->id),
               view_verbs(view, button));
        struct str deeper = arena_printf(view->arena, "%s    ", indent);
        if (button->value != NULL) {
            struct str value = view_text(view, button->value);
            printf("%s= %.*s\n", deeper.ptr, STR_ARG(value));
        }
        if (button->reply != NULL) {
            print_text(view_text(view, button->reply),
                       arena_printf(view->arena, "%s> ", deeper.ptr).ptr);
        }
    }
}

static void print_alternative(const struct journeys_view *view, const char *heading,
                              const struct prompt *prompt)
{
    if (prompt == NULL) {
        return;
    }
    print_message(view, heading, prompt->text, "     ");
    print_buttons(view, prompt, "       ");
}

static void print_facts_of_step(const struct journeys_view *view, const struct journey *journey,
                                int index)
{
    const struct step *step = &journey->steps[index];
    struct str delay = view_delay(view, journey, index);
    printf("%d. %.*s (%.*s): %.*s, class %s", step->number, STR_ARG(step->name), STR_ARG(step->id),
           STR_ARG(delay), journey_word(CLASS_WORDS, (int)step->class));
    if (step->expects != EXPECTS_NOTHING) {
        printf(", expects %s", journey_word(EXPECTS_WORDS, (int)step->expects));
    }
    if (step->takes != TAKES_TEXT) {
        printf(", takes %s", journey_word(TAKES_WORDS, (int)step->takes));
    }
    if (step->stores.length > 0) {
        printf(", stored as %.*s", STR_ARG(step->stores));
    }
    if (step->target > 0) {
        printf(", target %g %%", step->target);
    }
    if (step->when != NULL) {
        struct str source = condition_source(step->when);
        printf(", only when %.*s", STR_ARG(source));
    }
    printf("\n");
}

static void print_step(const struct journeys_view *view, const struct journey *journey, int index)
{
    const struct step *step = &journey->steps[index];
    printf("\n");
    print_facts_of_step(view, journey, index);
    if (step->variant_count == 0) {
        print_text(view_text(view, step->prompt.text), "     ");
    }
    for (int i = 0; i < step->variant_count; i++) {
        const struct variant *variant = &step->variants[i];
        struct str heading =
            arena_printf(view->arena, "variant %.*s of %.*s, weight %g:", STR_ARG(variant->id),
                         STR_ARG(step->experiment), variant->weight);
        print_message(view, heading.ptr, variant->text, "     ");
    }
    print_buttons(view, &step->prompt, "     ");
    print_message(view, "asked when only the what came:", step->ask_when, "     ");
    if (step->recovery != NULL) {
        print_alternative(
            view,
            arena_printf(view->arena, "no answer for %s:", view_duration(view, step->no_answer_ms))
                .ptr,
            step->recovery);
    }
    print_alternative(view, "when it is too much:", step->ultra);
    print_message(view, "celebration:", step->celebration, "     ");
    print_message(view, "celebration on a later day:", step->celebration_later, "     ");
}

void journeys_show(const struct journeys_view *view, const struct journey *journey)
{
    struct str enter = view_enter(view, journey);
    printf("%.*s %.*s (set %s, class %s, sequence %.*s)\n", STR_ARG(journey->name),
           STR_ARG(journey->version), journey_word(SET_WORDS, (int)journey->set),
           journey_word(CLASS_WORDS, (int)journey->class), STR_ARG(journey->sequence));
    printf("  enters %.*s\n", STR_ARG(enter));
    for (int i = 0; i < journey->leave_count; i++) {
        printf("  leaves on %s%s\n", journey_word(LEAVE_WORDS, (int)journey->leaves[i].on),
               journey->leaves[i].graduates ? ", which graduates" : "");
    }
    if (journey->ends_after_ms != 0) {
        printf("  ends %s after %s\n", view_duration(view, journey->ends_after_ms),
               journey->ends_anchor == ANCHOR_PREVIOUS  ? "the last message"
               : journey->ends_anchor == ANCHOR_ENTERED ? "entering"
                                                        : "the planned time, else the making");
    }
    if (journey->replaces.length > 0) {
        printf("  counterpart in the other set: %.*s\n", STR_ARG(journey->replaces));
    }
    if (journey->goal != NULL) {
        struct str goal = condition_source(journey->goal);
        printf("  goal: %.*s\n", STR_ARG(goal));
    }
    for (int i = 0; i < journey->step_count; i++) {
        print_step(view, journey, i);
    }
    printf("\n");
    if (journey->abandonment != NULL) {
        struct str heading =
            arena_printf(view->arena, "abandonment, %s of silence later (given up after %s more):",
                         view_duration(view, journey->abandon_after_ms),
                         view_duration(view, journey->give_up_after_ms));
        print_message(view, heading.ptr, journey->abandonment, "");
    }
    print_message(view, "graduation:", journey->graduation, "");
    print_message(view, "graduation by a commitment of their own:", journey->graduation_early, "");
    if (journey->rating != NULL) {
        print_message(view, "rating:", journey->rating->text, "");
        print_buttons(view, journey->rating, "  ");
    }
}
