/* A fast SMTP sink on loopback: one thread, epoll, PIPELINING; takes everything and counts it.
 * Usage: sink [-n] (no PIPELINING). Prints its port, then, when its standard input ends, the messages taken. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 1 << 18, LINE = 2048 };

typedef struct {
    int fd, in_data, length, end;
    char line[LINE];
} Session;

static long taken = 0;
static int pipelining = 1;
static char chunk[CHUNK], out[CHUNK];

static void answer(Session *s, char **to) {
    const char *reply = "250 2.0.0 ok\r\n";
    if (!strncasecmp(s->line, "EHLO", 4))
        reply = pipelining ? "250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 50000000\r\n"
                           : "250-sink\r\n250-8BITMIME\r\n250 SIZE 50000000\r\n";
    else if (!strncasecmp(s->line, "DATA", 4)) {
        s->in_data = 1;
        s->end = 2; /* a dot on the first line ends an empty message */
        reply = "354 go on\r\n";
    } else if (!strncasecmp(s->line, "QUIT", 4))
        reply = "221 2.0.0 bye\r\n";
    size_t length = strlen(reply);
    memcpy(*to, reply, length);
    *to += length;
}

/* How much of CRLF . CRLF has been seen: `end` counts its characters. */
static const char *through_data(Session *s, const char *at, const char *stop, char **to) {
    static const char mark[] = "\r\n.\r\n";
    while (at < stop) {
        if (s->end == 0) {
            at = memchr(at, '\r', stop - at);
            if (!at) return stop;
        }
        char c = *at++;
        if (c == mark[s->end]) s->end++;
        else s->end = c == '\r' ? 1 : 0;
        if (s->end == 5) {
            s->in_data = s->end = 0;
            taken++;
            memcpy(*to, "250 2.0.0 taken\r\n", 17);
            *to += 17;
            return at;
        }
    }
    return at;
}

static int serve(Session *s) {
    ssize_t got = read(s->fd, chunk, sizeof chunk);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    const char *at = chunk, *stop = chunk + got;
    char *to = out;
    while (at < stop) {
        if (s->in_data) {
            at = through_data(s, at, stop, &to);
            continue;
        }
        char c = *at++;
        if (c == '\n') {
            s->line[s->length] = 0;
            s->length = 0;
            answer(s, &to);
        } else if (s->length < LINE - 1)
            s->line[s->length++] = c;
    }
    return to == out || write(s->fd, out, to - out) == to - out;
}

static int add(int loop, int fd, void *what) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

int main(int count, char **words) {
    if (count > 1 && !strcmp(words[1], "-n")) pipelining = 0;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int door = socket(AF_INET, SOCK_STREAM, 0), loop = epoll_create1(0), on = 1;
    if (bind(door, (struct sockaddr *)&address, size) || listen(door, 512)) return perror("listen"), 1;
    getsockname(door, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    add(loop, door, &door);
    add(loop, 0, &count);
    for (;;) {
        struct epoll_event events[64];
        int ready = epoll_wait(loop, events, 64, -1);
        for (int n = 0; n < ready; n++) {
            if (events[n].data.ptr == &count) {
                printf("%ld\n", taken);
                return 0;
            }
            if (events[n].data.ptr == &door) {
                Session *s = calloc(1, sizeof *s);
                s->fd = accept(door, NULL, NULL);
                setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                add(loop, s->fd, s);
                if (write(s->fd, "220 sink\r\n", 10) != 10) return 1;
                continue;
            }
            Session *s = events[n].data.ptr;
            if (!serve(s)) {
                close(s->fd);
                free(s);
            }
        }
    }
}
