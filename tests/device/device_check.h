// Whether a model computes the same on another device as on the CPU.
#pragma once

#include <functional>
#include <string>

#include "runtime/session/session.h"

namespace convoy::testing {

// Empty where sessions of `make_model()` give the same, or fail with the same code, on the CPU and
// on the device, with the feeds on the host and on the device; else what differs. Graphs that draw
// random numbers pass unseen.
//
// On the mirror device the same bits with all kernels; with the half that `seed` leaves within
// kFloatTolerance and kHalfTolerance (tests/fuzz/compare_outputs.h), as what is sent is dense, and
// some kernels add up what has strides in another order. On a GPU within these tolerances, as its
// kernels add up in an order of their own.
std::string difference_on_device(Device& device, const std::function<Model()>& make_model,
                                 const Feeds& feeds, uint64_t seed, SessionOptions options = {});

// nullptr where the emulated GPU was not built.
Device* emulated_gpu();

}  // namespace convoy::testing
