#pragma once

#include <vector>

#include "machine/image/copy.h"
#include "machine/image/state.h"

namespace vmft::test {

/// The image of a machine that stands still, as bytes.
struct Image {
    std::vector<std::vector<u8>> pages;
    std::vector<u8> state;
};

/// `machine` has just taken ControlKind::snapshot.
inline Image image_of(Machine& machine, const WaitingOutputs& outputs) {
    Image image;
    image::Copy copy(machine, [] {});
    copy.serve();
    while (auto piece = copy.read(u64{1} << 20)) image.pages.push_back(std::move(piece->data));
    copy.end();
    copy.serve();
    image.state = image::encode_state(machine, outputs);
    return image;
}
/// Of a machine whose outputs have all left.
inline Image image_of(Machine& machine) {
    return image_of(machine, {machine.outputs_produced(), {}});
}

/// Takes an image over into a fresh machine.
inline image::ImageFault restore(const Image& image, Machine& machine, WaitingOutputs& outputs) {
    for (const std::vector<u8>& piece : image.pages) {
        image::Pages pages;
        image::ImageFault fault = image::decode_pages(piece, machine.memory().pages(), pages);
        if (fault != image::ImageFault::none) return fault;
        image::apply_pages(pages, machine.memory());
    }
    return image::restore_state(image.state, machine, outputs);
}
inline image::ImageFault restore(const Image& image, Machine& machine) {
    WaitingOutputs outputs;
    return restore(image, machine, outputs);
}

}  // namespace vmft::test
