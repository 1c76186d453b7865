#pragma once

#include <deque>
#include <mutex>
#include <span>

#include "output/output.h"

namespace vmft {

/// Where outputs go when they leave. Called under the queue's lock, so in the order of their
/// sequence.
class OutputTarget {
public:
    /// False: the world did not take the frame (it is lost, as on any network).
    virtual bool send_frame(std::span<const u8> frame) = 0;
    virtual void send_console(std::span<const u8> bytes) = 0;
    /// The disk request with this output_sequence may be issued: here, or elsewhere already.
    virtual void release_disk_request(u64 sequence) = 0;
    /// The host's clock, which permissions end by.
    virtual u64 now_ns() = 0;

protected:
    ~OutputTarget() = default;
};

/// The gate's native half: outputs in the order in which they were produced, until they may
/// leave or may be forgotten. The vCPU thread produces, any thread releases.
class OutputQueue {
public:
    /// open:     outputs leave as they are produced (unprotected, or alone after arbitration)
    /// gated:    they wait for `release` (primary of a pair)
    /// withheld: they wait for `release`, which forgets them (replica: the primary sends them)
    enum class Mode : u8 { open, gated, withheld };

    explicit OutputQueue(OutputTarget& target) : target_(target) {}

    /// Opening lets everything that waits leave, in order.
    void set_mode(Mode mode);

    /// vCPU thread. `output.sequence` is one more than the last one's.
    void produced(Output&& output);

    static constexpr u64 for_ever = ~u64{0};

    /// Outputs up to `through` may leave (gated) or be forgotten (withheld), also those not
    /// produced yet. Gated, only while the target's clock is not past `until_ns`: it is read before
    /// each one, since this process may be stopped between any two, and be an old primary when it
    /// goes on (src/pair/role/output-permission.ts). What stays waits for the next call.
    void release(u64 through, u64 until_ns);

    /// Hands over console bytes that left one by one, as one batch: call after each slice.
    void flush_console();

    /// What waits now, for an image of the machine.
    WaitingOutputs waiting() const;
    /// Those that wait and are behind `sequence`.
    std::vector<Output> waiting_behind(u64 sequence) const;
    /// A replica that executes nothing: the primary has produced so many, these among them, in
    /// order; others have left there already.
    void follow(std::vector<Output>&& outputs, u64 produced);
    /// After a restore: these wait, and what was released before them belongs to the past.
    void restore(WaitingOutputs&& waiting);

    struct Counts {
        u64 produced = 0;
        u64 released = 0;        ///< All outputs up to this one have left or are forgotten.
        u64 bytes_withheld = 0;  ///< Bytes that wait, with their bookkeeping.
        u64 frames_sent = 0;
        u64 frames_dropped = 0;
    };
    Counts counts() const;

private:
    bool may_leave(u64 sequence);
    void leave(const Output& output);
    void forget(const Output& output);
    void send_console_batch();

    OutputTarget& target_;
    mutable std::mutex mutex_;
    Mode mode_ = Mode::withheld;
    std::deque<Output> waiting_;
    std::vector<u8> console_batch_;
    u64 released_through_ = 0;  ///< What `release` allowed, perhaps ahead of what is produced.
    u64 released_until_ns_ = for_ever;
    Counts counts_;
};

}  // namespace vmft
