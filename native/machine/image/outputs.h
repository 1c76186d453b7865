#pragma once

#include <span>
#include <vector>

#include "log/wire_writer.h"
#include "machine/image/image_fault.h"
#include "output/output.h"

namespace vmft::image {

/// What an output takes besides its bytes, at most.
inline constexpr u64 output_overhead_bytes = 32;

/// Appends a vmft.image.Output as `field`.
void put_output(WireWriter& into, u32 field, const Output& output);
/// Reads one. Total on any bytes; false when it is none.
bool read_output(std::span<const u8> bytes, Output& output);

/// The vmft.image.Outputs message; empty when there are none.
std::vector<u8> encode_outputs(std::span<const Output> outputs);
/// Reads it. Total on any bytes.
ImageFault decode_outputs(std::span<const u8> bytes, std::vector<Output>& outputs);

}  // namespace vmft::image
