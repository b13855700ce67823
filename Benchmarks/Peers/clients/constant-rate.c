// Sends requests at a constant rate and says how long their answers took.
//
//     constant-rate PORT TOKENS COUNT RATE SECONDS CONNECTIONS
//
// Request n is due at the start + n / RATE, whatever became of the ones before: where every connection waits for an
// answer, the request waits, too, and its time counts from when it was due. So a proxy that stands still for a moment
// is charged with every request of that moment (no "coordinated omission").
//
// RATE 0 sends the next request on a connection as soon as its answer is there: the result is the saturation.
// The first half second is not counted. The first COUNT tokens of the file are sent in rotation. Any answer but 200
// ends the program with 1.
//
// The loop never sleeps, as waking up would be measured with the answer: it needs a CPU of its own. How long it did
// not get that CPU is in the result as `stalled`.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_BYTES = 8192, LINE_BYTES = 16384, EVENTS = 256 };
static const int64_t SECOND = 1000000000, WARM_UP = SECOND / 2, PATIENCE = 5 * SECOND;
// Between two looks at the clock; more than this is not the work of the loop.
static const int64_t STALL = 200000;

typedef struct {
    int descriptor;
    int waits;      // for an answer
    int64_t due;    // of the request it waits for
    size_t length;  // of what has come in of the answer
    char answer[ANSWER_BYTES];
} Connection;

typedef struct { char *bytes; size_t length; } Request;

static void fail(const char *what) {
    fprintf(stderr, "%s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static Request *read_requests(const char *path, long count, int port) {
    FILE *file = fopen(path, "r");
    if (!file) fail(path);
    Request *requests = calloc(count, sizeof *requests);
    static char token[LINE_BYTES];
    for (long n = 0; n < count; n++) {
        if (!fgets(token, sizeof token, file)) fail("the token file holds fewer tokens than asked for");
        token[strcspn(token, "\n")] = 0;
        int length = asprintf(&requests[n].bytes,
            "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAuthorization: Bearer %s\r\n\r\n", port, token);
        if (length < 0) fail("memory");
        requests[n].length = length;
    }
    fclose(file);
    return requests;
}

static void connect_to(Connection *connection, int port) {
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection->descriptor, (struct sockaddr *)&address, sizeof address)) fail("connect");
    int on = 1;
    setsockopt(connection->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    fcntl(connection->descriptor, F_SETFL, O_NONBLOCK);
}

static void send_request(Connection *connection, const Request *request, int64_t due) {
    errno = 0;
    if (write(connection->descriptor, request->bytes, request->length) != (ssize_t)request->length) fail("write");
    connection->waits = 1;
    connection->due = due;
    connection->length = 0;
}

// Whether the answer is complete.
static int receive(Connection *connection) {
    errno = 0;
    ssize_t got = read(connection->descriptor, connection->answer + connection->length,
                       ANSWER_BYTES - 1 - connection->length);
    if (got < 0 && errno == EAGAIN) return 0;
    if (got <= 0) fail("the proxy closed a connection");
    connection->length += got;
    connection->answer[connection->length] = 0;
    char *end = strstr(connection->answer, "\r\n\r\n");
    if (!end) {
        if (connection->length == ANSWER_BYTES - 1) fail("an answer is too long");
        return 0;
    }
    if (strncmp(connection->answer, "HTTP/1.1 200 ", 13)) fail("an answer that is not 200");
    char *field = strcasestr(connection->answer, "\r\ncontent-length:");
    if (!field || field > end) fail("an answer without Content-Length");
    size_t whole = (end + 4 - connection->answer) + strtoul(field + 17, NULL, 10);
    if (connection->length > whole || whole >= ANSWER_BYTES) fail("an answer of another length than it says");
    return connection->length == whole;
}

static int compare(const void *left, const void *right) {
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

static double quantile(const float *sorted, size_t count, double share) {
    size_t index = share * count;
    return sorted[index < count ? index : count - 1];
}

int main(int argc, char **argv) {
    if (argc != 7) fail("constant-rate PORT TOKENS COUNT RATE SECONDS CONNECTIONS");
    int port = atoi(argv[1]), connection_count = atoi(argv[6]);
    long count = atol(argv[3]);
    double rate = atof(argv[4]);
    int64_t length = atof(argv[5]) * SECOND;
    Request *requests = read_requests(argv[2], count, port);

    int queue = epoll_create1(0);
    Connection *connections = calloc(connection_count, sizeof *connections);
    Connection **idle = calloc(connection_count, sizeof *idle);
    int idle_count = 0;
    for (int n = 0; n < connection_count; n++) {
        connect_to(&connections[n], port);
        struct epoll_event event = { .events = EPOLLIN, .data.ptr = &connections[n] };
        epoll_ctl(queue, EPOLL_CTL_ADD, connections[n].descriptor, &event);
        idle[idle_count++] = &connections[n];
    }

    size_t capacity = rate > 0 ? rate * length / SECOND + 1 : 400000.0 * length / SECOND, answers = 0, counted = 0;
    float *times = malloc(capacity * sizeof *times);
    int64_t start = now(), counts_from = start + WARM_UP, end = counts_from + length, before = start, stalled = 0;
    long sent = 0;
    for (;;) {
        int64_t time = now();
        if (time - before > STALL) stalled += time - before;
        before = time;
        for (;;) {
            int64_t due = rate > 0 ? start + (int64_t)(sent * (SECOND / rate)) : time;
            if (due > time || due >= end || idle_count == 0) break;
            send_request(idle[--idle_count], &requests[sent % count], due);
            sent++;
        }
        if (time >= end && idle_count == connection_count) break;
        if (time >= end + PATIENCE) fail("no answer in time");
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(queue, events, EVENTS, 0);
        for (int n = 0; n < ready; n++) {
            Connection *connection = events[n].data.ptr;
            errno = 0;
            if (!connection->waits) fail("something came in that nobody had asked for");
            if (!receive(connection)) continue;
            connection->waits = 0;
            idle[idle_count++] = connection;
            answers++;
            int64_t arrived = now();
            // Saturation counts what arrives within the time, latency what was due in it.
            if (rate > 0 ? connection->due < counts_from : arrived < counts_from || arrived > end) continue;
            if (counted < capacity) times[counted++] = (arrived - connection->due) / 1000.0;
        }
    }
    errno = 0;
    if (counted == 0) fail("no answer");
    qsort(times, counted, sizeof *times, compare);
    printf("{\"requests\": %ld, \"answers\": %zu, \"per_second\": %.0f, \"p50_us\": %.1f, \"p90_us\": %.1f, "
           "\"p99_us\": %.1f, \"p999_us\": %.1f, \"max_us\": %.1f, \"stalled\": %.5f}\n",
           sent, answers, counted * (double)SECOND / length, quantile(times, counted, 0.5),
           quantile(times, counted, 0.9), quantile(times, counted, 0.99), quantile(times, counted, 0.999),
           times[counted - 1], stalled / (double)(end - start));
    return 0;
}
