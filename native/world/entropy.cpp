#include "world/entropy.h"

#include <errno.h>
#include <sys/random.h>

#include "base/check.h"

namespace vmft {

void host_random(std::span<u8> into) {
    while (!into.empty()) {
        ssize_t got = getrandom(into.data(), into.size(), 0);
        // Every kernel that runs Node 20 has the call, and with these arguments only a signal
        // interrupts it.
        VMFT_CHECK(got > 0 || (got < 0 && errno == EINTR));
        if (got > 0) into = into.subspan(static_cast<size_t>(got));
    }
}

}  // namespace vmft
