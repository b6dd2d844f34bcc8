/* bench-load: posts Telegram updates to a webhook in a closed loop and measures.
 *
 * A wave is N updates over K keep-alive connections, each connection sending the next update when
 * the last was answered. Wave `start` is "/start" of N new people; wave `tap` presses, for each
 * person, the first button of the message they got (a file made from the fake's first-buttons).
 * The wave has ended when the fake Bot API server has seen the number of messages expected.
 * With --lone there is one update at a time, and each waits until its reply has arrived.
 *
 * Written in C so that it costs little beside what it measures. Prints one line of JSON. */
#include <argp.h>
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define RESPONSE_BYTES_MAX 65536
#define REQUEST_BYTES_MAX  4096
#define CONNECTIONS_MAX    1024
#define STALL_MS           60000
/* A prime above the number of people, so that ids are visited in scattered order. */
#define SCATTER_PRIME 1000003
#define SCATTER_STEP  7919

struct options {
    uint16_t port;
    const char *path;
    const char *secret;
    bool tap;
    bool lone;
    bool scatter;
    const char *command; /* what people write: "/start" */
    long among;          /* stored people whose turn it is; 0: new ones */
    long count;
    int connections;
    int64_t first_user;
    int64_t first_update;
    const char *buttons;
    uint16_t fake_port;
    const char *fake_token;
    long replies; /* messages each update should cause */
};

/* Who presses what. */
struct button {
    int64_t user;
    int64_t message;
    char data[68];
};

struct load {
    struct options options;
    struct button *buttons;
    long sent;
    long done;
    long refused; /* answers other than 2xx */
    double *latencies_s;
    double *replies_s; /* with --lone: until the reply arrived */
};

struct connection {
    int fd;
    double began_s;
    size_t received;
    char response[RESPONSE_BYTES_MAX];
};

static _Noreturn void die(const char *what)
{
    fprintf(stderr, "bench-load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int on = 1;
    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) ||
        connect(fd, (struct sockaddr *)&address, sizeof address)) {
        die("connect");
    }
    return fd;
}

static int64_t user_of(const struct options *options, long index)
{
    if (options->among > 0) {
        return options->first_user + 2 * (index * (int64_t)SCATTER_STEP % options->among);
    }
    if (!options->scatter) {
        return options->first_user + index;
    }
    return options->first_user + 2 * (index * (int64_t)SCATTER_STEP % SCATTER_PRIME) + 1;
}

static int print_start(const struct options *options, long index, char *body, size_t size)
{
    int64_t user = user_of(options, index);
    int64_t update = options->first_update + index;
    return snprintf(
        body, size,
        "{\"update_id\":%" PRId64 ",\"message\":{\"message_id\":%" PRId64
        ",\"from\":{\"id\":%" PRId64 ",\"is_bot\":false,\"first_name\":\"User\",\"username\":"
        "\"user_%" PRId64 "\",\"language_code\":\"en\"},\"chat\":{\"id\":%" PRId64
        ",\"first_name\":\"User\",\"username\":\"user_%" PRId64 "\",\"type\":\"private\"},\"date\":"
        "%lld,\"text\":\"%s\",\"entities\":[{\"offset\":0,\"length\":%zu,\"type\":"
        "\"bot_command\"}]}}",
        update, update, user, user, user, user, (long long)time(NULL), options->command,
        strlen(options->command));
}

static int print_tap(const struct options *options, const struct button *button, long index,
                     char *body, size_t size)
{
    int64_t update = options->first_update + index;
    return snprintf(
        body, size,
        "{\"update_id\":%" PRId64 ",\"callback_query\":{\"id\":\"%" PRId64
        "\",\"from\":{\"id\":%" PRId64
        ",\"is_bot\":false,\"first_name\":\"User\",\"username\":\"user_%" PRId64
        "\",\"language_code\":\"en\"},\"message\":{\"message_id\":%" PRId64
        ",\"from\":{\"id\":42,\"is_bot\":true,\"first_name\":\"Fake\",\"username\":\"fake_bot\"},"
        "\"chat\":{\"id\":%" PRId64 ",\"first_name\":\"User\",\"username\":\"user_%" PRId64
        "\",\"type\":\"private\"},\"date\":%lld,\"text\":\"hello\"},\"chat_instance\":\"%" PRId64
        "\",\"data\":\"%s\"}}",
        update, INT64_C(4300000000000000000) + update, button->user, button->user, button->message,
        button->user, button->user, (long long)time(NULL), button->user, button->data);
}

