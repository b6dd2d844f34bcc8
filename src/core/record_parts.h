/* What record*.c share: the walks over structures that write and read them. Private. */
#pragma once

#include "base/codec.h"
#include "core/record.h"

void code_input(struct codec *codec, struct input *input);
void code_user(struct codec *codec, struct user *user);
void code_run(struct codec *codec, struct run *run);
void code_commitment(struct codec *codec, struct commitment *commitment);
/* Without its words. */
void code_ended(struct codec *codec, struct commitment *commitment);
void code_delivery(struct codec *codec, struct delivery *delivery);
void code_population(struct codec *codec, struct population *population);
void code_message(struct codec *codec, struct record_message *message);
/* Without the lists. */
void code_result(struct codec *codec, struct record_result *result);
void code_record_run(struct codec *codec, struct record_run *run);
void code_record_commitment(struct codec *codec, struct record_commitment *commitment);
/* A world without experiments has the version of records; one with them another, and another one
 * when the weights of some follow what was seen. */
enum { WORLD_VERSION_EXPERIMENTS = 3, WORLD_VERSION_PHASES = 4 };
/* arena: for what is read. Without the experiments. */
void code_installation(struct codec *codec, struct installation *installation, struct arena *arena);
/* What assignment reads of them. */
void code_experiments(struct codec *codec, const struct experiments **experiments, uint64_t version,
                      struct arena *arena);
