/* The e-mail server and those who read there. It sends once what it is asked twice under one key
 * within a day, bounces some mails, and tells what became of each by events, which it repeats until
 * they are confirmed. People press the links of mails, unsubscribe and complain; they cannot write
 * back. */
#pragma once

#include "channel/channel.h"

struct sim;
struct mail;

struct mail *mail_new(struct sim *world);
void mail_free(struct mail *mail);
/* So many more people, who have nothing but an address. */
void mail_people_new(struct sim *world);
/* The server takes the mail; false: it sent the one of that key within the last day. */
bool mail_takes(struct sim *world, int64_t delivery_id);
/* What becomes of a mail that was taken for the first time. */
void mail_goes_out(struct sim *world, int person, const struct outgoing *outgoing);
/* Whether every event was confirmed, but those of a moment ago. */
bool mail_is_empty(const struct sim *world);
