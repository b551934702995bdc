#include "runtime/plan/arena.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <queue>

#include "runtime/base/shape.h"
#include "runtime/device/device.h"

namespace convoy {
namespace {

// Free ranges by offset; best fit, neighbours joined.
class FreeList {
 public:
  int64_t take(int64_t bytes) {
    auto best = free_.end();
    for (auto range = free_.begin(); range != free_.end(); ++range) {
      if (range->second < bytes) continue;
      if (best == free_.end() || range->second < best->second) best = range;
    }
    if (best != free_.end()) {
      int64_t offset = best->first;
      int64_t left = best->second - bytes;
      free_.erase(best);
      if (left > 0) free_.emplace(offset + bytes, left);
      return offset;
    }
    // Grow, starting inside a free range that ends at the top.
    int64_t offset = top_;
    if (!free_.empty()) {
      auto last = std::prev(free_.end());
      if (last->first + last->second == top_) {
        offset = last->first;
        free_.erase(last);
      }
    }
    top_ = checked_add(offset, bytes);
    return offset;
  }

  void give_back(int64_t offset, int64_t bytes) {
    auto next = free_.lower_bound(offset);
    if (next != free_.end() && offset + bytes == next->first) {
      bytes += next->second;
      next = free_.erase(next);
    }
    if (next != free_.begin()) {
      auto before = std::prev(next);
      if (before->first + before->second == offset) {
        before->second += bytes;
        return;
      }
    }
    free_.emplace(offset, bytes);
  }

  int64_t top() const { return top_; }

 private:
  std::map<int64_t, int64_t> free_;
  int64_t top_ = 0;
};

}  // namespace

ArenaLayout lay_out_arena(const std::vector<Lifetime>& buffers) {
  constexpr auto kUnit = static_cast<int64_t>(kAlignment);
  ArenaLayout layout;
  layout.offsets.resize(buffers.size(), 0);
  std::vector<size_t> by_start(buffers.size());
  std::iota(by_start.begin(), by_start.end(), size_t{0});
  std::stable_sort(by_start.begin(), by_start.end(),
                   [&](size_t a, size_t b) { return buffers[a].first < buffers[b].first; });
  using End = std::pair<int, size_t>;
  std::priority_queue<End, std::vector<End>, std::greater<>> ends;
  FreeList free_list;
  auto rounded = [&](size_t i) {
    return checked_add(std::max<int64_t>(buffers[i].bytes, 1), kUnit - 1) / kUnit * kUnit;
  };
  for (size_t i : by_start) {
    while (!ends.empty() && ends.top().first < buffers[i].first) {
      size_t done = ends.top().second;
      ends.pop();
      free_list.give_back(layout.offsets[done], rounded(done));
    }
    layout.offsets[i] = free_list.take(rounded(i));
    ends.emplace(buffers[i].last, i);
  }
  layout.bytes = free_list.top();
  return layout;
}

}  // namespace convoy
