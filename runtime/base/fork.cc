#include "runtime/base/fork.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <system_error>
#include <thread>
#include <utility>

#include "runtime/base/error.h"
#include "runtime/base/float_mode.h"

namespace convoy {
namespace {

constexpr std::chrono::seconds kMostPatience{10};      // of fork()
constexpr std::chrono::milliseconds kMostCourtesy{2};  // of those who make way for it

// How many NoFork live, or kForking.
std::atomic<int> holders{0};
constexpr int kForking = -1;

std::atomic<int> generation{0};
std::atomic<bool> fork_waits{false};
thread_local int depth = 0;  // of the calling thread's NoForks
thread_local bool stranded = false;
thread_local bool keeps_others_out = false;

void wait_a_little() { std::this_thread::sleep_for(std::chrono::microseconds(50)); }

// Gives a fork that waits its turn. For a short time only: another thread's NoFork may end no
// sooner than this one.
void make_way() {
  auto start = std::chrono::steady_clock::now();
  while (fork_waits.load(std::memory_order_relaxed) &&
         std::chrono::steady_clock::now() - start < kMostCourtesy) {
    wait_a_little();
  }
}

void enter() {
  if (depth++ == 0 && fork_waits.load(std::memory_order_relaxed)) make_way();
  int count = holders.load(std::memory_order_relaxed);
  while (count == kForking || !holders.compare_exchange_weak(count, count + 1)) {
    if (count != kForking) continue;
    wait_a_little();
    count = holders.load(std::memory_order_relaxed);
  }
}

void leave() {
  --depth;
  holders.fetch_sub(1);
}

void before_fork() {
  auto start = std::chrono::steady_clock::now();
  for (int none = 0; !holders.compare_exchange_strong(none, kForking); none = 0) {
    fork_waits.store(true);
    if (std::chrono::steady_clock::now() - start > kMostPatience) return fork_waits.store(false);
    wait_a_little();
  }
  fork_waits.store(false);
  keeps_others_out = true;
}

void after_fork_in_parent() {
  if (keeps_others_out) holders.store(0);
  keeps_others_out = false;
}

// One caller at a time. Never destroyed: its thread waits for work until the process ends.
class OwnThread {
 public:
  OwnThread() {
    std::thread([this] { work(); }).detach();
  }

  void call(const std::function<void()>& body) {
    std::unique_lock lock(mutex_);
    body_ = &body;
    changed_.notify_all();
    changed_.wait(lock, [this] { return body_ == nullptr; });
    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return body_ != nullptr; });
      lock.unlock();
      try {
        (*body_)();
      } catch (...) {
        error_ = std::current_exception();
      }
      lock.lock();
      body_ = nullptr;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void()>* body_ = nullptr;
  std::exception_ptr error_;
};

// Left behind in a child, where its thread is no more.
std::atomic<OwnThread*> own_thread{nullptr};

void after_fork_in_child() {
  holders.store(0);
  fork_waits.store(false);
  keeps_others_out = false;
  generation.fetch_add(1);
  stranded = true;
  own_thread.store(nullptr);
}

[[maybe_unused]] const int registered =
    pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);

}  // namespace

NoFork::NoFork() { enter(); }
NoFork::~NoFork() { leave(); }

void ForkSafeMutex::lock() {
  enter();
  mutex_.lock();
}

void ForkSafeMutex::unlock() {
  mutex_.unlock();
  leave();
}

int fork_generation() { return generation.load(); }

bool came_through_fork() { return stranded; }

void call_on_own_thread(const std::function<void()>& body) {
  if (own_thread.load() == nullptr) {
    try {
      own_thread.store(new OwnThread);
    } catch (const std::system_error&) {
      fail(ErrorCode::kOutOfMemory, "no thread can be made in this process");
    }
  }
  const FloatMode mode = FloatMode::current();
  own_thread.load()->call([&] {
    const FloatModeScope scope(mode);
    body();
  });
}

}  // namespace convoy
