#include <cmath>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "accel/soft/access.h"
#include "accel/soft/decode.h"
#include "accel/soft/flags.h"
#include "accel/soft/host_instruction.h"
#include "accel/soft/simd_state.h"
#include "machine/guest_memory.h"
#include "test.h"

/// Every MMX and SSE form that decodes, register and memory operand, against the host's
/// instruction: random and special operands, all rounding modes, FTZ and DAZ, masked and unmasked
/// exceptions. The forms are: ModRM.reg = 1, r/m = 2 or [rbx].
namespace vmft::test {

namespace {

using namespace soft;

constexpr u32 mxcsr_out_of_range = 0x18, mxcsr_precision = 0x20;

struct Form {
    u8 prefix = 0;  // 0, 66, F3, F2
    u8 map = 1, opcode = 0;
    u8 group = 1;  // ModRM.reg
    bool memory = false, wide = false;
};

struct Encoded {
    u8 bytes[16] = {};
    unsigned length = 0;
    void put(unsigned byte) { bytes[length++] = static_cast<u8>(byte); }
};

bool has_immediate(const Form& form) {
    return opcode_table().entry(form.map, form.opcode).immediate == Immediate::byte_unsigned;
}

Encoded encode(const Form& form, u8 immediate) {
    Encoded code;
    if (form.prefix) code.put(form.prefix);
    if (form.wide) code.put(0x48);
    code.put(0x0f);
    if (form.map == 2) code.put(0x38);
    if (form.map == 3) code.put(0x3a);
    code.put(form.opcode);
    code.put((form.memory ? 0x03u : 0xc2u) | form.group << 3u);
    if (has_immediate(form)) code.put(immediate);
    return code;
}

std::string name_of(const Form& form) {
    char text[64];
    std::snprintf(text, sizeof text, "%02x%s 0f map %d opcode %02x /%d %s", form.prefix,
                  form.wide ? " rex.w" : "", form.map, form.opcode, form.group,
                  form.memory ? "memory" : "register");
    return text;
}

/// A vCPU with one page of memory, whose linear addresses are the host's: the same registers serve
/// both.
struct Bench {
    static constexpr u64 page_address = 0x8000;
    GuestMemory memory{1 << 20};
    TlbEntry tlb[tlb_entries];
    Cpu cpu;
    alignas(Block) u8 block_bytes[sizeof(Block) + 2 * sizeof(Insn)] = {};
    std::mt19937_64 random{20240229};

    u8* page() { return memory.data() + page_address; }
    u8* operand() { return page() + 2048; }

    Bench() {
        reset_control();
        cpu.efer = efer_lme | efer_lma;
        cpu.code_mode = code64 | code_stack32;
        cpu.tlb = tlb;
        cpu.memory = &memory;
        cpu.ram = memory.data();
        cpu.page_flags = memory.page_flags();
        map_page(true);
    }

    void reset_control() {
        cpu.cr0 = cr0_pe | cr0_pg | cr0_ne;
        cpu.cr4 = cr4_pae | cr4_osfxsr | cr4_osxmmexcpt;
        cpu.x87.status = 0;
    }

    /// With shortcuts, accesses take the fast way.
    void map_page(bool shortcuts) {
        const u64 linear = reinterpret_cast<u64>(page());
        TlbEntry& entry = tlb_entry(cpu, linear);
        entry.target = page_address | TlbEntry::writable_bit;
        entry.host_minus_linear = 0;
        entry.read_page = shortcuts ? linear : linear | TlbEntry::slow;
        entry.write_page = shortcuts ? linear : TlbEntry::none;
    }

