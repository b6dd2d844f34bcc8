/* The Bot API side: which bot, which method, which scripted fault, and the log. */
#ifndef FAKE_API_H
#define FAKE_API_H

#include "state.h"

struct request;

/* Answers a request to /bot<token>/<method>, or keeps it for later. */
void api_handle(struct world *world, struct request *request);
/* Executes the method call a webhook's response contained, if it is one. */
void api_handle_response(struct bot *bot, const char *body, size_t len);

#endif
