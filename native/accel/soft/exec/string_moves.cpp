#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/exec/string_operands.h"

/// MOVS, STOS, LODS, alone and with REP.
namespace vmft::soft {
namespace {

template <typename T, bool Flat>
void move_one(Cpu& cpu, const Insn* insn) {
    u64 from = source_linear<Flat>(cpu, insn, sizeof(T));
    u64 to = destination_linear<Flat>(cpu, insn, sizeof(T), Access::write);
    store<T>(cpu, insn, to, load<T>(cpu, insn, from));
    advance_index<Flat>(cpu, insn, rsi, sizeof(T));
    advance_index<Flat>(cpu, insn, rdi, sizeof(T));
}

/// Copies as element after element would: what was written earlier may be read again.
template <typename T>
inline void copy_ascending(u8* to, const u8* from, u64 count) {
    u64 bytes = count * sizeof(T);
    u64 distance = static_cast<u64>(to - from);  // huge when `to` lies below
    if (distance >= bytes) {
        std::memmove(to, from, bytes);
        return;
    }
    for (u64 at = 0; at < bytes; at += sizeof(T)) {
        T element;
        std::memcpy(&element, from + at, sizeof element);
        std::memcpy(to + at, &element, sizeof element);
    }
}

template <typename T>
u64 move_many(Cpu& cpu, const Insn* insn, u64 count_max) {
    u64 from = source_linear<true>(cpu, insn, sizeof(T)), to = cpu.gpr[rdi];
    u64 count = std::min({count_max, elements_in_page<T>(from), elements_in_page<T>(to)});
    if (count == 0) return 0;
    const u8* host_from = fast_read<T>(cpu, from);
    u8* host_to = fast_write<T>(cpu, to);
    if (!host_from || !host_to) return 0;
    copy_ascending<T>(host_to, host_from, count);
    cpu.gpr[rsi] += count * sizeof(T);
    cpu.gpr[rdi] += count * sizeof(T);
    return count;
}

template <typename T>
inline T accumulator(const Cpu& cpu) {
    return static_cast<T>(cpu.gpr[rax]);
}

template <typename T, bool Flat>
void store_one(Cpu& cpu, const Insn* insn) {
    store<T>(cpu, insn, destination_linear<Flat>(cpu, insn, sizeof(T), Access::write),
             accumulator<T>(cpu));
    advance_index<Flat>(cpu, insn, rdi, sizeof(T));
}

template <typename T>
u64 store_many(Cpu& cpu, const Insn*, u64 count_max) {
    u64 to = cpu.gpr[rdi];
    u64 count = std::min(count_max, elements_in_page<T>(to));
    if (count == 0) return 0;
    u8* host = fast_write<T>(cpu, to);
    if (!host) return 0;
    T value = accumulator<T>(cpu);
    if (value == 0 || sizeof(T) == 1)
        std::memset(host, static_cast<u8>(value), count * sizeof(T));
    else
        for (u64 i = 0; i < count; i++) std::memcpy(host + i * sizeof(T), &value, sizeof(T));
    cpu.gpr[rdi] += count * sizeof(T);
    return count;
}

template <typename T, bool Flat>
void load_one(Cpu& cpu, const Insn* insn) {
    T value = load<T>(cpu, insn, source_linear<Flat>(cpu, insn, sizeof(T)));
    if constexpr (sizeof(T) == 1)
        write_reg8(cpu, rax * 8, value);
    else
        write_reg<T>(cpu, rax, value);
    advance_index<Flat>(cpu, insn, rsi, sizeof(T));
}

template <typename T>
u64 load_many(Cpu&, const Insn*, u64) {
    return 0;
}

/// With F2 these repeat as with F3 (SDM 2B, REP).
template <auto OneFlat, auto OneChecked, auto Many>
Handler choose(Decoding& d) {
    bool repeated = d.rep || d.repne;
    if (flat_strings(d))
        return repeated ? branching(d, branch<repeat<true, OneFlat, Many>>) : step<OneFlat>;
    return repeated ? branching(d, branch<repeat<false, OneChecked, Many>>) : step<OneChecked>;
}

Handler select_move(Decoding& d) {
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        return choose<move_one<T, true>, move_one<T, false>, move_many<T>>(d);
    });
}
Handler select_store(Decoding& d) {
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        return choose<store_one<T, true>, store_one<T, false>, store_many<T>>(d);
    });
}
Handler select_load(Decoding& d) {
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        return choose<load_one<T, true>, load_one<T, false>, load_many<T>>(d);
    });
}

}  // namespace

void register_string_moves(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    table.set(map, 0xa4, false, Immediate::none, select_move);
    table.set(map, 0xa5, false, Immediate::none, select_move);
    table.set(map, 0xaa, false, Immediate::none, select_store);
    table.set(map, 0xab, false, Immediate::none, select_store);
    table.set(map, 0xac, false, Immediate::none, select_load);
    table.set(map, 0xad, false, Immediate::none, select_load);
}

}  // namespace vmft::soft
