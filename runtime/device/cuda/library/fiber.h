// Fibers: stacks that one thread of the host switches between, and what the sanitizers are told.
#pragma once

#include <cstddef>
#include <vector>

namespace gpu::emulated {

// Memory that is mapped, not allocated: the thread sanitizer would watch what is allocated.
class Pages {
 public:
  explicit Pages(size_t bytes);
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  std::byte* data() const { return data_; }
  // Maps them anew, so that the thread sanitizer forgets who wrote to them.
  void renew();

 private:
  std::byte* data_;
  size_t bytes_;
};

struct Fiber {
  std::byte* stack = nullptr;
  void* stack_pointer = nullptr;
  void (*body)(void*) = nullptr;
  void* argument = nullptr;
  bool finished = false;
  void* fake_stack = nullptr;   // the address sanitizer's
  void* trace_fiber = nullptr;  // the thread sanitizer's
};

// The fibers of one thread of the host, and the scheduler that runs on that thread's own stack.
class FiberPool {
 public:
  explicit FiberPool(size_t most);

  // Runs `body` on a free fiber until it leaves or comes to its end.
  Fiber& start(void (*body)(void*), void* argument);
  // Continues where the fiber left.
  void enter(Fiber& fiber);
  // From a fiber to the scheduler.
  void leave(Fiber& fiber);
  Fiber* current() const { return current_; }

  // The fiber has finished.
  void give_back(Fiber& fiber);
  // All fibers are free: they have finished, or what runs on them is never continued.
  void reset();

 private:
  static void begin();
  void switch_to(Fiber& fiber);

  std::vector<Fiber> fibers_;
  std::vector<Fiber*> free_;
  Pages stacks_;
  Fiber* current_ = nullptr;
  void* scheduler_ = nullptr;  // its stack pointer
  void* trace_scheduler_ = nullptr;
  const void* scheduler_bottom_ = nullptr;
  size_t scheduler_size_ = 0;
};

// What happens in a block, for sanitizers. Nothing without them.
struct FiberTrace {
  // Whether each thread of a block must be a fiber of its own.
  static const bool kFiberForEachThread;
  // What the host did before a launch happens before what its threads do, and what these did
  // before they last stopped, at a barrier or at their end, before what the host does after it.
  static void launch_begins();
  static void thread_begins();
  static void thread_stops();
  static void launch_ends();
  static void arrive_at_barrier(unsigned number);
  static void leave_barrier(unsigned number);
  static void arrive_in_warp(size_t warp, unsigned number);
  static void leave_warp(size_t warp, unsigned number);
  // Memory that may, and that may not, be read and written.
  static void open(void* data, size_t bytes);
  static void close(void* data, size_t bytes);
};

}  // namespace gpu::emulated
