#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

#include "accel/soft/soft_cpu.h"
#include "test.h"

/// Repeated string instructions count one tick per iteration, wherever the run is cut into slices
/// and whichever way (element by element or in chunks) the iterations are done.
namespace vmft::soft {
namespace {

class SilentPlatform final : public Platform {
public:
    u32 port_read(u16, unsigned) override { return 0xffffffff; }
    void port_write(u16, unsigned, u32) override {}
    u64 mmio_read(u64, unsigned) override { return ~u64{0}; }
    void mmio_write(u64, unsigned, u64) override {}
    bool msr_read(u32, u64&) override { return false; }
    bool msr_write(u32, u64) override { return false; }
    u8 task_priority() const override { return 0; }
    void set_task_priority(u8) override {}
    bool interrupt_pending() const override { return false; }
    u8 acknowledge_interrupt() override { return 0; }
    u64 tsc() const override { return 0; }
};

constexpr u64 memory_bytes = 4 << 20;
constexpr u64 gdt = 0x1000, tables = 0x2000, code = 0x10000, data = 0x20000, unmapped = 0x200000;

/// A CPU in 64-bit mode whose first 2 MiB are mapped one to one with 4 KiB pages; nothing else is.
class Guest {
public:
    explicit Guest(std::initializer_list<u8> program)
        : memory_(memory_bytes), cpu_(memory_, platform_) {
        memory_.write_value<u64>(gdt + 8, 0x00af9b000000ffff);
        memory_.write_value<u64>(gdt + 16, 0x00cf93000000ffff);
        for (u64 level = 0; level < 3; level++)
            memory_.write_value<u64>(tables + level * page_bytes,
                                     (tables + (level + 1) * page_bytes) | 3);
        for (u64 page = 0; page < 512; page++)
            memory_.write_value<u64>(tables + 3 * page_bytes + page * 8, page << page_shift | 3);
        memory_.write(code, {program.begin(), program.size()});
        Accelerator::EntryState entry;
        entry.rip = code;
        entry.rsp = 0xf000;
        entry.cr3 = tables;
        entry.long_mode = true;
        entry.gdt_base = gdt;
        entry.gdt_limit = 23;
        entry.code_selector = 8;
        entry.data_selector = 16;
        cpu_.set_entry(entry);
        for (u64 i = 0; i < 0x8000; i++)
            memory_.data()[data + i] = static_cast<u8>(i * 31 + (i >> 8));
    }

    u64& reg(Reg which) { return cpu_.cpu().gpr[which]; }
    u8* bytes(u64 address) { return memory_.data() + address; }
    SoftCpu& cpu() { return cpu_; }

