#include "differential_planted.h"

#include "accel/soft/access.h"
#include "accel/soft/decode.h"
#include "accel/soft/dispatch.h"
#include "accel/soft/exec/x87_host.h"
#include "accel/soft/flags.h"

/// Mistakes of the kind one makes in such code: right for most inputs. Each takes the place of a
/// handler in the opcode table.
namespace vmft::differential {
namespace {

using namespace soft;

/// The carry out of a + b + 1 found by comparing the result with a, which forgets that they can be
/// equal.
template <typename T>
void adc_carry(Cpu& cpu, const Insn* insn) {
    T a = get_rm_reg<T>(cpu, insn), b = get_reg<T>(cpu, insn);
    T result = static_cast<T>(a + b + get_cf(cpu));
    bool wrong = get_cf(cpu) && result == a;
    set_flags_add<T>(cpu, a, b, result);
    if (wrong) set_cf(cpu, false);
    put_rm_reg<T>(cpu, insn, result);
}

/// The upper half without the carries between the partial products.
void multiply_upper_half(Cpu& cpu, const Insn* insn) {
    u64 a = cpu.gpr[rax], b = get_rm_reg<u64>(cpu, insn);
    u64 high = (a >> 32) * (b >> 32) + ((a >> 32) * (b & 0xffff'ffff) >> 32) +
               ((a & 0xffff'ffff) * (b >> 32) >> 32);
    cpu.gpr[rax] = a * b;
    cpu.gpr[rdx] = high;
    set_flags_logic<u64>(cpu, cpu.gpr[rax]);
    set_cf_of(cpu, high, high);
}

/// SHL by one whose OF is the bit shifted out, not the change of sign.
template <typename T>
void shift_overflow(Cpu& cpu, const Insn* insn) {
    T value = get_rm_reg<T>(cpu, insn);
    bool out = value >> (8 * sizeof(T) - 1) & 1;
    T result = static_cast<T>(value << 1);
    set_flags_logic<T>(cpu, result);
    set_cf_of(cpu, out, out);
    put_rm_reg<T>(cpu, insn, result);
}

/// INC that clears CF, as ADD 1 would.
template <typename T>
void increment_carry(Cpu& cpu, const Insn* insn) {
    T value = get_rm_reg<T>(cpu, insn), result = static_cast<T>(value + 1);
    set_flags_add<T>(cpu, value, 1, result);
    put_rm_reg<T>(cpu, insn, result);
}

/// A load that loses what lies on the second page.
void load_across_pages(Cpu& cpu, const Insn* insn) {
    u64 linear = linear_address(cpu, insn, 8, Access::read);
    u64 value = load<u64>(cpu, insn, linear), inside = page_bytes - (linear & page_mask);
    if (inside < 8) value &= (u64{1} << 8 * inside) - 1;
    put_reg<u64>(cpu, insn, value);
}

/// MOVAPS that accepts any address.
[[gnu::noinline]] void unaligned(Cpu& cpu, const Insn* insn) {
    Xmm value;
    load_xmm(cpu, insn, linear_address(cpu, insn, 16, Access::read), value);
    cpu.xmm[insn->reg] = value;
}

/// PADDUSB that wraps.
void add_without_saturation(Cpu& cpu, const Insn* insn) {
    for (unsigned i = 0; i < 16; i++)
        cpu.xmm[insn->reg].bytes[i] =
            static_cast<u8>(cpu.xmm[insn->reg].bytes[i] + cpu.xmm[insn->rm].bytes[i]);
}

/// FADD that does not tell that it rounded up.
[[gnu::noinline]] void add_without_c1(Cpu& cpu, const Insn* insn) {
    x87::require_ready(cpu, insn);
    X87& x = cpu.x87;
    unsigned other = insn->rm & 7;
    Float80 result = x87::indefinite;
    bool done = x87::empty(x, 0) || x87::empty(x, other)
                    ? x87::stack_underflow(x)
                    : x87::accept(x, x87::host_arithmetic<x87::op_add>(x.control, x87::st(x, 0),
                                                                       x87::st(x, other), result));
    x87::clear_c1(x);
    if (done) x87::put(x, 0, result);
}

using Choose =
    Handler (*)(const Decoding& d);  ///< The wrong handler; null where the right one stays.

struct Plant {
    PlantedBug bug;
    Choose choose;
};

bool registers_of(const Decoding& d, unsigned bytes) {
    return !d.memory && d.operand_bytes == bytes;
}

const Plant plants[] = {
    {{"ADC's carry out", 0, 0x11, 0},
     [](const Decoding& d) -> Handler {
         return registers_of(d, 8)   ? step<adc_carry<u64>>
                : registers_of(d, 4) ? step<adc_carry<u32>>
                                     : nullptr;
     }},
    {{"MUL's upper half", 0, 0xf7, 0},
     [](const Decoding& d) -> Handler {
         return registers_of(d, 8) && d.reg == 4 ? step<multiply_upper_half> : nullptr;
     }},
    {{"SHL's OF", 0, 0xd1, 0},
     [](const Decoding& d) -> Handler {
         return registers_of(d, 4) && d.reg == 4 ? step<shift_overflow<u32>> : nullptr;
     }},
    {{"INC's CF", 0, 0xff, 0},
     [](const Decoding& d) -> Handler {
         return registers_of(d, 4) && d.reg == 0 ? step<increment_carry<u32>> : nullptr;
     }},
    {{"a load across pages", 0, 0x8b, 0},
     [](const Decoding& d) -> Handler {
         return d.memory && d.operand_bytes == 8 ? step<load_across_pages> : nullptr;
     }},
    {{"MOVAPS's alignment", 1, 0x28, 0},
     [](const Decoding& d) -> Handler {
         return d.memory && d.mandatory == Mandatory::none ? step<unaligned> : nullptr;
     }},
    {{"PADDUSB's saturation", 1, 0xdc, 0x66},
     [](const Decoding& d) -> Handler {
         return !d.memory && d.mandatory == Mandatory::p66 ? step<add_without_saturation> : nullptr;
     }},
    {{"FADD's C1", 0, 0xd8, 0},
     [](const Decoding& d) -> Handler {
         return !d.memory && d.reg == 0 ? step<add_without_c1> : nullptr;
     }},
};
constexpr unsigned plant_count = sizeof plants / sizeof plants[0];

Select originals[plant_count];

template <unsigned Number>
Handler select_planted(Decoding& d) {
    Handler right = originals[Number](d);
    Handler wrong = right ? plants[Number].choose(d) : nullptr;
    return wrong ? wrong : right;
}

template <unsigned Number>
void plant_from() {
    if constexpr (Number < plant_count) {
        const PlantedBug& bug = plants[Number].bug;
        auto map = static_cast<OpcodeMap>(bug.map);
        OpcodeEntry entry = opcode_table().entry(bug.map, bug.opcode);
        originals[Number] = entry.select;
        const_cast<OpcodeTable&>(opcode_table())
            .set(map, bug.opcode, entry.modrm, entry.immediate, select_planted<Number>);
        plant_from<Number + 1>();
    }
}

}  // namespace

std::vector<PlantedBug> planted_bugs() {
    std::vector<PlantedBug> bugs;
    for (const Plant& plant : plants) bugs.push_back(plant.bug);
    return bugs;
}

void plant_bugs() { plant_from<0>(); }

}  // namespace vmft::differential
