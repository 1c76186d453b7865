#pragma once

#include <vector>

#include "accel/soft/insn.h"

namespace vmft::soft {

class Translator;

/// Decoded blocks by where their bytes are in RAM. Purely an optimization: nothing the guest can
/// observe depends on what is cached. Pages with decoded code carry GuestMemory::code, which sends
/// writes the slow way, to `write_touches_code`.
class BlockCache {
public:
    BlockCache();
    ~BlockCache();
    BlockCache(const BlockCache&) = delete;
    BlockCache& operator=(const BlockCache&) = delete;

    /// Sets cpu.recent_blocks, and cpu.chain_tag now and whenever blocks are forgotten.
    void attach(Cpu& cpu);
    /// Tells `translator` of forgotten blocks. It may be null, and outlives no block.
    void set_translator(Translator* translator) { translator_ = translator; }

    /// The cached block, or null.
    Block* find(u64 ram_offset, u8 mode) const {
        Block* cached = recent_[recent_slot(ram_offset)];
        if (cached->ram_offset == ram_offset && cached->mode == mode) return cached;
        return find_slow(ram_offset, mode);
    }
    /// Where `Cpu::recent_blocks` may hold the block at `ram_offset`; never null, but it may be
    /// another block.
    static unsigned recent_slot(u64 ram_offset) {
        return static_cast<unsigned>(ram_offset ^ ram_offset >> recent_fold) & (recent_slots - 1);
    }
    static constexpr unsigned recent_slots = 32768, recent_fold = 13;

    /// Decodes and keeps the block at `ram_offset` (linear address low bits are the same), whose
    /// bytes are to be noted (note_code). Never null; the last instruction that fits is whole; an
    /// instruction that needs bytes of the next page first in the block gives null: the caller
    /// decodes it alone.
    Block* decode_block(u64 ram_offset, u8 mode);

    /// Decodes at most `count_max` instructions into the scratch block, which is overwritten by the
    /// next call. `bytes` are the code bytes.
    Block* decode_scratch(const u8* bytes, unsigned available, u8 mode, unsigned count_max);
    /// Scratch copy of the first `count` instructions of `block`.
    Block* truncate(const Block* block, unsigned count);

    /// Code that is about to run lies in [offset, offset+size), inside one page.
    void note_code(u64 ram_offset, unsigned size_bytes);
    /// Whether [offset, offset+size) overlaps decoded bytes (page granularity is filtered by the
    /// caller).
    bool write_touches_code(u64 ram_offset, unsigned size_bytes) const;
    /// Forgets every block on the page. Blocks stay in memory until collect().
    void invalidate_page(u64 page_index);
    void invalidate_all();
    /// Frees forgotten blocks, and when the cache is full those that are not translated, or all.
    /// Not while a block runs.
    void collect();

private:
    Block* find_slow(u64 ram_offset, u8 mode) const;
    Block* allocate(unsigned insns);

    void change_tag();
    template <typename Which>
    void forget_blocks(u64 page_index, Which which);
    void make_room();
    void free_forgotten();

    GuestMemory* memory_ = nullptr;
    u64* chain_tag_ = nullptr;
    Translator* translator_ = nullptr;
    mutable std::vector<Block*> recent_;
    std::vector<Block*> buckets_;
    std::vector<Block*> page_blocks_;  ///< First block of each page's list.
    std::vector<u64> page_lines_;      ///< Per page: bit n: 64-byte line n holds decoded bytes.
    std::vector<Block*> forgotten_;
    std::vector<u8> scratch_, decoding_;
    u64 bytes_used_ = 0;
};

}  // namespace vmft::soft
