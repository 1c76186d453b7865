#include "accel/kvm/counter/random_stops.h"

#include <cstring>
#include <random>

#include "accel/kvm/counter/branch_instruction.h"
#include "accel/kvm/vcpu/guest_code.h"
#include "base/hash64.h"

asm(R"(
.pushsection .rodata
.code64
guest_mixed_begin:
    sti
    mov $0x7fffffff, %ebx
1:  mov %ebx, %ecx
    and $15, %ecx
    inc %ecx
2:  add %rcx, %rax
    imul $0x2f3b, %rax, %rax
    mov %rax, (%rsi, %rcx, 8)
    dec %ecx
    jnz 2b
    push %rsi
    push %rdi
    mov $20, %ecx
    rep movsb
    pop %rdi
    pop %rsi
    test $7, %bl
    jnz 3f
    out %al, $0x10
    mov $0x400020, %edx
    add %ebx, (%rdx)
3:  test $0x1f, %bl
    jnz 4f
    mov $0x800000, %edx
    mov (%rdx), %ecx
4:  pushfq
    orb $1, (%rsp)
    popfq
    call 5f
    cli
    adc %rax, %r8
    sti
    nop
    dec %ebx
    jnz 1b
    out %al, $0xf0
5:  mov $3, %ecx
6:  loop 6b
    xor %r9, %r8
    ret
guest_mixed_page_fault:
    addq $8, %rsp
    addq $2, (%rsp)
    incq 0x400(%rsi)
    iretq
guest_mixed_interrupt:
    push %rax
    mov 24(%rsp), %rax
    add %rax, %r9
    incq 0x408(%rsi)
    testb $1, 0x408(%rsi)
    jz 7f
    incq 0x410(%rsi)
7:  pop %rax
    iretq
guest_mixed_end:
.popsection
)");

extern "C" const vmft::u8 guest_mixed_begin[], guest_mixed_end[], guest_mixed_page_fault[],
    guest_mixed_interrupt[];

namespace vmft::kvm::test {

namespace {

constexpr u8 interrupt_vector = 0x50;
constexpr u64 memory_used = 0x40000;
constexpr u64 flag_if = 0x200, flag_rf = 0x10000;
constexpr u64 slack = 2;

class StoppableGuest {
public:
    StoppableGuest(KvmHost& host, const CounterOptions& options)
        : guest_(host, {guest_mixed_begin,
                        guest_mixed_end,
                        {{14, guest_mixed_page_fault}, {interrupt_vector, guest_mixed_interrupt}}}),
          counter_(make_counter(options, guest_.vcpu(), guest_.memory())) {}

    Counter& counter() { return *counter_; }
    CounterGuest& guest() { return guest_; }

    /// Answers an exit; every fifth brings an interrupt.
    bool answer() {
        if (!guest_.answer()) return false;
        if (guest_.exits % 5 == 0 && can_interrupt()) interrupt();
        return true;
    }

    bool can_interrupt() {
        kvm_vcpu_events events = guest_.vcpu().events();
        return (guest_.vcpu().registers().rflags & flag_if) && !events.interrupt.shadow &&
               !events.interrupt.injected && !events.exception.injected;
    }
    void interrupt() { guest_.vcpu().inject_interrupt(interrupt_vector); }

    /// Where a stop can be repeated: no shadow, nothing on its way, not inside a REP.
    bool at_clean_place() {
        kvm_vcpu_events events = guest_.vcpu().events();
        if (events.interrupt.shadow || events.interrupt.injected || events.exception.injected)
            return false;
        u8 code[15];
        guest_.memory().read(guest_.vcpu().registers().rip, code);
        auto instruction = decode_instruction(code, CodeBits::bits64);
        return instruction && instruction->kind != InstructionKind::repeated_string;
    }

