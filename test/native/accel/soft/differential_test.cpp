#include <cstdlib>
#include <set>
#include <tuple>

#include "accel/soft/decode.h"
#include "accel/soft/translate/emit_table.h"
#include "differential_form.h"
#include "differential_planted.h"
#include "differential_run.h"
#include "differential_software.h"
#include "test.h"

/// The software CPU against the CPU that runs the test: random instances of every opcode form, same
/// registers, flags, memory and faults wanted. VMFT_DIFFERENTIAL_SEED, _COUNT and _FIRST choose
/// others than the defaults; one instance is run again by its number with _FIRST and a _COUNT of 1.
namespace vmft::differential {
namespace {

constexpr u64 default_seed = 20'240'607, default_count = 250'000, translated_count = 150'000;

u64 from_environment(const char* name, u64 otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

/// `count` if the environment names no other.
void run_and_report(const char* what, u64 count, const Tested& tested) {
    u64 seed = from_environment("VMFT_DIFFERENTIAL_SEED", default_seed);
    count = from_environment("VMFT_DIFFERENTIAL_COUNT", count);
    u64 first = from_environment("VMFT_DIFFERENTIAL_FIRST", 0);
    Report report = run_instances(seed, first, count, tested);
    std::cout << "differential, " << what << ": seed " << seed << ", " << report.executed
              << " instances executed, " << report.faults << " of them faults, " << report.skipped
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

VMFT_TEST(random_instances_on_the_host_and_on_the_interpreter) {
    run_and_report("interpreter", default_count, {});
}

VMFT_TEST(random_instances_on_the_host_and_on_the_translator) {
    run_and_report("translator", translated_count, {{.after_runs = 0}});
}

using Emitted = std::tuple<u8, u8, soft::Emit>;  ///< Map, opcode and what writes the host code.

/// What writes the host code of `instance` when a translator runs it; false: nothing does.
bool emitted_for(const Instance& instance, Emitted& emitted) {
    if (!SoftwareCpu::runs_translated(instance)) return false;
    soft::GuestInsn guest;
    soft::decode(instance.code, instance.length, soft::code64 | soft::code_stack32, 0, guest.insn,
                 guest.d);
    const soft::EmitEntry* entry = soft::emit_table().find(guest);
    if (!entry) return false;
    emitted = {guest.d.map, guest.d.opcode, entry->emit};
    return true;
}

VMFT_TEST(every_emitter_is_run_by_the_differential_test) {
    std::set<Emitted> run;
    Emitted emitted;
    Instance instance;
    for (u64 number = 0; number < translated_count; number++) {
        generate(default_seed, number, instance);
        if (emitted_for(instance, emitted)) run.insert(emitted);
    }
    // No form: hints, which do nothing.
    auto left_out = [](u8 map, u8 opcode) {
        return map == 1 && (opcode == 0x0d || (opcode >= 0x18 && opcode <= 0x1e));
    };
    std::set<Emitted> missing;
    soft::emit_table().for_each([&](const soft::EmitEntry& entry, u8 map, u8 opcode) {
        if (!run.count({map, opcode, entry.emit}) && !left_out(map, opcode))
            missing.insert({map, opcode, entry.emit});
    });
    for (const auto& [map, opcode, emit] : missing)
        std::cout << "an emitter is never run: map " << unsigned{map} << " opcode " << std::hex
                  << unsigned{opcode} << std::dec << std::endl;
    std::cout << "differential: " << run.size() << " emitters run" << std::endl;
    VMFT_EXPECT(missing.empty());
}

bool covers(const Form& form, u8 map, u8 opcode) {
    return form.map == map && opcode >= form.opcode && opcode - form.opcode < form.opcodes;
}

VMFT_TEST(planted_bugs_are_found_and_nothing_else) {
    constexpr u64 count = 150'000;
    Report report = run_instances(default_seed, 0, count, {{false}, plant_bugs});
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