static void write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t written = write(fd, bytes, len);
        if (written <= 0) {
            die("write");
        }
        bytes += written;
        len -= (size_t)written;
    }
}

static void send_update(struct load *load, struct connection *connection)
{
    char body[REQUEST_BYTES_MAX];
    char request[2 * REQUEST_BYTES_MAX];
    const struct options *options = &load->options;
    long index = load->sent++;
    int len = options->tap ? print_tap(options, &load->buttons[index], index, body, sizeof body)
                           : print_start(options, index, body, sizeof body);
    int total = snprintf(request, sizeof request,
                         "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                         "X-Telegram-Bot-Api-Secret-Token: %s\r\nContent-Length: %d\r\n\r\n%s",
                         options->path, options->secret, len, body);
    connection->began_s = now_s();
    connection->received = 0;
    write_all(connection->fd, request, (size_t)total);
}

/* The length of the response when it is complete, else 0. */
static size_t response_length(const char *bytes, size_t len)
{
    const char *head_end = memmem(bytes, len, "\r\n\r\n", 4);
    if (!head_end) {
        return 0;
    }
    size_t head = (size_t)(head_end - bytes) + 4;
    for (const char *line = bytes; line < head_end;) {
        const char *line_end = memmem(line, (size_t)(head_end + 2 - line), "\r\n", 2);
        if (!strncasecmp(line, "content-length:", 15)) {
            size_t whole = head + strtoul(line + 15, NULL, 10);
            return len >= whole ? whole : 0;
        }
        if (!strncasecmp(line, "transfer-encoding:", 18)) {
            const char *end = memmem(head_end + 2, len - head + 2, "\r\n0\r\n\r\n", 7);
            return end ? (size_t)(end - bytes) + 7 : 0;
        }
        line = line_end + 2;
    }
    return head;
}

/* Reads what is there. True: a whole response. */
static bool read_response(struct connection *connection)
{
    ssize_t got = read(connection->fd, connection->response + connection->received,
                       sizeof connection->response - connection->received);
    if (got <= 0) {
        die("the server closed a connection");
    }
    connection->received += (size_t)got;
    return response_length(connection->response, connection->received) > 0;
}

static void take_response(struct load *load, struct connection *connection)
{
    load->latencies_s[load->done++] = now_s() - connection->began_s;
    load->refused += memcmp(connection->response + 9, "2", 1) != 0;
}

static void run_wave(struct load *load, struct connection *connections)
{
    int epoll = epoll_create1(0);
    for (int i = 0; i < load->options.connections && load->sent < load->options.count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
        epoll_ctl(epoll, EPOLL_CTL_ADD, connections[i].fd, &event);
        send_update(load, &connections[i]);
    }
    struct epoll_event events[256];
    while (load->done < load->options.count) {
        int count = epoll_wait(epoll, events, 256, STALL_MS);
        if (count <= 0) {
            fprintf(stderr, "bench-load: stalled after %ld of %ld\n", load->done,
                    load->options.count);
            exit(1);
        }
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (read_response(connection)) {
                take_response(load, connection);
                if (load->sent < load->options.count) {
                    send_update(load, connection);
                }
            }
        }
    }
    close(epoll);
}

static void ask_sent(const struct options *options, int fd, long at_least)
{
    char request[512];
    int len = snprintf(request, sizeof request,
                       "GET /control/sent?token=%s&at_least=%ld&wait_ms=%d HTTP/1.1\r\n"
                       "Host: 127.0.0.1\r\n\r\n",
                       options->fake_token, at_least, STALL_MS);
    write_all(fd, request, (size_t)len);
}

