// When two ways to compute a random graph agree.
#pragma once

#include <string>
#include <vector>

#include "runtime/session/session.h"

namespace convoy::testing {

// Of max|output|, for graphs of float32.
inline constexpr double kFloatTolerance = 1e-4;
// One rounding of float16 is 5e-4, and a merge adds up in another order.
inline constexpr double kHalfTolerance = 2e-2;

// Empty where all outputs have equal types and shapes and differ by at most `tolerance` of their
// largest element (of 0.01, in graphs of float16 of 0.5, where that is smaller: what cancels to
// less holds nothing but rounding); else what differs.
std::string difference(const std::vector<Value>& actual, const std::vector<Value>& expected,
                       double tolerance);

// The float32 feeds, each element moved by the share `by`, in turn up and down.
Feeds nudged(const Feeds& feeds, float by);

}  // namespace convoy::testing
