#pragma once

#include <string>

#include "base/hash64.h"
#include "machine/machine.h"

namespace vmft::test {

/// Takes a machine's outputs: the console's text, and a hash over everything in order.
class SeenOutputs final : public OutputListener {
public:
    void produced(Output&& output) override {
        StateWriter head;
        head.put(output.sequence);
        head.put(output.ticks);
        head.put(output.kind);
        hash_.add(head.bytes());
        hash_.add(output.bytes);
        if (output.kind == OutputKind::console)
            console.append(output.bytes.begin(), output.bytes.end());
        else if (output.kind == OutputKind::disk_request)
            disk_requests++;
        else
            frames++;
    }
    /// Of all outputs so far, with the position of each.
    u64 digest() const { return hash_.value(); }

    std::string console;
    u64 frames = 0, disk_requests = 0;

private:
    Hash64 hash_;
};

}  // namespace vmft::test
