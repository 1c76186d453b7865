#pragma once

#include <linux/kvm.h>
#include <signal.h>

#include <atomic>
#include <ctime>
#include <mutex>

#include "base/types.h"

namespace vmft::kvm {

/// Brings one vCPU's thread out of KVM_RUN.
///
/// A signal alone would be lost when it comes between the thread's last look and the entry. So the
/// handler sets immediate_exit in the run page, which KVM looks at after it has begun to take
/// signals into account; `prepare_entry` clears it before it looks at the flags, and whatever comes
/// later is seen by KVM.
///
/// The signal is a real-time one that nobody else in the process handles. It is only ever sent to
/// the vCPU's thread, by number, and only there unblocked, so that no other thread of Node's and no
/// system call of theirs is disturbed; SA_RESTART for the system calls of this one.
///
/// Made with the vCPU, never freed (64 bytes or so): a late signal finds it, and by `retire` no
/// run page.
class Kick {
public:
    static Kick* make(struct kvm_run* run);
    /// The run page is about to go; all threads' handlers are done with it afterwards.
    void retire();

    /// The signal: for a counter that wants its overflow to end an entry (F_SETSIG, F_OWNER_TID).
    /// One that no Kick has sent makes `interrupted()` true, not `take()`.
    static int signal_number();

    /// vCPU thread, before each entry. False: do not enter.
    bool prepare_entry();
    /// Whether `prepare_entry` would refuse. vCPU thread.
    bool wanted() const { return kicked_.load() || interrupted_.load(); }
    /// Forgets that the signal came from a counter. vCPU thread.
    void clear_interrupted() { interrupted_.store(false); }

    /// Vcpu::kick_at and take_kick.
    void at(u64 monotonic_ns);
    bool take();

    int thread_id() const { return thread_id_.load(); }

private:
    explicit Kick(struct kvm_run* run) : run_(run) {}
    void adopt_thread();
    void arm(u64 monotonic_ns);
    void send();
    static void handle(int signal, siginfo_t* information, void* context);

    static constexpr u64 never = ~u64{0};

    std::atomic<struct kvm_run*> run_;
    std::atomic<bool> kicked_{false}, interrupted_{false};
    std::atomic<int> handlers_{0};
    std::atomic<int> thread_id_{0};
    std::mutex mutex_;  ///< Of what follows.
    u64 deadline_ns_ = never;
    timer_t timer_{};
    bool has_timer_ = false;
};

}  // namespace vmft::kvm
