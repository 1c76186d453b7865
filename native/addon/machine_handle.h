#pragma once

#include <napi.h>

#include <memory>

#include "addon/event_bridge.h"
#include "runner/runner.h"
#include "world/host_world.h"

namespace vmft::addon {

/// The JavaScript object behind src/flow/machine/native-machine.ts: owns a runner, converts, maps
/// errors.
///
///   new NativeMachine({ memoryBytes, commandLine, mac, randomSeed, realtimeNs, kernel, initramfs,
///   disks, cpuid, counter, crashAt }, onEvent)
///
/// `cpuid` and `counter` are null for the software CPU; else the guest's leaves and what counts its
/// branches, on KVM. `kernel` is a Buffer, or null for a machine that will be restored; `initramfs`
/// a Buffer or null. `crashAt` is for tests: null, or the step of a disk write's life
/// (crash_point.h) at whose `count`th time with a backup the process kills itself. When the object
/// is closed or collected, its vCPU thread ends, and memory and tap are given back.
class MachineHandle final : public Napi::ObjectWrap<MachineHandle> {
public:
    static Napi::Function define(Napi::Env env);

    explicit MachineHandle(const Napi::CallbackInfo& info);
    ~MachineHandle() override;

private:
    using Info = const Napi::CallbackInfo&;

    void attach_tap(Info info);
    void attach_disk(Info info);
    void start_live(Info info);
    void pause(Info info);
    void resume(Info info);
    void reconfigure(Info info);
    void copy_begin(Info info);
    Napi::Value copy_read(Info info);
    Napi::Value copy_changes(Info info);
    Napi::Value copy_state(Info info);
    void copy_end(Info info);
    void restore_pages(Info info);
    void restore_state(Info info);
    void start_replica(Info info);
    Napi::Value feed(Info info);
    void end_of_log(Info info);
    void go_live(Info info);
    void acknowledge(Info info);
    void release_outputs(Info info);
    Napi::Value announce(Info info);
    void disk_reads_done(Info info);
    void track_disk_changes(Info info);
    Napi::Value take_disk_changes(Info info);
    void console_input(Info info);
    void control(Info info);
    void set_cpu_share(Info info);
    void set_speed_limit(Info info);
    Napi::Value digest(Info info);
    Napi::Value status(Info info);
    void stop(Info info);
    void close(Info info);

    /// Throws `wrong-mode` once the machine is closed.
    Runner& runner() const;
    void discard();
    /// Ends the vCPU thread and the events. Also run when the process ends, before Node takes down
    /// what events travel on.
    void shut_down();
    static void environment_ends(void* handle) { static_cast<MachineHandle*>(handle)->shut_down(); }

    // The runner goes first when the handle does: it speaks through the bridge.
    std::unique_ptr<EventBridge> events_;
    std::unique_ptr<Runner> runner_;
    HostWorld* world_ = nullptr;  ///< The runner's.
    bool started_ = false;
    bool hooked_ = false;
};

}  // namespace vmft::addon
