// The one way to use several threads: a loop over [0, count) split into contiguous ranges.
#pragma once

#include <cstdint>
#include <memory>

namespace convoy {

// Threads that this process may use: the smallest of the affinity mask, the cgroup CPU limit
// (rounded up) and CONVOY_NUM_THREADS where set; at least 1.
int default_thread_count();

// A non-owning reference to a callable (begin, end) -> void.
class RangeBody {
 public:
  template <typename F>
  RangeBody(const F& f)  // NOLINT: implicit by design
      : object_(&f), call_([](const void* object, int64_t begin, int64_t end) {
          (*static_cast<const F*>(object))(begin, end);
        }) {}
  void operator()(int64_t begin, int64_t end) const { call_(object_, begin, end); }

 private:
  const void* object_;
  void (*call_)(const void*, int64_t, int64_t);
};

// Runs loops on up to thread_count() threads, the caller's included and in its FloatMode. Splits
// are fixed by (count, grain, thread count), so equal calls do equal work in equal pieces. The
// first exception thrown by a body is rethrown to the caller after all ranges ended. Nested calls
// run serially. Thread-safe: concurrent callers share the underlying pool.
class ThreadPool {
 public:
  virtual ~ThreadPool() = default;
  virtual int thread_count() const = 0;
  // Splits [0, count) into at most thread_count() ranges of at least `grain` items each
  // (except that the whole loop may be shorter).
  virtual void parallel_for(int64_t count, int64_t grain, RangeBody body) = 0;
};

// Backends: GNU OpenMP where built with it (one pool with oneDNN), std::thread otherwise.
// threads ≤ 0 means default_thread_count(). In a forked child a loop runs on the caller's thread
// alone where there are no others: with GNU OpenMP where came_through_fork() (base/fork.h), with
// std::thread in every pool made before the fork.
std::unique_ptr<ThreadPool> make_thread_pool(int threads);

// Runs loops on the calling thread.
ThreadPool& calling_thread();

}  // namespace convoy