/* The number in the answer to ask_sent, which has been read whole. */
static long sent_of(struct connection *fake)
{
    fake->response[fake->received < sizeof fake->response ? fake->received : 0] = '\0';
    const char *sent = strstr(fake->response, "\"sent\":");
    fake->received = 0;
    return sent ? strtol(sent + 7, NULL, 10) : -1;
}

static long read_sent(struct connection *fake)
{
    while (!read_response(fake)) {
    }
    return sent_of(fake);
}

static void wait_sent(const struct options *options, struct connection *fake, long at_least)
{
    ask_sent(options, fake->fd, at_least);
    long sent = read_sent(fake);
    if (sent < at_least) {
        fprintf(stderr, "bench-load: %ld messages arrived, %ld expected\n", sent, at_least);
        exit(1);
    }
}

/* One update at a time; its answer and the arrival of its reply are awaited side by side. */
static void run_lone(struct load *load, struct connection *connection, struct connection *fake,
                     long sent)
{
    while (load->done < load->options.count) {
        struct pollfd waiting[] = {{connection->fd, POLLIN, 0}, {fake->fd, POLLIN, 0}};
        bool answered = false;
        bool delivered = false;
        long index = load->done;
        send_update(load, connection);
        ask_sent(&load->options, fake->fd, sent += load->options.replies);
        while (!answered || !delivered) {
            if (poll(waiting, 2, STALL_MS) <= 0) {
                die("stalled");
            }
            if (waiting[0].revents && read_response(connection)) {
                take_response(load, connection);
                answered = true;
            }
            if (waiting[1].revents && read_response(fake)) {
                load->replies_s[index] = now_s() - connection->began_s;
                delivered = true;
            }
        }
        if (sent_of(fake) < sent) {
            die("a reply never arrived");
        }
    }
}

static struct button *read_buttons(const char *path, long count)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        die(path);
    }
    struct button *buttons = calloc((size_t)count, sizeof *buttons);
    char *line = NULL;
    size_t cap = 0;
    long read = 0;
    while (buttons && read < count && getline(&line, &cap, file) > 0) {
        char *end;
        struct button *button = &buttons[read++];
        button->user = strtoll(line, &end, 10);
        button->message = strtoll(end + 1, &end, 10);
        const char *data = *end == '\t' ? end + 1 : end;
        int len = (int)strcspn(data, "\n");
        snprintf(button->data, sizeof button->data, "%.*s", len, len ? data : "");
    }
    free(line);
    fclose(file);
    if (read < count) {
        fprintf(stderr, "bench-load: %s has %ld of %ld lines\n", path, read, count);
        exit(1);
    }
    return buttons;
}

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;
    return left < right ? -1 : left > right;
}

static double percentile_ms(double *values_s, long count, long percent)
{
    qsort(values_s, (size_t)count, sizeof *values_s, by_size);
    return values_s[count * percent / 100 < count ? count * percent / 100 : count - 1] * 1e3;
}

static void report(struct load *load, double acked_s, double done_s)
{
    struct rusage usage;
    long count = load->options.count;
    getrusage(RUSAGE_SELF, &usage);
    double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
    printf("{\"n\":%ld,\"acked_s\":%.6f,\"done_s\":%.6f,\"p50_ms\":%.4f,\"p99_ms\":%.4f,"
           "\"refused\":%ld,\"generator_cpu_s\":%.3f",
           count, acked_s, done_s, percentile_ms(load->latencies_s, count, 50),
           percentile_ms(load->latencies_s, count, 99), load->refused, cpu_s);
    if (load->options.lone) {
        printf(",\"reply_p50_ms\":%.4f,\"reply_p99_ms\":%.4f",
               percentile_ms(load->replies_s, count, 50),
               percentile_ms(load->replies_s, count, 99));
    }
    printf("}\n");
}

