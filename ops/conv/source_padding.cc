#include "ops/conv/source_padding.h"

#include <algorithm>

namespace convoy {

SourcePadding SourcePadding::of(const Window& window, int64_t planes, int64_t width) {
  SourcePadding padding;
  padding.planes = planes;
  padding.width = width;
  padding.input = window.input();
  for (const SizedWindow& axis : window.axes) padding.begin.push_back(axis.pad_begin);
  padding.padded = window.input();
  for (int axis = 0; axis < window.rank(); ++axis) {
    padding.padded[axis] += window[axis].pad_begin + window[axis].pad_end;
  }
  return padding;
}

int64_t SourcePadding::floats() const {
  return checked_multiply(checked_multiply(planes, width), element_count(padded));
}

void SourcePadding::copy(const float* from, float* to, ThreadPool& threads) const {
  int last = input.rank() - 1;
  int64_t row = padded[last] * width;
  int64_t rows = element_count(padded) / padded[last];
  int64_t left = begin[last] * width;
  int64_t count = input[last] * width;
  int64_t grain = std::max<int64_t>(1, 16384 / row);
  threads.parallel_for(planes * rows, grain, [&](int64_t first, int64_t end) {
    for (int64_t task = first; task < end; ++task) {
      float* target = to + task * row;
      int64_t rest = task % rows;
      int64_t source_row = 0;
      int64_t stride = 1;
      bool inside = true;
      for (int axis = last - 1; axis >= 0; --axis) {
        int64_t at = rest % padded[axis] - begin[axis];
        rest /= padded[axis];
        inside = inside && at >= 0 && at < input[axis];
        source_row += at * stride;
        stride *= input[axis];
      }
      if (!inside) {
        std::fill_n(target, row, 0.0f);
        continue;
      }
      std::fill_n(target, left, 0.0f);
      std::copy_n(from + (task / rows * stride + source_row) * count, count, target + left);
      std::fill(target + left + count, target + row, 0.0f);
    }
  });
}

}  // namespace convoy
