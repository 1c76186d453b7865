#include "accel/soft/exec/sse_frame.h"

namespace vmft::soft {

namespace {

/// Raises what refuses the instruction, in the order of the SDM's tables.
void demand_available(Cpu& cpu, const Insn* insn, Unit unit) {
    if (cpu.cr0 & cr0_em) raise(cpu, insn, vector_ud);
    if (unit != Unit::mmx && !(cpu.cr4 & cr4_osfxsr)) raise(cpu, insn, vector_ud);
    if (cpu.cr0 & cr0_ts) raise(cpu, insn, vector_nm);
    if (unit != Unit::sse && (cpu.x87.status & x87_exception_summary) && (cpu.cr0 & cr0_ne))
        raise(cpu, insn, vector_mf);
}

/// All that an operation may change.
class Destination {
public:
    Destination(const Cpu& cpu, const Insn* insn)
        : xmm_(cpu.xmm[insn->reg]), gpr_(cpu.gpr[insn->reg]), x87_(cpu.x87),
          lazy_result_(cpu.lazy_result), lazy_aux_(cpu.lazy_aux) {}
    void put_back(Cpu& cpu, const Insn* insn) const {
        cpu.xmm[insn->reg] = xmm_;
        cpu.gpr[insn->reg] = gpr_;
        cpu.x87 = x87_;
        cpu.lazy_result = lazy_result_;
        cpu.lazy_aux = lazy_aux_;
    }

private:
    Xmm xmm_;
    u64 gpr_;
    X87 x87_;
    u64 lazy_result_, lazy_aux_;
};

/// The operation when the guest has unmasked exceptions (SDM 1 11.5.2, 11.5.3, 11.5.4): the host
/// runs it masked; then the flags tell whether it should have faulted. One difference to a
/// processor remains: PE beside an unmasked OE or UE is that of the masked result, and should be
/// that of the result with an unbounded exponent.
void run_checked(Cpu& cpu, const Insn* insn, const u8* source, Operation operation) {
    const u32 unmasked = ~(cpu.mxcsr >> 7) & mxcsr_flags;
    const u32 host = _mm_getcsr();
    const Destination before(cpu, insn);
    _mm_setcsr(host & ~mxcsr_flags);
    operation(cpu, insn, source);
    u32 raised = _mm_getcsr() & mxcsr_flags;
    if (unmasked & mxcsr_underflow) {
        // Unmasked underflow means tiny; masked underflow, tiny and inexact. Flushing to zero
        // reports every tiny result, and changes nothing when there is none.
        before.put_back(cpu, insn);
        _mm_setcsr((host & ~mxcsr_flags) | mxcsr_flush_to_zero);
        operation(cpu, insn, source);
        raised = (raised & mxcsr_precision) | (_mm_getcsr() & mxcsr_flags & ~mxcsr_precision);
    }
    if (raised & unmasked & mxcsr_before_computation) raised &= mxcsr_before_computation;
    _mm_setcsr(host | raised);
    if (raised & unmasked) {
        before.put_back(cpu, insn);
        raise(cpu, insn, cpu.cr4 & cr4_osxmmexcpt ? vector_xm : vector_ud);
    }
}

void run(Cpu& cpu, const Insn* insn, const u8* source, Form form, Operation operation) {
    if (!form.rounds || !(~cpu.mxcsr & mxcsr_masks)) return operation(cpu, insn, source);
    // The x87 unit is in MMX state even when the conversion then faults, as processors have it.
    if (form.unit != Unit::sse) enter_mmx(cpu);
    run_checked(cpu, insn, source, operation);
}

u64 operand_address(Cpu& cpu, const Insn* insn, Form form, Access access) {
    const u64 linear = linear_address(cpu, insn, form.bytes, access);
    if (form.aligned && (linear & 15)) raise(cpu, insn, vector_gp, 0);
    return linear;
}

}  // namespace

void run_from_register(Cpu& cpu, const Insn* insn, Form form, Operation operation) {
    demand_available(cpu, insn, form.unit);
    const u8* source = form.file == File::xmm   ? register_source<File::xmm>(cpu, insn)
                       : form.file == File::mmx ? register_source<File::mmx>(cpu, insn)
                                                : register_source<File::general>(cpu, insn);
    run(cpu, insn, source, form, operation);
}

void run_from_memory(Cpu& cpu, const Insn* insn, Form form, Operation operation) {
    demand_available(cpu, insn, form.unit);
    const u64 linear = operand_address(cpu, insn, form, Access::read);
    Xmm copy;
    load_slow_bytes(cpu, insn, linear, copy.bytes, form.bytes);
    run(cpu, insn, copy.bytes, form, operation);
}

void run_to_memory(Cpu& cpu, const Insn* insn, Form form, StoredValue value) {
    demand_available(cpu, insn, form.unit);
    const u64 linear = operand_address(cpu, insn, form, Access::write);
    const V stored = value(cpu, insn);
    Xmm copy;
    std::memcpy(copy.bytes, &stored, sizeof copy);
    store_slow(cpu, insn, linear, copy.bytes, form.bytes);
    if (form.unit != Unit::sse) enter_mmx(cpu);
}

}  // namespace vmft::soft
