/* A fast SMTP sink on loopback: one thread, epoll, PIPELINING; takes everything and counts it.
 *
 * Usage: sink [-n] [-d MS] [-t CERT KEY]
 *   -n  no PIPELINING      -d  every reply leaves so many milliseconds late, as over a long line
 *   -t  TLS from the first byte (built with -DTLS -lssl -lcrypto)
 * Prints its port. When its standard input ends: the messages taken, and its processor time in seconds. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef TLS
#include <openssl/ssl.h>
#endif

enum { CHUNK = 1 << 18, LINE = 2048, REPLIES = 1 << 14 };

typedef struct {
    int fd, in_data, length, end, gone, waiting;
    char line[LINE];
#ifdef TLS
    SSL *tls;
#endif
} Session;

typedef struct Late {
    struct Late *next;
    Session *to;
    long long at;
    size_t length;
    char text[];
} Late;

static long taken = 0;
static int pipelining = 1, delay_us = 0;
static char chunk[CHUNK], out[REPLIES];
static Late *first, *last;
#ifdef TLS
static SSL_CTX *secured;
#endif

static long long now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000LL + t.tv_nsec / 1000;
}

static ssize_t hear(Session *s) {
#ifdef TLS
    if (s->tls) {
        int got = SSL_read(s->tls, chunk, sizeof chunk);
        if (got > 0) return got;
        int why = SSL_get_error(s->tls, got);
        errno = EAGAIN;
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? -1 : 0;
    }
#endif
    return read(s->fd, chunk, sizeof chunk);
}

static int say(Session *s, const char *text, size_t length) {
#ifdef TLS
    if (s->tls) return SSL_write(s->tls, text, length) == (int)length;
#endif
    return write(s->fd, text, length) == (ssize_t)length;
}

/* Replies go out at once, or in their order when their time has come. */
static int reply(Session *s, const char *text, size_t length) {
    if (!delay_us) return say(s, text, length);
    Late *late = malloc(sizeof *late + length);
    *late = (Late){.to = s, .at = now() + delay_us, .length = length};
    memcpy(late->text, text, length);
    s->waiting++;
    last = *(last ? &last->next : &first) = late;
    return 1;
}

static void bury(Session *s) {
    if (!s->gone) close(s->fd);
    s->gone = 1;
    if (s->waiting) return;
#ifdef TLS
    if (s->tls) SSL_free(s->tls);
#endif
    free(s);
}

static int say_what_is_due(void) {
    while (first && first->at <= now()) {
        Late *late = first;
        first = late->next;
        if (!first) last = NULL;
        late->to->waiting--;
        if (late->to->gone || !say(late->to, late->text, late->length)) bury(late->to);
        free(late);
    }
    return first ? (int)((first->at - now()) / 1000 + 1) : -1;
}

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

static int take(Session *s, ssize_t got) {
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
    return to == out || reply(s, out, to - out);
}

static int serve(Session *s) {
#ifdef TLS
    if (s->tls && !SSL_is_init_finished(s->tls)) {
        int done = SSL_accept(s->tls);
        if (done == 1) return reply(s, "220 sink\r\n", 10);
        int why = SSL_get_error(s->tls, done);
        return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
    }
#endif
    ssize_t got = hear(s);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    if (!take(s, got)) return 0;
#ifdef TLS
    /* What is decrypted already wakes nobody up. */
    while (s->tls && (got = hear(s)) > 0)
        if (!take(s, got)) return 0;
    if (s->tls) return got < 0;
#endif
    return 1;
}

static int add(int loop, int fd, void *what) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = what};
    return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

static int welcome(int loop, int door) {
    int on = 1;
    Session *s = calloc(1, sizeof *s);
    s->fd = accept(door, NULL, NULL);
    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    add(loop, s->fd, s);
#ifdef TLS
    if (secured) {
        fcntl(s->fd, F_SETFL, O_NONBLOCK);
        s->tls = SSL_new(secured);
        SSL_set_fd(s->tls, s->fd);
        SSL_set_accept_state(s->tls);
        return 1;
    }
#endif
    return reply(s, "220 sink\r\n", 10);
}

static int end(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    printf("%ld %.6f\n", taken,
           used.ru_utime.tv_sec + used.ru_stime.tv_sec + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6);
    return 0;
}

static int configured(int count, char **words) {
    for (int n = 1; n < count; n++)
        if (!strcmp(words[n], "-n"))
            pipelining = 0;
        else if (!strcmp(words[n], "-d") && n + 1 < count)
            delay_us = (int)(atof(words[++n]) * 1000);
#ifdef TLS
        else if (!strcmp(words[n], "-t") && n + 2 < count) {
            secured = SSL_CTX_new(TLS_server_method());
            SSL_CTX_set_read_ahead(secured, 1);
            SSL_CTX_set_default_read_buffer_len(secured, 1 << 16);
            if (SSL_CTX_use_certificate_chain_file(secured, words[n + 1]) != 1) return 0;
            if (SSL_CTX_use_PrivateKey_file(secured, words[n + 2], SSL_FILETYPE_PEM) != 1) return 0;
            n += 2;
        }
#endif
        else
            return 0;
    return 1;
}

int main(int count, char **words) {
    signal(SIGPIPE, SIG_IGN);
    if (!configured(count, words)) return fprintf(stderr, "sink [-n] [-d MS] [-t CERT KEY]\n"), 2;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int door = socket(AF_INET, SOCK_STREAM, 0), loop = epoll_create1(0);
    if (bind(door, (struct sockaddr *)&address, size) || listen(door, 512)) return perror("listen"), 1;
    getsockname(door, (struct sockaddr *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    add(loop, door, &door);
    add(loop, 0, &count);
    for (;;) {
        struct epoll_event events[64];
        int ready = epoll_wait(loop, events, 64, say_what_is_due());
        for (int n = 0; n < ready; n++) {
            if (events[n].data.ptr == &count) return end();
            if (events[n].data.ptr == &door) {
                if (!welcome(loop, door)) return 1;
                continue;
            }
            if (!serve(events[n].data.ptr)) bury(events[n].data.ptr);
        }
    }
}
