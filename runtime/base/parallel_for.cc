#include "runtime/base/parallel_for.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>

#include "runtime/base/float_mode.h"
#include "runtime/base/fork.h"

#ifdef CONVOY_NO_OPENMP
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>
#else
#include <omp.h>
#endif

namespace convoy {
namespace {

int cgroup_cpu_limit() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return 1 << 20;
  double cpus = std::strtod(quota.c_str(), nullptr) / period;
  return std::max(1, static_cast<int>(cpus + 0.999));
}

thread_local bool inside_parallel_region = false;

struct Split {
  int64_t count;
  int64_t pieces;
  int64_t begin(int64_t piece) const {
    return count / pieces * piece + std::min(piece, count % pieces);
  }
};

Split split_range(int64_t count, int64_t grain, int threads) {
  int64_t pieces = std::min<int64_t>(threads, count / std::max<int64_t>(grain, 1));
  return {count, std::max<int64_t>(pieces, 1)};
}

// Runs one piece and keeps the first exception of all pieces.
class PieceRunner {
 public:
  PieceRunner(Split split, RangeBody body) : split_(split), body_(body) {}
  void run(int64_t piece) noexcept {
    const FloatModeScope mode(mode_);
    bool outer = inside_parallel_region;
    inside_parallel_region = true;
    try {
      body_(split_.begin(piece), split_.begin(piece + 1));
    } catch (...) {
      if (!failed_.exchange(true)) error_ = std::current_exception();
    }
    inside_parallel_region = outer;
  }
  void rethrow() {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  Split split_;
  RangeBody body_;
  const FloatMode mode_ = FloatMode::current();  // of the caller
  std::atomic<bool> failed_{false};
  std::exception_ptr error_;
};

}  // namespace

int default_thread_count() {
  int count = 1 << 20;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) count = std::max(1, CPU_COUNT(&set));
  count = std::min(count, cgroup_cpu_limit());
  if (const char* text = std::getenv("CONVOY_NUM_THREADS")) {
    int wanted = std::atoi(text);
    if (wanted > 0) count = std::min(count, wanted);
  }
  return count;
}

#ifdef CONVOY_NO_OPENMP

namespace {

// Workers wait on a condition variable; one loop runs at a time, other callers run theirs alone.
class StdThreadPool : public ThreadPool {
 public:
  explicit StdThreadPool(int threads) : threads_(threads) {
    for (int i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
  }
  ~StdThreadPool() override {
    if (!has_workers()) {  // they cannot be joined either
      new std::vector<std::thread>(std::move(workers_));
      return;
    }
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (auto& worker : workers_) worker.join();
  }
  int thread_count() const override { return threads_; }
  void parallel_for(int64_t count, int64_t grain, RangeBody body) override {
    if (count <= 0) return;
    Split split = split_range(count, grain, threads_);
    PieceRunner runner(split, body);
    auto run_alone = [&] {
      for (int64_t piece = 0; piece < split.pieces; ++piece) runner.run(piece);
      runner.rethrow();
    };
    if (inside_parallel_region || split.pieces == 1 || !has_workers()) return run_alone();
    std::unique_lock busy(busy_, std::try_to_lock);
    if (!busy.owns_lock()) return run_alone();
    {
      std::lock_guard lock(mutex_);
      runner_ = &runner;
      pieces_ = split.pieces;
      pending_ = threads_ - 1;
      ++generation_;
    }
    wake_.notify_all();
    runner.run(0);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return pending_ == 0; });
    runner_ = nullptr;
    lock.unlock();
    runner.rethrow();
  }

 private:
  bool has_workers() const { return generation_made_ == fork_generation(); }

  void work(int index) {
    int64_t seen = 0;
    std::unique_lock lock(mutex_);
    while (true) {
      wake_.wait(lock, [&] { return stop_ || generation_ != seen; });
      if (stop_) return;
      seen = generation_;
      PieceRunner* runner = runner_;
      bool has_work = index < pieces_;
      lock.unlock();
      if (has_work) runner->run(index);
      lock.lock();
      if (--pending_ == 0) done_.notify_all();
    }
  }

  int threads_;
  const int generation_made_ = fork_generation();
  std::vector<std::thread> workers_;
  std::mutex busy_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  PieceRunner* runner_ = nullptr;
  int64_t pieces_ = 0;
  int64_t pending_ = 0;
  int64_t generation_ = 0;
  bool stop_ = false;
};

}  // namespace

std::unique_ptr<ThreadPool> make_thread_pool(int threads) {
  return std::make_unique<StdThreadPool>(threads > 0 ? threads : default_thread_count());
}

#else

namespace {

class OpenMpThreadPool : public ThreadPool {
 public:
  explicit OpenMpThreadPool(int threads) : threads_(threads) {}
  int thread_count() const override { return threads_; }
  void parallel_for(int64_t count, int64_t grain, RangeBody body) override {
    if (count <= 0) return;
    Split split = split_range(count, grain, threads_);
    if (split.pieces == 1 && !inside_parallel_region) {
      body(0, count);
      return;
    }
    PieceRunner runner(split, body);
    if (inside_parallel_region || omp_in_parallel() || came_through_fork()) {
      for (int64_t piece = 0; piece < split.pieces; ++piece) runner.run(piece);
      return runner.rethrow();
    }
    // Threads that are made now get the mode they are made in for good, which is not to be a
    // step's.
    const FloatModeScope plain(FloatMode::current().keeping());
    // A team smaller than asked for (a thread limit) still covers every piece.
#pragma omp parallel for schedule(static, 1) num_threads(static_cast<int>(split.pieces))
    for (int64_t piece = 0; piece < split.pieces; ++piece) runner.run(piece);
    runner.rethrow();
  }

 private:
  int threads_;
};

}  // namespace

std::unique_ptr<ThreadPool> make_thread_pool(int threads) {
  return std::make_unique<OpenMpThreadPool>(threads > 0 ? threads : default_thread_count());
}

#endif

ThreadPool& calling_thread() {
  class CallingThread : public ThreadPool {
   public:
    int thread_count() const override { return 1; }
    void parallel_for(int64_t count, int64_t, RangeBody body) override { body(0, count); }
  };
  static CallingThread& thread = *new CallingThread;
  return thread;
}

}  // namespace convoy
