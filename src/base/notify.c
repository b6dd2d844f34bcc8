/* The protocol of sd_notify(3): a datagram to the socket that systemd names. libsystemd would bring
 * six more libraries into every process for it. */
#include "base/notify.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* Best effort: who asked to be told may be gone. */
static void tell(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = path != NULL ? strlen(path) : 0;
    if (length < 2 || length >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; /* a name that is no file */
    }
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
        sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
        close(fd);
    }
}

void notify_ready(void)
{
    tell("READY=1\nSTATUS=serving");
}

void notify_stopping(void)
{
    tell("STOPPING=1");
}

/* 0: nobody watches this process. */
static uint64_t watchdog_us(void)
{
    const char *interval = getenv("WATCHDOG_USEC");
    const char *pid = getenv("WATCHDOG_PID");
    if (interval == NULL || (pid != NULL && strtoull(pid, NULL, 10) != (uint64_t)getpid())) {
        return 0;
    }
    return strtoull(interval, NULL, 10);
}

void notify_watchdog(void)
{
    static uint64_t last_us;
    uint64_t interval_us = watchdog_us();
    struct timespec now;
    if (interval_us == 0 || clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return;
    }
    uint64_t now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    if (now_us - last_us >= interval_us / 2) {
        last_us = now_us;
        tell("WATCHDOG=1");
    }
}
