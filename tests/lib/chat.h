/* One person in a chat with the pure core: no store, no engine, no channel. Each call decides on
 * one input and plays the little that the engine would do: rows become saved, messages count as
 * sent. For tests of commands, commitments and progress. */
#pragma once

#include "core/commitment.h"
#include "core/decide.h"

struct chat {
    struct arena *arena;
    struct catalog *catalog;
    struct installation installation;
    struct population population;
    struct id_source ids;
    struct world world; /* now_ms is the chat's clock */
    struct person person;
    struct decision decision; /* of the last input */
    int said_from;            /* index of the first delivery of the last input */
};

/* English, UTC, onboarded long ago, nothing else. */
struct chat *chat_new(const char *language);
void chat_free(struct chat *chat);
/* Decides on a text, or on a press of the button. */
void chat_text(struct chat *chat, struct str text);
void chat_press(struct chat *chat, const char *token);
/* Lets time pass and whatever waits come when it is due: only the person's commitments are watched.
 */
void chat_wait(struct chat *chat, int64_t ms);
/* For calling functions of the core themselves: begins a new decision. */
struct deciding chat_deciding(struct chat *chat);
/* All that was said to the last input, line by line, edits of messages included. */
const char *chat_said(struct chat *chat);
/* The token of the button that begins with the label in what was said last; NULL when none does. */
const char *chat_token(struct chat *chat, const char *label);
int chat_button_count(struct chat *chat);
/* How many events of the type the last input gave. */
int chat_events(const struct chat *chat, enum event_type type);
