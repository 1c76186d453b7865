#pragma once

#include <memory>

#include "machine/image/copy.h"
#include "machine/image/state.h"

namespace vmft::test {

/// A machine made from another while that runs, piece by piece between its slices.
class GrowingCopy {
public:
    GrowingCopy(Machine& original, std::unique_ptr<Machine> copy)
        : original_(original), copy_of_memory_(original, [] {}), copy_(std::move(copy)) {
        copy_of_memory_.serve();
    }
    ~GrowingCopy() {
        copy_of_memory_.end();
        copy_of_memory_.serve();
    }
    GrowingCopy(const GrowingCopy&) = delete;
    GrowingCopy& operator=(const GrowingCopy&) = delete;

    /// Takes in what has changed and moves some pieces; false when one was refused.
    bool grow(u64 pieces) {
        copy_of_memory_.serve();
        return move(pieces);
    }

    /// The original has just taken ControlKind::snapshot. Null when anything was refused.
    std::unique_ptr<Machine> finish() {
        copy_of_memory_.serve();
        if (!move(~u64{0})) return nullptr;
        std::vector<u8> state = image::encode_state(original_, {original_.outputs_produced(), {}});
        WaitingOutputs outputs;
        if (image::restore_state(state, *copy_, outputs) != image::ImageFault::none) return nullptr;
        return std::move(copy_);
    }

private:
    bool move(u64 pieces) {
        image::Pages pages;
        for (u64 moved = 0; moved < pieces; moved++) {
            auto piece = copy_of_memory_.read(64 << 10);
            if (!piece) return true;
            if (image::decode_pages(piece->data, copy_->memory().pages(), pages) !=
                image::ImageFault::none)
                return false;
            image::apply_pages(pages, copy_->memory());
        }
        return true;
    }

    Machine& original_;
    image::Copy copy_of_memory_;
    std::unique_ptr<Machine> copy_;
};

}  // namespace vmft::test