    u64 special_quad() {
        static constexpr u32 singles[] = {
            0,          0x80000000, 1,          0x80000001, 0x007fffff, 0x00800000,
            0x80800000, 0x3f800000, 0xbf800000, 0x7f7fffff, 0x7f800000, 0xff800000,
            0x7fc00001, 0xffc12345, 0x7f800001, 0xffa00000, 0x4f000000, 0xcf000000,
            0x3f000000, 0x4b000001, 0x00000003, 0x5f000000, 0x3fc00000};
        static constexpr u64 doubles[] = {0,
                                          0x8000000000000000,
                                          1,
                                          0x000fffffffffffff,
                                          0x0010000000000000,
                                          0x8010000000000000,
                                          0x3ff0000000000000,
                                          0xbff0000000000000,
                                          0x7fefffffffffffff,
                                          0x7ff0000000000000,
                                          0xfff0000000000000,
                                          0x7ff8000000000001,
                                          0xfff8123400000000,
                                          0x7ff0000000000001,
                                          0x41dfffffffc00000,
                                          0xc1e0000000000000,
                                          0x43e0000000000000,
                                          0x3ff8000000000000,
                                          0x36a0000000000000,
                                          0x3690000000000001,
                                          0x47efffffe0000000,
                                          0x47f0000000000000};
        switch (random() % 4) {
        case 0: return doubles[random() % std::size(doubles)];
        case 1:
            return u64{singles[random() % std::size(singles)]} << 32 |
                   singles[random() % std::size(singles)];
        case 2: return (random() % 300) | (random() % 3 - 1) << 32;
        default: {
            const u64 bits = random();  // Exponents near one, so that sums round and products meet.
            return (bits & 0x800fffff807fffff) |
                   (0x3ff000003f800000 + (random() % 4 << 52) + (random() % 4 << 23));
        }
        }
    }
    void fill(u8* bytes, unsigned count) {
        const bool zeros = random() % 4 == 0;  // Text with short lengths.
        for (unsigned at = 0; at < count; at += 8) {
            u64 value = random() % 3 ? special_quad() : random();
            if (zeros) value &= random() & 0x0301030103010301;
            std::memcpy(bytes + at, &value, 8);
        }
    }

    HostRegisters random_registers(bool unmasked) {
        HostRegisters registers{};
        fill(&registers.xmm[0][0], 48);
        for (u64& mm : registers.mm) mm = random() % 3 ? special_quad() : random();
        registers.rax = random() % 2 ? random() % 20 : random();
        registers.rcx = random() % 2 ? special_quad() : random();
        registers.rdx = random() % 2 ? random() % 40 - 20 : special_quad();
        registers.rbx = reinterpret_cast<u64>(operand());
        registers.rdi = reinterpret_cast<u64>(operand());
        registers.flags = 0x202 | (random() & flags_arithmetic);
        registers.mxcsr = 0x1f80 | (random() & 0xe03f);
        if (random() % 2) registers.mxcsr &= ~0x3fu;
        if (random() % 2) registers.mxcsr &= ~0x8040u;
        if (unmasked) registers.mxcsr = (registers.mxcsr & ~0x1fbfu) | (random() & 0x1f80);
        return registers;
    }

