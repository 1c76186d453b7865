#include "machine/snapshot.h"

#include <algorithm>
#include <cstring>

namespace vmft {
namespace {

constexpr u64 magic = 0x31706e7374666d76;  // "vmftsnp1"
constexpr u32 version = 2;
/// Far above what CPU and devices need.
constexpr u64 state_bytes_max = 64 << 20;

struct Head {
    u64 magic = 0;
    u32 version = 0;
    u32 has_mac = 0;
    u64 mac = 0;
    u64 disks = 0;  ///< disks_hash
    u64 memory_bytes = 0;
    u64 state_bytes = 0;
    u64 run_count = 0;
    u64 page_count = 0;
};
static_assert(sizeof(Head) == 64, "no padding: the bytes are the format");

struct Run {
    u64 first_page = 0;
    u64 pages = 0;
};

u64 mac_bits(const MachineConfig& config) {
    u64 bits = 0;
    if (config.mac)
        for (unsigned i = 0; i < 6; i++) bits |= u64{(*config.mac)[i]} << (8 * i);
    return bits;
}

/// Of what the guest and the gate see of the disks.
u64 disks_hash(const MachineConfig& config) {
    StateWriter disks;
    for (const DiskConfig& disk : config.disks) {
        disks.put(disk.capacity_bytes);
        disks.put(disk.block_bytes);
        disks.put(static_cast<u8>(disk.shared));
        disks.put(static_cast<u8>(disk.read_only));
        disks.put_block({reinterpret_cast<const u8*>(disk.serial.data()), disk.serial.size()});
    }
    return hash64(disks.bytes());
}

template <typename T>
std::span<const u8> bytes_of(const T& value) {
    return {reinterpret_cast<const u8*>(&value), sizeof value};
}

}  // namespace

const char* name_of(SnapshotFault fault) {
    switch (fault) {
    case SnapshotFault::none: return "none";
    case SnapshotFault::not_a_snapshot: return "not-a-snapshot";
    case SnapshotFault::version: return "version";
    case SnapshotFault::other_guest: return "other-guest";
    case SnapshotFault::out_of_order: return "out-of-order";
    case SnapshotFault::malformed: return "malformed";
    case SnapshotFault::truncated: return "truncated";
    case SnapshotFault::too_long: return "too-long";
    case SnapshotFault::checksum: return "checksum";
    case SnapshotFault::bad_state: return "bad-state";
    }
    return "unknown";
}

SnapshotSource::SnapshotSource(const Machine& machine) : memory_(machine.memory()) {
    std::vector<Run> runs;
    for (u64 page = 0; page < memory_.pages(); page++) {
        if (is_zero_page(memory_.data() + (page << page_shift))) continue;
        if (runs.empty() || runs.back().first_page + runs.back().pages != page)
            runs.push_back({page, 0});
        runs.back().pages++;
        pages_.push_back(static_cast<u32>(page));
    }
    StateWriter state;
    machine.save(state);

    Head head;
    head.magic = magic;
    head.version = version;
    head.has_mac = machine.config().mac.has_value();
    head.mac = mac_bits(machine.config());
    head.disks = disks_hash(machine.config());
    head.memory_bytes = memory_.bytes();
    head.state_bytes = state.bytes().size();
    head.run_count = runs.size();
    head.page_count = pages_.size();

    StateWriter prefix;
    prefix.put_bytes(bytes_of(head));
    prefix.put_bytes(state.bytes());
    for (const Run& run : runs) {
        prefix.put(run.first_page);
        prefix.put(run.pages);
    }
    prefix_ = prefix.bytes();

    Hash64 hash;
    hash.add(prefix_);
    for (u32 page : pages_) hash.add({memory_.data() + (u64{page} << page_shift), page_bytes});
    checksum_ = hash.value();
}

size_t SnapshotSource::read(u64 offset, std::span<u8> into) const {
    size_t done = 0;
    if (offset < prefix_.size()) {
        done = std::min<u64>(into.size(), prefix_.size() - offset);
        std::memcpy(into.data(), prefix_.data() + offset, done);
    }
    while (done < into.size() && offset + done < bytes()) {
        u64 at = offset + done - prefix_.size();
        u64 in_page = at & page_mask;
        size_t count = std::min<u64>(into.size() - done, page_bytes - in_page);
        std::memcpy(into.data() + done,
                    memory_.data() + (u64{pages_[at >> page_shift]} << page_shift) + in_page,
                    count);
        done += count;
    }
    return done;
}

SnapshotFault SnapshotTarget::fail(SnapshotFault fault) {
    if (fault_ == SnapshotFault::none) fault_ = fault;
    return fault_;
}

SnapshotFault SnapshotTarget::read_head() {
    Head head;
    std::memcpy(&head, prefix_.data(), sizeof head);
    const MachineConfig& config = machine_.config();
    if (head.magic != magic) return fail(SnapshotFault::not_a_snapshot);
    if (head.version != version) return fail(SnapshotFault::version);
    if (head.memory_bytes != config.memory_bytes || head.has_mac != u32{config.mac.has_value()} ||
        head.mac != mac_bits(config) || head.disks != disks_hash(config))
        return fail(SnapshotFault::other_guest);
    u64 pages = machine_.memory().pages();
    if (head.state_bytes > state_bytes_max || head.run_count > pages || head.page_count > pages)
        return fail(SnapshotFault::malformed);
    state_bytes_ = head.state_bytes;
    page_count_ = head.page_count;
    prefix_bytes_ = sizeof head + head.state_bytes + head.run_count * sizeof(Run);
    return SnapshotFault::none;
}

SnapshotFault SnapshotTarget::read_runs() {
    StateReader reader(std::span<const u8>(prefix_).subspan(sizeof(Head) + state_bytes_));
    u64 total = machine_.memory().pages(), next = 0;
    pages_.reserve(page_count_);
    while (reader.bytes_left() > 0) {
        u64 first = reader.get<u64>(), count = reader.get<u64>();
        if (first < next || first >= total || count == 0 || count > total - first)
            return fail(SnapshotFault::malformed);
        for (u64 i = 0; i < count; i++) pages_.push_back(static_cast<u32>(first + i));
        next = first + count;
    }
    if (pages_.size() != page_count_) return fail(SnapshotFault::malformed);
    runs_read_ = true;
    hash_.add(prefix_);
    return SnapshotFault::none;
}

SnapshotFault SnapshotTarget::add(u64 offset, std::span<const u8> bytes) {
    if (fault_ != SnapshotFault::none) return fault_;
    if (offset != received_) return fail(SnapshotFault::out_of_order);
    received_ += bytes.size();
    while (!bytes.empty()) {
        if (!runs_read_) {
            u64 wanted = (prefix_bytes_ == 0 ? sizeof(Head) : prefix_bytes_) - prefix_.size();
            std::span<const u8> part = bytes.first(std::min<u64>(wanted, bytes.size()));
            prefix_.insert(prefix_.end(), part.begin(), part.end());
            bytes = bytes.subspan(part.size());
            if (part.size() < wanted) break;
            if (prefix_bytes_ == 0 && read_head() != SnapshotFault::none) return fault_;
            if (prefix_.size() == prefix_bytes_ && read_runs() != SnapshotFault::none)
                return fault_;
            continue;
        }
        u64 at = received_ - bytes.size() - prefix_bytes_;
        if (at >> page_shift >= page_count_) return fail(SnapshotFault::too_long);
        u8* page = machine_.memory().data() + (u64{pages_[at >> page_shift]} << page_shift);
        u64 in_page = at & page_mask;
        size_t count = std::min<u64>(bytes.size(), page_bytes - in_page);
        std::memcpy(page + in_page, bytes.data(), count);
        bytes = bytes.subspan(count);
        // The checksum is over whole pages, however the chunks were cut.
        if (in_page + count == page_bytes) hash_.add({page, page_bytes});
    }
    return SnapshotFault::none;
}

SnapshotFault SnapshotTarget::finish(u64 bytes, u64 checksum) {
    if (fault_ != SnapshotFault::none) return fault_;
    if (!runs_read_ || received_ != prefix_bytes_ + page_count_ * page_bytes)
        return fail(SnapshotFault::truncated);
    if (bytes != received_) return fail(SnapshotFault::malformed);
    if (hash_.value() != checksum) return fail(SnapshotFault::checksum);
    StateReader state(std::span<const u8>(prefix_).subspan(sizeof(Head), state_bytes_));
    machine_.restore(state);
    if (!state.ok() || state.bytes_left() != 0) return fail(SnapshotFault::bad_state);
    return SnapshotFault::none;
}

}  // namespace vmft
