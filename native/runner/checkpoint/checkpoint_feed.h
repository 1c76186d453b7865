#pragma once

#include <deque>
#include <optional>
#include <string>

#include "log/checkpoint_part.h"
#include "log/log_fault.h"
#include "machine/image/pages.h"
#include "machine/machine_config.h"
#include "output/output.h"

namespace vmft {

/// A part of a checkpoint with all that it carries, checked as far as it can be for itself.
struct DecodedPart {
    CheckpointHead head;
    image::Pages pages, changes;
    std::vector<Output> outputs;
    std::vector<u8> state;  ///< Empty but in the last part.

    bool last() const { return !state.empty(); }
};

/// Reads a frame for a machine. Total on any bytes; with a fault `reason` says what is wrong.
LogFault decode_part_frame(std::span<const u8> frame, const MachineConfig& config,
                           DecodedPart& part, std::string& reason);

/// A checkpoint, whole.
struct Checkpoint {
    CheckpointHead head;  ///< Of its last part.
    std::vector<image::Pages> pages, changes;
    std::vector<Output> outputs;
    std::vector<u8> state;
    u64 bytes = 0;        ///< That it takes.
    u64 received_ns = 0;  ///< Host time at which it was whole.
};

/// The replica's end of checkpoint replication: checks each part against the one before it, and
/// keeps checkpoints until they are whole. The caller locks.
class CheckpointFeed {
public:
    /// Bytes of pages and outputs that may wait.
    static constexpr u64 waiting_bytes_max = u64{1} << 30;

    /// Expects part 0 of epoch 0 of `generation` next, of a machine that has produced so many
    /// outputs so far.
    void start(u64 generation, u64 outputs_produced);

    /// With a fault nothing changes and `reason` says what was expected.
    LogFault add(DecodedPart&& part, u64 host_ns, std::string& reason);

    /// Whether no whole checkpoint waits.
    bool empty() const { return whole_.empty(); }
    Checkpoint take();

private:
    std::string fault_in(const DecodedPart& part) const;

    u64 generation_ = 0;
    u64 next_sequence_ = 0, epoch_ = 0;
    u64 outputs_produced_ = 0, outputs_released_ = 0, ticks_ = 0, virtual_ns_ = 0;
    u64 waiting_bytes_ = 0;
    std::optional<Checkpoint> partial_;
    std::deque<Checkpoint> whole_;
};

}  // namespace vmft
