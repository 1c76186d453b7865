#pragma once

#include <memory>

#include "accel/soft/block_cache.h"
#include "accel/soft/cpu.h"
#include "accel/soft/interrupts.h"
#include "accel/soft/translate/translator.h"

namespace vmft {

/// The software CPU behind the accelerator interface; run.cpp holds its loop. Tests reach the
/// registers through cpu().
class SoftCpu final : public Accelerator, private CodeWriteListener {
public:
    SoftCpu(GuestMemory& memory, Platform& platform, const TranslatorOptions& options = {});
    ~SoftCpu() override;

    RunExit run(u64 until_ticks) override;
    u64 ticks() const override { return running_ ? cpu_->ticks_synced : ticks_; }
    Position position() const override;
    bool halted() const override { return cpu_->halted; }
    void set_entry(const EntryState& entry) override;
    void flush_caches() override;
    void dirty_flags_cleared() override;
    void save(StateWriter& state) const override;
    void restore(StateReader& state) override;
    CodeExecution code_execution() const override;
    std::string describe() const override;

    soft::Cpu& cpu() { return *cpu_; }
    /// Recomputes what is derived after a test changed registers through cpu().
    void registers_changed();

private:
    void code_page_written(u64 page_index) override;
    RunExit execute(u64 until_ticks);
    bool take_pending();
    void run_next(u64 until_ticks);
    void run_one(u64 linear, u64 offset, u64 until_ticks);
    void execute_block(soft::Block* block, u64 until_ticks);
    void execute_translated(soft::Block* block, u64 until_ticks);
    void left_block(u64 until_ticks);
    bool to_be_translated(soft::Block& block);
    soft::Block* decode_new(u64 offset);
    void watch_code(u64 offset, unsigned size_bytes);
    void instruction_given_up(int code);
    void event_delivered();
    void fault_raised();
    bool instruction_breakpoint(u64 linear);

    std::unique_ptr<soft::Cpu> cpu_;
    std::unique_ptr<soft::Translator> translator_;  ///< Null: all code is interpreted.
    soft::BlockCache blocks_;
    u64 ticks_ = 0;
    u32 deliveries_without_retiring_ = 0;
    bool running_ = false;
    bool retired_ = true;     ///< The last thing done was to retire an instruction.
    soft::Event event_;       ///< On its way; never pending when run() returns.
    bool run_alone_ = false;  ///< The next instruction was given up by retry_alone().
    soft::InterruptShadow restore_shadow_ = soft::InterruptShadow::none;
    bool restore_resume_ = false;
};

}  // namespace vmft
