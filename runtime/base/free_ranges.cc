#include "runtime/base/free_ranges.h"

#include <iterator>

#include "runtime/base/shape.h"

namespace convoy {

int64_t FreeRanges::take(int64_t bytes) {
  auto best = free_.end();
  for (auto range = free_.begin(); range != free_.end(); ++range) {
    if (range->second < bytes) continue;
    if (best == free_.end() || range->second < best->second) best = range;
  }
  if (best != free_.end()) {
    auto [offset, available] = *best;
    free_.erase(best);
    if (available > bytes) free_.emplace(offset + bytes, available - bytes);
    return offset;
  }
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

void FreeRanges::give_back(int64_t offset, int64_t bytes) {
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

}  // namespace convoy
