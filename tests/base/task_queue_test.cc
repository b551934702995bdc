#include "runtime/base/task_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "runtime/base/parallel_for.h"

namespace convoy {
namespace {

std::vector<int> taken_alone(int64_t tasks, int64_t pieces, int64_t piece) {
  std::vector<int> times(static_cast<size_t>(tasks));
  TaskQueue queue(tasks, pieces);
  while (auto range = queue.take(piece)) {
    for (int64_t i = range.begin; i < range.end; ++i) ++times[static_cast<size_t>(i)];
  }
  EXPECT_FALSE(queue.take(piece));
  return times;
}

TEST(TaskQueue, OneThreadThatIsLeftAloneTakesEveryTaskOnce) {
  for (int64_t tasks : {0, 1, 2, 7, 64, 1000}) {
    for (int64_t pieces : {1, 2, 3, 16, 64, 65, 200}) {
      std::vector<int> once(static_cast<size_t>(tasks), 1);
      EXPECT_EQ(taken_alone(tasks, pieces, 0), once) << tasks << " tasks, " << pieces << " pieces";
      EXPECT_EQ(taken_alone(tasks, pieces, pieces - 1), once);
    }
  }
}

TEST(TaskQueue, OnePieceIsTakenAtOnce) {
  TaskQueue queue(100, 1);
  EXPECT_EQ(queue.take(0).end, 100);
}

TEST(TaskQueue, EachThreadBeginsWithItsOwn) {
  TaskQueue queue(100, 4);
  for (int64_t piece : {3, 1, 0, 2}) EXPECT_EQ(queue.take(piece).begin, 25 * piece);
}

TEST(TaskQueue, ThreadsTakeEveryTaskOnce) {
  constexpr int64_t kTasks = 10'000, kPieces = 8;
  auto threads = make_thread_pool(kPieces);
  std::vector<std::atomic<int>> times(kTasks);
  TaskQueue queue(kTasks, kPieces);
  threads->parallel_for(kPieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      while (auto range = queue.take(piece)) {
        for (int64_t i = range.begin; i < range.end; ++i) ++times[static_cast<size_t>(i)];
      }
    }
  });
  for (const auto& count : times) ASSERT_EQ(count, 1);
}

}  // namespace
}  // namespace convoy
