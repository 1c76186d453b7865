#pragma once

#include "base/state_bytes.h"
#include "base/types.h"
#include "device/virtio_chain.h"
#include "machine/guest_memory.h"

namespace vmft {

/// What a driver did wrong with a queue. Part of the state: values stay as they are.
enum class QueueFault : u8 {
    none = 0,
    bad_size = 1,        ///< Not a power of two, or above the maximum (2.7).
    bad_ring = 2,        ///< A ring is misaligned or not in RAM (2.7).
    index_jump = 3,      ///< The available index is further ahead than the queue is long.
    bad_head = 4,        ///< A head beyond the descriptor table.
    bad_next = 5,        ///< A next beyond its table.
    chain_too_long = 6,  ///< More descriptors than the table has: a loop.
    bad_indirect = 7,  ///< Not negotiated, nested, chained on, empty, misshapen, too long or not in
                       ///< RAM (2.7.5.3).
    bad_order = 8,     ///< A readable descriptor after a writable one (2.7.4.2).
    bad_buffer = 9,    ///< A buffer that is not in RAM throughout.
    too_many_bytes = 10,    ///< A chain of 4 GiB or more (2.7.5).
    wrong_direction = 11,   ///< Readable where the device only writes, or the reverse.
    buffer_too_small = 12,  ///< Less room, or less to read, than the device type requires.
    head_in_use = 13,       ///< A head that the device has not given back.
};
const char* queue_fault_name(QueueFault fault);

/// The device side of one split virtqueue (virtio 1.2, 2.7). The rings are the
/// guest's and may hold anything: every access is checked against RAM, every walk is
/// bounded by the table it walks, and the first violation stops the queue for good
/// (until `reset`): `fault()` names it, and `take` finds nothing from then on.
/// Since no vCPU runs while a device does, rings do not change during a call other
/// than by our own writes (which a hostile guest may have aimed at its rings).
class VirtioQueue {
public:
    /// Where the driver put the queue; set through the transport while not enabled.
    struct Setup {
        u32 size = 0;
        u64 descriptors = 0;  ///< 16-byte aligned.
        u64 available = 0;    ///< 2-byte aligned ("driver area").
        u64 used = 0;         ///< 4-byte aligned ("device area").
    };

    /// `size_max` is a power of two, at most 32768.
    VirtioQueue(GuestMemory& memory, u16 size_max) : memory_(memory), size_max_(size_max) {}

    u16 size_max() const { return size_max_; }
    Setup& setup() { return setup_; }
    const Setup& setup() const { return setup_; }
    bool enabled() const { return enabled_; }
    QueueFault fault() const { return fault_; }
    bool usable() const { return enabled_ && fault_ == QueueFault::none; }

    /// Starts the queue at index 0. False, with a fault, when the set-up is bad.
    bool enable(bool indirect, bool event_index);
    /// Back to the state of creation.
    void reset();
    /// Stops the queue because of `fault`, which is not none.
    void stop(QueueFault fault);

    /// Chains the driver has made available and the device has not taken; 0 when unusable or the
    /// index has jumped.
    u16 waiting() const;
    /// Takes the next chain. False when none waits or the queue is, or becomes, unusable.
    bool take(VirtioChain& chain);
    /// `take` where the device only reads, or only writes and needs room for `bytes_min`; other
    /// chains are violations.
    bool take_readable(VirtioChain& chain);
    bool take_writable(VirtioChain& chain, u64 bytes_min);
    /// The next chain without taking it. False likewise, but a violation leaves no mark: `take`
    /// will find it again.
    bool peek(VirtioChain& chain) const;
    /// Puts the last `count` chains taken back, so that they will be taken again. None of them may
    /// have been given back.
    void put_back(u16 count) { next_available_ = static_cast<u16>(next_available_ - count); }
    /// Gives a taken chain back, `bytes_written` into its writable part. Seen by the driver at
    /// `publish`.
    void give_back(u16 head, u32 bytes_written);
    /// Shows the driver what was given back since. True when the driver wants a notification for it
    /// (2.7.7, 2.7.10).
    bool publish();
    /// Asks the driver to notify for the next chain it makes available, or not to (2.7.10). A hint.
    void want_notification(bool wanted);

    void save(StateWriter& state) const;
    void restore(StateReader& state);

private:
    QueueFault available_index(u16& waiting) const;
    QueueFault look(VirtioChain& chain, bool& found) const;
    QueueFault walk(u16 head, VirtioChain& chain) const;
    QueueFault check_setup() const;
    void write_ring_u16(u64 address, u16 value);

    GuestMemory& memory_;
    const u16 size_max_;
    Setup setup_;
    bool enabled_ = false;
    bool indirect_ = false;
    bool event_index_ = false;
    QueueFault fault_ = QueueFault::none;
    u16 next_available_ = 0;  ///< Free-running index of the next chain to take.
    u16 used_ = 0;            ///< Free-running index of the next used element.
    u16 published_ = 0;       ///< `used_` as the driver last saw it.
};

}  // namespace vmft