    /// Runs in slices of `slice` ticks until HLT or a shutdown; each slice must be used up exactly.
    RunExit run(u64 slice) {
        while (true) {
            u64 until = cpu_.ticks() + slice;
            RunExit exit = cpu_.run(until);
            if (exit != RunExit::position) return exit;
            VMFT_EXPECT_EQUAL(cpu_.ticks(), until);
        }
    }

private:
    GuestMemory memory_;
    SilentPlatform platform_;
    SoftCpu cpu_;
};

struct Outcome {
    u64 ticks;
    u64 registers[16];
    std::vector<u8> memory;
    bool operator==(const Outcome&) const = default;
};

template <typename Prepare>
Outcome outcome(std::initializer_list<u8> program, u64 slice, RunExit wanted, Prepare prepare) {
    auto guest = std::make_unique<Guest>(program);
    prepare(*guest);
    VMFT_EXPECT(guest->run(slice) == wanted);
    Outcome result{guest->cpu().ticks(), {}, {guest->bytes(data), guest->bytes(data) + 0x8000}};
    for (unsigned i = 0; i < 16; i++) result.registers[i] = guest->cpu().cpu().gpr[i];
    return result;
}

/// The program (one repeated instruction, then HLT) with several slicings; returns the common
/// outcome.
template <typename Prepare>
Outcome sliced(std::initializer_list<u8> program, RunExit wanted, Prepare prepare) {
    Outcome whole = outcome(program, 1'000'000, wanted, prepare);
    for (u64 slice : {1, 2, 3, 7, 100, 5000})
        VMFT_EXPECT(outcome(program, slice, wanted, prepare) == whole);
    return whole;
}

VMFT_TEST(rep_movs_counts_each_element) {
    auto result = sliced({0xf3, 0xa4, 0xf4}, RunExit::halted, [](Guest& guest) {
        guest.reg(rcx) = 9000;
        guest.reg(rsi) = data + 100;
        guest.reg(rdi) = data + 0x4001;
    });
    VMFT_EXPECT_EQUAL(result.ticks, 9000u + 1);
    VMFT_EXPECT_EQUAL(result.registers[rcx], 0u);
    VMFT_EXPECT_EQUAL(result.registers[rdi], data + 0x4001 + 9000);
}

VMFT_TEST(rep_movs_reads_again_what_it_wrote) {
    for (u64 distance : {1, 2, 3, 4, 8, 12}) {
        auto result = sliced({0xf3, 0xa5, 0xf4}, RunExit::halted, [distance](Guest& guest) {
            guest.reg(rcx) = 300;
            guest.reg(rsi) = data;
            guest.reg(rdi) = data + distance;
        });
        std::vector<u8> wanted(0x8000);
        for (u64 i = 0; i < wanted.size(); i++) wanted[i] = static_cast<u8>(i * 31 + (i >> 8));
        for (u64 i = 0; i < 300 * 4; i += 4) {
            u32 element;
            std::memcpy(&element, &wanted[i], 4);
            std::memcpy(&wanted[i + distance], &element, 4);
        }
        VMFT_EXPECT(result.memory == wanted);
    }
}

VMFT_TEST(rep_with_zero_count_is_one_tick) {
    auto result =
        sliced({0xf3, 0xab, 0xf4}, RunExit::halted, [](Guest& guest) { guest.reg(rcx) = 0; });
    VMFT_EXPECT_EQUAL(result.ticks, 2u);
}

VMFT_TEST(repne_scas_stops_behind_the_match) {
    auto result = sliced({0xf2, 0xae, 0xf4}, RunExit::halted, [](Guest& guest) {
        std::memset(guest.bytes(data), 1, 0x8000);
        *guest.bytes(data + 5000) = 7;
        guest.reg(rax) = 7;
        guest.reg(rcx) = 0x7000;
        guest.reg(rdi) = data;
    });
    VMFT_EXPECT_EQUAL(result.ticks, 5001u + 1);
    VMFT_EXPECT_EQUAL(result.registers[rdi], data + 5001);
}

VMFT_TEST(repe_cmps_stops_behind_the_difference) {
    auto result = sliced({0xf3, 0x48, 0xa7, 0xf4}, RunExit::halted, [](Guest& guest) {
        std::memset(guest.bytes(data), 1, 0x8000);
        *guest.bytes(data + 0x4000 + 777) = 7;
        guest.reg(rcx) = 0x700;
        guest.reg(rsi) = data;
        guest.reg(rdi) = data + 0x4000;
    });
    VMFT_EXPECT_EQUAL(result.ticks, 98u + 1);
    VMFT_EXPECT_EQUAL(result.registers[rsi], data + 98 * 8);
}

VMFT_TEST(a_fault_leaves_the_iterations_before_it) {
    // 3 bytes short of the page's end: elements of 8 bytes reach over it.
    auto result = sliced({0xf3, 0x48, 0xab, 0xf4}, RunExit::triple_fault, [](Guest& guest) {
        guest.reg(rcx) = 1000;
        guest.reg(rdi) = unmapped - 803;
    });
    VMFT_EXPECT_EQUAL(result.ticks, 100u);
    VMFT_EXPECT_EQUAL(result.registers[rcx], 900u);
    VMFT_EXPECT_EQUAL(result.registers[rdi], unmapped - 3);
}

VMFT_TEST(descending_copies_count_alike) {
    auto result = sliced({0xfd, 0xf3, 0x66, 0xa5, 0xf4}, RunExit::halted, [](Guest& guest) {
        guest.reg(rcx) = 3000;
        guest.reg(rsi) = data + 0x3000;
        guest.reg(rdi) = data + 0x3001;
    });
    VMFT_EXPECT_EQUAL(result.ticks, 3000u + 2);
}

}  // namespace
}  // namespace vmft::soft
