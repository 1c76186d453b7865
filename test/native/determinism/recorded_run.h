#pragma once

#include <functional>
#include <memory>
#include <set>

#include "accel/soft/translator_options.h"
#include "determinism/random_world.h"
#include "determinism/seen_outputs.h"
#include "log/segment.h"
#include "machine/machine.h"

namespace vmft::test {

/// A guest at position 0.
struct GuestStart {
    MachineConfig config;
    std::vector<u8> kernel, initramfs;

    /// Null when the images are refused.
    std::unique_ptr<Machine> machine(const Machine::AcceleratorFactory& accelerator) const;
    std::unique_ptr<Machine> machine() const;
};

/// The machine at one place of a recording.
struct Checkpoint {
    u64 records_before =
        0;  ///< Inputs share positions while the guest is halted: this tells them apart.
    Position position;
    u64 state = 0, memory = 0;  ///< Digests: of the state, of all memory.
};

/// A machine copied while it ran, as it is at a segment's beginning.
struct Copy {
    size_t next_frame = 0;
    std::unique_ptr<Machine> machine;
    std::vector<DiskRequest> disk_requests;  ///< That had not ended.
};

/// A run with every input recorded, as frames of a log and for looking at.
struct RecordedRun {
    std::vector<std::vector<u8>> frames;
    std::vector<Record> records;
    std::vector<Checkpoint> checkpoints;
    std::vector<Copy> copies;
    Position end;
    ExitKind end_kind = ExitKind::position;
    u64 end_state = 0, end_memory = 0;
    SeenOutputs outputs;
};

struct RecordingPlan {
    u64 seed = 1;
    u64 ticks_max = 0;               ///< Powered off there when it has not ended before.
    u64 inputs_max = 1'000'000;      ///< And then, for a guest that is halted for good.
    std::set<u64> checkpoint_ticks;  ///< Where digests of state and memory are taken.
    std::set<u64> copy_ticks;        ///< Where a machine is ready that was made from this one.
    u64 segments_per_memory_digest = 64;
    TranslatorOptions options;  ///< Of the recorded machine.
};

/// Records a run of `guest` in `world`, in random slices. Stops early when a piece of an image is
/// refused.
RecordedRun record_run(const GuestStart& guest, RandomWorld& world, const RecordingPlan& plan);

/// Re-executes the records in slices that `slice()` draws, independently of the product's replayer,
/// and calls `at` at every checkpoint. False: another position than the recorded one, or the end is
/// not the same.
bool rerun(Machine& machine, const RecordedRun& run, const std::function<u64()>& slice,
           const std::function<void(const Checkpoint&)>& at);

}  // namespace vmft::test
