#pragma once

#include "accel/soft/access.h"
#include "accel/soft/decode.h"
#include "accel/soft/dispatch.h"

/// Handlers of instructions with one ModRM operand, in the shape the hot path needs. A handler
/// with a call in its middle would have to keep `cpu` and `insn` in saved registers and set up a
/// frame on every run. So the fast handler holds only what happens when the TLB hits, and
/// jumps to a second handler, out of line, that does the whole instruction the general way.
///
/// The address is the other cost: three forms are told apart when decoding.
namespace vmft::soft {

enum class AddressForm : u8 {
    base_disp,  ///< Base and displacement, segment base zero (64-bit mode): the usual one.
    indexed,    ///< Any address without truncation or segment limit.
    general,    ///< Everything else: only the slow handler.
};

inline AddressForm address_form(const Decoding& d) {
    const Insn& insn = *d.insn;
    if (insn.flags & (insn_address_checked | insn_rip_late)) return AddressForm::general;
    bool segment_zero = d.long_mode() && insn.segment != seg_fs && insn.segment != seg_gs;
    return segment_zero && insn.index == reg_zero ? AddressForm::base_disp : AddressForm::indexed;
}

template <AddressForm Form>
inline u64 plain_address(const Cpu& cpu, const Insn* insn) {
    u64 address = cpu.gpr[insn->base] + static_cast<u64>(static_cast<i64>(insn->disp));
    if constexpr (Form == AddressForm::indexed)
        address += (cpu.gpr[insn->index] << insn->scale) + cpu.segment_base[insn->segment];
    return address;
}

// Apply(cpu, insn, T value): the operand is a source -----------------------------------

template <typename T, auto Apply>
[[gnu::noinline]] void source_slow(Cpu& cpu, const Insn* insn) {
    Apply(cpu, insn, load<T>(cpu, insn, linear_address(cpu, insn, sizeof(T), Access::read)));
    VMFT_GO(cpu, insn + 1);
}
template <typename T, auto Apply, AddressForm Form>
void source_fast(Cpu& cpu, const Insn* insn) {
    if (const u8* host = fast_read<T>(cpu, plain_address<Form>(cpu, insn))) [[likely]] {
        T value;
        std::memcpy(&value, host, sizeof value);
        Apply(cpu, insn, value);
        VMFT_GO(cpu, insn + 1);
    }
    return source_slow<T, Apply>(cpu, insn);
}
template <typename T, auto Apply>
inline void source_register(Cpu& cpu, const Insn* insn) {
    Apply(cpu, insn, get_rm_reg<T>(cpu, insn));
}
template <typename T, auto Apply>
Handler rm_source(const Decoding& d) {
    if (!d.memory) return step<source_register<T, Apply>>;
    switch (address_form(d)) {
    case AddressForm::base_disp: return source_fast<T, Apply, AddressForm::base_disp>;
    case AddressForm::indexed: return source_fast<T, Apply, AddressForm::indexed>;
    default: return source_slow<T, Apply>;
    }
}

// T Apply(cpu, insn, T old): the operand is read and written ---------------------------

template <typename T, auto Apply>
[[gnu::noinline]] void change_slow(Cpu& cpu, const Insn* insn) {
    modify<T>(cpu, insn, linear_address(cpu, insn, sizeof(T), Access::write),
              [&cpu, insn](T old) { return Apply(cpu, insn, old); });
    VMFT_GO(cpu, insn + 1);
}
template <typename T, auto Apply, AddressForm Form>
void change_fast(Cpu& cpu, const Insn* insn) {
    if (u8* host = fast_write<T>(cpu, plain_address<Form>(cpu, insn))) [[likely]] {
        T value;
        std::memcpy(&value, host, sizeof value);
        value = Apply(cpu, insn, value);
        std::memcpy(host, &value, sizeof value);
        VMFT_GO(cpu, insn + 1);
    }
    return change_slow<T, Apply>(cpu, insn);
}
template <typename T, auto Apply>
inline void change_register(Cpu& cpu, const Insn* insn) {
    put_rm_reg<T>(cpu, insn, Apply(cpu, insn, get_rm_reg<T>(cpu, insn)));
}
template <typename T, auto Apply>
Handler rm_change(const Decoding& d) {
    if (!d.memory) return step<change_register<T, Apply>>;
    switch (address_form(d)) {
    case AddressForm::base_disp: return change_fast<T, Apply, AddressForm::base_disp>;
    case AddressForm::indexed: return change_fast<T, Apply, AddressForm::indexed>;
    default: return change_slow<T, Apply>;
    }
}

// T Value(cpu, insn): the operand is written; Value changes nothing --------------------

template <typename T, auto Value>
[[gnu::noinline]] void target_slow(Cpu& cpu, const Insn* insn) {
    store<T>(cpu, insn, linear_address(cpu, insn, sizeof(T), Access::write), Value(cpu, insn));
    VMFT_GO(cpu, insn + 1);
}
template <typename T, auto Value, AddressForm Form>
void target_fast(Cpu& cpu, const Insn* insn) {
    if (u8* host = fast_write<T>(cpu, plain_address<Form>(cpu, insn))) [[likely]] {
        T value = Value(cpu, insn);
        std::memcpy(host, &value, sizeof value);
        VMFT_GO(cpu, insn + 1);
    }
    return target_slow<T, Value>(cpu, insn);
}
template <typename T, auto Value>
inline void target_register(Cpu& cpu, const Insn* insn) {
    put_rm_reg<T>(cpu, insn, Value(cpu, insn));
}
template <typename T, auto Value>
Handler rm_target(const Decoding& d) {
    if (!d.memory) return step<target_register<T, Value>>;
    switch (address_form(d)) {
    case AddressForm::base_disp: return target_fast<T, Value, AddressForm::base_disp>;
    case AddressForm::indexed: return target_fast<T, Value, AddressForm::indexed>;
    default: return target_slow<T, Value>;
    }
}

}  // namespace vmft::soft
