#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>

#include "accel/accel.h"
#include "base/types.h"
#include "machine/guest_memory.h"

namespace vmft {

/// What is to be booted. The bytes are untrusted: any are parsed safely.
struct LoadRequest {
    /// A Linux bzImage, or an ELF image with a PVH entry note (a vmlinux, a test guest).
    std::span<const u8> kernel;
    std::span<const u8> initramfs = {};  ///< Empty: none.
    std::string_view command_line = {};
    /// Seeds the guest's random generator (bzImage only: PVH has no way to pass it).
    std::array<u8, 32> random_seed = {};
    u64 rsdp_address = 0;  ///< Guest-physical; 0: no ACPI.
};

enum class LoadError : u8 {
    none = 0,
    not_a_kernel,        ///< Neither a bzImage nor an ELF image for x86.
    truncated,           ///< The file ends before what its headers promise.
    unsupported_kernel,  ///< A real kernel, but without the entry we use.
    malformed,           ///< Headers that contradict themselves.
    too_little_memory,   ///< Kernel or initramfs do not fit the guest's RAM.
    command_line_too_long,
};

struct LoadResult {
    LoadError error = LoadError::none;
    std::string message;  ///< One line for the operator; empty on success.
    Accelerator::EntryState entry;

    bool ok() const { return error == LoadError::none; }
};

/// Puts kernel, initramfs, command line and boot parameters into memory, which must read as
/// zero (a fresh machine), and says how the vCPU enters: a bzImage by the 64-bit boot protocol
/// (Linux Documentation/x86/boot.rst), an ELF image by PVH (Xen docs/misc/pvh.pandoc).
/// On an error memory may hold parts of it.
LoadResult load_linux(GuestMemory& memory, const LoadRequest& request);

}  // namespace vmft
