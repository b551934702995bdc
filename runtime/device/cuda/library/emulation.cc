// Compiled without the thread sanitizer, whatever the kernels are compiled with: what happens here
// is no part of the program that is checked.
#include "runtime/device/cuda/library/emulation.h"

#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>
#include <string_view>
#include <vector>

#include "runtime/device/cuda/library/fiber.h"
#include "runtime/device/cuda/library/schedule.h"
#include "runtime/device/cuda/library/shared_arrays.h"

namespace gpu::emulated {

constinit thread_local ThreadIndex* current = nullptr;

namespace {

constexpr size_t kWarp = 32;
constexpr size_t kMostThreads = 1024;  // of a block

enum class State : uint8_t { kNew, kReady, kAtBarrier, kInWarp, kDone };

struct Thread {
  ThreadIndex index;
  State state = State::kNew;
  Fiber* fiber = nullptr;
  std::source_location where;
  unsigned mask = 0;
  void* offer = nullptr;
  Meeting meet = nullptr;
  unsigned barriers = 0;  // that it has come to
  unsigned warp_barriers = 0;
};

std::string_view file_of(const std::source_location& where) {
  std::string_view path = where.file_name();
  return path.substr(path.rfind('/') + 1);
}

bool same_place(const std::source_location& a, const std::source_location& b) {
  return a.line() == b.line() && a.column() == b.column();
}

// The threads of one block after another, on the fibers of one thread of the host.
class BlockRunner {
 public:
  BlockRunner(dim3 blocks, dim3 threads, size_t shared_bytes, const std::function<void()>& kernel)
      : blocks_(blocks), size_(threads), shared_(shared_bytes), kernel_(kernel) {
    count_ = size_t{threads.x} * threads.y * threads.z;
    if (count_ == 0 || count_ > kMostThreads) misuse("a block of %zu threads", count_);
    if (shared_bytes > SharedArrays::kMost) misuse("%zu bytes of shared memory", shared_bytes);
    threads_.resize(count_);
    order_.resize(count_);
    std::iota(order_.begin(), order_.end(), size_t{0});
  }

  void run_blocks(const Schedule& schedule) {
    random_.seed(schedule.seed);
    order_of_threads_ = schedule.order;
    std::vector<size_t> numbers(size_t{blocks_.x} * blocks_.y * blocks_.z);
    std::iota(numbers.begin(), numbers.end(), size_t{0});
    arrange(numbers, schedule.order, random_);
    arrange(order_, schedule.order, random_);
    FiberTrace::launch_begins();
    for (size_t number : numbers) run_block(number);
  }

  ~BlockRunner() { FiberTrace::launch_ends(); }

  // --- called on a thread's fiber ---

  void at_barrier(std::source_location where) {
    Thread& me = *running_;
    me.where = where;
    me.state = State::kAtBarrier;
    unsigned number = me.barriers++;
    FiberTrace::arrive_at_barrier(number);
    to_scheduler();
    FiberTrace::leave_barrier(number);
  }

  void in_warp(unsigned mask, void* offer, Meeting meet, std::source_location where) {
    Thread& me = *running_;
    if ((mask >> me.index.lane & 1) == 0) {
      give_up("%.*s:%u: lane %u is not in its own mask %08x", name(where), file_of(where).data(),
              where.line(), me.index.lane, mask);
    }
    me.where = where;
    me.mask = mask;
    me.offer = offer;
    me.meet = meet;
    me.state = State::kInWarp;
    if (meet != nullptr) return to_scheduler();
    // __syncwarp alone orders accesses to memory.
    size_t warp = number_of(me) / kWarp;
    unsigned number = me.warp_barriers++;
    FiberTrace::arrive_in_warp(warp, number);
    to_scheduler();
    FiberTrace::leave_warp(warp, number);
  }

  void* shared_array(int number, size_t bytes, std::source_location where) {
    SharedArrays::Wrong wrong;
    void* data = shared_.take(number, bytes, wrong);
    if (data != nullptr) return data;
    give_up("%.*s:%u: %s", name(where), file_of(where).data(), where.line(), wrong);
  }

 private:
  // For precision and text of "%.*s".
  static int name(const std::source_location& where) {
    return static_cast<int>(file_of(where).size());
  }

  template <typename... Values>
  [[noreturn]] static void misuse(const char* format, Values... values) {
    Misuse error;
    std::snprintf(error.what, sizeof error.what, format, values...);
    throw error;
  }

