// Whether a model computes the same on the mirror device as on the CPU.
#pragma once

#include <functional>
#include <string>

#include "runtime/session/session.h"

namespace convoy::testing {

// Empty where sessions of `make_model()` give the same, or fail with the same code, on the CPU and
// on the mirror device, with the feeds on the host and on the device: the same bits with all
// kernels; within a tolerance with the half that `seed` leaves, as what is sent is dense, and some
// kernels add up what has strides in another order. Else what differs. Graphs that draw random
// numbers pass unseen.
std::string difference_on_mirror(const std::function<Model()>& make_model, const Feeds& feeds,
                                 uint64_t seed, SessionOptions options = {});

}  // namespace convoy::testing