    /// Runs the code on the software CPU. Returns the vector it raised, or -1.
    int run(const Encoded& code, HostRegisters& registers) {
        auto* block = reinterpret_cast<Block*>(block_bytes);
        block->count = 1;
        Insn* insns = block->insns;
        if (decode(code.bytes, 15, code64 | code_stack32, 0, insns[0]) != DecodeResult::ok)
            return vector_ud;
        insns[1] = insns[0];
        insns[1].handler = [](Cpu&, const Insn*) {};
        cpu.block = block;
        std::memcpy(cpu.xmm, registers.xmm, sizeof registers.xmm);
        for (unsigned i = 0; i < 3; i++) cpu.x87.registers[i].mantissa = registers.mm[i];
        cpu.gpr[rax] = registers.rax, cpu.gpr[rcx] = registers.rcx, cpu.gpr[rdx] = registers.rdx;
        cpu.gpr[rbx] = registers.rbx, cpu.gpr[rdi] = registers.rdi;
        set_arithmetic_flags(cpu, registers.flags);
        cpu.mxcsr = registers.mxcsr;
        volatile int vector = -1;
        simd_enter(cpu);
        if (setjmp(cpu.give_up) == 0)
            insns[0].handler(cpu, insns);
        else
            vector = cpu.fault_vector;
        simd_leave(cpu);
        std::memcpy(registers.xmm, cpu.xmm, sizeof registers.xmm);
        for (unsigned i = 0; i < 3; i++) registers.mm[i] = cpu.x87.registers[i].mantissa;
        registers.rax = cpu.gpr[rax], registers.rcx = cpu.gpr[rcx], registers.rdx = cpu.gpr[rdx];
        registers.rbx = cpu.gpr[rbx], registers.rdi = cpu.gpr[rdi];
        registers.flags = (registers.flags & ~flags_arithmetic) | arithmetic_flags(cpu);
        registers.mxcsr = cpu.mxcsr;
        return vector;
    }
};

/// The bench is large, and one serves all tests.
Bench& bench() {
    static auto one = std::make_unique<Bench>();
    return *one;
}

bool is_approximation(const Form& form) {
    return form.map == 1 && (form.opcode == 0x52 || form.opcode == 0x53);
}

/// Whether the form decodes to something of ours.
bool exists(const Form& form) {
    Insn insn;
    const Encoded code = encode(form, 0);
    return opcode_table().entry(form.map, form.opcode).select &&
           decode(code.bytes, 15, code64 | code_stack32, 0, insn) == DecodeResult::ok;
}

/// Opcodes that register_sse owns, in maps 1-3.
bool is_ours(u8 map, u8 opcode) {
    if (map == 2) return opcode <= 0x41;
    if (map == 3) return opcode <= 0x63;
    const u8 high = opcode >> 4;
    if (opcode == 0x77) return false;
    if (high == 1) return opcode <= 0x17;
    if (high == 2) return opcode >= 0x28;
    if (opcode >= 0xc4) return opcode <= 0xc6 || (opcode >= 0xd0 && opcode < 0xff);
    return high == 5 || high == 6 || high == 7 || opcode == 0xc2;
}

template <typename Visit>
void each_form(Visit visit) {
    for (u8 map = 1; map <= 3; map++)
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            if (!is_ours(map, static_cast<u8>(opcode))) continue;
            const bool by_group = map == 1 && opcode >= 0x71 && opcode <= 0x73;
            for (u8 prefix : {0x00, 0x66, 0xf3, 0xf2})
                for (bool memory : {false, true})
                    for (bool wide : {false, true})
                        for (u8 group = by_group ? 0 : 1; group < (by_group ? 8 : 2); group++) {
                            const Form form{prefix, map,    static_cast<u8>(opcode),
                                            group,  memory, wide};
                            if (exists(form)) visit(form);
                        }
        }
}

bool same_result(const HostRegisters& a, const HostRegisters& b) {
    return std::memcmp(a.xmm, b.xmm, sizeof a.xmm) == 0 &&
           std::memcmp(a.mm, b.mm, sizeof a.mm) == 0 && a.rax == b.rax && a.rcx == b.rcx &&
           a.rdx == b.rdx && a.rbx == b.rbx && a.rdi == b.rdi &&
           ((a.flags ^ b.flags) & flags_arithmetic) == 0 && a.mxcsr == b.mxcsr;
}

void print_registers(const char* title, const HostRegisters& r) {
    std::printf("  %-6s", title);
    for (const auto& xmm : r.xmm) {
        u64 halves[2];
        std::memcpy(halves, xmm, 16);
        std::printf(" %016lx:%016lx", halves[1], halves[0]);
    }
    std::printf("\n         mm %016lx %016lx rax %lx rcx %lx rdx %lx flags %lx mxcsr %x\n", r.mm[1],
                r.mm[2], r.rax, r.rcx, r.rdx, r.flags & flags_arithmetic, r.mxcsr);
}

/// Runs `form` `count` times on both and compares; reports the first difference.
void compare_with_host(const Form& form, unsigned count, bool unmasked) {
    Bench& b = bench();
    for (unsigned i = 0; i < count; i++) {
        const Encoded code = encode(form, static_cast<u8>(b.random()));
        const HostRegisters before = b.random_registers(unmasked);
        HostRegisters host = before, guest = before;
        alignas(16) u8 memory[32], host_memory[32];
        b.fill(memory, 32);
        std::memcpy(b.operand(), memory, 32);
        const bool faulted = run_on_host(host, code.bytes, code.length);
        std::memcpy(host_memory, b.operand(), 32);
        std::memcpy(b.operand(), memory, 32);
        b.map_page(i % 2 == 0);
        const int vector = b.run(code, guest);
        // The one known difference, see run_checked.
        if (faulted && (host.mxcsr & ~(before.mxcsr >> 7) & mxcsr_out_of_range))
            guest.mxcsr &= ~mxcsr_precision | host.mxcsr;
        if (vector == (faulted ? vector_xm : -1) && same_result(host, guest) &&
            std::memcmp(host_memory, b.operand(), 32) == 0)
            continue;
        VMFT_EXPECT(!"the same as on the host");
        std::printf("  %s, immediate %02x, vector %d, host faulted %d, memory %s\n",
                    name_of(form).c_str(), code.bytes[code.length - 1], vector, faulted,
                    std::memcmp(host_memory, b.operand(), 32) ? "differs" : "same");
        print_registers("before", before);
        print_registers("host", host);
        print_registers("guest", guest);
        return;
    }
}

/// The value of RCPSS or RSQRTSS (`opcode` 53 or 52) of a float's bits.
u32 approximate(u8 opcode, u32 bits) {
    HostRegisters registers = bench().random_registers(false);
    registers.mxcsr = 0x1f80;
    std::memcpy(registers.xmm[2], &bits, 4);
    VMFT_EXPECT_EQUAL(bench().run(encode({0xf3, 1, opcode}, 0), registers), -1);
    VMFT_EXPECT_EQUAL(registers.mxcsr, 0x1f80u);
    u32 result;
    std::memcpy(&result, registers.xmm[1], 4);
    return result;
}

}  // namespace

