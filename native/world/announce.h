#pragma once

#include <array>

#include "base/mac_address.h"
#include "base/types.h"

namespace vmft {

class Tap;

/// The shortest Ethernet frame, without its checksum.
inline constexpr size_t announcement_bytes = 60;

/// A broadcast RARP request (RFC 903, ethertype 0x8035) in which `mac` asks for its own address.
/// Nobody needs to answer: every switch on the way learns where `mac` now lives. It names no IP
/// address, which the host does not know and a gratuitous ARP would need.
std::array<u8, announcement_bytes> announcement_of(const MacAddress& mac);

/// Sends one; false when the tap did not take it. Frames get lost: send several, some milliseconds
/// apart.
bool announce(Tap& tap, const MacAddress& mac);

}  // namespace vmft
