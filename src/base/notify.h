/* Telling systemd, when it started us (NOTIFY_SOCKET is set): ready, alive, stopping. Does nothing
 * else where. Main thread only. */
#pragma once

void notify_ready(void);
/* Sends the watchdog's ping when half of WATCHDOG_USEC has passed since the last; call it often. */
void notify_watchdog(void);
void notify_stopping(void);
