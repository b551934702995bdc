#include "runtime/base/fork.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "runtime/base/parallel_for.h"

namespace convoy {
namespace {

// Whether `body` returns true in a child, within 20 seconds.
bool holds_in_child(const std::function<bool()>& body) {
  pid_t child = fork();
  if (child == 0) {
    alarm(20);
    bool holds = false;
    try {
      holds = body();
    } catch (...) {
    }
    _exit(holds ? 0 : 1);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_FALSE(WIFSIGNALED(status)) << "signal " << WTERMSIG(status);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(Fork, TellsChildrenFromParents) {
  int before = fork_generation();
  EXPECT_FALSE(came_through_fork());
  EXPECT_TRUE(holds_in_child([&] { return came_through_fork() && fork_generation() != before; }));
  EXPECT_FALSE(came_through_fork());
  EXPECT_EQ(fork_generation(), before);
}

#ifndef __SANITIZE_THREAD__  // whose run time refuses threads in a child

TEST(Fork, CallsBodiesOnAThreadMadeSince) {
  auto works = [] {
    std::thread::id first, second;
    call_with_threads([&] { first = std::this_thread::get_id(); });
    call_with_threads([&] {
      call_with_threads([&] { second = std::this_thread::get_id(); });  // nests
    });
    try {
      call_with_threads([] { throw std::runtime_error("came through"); });
    } catch (const std::runtime_error& error) {
      return first == second && std::string(error.what()) == "came through";
    }
    return false;
  };
  std::thread::id here;
  call_with_threads([&] { here = std::this_thread::get_id(); });
  EXPECT_EQ(here, std::this_thread::get_id());
  EXPECT_TRUE(works());
  EXPECT_TRUE(holds_in_child([&] { return works() && holds_in_child(works) && works(); }));
}

#endif

TEST(Fork, LoopsCoverTheirRangeInAChild) {
  auto pool = make_thread_pool(2);
  auto works = [&] {
    std::atomic<int64_t> sum{0};
    auto add = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) sum += i;
    };
    pool->parallel_for(1000, 1, add);
    return sum == 499500;
  };
  EXPECT_TRUE(holds_in_child(works));
  EXPECT_TRUE(works());  // now the pool has threads, which a child has not
  EXPECT_TRUE(holds_in_child([&] { return works() && holds_in_child(works); }));
}

TEST(Fork, WaitsUntilAMutexIsFree) {
  ForkSafeMutex mutex;
  int first = 0, second = 0;
  std::atomic<bool> stop{false};
  std::thread other([&] {
    while (!stop) {
      std::lock_guard lock(mutex);
      ++first;
      NoFork nested;
      std::this_thread::sleep_for(std::chrono::microseconds(200));
      ++second;
    }
  });
  bool always = true;
  for (int i = 0; i < 20; ++i) {
    always = always && holds_in_child([&] {
               std::lock_guard lock(mutex);
               return first == second;
             });
  }
  stop = true;
  other.join();
  EXPECT_TRUE(always);
}

}  // namespace
}  // namespace convoy
