#include "runtime/plan/arena.h"

#include <algorithm>
#include <numeric>
#include <queue>

#include "runtime/base/free_ranges.h"
#include "runtime/base/shape.h"
#include "runtime/device/device.h"

namespace convoy {

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
  FreeRanges free_ranges;
  auto rounded = [&](size_t i) {
    return checked_add(std::max<int64_t>(buffers[i].bytes, 1), kUnit - 1) / kUnit * kUnit;
  };
  for (size_t i : by_start) {
    while (!ends.empty() && ends.top().first < buffers[i].first) {
      size_t done = ends.top().second;
      ends.pop();
      free_ranges.give_back(layout.offsets[done], rounded(done));
    }
    layout.offsets[i] = free_ranges.take(rounded(i));
    ends.emplace(buffers[i].last, i);
  }
  layout.bytes = free_ranges.top();
  return layout;
}

}  // namespace convoy
