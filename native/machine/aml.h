#pragma once

#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

#include "base/types.h"

namespace vmft {

/// Emits the little of AML (ACPI 6.3 chapter 20) that a DSDT of fixed devices needs. Every
/// function returns the bytes of one term; terms nest by concatenation.
namespace aml {

using Bytes = std::vector<u8>;

Bytes join(std::initializer_list<Bytes> parts);

/// An integer, in the shortest encoding.
Bytes integer(u64 value);
Bytes string(std::string_view text);
/// An EISA id such as "PNP0501", compressed to an integer.
Bytes eisa_id(std::string_view id);
/// `name` is a name path: optional '\', segments of four characters separated by '.'.
Bytes name(std::string_view path, const Bytes& value);
Bytes package(std::initializer_list<Bytes> elements);
Bytes device(std::string_view path, std::initializer_list<Bytes> terms);
Bytes scope(std::string_view path, std::initializer_list<Bytes> terms);

/// A _CRS value: resource descriptors with the end tag.
Bytes resources(std::initializer_list<Bytes> descriptors);
/// I/O ports, decoded in 16 bits.
Bytes io_ports(u16 first, u8 count);
/// An ISA interrupt: edge, active high, exclusive. `irq` 0 … 15.
Bytes isa_interrupt(unsigned irq);
/// 32-bit memory, read and write.
Bytes memory_32(u32 base, u32 bytes);
/// A global system interrupt: level, active high, exclusive, consumed.
Bytes level_interrupt(u32 gsi);

}  // namespace aml

}  // namespace vmft
