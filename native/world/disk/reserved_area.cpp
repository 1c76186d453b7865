#include "world/disk/reserved_area.h"

#include <algorithm>
#include <string_view>

#include "base/limits.h"
#include "world/disk/disk_fault.h"

namespace vmft {
namespace {

/// How block 0 (the reservation), block 1 (the arbiter's flag) and block 2 (the claim) begin.
constexpr std::string_view beginnings[] = {"{\"vmftDisk\":1", "{\"vmftFlag\":1",
                                           claim_record_beginning};

bool is_zero(std::span<const u8> bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](u8 byte) { return byte == 0; });
}

bool begins_with(std::span<const u8> bytes, std::string_view text) {
    return bytes.size() >= text.size() && std::equal(text.begin(), text.end(), bytes.begin());
}

}  // namespace

u64 reserved_offset(const std::string& url, u64 disk_bytes, u32 block_bytes) {
    if (disk_bytes % block_bytes != 0)
        throw DiskFault("disk-unusable",
                        url + " is of odd size: " + std::to_string(disk_bytes) +
                            " bytes are no whole blocks of " + std::to_string(block_bytes),
                        "make its size a multiple of 4096 bytes (truncate -s %4096)");
    if (disk_bytes <= limits::disk_reserved_bytes)
        throw DiskFault("disk-unusable",
                        url + " is too small: " + std::to_string(disk_bytes) +
                            " bytes, and the last MiB of a disk is vmft's",
                        "make it larger (truncate -s 1G)");
    return disk_bytes - limits::disk_reserved_bytes;
}

void check_reserved_area(const std::string& url, std::span<const u8> area, u32 block_bytes) {
    bool ours = true;
    for (std::string_view beginning : beginnings) {
        std::span<const u8> block = area.first(block_bytes);
        ours = ours && (is_zero(block) || begins_with(block, beginning));
        area = area.subspan(block_bytes);
    }
    if (ours && is_zero(area)) return;
    throw DiskFault("disk-unusable",
                    "the last MiB of " + url + " holds data that is not vmft's, which it would use",
                    "grow it by 1 MiB (truncate -s +1M, or the storage's own command)");
}

}  // namespace vmft
