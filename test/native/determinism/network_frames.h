#pragma once

#include <vector>

#include "base/mac_address.h"
#include "machine/random.h"

namespace vmft::test {

/// An Ethernet frame that the guest at `guest` may receive: one it answers (ARP, ping, a TCP SYN),
/// one for nobody, or rubbish of any size a frame has.
std::vector<u8> random_frame(Random& random, const MacAddress& guest, u32 guest_address);

}  // namespace vmft::test
