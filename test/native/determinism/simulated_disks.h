#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "determinism/disk_bytes.h"
#include "input/input.h"
#include "machine/machine_config.h"
#include "machine/random.h"

namespace vmft::test {

/// Disks whose changes are kept in memory, and whose requests end in any order that a disk may
/// choose, drawn by the caller. Requests that overlap, one of which changes the blocks, keep their
/// order.
class SimulatedDisks final : public DiskRequestListener {
public:
    /// `images`: a file for each disk, or for the first ones, in front of what is written; empty or
    /// none: the disk begins with zeroes.
    explicit SimulatedDisks(const std::vector<DiskConfig>& configs,
                            const std::vector<std::string>& images = {});

    void requested(DiskRequest&& request) override;

    size_t pending() const { return pending_.size(); }
    const std::vector<DiskRequest>& pending_requests() const { return pending_; }
    /// Does one request, drawn from those that may be done; none when none waits. With `fails`
    /// it changes nothing and ends in an error.
    std::optional<DiskCompletionInput> end_one(Random& random, bool fails = false);

    /// Requests taken so far, by operation.
    const std::map<DiskOperation, u64>& taken() const { return taken_; }

private:
    bool may_end(size_t index) const;

    std::deque<DiskBytes> contents_;
    std::vector<u64> next_ids_;
    std::vector<DiskRequest> pending_;
    std::map<DiskOperation, u64> taken_;
};

}  // namespace vmft::test
