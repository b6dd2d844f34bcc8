/* Events of Resend about mails of ours. Which delivery an event is about travels in the mail's
 * tags: an event can come before the answer that tells the mail's id. */
#include "channel/resend.h"

#include "base/json_tree.h"
#include "base/limits.h"

static bool report_of(struct str type, const struct json_node *data, struct input *input)
{
    static const struct {
        const char *type;
        enum report_kind report;
    } plain[] = {
        {"email.sent", REPORT_SENT},       {"email.delivered", REPORT_DELIVERED},
        {"email.opened", REPORT_OPENED},   {"email.clicked", REPORT_CLICKED},
        {"email.failed", REPORT_FAILED},   {"email.complained", REPORT_COMPLAINED},
        {"email.bounced", REPORT_BOUNCED}, {"email.suppressed", REPORT_BOUNCED},
    };
    for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
        if (str_is(type, plain[i].type)) {
            input->report = plain[i].report;
            input->reason = plain[i].report == REPORT_FAILED ? STR("provider_failed") : STR_NONE;
            /* A full mailbox is no reason never to write again. */
            return !str_is(type, "email.bounced") ||
                   str_is(json_node_str(json_node_object(data, "bounce"), "type"), "Permanent");
        }
    }
    return false;
}

static int64_t id_of(const struct json_node *tags, const char *name)
{
    int64_t id = 0;
    return str_to_int64(json_node_str(tags, name), &id) && id > 0 ? id : 0;
}

enum err resend_read_event(struct arena *arena, struct str id, struct str json,
                           struct input *ret_input, bool *ret_relevant, struct err_detail *detail)
{
    const struct json_node *body = NULL;
    enum err error = json_tree_read(arena, json, LIMIT_HTTP_BODY_BYTES, &body, detail);
    if (error != OK) {
        return error;
    }
    struct str type = json_node_str(body, "type");
    if (type.length == 0) {
        return err_set(detail, ERR_INVALID, "an event has a \"type\", such as email.delivered");
    }
    const struct json_node *data = json_node_object(body, "data");
    const struct json_node *tags = json_node_object(data, "tags");
    struct str email_id = json_node_str(data, "email_id");
    *ret_input = (struct input){
        .kind = INPUT_REPORT,
        .source = STR("resend"),
        .external_id = id,
        .user_id = id_of(tags, "user"),
        .channel = CHANNEL_EMAIL,
        .ref_kind = DUE_DELIVERY,
        .ref_id = id_of(tags, "delivery"),
        .provider_id = email_id.length < RESEND_ID_BYTES ? email_id : STR_NONE,
    };
    *ret_relevant =
        ret_input->user_id != 0 && ret_input->ref_id != 0 && report_of(type, data, ret_input);
    return OK;
}
