// Tasks that threads share: each takes from a range of its own, then what others have left.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace convoy {

// Tasks 0 .. tasks - 1, cut into `pieces` equal ranges of neighbours. Equal loops on idle cores
// thus touch equal memory on equal cores, and a core that something else slows down is helped by
// the others. Does not allocate. Thread-safe.
class TaskQueue {
 public:
  struct Range {
    int64_t begin = 0;
    int64_t end = 0;
    explicit operator bool() const { return begin < end; }
  };

  // tasks >= 0, pieces >= 1.
  TaskQueue(int64_t tasks, int64_t pieces) : count_(std::min(pieces, kMostShares)) {
    for (int64_t i = 0; i < count_; ++i) {
      Share& share = shares_[i];
      int64_t begin = tasks * i / count_;
      share.next.store(begin, std::memory_order_relaxed);
      share.end = tasks * (i + 1) / count_;
      share.step = count_ == 1 ? tasks : (share.end - begin + kSteps - 1) / kSteps;
    }
  }

  // The next tasks for a thread that works on this piece; empty when none is left.
  Range take(int64_t piece) {
    for (int64_t i = 0; i < count_; ++i) {
      Share& share = shares_[(piece + i) % count_];
      if (share.next.load(std::memory_order_relaxed) >= share.end) continue;
      int64_t begin = share.next.fetch_add(share.step, std::memory_order_relaxed);
      if (begin < share.end) return {begin, std::min(begin + share.step, share.end)};
    }
    return {};
  }

 private:
  static constexpr int64_t kSteps = 8;  // in which a range is taken
  static constexpr int64_t kMostShares = 64;

  struct alignas(64) Share {
    std::atomic<int64_t> next;
    int64_t end;
    int64_t step;
  };

  int64_t count_;
  Share shares_[kMostShares];
};

}  // namespace convoy
