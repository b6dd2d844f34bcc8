/* Telling systemd: a datagram to the socket it names, and silence without one. */
#include "base/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

struct listener {
    char folder[64];
    int fd;
};

static void listen_at(struct listener *listener, const char *name, size_t length)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    memcpy(address.sun_path, name, length);
    listener->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(listener->fd >= 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    assert_int_equal(bind(listener->fd, (const struct sockaddr *)&address, size), 0);
}

static void expect(struct listener *listener, const char *text)
{
    char bytes[128];
    ssize_t got = recv(listener->fd, bytes, sizeof(bytes), 0);
    assert_int_equal(got, text != NULL ? (ssize_t)strlen(text) : -1);
    if (text != NULL) {
        assert_memory_equal(bytes, text, strlen(text));
    }
}

static void a_socket_in_a_folder_is_told(void **state)
{
    (void)state;
    struct listener listener = {.folder = "/tmp/nudge-notify-XXXXXX"};
    char path[96];
    assert_non_null(mkdtemp(listener.folder));
    snprintf(path, sizeof(path), "%s/socket", listener.folder);
    listen_at(&listener, path, strlen(path));
    setenv("NOTIFY_SOCKET", path, 1);
    notify_ready();
    expect(&listener, "READY=1\nSTATUS=serving");
    notify_stopping();
    expect(&listener, "STOPPING=1");
    unsetenv("NOTIFY_SOCKET");
    notify_ready();
    expect(&listener, NULL);
    static const char *const wrong[] = {"", "/", "relative", "/nowhere/at/all"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        setenv("NOTIFY_SOCKET", wrong[i], 1);
        notify_ready();
    }
    char endless[300];
    memset(endless, 'x', sizeof(endless));
    endless[0] = '/';
    endless[sizeof(endless) - 1] = '\0';
    setenv("NOTIFY_SOCKET", endless, 1);
    notify_ready();
    expect(&listener, NULL);
    close(listener.fd);
    unlink(path);
    rmdir(listener.folder);
}

/* A name that is no file begins with '@' in the setting and with a zero byte in the address. */
static void the_watchdog_is_fed_when_it_watches_us(void **state)
{
    (void)state;
    struct listener listener = {.fd = -1};
    char name[64], number[24];
    int length = snprintf(name, sizeof(name), "@nudge-notify-%d", (int)getpid());
    setenv("NOTIFY_SOCKET", name, 1);
    name[0] = '\0';
    listen_at(&listener, name, (size_t)length);
    unsetenv("WATCHDOG_USEC");
    notify_watchdog();
    expect(&listener, NULL);
    setenv("WATCHDOG_USEC", "1", 1);
    setenv("WATCHDOG_PID", "1", 1); /* somebody else */
    notify_watchdog();
    expect(&listener, NULL);
    snprintf(number, sizeof(number), "%d", (int)getpid());
    setenv("WATCHDOG_PID", number, 1);
    notify_watchdog();
    expect(&listener, "WATCHDOG=1");
    setenv("WATCHDOG_USEC", "3600000000", 1); /* not again before half an hour */
    notify_watchdog();
    expect(&listener, NULL);
    close(listener.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_in_a_folder_is_told),
        cmocka_unit_test(the_watchdog_is_fed_when_it_watches_us),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
