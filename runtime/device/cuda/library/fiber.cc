// Compiled without the thread sanitizer, as emulation.cc. Stacks are switched as x86-64's ABI for
// calls on Linux asks for.
#include "runtime/device/cuda/library/fiber.h"

#include <cstdint>
#include <cstdlib>

#include <sys/mman.h>

#ifdef CONVOY_EMULATION_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef CONVOY_EMULATION_TSAN
#include <sanitizer/tsan_interface.h>
#endif

// Puts what a call preserves on the stack, stores the stack pointer at `save`, and returns on the
// stack at `load`.
extern "C" void convoy_switch_stack(void** save, void* load);
asm(R"(
.text
.type convoy_switch_stack, @function
convoy_switch_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size convoy_switch_stack, .-convoy_switch_stack
)");

namespace gpu::emulated {
namespace {

constexpr size_t kStack = 64 * 1024;
constexpr int kPreserved = 6;  // registers that convoy_switch_stack keeps

thread_local FiberPool* starting = nullptr;

}  // namespace

Pages::Pages(size_t bytes) : bytes_(bytes) {
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) std::abort();
  data_ = static_cast<std::byte*>(data);
}

Pages::~Pages() {
  FiberTrace::open(data_, bytes_);
  munmap(data_, bytes_);
}

void Pages::renew() {
  void* data = mmap(data_, bytes_, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (data == MAP_FAILED) std::abort();
}

FiberPool::FiberPool(size_t most) : fibers_(most), stacks_(most * kStack) {
  for (size_t i = most; i-- > 0;) {
    fibers_[i].stack = stacks_.data() + i * kStack;
  }
  reset();
}

Fiber& FiberPool::start(void (*body)(void*), void* argument) {
  Fiber& fiber = *free_.back();
  free_.pop_back();
  fiber.body = body;
  fiber.argument = argument;
  fiber.finished = false;
  fiber.fake_stack = nullptr;
  auto** top = reinterpret_cast<void**>(fiber.stack + kStack);
  *--top = nullptr;                          // the stack is aligned as after a call
  *--top = reinterpret_cast<void*>(&begin);  // where convoy_switch_stack returns to
  for (int i = 0; i < kPreserved; ++i) *--top = nullptr;
  fiber.stack_pointer = top;
#ifdef CONVOY_EMULATION_TSAN
  fiber.trace_fiber = __tsan_create_fiber(0);
#endif
  starting = this;
  switch_to(fiber);
  return fiber;
}

void FiberPool::enter(Fiber& fiber) { switch_to(fiber); }

void FiberPool::switch_to(Fiber& fiber) {
  current_ = &fiber;
#ifdef CONVOY_EMULATION_ASAN
  void* fake = nullptr;
  __sanitizer_start_switch_fiber(&fake, fiber.stack, kStack);
#endif
#ifdef CONVOY_EMULATION_TSAN
  trace_scheduler_ = __tsan_get_current_fiber();
  __tsan_switch_to_fiber(fiber.trace_fiber, __tsan_switch_to_fiber_no_sync);
#endif
  convoy_switch_stack(&scheduler_, fiber.stack_pointer);
#ifdef CONVOY_EMULATION_ASAN
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
  current_ = nullptr;
}

void FiberPool::leave(Fiber& fiber) {
#ifdef CONVOY_EMULATION_ASAN
  __sanitizer_start_switch_fiber(fiber.finished ? nullptr : &fiber.fake_stack, scheduler_bottom_,
                                 scheduler_size_);
#endif
#ifdef CONVOY_EMULATION_TSAN
  __tsan_switch_to_fiber(trace_scheduler_, __tsan_switch_to_fiber_no_sync);
#endif
  convoy_switch_stack(&fiber.stack_pointer, scheduler_);
#ifdef CONVOY_EMULATION_ASAN
  __sanitizer_finish_switch_fiber(fiber.fake_stack, &scheduler_bottom_, &scheduler_size_);
#endif
}

void FiberPool::begin() {
  FiberPool& pool = *starting;
  Fiber& fiber = *pool.current_;
#ifdef CONVOY_EMULATION_ASAN
  __sanitizer_finish_switch_fiber(nullptr, &pool.scheduler_bottom_, &pool.scheduler_size_);
#endif
  fiber.body(fiber.argument);
  fiber.finished = true;
  pool.leave(fiber);
  std::abort();
}

void FiberPool::give_back(Fiber& fiber) {
#ifdef CONVOY_EMULATION_TSAN
  // Its stack is not used again before reset(), or two threads would seem to race for it.
  __tsan_destroy_fiber(fiber.trace_fiber);
#else
  free_.push_back(&fiber);
#endif
}

void FiberPool::reset() {
  free_.clear();
  for (size_t i = fibers_.size(); i-- > 0;) free_.push_back(&fibers_[i]);
#ifdef CONVOY_EMULATION_TSAN
  stacks_.renew();
#endif
  // What was left in the middle has closed parts of its stack.
  for (const Fiber& fiber : fibers_) FiberTrace::open(fiber.stack, kStack);
}

#ifdef CONVOY_EMULATION_TSAN

namespace {

// Two for each place, used in turn: one thread may come to the next barrier before another has left
// this one, and must not order what that does.
thread_local char begin_token, end_token, barrier_tokens[2], warp_tokens[32][2];

}  // namespace

const bool FiberTrace::kFiberForEachThread = true;
void FiberTrace::launch_begins() { __tsan_release(&begin_token); }
void FiberTrace::thread_begins() { __tsan_acquire(&begin_token); }
void FiberTrace::thread_stops() { __tsan_release(&end_token); }
void FiberTrace::launch_ends() { __tsan_acquire(&end_token); }
void FiberTrace::arrive_at_barrier(unsigned number) { __tsan_release(&barrier_tokens[number % 2]); }
void FiberTrace::leave_barrier(unsigned number) { __tsan_acquire(&barrier_tokens[number % 2]); }
void FiberTrace::arrive_in_warp(size_t warp, unsigned number) {
  __tsan_release(&warp_tokens[warp][number % 2]);
}
void FiberTrace::leave_warp(size_t warp, unsigned number) {
  __tsan_acquire(&warp_tokens[warp][number % 2]);
}

#else

const bool FiberTrace::kFiberForEachThread = false;
void FiberTrace::launch_begins() {}
void FiberTrace::thread_begins() {}
void FiberTrace::thread_stops() {}
void FiberTrace::launch_ends() {}
void FiberTrace::arrive_at_barrier(unsigned) {}
void FiberTrace::leave_barrier(unsigned) {}
void FiberTrace::arrive_in_warp(size_t, unsigned) {}
void FiberTrace::leave_warp(size_t, unsigned) {}

#endif

#ifdef CONVOY_EMULATION_ASAN
void FiberTrace::open(void* data, size_t bytes) { __asan_unpoison_memory_region(data, bytes); }
void FiberTrace::close(void* data, size_t bytes) { __asan_poison_memory_region(data, bytes); }
#else
void FiberTrace::open(void*, size_t) {}
void FiberTrace::close(void*, size_t) {}
#endif

}  // namespace gpu::emulated
