/* One pass over all people on all cores: people are divided into portions, threads take them in
 * turn, each counting into a part of its own; parts are added up afterwards. Counts are whole
 * numbers, so the number of threads cannot change a result. */
#pragma once

#include "bi/behaviour/question.h"

enum { BEHAVIOUR_THREADS_MAX = 64 };

/* Counts people [from, to) into the part. */
typedef void behaviour_work(const void *question, void *part, uint32_t from, uint32_t to);

/* How many threads a pass over the log takes: parts to be made. */
int behaviour_scan_threads(const struct behaviour_who *who);
/* parts: of behaviour_scan_threads, each part_bytes long. Blocks until all are counted. */
void behaviour_scan(const struct behaviour_who *who, behaviour_work *work, const void *question,
                    void *parts, size_t part_bytes);
/* A pass whose parts are arrays of `count` zeroed counters; gives their sums, in the arena. */
int64_t *behaviour_scan_counts(const struct behaviour_who *who, struct arena *arena,
                               behaviour_work *work, const void *question, size_t count);
