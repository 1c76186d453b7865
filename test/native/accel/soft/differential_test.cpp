#include <cstdlib>

#include "accel/soft/decode.h"
#include "differential_form.h"
#include "differential_planted.h"
#include "differential_run.h"
#include "test.h"

/// The software CPU against the CPU that runs the test: random instances of every opcode form, same
/// registers, flags, memory and faults wanted. VMFT_DIFFERENTIAL_SEED, _COUNT and _FIRST choose
/// others than the defaults; one instance is run again by its number with _FIRST and a _COUNT of 1.
namespace vmft::differential {
namespace {

constexpr u64 default_seed = 20'240'607, default_count = 250'000;

u64 from_environment(const char* name, u64 otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

VMFT_TEST(random_instances_on_the_host_and_on_the_software_cpu) {
    u64 seed = from_environment("VMFT_DIFFERENTIAL_SEED", default_seed);
    u64 count = from_environment("VMFT_DIFFERENTIAL_COUNT", default_count);
    u64 first = from_environment("VMFT_DIFFERENTIAL_FIRST", 0);
    Report report = run_instances(seed, first, count);
    std::cout << "differential: seed " << seed << ", " << report.executed << " instances executed, "
              << report.faults << " of them faults, " << report.skipped
              << " skipped (host feature missing, or its own memory hit), " << report.differences
              << " differ" << std::endl;
    if (!report.unusable.empty()) {
        std::cout << "differential: not run: " << report.unusable << std::endl;
        return;
    }
    if (report.differences) std::cout << report.text;
    VMFT_EXPECT_EQUAL(report.differences, 0u);
    VMFT_EXPECT_EQUAL(report.executed + report.skipped, count);
}

bool covers(const Form& form, u8 map, u8 opcode) {
    return form.map == map && opcode >= form.opcode && opcode - form.opcode < form.opcodes;
}

VMFT_TEST(planted_bugs_are_found_and_nothing_else) {
    constexpr u64 count = 150'000;
    Report report = run_instances(default_seed, 0, count, plant_bugs);
    if (!report.unusable.empty()) return;
    std::vector<PlantedBug> bugs = planted_bugs();
    std::vector<u64> found(bugs.size());
    u64 explained = 0;
    for (size_t i = 0; i < forms().size(); i++) {
        for (size_t bug = 0; bug < bugs.size(); bug++) {
            if (!covers(forms()[i], bugs[bug].map, bugs[bug].opcode) ||
                forms()[i].prefix != bugs[bug].prefix)
                continue;
            found[bug] += report.differences_by_form[i];
            explained += report.differences_by_form[i];
        }
    }
    for (size_t bug = 0; bug < bugs.size(); bug++) {
        if (!found[bug]) std::cout << "planted and not found: " << bugs[bug].what << std::endl;
        VMFT_EXPECT(found[bug] > 0);
    }
    VMFT_EXPECT_EQUAL(report.differences, explained);
}

/// Opcodes of the decoder that no form draws, each for a reason.
bool left_out(u8 map, u8 opcode) {
    auto any_of = [&](std::initializer_list<int> opcodes) {
        for (int one : opcodes)
            if (one == opcode) return true;
        return false;
    };
    // Prefixes and escapes; INT, INT3, INT1; OUT and INS as IN; what only older modes have.
    if (map == 0)
        return any_of({0x0f, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3,
                       0xc4, 0xc5, 0xcc, 0xcd, 0xf1, 0x6c, 0x6d, 0x6e, 0x6f, 0xe6, 0xe7, 0x62}) ||
               (opcode & 0xf0) == 0x40;
    // What asks the machine (descriptor tables, CPUID, counters), system calls, SS, FS and GS
    // loads, hints.
    if (map == 1)
        return any_of({0x00, 0x02, 0x03, 0x05, 0x07, 0x0d, 0x18, 0x19, 0x1a, 0x1b,
                       0x1c, 0x1d, 0x1e, 0x31, 0x33, 0x34, 0x35, 0xa1, 0xa2, 0xa9,
                       0xaa, 0xb2, 0xb4, 0xb5, 0xb9, 0xff, 0x38, 0x3a});
    return false;
}

VMFT_TEST(every_opcode_of_the_decoder_has_a_form) {
    for (unsigned map = 0; map < 4; map++) {
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            if (!soft::opcode_table().entry(static_cast<u8>(map), static_cast<u8>(opcode)).select)
                continue;
            bool covered = left_out(static_cast<u8>(map), static_cast<u8>(opcode));
            for (const Form& form : forms())
                covered = covered || covers(form, static_cast<u8>(map), static_cast<u8>(opcode));
            if (!covered)
                std::cout << "no form for map " << map << " opcode " << std::hex << opcode
                          << std::dec << std::endl;
            VMFT_EXPECT(covered);
        }
    }
}

}  // namespace
}  // namespace vmft::differential
