#pragma once

#include <array>

#include "accel/kvm/counter/branch_instruction.h"
#include "accel/kvm/counter/interrupt_handler.h"

namespace vmft::kvm {

/// Executes the guest one instruction at a time so that the guest cannot tell; stepper.cpp has the
/// essay. Between `begin` and `end` nobody else changes the vCPU. vCPU thread only.
class Stepper {
public:
    Stepper(Vcpu& vcpu, GuestMemory& memory) : vcpu_(vcpu), memory_(memory) {}

    enum class Ended : u8 {
        retired,  ///< One instruction, or an iteration of a REP; with MOV SS or STI the one behind
                  ///< it too.
        arrived,  ///< An interrupt or fault was delivered: at its handler's first instruction.
        exit,     ///< The instruction made an exit, see run_page(); it is not finished.
        kicked,   ///< Vcpu::enter would not go in; nothing was executed.
    };
    struct Step {
        Ended ended = Ended::retired;
        bool branch = false;  ///< A conditional branch retired.
        /// Something is on its way that comes before the next instruction: no place to stop at.
        bool event_waits = false;
    };

    void begin();
    Step step();
    /// Leaves nothing of the stepping behind.
    void end();

private:
    static constexpr unsigned targets_max = 4;  // Debug registers.
    struct Target {
        u64 linear = 0;
        u8 slot_bytes = 8;
        bool intended = false;  ///< Getting there is what the instruction does.
        bool behind = false;    ///< The guest's own trap behind the instruction.
    };
    /// The instruction at rip, and what there is to know before it is gone.
    struct Next {
        DecodedInstruction instruction;
        std::optional<DecodedInstruction> behind;  ///< MOV SS, STI: the one that may go with it.
        u64 rip = 0, linear = 0;
        bool trap_flag = true;        ///< To be stepped by TF.
        bool sets_trap_flag = false;  ///< POPF, IRET: the guest's own TF.
        std::optional<u64> goes_to;   ///< Then: to this linear address.
    };

    Next look();
    void look_at_new_flags(Next& next);
    void choose_targets(const Next& next);
    void add_target(std::optional<u64> linear, u8 slot_bytes, bool intended);
    void add_handler(u8 vector, bool intended = false);
    void add_fault_handlers(const Next& next);
    bool enter(bool single_step);
    Step deliver();
    bool delivered();
    Step leave_debug_trap(const Next& next);
    Step after_entry(const Next& next);
    Step arrive(const Target& target, const Next* next);
    Step retire(const Next& next);
    void clear_trap_flag_in_frame(const Target& target, const Next& next);
    void clear_trap_flag_at(u64 linear);
    u64 stack_linear(u64 offset);
    const Target* target_here();
    const kvm_sregs& system();

    Vcpu& vcpu_;
    GuestMemory& memory_;
    kvm_sregs system_{};
    bool system_valid_ = false;
    bool guest_trap_flag_ = false;  ///< TF as the guest has it.
    bool event_waits_ = false;
    bool toggle_ = false;
    std::array<Target, targets_max> targets_{};
    unsigned target_count_ = 0;
};

/// Hands a #DB that KVM reported to user space, and that is the guest's own, back to the guest:
/// queued, with its cause in DR6.
void give_debug_exception_to_guest(Vcpu& vcpu, u64 dr6_causes);

}  // namespace vmft::kvm
