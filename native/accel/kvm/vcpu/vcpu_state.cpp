#include "accel/kvm/vcpu/vcpu_state.h"

#include <cstring>
#include <iterator>

#include "accel/msr_numbers.h"

namespace vmft::kvm {

namespace {

constexpr u64 flag_rf = u64{1} << 16;
constexpr u8 exceptions = 32;
/// Those that are no faults (SDM 3A 6.15): #DB, #BP, #OF, #DF, #MC.
constexpr u32 no_faults = 1u << 1 | 1u << 3 | 1u << 4 | 1u << 8 | 1u << 18;

/// An exception that the instruction behind the last exit has raised, and that is delivered by the
/// next entry: an MSR access that was refused, say.
struct WaitingException {
    u8 waits = 0, vector = 0, has_error_code = 0;
    u8 sets_rf = 0;  ///< In the flags it saves: KVM does so only for one that it raised itself.
    u32 error_code = 0;

    static WaitingException of(const kvm_vcpu_events& events, u64 rflags) {
        WaitingException found;
        if (!events.exception.injected && !events.exception.pending) return found;
        found.waits = 1;
        found.vector = events.exception.nr;
        found.has_error_code = events.exception.has_error_code != 0;
        if (found.has_error_code) found.error_code = events.exception.error_code;
        bool fault = found.vector < exceptions && !(no_faults >> found.vector & 1);
        found.sets_rf = fault && (events.exception.pending || (rflags & flag_rf));
        return found;
    }
};

/// Those that stay in KVM (msr_filter.cpp) and are not among kvm_sregs.
constexpr u32 kept_msrs[] = {msr_number::star, msr_number::lstar, msr_number::cstar,
                             msr_number::syscall_mask, msr_number::kernel_gs_base};

/// What of a segment can be observed. FS and GS have a base without being usable, and the processor
/// takes the privilege level from SS.
kvm_segment observable(kvm_segment segment, bool has_base_always, bool is_stack) {
    segment.padding = 0;
    if (!segment.unusable && segment.present) {
        segment.unusable = 0;
        return segment;
    }
    kvm_segment shown{};
    shown.selector = segment.selector;
    shown.unusable = 1;
    if (has_base_always) shown.base = segment.base;
    if (is_stack) shown.dpl = segment.dpl;
    return shown;
}

template <typename System, typename Field>
void each_system_register(System& system, Field field) {
    auto segment = [&](auto& each) {
        field(each.base), field(each.limit), field(each.selector), field(each.type);
        field(each.present), field(each.dpl), field(each.db), field(each.s), field(each.l);
        field(each.g), field(each.avl), field(each.unusable);
    };
    segment(system.cs), segment(system.ss), segment(system.ds), segment(system.es);
    segment(system.fs), segment(system.gs), segment(system.tr), segment(system.ldt);
    field(system.gdt.base), field(system.gdt.limit);
    field(system.idt.base), field(system.idt.limit);
    field(system.cr0), field(system.cr2), field(system.cr3), field(system.cr4);
    field(system.efer);
}

template <typename Registers, typename Field>
void each_register(Registers& registers, Field field) {
    static_assert(sizeof registers == 18 * sizeof(u64), "16 general ones, rip, rflags");
    auto* values = &registers.rax;
    for (unsigned i = 0; i < 18; i++) field(values[i]);
}

template <typename Fpu, typename Bytes, typename Field>
void each_fpu_register(Fpu& fpu, Bytes bytes, Field field) {
    for (auto& x87 : fpu.fpr) bytes(x87, 10);
    for (auto& xmm : fpu.xmm) bytes(xmm, 16);
    field(fpu.fcw), field(fpu.fsw), field(fpu.ftwx), field(fpu.mxcsr);
}

template <typename Debug, typename Field>
void each_debug_register(Debug& debug, Field field) {
    for (auto& address : debug.db) field(address);
    field(debug.dr6), field(debug.dr7);
}

template <typename Exception, typename Field>
void each_exception_field(Exception& exception, Field field) {
    field(exception.waits), field(exception.vector), field(exception.has_error_code);
    field(exception.sets_rf), field(exception.error_code);
}

void restore_fields(Vcpu& vcpu, StateReader& state) {
    auto get = [&](auto& value) { state.get(value); };
    auto get_bytes = [&](u8* bytes, size_t size) { state.get_bytes({bytes, size}); };

    kvm_regs registers{};
    each_register(registers, get);
    kvm_sregs system = vcpu.system_registers();
    u64 apic_base = system.apic_base;
    system = {};
    system.apic_base = apic_base;
    each_system_register(system, get);
    kvm_fpu fpu{};
    each_fpu_register(fpu, get_bytes, get);
    kvm_debugregs debug{};
    each_debug_register(debug, get);
    kvm_vcpu_events events{};
    state.get(events.interrupt.shadow);
    state.get(events.nmi.masked);
    WaitingException exception;
    each_exception_field(exception, get);
    u64 msrs[std::size(kept_msrs)];
    for (u64& value : msrs) state.get(value);
    if (!state.ok()) return;

    events.flags = KVM_VCPUEVENT_VALID_NMI_PENDING | KVM_VCPUEVENT_VALID_SHADOW;
    events.exception.injected = exception.waits;
    events.exception.nr = exception.vector;
    events.exception.has_error_code = exception.has_error_code;
    events.exception.error_code = exception.error_code;
    if (exception.sets_rf) registers.rflags |= flag_rf;
    vcpu.set_system_registers(system);
    vcpu.set_registers(registers);
    vcpu.set_fpu(fpu);
    vcpu.set_debug_registers(debug);
    vcpu.set_events(events);
    for (size_t i = 0; i < std::size(kept_msrs); i++)
        if (!vcpu.set_msr(kept_msrs[i], msrs[i])) state.fail();
}

}  // namespace

void save_vcpu(Vcpu& vcpu, StateWriter& state) {
    auto put = [&](const auto& value) { state.put(value); };
    auto put_bytes = [&](const u8* bytes, size_t size) { state.put_bytes({bytes, size}); };

    kvm_regs registers = vcpu.registers();
    registers.rflags &= ~flag_rf;
    each_register(registers, put);

    kvm_sregs system = vcpu.system_registers();
    system.cs = observable(system.cs, false, false);
    system.ss = observable(system.ss, false, true);
    system.ds = observable(system.ds, false, false);
    system.es = observable(system.es, false, false);
    system.fs = observable(system.fs, true, false);
    system.gs = observable(system.gs, true, false);
    system.tr = observable(system.tr, false, false);
    system.ldt = observable(system.ldt, false, false);
    each_system_register(system, put);

    kvm_fpu fpu = vcpu.fpu();
    each_fpu_register(fpu, put_bytes, put);
    kvm_debugregs debug = vcpu.debug_registers();
    each_debug_register(debug, put);
    kvm_vcpu_events events = vcpu.events();
    put(events.interrupt.shadow);
    put(events.nmi.masked);
    const auto exception = WaitingException::of(events, vcpu.registers().rflags);
    each_exception_field(exception, put);
    for (u32 msr : kept_msrs) {
        u64 value = 0;
        vcpu.get_msr(msr, value);
        put(value);
    }
}

void restore_vcpu(Vcpu& vcpu, StateReader& state) {
    try {
        restore_fields(vcpu, state);
    } catch (const AcceleratorFault&) {
        // KVM refuses what no processor can hold.
        state.fail();
    }
}

}  // namespace vmft::kvm