  // The same where the stack is a fiber's, which nothing may be thrown out of.
  template <typename... Values>
  [[noreturn]] void give_up(const char* format, Values... values) {
    std::snprintf(error_.what, sizeof error_.what, format, values...);
    failed_ = true;
    to_scheduler();
    std::abort();
  }

  size_t number_of(const Thread& thread) const {
    return static_cast<size_t>(&thread - threads_.data());
  }

  void to_scheduler() {
    FiberTrace::thread_stops();
    fibers().leave(*running_->fiber);
  }

  static FiberPool& fibers() {
    static thread_local FiberPool pool(kMostThreads);
    return pool;
  }

  void run_block(size_t number) {
    shared_.begin_block();
    if (FiberTrace::kFiberForEachThread) fibers().reset();
    dim3 block(static_cast<unsigned>(number % blocks_.x),
               static_cast<unsigned>(number / blocks_.x % blocks_.y),
               static_cast<unsigned>(number / blocks_.x / blocks_.y));
    for (size_t i = 0; i < count_; ++i) {
      auto at = static_cast<unsigned>(i);
      dim3 thread(at % size_.x, at / size_.x % size_.y, at / size_.x / size_.y);
      threads_[i] = Thread();
      threads_[i].index = {thread, block, size_, blocks_, at % 32U};
    }
    next_ = 0;
    schedule();
    current = nullptr;
  }

  void schedule() {
    for (;;) {
      if (order_of_threads_ == Order::kRandom) std::shuffle(order_.begin(), order_.end(), random_);
      bool moved = false;
      while (next_ < count_) {
        start_next();
        moved = true;
      }
      for (size_t i : order_) {
        if (threads_[i].state != State::kReady) continue;
        resume(threads_[i]);
        moved = true;
      }
      for (Thread& thread : threads_) {
        if (thread.state == State::kInWarp && warp_meets(thread)) moved = true;
      }
      size_t done = count_in(State::kDone);
      if (done == count_) return;
      size_t waiting = count_in(State::kAtBarrier);
      if (waiting == count_) {
        release_barrier();
        moved = true;
      } else if (waiting > 0 && done > 0 && done + waiting == count_) {
        const Thread& stuck = *first_in(State::kAtBarrier);
        misuse("%.*s:%u: %zu threads have left the kernel, %zu wait for them", name(stuck.where),
               file_of(stuck.where).data(), stuck.where.line(), done, waiting);
      }
      if (!moved) explain_stuck();
    }
  }

  size_t count_in(State state) const {
    return static_cast<size_t>(std::count_if(threads_.begin(), threads_.end(),
                                             [&](const Thread& t) { return t.state == state; }));
  }
  const Thread* first_in(State state) const {
    return &*std::find_if(threads_.begin(), threads_.end(),
                          [&](const Thread& t) { return t.state == state; });
  }

  void release_barrier() {
    const Thread& first = threads_[0];
    for (Thread& thread : threads_) {
      if (!same_place(thread.where, first.where)) {
        misuse("one barrier is reached at lines %u and %u of %.*s", first.where.line(),
               thread.where.line(), name(first.where), file_of(first.where).data());
      }
      thread.state = State::kReady;
    }
  }

  // Ends the meeting that the thread waits in, if all lanes have come.
  bool warp_meets(Thread& thread) {
    size_t begin = number_of(thread) / kWarp * kWarp;
    size_t lanes = std::min(kWarp, count_ - begin);
    void* offers[kWarp] = {};
    for (size_t lane = 0; lane < kWarp; ++lane) {
      if ((thread.mask >> lane & 1) == 0) continue;
      if (lane >= lanes) {
        if (thread.mask == ~0U) break;  // the last warp, which is not full
        misuse("lane %zu of the mask %08x is not in the block", lane, thread.mask);
      }
      const Thread& other = threads_[begin + lane];
      if (other.state == State::kDone) {
        misuse("%.*s:%u: lane %zu of the mask %08x has left the kernel", name(thread.where),
               file_of(thread.where).data(), thread.where.line(), lane, thread.mask);
      }
      bool here = other.state == State::kInWarp && other.mask == thread.mask &&
                  other.meet == thread.meet && same_place(other.where, thread.where);
      if (!here) return false;
      offers[lane] = other.offer;
    }
    if (thread.meet != nullptr) thread.meet(offers);
    unsigned mask = thread.mask;
    for (size_t lane = 0; lane < lanes; ++lane) {
      if (mask >> lane & 1) threads_[begin + lane].state = State::kReady;
    }
    return true;
  }

