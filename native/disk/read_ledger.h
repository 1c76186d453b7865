#pragma once

#include <deque>
#include <set>

#include "base/types.h"

namespace vmft {

/// The primary's account of the reads it left to the backup: in the log's order, numbered from 1,
/// until the backup has done them. What they read must not be changed before.
class ReadLedger {
public:
    struct Read {
        u64 number = 0;
        u32 disk = 0;
        u64 id = 0;
    };

    void left(u32 disk, u64 id) { open_.push_back({++numbered_, disk, id}); }
    /// The next of the first `count` ones that was not known to be done; false when there is none.
    bool take_done(u64 count, Read& read) {
        if (open_.empty() || open_.front().number > count) return false;
        read = open_.front();
        open_.pop_front();
        return true;
    }
    /// Begins again, at 1; what is open is taken before.
    void reset() {
        open_.clear();
        numbered_ = 0;
    }
    static constexpr u64 all = ~u64{0};

private:
    std::deque<Read> open_;
    u64 numbered_ = 0;
};

/// The backup's account of the same reads: they may end in any order, but only a count of the first
/// ones is told.
class ReadProgress {
public:
    /// The log has one more; its number.
    u64 expect() { return ++expected_; }
    /// Whether the count grew.
    bool done(u64 number) {
        early_.insert(number);
        u64 before = done_;
        while (!early_.empty() && *early_.begin() == done_ + 1) {
            early_.erase(early_.begin());
            done_++;
        }
        return done_ > before;
    }
    /// All reads up to this one are done.
    u64 count() const { return done_; }

private:
    u64 expected_ = 0, done_ = 0;
    std::set<u64> early_;
};

}  // namespace vmft
