/* Commands about the rollout: its share, its stages for people who are here already, going back,
 * and the plan that leads from one stage to the next. The plan is a setting of its own; who decides
 * when it goes on stands outside. */
#include "engine/commands.h"

static const char PLAN_SETTING[] = "rollout/superior_onboarding/plan";
enum { STAGES_MAX = 16, KEPT_OF_POWER_USERS = 10 };

/* ---- the plan, as it is stored ---- */

/* NULL: none was started. */
static enum err read_plan(struct doing *doing, json_t **ret_plan, struct err_detail *detail)
{
    struct str text = STR_NONE;
    *ret_plan = NULL;
    enum err error =
        store_setting_get(doing->engine->store, doing->batch->arena, PLAN_SETTING, &text, detail);
    return error == OK && text.length > 0 ? json_read(text, text.length, ret_plan, detail) : error;
}

static enum err save_plan(struct doing *doing, const json_t *plan, struct err_detail *detail)
{
    return store_setting_put(doing->engine->store, PLAN_SETTING,
                             json_write(doing->batch->arena, plan), doing->batch->now_ms, detail);
}

enum err rollout_hold(struct doing *doing, const char *reason, struct err_detail *detail)
{
    json_t *plan = NULL;
    enum err error = read_plan(doing, &plan, detail);
    if (error == OK && plan != NULL) {
        json_object_set_new(plan, "held", json_true());
        json_object_set_new(plan, "reason", json_string(reason));
        error = save_plan(doing, plan, detail);
    }
    json_decref(plan);
    return error;
}

/* ---- share, stages, going back ---- */

/* New people only; whoever was assigned keeps their set. */
static enum err give_share(struct doing *doing, double share, struct err_detail *detail)
{
    struct rollout *rollout = &doing->engine->installation.rollout;
    rollout->share_permyriad = (int)(share * 100 + 0.5);
    rollout->rolled_back_entries = false;
    rollout->rolled_back_nurture = false;
    if (rollout->started_at_ms == 0 && rollout->share_permyriad > 0) {
        rollout->started_at_ms = doing->batch->now_ms;
    }
    return settings_save_rollout(doing->engine, doing->batch->now_ms, detail);
}

enum err command_rollout_set(struct doing *doing, struct err_detail *detail)
{
    struct rollout *rollout = &doing->engine->installation.rollout;
    if (!str_equal(json_get_str(doing->payload, "name"), rollout->name)) {
        return command_refuse(doing, ERR_NOT_FOUND,
                              "there is no rollout of that name; expected superior_onboarding");
    }
    double share = json_get_number(doing->payload, "share", -1);
    if (!(share >= 0 && share <= 100)) {
        return command_refuse(doing, ERR_INVALID, "\"share\" is a percentage from 0 to 100");
    }
    double before = rollout->share_permyriad / 100.0;
    enum err error = give_share(doing, share, detail);
    doing->command->before = arena_printf(doing->batch->arena, "{\"share\":%g}", before);
    doing->command->after = arena_printf(doing->batch->arena, "{\"share\":%g}", share);
    doing->command->result = command_written(
        doing, json_pack("{s:s, s:f, s:f}", "name", "superior_onboarding", "share_before", before,
                         "share", rollout->share_permyriad / 100.0));
    return error == OK ? rollout_hold(doing, "the share was set by hand", detail) : error;
}

static enum err count_people(struct doing *doing, const char *block, const struct arg *args,
                             int arg_count, int64_t *ret_count, struct err_detail *detail)
{
    struct rows rows = {0};
    enum err error = store_query(doing->engine->store, doing->batch->arena, block, args, arg_count,
                                 1, &rows, detail);
    *ret_count = error == OK && rows.count == 1 ? rows.cells[0].integer : 0;
    return error;
}

enum err rollout_go_back(struct doing *doing, const char *reason, struct err_detail *detail)
{
    struct rollout *rollout = &doing->engine->installation.rollout;
    rollout->rolled_back_entries = true;
    rollout->rolled_back_nurture = true;
    enum err error = settings_save_rollout(doing->engine, doing->batch->now_ms, detail);
    return error == OK ? rollout_hold(doing, reason, detail) : error;
}

enum err command_rollback(struct doing *doing, struct err_detail *detail)
{
    struct rollout *rollout = &doing->engine->installation.rollout;
    struct str what = json_get_str(doing->payload, "what");
    bool all = what.length == 0 || str_is(what, "all");
    if (!all && !str_is(what, "entries") && !str_is(what, "nurture")) {
        return command_refuse(doing, ERR_INVALID, "\"what\" is none of all, entries, nurture");
    }
    rollout->rolled_back_entries |= all || str_is(what, "entries");
    rollout->rolled_back_nurture |= all || str_is(what, "nurture");
    int64_t moved = 0;
    enum err error = settings_save_rollout(doing->engine, doing->batch->now_ms, detail);
    if (error == OK && json_get_bool(doing->payload, "move", false)) {
        error = count_people(doing, "engine_optimized_people", NULL, 0, &moved, detail);
        if (error == OK) {
            error = sweep_move(doing->engine, doing->batch, "rollback", STR_NONE, detail);
        }
    }
    json_t *result = json_object();
    json_object_set_new(result, "what", json_str(all ? STR("all") : what));
    json_object_set_new(result, "moved", json_integer(moved));
    doing->command->result = doing->command->after = command_written(doing, result);
    return error == OK ? rollout_hold(doing, "rolled back", detail) : error;
}