  void explain_stuck() const {
    const Thread* first = nullptr;
    for (const Thread& thread : threads_) {
      if (thread.state == State::kDone) continue;
      if (first == nullptr) {
        first = &thread;
      } else if (!same_place(first->where, thread.where)) {
        misuse("%.*s: threads wait for each other at lines %u and %u", name(first->where),
               file_of(first->where).data(), first->where.line(), thread.where.line());
      }
    }
    misuse("%.*s:%u: threads wait for ever", name(first->where), file_of(first->where).data(),
           first->where.line());
  }

  // On a fiber of its own until one stops to wait; those that come to their end follow each other
  // on one fiber.
  void start_next() {
    Fiber& fiber =
        fibers().start([](void* runner) { static_cast<BlockRunner*>(runner)->work(); }, this);
    after_switch(fiber);
  }

  void resume(Thread& thread) {
    running_ = &thread;
    current = &thread.index;
    Fiber& fiber = *thread.fiber;
    fibers().enter(fiber);
    after_switch(fiber);
  }

  void after_switch(Fiber& fiber) {
    if (failed_) {
      fibers().reset();
      throw error_;
    }
    if (fiber.finished) fibers().give_back(fiber);
    running_ = nullptr;
  }

  // What a fiber does.
  void work() {
    Fiber* mine = fibers().current();
    do {
      Thread& thread = threads_[order_[next_++]];
      thread.fiber = mine;
      running_ = &thread;
      current = &thread.index;
      FiberTrace::thread_begins();
      kernel_();
      FiberTrace::thread_stops();
      running_->state = State::kDone;
    } while (!FiberTrace::kFiberForEachThread && next_ < count_);
  }

  const dim3 blocks_, size_;
  SharedArrays shared_;
  const std::function<void()>& kernel_;
  size_t count_ = 0;
  std::vector<Thread> threads_;
  std::vector<size_t> order_;
  size_t next_ = 0;  // in order_, the first thread that has not begun
  Thread* running_ = nullptr;
  Order order_of_threads_ = Order::kForward;
  std::mt19937_64 random_;
  bool failed_ = false;
  Misuse error_{};
};

thread_local BlockRunner* runner = nullptr;

}  // namespace

void block_barrier(std::source_location where) { runner->at_barrier(where); }

void meet_in_warp(unsigned mask, void* offer, Meeting meet, std::source_location where) {
  runner->in_warp(mask, offer, meet, where);
}

void* take_shared(int number, size_t bytes, std::source_location where) {
  return runner->shared_array(number, bytes, where);
}

void run(dim3 blocks, dim3 threads, size_t shared_bytes, const std::function<void()>& kernel) {
  BlockRunner blocks_runner(blocks, threads, shared_bytes, kernel);
  runner = &blocks_runner;
  try {
    blocks_runner.run_blocks(Schedule::from_environment());
  } catch (...) {
    runner = nullptr;
    throw;
  }
  runner = nullptr;
}

// A lane that is not in the mask offers nothing: NaN.
void shuffle(void** offers) {
  uint64_t values[kWarp];
  for (size_t lane = 0; lane < kWarp; ++lane) {
    auto* offer = static_cast<ShuffleOffer*>(offers[lane]);
    values[lane] = offer == nullptr ? ~uint64_t{0} : offer->value;
  }
  for (size_t lane = 0; lane < kWarp; ++lane) {
    auto* offer = static_cast<ShuffleOffer*>(offers[lane]);
    if (offer != nullptr) offer->value = values[offer->source & 31];
  }
}

void ballot(void** offers) {
  unsigned votes = 0;
  for (size_t lane = 0; lane < kWarp; ++lane) {
    auto* offer = static_cast<BallotOffer*>(offers[lane]);
    if (offer != nullptr && offer->vote) votes |= 1U << lane;
  }
  for (size_t lane = 0; lane < kWarp; ++lane) {
    if (offers[lane] != nullptr) static_cast<BallotOffer*>(offers[lane])->votes = votes;
  }
}

}  // namespace gpu::emulated
