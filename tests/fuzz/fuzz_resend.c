/* Events of Resend: whatever a body holds, an event that counts names a person and a message, and
 * is one of those that a provider reports; and no body passes with a signature of something else.
 * The first line is taken for the signature's header. */
#include "channel/resend.h"

#include "base/check.h"
#include "channel/webhook_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct input *event)
{
    ASSERT(event->kind == INPUT_REPORT && event->user_id > 0 && event->ref_id > 0);
    ASSERT(event->provider_id.length < RESEND_ID_BYTES && str_is(event->external_id, "evt_1"));
    switch (event->report) {
    case REPORT_SENT:
    case REPORT_DELIVERED:
    case REPORT_OPENED:
    case REPORT_CLICKED:
    case REPORT_BOUNCED:
    case REPORT_COMPLAINED:
    case REPORT_FAILED:
        return;
    case REPORT_RETRY:
    case REPORT_PAUSED:
    case REPORT_UNCERTAIN:
    case REPORT_BLOCKED:
    case REPORT_GONE:
    case REPORT_MIGRATED:
        break;
    }
    ASSERT(!"an event that none of Resend's can be");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct str body;
    struct str head = str_split((struct str){(const char *)data, size}, '\n', &body);
    const struct webhook_headers headers = {
        .id = STR("evt_1"), .timestamp = STR("1700000000"), .signature = head};
    ASSERT(webhook_verify(arena, STR("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"), &headers, body,
                          1700000000000) != WEBHOOK_GENUINE);
    struct input event;
    bool relevant = false;
    struct err_detail detail = {""};
    if (resend_read_event(arena, headers.id, body, &event, &relevant, &detail) == OK && relevant) {
        check(&event);
    }
    struct mail_link link;
    bool known = mail_link_read(arena, STR("0123456789abcdef"), head, &link);
    ASSERT(!known);
    arena_free(arena);
    return 0;
}
