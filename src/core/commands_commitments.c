/* /commit, /list and /done, their buttons and their dialogs. What happens to a commitment stands in
 * commitment.c; here is what the person reads about it. */
#include "core/commands_parts.h"

#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "core/compose.h"
#include "core/time_phrase.h"

enum {
    LIST_PAGE = 8,       /* lines, and one button for each beside those that turn pages */
    LIST_FULL = 3,       /* with so few open ones each has all its buttons */
    LIST_GRAPHEMES = 60, /* of a text in a list */
};

static struct str text_of(struct deciding *deciding, const struct commitment *commitment,
                          size_t graphemes)
{
    return say_person(deciding, commitment->text, graphemes);
}

/* ---- making -----------------------------------------------------------------------------------
 */

static struct str repeat_words(struct deciding *deciding, const struct commitment *commitment)
{
    static const char *const weekdays[] = {"repeat_weekly_1", "repeat_weekly_2", "repeat_weekly_3",
                                           "repeat_weekly_4", "repeat_weekly_5", "repeat_weekly_6",
                                           "repeat_weekly_7"};
    switch (commitment->repeat) {
    case REPEAT_NONE:
        return STR_NONE;
    case REPEAT_DAILY:
        return say_text(deciding, "repeat_daily", NULL, 0);
    case REPEAT_WEEKDAYS:
        return say_text(deciding, "repeat_weekdays", NULL, 0);
    case REPEAT_WEEKLY:
        return say_text(deciding, weekdays[(commitment->repeat_weekday + 6) % 7], NULL, 0);
    }
    return STR_NONE;
}

/* "· about 5 min · tomorrow, 08:00 · every day": what is known of it. */
static struct str details(struct deciding *deciding, const struct commitment *commitment)
{
    struct str parts[3];
    int count = 0;
    if (commitment->size_s > 0) {
        struct str size = say_size(deciding, commitment->size_s);
        parts[count++] = say_text(deciding, "about_size", &size, 1);
    }
    if (commitment->planned_at_ms != 0) {
        parts[count++] = say_when(deciding, commitment->planned_at_ms);
    }
    if (commitment->repeat != REPEAT_NONE) {
        parts[count++] = repeat_words(deciding, commitment);
    }
    struct str all = STR_NONE;
    for (int i = 0; i < count; i++) {
        all = arena_printf(deciding->arena, "%.*s · %.*s", STR_ARG(all), STR_ARG(parts[i]));
    }
    return all;
}

static void ask_text(struct deciding *deciding)
{
    dialog_open(deciding, DIALOG_COMMITMENT_TEXT, 0);
    struct str size =
        say_size(deciding, ladder_size_s(commitment_suggested_rung(&deciding->person->user)));
    struct say_buttons buttons = {.count = 0};
    say_button(deciding, &buttons, say_plain(deciding, "button_never_mind"), "x:cancel");
    say_with(deciding, "commit_ask", &size, 1, buttons.items, buttons.count);
}

static void make(struct deciding *deciding, const struct commitment_plan *plan)
{
    struct commitment *commitment = commitment_make(deciding, plan);
    if (commitment == NULL) {
        /* The person is told; no caller waits for a code. */
        deciding->decision->error = OK;
        struct str most = say_number(deciding, LIMIT_COMMITMENTS_OPEN, 0);
        say(deciding, "commit_full", &most, 1);
        return;
    }
    struct str values[] = {text_of(deciding, commitment, LIMIT_COMMITMENT_BYTES),
                           details(deciding, commitment)};
    struct say_buttons buttons = {.count = 0};
    say_button(deciding, &buttons, say_plain(deciding, "button_done"), "c:%lld:done",
               (long long)commitment->id);
    say_button(deciding, &buttons, say_plain(deciding, "button_rename"), "c:%lld:rename",
               (long long)commitment->id);
    say_button(deciding, &buttons, say_plain(deciding, "button_drop"), "c:%lld:drop",
               (long long)commitment->id);
    say_with(deciding, commitment->planned_at_ms != 0 ? "commit_made_planned" : "commit_made",
             values, 2, buttons.items, buttons.count);
}

