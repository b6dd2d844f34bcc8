/* One person's life in a rehearsal: the real decision function, everything that waits served at its
 * instant, and a persona that reads, answers, forgets and acts by itself. What a decision sees is
 * what the store would load; nothing of the past is kept. People do not meet, so one after the
 * other is lived through from joining to the end. One thread per struct life. */
#pragma once

#include "core/decide.h"
#include "sim/keep.h"
#include "sim/past.h"
#include "sim/people.h"
#include "sim/tally.h"

/* What all lives of one rehearsal have in common. */
struct setting {
    const struct catalog *catalog;
    struct installation installation;
    const struct people *people;
    uint64_t seed;
    int64_t start_ms;  /* the first joins */
    int64_t span_ms;   /* everybody lives so long from joining */
    struct keep *keep; /* or, where lives are kept: people join all along, until keep_until_ms */
    /* Messages that left in each second since start_ms. Complete when all lives are freed. */
    uint32_t *sent_in_second; /* counted atomically */
    int64_t second_count;
};

struct life;
struct life *life_new(const struct setting *setting, struct tally *tally);
void life_free(struct life *life);
/* When the person of that number (from 0) joins. */
int64_t life_joins_at(struct life *life, int64_t number);
/* Lives the life of the person of that number (from 0) and adds it to the tally. */
void life_live(struct life *life, int64_t number);
/* Lives on from setting->start_ms until before the other instant by what is known of them; the rows
 * of the past are changed. */
void life_relive(struct life *life, const struct past *past, int64_t until_ms);
/* The most bytes that one person took. */
size_t life_memory_most(const struct life *life);
