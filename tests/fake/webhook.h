/* setWebhook, deleteWebhook, getWebhookInfo and the state they set; deliver.c sends the updates. */
#ifndef FAKE_WEBHOOK_H
#define FAKE_WEBHOOK_H

#include "state.h"

struct webhook_request;

struct webhook {
    char *url; /* NULL: none */
    char *secret_token;
    char *ip_address;
    int max_connections;
    bool custom_certificate;
    int in_flight;
    int64_t last_error_s;
    char *last_error;
    int64_t gone_since_ms; /* answering 410 without a break; 0: not */
    struct webhook_request *requests;
};

struct webhook *webhook_new(void);
/* Requests under way are let go; their outcome is ignored. */
void webhook_free(struct webhook *webhook, struct bot *bot);
bool webhook_is_set(const struct webhook *webhook);
void webhook_remove(struct webhook *webhook);
void webhook_error(struct bot *bot, const char *text);

#endif
