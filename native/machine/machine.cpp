#include "machine/machine.h"

#include <algorithm>

#include "base/hash64.h"
#include "machine/acpi.h"
#include "machine/layout.h"

namespace vmft {
namespace {

/// A device that stays due after this many calls in a row gets its next one a tick later, so that
/// no guest set-up (a timer of period zero) stops the machine from getting on.
constexpr unsigned settle_rounds_max = 16;

}  // namespace

Machine::Machine(const MachineConfig& config, const AcceleratorFactory& make_accelerator)
    : config_(config), memory_(config.memory_bytes), time_(config.realtime_ns),
      board_(config, memory_, *this, *this, *this), accelerator_(make_accelerator(memory_, *this)),
      page_sums_(memory_) {}

Machine::~Machine() = default;

LoadResult Machine::load(const GuestImages& images) {
    AcpiConfig acpi;
    if (config_.mac) acpi.virtio_slots.push_back(layout::virtio_slot_net);
    acpi.virtio_slots.push_back(layout::virtio_slot_console);
    acpi.virtio_slots.push_back(layout::virtio_slot_entropy);
    for (unsigned disk = 0; disk < config_.disks.size(); disk++)
        acpi.virtio_slots.push_back(layout::virtio_slot_disk_first + disk);
    memory_.write(layout::acpi_tables, build_acpi_tables(acpi));

    LoadRequest request;
    request.kernel = images.kernel;
    request.initramfs = images.initramfs;
    request.command_line = config_.command_line;
    request.random_seed = config_.random_seed;
    request.rsdp_address = acpi_rsdp_address;
    LoadResult result = load_linux(memory_, request);
    if (result.ok()) accelerator_->set_entry(result.entry);
    // A kernel without a time-stamp counter takes PIT channel 0 for running, as firmware leaves it:
    // all 65536 counts, square wave. With one it does not look, and finds the PIT as at power-on.
    if (tick_unit() == TickUnit::branches) {
        port_write(layout::pit + 3, 1, 0x36);
        port_write(layout::pit, 1, 0);
        port_write(layout::pit, 1, 0);
    }
    return result;
}

u64 Machine::tsc() const {
    static_assert(layout::tsc_hz == 1'000'000'000, "one count per virtual nanosecond");
    return virtual_ns();
}

void Machine::emit(OutputKind kind, std::span<const u8> bytes) {
    outputs_produced_++;
    if (listener_ == nullptr) return;
    Output output;
    output.sequence = outputs_produced_;
    output.ticks = accelerator_->ticks();
    output.kind = kind;
    output.bytes.assign(bytes.begin(), bytes.end());
    listener_->produced(std::move(output));
}

u64 Machine::request(DiskRequest&& request, bool is_output) {
    disk_requests_++;
    u64 sequence = is_output ? outputs_produced_ + 1 : 0;
    request.output_sequence = sequence;
    // The request first: when the output leaves, it is there.
    if (disk_listener_ != nullptr) disk_listener_->requested(std::move(request));
    if (is_output) emit(OutputKind::disk_request, {});
    return sequence;
}

void Machine::repeat(DiskRequest&& request) {
    if (disk_listener_ != nullptr) disk_listener_->requested(std::move(request));
}

void Machine::settle() {
    u64 now = virtual_ns();
    for (unsigned round = 0; round < settle_rounds_max && board_.deadline_ns() <= now; round++)
        board_.advance(now);
    switch (board_.power_request()) {
    case PowerRequest::none: break;
    case PowerRequest::off: end_here(ExitKind::power_off); break;
    case PowerRequest::reset: end_here(ExitKind::guest_reset); break;
    }
}

void Machine::end_here(ExitKind kind) {
    if (end_ != ExitKind::position) return;
    end_ = kind;
    board_.flush_outputs();
}

MachineExit Machine::exit_here(ExitKind kind) const {
    return {kind, kind == ExitKind::halted ? board_.deadline_ns() : no_deadline_ns};
}

MachineExit Machine::run_by_branches(const Position* target) {
    for (;;) {
        if (end_ != ExitKind::position) return exit_here(end_);
        Position before = accelerator_->position();
        if (target && before == *target) {
            bool waits = accelerator_->halted() && !board_.interrupt_pending();
            return exit_here(waits ? ExitKind::halted : ExitKind::position);
        }
        RunExit exit = target ? accelerator_->run_to(*target) : accelerator_->run(~u64{0});
        if (exit == RunExit::position) {
            MachineExit broken_out = exit_here(ExitKind::position);
            broken_out.broken_out = true;
            return broken_out;
        }
        if (exit == RunExit::triple_fault) end_here(ExitKind::triple_fault);
        if (exit == RunExit::stuck) end_here(ExitKind::stuck);
        settle();
        if (end_ != ExitKind::position) return exit_here(end_);
        bool stays_halted = exit == RunExit::halted &&
                            (!board_.interrupt_pending() || accelerator_->position() == before);
        if (stays_halted) return exit_here(ExitKind::halted);
        if (!target) return exit_here(ExitKind::position);
    }
}

MachineExit Machine::run_to(const Position& target) {
    return tick_unit() == TickUnit::branches ? run_by_branches(&target) : run(target.ticks);
}

MachineExit Machine::run(u64 until_ticks) {
    if (tick_unit() == TickUnit::branches) return run_by_branches(nullptr);
    u64 outputs_before = outputs_produced_, disk_requests_before = disk_requests_;
    for (;;) {
        if (end_ != ExitKind::position) return exit_here(end_);
        u64 ticks = accelerator_->ticks();
        if (ticks >= until_ticks) {
            bool waits = accelerator_->halted() && !board_.interrupt_pending();
            return exit_here(waits ? ExitKind::halted : ExitKind::position);
        }
        u64 deadline = board_.deadline_ns();
        u64 stop_at = until_ticks;
        if (deadline != no_deadline_ns)
            stop_at = std::min(stop_at, std::max(time_.ticks_at(deadline), ticks + 1));

        RunExit exit = accelerator_->run(stop_at);
        settle();
        switch (exit) {
        case RunExit::position: break;
        case RunExit::device:
            if (end_ == ExitKind::position &&
                (outputs_produced_ != outputs_before || disk_requests_ != disk_requests_before))
                return exit_here(ExitKind::position);
            break;
        case RunExit::halted:
            if (end_ == ExitKind::position && !board_.interrupt_pending())
                return exit_here(ExitKind::halted);
            break;
        case RunExit::triple_fault: end_here(ExitKind::triple_fault); break;
        case RunExit::stuck: end_here(ExitKind::stuck); break;
        }
    }
}

void Machine::apply(const Input& input) {
    if (end_ != ExitKind::position) return;
    if (const auto* frame = std::get_if<NetFrameInput>(&input)) {
        board_.receive_frame(frame->frame);
    } else if (const auto* clock = std::get_if<ClockInput>(&input)) {
        time_.apply(*clock, accelerator_->ticks());
    } else if (const auto* console = std::get_if<ConsoleInput>(&input)) {
        board_.receive_console(console->port, console->data);
    } else if (const auto* entropy = std::get_if<EntropyInput>(&input)) {
        board_.supply_entropy(entropy->data);
    } else if (const auto* disk = std::get_if<DiskCompletionInput>(&input)) {
        board_.complete_disk_request(*disk);
    } else {
        switch (std::get<ControlInput>(input).kind) {
        case ControlKind::power_button: board_.press_power_button(); break;
        case ControlKind::reset: end_here(ExitKind::guest_reset); break;
        case ControlKind::power_off: end_here(ExitKind::power_off); break;
        case ControlKind::snapshot:
            // What the snapshot does not hold must be the same for the machine that goes on and for
            // the one that is made from it.
            accelerator_->flush_caches();
            clear_dirty();
            break;
        case ControlKind::cpu_share:
            cpu_share_permille_ = std::get<ControlInput>(input).value;
            break;
        }
    }
    settle();
}

std::string Machine::describe_end() const {
    switch (end_) {
    case ExitKind::position:
    case ExitKind::halted: return "the machine has not ended";
    case ExitKind::power_off: return "the guest is powered off";
    case ExitKind::guest_reset:
        return "the guest was reset; a machine does not survive that: start it again";
    case ExitKind::triple_fault:
        return "triple fault: the guest's CPU met an exception while it delivered a double "
               "fault\n" +
               describe();
    case ExitKind::stuck:
        return "the guest is stuck: its exception handlers fault for ever without executing an "
               "instruction\n" +
               describe();
    }
    return "unknown";
}

void Machine::save(StateWriter& state) const {
    Position here = position();
    state.put(here.ticks);
    state.put(here.rip);
    state.put(here.rcx);
    time_.save(state);
    state.put(outputs_produced_);
    state.put(end_);
    accelerator_->save(state);
    board_.save(state);
    // Absent where it is all, as in states from before there was any other.
    if (cpu_share_permille_ != cpu_share_permille_max) state.put(cpu_share_permille_);
}

void Machine::restore(StateReader& state) {
    Position expected;
    state.get(expected.ticks);
    state.get(expected.rip);
    state.get(expected.rcx);
    time_.restore(state);
    state.get(outputs_produced_);
    state.get(end_);
    if (end_ > ExitKind::stuck || end_ == ExitKind::halted) {
        end_ = ExitKind::position;
        state.fail();
    }
    accelerator_->restore(state);
    board_.restore(state);
    cpu_share_permille_ = cpu_share_permille_max;
    if (state.bytes_left() > 0) {
        state.get(cpu_share_permille_);
        if (cpu_share_permille_ < cpu_share_permille_min ||
            cpu_share_permille_ >= cpu_share_permille_max) {
            cpu_share_permille_ = cpu_share_permille_max;
            state.fail();
        }
    }
    Position here = position();
    if (here.ticks != expected.ticks || here.rip != expected.rip || here.rcx != expected.rcx)
        state.fail();
    page_sums_.forget();
    clear_dirty_flags(memory_);
    accelerator_->dirty_flags_cleared();
}

u64 Machine::state_digest() const {
    digest_bytes_.clear();
    save(digest_bytes_);
    return hash64(digest_bytes_.bytes());
}

MemoryDigest Machine::take_memory_digest() {
    accelerator_->collect_dirty_flags();
    if (tick_unit() == TickUnit::branches) {
        page_sums_.update();
        return page_sums_.digest();
    }
    MemoryDigest digest = take_dirty_digest(memory_);
    if (digest.pages > 0) accelerator_->dirty_flags_cleared();
    return digest;
}

void Machine::watch_changes(image::PageSet& set) {
    collect_changes();
    change_watchers_.push_back(&set);
}

void Machine::unwatch_changes(image::PageSet& set) { std::erase(change_watchers_, &set); }

void Machine::collect_changes() {
    accelerator_->collect_dirty_flags();
    u8* flags = memory_.page_flags();
    bool any = false;
    for_each_page_with<GuestMemory::changed>(memory_, [&](u64 page) {
        flags[page] &= static_cast<u8>(~GuestMemory::changed);
        for (image::PageSet* set : change_watchers_) set->add(page);
        any = true;
    });
    if (any) accelerator_->dirty_flags_cleared();
}

void Machine::clear_dirty() {
    // By branches memory is digested by content, whatever the flags say.
    if (tick_unit() == TickUnit::branches) return;
    accelerator_->collect_dirty_flags();
    clear_dirty_flags(memory_);
    accelerator_->dirty_flags_cleared();
}

}  // namespace vmft
