// What Convoy does with one hostile case.
#pragma once

#include <string>

#include "tests/hostile/mutator.h"

namespace convoy::testing {

struct HostileVerdict {
  // What no user should ever see: an exception that is no convoy::Error, a message of the standard
  // library's, a broken invariant. Empty where all is well.
  std::string problem;
  std::string refusal;       // why the case as it is does not run; empty where it does
  int64_t output_bytes = 0;  // that the model asks for: of the larger run
};

// Loads, optimizes and writes, and runs the case optimized and not, each within
// kHostileMemoryLimit bytes of intermediate values.
HostileVerdict try_hostile(const HostileCase& hostile);

inline constexpr size_t kHostileMemoryLimit = size_t{256} << 20;

}  // namespace convoy::testing
