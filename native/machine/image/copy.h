#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <vector>

#include "machine/image/page_set.h"
#include "machine/image/pages.h"
#include "machine/machine.h"

namespace vmft::image {

/// Copies a machine's memory while the machine runs (docs/repair.md).
///
/// A page is *left* when what the copy has of it may be out of date: at first every page that is
/// not zero, later what was written since. `read` takes pages out of what is left and then reads
/// them, so that what is written meanwhile is at worst copied torn, and is left again after the
/// next look at the changes. When the machine stands still, the changes were looked at and nothing
/// is left, the pieces make up its memory.
///
/// Threads: `serve` and `finish` belong to whoever has the machine (the vCPU thread, or a caller
/// while it is paused); all others may be called from any thread, and wait for `serve`.
class Copy {
public:
    /// The copy has ended, and there is nothing to read any more.
    struct Ended : std::runtime_error {
        Ended() : std::runtime_error("the copy has ended") {}
    };

    /// `wake` makes whoever has the machine call `serve`; called from any thread until the end.
    Copy(Machine& machine, std::function<void()> wake);

    /// Whether someone waits for `serve`. Cheap: for every turn of the vCPU thread's loop.
    bool wants_service() const { return wants_service_; }
    /// Begins to watch the machine; takes in what has changed; after the end, watches it no more.
    void serve();

    struct Piece {
        std::vector<u8> data;  ///< vmft.image.Pages.
        u64 memory_bytes = 0;  ///< That it stands for.
    };
    /// The next pages that are left, at most `bytes_max` of them (limits::image_pages_max); none
    /// when nothing is left. Zero pages that no piece had bytes of are passed over. Pieces count in
    /// the order of the calls. Throws Ended.
    std::optional<Piece> read(u64 bytes_max);
    /// What was written since the last look is left too: bytes that are left. Throws Ended.
    u64 changes();

    bool ended() const { return ended_; }
    /// Whoever waits here throws; nothing is read any more. Idempotent.
    void end();
    /// And nobody touches the machine any more through this copy, or calls `wake`.
    void end_and_wait();

private:
    using Lock = std::unique_lock<std::mutex>;
    class Reader;

    /// Waits until the machine is watched, and what is not zero was found.
    void find_content(Lock& lock);
    void throw_if_ended() const {
        if (ended_) throw Ended();
    }

    Machine& machine_;
    PageSet changed_;        ///< Of whoever has the machine: what Machine::collect_changes finds.
    bool watching_ = false;  ///< Likewise.

    std::atomic<bool> wants_service_{true};
    std::atomic<bool> ended_{false};

    std::mutex mutex_;
    // Below: under mutex_.
    std::condition_variable progressed_;
    std::function<void()> wake_;
    enum class Stage : u8 { wanted, watched, searching, ready } stage_ = Stage::wanted;
    u64 looks_wanted_ = 0, looks_done_ = 0;
    bool reading_ = false;
    Pages pages_;  ///< Of whoever reads.
    PageSet left_;
    PageSet named_;    ///< Pages of which a piece had bytes: they must be named when they are zero.
    u64 readers_ = 0;  ///< Threads that look at memory.
};

}  // namespace vmft::image
