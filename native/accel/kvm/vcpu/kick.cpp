#include "accel/kvm/vcpu/kick.h"

#include "accel/kvm/monotonic_clock.h"
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "accel/kvm/vcpu/kvm_request.h"
#include "base/check.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

namespace vmft::kvm {

namespace {

static_assert(std::atomic<struct kvm_run*>::is_always_lock_free);
static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

/// What the handler takes a signal for that does not say whose it is: the vCPU entered last here.
thread_local std::atomic<Kick*> entered_here{nullptr};

int this_thread() {
    thread_local int id = static_cast<int>(::syscall(SYS_gettid));
    return id;
}

/// Takes the first real-time signal that the process leaves alone. The lowest ones are what
/// programs take first.
int install_handler(void (*handler)(int, siginfo_t*, void*)) {
    for (int number = SIGRTMIN + 5; number <= SIGRTMAX; number++) {
        struct sigaction old {};
        if (::sigaction(number, nullptr, &old) != 0) continue;
        if ((old.sa_flags & SA_SIGINFO) || old.sa_handler != SIG_DFL) continue;
        struct sigaction action {};
        action.sa_sigaction = handler;
        action.sa_flags = SA_SIGINFO | SA_RESTART;
        ::sigemptyset(&action.sa_mask);
        if (::sigaction(number, &action, nullptr) == 0) return number;
    }
    throw AcceleratorFault(AcceleratorFault::Kind::host,
                           "KVM: no real-time signal is free in this process");
}

int kick_signal = 0;  // Written once, before the first signal.

}  // namespace

Kick* Kick::make(struct kvm_run* run) {
    static std::mutex mutex;
    static std::vector<Kick*>& all = *new std::vector<Kick*>;  // Keeps them reachable, for good.
    std::lock_guard lock(mutex);
    if (kick_signal == 0) kick_signal = install_handler(&Kick::handle);
    all.push_back(new Kick(run));
    return all.back();
}

int Kick::signal_number() {
    VMFT_CHECK(kick_signal != 0);
    return kick_signal;
}

void Kick::retire() {
    {
        std::lock_guard lock(mutex_);
        if (has_timer_) ::timer_delete(timer_);
        has_timer_ = false;
        thread_id_ = 0;
    }
    run_ = nullptr;
    // A handler on the vCPU's thread may have read the pointer already; it is some instructions
    // long. On the vCPU's own thread none is under way.
    while (handlers_ != 0) ::sched_yield();
    if (entered_here == this) entered_here = nullptr;
}

void Kick::handle(int, siginfo_t* information, void*) {
    Kick* kick = entered_here;
    if (information->si_code == SI_TIMER) {
        kick = static_cast<Kick*>(information->si_value.sival_ptr);
        kick->kicked_ = true;
    } else if (kick && information->si_code != SI_TKILL) {
        kick->interrupted_ = true;
    }
    if (!kick) return;
    kick->handlers_++;
    if (struct kvm_run* run = kick->run_)
        __atomic_store_n(&run->immediate_exit, 1, __ATOMIC_SEQ_CST);
    kick->handlers_--;
}

void Kick::adopt_thread() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, kick_signal);
    std::lock_guard lock(mutex_);
    VMFT_CHECK(thread_id_ == 0);
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = kick_signal;
    event.sigev_value.sival_ptr = this;
    event.sigev_notify_thread_id = this_thread();
    if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0)
        throw_request_failed("timer_create", errno);
    has_timer_ = true;
    thread_id_ = this_thread();
    ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
    if (deadline_ns_ != never) arm(deadline_ns_);
}

bool Kick::prepare_entry() {
    if (entered_here != this) entered_here = this;
    if (thread_id_ != this_thread()) adopt_thread();
    struct kvm_run* run = run_;
    __atomic_store_n(&run->immediate_exit, 0, __ATOMIC_SEQ_CST);
    return !wanted();
}

void Kick::arm(u64 monotonic_ns) {
    itimerspec time{};
    time.it_value.tv_sec = static_cast<time_t>(monotonic_ns / 1'000'000'000);
    time.it_value.tv_nsec = static_cast<long>(monotonic_ns % 1'000'000'000);
    ::timer_settime(timer_, TIMER_ABSTIME, &time, nullptr);
}

void Kick::send() {
    int thread = thread_id_;
    if (thread != 0 && thread != this_thread())
        ::syscall(SYS_tgkill, ::getpid(), thread, kick_signal);
}

void Kick::at(u64 monotonic_ns) {
    // A zero would disarm the timer, and the signal is quicker.
    if (monotonic_ns == 0) {
        kicked_ = true;
        std::lock_guard lock(mutex_);
        send();
        return;
    }
    std::lock_guard lock(mutex_);
    if (monotonic_ns >= deadline_ns_) return;
    deadline_ns_ = monotonic_ns;
    if (has_timer_) arm(monotonic_ns);
}

bool Kick::take() {
    if (!kicked_) return false;
    // Under the lock: else a later time asked for in between would be measured against a deadline
    // that has passed, and be forgotten with it.
    std::lock_guard lock(mutex_);
    kicked_ = false;
    if (deadline_ns_ != never && deadline_ns_ <= monotonic_ns()) deadline_ns_ = never;
    return true;
}

}  // namespace vmft::kvm
