#include "accel/soft/block_cache.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "accel/soft/decode.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/translate/translator.h"
#include "base/check.h"

namespace vmft::soft {

namespace {

constexpr unsigned bucket_count = 1 << 16;
constexpr u64 bytes_max =
    u64{32} << 20;  ///< Decoded code kept; a replica's own memory is part of its promise.
constexpr unsigned line_shift = 6;

unsigned bucket_of(u64 ram_offset, u8 mode) {
    return static_cast<unsigned>((ram_offset * 0x9e3779b97f4a7c15 + mode) >> 44) &
           (bucket_count - 1);
}

u64 lines_of(u64 offset_in_page, u64 size_bytes) {
    u64 first = offset_in_page >> line_shift,
        last = std::min<u64>((offset_in_page + size_bytes - 1) >> line_shift, 63);
    u64 through_last = last == 63 ? ~u64{0} : (u64{1} << (last + 1)) - 1;
    return through_last & ~((u64{1} << first) - 1);
}

/// Goes on behind the block. The chain's distance is the end's offset, like a branch's.
void end_of_block(Cpu& cpu, const Insn* insn) { follow_chain(cpu, insn); }

void put_end_marker(Block* block) {
    Insn& end = block->insns[block->count];
    end = Insn{};
    end.handler = end_of_block;
    end.chain = 0;
    end.imm = end.offset = block->bytes;
}

/// Stands where there is none, so that looking needs no test for null.
Block no_block{~u64{0}, nullptr, nullptr, 0, 0, 0xff, 0, nullptr, nullptr};

Block* scratch_block(std::vector<u8>& storage) { return reinterpret_cast<Block*>(storage.data()); }

}  // namespace

BlockCache::BlockCache()
    : recent_(recent_slots, &no_block), buckets_(bucket_count),
      scratch_(sizeof(Block) + sizeof(Insn) * (block_insns_max + 1)), decoding_(scratch_.size()) {}

BlockCache::~BlockCache() {
    invalidate_all();
    collect();
}

void BlockCache::attach(Cpu& cpu) {
    memory_ = cpu.memory;
    chain_tag_ = &cpu.chain_tag;
    cpu.recent_blocks = recent_.data();
    page_blocks_.assign(memory_->pages(), nullptr);
    page_lines_.assign(memory_->pages(), 0);
}

/// Makes every chain stale. Tags are 16 bits: when they have all been used, everything is
/// forgotten, and with it every chain that an old tag could bring back to life.
void BlockCache::change_tag() {
    if (*chain_tag_ >> 48 == 0xffff) {
        *chain_tag_ = u64{1} << 48;
        invalidate_all();
    } else {
        *chain_tag_ += u64{1} << 48;
    }
}

Block* BlockCache::find_slow(u64 ram_offset, u8 mode) const {
    for (Block* block = buckets_[bucket_of(ram_offset, mode)]; block; block = block->next_in_bucket)
        if (block->ram_offset == ram_offset && block->mode == mode) {
            recent_[recent_slot(ram_offset)] = block;
            return block;
        }
    return nullptr;
}

Block* BlockCache::allocate(unsigned insns) {
    u64 bytes = sizeof(Block) + sizeof(Insn) * (insns + 1);
    void* storage = std::malloc(bytes);
    VMFT_CHECK(storage);
    bytes_used_ += bytes;
    return static_cast<Block*>(storage);
}

Block* BlockCache::decode_scratch(const u8* bytes, unsigned available, u8 mode,
                                  unsigned count_max) {
    Block* block = scratch_block(scratch_);
    *block = Block{};
    block->mode = mode;
    unsigned at = 0, side_exits = 0;
    while (block->count < count_max) {
        Insn& insn = block->insns[block->count];
        DecodeResult result = decode(bytes + at, available - at, mode, static_cast<u16>(at), insn);
        if (result == DecodeResult::need_more_bytes) break;
        at += insn.length;
        block->count++;
        if (result == DecodeResult::side_exit && ++side_exits == block_side_exits_max) break;
        if (result == DecodeResult::ends_block) break;
    }
    block->bytes = static_cast<u16>(at);
    put_end_marker(block);
    return block;
}

Block* BlockCache::decode_block(u64 ram_offset, u8 mode) {
    u64 page = ram_offset >> page_shift, in_page = ram_offset & page_mask;
    // Decoded aside, so that a scratch block which is just running survives.
    std::swap(scratch_, decoding_);
    Block* decoded =
        decode_scratch(memory_->data() + ram_offset, static_cast<unsigned>(page_bytes - in_page),
                       mode, block_insns_max);
    std::swap(scratch_, decoding_);
    if (decoded->count == 0) return nullptr;
    Block* block = allocate(decoded->count);
    std::memcpy(static_cast<void*>(block), static_cast<const void*>(decoded),
                sizeof(Block) + sizeof(Insn) * (decoded->count + 1u));
    block->ram_offset = ram_offset;
    if (translator_) block->entry = translator_->untranslated_entry();
    Block*& bucket = buckets_[bucket_of(ram_offset, mode)];
    block->next_in_bucket = bucket;
    bucket = block;
    block->next_in_page = page_blocks_[page];
    page_blocks_[page] = block;
    recent_[recent_slot(ram_offset)] = block;
    return block;
}

Block* BlockCache::truncate(const Block* block, unsigned count) {
    Block* cut = scratch_block(scratch_);
    std::memcpy(static_cast<void*>(cut), static_cast<const void*>(block),
                sizeof(Block) + sizeof(Insn) * count);
    cut->count = static_cast<u16>(count);
    cut->bytes = block->insns[count].offset;
    put_end_marker(cut);
    return cut;
}

void BlockCache::note_code(u64 ram_offset, unsigned size_bytes) {
    page_lines_[ram_offset >> page_shift] |= lines_of(ram_offset & page_mask, size_bytes);
}

bool BlockCache::write_touches_code(u64 ram_offset, unsigned size_bytes) const {
    return page_lines_[ram_offset >> page_shift] & lines_of(ram_offset & page_mask, size_bytes);
}

void BlockCache::invalidate_page(u64 page_index) {
    forget_blocks(page_index, [](const Block&) { return true; });
}

/// Forgets those blocks of the page that `which` names.
template <typename Which>
void BlockCache::forget_blocks(u64 page_index, Which which) {
    Block** at = &page_blocks_[page_index];
    bool any = false;
    while (Block* block = *at) {
        if (!which(*block)) {
            at = &block->next_in_page;
            continue;
        }
        any = true;
        *at = block->next_in_page;
        Block** link = &buckets_[bucket_of(block->ram_offset, block->mode)];
        while (*link != block) link = &(*link)->next_in_bucket;
        *link = block->next_in_bucket;
        Block*& recent = recent_[recent_slot(block->ram_offset)];
        if (recent == block) recent = &no_block;
        if (translator_) translator_->forget(*block);
        forgotten_.push_back(block);
    }
    if (any) change_tag();
    if (page_blocks_[page_index]) return;
    memory_->page_flags()[page_index] &= static_cast<u8>(~GuestMemory::code);
    page_lines_[page_index] = 0;
}

void BlockCache::invalidate_all() {
    for (u64 page = 0; page < page_blocks_.size(); page++)
        if (page_blocks_[page]) invalidate_page(page);
}

/// What has been translated has proved its worth; of the rest most has run once.
void BlockCache::make_room() {
    for (u64 page = 0; page < page_blocks_.size(); page++)
        if (page_blocks_[page]) forget_blocks(page, [](const Block& block) { return !block.code; });
    free_forgotten();
    if (bytes_used_ > bytes_max / 4 * 3) invalidate_all();
}

void BlockCache::collect() {
    if (bytes_used_ > bytes_max) make_room();
    free_forgotten();
}

void BlockCache::free_forgotten() {
    for (Block* block : forgotten_) {
        bytes_used_ -= sizeof(Block) + sizeof(Insn) * (block->count + 1u);
        delete block->code;
        std::free(block);
    }
    forgotten_.clear();
}

}  // namespace vmft::soft