static void commit(struct deciding *deciding, struct str text)
{
    struct str clean = commitment_text(deciding->arena, text);
    struct time_phrase phrase;
    time_phrase_parse(deciding->arena, clean, say_language(deciding),
                      person_zone(deciding->world, deciding->person), deciding->world->now_ms,
                      &phrase);
    struct commitment_plan plan = {
        .text = commitment_text(deciding->arena, phrase.rest),
        .source = STR("chat"),
        .planned_at_ms = phrase.at_ms,
        .repeat = phrase.repeat,
        .repeat_weekday = phrase.repeat_weekday,
        .repeat_minute = phrase.repeat_minute,
    };
    if (plan.text.length == 0) {
        ask_text(deciding);
        return;
    }
    plan.size_s = ladder_size_s(commitment_suggested_rung(&deciding->person->user));
    make(deciding, &plan);
}

void command_commit(struct deciding *deciding, struct str rest)
{
    commit(deciding, rest);
}

bool commitments_dialog_text(struct deciding *deciding, struct str text)
{
    commit(deciding, text);
    return true;
}

bool commitments_dialog_rename(struct deciding *deciding, int64_t commitment_id, struct str text)
{
    struct commitment *commitment = person_commitment(deciding->person, commitment_id);
    if (commitment == NULL || !commitment_rename(deciding, commitment, text)) {
        say(deciding, "rename_impossible", NULL, 0);
        return true;
    }
    struct str name = text_of(deciding, commitment, LIMIT_COMMITMENT_BYTES);
    say(deciding, "renamed", &name, 1);
    return true;
}

/* ---- the list ---------------------------------------------------------------------------------
 */

/* Open ones as they were made; at most LIMIT_COMMITMENTS_OPEN. */
static int open_ones(const struct person *person, struct commitment *open[LIMIT_COMMITMENTS_OPEN])
{
    int count = 0;
    for (int i = 0; i < person->commitment_count && count < LIMIT_COMMITMENTS_OPEN; i++) {
        if (person->commitments[i]->state == COMMITMENT_ACTIVE) {
            open[count++] = person->commitments[i];
        }
    }
    return count;
}

static void list_buttons_of(struct deciding *deciding, const struct commitment *commitment,
                            int number, int count, struct say_buttons *buttons)
{
    long long id = commitment->id;
    struct str shown = say_number(deciding, number, 0);
    if (count > LIST_FULL) {
        say_button(deciding, buttons, say_label(deciding, "button_number", &shown, 1),
                   "c:%lld:show", id);
        return;
    }
    if (count == 1) {
        shown = STR_NONE;
    }
    say_button(deciding, buttons, say_label(deciding, "button_done_number", &shown, 1),
               "c:%lld:ldone", id);
    say_button(deciding, buttons, say_label(deciding, "button_rename_number", &shown, 1),
               "c:%lld:rename", id);
    say_button(deciding, buttons, say_label(deciding, "button_drop_number", &shown, 1),
               "c:%lld:ldrop", id);
}

static struct str list_line(struct deciding *deciding, const struct commitment *commitment,
                            int number)
{
    struct str values[] = {say_number(deciding, number, 0),
                           text_of(deciding, commitment, LIST_GRAPHEMES),
                           details(deciding, commitment)};
    return say_text(deciding, "list_line", values, 3);
}

/* One page; *buttons may hold some already. */
static struct str list_page(struct deciding *deciding, int offset, struct say_buttons *buttons)
{
    struct commitment *open[LIMIT_COMMITMENTS_OPEN];
    int count = open_ones(deciding->person, open);
    if (count == 0) {
        say_button(deciding, buttons, say_plain(deciding, "button_how_to_commit"), "x:commit");
        return say_text(deciding, "list_empty", NULL, 0);
    }
    if (offset < 0 || offset >= count) {
        offset = 0;
    }
    struct say_lines lines = {.arena = deciding->arena};
    say_line(&lines, say_count(deciding, "list_heading", count));
    int end = offset + LIST_PAGE < count ? offset + LIST_PAGE : count;
    for (int i = offset; i < end; i++) {
        say_line(&lines, list_line(deciding, open[i], i + 1));
        list_buttons_of(deciding, open[i], i + 1, count, buttons);
    }
    if (count > LIST_FULL) {
        say_line(&lines, say_text(deciding, "list_choose", NULL, 0));
    }
    if (offset > 0) {
        say_button(deciding, buttons, say_plain(deciding, "button_back"), "x:list:%d",
                   offset - LIST_PAGE);
    }
    if (end < count) {
        say_button(deciding, buttons, say_plain(deciding, "button_more"), "x:list:%d", end);
    }
    return say_lines_end(&lines);
}

