#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/types.h"

namespace vmft {

/// Frames of TCP over IPv4, and those of them that are larger than any packet of a usual network.
///
/// The problem. A frame of 1.5 KB costs a guest as much as one of 64 KB. So guests and hosts hand
/// each other large segments, to be cut into packets by whoever puts them on a wire, which also
/// fills in their checksums; and how long a piece may be has to go with the segment, through the
/// log, through what waits to leave, and through images of the machine.
///
/// The idea. The checksum of such a segment is not there yet: its field holds the sum of the
/// pseudo-header, which follows from the rest of the frame. So the field carries the bytes of a
/// piece instead, and a frame is all that travels. Whoever sees a frame with is_large knows what
/// the field is: every large frame that enters or leaves a machine is of this kind, also one whose
/// checksum was complete (then there is one piece).
///
/// Rejected: a field of its own in the log, in outputs and in images, which all would have to be of
/// a new version.
struct TcpPlace {
    size_t ip_at;
    size_t tcp_at;
    size_t data_at;

    size_t checksum_at() const { return tcp_at + checksum_offset; }
    static constexpr size_t checksum_offset = 16;
};

/// Of a frame with whole headers, at most one VLAN tag, no fragment, whose length is what its IP
/// header says; null: of any other.
std::optional<TcpPlace> find_tcp(std::span<const u8> frame);

/// With a VLAN tag, without checksum.
inline constexpr size_t usual_frame_bytes_max = 1518;
/// Longer than usual, and TCP.
std::optional<TcpPlace> is_large(std::span<const u8> frame);

u16 get_segment_bytes(std::span<const u8> large, const TcpPlace& place);
/// @param segment_bytes of data in a piece; more than there is: one piece
void set_segment_bytes(std::span<u8> large, const TcpPlace& place, u64 segment_bytes);

/// What the checksum field of a segment holds whose checksum is still to be filled in.
u16 pseudo_header_sum(std::span<const u8> frame, const TcpPlace& place);
void put_u16(std::span<u8> frame, size_t at, u16 value);

/// Fills in the checksum of all from `start` on, at `start + offset`, where there is the sum of the
/// pseudo-header. False where that is not in the frame.
bool complete_checksum(std::span<u8> frame, size_t start, size_t offset);
bool tcp_checksum_is_right(std::span<const u8> frame, const TcpPlace& place);

/// The packets of a segment of any size, complete, in order. `segment_bytes` > 0.
void cut_up(std::span<const u8> frame, const TcpPlace& place, u16 segment_bytes,
            const std::function<void(std::span<const u8>)>& packet);

}  // namespace vmft
