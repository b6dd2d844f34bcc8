/* Time as an object that is passed down. Nothing below src/cli reads another clock.
 *
 * A real clock follows the system. A virtual clock stands still until it is moved. A scaled clock
 * starts at a given instant and runs `rate` times as fast as real time; the rate can change while
 * it runs (the demo runs fast only while nothing waits for the person). Thread-safe. */
#pragma once

#include <stdint.h>

struct clock;

struct clock *clock_new_real(void);
/* Stands at now_ms until clock_set or clock_advance. */
struct clock *clock_new_virtual(int64_t now_ms);
/* Starts at now_ms and runs at `rate` (>= 1). */
struct clock *clock_new_scaled(int64_t now_ms, double rate);
/* Shows the int64 (milliseconds, native byte order) that stands in the file, which another process
 * changes: end-to-end tests move the time of a whole program with it. NULL when the file cannot be
 * mapped. */
struct clock *clock_new_file(const char *path);
void clock_free(struct clock *clock);

/* Milliseconds since 1970 UTC. */
int64_t clock_now_ms(const struct clock *clock);
/* Milliseconds of a clock that never jumps back (for leases and timeouts); of virtual clocks the
 * same as clock_now_ms. Real milliseconds for all others. */
int64_t clock_monotonic_ms(const struct clock *clock);
/* Real milliseconds to wait until the clock shows at_ms (0 when it is past; INT64_MAX: a virtual
 * clock that only moves by hand). */
int64_t clock_wait_ms(const struct clock *clock, int64_t at_ms);
/* Lets the calling thread rest for real microseconds, whatever its clocks show. */
void clock_rest(int64_t us);
/* What the calling thread has worked so far: milliseconds of the processor, whatever its clocks
 * show. */
int64_t clock_worked_ms(void);
/* Virtual clocks only. */
void clock_set(struct clock *clock, int64_t now_ms);
void clock_advance(struct clock *clock, int64_t by_ms);
/* Scaled clocks: changes the rate from now on; other clocks ignore it. */
void clock_set_rate(struct clock *clock, double rate);
