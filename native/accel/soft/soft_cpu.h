#pragma once

#include <memory>

#include "accel/soft/block_cache.h"
#include "accel/soft/cpu.h"

namespace vmft {

/// The software CPU behind the accelerator interface; run.cpp holds its loop. Tests reach the registers through cpu().
class SoftCpu final : public Accelerator, private CodeWriteListener {
 public:
  SoftCpu(GuestMemory& memory, Platform& platform);
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
  std::string describe() const override;

  soft::Cpu& cpu() { return *cpu_; }
  /// Recomputes what is derived after a test changed registers through cpu().
  void registers_changed();

 private:
  void code_page_written(u64 page_index) override;
  RunExit execute(u64 until_ticks);
  bool deliver_pending();
  void run_block(u64 until_ticks);
  void run_alone(u64 until_ticks);
  void execute_insns(const soft::Insn* first);

  std::unique_ptr<soft::Cpu> cpu_;
  soft::BlockCache blocks_;
  u64 ticks_ = 0;
  u32 deliveries_without_retiring_ = 0;
  bool running_ = false;
};

}  // namespace vmft
