#include "accel/soft/exec/integer_registration.h"
#include "accel/soft/exec/operand_width.h"
#include "accel/soft/exec/string_operands.h"

/// CMPS and SCAS, alone and with REPE and REPNE.
namespace vmft::soft {
namespace {

template <typename T>
inline void set_flags_compare(Cpu& cpu, T a, T b) {
    set_flags_sub<T>(cpu, a, b, static_cast<T>(a - b));
}

template <typename T>
inline T element(const u8* host, u64 index) {
    T value;
    std::memcpy(&value, host + index * sizeof(T), sizeof value);
    return value;
}

template <typename T, bool Flat>
void compare_one(Cpu& cpu, const Insn* insn) {
    // Processors look at ES:[rDI] first: it matters when both fault.
    T b = load<T>(cpu, insn, destination_linear<Flat>(cpu, insn, sizeof(T), Access::read));
    T a = load<T>(cpu, insn, source_linear<Flat>(cpu, insn, sizeof(T)));
    set_flags_compare<T>(cpu, a, b);
    advance_index<Flat>(cpu, insn, rsi, sizeof(T));
    advance_index<Flat>(cpu, insn, rdi, sizeof(T));
}

template <typename T, bool WhileZero>
u64 compare_many(Cpu& cpu, const Insn* insn, u64 count_max) {
    u64 first = source_linear<true>(cpu, insn, sizeof(T)), second = cpu.gpr[rdi];
    u64 count = std::min({count_max, elements_in_page<T>(first), elements_in_page<T>(second)});
    if (count == 0) return 0;
    const u8* host_first = fast_read<T>(cpu, first);
    const u8* host_second = fast_read<T>(cpu, second);
    if (!host_first || !host_second) return 0;
    u64 at = 0;
    while (at + 1 < count &&
           (element<T>(host_first, at) == element<T>(host_second, at)) == WhileZero)
        at++;
    set_flags_compare<T>(cpu, element<T>(host_first, at), element<T>(host_second, at));
    cpu.gpr[rsi] += (at + 1) * sizeof(T);
    cpu.gpr[rdi] += (at + 1) * sizeof(T);
    return at + 1;
}

template <typename T, bool Flat>
void scan_one(Cpu& cpu, const Insn* insn) {
    T value = load<T>(cpu, insn, destination_linear<Flat>(cpu, insn, sizeof(T), Access::read));
    set_flags_compare<T>(cpu, static_cast<T>(cpu.gpr[rax]), value);
    advance_index<Flat>(cpu, insn, rdi, sizeof(T));
}

template <typename T, bool WhileZero>
u64 scan_many(Cpu& cpu, const Insn*, u64 count_max) {
    u64 from = cpu.gpr[rdi];
    u64 count = std::min(count_max, elements_in_page<T>(from));
    if (count == 0) return 0;
    const u8* host = fast_read<T>(cpu, from);
    if (!host) return 0;
    T wanted = static_cast<T>(cpu.gpr[rax]);
    u64 at = 0;
    while (at + 1 < count && (element<T>(host, at) == wanted) == WhileZero) at++;
    set_flags_compare<T>(cpu, wanted, element<T>(host, at));
    cpu.gpr[rdi] += (at + 1) * sizeof(T);
    return at + 1;
}

template <bool Flat, auto One, auto ManyWhileZero, auto ManyWhileNotZero>
Handler choose(Decoding& d) {
    if (d.rep) return branching(d, branch<repeat_while<Flat, true, One, ManyWhileZero>>);
    if (d.repne) return branching(d, branch<repeat_while<Flat, false, One, ManyWhileNotZero>>);
    return step<One>;
}

Handler select_compare(Decoding& d) {
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        if (flat_strings(d))
            return choose<true, compare_one<T, true>, compare_many<T, true>,
                          compare_many<T, false>>(d);
        return choose<false, compare_one<T, false>, compare_many<T, true>, compare_many<T, false>>(
            d);
    });
}
Handler select_scan(Decoding& d) {
    return by_width(width_by_opcode(d), [&d]<typename T>() -> Handler {
        if (flat_strings(d))
            return choose<true, scan_one<T, true>, scan_many<T, true>, scan_many<T, false>>(d);
        return choose<false, scan_one<T, false>, scan_many<T, true>, scan_many<T, false>>(d);
    });
}

}  // namespace

void register_string_compares(OpcodeTable& table) {
    auto map = OpcodeMap::one_byte;
    table.set(map, 0xa6, false, Immediate::none, select_compare);
    table.set(map, 0xa7, false, Immediate::none, select_compare);
    table.set(map, 0xae, false, Immediate::none, select_scan);
    table.set(map, 0xaf, false, Immediate::none, select_scan);
}

}  // namespace vmft::soft
