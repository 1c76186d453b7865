// The demo's service: one number in memory, over TCP, a line at a time.
//
//   inc    adds one, answers the new value
//   get    answers the value
//   other  answers "error: say inc or get"
//
// The number lives only in this process, so a client that sees it go on counting over the
// same connection after a failover has seen that nothing of the machine was lost.

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr int connections_max = 256;
// Clients that connect at the same moment.
constexpr int backlog_max = 128;
constexpr size_t line_bytes_max = 64;
// Requests answered in one write; more stay in the connection's buffer until the next read.
constexpr size_t reply_bytes_max = 2048;

struct Connection {
    int fd = -1;
    size_t line_bytes = 0;
    char line[line_bytes_max];
};

uint64_t counter = 0;
Connection connections[connections_max];

[[noreturn]] void fail(const char* what) {
    fprintf(stderr, "counter: %s: %s\n", what, strerror(errno));
    exit(1);
}

int listen_on(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) fail("socket");
    int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("bind");
    if (listen(fd, backlog_max) != 0) fail("listen");
    return fd;
}

void accept_connection(int listener) {
    int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) return;
    for (Connection& connection : connections) {
        if (connection.fd >= 0) continue;
        int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connection.fd = fd;
        connection.line_bytes = 0;
        return;
    }
    close(fd);
}

int answer(const char* line, size_t bytes, char* reply, size_t reply_bytes) {
    if (bytes == 3 && memcmp(line, "inc", 3) == 0)
        ++counter;
    else if (bytes != 3 || memcmp(line, "get", 3) != 0)
        return snprintf(reply, reply_bytes, "error: say inc or get\n");
    return snprintf(reply, reply_bytes, "%llu\n", static_cast<unsigned long long>(counter));
}

bool write_all(int fd, const char* bytes, size_t count) {
    while (count > 0) {
        ssize_t written = write(fd, bytes, count);
        if (written <= 0) return false;
        bytes += written;
        count -= static_cast<size_t>(written);
    }
    return true;
}

// Answers every complete line that one read brought. Returns false when the connection is over.
bool serve(Connection& connection) {
    char input[reply_bytes_max / 32];
    ssize_t bytes = read(connection.fd, input, sizeof input);
    if (bytes <= 0) return false;
    char reply[reply_bytes_max];
    size_t reply_bytes = 0;
    for (ssize_t at = 0; at < bytes; ++at) {
        if (input[at] == '\n') {
            size_t length = connection.line_bytes;
            if (length > 0 && connection.line[length - 1] == '\r') --length;
            reply_bytes += static_cast<size_t>(
                answer(connection.line, length, reply + reply_bytes, sizeof reply - reply_bytes));
            connection.line_bytes = 0;
        } else if (connection.line_bytes < line_bytes_max) {
            connection.line[connection.line_bytes++] = input[at];
        }
    }
    return write_all(connection.fd, reply, reply_bytes);
}

// The connections that are open come first in `polled`, in the order of their places; `place` says
// whose each is.
void run(int listener) {
    pollfd polled[connections_max + 1];
    int place[connections_max];
    for (;;) {
        int count = 0;
        for (int i = 0; i < connections_max; ++i) {
            if (connections[i].fd < 0) continue;
            place[count] = i;
            polled[count++] = {connections[i].fd, POLLIN, 0};
        }
        polled[count] = {listener, POLLIN, 0};
        if (poll(polled, static_cast<nfds_t>(count) + 1, -1) < 0) fail("poll");
        for (int i = 0; i < count; ++i) {
            Connection& connection = connections[place[i]];
            if (polled[i].revents == 0 || serve(connection)) continue;
            close(connection.fd);
            connection.fd = -1;
        }
        if (polled[count].revents != 0) accept_connection(listener);
    }
}

}  // namespace

int main(int argument_count, char** arguments) {
    int port = argument_count > 1 ? atoi(arguments[1]) : 7000;
    if (port < 1 || port > 65535) {
        fprintf(stderr, "counter: '%s' is not a TCP port\n", arguments[1]);
        return 1;
    }
    int listener = listen_on(static_cast<uint16_t>(port));
    printf("vmft-guest: counter on port %d\n", port);
    fflush(stdout);
    run(listener);
}