VMFT_TEST(sse_forms_equal_the_host) {
    unsigned forms = 0;
    each_form([&](const Form& form) {
        forms++;
        if (!is_approximation(form)) compare_with_host(form, 600, false);
    });
    std::cout << forms << " MMX and SSE forms" << std::endl;
}

VMFT_TEST(sse_unmasked_exceptions_equal_the_host) {
    each_form([&](const Form& form) {
        if (!is_approximation(form)) compare_with_host(form, 150, true);
    });
}

VMFT_TEST(sse_approximations_keep_the_error_bound) {
    const double bound = 1.5 / 4096;
    for (unsigned i = 0; i < 100000; i++) {
        u32 bits = static_cast<u32>(bench().random()) & 0x7fffffff;
        bits = 0x00800000 +
               bits % (0x7e800000 - 0x00800000);  // Up to 2^126, whose reciprocal is normal.
        float x, y;
        std::memcpy(&x, &bits, 4);
        u32 result = approximate(0x53, bits);
        std::memcpy(&y, &result, 4);
        VMFT_EXPECT(std::fabs(static_cast<double>(y) * x - 1) <= bound);
        result = approximate(0x52, bits);
        std::memcpy(&y, &result, 4);
        VMFT_EXPECT(std::fabs(y * std::sqrt(static_cast<double>(x)) - 1) <= bound);
    }
    struct {
        u32 x, reciprocal, root;
    } const specials[] = {{0, 0x7f800000, 0x7f800000},
                          {0x80000000, 0xff800000, 0xff800000},
                          {0x00000001, 0x7f800000, 0x7f800000},
                          {0x807fffff, 0xff800000, 0xff800000},
                          {0x7f800000, 0, 0},
                          {0xff800000, 0x80000000, 0xffc00000},
                          {0xbf800000, 0xbf800000, 0xffc00000},
                          {0x7f800123, 0x7fc00123, 0x7fc00123},
                          {0xffc00123, 0xffc00123, 0xffc00123},
                          {0x7f7fffff, 0, 0x1f800000},
                          {0x3f800000, 0x3f800000, 0x3f800000},
                          {0x40800000, 0x3e800000, 0x3f000000}};
    for (const auto& special : specials) {
        VMFT_EXPECT_EQUAL(approximate(0x53, special.x), special.reciprocal);
        VMFT_EXPECT_EQUAL(approximate(0x52, special.x), special.root);
    }
}

