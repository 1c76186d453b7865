#pragma once

#include <memory>

#include "accel/soft/translate/code_memory.h"
#include "accel/soft/translate/host_code.h"
#include "accel/soft/translate/stubs.h"
#include "accel/soft/translator_options.h"

namespace vmft::soft {

/// Turns decoded blocks of 64-bit code into host code and runs it. Blocks jump to each other
/// without coming back here for as long as everything they need is known; see docs/translator.md.
class Translator {
public:
    /// Throws std::bad_alloc.
    Translator(Cpu& cpu, const TranslatorOptions& options);
    ~Translator();
    Translator(const Translator&) = delete;
    Translator& operator=(const Translator&) = delete;

    /// Whether this host can run what the translator writes.
    static bool host_fits();

    /// The entry of blocks that are not translated.
    const u8* untranslated_entry() const;

    /// Whether the block, which has just been looked up, is to run as host code now: translated
    /// before, or often enough interpreted to be translated here. Not while full().
    bool ready(Block& block) {
        if (block.code) return true;
        if (block.runs < options_.after_runs) {
            block.runs++;
            return false;
        }
        translate(block);
        return true;
    }
    /// No room for another block: all blocks must be forgotten, then clear() called.
    bool full() const;
    void clear();

    /// Runs `block` and what follows it, at cpu.rip. Comes back with cpu.rip, ticks_left and all
    /// registers set, after at least one instruction if ticks_left (before the block is taken from
    /// it) is enough for it. Handlers may longjmp out.
    void run(Block& block);
    /// The block at cpu.rip has been found: if it is where translated code wanted to jump, it jumps
    /// there by itself from now on.
    void link_to(Block& block);
    void drop_pending_link() { pending_ = nullptr; }

    /// The block is forgotten: nothing jumps to it any more. Its code may still be running.
    void forget(Block& block);

private:
    static const u8* go_on(Translator* translator, Link* link);
    const u8* next_entry(Link* link);
    void translate(Block& block);
    void connect(Link& link, Block& to);
    void disconnect(Link& link);

    Cpu& cpu_;
    const TranslatorOptions options_;
    CodeMemory memory_;
    Stubs stubs_;
    EnterCode enter_ = nullptr;
    u64 stub_bytes_ = 0, used_ = 0;
    Link* pending_ = nullptr;  ///< Led out of the last run, to pending_rip_.
    u64 pending_rip_ = 0;
    std::unique_ptr<u8[]> single_insn_;
};

}  // namespace vmft::soft
