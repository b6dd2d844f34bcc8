/* Reading the rollout's setting. */
#include "bi/rollout_state.h"

#include "base/json.h"

enum err rollout_state_read(struct store *store, struct arena *arena,
                            struct rollout_state *ret_state, struct err_detail *detail)
{
    struct str text = STR_NONE;
    *ret_state = (struct rollout_state){0};
    enum err error = store_setting_get(store, arena, "rollout/superior_onboarding", &text, detail);
    if (error != OK || text.length == 0) {
        return error;
    }
    json_t *json = NULL;
    error = json_read(text, text.length, &json, detail);
    if (error != OK) {
        return err_wrap(detail, error, "the stored rollout");
    }
    *ret_state = (struct rollout_state){
        .share = json_get_number(json, "share", 0),
        .started_at_ms = json_get_int(json, "started_at_ms", 0),
        .rolled_back_entries = json_get_bool(json, "rolled_back_entries", false),
        .rolled_back_nurture = json_get_bool(json, "rolled_back_nurture", false),
        .stage_existing_rescue = json_get_bool(json, "stage_existing_rescue", false),
        .stage_existing_amplification = json_get_bool(json, "stage_existing_amplification", false),
    };
    json_decref(json);
    return OK;
}
