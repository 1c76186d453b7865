#include "accel/kvm/conformance/comparison.h"
#include "accel/kvm/conformance/planted_faults.h"
#include "test.h"

using namespace vmft;
using namespace vmft::test;
using namespace vmft::test::conformance;

/// The harness on the software CPU alone: the same in slices, and a planted fault is found.

VMFT_TEST(conformance_guests_are_the_same_in_slices) {
    FollowerFactory soft = [](const Guest& guest, u64 seed) {
        return std::make_unique<SoftFollower>(guest, seed);
    };
    u64 places = 0;
    for (u64 seed = 1; seed <= 2; seed++) {
        for (const Guest& guest : guests()) {
            Report report = compare(guest, soft, {.seed = seed});
            VMFT_EXPECT(report.fine());
            if (!report.difference.empty()) std::cout << report.difference;
            places += report.places;
        }
    }
    VMFT_EXPECT(places > 10'000);
}

VMFT_TEST(conformance_finds_planted_faults) {
    std::vector<Guest> all = guests();
    for (unsigned fault = 0; fault < planted_count; fault++) {
        unsigned made = 0, found = 0;
        for (const Guest& guest : all) {
            for (u64 ticks : {u64{40}, u64{101}}) {
                bool done = false;
                FollowerFactory faulty = [&](const Guest& same, u64 seed) {
                    return std::make_unique<FaultyFollower>(same, seed, static_cast<Planted>(fault),
                                                            ticks, done);
                };
                Report report = compare(guest, faulty, {});
                made += done;
                found += done && !report.difference.empty();
            }
        }
        VMFT_EXPECT(made > 10);
        if (!VMFT_EXPECT_EQUAL(found, made)) std::cout << "  fault " << fault << std::endl;
    }
}
