#pragma once

#include "device/device.h"

namespace vmft {

/// Ports that software writes only to pass time (0x80, 0xED) or to show progress: nothing happens.
class NullDevice final : public Device {
public:
    u64 read(u64, unsigned size_bytes) override {
        return size_bytes >= 8 ? ~u64{0} : (u64{1} << size_bytes * 8) - 1;
    }
    void write(u64, unsigned, u64) override {}
    void save(StateWriter&) const override {}
    void restore(StateReader&) override {}
};

}  // namespace vmft
