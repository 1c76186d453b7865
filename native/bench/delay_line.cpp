/// vmft_delay_line TAP TAP: a cable between two taps whose length is set on standard input, a line
/// of nanoseconds one way each time; it ends when that ends. Says "ready" once it carries frames.

#include <cstdio>

#include "world/delay_line.h"

int main(int count, char** words) {
    if (count != 3) {
        std::fprintf(stderr, "usage: vmft_delay_line TAP TAP\n");
        return 2;
    }
    vmft::Tap::Opened first = vmft::Tap::open(words[1]), second = vmft::Tap::open(words[2]);
    for (const vmft::Tap::Opened* opened : {&first, &second}) {
        if (opened->tap) continue;
        std::fprintf(stderr, "%s\n", opened->message.c_str());
        return 1;
    }
    vmft::DelayLine line(std::move(*first.tap), std::move(*second.tap));
    std::puts("ready");
    std::fflush(stdout);
    return line.run(0) ? 0 : 1;
}
