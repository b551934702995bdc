// How long a random test goes on where it does not run whole.
#pragma once

#include <chrono>
#include <cstdint>

#include <gtest/gtest.h>

namespace convoy::testing {

// Calls check(number) for 0, 1, … until one fails or `most` have been called, or the time is over
// and `least` have: machines may be slow, or busy with other things. Returns how many.
template <typename Check>
int64_t repeat_for(std::chrono::seconds time, int64_t least, int64_t most, const Check& check) {
  const auto end = std::chrono::steady_clock::now() + time;
  int64_t done = 0;
  while (done < most && (done < least || std::chrono::steady_clock::now() < end)) {
    check(done++);
    if (::testing::Test::HasFatalFailure()) break;
  }
  return done;
}

}  // namespace convoy::testing
