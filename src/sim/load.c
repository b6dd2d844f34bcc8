/* The channel as a pipe of so many messages a second: what does not fit into its second waits in
 * the next ones. */
#include "sim/load.h"

#include <math.h>

#include "base/limits.h"

void load_measure(struct arena *arena, const uint32_t *in_second, int64_t second_count,
                  int64_t start_ms, double limit_per_second, struct sim_load *ret_load)
{
    int64_t room = limit_per_second >= 1 ? (int64_t)limit_per_second : 1;
    int64_t waiting = 0;
    *ret_load = (struct sim_load){.limit_per_second = limit_per_second};
    ret_load->hour_count = (int)((second_count + 3599) / 3600);
    ret_load->by_hour = ARENA_ARRAY(arena, int64_t, (size_t)ret_load->hour_count);
    for (int64_t i = 0; i < second_count; i++) {
        int64_t count = in_second[i];
        if (count == 0 && waiting == 0) {
            continue; /* most of the night */
        }
        ret_load->by_hour[i / 3600] += count;
        ret_load->seconds_over += count > room;
        if (count > ret_load->busiest_second_count) {
            ret_load->busiest_second_count = count;
            ret_load->busiest_second_ms = start_ms + i * 1000;
        }
        waiting += count;
        int64_t leaving = waiting < room ? waiting : room;
        /* Those that waited leave first. */
        ret_load->delayed += waiting > room ? (count < waiting - room ? count : waiting - room) : 0;
        waiting -= leaving;
        int64_t wait_s = (waiting + room - 1) / room;
        if (wait_s > ret_load->longest_wait_s) {
            ret_load->longest_wait_s = wait_s;
            ret_load->longest_wait_at_ms = start_ms + i * 1000;
        }
    }
    for (int i = 0; i < ret_load->hour_count; i++) {
        if (ret_load->by_hour[i] > ret_load->busiest_hour_count) {
            ret_load->busiest_hour_count = ret_load->by_hour[i];
            ret_load->busiest_hour_ms = start_ms + i * HOUR_MS;
        }
    }
}
