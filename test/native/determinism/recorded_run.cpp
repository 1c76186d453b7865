#include "determinism/recorded_run.h"

#include <algorithm>

#include "accel/soft/soft.h"
#include "log/segment_encoder.h"
#include "machine/image/growing_copy.h"

namespace vmft::test {
namespace {

class Recording {
public:
    Recording(const GuestStart& guest, const RecordingPlan& plan)
        : plan_(plan), random_(plan.seed ^ 0x5eed),
          machine_(guest.machine(soft_accelerator_with(plan.options))) {}

    RecordedRun run(RandomWorld& world) {
        if (!machine_) return {};
        machine_->set_output_listener(&run_.outputs);
        machine_->set_disk_listener(&world.disks());
        disks_ = &world.disks();
        encoder_.begin(1, 0);
        begin_copy();
        auto take = [this](Input&& input) { apply(std::move(input)); };
        while (machine_->end() == ExitKind::position) {
            world.inputs(*machine_, run_.outputs.console, take);
            u64 ticks = machine_->position().ticks;
            if (ticks >= plan_.ticks_max || run_.records.size() >= plan_.inputs_max) {
                apply(ControlInput{ControlKind::power_off});
                break;
            }
            u64 until = std::min(ticks + world.slice(), plan_.ticks_max);
            until = std::min(
                {until, next_in(plan_.checkpoint_ticks, ticks), next_in(plan_.copy_ticks, ticks)});
            MachineExit exit = machine_->run(until);
            look(until);
            if (exit.kind == ExitKind::halted)
                world.wake(*machine_, exit.next_deadline_ns, run_.outputs.console, take);
            if (records_in_segment_ > 0 && random_.below(4) == 0) flush();
            if (!grow_copy()) break;
        }
        flush();
        finish();
        return std::move(run_);
    }

private:
    static u64 next_in(const std::set<u64>& all, u64 after) {
        auto found = all.upper_bound(after);
        return found == all.end() ? ~u64{0} : *found;
    }

    void apply(Input&& input) {
        Position here = machine_->position();
        encoder_.add(here, input);
        records_in_segment_++;
        run_.records.push_back({here, input});
        machine_->apply(input);
    }

    /// What is planned for the position that was run to, when it was reached.
    void look(u64 until) {
        Position here = machine_->position();
        if (here.ticks != until || machine_->end() != ExitKind::position) return;
        if (plan_.checkpoint_ticks.contains(until))
            run_.checkpoints.push_back({run_.records.size(), here, machine_->state_digest(),
                                        machine_->whole_memory_digest()});
        if (plan_.copy_ticks.contains(until)) {
            apply(ControlInput{ControlKind::snapshot});
            flush();
            run_.copies.push_back(
                {run_.frames.size(), copy_->finish(), disks_->pending_requests()});
            copy_.reset();
            begin_copy();
        }
    }

    /// While there is one to come, a copy grows beside the machine.
    void begin_copy() {
        if (next_in(plan_.copy_ticks, machine_->position().ticks) == ~u64{0}) return;
        copy_.emplace(*machine_,
                      std::make_unique<Machine>(machine_->config(), make_soft_accelerator));
    }
    bool grow_copy() { return !copy_ || random_.below(8) != 0 || copy_->grow(random_.below(20)); }

    void flush() {
        Digest digest;
        digest.state = machine_->state_digest();
        if (run_.frames.size() % plan_.segments_per_memory_digest == 0) {
            MemoryDigest memory = machine_->take_memory_digest();
            digest.memory = memory.value;
            digest.memory_pages = memory.pages;
        }
        run_.frames.push_back(
            encoder_.finish(machine_->position(), digest, machine_->outputs_produced(), 0));
        encoder_.begin(1, run_.frames.size());
        records_in_segment_ = 0;
    }

    void finish() {
        machine_->set_output_listener(nullptr);
        machine_->set_disk_listener(nullptr);
        run_.end = machine_->position();
        run_.end_kind = machine_->end();
        run_.end_state = machine_->state_digest();
        run_.end_memory = machine_->whole_memory_digest();
    }

    const RecordingPlan& plan_;
    Random random_;
    std::unique_ptr<Machine> machine_;
    SimulatedDisks* disks_ = nullptr;
    SegmentEncoder encoder_;
    u64 records_in_segment_ = 0;
    std::optional<GrowingCopy> copy_;
    RecordedRun run_;
};

/// Runs to `ticks`, in slices. Falls short when the machine halts or ends before.
void run_to(Machine& machine, u64 ticks, const std::function<u64()>& slice) {
    for (;;) {
        u64 here = machine.position().ticks;
        if (here >= ticks) return;
        MachineExit exit = machine.run(here + std::min(ticks - here, slice()));
        if (exit.ended() || exit.kind == ExitKind::halted) return;
    }
}

}  // namespace

std::unique_ptr<Machine> GuestStart::machine(const Machine::AcceleratorFactory& accelerator) const {
    auto machine = std::make_unique<Machine>(config, accelerator);
    return machine->load({kernel, initramfs}).ok() ? std::move(machine) : nullptr;
}
std::unique_ptr<Machine> GuestStart::machine() const { return machine(make_soft_accelerator); }

RecordedRun record_run(const GuestStart& guest, RandomWorld& world, const RecordingPlan& plan) {
    return Recording(guest, plan).run(world);
}

bool rerun(Machine& machine, const RecordedRun& run, const std::function<u64()>& slice,
           const std::function<void(const Checkpoint&)>& at) {
    auto checkpoint = run.checkpoints.begin();
    for (u64 applied = 0; applied <= run.records.size(); applied++) {
        while (checkpoint != run.checkpoints.end() && checkpoint->records_before == applied) {
            run_to(machine, checkpoint->position.ticks, slice);
            at(*checkpoint++);
        }
        if (applied == run.records.size()) break;
        const Record& record = run.records[applied];
        run_to(machine, record.position.ticks, slice);
        if (machine.position() != record.position) return false;
        machine.apply(record.input);
    }
    // A triple fault is met behind the last instruction.
    if (machine.end() == ExitKind::position) run_to(machine, run.end.ticks + 1, slice);
    return machine.position() == run.end && machine.end() == run.end_kind;
}

}  // namespace vmft::test
