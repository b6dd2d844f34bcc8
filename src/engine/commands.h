/* What the functions of commands share: commands.c has their table, others stand in files of their
 * own. Private to the engine. */
#pragma once

#include "engine/internal.h"

/* What a command's function works with. A result it sets is given to whoever asked. */
struct doing {
    struct engine *engine;
    struct batch *batch;
    struct command_work *command;
    const json_t *payload;
};

/* OK also when the command was wrong: then command->error says so. */
typedef enum err command_function(struct doing *doing, struct err_detail *detail);

/* The command is wrong, and its caller is told so; OK, for the batch goes on. */
enum err command_refuse(struct doing *doing, enum err error, const char *text);
/* As text in the batch's arena; takes the reference. */
struct str command_written(struct doing *doing, json_t *json);

/* alerts.c */
command_function command_alerts;
command_function command_alert;

/* operators.c */
command_function command_operators_tell;
command_function command_operators_told;

/* rollout.c */
/* The running plan does not go on by itself until it is resumed; nothing when there is none. */
enum err rollout_hold(struct doing *doing, const char *reason, struct err_detail *detail);
/* New people and nurture get the original set from now on; the plan is held. */
enum err rollout_go_back(struct doing *doing, const char *reason, struct err_detail *detail);
command_function command_rollout_set;
command_function command_rollback;
/* One person only, as --move does with everybody: for the drill. */
command_function command_rollback_person;
command_function command_rollout_stage;
command_function command_rollout_plan;

/* definitions.c */
command_function command_journeys_apply;
