#include <iostream>

#include "accel/kvm/counter/counter_guest.h"
#include "accel/kvm/counter/step_counter.h"
#include "accel/kvm/counter/stepping_guests.h"
#include "test.h"

/// Guests stepped through from start to end must end like the same guests run free, and the
/// branches counted on the way must be what the code says.
namespace vmft::kvm::test {
namespace {

/// A software KVM without user mode and software interrupts executes so many.
constexpr unsigned guests_executed_min = 10;

/// False: this KVM does not execute the guest, stepped or not.
bool compare(KvmHost& host, const SteppingGuest& guest) {
    CounterGuest free(host, guest.code);
    if (free.run_free() != CounterGuest::End::port) {
        std::cout << "skipped: " << guest.name << ", run free: " << free.reason << "\n";
        return false;
    }
    CounterGuest stepped(host, guest.code);
    StepCounter counter(stepped.vcpu(), stepped.memory());
    do {
        VMFT_EXPECT(counter.enter(std::nullopt) == Counter::Came::exit);
    } while (stepped.answer());
    bool same = stepped.end == CounterGuest::End::port && same_state(free, stepped);
    bool counted = counter.ticks() == guest.branches;
    if (!same || !counted)
        std::cout << guest.name << ": " << stepped.reason << " branches " << counter.ticks()
                  << ", wanted " << guest.branches << "\n";
    VMFT_EXPECT(same);
    VMFT_EXPECT(counted);
    VMFT_EXPECT_EQUAL(stepped.exits, free.exits);
    return true;
}

VMFT_TEST(stepping_leaves_no_trace_and_counts_branches) {
    KvmHost* host = kvm_host();
    if (!host) return;
    unsigned executed = 0;
    for (const SteppingGuest& guest : stepping_guests()) executed += compare(*host, guest);
    VMFT_EXPECT(executed >= guests_executed_min);
}

}  // namespace
}  // namespace vmft::kvm::test
