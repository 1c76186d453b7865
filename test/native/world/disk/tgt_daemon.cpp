#include "world/disk/tgt_daemon.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "base/scoped_fd.h"

namespace vmft::test {
namespace {

constexpr const char* target = "iqn.2026-01.vmft.test:native";

int free_port() {
    ScopedFd fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    if (bind(fd.get(), reinterpret_cast<sockaddr*>(&address), bytes) != 0 ||
        getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &bytes) != 0)
        return 0;
    return ntohs(address.sin_port);
}

}  // namespace

TgtDaemon::TgtDaemon() : image_(u64{16} << 20), port_(free_port()) {
    setenv("PATH", (std::string(std::getenv("PATH")) + ":/usr/sbin:/sbin").c_str(), 1);
    if (std::system("command -v tgtd tgtadm > /dev/null") == 0) start();
}

TgtDaemon::~TgtDaemon() {
    kill();
    std::system(("rm -f " + image_.folder() + "/control*").c_str());
}

std::string TgtDaemon::url() const {
    return "iscsi://127.0.0.1:" + std::to_string(port_) + "/" + target + "/1";
}

void TgtDaemon::kill() {
    if (daemon_ <= 0) return;
    ::kill(daemon_, SIGKILL);
    waitpid(daemon_, nullptr, 0);
    daemon_ = 0;
}

bool TgtDaemon::admin(const std::string& words) const {
    std::string command = "TGT_IPC_SOCKET=" + image_.folder() +
                          "/control tgtadm -C 1 --lld iscsi " + words + " > /dev/null 2>&1";
    return std::system(command.c_str()) == 0;
}

void TgtDaemon::start() {
    setenv("TGT_IPC_SOCKET", (image_.folder() + "/control").c_str(), 1);
    std::string portal = "portal=127.0.0.1:" + std::to_string(port_);
    daemon_ = fork();
    if (daemon_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        int silence = open("/dev/null", O_RDWR);
        dup2(silence, STDERR_FILENO);
        dup2(silence, STDOUT_FILENO);
        execlp("tgtd", "tgtd", "-f", "-C", "1", "--iscsi", portal.c_str(), nullptr);
        _exit(127);
    }
    for (int attempt = 0; attempt < 200 && !admin("--op show --mode target"); attempt++)
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    bool made = admin(std::string("--op new --mode target --tid 1 -T ") + target) &&
                admin("--op new --mode logicalunit --tid 1 --lun 1 -b " + image_.path()) &&
                admin("--op bind --mode target --tid 1 -I ALL");
    if (!made) kill();
}

}  // namespace vmft::test
