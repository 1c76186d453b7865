#include <cstdlib>

#include "accel/soft/fuzz/fuzz_run.h"
#include "test.h"

/// The translator against the interpreter on random guests. VMFT_FUZZ_SEED and VMFT_FUZZ_CASES
/// choose others than the defaults, and VMFT_FUZZ_TRACE prints each seed before it runs, for one
/// that does not come back. `npm run fuzz:cpu` runs many.
using namespace vmft;
using namespace vmft::fuzz;

namespace {

constexpr u64 default_cases = 400;

u64 from_environment(const char* name, u64 otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 0) : otherwise;
}

/// Guests of one kind.
void expect_the_same(u64 seed, u64 cases) {
    bool trace = from_environment("VMFT_FUZZ_TRACE", 0);
    u64 ticks = 0, restarts = 0, stops = 0, failed = 0;
    for (u64 i = 0; i < cases && failed < 3; i++) {
        if (trace) std::cout << "seed " << seed + i << std::endl;
        Case drawn = draw_case(seed + i);
        Difference difference = compare(drawn);
        ticks += difference.ticks_run, restarts += difference.restarts, stops += drawn.stops.size();
        if (!difference.found) continue;
        failed++;
        std::cout << "fuzz: seed " << drawn.seed << " differs at tick " << difference.ticks << ": "
                  << difference.text << std::endl;
        Case small = minimise(drawn, Planted::none);
        std::cout << describe(small, compare(small), Planted::none);
    }
    std::cout << "fuzz: seeds " << seed << " to " << seed + cases - 1 << ", " << ticks << " ticks, "
              << restarts << " exceptions, " << stops << " states compared, " << failed << " differ"
              << std::endl;
    VMFT_EXPECT_EQUAL(failed, 0u);
}

}  // namespace

VMFT_TEST(random_guests_are_the_same_translated_and_interpreted) {
    u64 cases = from_environment("VMFT_FUZZ_CASES", default_cases);
    if (std::getenv("VMFT_FUZZ_SEED")) {
        expect_the_same(from_environment("VMFT_FUZZ_SEED", 0), cases);
    } else {
        expect_the_same(1, cases / 2);
        expect_the_same(second_kind, cases / 2);
    }
}

/// Guests that once made a difference, or the end of the process: a nested ENTER given up between
/// two pushes, an aligned operand misaligned by what marked a slow page, a displacement near 2 GiB,
/// a MOV of 19 bytes, a REP in the shadow of STI.
VMFT_TEST(guests_that_found_something_once) {
    for (u64 seed : {u64{709211}, u64{809835}, u64{829955}, u64{176472229}, u64{2147483954}}) {
        Difference difference = compare(draw_case(seed));
        VMFT_EXPECT(!difference.found);
    }
}

VMFT_TEST(planted_bugs_are_found) {
    struct Wanted {
        Planted planted;
        const char* name;
        unsigned cases;
    };
    for (auto [planted, name, cases] : {Wanted{Planted::register_bit, "register", 20},
                                        {Planted::flag_bit, "flag", 40},
                                        {Planted::xmm_bit, "xmm", 20},
                                        {Planted::memory_bit, "memory", 20},
                                        {Planted::translation, "translation", 80},
                                        {Planted::stale_code, "stale code", 400},
                                        {Planted::late, "late", 20}}) {
        unsigned found = 0;
        for (u64 seed = 1; seed <= cases && found < 3; seed++) {
            Case drawn = draw_case(seed);
            if (!compare(drawn, planted).found) continue;
            bool seen_smaller = planted != Planted::stale_code && planted != Planted::xmm_bit;
            if (found++ > 0 || seen_smaller) continue;
            Case small = minimise(drawn, planted);
            size_t kept = 0;
            for (const Piece& piece : small.pieces) kept += piece.kept;
            VMFT_EXPECT(compare(small, planted).found);
            VMFT_EXPECT(kept < drawn.pieces.size() / 4);
            std::cout << "fuzz: planted " << name << ": " << kept << " of " << drawn.pieces.size()
                      << " instructions are left" << std::endl;
        }
        if (found < 3) std::cout << "  " << name << std::endl;
        VMFT_EXPECT(found >= 3);
    }
}
