#pragma once

#include <span>
#include <vector>

#include "machine/image/image_fault.h"
#include "machine/machine.h"

namespace vmft::image {

/// The vmft.image.State message (proto/image.proto) of a machine that has just taken
/// ControlKind::snapshot.
std::vector<u8> encode_state(const Machine& machine, const WaitingOutputs& outputs);

/// Whether `restore_state` would take these bytes, but for `bad_state`: nothing is taken over.
ImageFault check_state(std::span<const u8> bytes, const MachineConfig& config);

/// Takes a state over into `machine`, whose memory is there already. Total on any bytes; after
/// `bad_state` the machine must not run (before another state), after any other fault it is as it
/// was.
ImageFault restore_state(std::span<const u8> bytes, Machine& machine, WaitingOutputs& outputs);

}  // namespace vmft::image
