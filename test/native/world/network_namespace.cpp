#include "world/network_namespace.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "test.h"

namespace vmft::test {

namespace {

constexpr int status_failed = 1;
constexpr int status_skipped = 77;

void quieten_ipv6() {
    ScopedFd file(open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC));
    if (file) (void)!write(file.get(), "1", 1);
}

int run_child(const std::function<void()>& body) {
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        std::cout << "skipped: no network namespace: " << std::strerror(errno) << std::endl;
        return status_skipped;
    }
    ScopedFd tun(open("/dev/net/tun", O_RDWR | O_CLOEXEC));
    if (!tun) {
        std::cout << "skipped: no /dev/net/tun: " << std::strerror(errno) << std::endl;
        return status_skipped;
    }
    tun.reset();
    quieten_ipv6();
    unsigned long before = failures();
    body();
    return failures() == before ? 0 : status_failed;
}

}  // namespace

void in_network_namespace(const std::function<void()>& body) {
    std::cout.flush();
    pid_t child = fork();
    VMFT_REQUIRE(child >= 0);
    if (child == 0) {
        int status = run_child(body);
        std::cout.flush();
        _exit(status);
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    VMFT_EXPECT(WIFEXITED(status) && WEXITSTATUS(status) != status_failed);
}

bool set_interface_up(const std::string& name, bool up) {
    ScopedFd any(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};
    std::memcpy(request.ifr_name, name.data(), std::min(name.size(), sizeof request.ifr_name - 1));
    request.ifr_flags = up ? IFF_UP : 0;
    return any && ioctl(any.get(), SIOCSIFFLAGS, &request) == 0;
}

NetworkEnd::NetworkEnd(const std::string& interface_name, u16 of_type)
    : socket_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(of_type))) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(of_type);
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface_name.c_str()));
    if (bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
        socket_.reset();
}

bool NetworkEnd::send(std::span<const u8> frame) {
    return ::send(socket_.get(), frame.data(), frame.size(), 0) ==
           static_cast<ssize_t>(frame.size());
}

std::vector<u8> NetworkEnd::receive() {
    std::vector<u8> frame(65536);
    pollfd source{socket_.get(), POLLIN, 0};
    if (poll(&source, 1, 5000) <= 0) return {};
    ssize_t got = recv(socket_.get(), frame.data(), frame.size(), 0);
    frame.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return frame;
}

std::vector<u8> numbered_frame(u32 number, size_t bytes) {
    std::vector<u8> frame(bytes);
    std::fill_n(frame.begin(), 6, u8{0xff});
    frame[6] = 2;
    frame[12] = NetworkEnd::ethertype >> 8;
    frame[13] = NetworkEnd::ethertype & 0xff;
    std::memcpy(&frame[14], &number, 4);
    return frame;
}

u32 number_of(std::span<const u8> frame) {
    u32 number = ~u32{0};
    if (frame.size() >= 18 && frame[12] == NetworkEnd::ethertype >> 8 &&
        frame[13] == (NetworkEnd::ethertype & 0xff))
        std::memcpy(&number, &frame[14], 4);
    return number;
}

}  // namespace vmft::test
