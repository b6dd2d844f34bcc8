/* Making deliveries: the only way in which the core says something. Pure. */
#pragma once

#include "core/commitment.h"
#include "core/pressure.h"

/* A message of a run's step (NULL: of the run), due since due_at_ms: its expiry counts from there.
 * It is gated at once: one that may go out now is rendered, counted and marked sending + dispatch;
 * else it stays scheduled until its instant, or has ended (suppressed, expired): then the caller
 * tells the run. The text is rendered again from the definition when it has to wait. */
struct delivery *compose_step(struct deciding *deciding, struct run *run, const struct step *step,
                              enum message_kind kind, const struct prompt *prompt,
                              const struct message *text, struct str variant, int64_t due_at_ms);
/* One message of a broadcast, gated like any nudge. */
struct delivery *compose_broadcast(struct deciding *deciding, int64_t broadcast_id,
                                   struct str markdown);
/* A reply by a bot text's key, with the given buttons (may be NULL). Sent at once. */
struct delivery *compose_reply(struct deciding *deciding, const char *key,
                               const struct button *buttons, int button_count);
/* The same with facts about a commitment or run. */
struct delivery *compose_reply_about(struct deciding *deciding, const char *key,
                                     const struct commitment *commitment, const struct run *run,
                                     const struct button *buttons, int button_count);
/* A reply whose Markdown is already rendered, sent at once. */
struct delivery *compose_reply_text(struct deciding *deciding, struct str markdown,
                                    const struct button *buttons, int button_count);
/* A due or retried delivery: asks the gate, renders if that was not done, marks it sending +
 * dispatch, held, suppressed or expired. */
void compose_claim(struct deciding *deciding, struct delivery *delivery);
/* Whether this very decision has made a message already. */
bool compose_said_something(const struct deciding *deciding);
/* Answers a tap: the callback's short text (plain, <= 200 characters are shown) and the tapped
 * message replaced by markdown ("": it stays as it is) with the buttons left, which are copied. */
void compose_tap_edit(struct deciding *deciding, struct str callback_text, struct str markdown,
                      const struct button *buttons, int button_count);
/* Renders a bot text. */
struct str compose_text(struct deciding *deciding, const char *key,
                        const struct commitment *commitment, const struct run *run, bool plain);
/* The prompt of a step's (or the journey's) message of that kind; NULL when it has no buttons. */
const struct prompt *compose_prompt(const struct journey *journey, int step_index,
                                    enum message_kind kind);
