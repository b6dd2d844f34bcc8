/* Operators and integrations: change the rollout, switch sending off and on, write to everyone,
 * and ask for things about single people. */
#pragma once

struct sim;

void operators_new(struct sim *world);
/* Everything that holds messages back is lifted, so that the end can be reached. */
void operators_rest(struct sim *world);