static const struct argp_option option_table[] = {
    {"port", 'p', "PORT", 0, "Port of the webhook", 0},
    {"path", 'P', "PATH", 0, "Its path", 0},
    {"secret", 's', "TOKEN", 0, "Its secret token", 0},
    {"wave", 'w', "KIND", 0, "start or tap", 0},
    {"count", 'n', "N", 0, "Number of updates", 0},
    {"connections", 'c', "K", 0, "Keep-alive connections, default 64", 0},
    {"lone", 'l', NULL, 0, "One update at a time", 0},
    {"scatter", 'x', NULL, 0, "People's ids in scattered order, every other number", 0},
    {"command", 'm', "TEXT", 0, "What they write instead of /start", 0},
    {"among", 'a', "N", 0, "Not new people: every other number of the first 2 N, scattered", 0},
    {"first-user", 'u', "ID", 0, "Id of the first person", 0},
    {"first-update", 'i', "ID", 0, "update_id of the first update", 0},
    {"buttons", 'b', "FILE", 0, "What is pressed: chat, message, data", 0},
    {"fake-port", 'f', "PORT", 0, "Port of the fake Bot API server", 0},
    {"fake-token", 't', "TOKEN", 0, "Its bot", 0},
    {"replies", 'r', "N", 0, "Messages each update causes, default 1", 0},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct options *options = state->input;
    switch (key) {
    case 'p':
        options->port = (uint16_t)strtoul(value, NULL, 10);
        return 0;
    case 'P':
        options->path = value;
        return 0;
    case 's':
        options->secret = value;
        return 0;
    case 'w':
        options->tap = !strcmp(value, "tap");
        return 0;
    case 'n':
        options->count = strtol(value, NULL, 10);
        return 0;
    case 'c':
        options->connections = (int)strtol(value, NULL, 10);
        return 0;
    case 'l':
        options->lone = true;
        return 0;
    case 'x':
        options->scatter = true;
        return 0;
    case 'm':
        options->command = value;
        return 0;
    case 'a':
        options->among = strtol(value, NULL, 10);
        return 0;
    case 'u':
        options->first_user = strtoll(value, NULL, 10);
        return 0;
    case 'i':
        options->first_update = strtoll(value, NULL, 10);
        return 0;
    case 'b':
        options->buttons = value;
        return 0;
    case 'f':
        options->fake_port = (uint16_t)strtoul(value, NULL, 10);
        return 0;
    case 't':
        options->fake_token = value;
        return 0;
    case 'r':
        options->replies = strtol(value, NULL, 10);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int main(int argc, char **argv)
{
    struct load load = {
        .options = {
            .path = "/", .secret = "x", .command = "/start", .connections = 64, .replies = 1}};
    struct options *options = &load.options;
    const struct argp argp = {
        option_table, parse_option, NULL, "Posts Telegram updates to a webhook and measures.",
        NULL,         NULL,         NULL};
    argp_parse(&argp, argc, argv, 0, NULL, options);
    if (options->count < 1 || options->connections < 1 || options->connections > CONNECTIONS_MAX ||
        !options->fake_token || options->tap != (options->buttons != NULL)) {
        fprintf(stderr, "bench-load: see bench-load --help\n");
        return 2;
    }
    options->connections = options->lone ? 1 : options->connections;
    load.buttons = options->tap ? read_buttons(options->buttons, options->count) : NULL;
    load.latencies_s = calloc((size_t)options->count, sizeof(double));
    load.replies_s = calloc((size_t)options->count, sizeof(double));
    struct connection *connections =
        calloc((size_t)options->connections + 1, sizeof(struct connection));
    if (!load.latencies_s || !load.replies_s || !connections) {
        die("memory");
    }
    struct connection *fake = &connections[options->connections];
    for (int i = 0; i < options->connections; i++) {
        connections[i].fd = connect_to(options->port);
    }
    fake->fd = connect_to(options->fake_port);
    ask_sent(options, fake->fd, 0);
    long before = read_sent(fake);

    double began_s = now_s();
    if (options->lone) {
        run_lone(&load, connections, fake, before);
    } else {
        run_wave(&load, connections);
    }
    double acked_s = now_s() - began_s;
    wait_sent(options, fake, before + options->count * options->replies);
    report(&load, acked_s, now_s() - began_s);
    return 0;
}
