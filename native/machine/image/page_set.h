#pragma once

#include <bit>
#include <vector>

#include "base/types.h"

namespace vmft::image {

/// A set of a guest's pages, by number. Not thread-safe.
class PageSet {
public:
    explicit PageSet(u64 pages) : words_((pages + 63) / 64) {}

    u64 count() const { return count_; }
    bool empty() const { return count_ == 0; }
    bool has(u64 page) const { return words_[page / 64] >> (page % 64) & 1; }

    void add(u64 page) {
        u64& word = words_[page / 64];
        u64 bit = u64{1} << (page % 64);
        count_ += (word & bit) == 0;
        word |= bit;
    }
    void remove(u64 page) {
        u64& word = words_[page / 64];
        u64 bit = u64{1} << (page % 64);
        count_ -= (word & bit) != 0;
        word &= ~bit;
    }
    void clear() {
        if (count_ == 0) return;
        words_.assign(words_.size(), 0);
        count_ = 0;
    }

    /// Takes over all pages of a set for as many pages, which is empty afterwards.
    void take_all_of(PageSet& other) {
        if (other.empty()) return;
        count_ = 0;
        for (size_t i = 0; i < words_.size(); i++) {
            words_[i] |= other.words_[i];
            other.words_[i] = 0;
            count_ += static_cast<u64>(std::popcount(words_[i]));
        }
        other.count_ = 0;
    }

    /// Moves up to `most` pages out of the set to the end of `into`, ascending: from where the last
    /// call ended, and from the start again when nothing is left behind that. Never across the end
    /// of memory, so that what one call gives ascends.
    void take(std::vector<u32>& into, u64 most) {
        if (empty()) return;
        for (u64 taken = 0;; next_word_ = 0) {
            for (; next_word_ < words_.size(); next_word_++) {
                u64& word = words_[next_word_];
                while (word != 0) {
                    if (taken == most) return;
                    into.push_back(static_cast<u32>(next_word_ * 64 +
                                                    static_cast<u64>(std::countr_zero(word))));
                    word &= word - 1;
                    count_--;
                    taken++;
                }
            }
            if (taken > 0) return;
        }
    }

private:
    std::vector<u64> words_;
    u64 count_ = 0;
    u64 next_word_ = 0;
};

}  // namespace vmft::image
