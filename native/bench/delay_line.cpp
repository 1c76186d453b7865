/// vmft_delay_line TAP TAP: a cable between two taps whose length is set on standard input, a line
/// of nanoseconds one way each time; it ends when that ends. Says "ready" once it carries frames.

#include <cstdio>
#include <string>

#include "world/delay_line.h"

int main(int count, char** words) {
    if (count != 3) {
        std::fprintf(stderr, "usage: vmft_delay_line TAP TAP\n");
        return 2;
    }
    std::string fault;
    const auto line = vmft::DelayLine::between(words[1], words[2], fault);
    if (!line) {
        std::fprintf(stderr, "%s\n", fault.c_str());
        return 1;
    }
    std::puts("ready");
    std::fflush(stdout);
    return line->run(0) ? 0 : 1;
}
