#pragma once

#include <algorithm>
#include <vector>

#include "base/types.h"

namespace vmft::kvm {

/// The upper one of two; 0 of none. Changes their order.
inline u64 median(std::vector<u64>& values) {
    if (values.empty()) return 0;
    auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace vmft::kvm