    StopPlace place() {
        StopPlace place;
        place.ticks = counter_->ticks();
        place.exits = guest_.exits;
        place.registers = guest_.vcpu().registers();
        place.registers.rflags &= ~flag_rf;
        place.memory = hash64({guest_.memory().data(), memory_used});
        return place;
    }

private:
    CounterGuest guest_;
    std::unique_ptr<Counter> counter_;
};

std::string unexpected(Counter::Came came) {
    return "came " + std::to_string(static_cast<int>(came));
}

}  // namespace

bool StopPlace::operator==(const StopPlace& other) const {
    return ticks == other.ticks && exits == other.exits && memory == other.memory &&
           std::memcmp(&registers, &other.registers, sizeof registers) == 0;
}

StopsOutcome record_stops(KvmHost& host, const CounterOptions& options, unsigned stops, u64 seed) {
    StoppableGuest guest(host, options);
    StopsOutcome outcome;
    std::mt19937_64 random(seed);
    constexpr u64 distance_max = 24;
    u64 at = 0;
    auto arm_next = [&] {
        at = guest.counter().ticks() + 1 + random() % distance_max;
        guest.counter().arm(at);
    };
    arm_next();
    while (outcome.places.size() < stops) {
        Counter::Came came = guest.counter().enter(std::nullopt);
        if (came == Counter::Came::exit) {
            if (guest.answer()) continue;
            outcome.failure = "the guest ended: " + guest.guest().reason;
            return outcome;
        }
        if (came != Counter::Came::overflow) {
            outcome.failure = unexpected(came);
            return outcome;
        }
        u64 ticks = guest.counter().ticks();
        if (ticks < at) outcome.failure = "the overflow came too early";
        outcome.skid_seen_max = std::max(outcome.skid_seen_max, ticks - at);
        if (guest.at_clean_place()) {
            StopPlace place = guest.place();
            place.interrupted = guest.can_interrupt();
            if (place.interrupted) guest.interrupt();
            outcome.places.push_back(place);
        }
        arm_next();
    }
    return outcome;
}

StopsOutcome replay_stops(KvmHost& host, const CounterOptions& options,
                          const std::vector<StopPlace>& places) {
    StoppableGuest guest(host, options);
    Counter& counter = guest.counter();
    StopsOutcome outcome;
    auto fail = [&](const std::string& why) {
        outcome.failure = "at ticks " + std::to_string(counter.ticks()) + ", stop " +
                          std::to_string(outcome.places.size()) + ": " + why;
        return outcome;
    };
    for (const StopPlace& target : places) {
        auto arrived = [&] {
            const kvm_regs& registers = guest.guest().vcpu().registers();
            return counter.ticks() == target.ticks && guest.guest().exits == target.exits &&
                   std::memcmp(&registers, &target.registers, 16 * sizeof(u64)) == 0 &&
                   registers.rip == target.registers.rip;
        };
        u64 short_by = counter.skid_max() + slack;
        bool near = false, armed = false;
        while (!arrived()) {
            if (counter.ticks() > target.ticks) return fail("past the place");
            bool was_near = near;
            near = near || target.ticks - counter.ticks() <= short_by;
            if (!near && !armed) counter.arm(target.ticks - short_by);
            if (near && !was_near) counter.arm(target.ticks + 1);
            armed = true;
            std::optional<u64> breakpoint;
            if (near) breakpoint = target.registers.rip;
            switch (counter.enter(breakpoint)) {
            case Counter::Came::exit:
                if (!guest.answer()) return fail("the guest ended: " + guest.guest().reason);
                break;
            case Counter::Came::breakpoint: outcome.breakpoint_hits++; break;
            case Counter::Came::overflow:
                if (near) return fail("past the place");
                outcome.skid_seen_max =
                    std::max(outcome.skid_seen_max, counter.ticks() - (target.ticks - short_by));
                break;
            default: return fail("an unexpected end of an entry");
            }
        }
        counter.disarm();
        StopPlace place = guest.place();
        outcome.places.push_back(place);
        if (!(place == target)) return fail("another state than recorded");
        if (target.interrupted) guest.interrupt();
    }
    return outcome;
}

}  // namespace vmft::kvm::test