VMFT_TEST(sse_availability) {
    Bench& b = bench();
    struct {
        u64 cr0, cr4;
        u16 status;
        Form form;
        int vector;
    } const cases[] = {{cr0_em, cr4_osfxsr, 0, {0x66, 1, 0xef}, vector_ud},
                       {cr0_ts, cr4_osfxsr, 0, {0x66, 1, 0xef}, vector_nm},
                       {0, 0, 0, {0x66, 1, 0xef}, vector_ud},
                       {cr0_em | cr0_ts, cr4_osfxsr, 0, {0, 1, 0xef}, vector_ud},
                       {cr0_ts, 0, 0, {0, 1, 0xef}, vector_nm},
                       {0, 0, 0, {0, 1, 0xef}, -1},
                       {cr0_ne, 0, 0x80, {0, 1, 0xef}, vector_mf},
                       {cr0_ne, cr4_osfxsr, 0x80, {0x66, 1, 0xef}, -1},
                       {cr0_ne, cr4_osfxsr, 0x80, {0, 1, 0x2a}, vector_mf},
                       {cr0_ne, cr4_osfxsr, 0x80, {0x66, 1, 0x2a, 1, true}, -1}};
    for (const auto& a_case : cases) {
        b.cpu.cr0 = a_case.cr0, b.cpu.cr4 = a_case.cr4, b.cpu.x87.status = a_case.status;
        HostRegisters registers = b.random_registers(false);
        VMFT_EXPECT_EQUAL(b.run(encode(a_case.form, 0), registers), a_case.vector);
    }
    b.reset_control();
}

VMFT_TEST(sse_alignment) {
    Bench& b = bench();
    struct {
        Form form;
        int vector;
    } const cases[] = {{{0, 1, 0x28, 1, true}, vector_gp},    {{0, 1, 0x29, 1, true}, vector_gp},
                       {{0x66, 1, 0xfc, 1, true}, vector_gp}, {{0xf3, 1, 0x6f, 1, true}, -1},
                       {{0, 1, 0x11, 1, true}, -1},           {{0x66, 3, 0x63, 1, true}, -1},
                       {{0xf2, 1, 0x58, 1, true}, -1},        {{0, 1, 0xfc, 1, true}, -1}};
    for (const auto& a_case : cases) {
        HostRegisters registers = b.random_registers(false);
        registers.rbx += 1;
        VMFT_EXPECT_EQUAL(b.run(encode(a_case.form, 0), registers), a_case.vector);
    }
}

VMFT_TEST(mmx_enters_mmx_state) {
    Bench& b = bench();
    b.cpu.x87.top = 3, b.cpu.x87.valid = 0;
    b.cpu.x87.registers[1].sign_exponent = 0;
    HostRegisters registers = b.random_registers(false);
    VMFT_EXPECT_EQUAL(b.run(encode({0, 1, 0xfc}, 0), registers), -1);
    VMFT_EXPECT_EQUAL(b.cpu.x87.top, 0);
    VMFT_EXPECT_EQUAL(b.cpu.x87.valid, 0xff);
    VMFT_EXPECT_EQUAL(b.cpu.x87.registers[1].sign_exponent, 0xffff);
}

}  // namespace vmft::test
