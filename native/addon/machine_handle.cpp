#include "addon/machine_handle.h"

#include <csignal>

#include "accel/kvm/kvm.h"
#include "accel/soft/soft.h"
#include "addon/copy_worker.h"
#include "addon/disk_handle.h"
#include "addon/values.h"

namespace vmft::addon {
namespace {

[[noreturn]] void throw_load_fault(const LoadResult& result) {
    switch (result.error) {
    case LoadError::too_little_memory:
        throw RunnerError("memory-too-small", result.message, "give the guest more memory");
    case LoadError::command_line_too_long: throw RunnerError("bad-argument", result.message);
    default:
        throw RunnerError("kernel-unusable", result.message,
                          "name a bzImage, or an ELF vmlinux with a PVH note");
    }
}

/// By `cpuid` and `counter` of the configuration: both null is the software CPU.
Machine::AcceleratorFactory to_accelerator(const Napi::Object& config) {
    if (config.Get("cpuid").IsNull() != config.Get("counter").IsNull())
        throw RunnerError("bad-argument", "cpuid and counter: expected both or neither");
    if (config.Get("cpuid").IsNull()) {
        TranslatorOptions options;
        options.enabled = !to_bool(config.Get("interpret"), "interpret");
        return soft_accelerator_with(options);
    }
    kvm::KvmOptions options{to_cpuid(config.Get("cpuid"), "cpuid"),
                            to_counter_options(config.Get("counter"))};
    return [options](GuestMemory& memory, Platform& platform) {
        return kvm::make_kvm_accelerator(memory, platform, options);
    };
}

CrashTrigger to_crash_trigger(const Napi::Value& value) {
    if (value.IsNull() || value.IsUndefined()) return {};
    Napi::Object object = to_object(value, "crashAt");
    std::string name = to_text(object.Get("point"), "point");
    for (u8 point = 1; point < std::size(crash_point_names); point++)
        if (name == crash_point_names[point])
            return {static_cast<CrashPoint>(point), to_size(object.Get("count"), "count"),
                    [] { std::raise(SIGKILL); }, true};
    throw RunnerError("bad-argument", "crashAt: there is no point " + name);
}

ControlKind to_control_kind(const Napi::Value& value) {
    std::string kind = to_text(value, "kind");
    if (kind == "power-button") return ControlKind::power_button;
    if (kind == "reset") return ControlKind::reset;
    if (kind == "power-off") return ControlKind::power_off;
    throw RunnerError("bad-argument", "kind: expected power-button, reset or power-off");
}

}  // namespace

Napi::Function MachineHandle::define(Napi::Env env) {
    using M = MachineHandle;
    return DefineClass(env, "NativeMachine",
                       {
                           InstanceMethod<&M::attach_tap>("attachTap"),
                           InstanceMethod<&M::attach_disk>("attachDisk"),
                           InstanceMethod<&M::start_live>("startLive"),
                           InstanceMethod<&M::pause>("pause"),
                           InstanceMethod<&M::resume>("resume"),
                           InstanceMethod<&M::reconfigure>("reconfigure"),
                           InstanceMethod<&M::copy_begin>("copyBegin"),
                           InstanceMethod<&M::copy_read>("copyRead"),
                           InstanceMethod<&M::copy_changes>("copyChanges"),
                           InstanceMethod<&M::copy_state>("copyState"),
                           InstanceMethod<&M::copy_end>("copyEnd"),
                           InstanceMethod<&M::restore_pages>("restorePages"),
                           InstanceMethod<&M::restore_state>("restoreState"),
                           InstanceMethod<&M::start_replica>("startReplica"),
                           InstanceMethod<&M::feed>("feed"),
                           InstanceMethod<&M::end_of_log>("endOfLog"),
                           InstanceMethod<&M::go_live>("goLive"),
                           InstanceMethod<&M::acknowledge>("acknowledge"),
                           InstanceMethod<&M::release_outputs>("releaseOutputs"),
                           InstanceMethod<&M::announce>("announce"),
                           InstanceMethod<&M::disk_reads_done>("diskReadsDone"),
                           InstanceMethod<&M::track_disk_changes>("trackDiskChanges"),
                           InstanceMethod<&M::take_disk_changes>("takeDiskChanges"),
                           InstanceMethod<&M::console_input>("consoleInput"),
                           InstanceMethod<&M::control>("control"),
                           InstanceMethod<&M::set_cpu_share>("setCpuShare"),
                           InstanceMethod<&M::set_speed_limit>("setSpeedLimit"),
                           InstanceMethod<&M::digest>("digest"),
                           InstanceMethod<&M::status>("status"),
                           InstanceMethod<&M::stop>("stop"),
                           InstanceMethod<&M::close>("close"),
                       });
}

MachineHandle::MachineHandle(Info info) : Napi::ObjectWrap<MachineHandle>(info) {
    guarded(info.Env(), [&] {
        Napi::Object config = to_object(info[0], "config");
        if (!info[1].IsFunction())
            throw RunnerError("bad-argument", "onEvent: expected a function");
        auto kernel = to_optional_bytes(config.Get("kernel"), "kernel");
        auto initramfs = to_optional_bytes(config.Get("initramfs"), "initramfs");

        auto machine = std::make_unique<Machine>(to_machine_config(config), to_accelerator(config));
        if (kernel) {
            LoadResult result = machine->load({*kernel, initramfs.value_or(std::span<const u8>{})});
            if (!result.ok()) throw_load_fault(result);
        }
        auto world = std::make_unique<HostWorld>();
        world_ = world.get();
        events_ = std::make_unique<EventBridge>(info.Env(), info[1].As<Napi::Function>());
        runner_ = std::make_unique<Runner>(std::move(machine), kernel.has_value(), std::move(world),
                                           *events_, to_crash_trigger(config.Get("crashAt")));
    });
    // Hooks run in the reverse of their order: this one before the event function's own.
    hooked_ = napi_add_env_cleanup_hook(info.Env(), environment_ends, this) == napi_ok;
}

MachineHandle::~MachineHandle() { discard(); }

void MachineHandle::discard() {
    if (hooked_) napi_remove_env_cleanup_hook(Env(), environment_ends, this);
    shut_down();
}

Runner& MachineHandle::runner() const {
    if (!runner_) throw RunnerError("wrong-mode", "the machine is closed");
    return *runner_;
}

void MachineHandle::shut_down() {
    hooked_ = false;
    runner_.reset();
    events_.reset();
}

void MachineHandle::attach_tap(Info info) {
    guarded(info.Env(), [&] {
        std::string name = to_text(to_object(info[0], "options").Get("name"), "name");
        bool networked = runner().config().mac.has_value();
        if (started_ || world_->has_tap())
            throw RunnerError("wrong-mode",
                              "attachTap: the machine has a tap, or has been started");
        if (!networked)
            throw RunnerError("bad-argument", "attachTap: the guest has no network device");
        std::string fault = world_->attach_tap(name);
        if (!fault.empty()) throw RunnerError("tap-unavailable", fault);
    });
}

void MachineHandle::attach_disk(Info info) {
    guarded(info.Env(), [&] {
        runner().attach_disk(to_u32(info[0], "index"), DiskHandle::backend_of(info[1]));
    });
}

void MachineHandle::disk_reads_done(Info info) {
    guarded(info.Env(), [&] { runner().disk_reads_done(to_u64(info[0], "count")); });
}

void MachineHandle::track_disk_changes(Info info) {
    guarded(info.Env(),
            [&] { runner().track_disk_changes(to_u32(info[0], "index"), to_bool(info[1], "on")); });
}

Napi::Value MachineHandle::take_disk_changes(Info info) {
    return guarded(info.Env(), [&]() -> Napi::Value {
        return from_disk_ranges(info.Env(), runner().take_disk_changes(to_u32(info[0], "index")));
    });
}

void MachineHandle::start_live(Info info) {
    guarded(info.Env(), [&] { runner().start_live(to_live_options(info[0])); });
    started_ = true;
    events_->keep_process_alive(info.Env());
}

void MachineHandle::pause(Info info) {
    guarded(info.Env(), [&] { runner().pause(); });
}

void MachineHandle::resume(Info info) {
    guarded(info.Env(), [&] { runner().resume(to_live_options(info[0])); });
}

void MachineHandle::reconfigure(Info info) {
    guarded(info.Env(), [&] { runner().reconfigure(to_live_options(info[0])); });
}

void MachineHandle::copy_begin(Info info) {
    guarded(info.Env(), [&] { runner().copy_begin(); });
}

Napi::Value MachineHandle::copy_read(Info info) {
    return guarded(info.Env(), [&] {
        u64 memory_bytes_max = to_size(info[0], "memoryBytesMax");
        return addon::copy_read(info.Env(), runner().copy(), memory_bytes_max);
    });
}

Napi::Value MachineHandle::copy_changes(Info info) {
    return guarded(info.Env(), [&] { return addon::copy_changes(info.Env(), runner().copy()); });
}

Napi::Value MachineHandle::copy_state(Info info) {
    return guarded(info.Env(), [&] { return from_bytes(info.Env(), runner().copy_state()); });
}

void MachineHandle::copy_end(Info info) {
    guarded(info.Env(), [&] { runner().copy_end(); });
}

void MachineHandle::restore_pages(Info info) {
    guarded(info.Env(), [&] { runner().restore_pages(to_bytes(info[0], "pages")); });
}

void MachineHandle::restore_state(Info info) {
    guarded(info.Env(), [&] { runner().restore_state(to_bytes(info[0], "state")); });
}

void MachineHandle::start_replica(Info info) {
    guarded(info.Env(), [&] {
        Napi::Object options = to_object(info[0], "options");
        std::optional<u64> generation;
        if (!options.Get("generation").IsNull())
            generation = to_u64(options.Get("generation"), "generation");
        Napi::Value until = options.Get("untilTicks");
        if (to_replication(options.Get("replication")) == Replication::checkpoint) {
            if (!generation || !until.IsUndefined())
                throw RunnerError("bad-argument",
                                  "startReplica: checkpoints are of one generation, and have no "
                                  "position to stop at");
            runner().start_checkpoint_replica(*generation);
            return;
        }
        runner().start_replica(generation, until.IsUndefined() ? Replay::no_limit
                                                               : to_u64(until, "untilTicks"));
    });
    started_ = true;
    events_->keep_process_alive(info.Env());
}

Napi::Value MachineHandle::feed(Info info) {
    return guarded(info.Env(), [&] {
        Napi::Env env = info.Env();
        FedSegment fed = runner().feed(to_bytes(info[0], "frame"));
        Napi::Object object = Napi::Object::New(env);
        object.Set("generation", from_u64(env, fed.generation));
        object.Set("sequence", from_u64(env, fed.sequence));
        object.Set("runUntilTicks", from_u64(env, fed.run_until_ticks));
        object.Set("outputsProduced", from_u64(env, fed.outputs_produced));
        object.Set("outputsReleased", from_u64(env, fed.outputs_released));
        return object;
    });
}

void MachineHandle::end_of_log(Info info) {
    guarded(info.Env(), [&] { runner().end_of_log(); });
}

void MachineHandle::go_live(Info info) {
    guarded(info.Env(), [&] { runner().go_live(to_live_options(info[0])); });
}

void MachineHandle::acknowledge(Info info) {
    guarded(info.Env(), [&] { runner().acknowledge(to_u64(info[0], "sequence")); });
}

void MachineHandle::release_outputs(Info info) {
    guarded(info.Env(), [&] {
        u64 through = to_u64(info[0], "through");
        double until_ns = to_number(info[1], "untilMs") * 1e6;
        // Beyond 2^63 is for ever; NaN and what lies before the clock's beginning permit nothing.
        u64 until = until_ns >= 9.2e18 ? ~u64{0} : until_ns > 0 ? static_cast<u64>(until_ns) : 0;
        runner().release_outputs(through, until);
    });
}

Napi::Value MachineHandle::announce(Info info) {
    return guarded(info.Env(), [&] {
        const auto& mac = runner().config().mac;
        return Napi::Boolean::New(info.Env(), mac && world_->announce(*mac));
    });
}

void MachineHandle::console_input(Info info) {
    guarded(info.Env(), [&] { runner().console_input(to_bytes(info[0], "bytes")); });
}

void MachineHandle::control(Info info) {
    guarded(info.Env(), [&] { runner().control(to_control_kind(info[0])); });
}

void MachineHandle::set_cpu_share(Info info) {
    guarded(info.Env(), [&] { runner().set_cpu_share(to_number(info[0], "share")); });
}

void MachineHandle::set_speed_limit(Info info) {
    guarded(info.Env(), [&] { runner().set_speed_limit(to_number(info[0], "share")); });
}

Napi::Value MachineHandle::digest(Info info) {
    return guarded(info.Env(), [&] {
        Runner::MachineDigest digest = runner().digest(to_bool(info[0], "ofMemory"));
        Napi::Object object = Napi::Object::New(info.Env());
        object.Set("position", from_position(info.Env(), digest.position));
        object.Set("state", from_u64(info.Env(), digest.state));
        object.Set("memory", from_u64(info.Env(), digest.memory));
        return object;
    });
}

Napi::Value MachineHandle::status(Info info) {
    return guarded(info.Env(), [&] { return from_status(info.Env(), runner().status()); });
}

void MachineHandle::stop(Info info) {
    guarded(info.Env(), [&] { runner().stop(); });
    events_->keep_process_alive(info.Env());  // Until `stopped` is delivered.
}

void MachineHandle::close(Info) { discard(); }

}  // namespace vmft::addon
