#include "world/announce.h"

#include <algorithm>

#include "world/tap.h"

namespace vmft {

std::array<u8, announcement_bytes> announcement_of(const MacAddress& mac) {
    std::array<u8, announcement_bytes> frame{};
    u8* at = frame.data();
    auto put = [&at](std::initializer_list<u8> bytes) {
        at = std::copy(bytes.begin(), bytes.end(), at);
    };
    auto put_mac = [&at, &mac] { at = std::copy(mac.begin(), mac.end(), at); };
    put({0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
    put_mac();
    put({0x80, 0x35});              // RARP
    put({0, 1, 8, 0, 6, 4, 0, 3});  // Ethernet, IPv4, lengths of their addresses, "request reverse"
    put_mac();
    put({0, 0, 0, 0});
    put_mac();
    put({0, 0, 0, 0});
    return frame;
}

bool announce(Tap& tap, const MacAddress& mac) { return tap.write(announcement_of(mac)); }

}  // namespace vmft
