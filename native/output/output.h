#pragma once

#include <span>
#include <vector>

#include "base/types.h"

namespace vmft {

enum class OutputKind : u8 {
    net_frame = 1,     ///< A whole Ethernet frame, without checksum.
    console = 2,       ///< Bytes the guest wrote to its console.
    disk_request = 3,  ///< Stands for the DiskRequest with this output_sequence; has no bytes.
};

/// Something the machine shows the world, stamped where it was produced.
struct Output {
    u64 sequence = 0;  ///< 1, 2, 3, … since the machine was created; the same on both replicas.
    u64 ticks = 0;     ///< Position of the producing instruction.
    OutputKind kind = OutputKind::console;
    std::vector<u8> bytes;
};

/// What of a machine's outputs has not left.
struct WaitingOutputs {
    u64 released = 0;             ///< Outputs up to this one have left.
    std::vector<Output> outputs;  ///< The others, in order, without a gap.
};

/// Where devices put what they show the world.
class OutputSink {
public:
    virtual void emit(OutputKind kind, std::span<const u8> bytes) = 0;

protected:
    ~OutputSink() = default;
};

}  // namespace vmft