enum err command_rollback_person(struct doing *doing, struct err_detail *detail)
{
    (void)detail;
    int64_t user_id = command_id(doing->payload, "user_id");
    if (user_id == 0) {
        return command_refuse(doing, ERR_INVALID, "\"user_id\" says who is meant");
    }
    struct work *work = batch_work(doing->batch);
    work->input = (struct input){.kind = INPUT_MOVE,
                                 .source = command_source(doing->command->actor),
                                 .user_id = user_id,
                                 .name = STR("rollback")};
    work->command = doing->command;
    return OK;
}

/* How many people a stage writes to at once: the silent, or those who keep what they promise. */
static enum err count_stage(struct doing *doing, enum stage stage, int64_t *ret_people,
                            struct err_detail *detail)
{
    const struct catalog *catalog = doing->engine->catalog;
    int64_t silence_ms = 0;
    for (int i = 0; i < catalog_journey_count(catalog); i++) {
        const struct journey *journey = catalog_journey_at(catalog, i);
        if (journey->stage == stage && journey->trigger == TRIGGER_INACTIVITY) {
            silence_ms = journey->trigger_after_ms;
        }
    }
    bool rescue = stage == STAGE_EXISTING_RESCUE;
    const struct arg args[] = {ARG_INT(doing->engine->installation.rollout.started_at_ms),
                               ARG_INT(doing->batch->now_ms - silence_ms),
                               ARG_INT(rescue ? 0 : KEPT_OF_POWER_USERS)};
    return count_people(doing, "engine_existing_people", args, 3, ret_people, detail);
}

/* Opening one writes to the people who are here already, in portions. */
static enum err open_stage(struct doing *doing, bool rescue, bool open, int64_t *ret_people,
                           struct err_detail *detail)
{
    struct rollout *rollout = &doing->engine->installation.rollout;
    bool *stage = rescue ? &rollout->stage_existing_rescue : &rollout->stage_existing_amplification;
    *stage = open;
    *ret_people = 0;
    enum err error = settings_save_rollout(doing->engine, doing->batch->now_ms, detail);
    if (error == OK && open) {
        error = count_stage(doing, rescue ? STAGE_EXISTING_RESCUE : STAGE_EXISTING_AMPLIFICATION,
                            ret_people, detail);
        if (error == OK) {
            error =
                sweep_move(doing->engine, doing->batch,
                           rescue ? "existing_rescue" : "existing_amplification", STR_NONE, detail);
        }
    }
    return error;
}

enum err command_rollout_stage(struct doing *doing, struct err_detail *detail)
{
    struct str stage = json_get_str(doing->payload, "stage");
    bool open = json_get_bool(doing->payload, "open", false);
    bool rescue = str_is(stage, "existing_rescue");
    if (!rescue && !str_is(stage, "existing_amplification")) {
        return command_refuse(doing, ERR_INVALID,
                              "\"stage\" is none of existing_rescue, existing_amplification");
    }
    int64_t people = 0;
    enum err error = open_stage(doing, rescue, open, &people, detail);
    json_t *result = json_object();
    json_object_set_new(result, "stage", json_str(stage));
    json_object_set_new(result, "open", json_boolean(open));
    json_object_set_new(result, "people", json_integer(people));
    doing->command->result = doing->command->after = command_written(doing, result);
    return error;
}

/* ---- the plan's own commands ---- */

static bool is_share(const json_t *stage)
{
    double share = json_get_number(stage, "share", -1);
    return share >= 0 && share <= 100;
}

static bool is_opening(const json_t *stage)
{
    struct str opens = json_get_str(stage, "opens");
    return str_is(opens, "existing_rescue") || str_is(opens, "existing_amplification");
}

/* Whoever read the plan has judged it; here only what would be done with it is looked at. */
static bool is_plan(const json_t *plan)
{
    const json_t *stages = json_object_get(plan, "stages");
    if (json_get_str(plan, "name").length == 0 || json_array_size(stages) < 1 ||
        json_array_size(stages) > STAGES_MAX) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(stages); i++) {
        const json_t *stage = json_array_get(stages, i);
        if (json_get_str(stage, "name").length == 0 || is_share(stage) == is_opening(stage)) {
            return false;
        }
    }
    return true;
}

static const json_t *stage_at(const json_t *plan, int64_t at)
{
    return json_array_get(json_object_get(plan, "stages"), (size_t)at);
}

/* Also again: after a rollback the plan goes on where it stood. */
static enum err enter_stage(struct doing *doing, const json_t *stage, struct err_detail *detail)
{
    int64_t people = 0;
    return is_share(stage)
               ? give_share(doing, json_get_number(stage, "share", 0), detail)
               : open_stage(doing, str_is(json_get_str(stage, "opens"), "existing_rescue"), true,
                            &people, detail);
}

