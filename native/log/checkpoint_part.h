#pragma once

#include <span>
#include <vector>

#include "base/types.h"
#include "log/log_fault.h"

namespace vmft {

/// The head of a vmft.log.CheckpointPart: everything but what it carries.
struct CheckpointHead {
    u64 generation = 0;
    u64 sequence = 0;  ///< Of parts within the generation.
    u64 epoch = 0;
    u64 ticks = 0, virtual_ns = 0;  ///< Of the machine at the epoch's end.
    /// Up to here; before the last part: up to the checkpoint before this one.
    u64 outputs_produced = 0;
    u64 outputs_released = 0;
};

/// A part as bytes: what it carries are messages of proto/image.proto, empty where there are none.
struct CheckpointPart {
    CheckpointHead head;
    std::span<const u8> pages;    ///< vmft.image.Pages.
    std::span<const u8> changes;  ///< The same, to be combined with what the pages held.
    std::span<const u8> outputs;  ///< vmft.image.Outputs.
    std::span<const u8> state;    ///< vmft.image.State: this is the last part.
};

/// The vmft.log.Frame that carries the part.
std::vector<u8> encode_checkpoint_frame(const CheckpointPart& part);

/// Reads a frame that holds a part of a checkpoint; the part's spans lie in `frame`. Total on any
/// bytes.
LogFault decode_checkpoint_frame(std::span<const u8> frame, CheckpointPart& part);

}  // namespace vmft
