/* sd_notify through libsystemd, when it was there at build time. */
#include "base/notify.h"

#if HAVE_SYSTEMD
#include <stdint.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void notify_ready(void)
{
    sd_notify(0, "READY=1\nSTATUS=serving");
}

void notify_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

void notify_watchdog(void)
{
    static uint64_t last_us;
    uint64_t interval_us = 0;
    struct timespec now;
    if (sd_watchdog_enabled(0, &interval_us) <= 0 || clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return;
    }
    uint64_t now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    if (now_us - last_us >= interval_us / 2) {
        last_us = now_us;
        sd_notify(0, "WATCHDOG=1");
    }
}
#else
void notify_ready(void)
{
}

void notify_stopping(void)
{
}

void notify_watchdog(void)
{
}
#endif
