#include "runtime/session/cancellation.h"

namespace convoy {
namespace {

const std::atomic<bool>*& current() {
  thread_local const std::atomic<bool>* flag = nullptr;
  return flag;
}

}  // namespace

Cancelled::Cancelled() : Error(ErrorCode::kInvalidInput, "the run was told to terminate") {}

CancellationScope::CancellationScope(const std::atomic<bool>* flag) : before_(current()) {
  if (flag != nullptr) current() = flag;
}

CancellationScope::~CancellationScope() { current() = before_; }

const std::atomic<bool>* cancellation_of_thread() { return current(); }

void check_cancellation() {
  const std::atomic<bool>* flag = current();
  if (flag != nullptr && flag->load(std::memory_order_relaxed)) throw Cancelled();
}

}  // namespace convoy
