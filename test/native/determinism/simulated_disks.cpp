#include "determinism/simulated_disks.h"

#include <algorithm>

#include "test.h"

namespace vmft::test {

SimulatedDisks::SimulatedDisks(const std::vector<DiskConfig>& configs,
                               const std::vector<std::string>& images)
    : next_ids_(configs.size(), 1) {
    for (size_t disk = 0; disk < configs.size(); disk++)
        contents_.emplace_back(configs[disk].capacity_bytes,
                               disk < images.size() ? images[disk] : "");
}

void SimulatedDisks::requested(DiskRequest&& request) {
    VMFT_EXPECT(request.disk < contents_.size() && request.id == next_ids_[request.disk]++);
    VMFT_EXPECT(request.data.size() ==
                (request.operation == DiskOperation::write ? request.bytes : 0));
    taken_[request.operation]++;
    pending_.push_back(std::move(request));
}

bool SimulatedDisks::may_end(size_t index) const {
    const DiskRequest& later = pending_[index];
    return std::none_of(pending_.begin(), pending_.begin() + static_cast<i64>(index),
                        [&](const DiskRequest& earlier) {
                            return earlier.disk == later.disk && earlier.overlaps(later) &&
                                   (earlier.changes() || later.changes());
                        });
}

std::optional<DiskCompletionInput> SimulatedDisks::end_one(Random& random, bool fails) {
    std::vector<size_t> ready;
    for (size_t i = 0; i < pending_.size(); i++)
        if (may_end(i)) ready.push_back(i);
    if (ready.empty()) return std::nullopt;
    auto chosen = pending_.begin() + static_cast<i64>(ready[random.below(ready.size())]);
    DiskRequest request = std::move(*chosen);
    pending_.erase(chosen);

    DiskCompletionInput end;
    end.disk = request.disk;
    end.request = request.id;
    if (fails) {
        end.status = DiskStatus::io_error;
        return end;
    }
    std::span<u8> bytes = contents_[request.disk].range(request.offset_bytes, request.bytes);
    switch (request.operation) {
    case DiskOperation::read: end.data.assign(bytes.begin(), bytes.end()); break;
    case DiskOperation::write: std::ranges::copy(request.data, bytes.begin()); break;
    case DiskOperation::flush: break;
    case DiskOperation::discard:
        // What is discarded may read as anything.
        std::ranges::generate(bytes, [&] { return static_cast<u8>(random.next() >> 16); });
        break;
    case DiskOperation::write_zeroes: std::ranges::fill(bytes, u8{0}); break;
    }
    return end;
}

}  // namespace vmft::test