static void set_hold(json_t *plan, bool held, struct str reason)
{
    json_object_set_new(plan, "held", json_boolean(held));
    json_object_set_new(plan, "reason", json_str(reason));
}

/* Takes the plan's reference. */
static enum err change_plan(struct doing *doing, json_t *plan, int64_t stage_before, bool enters,
                            struct err_detail *detail)
{
    int64_t at = json_get_int(plan, "at", 0);
    const json_t *before = stage_before < 0 ? NULL : stage_at(plan, stage_before);
    enum err error = enters ? enter_stage(doing, stage_at(plan, at), detail) : OK;
    if (error == OK) {
        error = save_plan(doing, plan, detail);
    }
    json_t *after = json_object();
    json_object_set_new(after, "action", json_str(json_get_str(doing->payload, "action")));
    json_object_set_new(after, "plan", json_str(json_get_str(plan, "name")));
    json_object_set_new(after, "stage", json_str(json_get_str(stage_at(plan, at), "name")));
    json_object_set_new(after, "reason", json_str(json_get_str(doing->payload, "reason")));
    doing->command->after = command_written(doing, after);
    if (before != NULL) {
        json_t *from = json_object();
        json_object_set_new(from, "stage", json_str(json_get_str(before, "name")));
        doing->command->before = command_written(doing, from);
    }
    doing->command->result = command_written(doing, plan);
    return error;
}

static enum err start_plan(struct doing *doing, const json_t *running, struct err_detail *detail)
{
    const json_t *plan = json_get_object(doing->payload, "plan");
    if (running != NULL && !json_get_bool(running, "held", false)) {
        return command_refuse(doing, ERR_CONFLICT,
                              "a plan is running; hold it before another one is started");
    }
    if (!is_plan(plan)) {
        return command_refuse(doing, ERR_INVALID,
                              "\"plan\" needs a name and 1 to 16 stages, each with a name and "
                              "either a share from 0 to 100 or a stage that it opens");
    }
    json_t *started = json_object();
    json_object_set(started, "name", json_object_get(plan, "name"));
    json_object_set(started, "stages", json_object_get(plan, "stages"));
    json_object_set_new(started, "at", json_integer(0));
    json_object_set_new(started, "started_at_ms", json_integer(doing->batch->now_ms));
    json_object_set_new(started, "since_ms", json_integer(doing->batch->now_ms));
    json_object_set_new(started, "automatic",
                        json_boolean(json_get_bool(doing->payload, "automatic", false)));
    set_hold(started, false, json_get_str(doing->payload, "reason"));
    return change_plan(doing, started, -1, true, detail);
}

static enum err advance_plan(struct doing *doing, json_t *running, struct err_detail *detail)
{
    int64_t at = json_get_int(running, "at", 0);
    if (stage_at(running, at + 1) == NULL) {
        return command_refuse(doing, ERR_CONFLICT, "the plan is at its last stage");
    }
    /* Whoever judged the gates may have judged those of the stage before. */
    if (json_get_int(doing->payload, "from", at) != at) {
        return command_refuse(doing, ERR_CONFLICT, "the plan has gone on meanwhile");
    }
    json_object_set_new(running, "at", json_integer(at + 1));
    json_object_set_new(running, "since_ms", json_integer(doing->batch->now_ms));
    set_hold(running, false, json_get_str(doing->payload, "reason"));
    return change_plan(doing, json_incref(running), at, true, detail);
}

static enum err hold_or_resume(struct doing *doing, json_t *running, bool hold,
                               struct err_detail *detail)
{
    int64_t at = json_get_int(running, "at", 0);
    if (json_get_bool(running, "held", false) == hold) {
        return command_refuse(doing, ERR_CONFLICT,
                              hold ? "the plan is held already" : "the plan is not held");
    }
    set_hold(running, hold, json_get_str(doing->payload, "reason"));
    return change_plan(doing, json_incref(running), at, !hold, detail);
}

enum err command_rollout_plan(struct doing *doing, struct err_detail *detail)
{
    struct str action = json_get_str(doing->payload, "action");
    json_t *running = NULL;
    enum err error = read_plan(doing, &running, detail);
    if (error != OK) {
        return error;
    }
    if (str_is(action, "start")) {
        error = start_plan(doing, running, detail);
    } else if (!str_is(action, "advance") && !str_is(action, "hold") && !str_is(action, "resume")) {
        error = command_refuse(doing, ERR_INVALID,
                               "\"action\" is none of start, advance, hold, resume");
    } else if (running == NULL) {
        error = command_refuse(doing, ERR_NOT_FOUND,
                               "no plan was started; nudge rollout start gradual starts one");
    } else if (str_is(action, "advance")) {
        error = advance_plan(doing, running, detail);
    } else {
        error = hold_or_resume(doing, running, str_is(action, "hold"), detail);
    }
    json_decref(running);
    return error;
}
