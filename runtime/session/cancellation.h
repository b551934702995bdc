// Stopping a run from another thread.
#pragma once

#include <atomic>

#include "runtime/base/error.h"

namespace convoy {

// What a run that was stopped throws, of code kInvalidInput.
class Cancelled : public Error {
 public:
  Cancelled();
};

// While it lives, runs of sessions on this thread stop before their next step, those of bodies
// included, once `*flag` is true. `flag` outlives it and may be set by any thread; nullptr changes
// nothing.
class CancellationScope {
 public:
  explicit CancellationScope(const std::atomic<bool>* flag);
  ~CancellationScope();
  CancellationScope(const CancellationScope&) = delete;
  CancellationScope& operator=(const CancellationScope&) = delete;

 private:
  const std::atomic<bool>* before_;
};

// The flag of the calling thread's innermost scope; nullptr where there is none.
const std::atomic<bool>* cancellation_of_thread();

// Throws Cancelled if a scope of this thread was told to stop.
void check_cancellation();

}  // namespace convoy
