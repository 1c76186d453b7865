#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "runner/runner_events.h"

namespace vmft::test {

/// Keeps what a runner told, and waits for it: at most some seconds, so that a hang is a failure.
class RecordedEvents final : public RunnerEvents {
public:
    void segment(RecordedSegment&& segment) override {
        change([&] { segments.push_back(std::move(segment)); });
    }
    void console(std::vector<u8>&& bytes) override {
        change([&] { console_bytes.insert(console_bytes.end(), bytes.begin(), bytes.end()); });
    }
    void executed(const ExecutionProgress& progress) override {
        change([&] { last_executed = progress; });
    }
    void live(const Position& position) override {
        change([&] { live_at = position; });
    }
    void paused(const Position& position) override {
        change([&] { paused_at = position; });
    }
    void stopped(const Stopped& stopped) override {
        change([&] {
            stop = stopped;
            stops++;
        });
    }

    bool showed_anything() {
        std::lock_guard lock(mutex);
        return !console_bytes.empty();
    }
    RecordedSegment segment_at(size_t index) {
        std::lock_guard lock(mutex);
        return segments.at(index);
    }

    /// Whether `condition()` came true in time.
    template <typename Condition>
    bool wait(Condition condition) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, std::chrono::seconds(20), condition);
    }
    bool wait_stopped() {
        return wait([this] { return stop.has_value(); });
    }
    bool wait_segments(size_t count) {
        return wait([this, count] { return segments.size() >= count || stop; });
    }

    std::mutex mutex;
    std::condition_variable changed;
    std::vector<RecordedSegment> segments;
    std::vector<u8> console_bytes;
    std::optional<ExecutionProgress> last_executed;
    std::optional<Position> live_at, paused_at;
    std::optional<Stopped> stop;
    int stops = 0;

private:
    template <typename Change>
    void change(Change apply) {
        std::lock_guard lock(mutex);
        apply();
        changed.notify_all();
    }
};

}  // namespace vmft::test
