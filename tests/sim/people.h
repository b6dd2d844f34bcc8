/* Each of the people has a channel, a temper, does things of their own or because of a message. */
#pragma once

#include "auditor.h"
#include "channel/channel.h"

struct sim;

enum { PEOPLE_TOKENS = 12 };

struct person_actor {
    enum channel_kind channel;
    char address[24];
    char name[16];
    char language[8];
    int64_t user_id; /* 0: not known to the engine */
    int64_t joins_at_ms;
    bool blocked; /* has blocked the bot */
    int64_t answers_permyriad;
    int64_t answer_delay_ms;
    int64_t deed_interval_ms;
    int64_t blocks_permyriad;
    int commitments; /* made by command so far */
};

void people_new(struct sim *world);
/* One who does nothing by themselves; their index. */
int people_add(struct sim *world, const char *name, enum channel_kind channel);
/* The person behind an address; -1 nobody. */
int people_find(const struct sim *world, enum channel_kind channel, struct str address);
/* The name of the person's source of updates. */
const char *people_source(const struct person_actor *person);
/* The engine told who they are there. */
void people_known(struct sim *world, int person, int64_t user_id);
/* What they do: an update that the source offers. value: days of DEED_PAUSE. */
void people_say(struct sim *world, int person, enum deed deed, int64_t value, const char *text);
/* What a button stands for. */
enum deed people_deed_of(const char *token);
void people_tap(struct sim *world, int person, int64_t message_id, const char *token);
void people_block(struct sim *world, int person, bool blocks);
/* A message arrived on their device. */
void people_receive(struct sim *world, int person, int64_t message_id,
                    const struct outgoing *outgoing);
