// Sets how many threads oneDNN's parallel regions use on the calling thread, and restores it.
#pragma once

#ifndef CONVOY_NO_OPENMP
#include <omp.h>
#endif

namespace convoy {

class ThreadCountGuard {
 public:
#ifdef CONVOY_NO_OPENMP
  explicit ThreadCountGuard(int) {}
#else
  explicit ThreadCountGuard(int threads) : before_(omp_get_max_threads()) {
    omp_set_num_threads(threads);
  }
  ~ThreadCountGuard() { omp_set_num_threads(before_); }
#endif
  ThreadCountGuard(const ThreadCountGuard&) = delete;
  ThreadCountGuard& operator=(const ThreadCountGuard&) = delete;

#ifndef CONVOY_NO_OPENMP
 private:
  int before_;
#endif
};

}  // namespace convoy