void commitments_show_list(struct deciding *deciding, int offset)
{
    struct say_buttons buttons = {.count = 0};
    struct str list = list_page(deciding, offset, &buttons);
    answer_here(deciding, NULL, list, &buttons);
}

void command_list(struct deciding *deciding, struct str rest)
{
    (void)rest;
    commitments_show_list(deciding, 0);
}

/* ---- done, dropped, undone --------------------------------------------------------------------
 */

/* Says what became of it, with a button to undo; in_list: above the list that is left. */
static void result(struct deciding *deciding, const struct commitment *commitment, const char *key,
                   const char *tap_key, bool in_list)
{
    struct str values[] = {
        text_of(deciding, commitment, LIMIT_COMMITMENT_BYTES),
        say_duration(deciding, commitment->completed_at_ms > 0
                                   ? commitment->completed_at_ms - commitment->created_at_ms
                                   : 0)};
    struct str text = say_text(deciding, key, values, 2);
    struct say_buttons buttons = {.count = 0};
    if (commitment->undo_until_ms > 0) {
        say_button(deciding, &buttons, say_plain(deciding, "button_undo"), "c:%lld:undo",
                   (long long)commitment->id);
    }
    if (in_list) {
        struct str list = list_page(deciding, 0, &buttons);
        text = arena_printf(deciding->arena, "%.*s\n\n%.*s", STR_ARG(text), STR_ARG(list));
    }
    answer_here(deciding, tap_key, text, &buttons);
}

static void done(struct deciding *deciding, struct commitment *commitment, bool in_list)
{
    if (commitment_complete(deciding, commitment) ||
        commitment_done_after_all(deciding, commitment)) {
        bool quick = commitment->completed_at_ms - commitment->created_at_ms < MINUTE_MS;
        result(deciding, commitment, quick ? "done_now" : "done", "tap_done", in_list);
        return;
    }
    if (deciding->input->kind == INPUT_BUTTON) {
        tap_text(deciding,
                 commitment->state == COMMITMENT_COMPLETED ? "already_done" : "button_expired");
    }
}

static void undo(struct deciding *deciding, struct commitment *commitment)
{
    if (!commitment_undo(deciding, commitment)) {
        tap_text(deciding, "undo_too_late");
        return;
    }
    struct str name = text_of(deciding, commitment, LIMIT_COMMITMENT_BYTES);
    answer_here(deciding, "tap_undone", say_text(deciding, "undone", &name, 1), NULL);
}

/* One of several, with its buttons. */
static void show_one(struct deciding *deciding, const struct commitment *commitment)
{
    struct str values[] = {text_of(deciding, commitment, LIMIT_COMMITMENT_BYTES),
                           details(deciding, commitment)};
    struct say_buttons buttons = {.count = 0};
    list_buttons_of(deciding, commitment, 1, 1, &buttons);
    say_button(deciding, &buttons, say_plain(deciding, "button_back"), "x:list");
    answer_here(deciding, NULL, say_text(deciding, "list_one", values, 2), &buttons);
}

static void again(struct deciding *deciding, const struct commitment *commitment)
{
    struct commitment_plan plan = {
        .text = commitment->text, .size_s = commitment->size_s, .source = STR("chat")};
    tap_text(deciding, "tap_again");
    make(deciding, &plan);
}

static void smaller(struct deciding *deciding, struct commitment *commitment)
{
    if (!commitment_halve(deciding, commitment)) {
        deciding->decision->error = OK;
        tap_text(deciding, "button_expired");
        return;
    }
    tap_text(deciding, "tap_smaller");
    int size_s = ladder_size_s(commitment_suggested_rung(&deciding->person->user));
    struct str values[] = {text_of(deciding, commitment, LIMIT_COMMITMENT_BYTES),
                           say_size(deciding, size_s)};
    say(deciding, "made_smaller", values, 2);
}

