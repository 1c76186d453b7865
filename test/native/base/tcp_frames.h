#pragma once

#include <vector>

#include "base/tcp_frame.h"

namespace vmft::test {

/// A segment with options of the TCP header, whose checksum is not filled in: its field holds the
/// sum of the pseudo-header. The data differs from byte to byte.
inline std::vector<u8> tcp_segment(size_t data_bytes, bool tagged = false) {
    std::vector<u8> frame = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
    if (tagged) frame.insert(frame.end(), {0x81, 0x00, 0x00, 0x07});
    frame.insert(frame.end(), {0x08, 0x00});
    const size_t ip_bytes = 20 + 32 + data_bytes;
    frame.insert(frame.end(), {0x45,
                               0,
                               static_cast<u8>(ip_bytes >> 8),
                               static_cast<u8>(ip_bytes),
                               0xff,
                               0xff,
                               0x40,
                               0,
                               64,
                               6,
                               0,
                               0,
                               10,
                               0,
                               0,
                               1,
                               10,
                               0,
                               0,
                               2});
    // Ports, a sequence number that is about to run over, acknowledgement, 32 bytes of header,
    // CWR ACK PSH FIN.
    frame.insert(frame.end(),
                 {0x1f, 0x90, 0x1b, 0x58, 0xff, 0xff, 0xff, 0x00, 1, 2, 3, 4, 0x80, 0x99, 0x20, 0,
                  0,    0,    0,    0,    1,    1,    8,    10,   0, 0, 0, 1, 0,    0,    0,    2});
    for (size_t i = 0; i < data_bytes; i++) frame.push_back(static_cast<u8>(i * 7 + i / 256));
    if (const auto place = find_tcp(frame))
        put_u16(frame, place->checksum_at(), pseudo_header_sum(frame, *place));
    return frame;
}

}  // namespace vmft::test
