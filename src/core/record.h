/* The record of one decision: everything it was given and what came of it, in some 200 bytes,
 * so that it can be explained, and made again by the same rules or by others.
 *
 * Given were the input, now, the person's rows as they were before, what was read of the
 * population, and the world (settings and definitions, kept once for all decisions made in it).
 * Commitments that ended long ago are kept only when the decision looked at them (core/trace.h),
 * and then without their words. Texts of messages are not kept: they stand with the messages, or
 * are rendered again.
 * New ids follow the record's own id. Nothing here decides. One thread at a time. */
#pragma once

#include "base/codec.h"
#include "core/decide.h"

enum { RECORD_VERSION = 2 };

/* A message as it stood when the decision was made. */
struct record_message {
    int64_t id;
    bool is_new;
    struct str journey, step; /* of new ones */
    enum message_kind kind;
    enum message_class class;
    enum channel_kind channel;
    enum delivery_state state;
    struct str reason;
    int64_t next_at_ms;
};

struct record_run {
    int64_t id;
    bool is_new;
    struct str journey;
    enum run_phase phase;
    enum run_outcome outcome;
    int step;
    int64_t next_at_ms;
};

struct record_commitment {
    int64_t id;
    bool is_new;
    enum commitment_state state;
};

/* What came of it. */
struct record_result {
    uint64_t hash; /* over everything that came of it, texts included */
    enum err error;
    bool handled, erase, export_file;
    int event_count;
    int64_t user_next_at_ms;
    struct record_message *messages; /* made or changed */
    int message_count;
    struct record_run *runs;
    int run_count;
    struct record_commitment *commitments;
    int commitment_count;
};

struct record {
    int64_t id; /* the caller's: not in the bytes */
    int64_t now_ms;
    struct input input; /* a broadcast's text is left out (record_lacks_text) */
    struct person person;
    struct population population;
    bool has_population;
    bool has_ended; /* ended commitments are there */
    struct record_result result;
    struct record_message *held; /* what the engine held afterwards, as it held it */
    int held_count;
    int64_t event_last_id; /* the newest of its events, of so many; 0: it has none */
    int event_count;
};

/* Whether the input's text stands with the message that was made, and must be put back. */
bool record_lacks_text(const struct input *input);
/* Whether the loaded message had a text, which must be put back: its text is a placeholder. */
bool record_lacks_message_text(const struct delivery *delivery);

struct recorder;
struct recorder *recorder_new(void);
void recorder_free(struct recorder *recorder);
/* Right before decide: what it is given. The record's id was the last that world->ids gave, and the
 * world's trace is recorder_trace's. */
void recorder_begin(struct recorder *recorder, int64_t id, const struct world *world,
                    struct person *person, const struct input *input);
struct trace *recorder_trace(struct recorder *recorder);
/* Right after decide. */
void recorder_decided(struct recorder *recorder, const struct person *person,
                      const struct decision *decision);
/* After the engine has dispatched what was decided and given the events their ids: the record in
 * the arena. */
struct str recorder_end(struct recorder *recorder, struct arena *arena, const struct person *person,
                        const struct decision *decision);
/* words: of the world that it was made in. ERR_INVALID when it is none, or one of another version.
 * Everything lives in the arena; texts are views into the bytes and the words. The bytes are
 * hostile. */
MUST_CHECK enum err record_read(struct arena *arena, int64_t id, const struct codec_words *words,
                                struct str bytes, struct record *ret_record,
                                struct err_detail *detail);

/* The result of a decision that was made again, in the arena, and reading it. delivery_count: how
 * many messages the person had before. */
struct str recorder_result(struct recorder *recorder, struct arena *arena,
                           const struct person *person, int delivery_count,
                           const struct decision *decision);
MUST_CHECK enum err record_result_read(struct arena *arena, struct str bytes,
                                       struct record_result *ret_result, struct err_detail *detail);

/* ---- the world ---- */

struct record_world {
    struct installation installation;
    struct catalog_file *files; /* name and hash */
    int file_count;
    struct codec_words *words; /* what records made in it name by an index */
};
/* The bytes live until the recorder is used again. */
struct str recorder_world(struct recorder *recorder, const struct world *world);
/* Whether the bytes are of this very world: cheaper than comparing its bytes. */
bool recorder_is_in(struct recorder *recorder, const struct world *world, struct str bytes);
/* Records to come are made in this world; its bytes must live until the next one. Before the first
 * they have no words. */
void recorder_enter(struct recorder *recorder, struct arena *scratch, struct str world);
/* Texts are views into the bytes. */
MUST_CHECK enum err record_world_read(struct arena *arena, struct str bytes,
                                      struct record_world *ret_world, struct err_detail *detail);
