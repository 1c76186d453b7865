#pragma once

#include <map>
#include <optional>
#include <vector>

#include "input/input.h"
#include "machine/machine_config.h"
#include "machine/random.h"

namespace vmft::test {

/// Disks in memory whose requests end in any order that a disk may choose, drawn by the caller.
/// Requests that overlap, one of which changes the blocks, keep their order.
class SimulatedDisks final : public DiskRequestListener {
public:
    explicit SimulatedDisks(const std::vector<DiskConfig>& configs);

    void requested(DiskRequest&& request) override;

    size_t pending() const { return pending_.size(); }
    const std::vector<DiskRequest>& pending_requests() const { return pending_; }
    /// Does one request, drawn from those that may be done; none when none waits. With `fails`
    /// it changes nothing and ends in an error.
    std::optional<DiskCompletionInput> end_one(Random& random, bool fails = false);

    /// Requests taken so far, by operation.
    const std::map<DiskOperation, u64>& taken() const { return taken_; }
    const std::vector<u8>& content(u32 disk) const { return contents_[disk]; }

private:
    bool may_end(size_t index) const;

    std::vector<std::vector<u8>> contents_;
    std::vector<u64> next_ids_;
    std::vector<DiskRequest> pending_;
    std::map<DiskOperation, u64> taken_;
};

}  // namespace vmft::test
