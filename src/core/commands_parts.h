/* What commands_*.c share. Private to them; others use core/commands.h. */
#pragma once

#include "core/commands.h"
#include "core/say.h"

/* One handler for each command; `rest` is what follows its name, trimmed. */
typedef void command_handler(struct deciding *deciding, struct str rest);

/* commands_commitments.c */
command_handler command_commit, command_list, command_done;
/* commands_settings.c */
command_handler command_settings;
/* commands_consent.c */
command_handler command_pause, command_resume, command_stop, command_export, command_delete;
/* commands_info.c */
command_handler command_start, command_help, command_sequences, command_streaks,
    command_leaderboard, command_feedback, command_cancel, command_fix, command_debug;
command_handler command_metrics, command_insights;

/* The next plain text goes to this dialog; DIALOG_NONE closes. */
void dialog_open(struct deciding *deciding, enum dialog dialog, int64_t ref);
void dialog_close(struct deciding *deciding);
/* Whether one is open and not too old: an old question must not catch what was meant otherwise. */
bool dialog_is_open(const struct deciding *deciding);
/* An event that the person changed a setting; the value is a name of ours. */
void settings_event(struct deciding *deciding, const char *setting, struct str value);

/* Texts that dialogs hand on; false: the dialog is over and the text is for others. */
bool commitments_dialog_text(struct deciding *deciding, struct str text);
bool commitments_dialog_rename(struct deciding *deciding, int64_t commitment_id, struct str text);
void settings_dialog_zone(struct deciding *deciding, struct str text);
void settings_dialog_quiet(struct deciding *deciding, struct str text);
void feedback_take(struct deciding *deciding, struct str text);
bool consent_dialog_delete(struct deciding *deciding, struct str text);

/* Buttons: what follows "c:", "s:", "x:". False: unknown or not valid any more. */
bool commitments_button(struct deciding *deciding, struct str rest);
/* complete_<id> of the previous bot: the id as it stands there. */
bool commitments_old_button(struct deciding *deciding, struct str id);
bool settings_button(struct deciding *deciding, struct str rest);
bool confirm_button(struct deciding *deciding, struct str rest);
/* A page of the list of open ones, beginning with the one at `offset`. */
void commitments_show_list(struct deciding *deciding, int offset);
/* What whoever is known already hears to /start: an offer to go on, the waiting step, or, unless
 * the link they came by says enough, a greeting. */
void start_again(struct deciding *deciding, bool is_linked);
/* commands_link.c: a link was opened; a button of the question was pressed. */
void link_opened(struct deciding *deciding, struct str payload);
bool link_button(struct deciding *deciding);
/* Answers a press with a short text by key (NULL: none); the message stays as it is. */
void tap_text(struct deciding *deciding, const char *key);
/* Says something where the pressed button stands, so that the chat does not fill up; a reply when
 * no button was pressed, or its message is not known. buttons may be NULL. */
void answer_here(struct deciding *deciding, const char *tap_key, struct str markdown,
                 const struct say_buttons *buttons);