static void rename_ask(struct deciding *deciding, const struct commitment *commitment)
{
    if (commitment->state != COMMITMENT_ACTIVE) {
        tap_text(deciding, "button_expired");
        return;
    }
    tap_text(deciding, NULL);
    dialog_open(deciding, DIALOG_RENAME, commitment->id);
    struct str name = text_of(deciding, commitment, LIMIT_COMMITMENT_BYTES);
    struct say_buttons buttons = {.count = 0};
    say_button(deciding, &buttons, say_plain(deciding, "button_never_mind"), "x:cancel");
    say_with(deciding, "rename_ask", &name, 1, buttons.items, buttons.count);
}

static void drop(struct deciding *deciding, struct commitment *commitment, bool in_list)
{
    if (commitment_drop(deciding, commitment)) {
        result(deciding, commitment, "dropped", "tap_dropped", in_list);
    } else {
        tap_text(deciding, "button_expired");
    }
}

bool commitments_button(struct deciding *deciding, struct str rest)
{
    struct str verb;
    struct str digits = str_split(rest, ':', &verb);
    int64_t id;
    if (!str_to_int64(digits, &id)) {
        return false;
    }
    /* Only the person's own are loaded, so a button of someone else's leads nowhere. */
    struct commitment *commitment = person_commitment(deciding->person, id);
    if (commitment == NULL) {
        return false;
    }
    if (str_is(verb, "done") || str_is(verb, "ldone")) {
        done(deciding, commitment, str_is(verb, "ldone"));
    } else if (str_is(verb, "drop") || str_is(verb, "ldrop")) {
        drop(deciding, commitment, str_is(verb, "ldrop"));
    } else if (str_is(verb, "rename")) {
        rename_ask(deciding, commitment);
    } else if (str_is(verb, "undo")) {
        undo(deciding, commitment);
    } else if (str_is(verb, "again")) {
        again(deciding, commitment);
    } else if (str_is(verb, "smaller")) {
        smaller(deciding, commitment);
    } else if (str_is(verb, "show")) {
        show_one(deciding, commitment);
    } else {
        return false;
    }
    return true;
}

bool commitments_old_button(struct deciding *deciding, struct str id)
{
    trace_read_ended(deciding->world->trace);
    for (int i = 0; i < deciding->person->commitment_count && id.length > 0; i++) {
        struct commitment *commitment = deciding->person->commitments[i];
        if (str_equal(commitment->external_id, id)) {
            done(deciding, commitment, false);
            return true;
        }
    }
    tap_text(deciding, "button_expired");
    return true;
}

/* ---- /done ------------------------------------------------------------------------------------
 */

/* The one that a number of the list or a part of the text means; NULL when none or several do. */
static struct commitment *meant(struct deciding *deciding, struct commitment *const *open,
                                int count, struct str rest)
{
    int64_t number;
    if (str_to_int64(rest, &number)) {
        return number >= 1 && number <= count ? open[number - 1] : NULL;
    }
    struct str wanted = text_fold(deciding->arena, commitment_text(deciding->arena, rest));
    struct commitment *found = NULL;
    for (int i = 0; i < count && wanted.length > 0; i++) {
        struct str text = text_fold(deciding->arena, open[i]->text);
        if (memmem(text.ptr, text.length, wanted.ptr, wanted.length) != NULL) {
            if (found != NULL) {
                return NULL;
            }
            found = open[i];
        }
    }
    return found;
}

void command_done(struct deciding *deciding, struct str rest)
{
    struct commitment *open[LIMIT_COMMITMENTS_OPEN];
    int count = open_ones(deciding->person, open);
    if (count == 0) {
        commitments_show_list(deciding, 0);
        return;
    }
    if (rest.length > 0) {
        struct commitment *commitment = meant(deciding, open, count, rest);
        if (commitment != NULL) {
            done(deciding, commitment, false);
            return;
        }
    }
    struct say_buttons buttons = {.count = 0};
    for (int i = 0; i < count && buttons.count < LIST_PAGE; i++) {
        struct str label = text_cut(deciding->arena, open[i]->text, LIST_GRAPHEMES / 2);
        say_button(deciding, &buttons, label, "c:%lld:done", (long long)open[i]->id);
    }
    if (count > LIST_PAGE) {
        say_button(deciding, &buttons, say_plain(deciding, "button_list"), "x:list");
    }
    say_with(deciding, rest.length > 0 ? "done_unclear" : "done_which", NULL, 0, buttons.items,
             buttons.count);
}
