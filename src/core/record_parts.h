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
/* arena: for what is read. */
void code_installation(struct codec *codec, struct installation *installation, struct arena *arena);
