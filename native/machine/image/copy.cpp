#include "machine/image/copy.h"

#include <algorithm>

#include "base/limits.h"
#include "machine/digest.h"

namespace vmft::image {
namespace {

/// Pages that a search looks at between two looks at whether it goes on.
constexpr u64 pages_per_look = 256;

}  // namespace

/// While it lives, the machine does.
class Copy::Reader {
public:
    explicit Reader(Copy& copy, Lock& lock) : copy_(copy), lock_(lock) {
        copy_.readers_++;
        lock_.unlock();
    }
    ~Reader() {
        lock_.lock();
        copy_.readers_--;
        copy_.progressed_.notify_all();
    }
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;

private:
    Copy& copy_;
    Lock& lock_;
};

Copy::Copy(Machine& machine, std::function<void()> wake)
    : machine_(machine), changed_(machine.memory().pages()), wake_(std::move(wake)),
      left_(machine.memory().pages()), named_(machine.memory().pages()) {}

void Copy::serve() {
    Lock lock(mutex_);
    wants_service_ = false;
    if (ended_) {
        if (watching_) machine_.unwatch_changes(changed_);
        watching_ = false;
        return;
    }
    if (stage_ == Stage::wanted) {
        machine_.watch_changes(changed_);
        watching_ = true;
        stage_ = Stage::watched;
    } else {
        machine_.collect_changes();
        left_.take_all_of(changed_);
    }
    looks_done_ = looks_wanted_;
    progressed_.notify_all();
}

void Copy::find_content(Lock& lock) {
    progressed_.wait(lock,
                     [&] { return ended_ || stage_ == Stage::watched || stage_ == Stage::ready; });
    throw_if_ended();
    if (stage_ == Stage::ready) return;
    stage_ = Stage::searching;
    PageSet content(machine_.memory().pages());
    {
        Reader reader(*this, lock);
        const GuestMemory& memory = machine_.memory();
        for (u64 page = 0; page < memory.pages(); page++) {
            if (page % pages_per_look == 0 && ended_) break;
            if (!is_zero_page(memory.data() + (page << page_shift))) content.add(page);
        }
    }
    throw_if_ended();
    left_.take_all_of(content);
    stage_ = Stage::ready;
    progressed_.notify_all();
}

std::optional<Copy::Piece> Copy::read(u64 bytes_max) {
    u64 most = std::clamp<u64>(bytes_max >> page_shift, 1, limits::image_pages_max);
    Lock lock(mutex_);
    // One after the other, so that whether a page was named is known when it is found to be zero.
    progressed_.wait(lock, [&] { return ended_ || !reading_; });
    find_content(lock);
    reading_ = true;
    pages_.clear();
    std::vector<u32> taken;
    while (pages_.empty() && !left_.empty() && !ended_) {
        taken.clear();
        left_.take(taken, most);
        {
            Reader reader(*this, lock);
            for (u32 page : taken) pages_.add(machine_.memory(), page);
        }
        std::erase_if(pages_.zero, [this](u32 page) { return !named_.has(page); });
        for (u32 page : pages_.numbers) named_.add(page);
    }
    std::optional<Piece> piece;
    if (!pages_.empty() && !ended_) {
        lock.unlock();
        piece = Piece{encode_pages(pages_), pages_.count() << page_shift};
        lock.lock();
    }
    reading_ = false;
    progressed_.notify_all();
    throw_if_ended();
    return piece;
}

u64 Copy::changes() {
    Lock lock(mutex_);
    find_content(lock);
    u64 look = ++looks_wanted_;
    wants_service_ = true;
    wake_();
    progressed_.wait(lock, [&] { return ended_ || looks_done_ >= look; });
    throw_if_ended();
    return left_.count() << page_shift;
}

void Copy::end() {
    Lock lock(mutex_);
    ended_ = true;
    wants_service_ = true;
    if (wake_) wake_();
    wake_ = {};
    progressed_.notify_all();
}

void Copy::end_and_wait() {
    end();
    Lock lock(mutex_);
    progressed_.wait(lock, [this] { return readers_ == 0; });
}

}  // namespace vmft::image
