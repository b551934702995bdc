// The walk that all pooling over windows shares: rows of the output, a chunk at a time, tap by tap.
#pragma once

#include <algorithm>

#include "ops/conv/window.h"
#include "runtime/base/parallel_for.h"

namespace convoy {

// Planes of input and output positions; a position holds `width` elements (1 in plain tensors, the
// block in channel-blocked ones).
class PoolWalk {
 public:
  static constexpr int64_t kChunk = 128;  // output positions

  PoolWalk(const Window& window, int64_t planes, int64_t width)
      : window_(window),
        planes_(planes),
        width_(width),
        input_strides_(contiguous_strides(window.input())),
        input_plane_(element_count(window.input())),
        output_plane_(element_count(window.output())),
        row_(window.output().back()),
        rows_(row_ == 0 ? 0 : output_plane_ / row_) {}

  const Window& window() const { return window_; }

  // For every chunk: start(sums, count) fills count * width sums; combine(sums, x, count, stride)
  // is called for each tap that `count` positions have in common; store(position, at, sums, count)
  // gets the chunk's first output position counted over all planes and its index in the plane.
  template <typename Sum, typename T, typename Start, typename Combine, typename Store>
  void run(const T* x, ThreadPool& threads, const Start& start, const Combine& combine,
           const Store& store) const {
    const int64_t row = std::max<int64_t>(row_ * width_, 1);
    const int64_t taps = std::max<int64_t>(window_.kernel_volume(), 1);
    const int64_t grain = std::max<int64_t>(16384 / row / taps, 1);
    threads.parallel_for(planes_ * rows_, grain, [&](int64_t begin, int64_t end) {
      alignas(64) Sum sums[kChunk * 16];
      int64_t chunk = std::min(kChunk, kChunk * 16 / width_);
      for (int64_t task = begin; task < end; ++task) {
        int64_t plane = task / rows_;
        Dims at = row_position(task % rows_);
        for (int64_t first = 0; first < row_; first += chunk) {
          int64_t count = std::min(chunk, row_ - first);
          at[window_.rank() - 1] = first;
          start(sums, count);
          add_taps(x + plane * input_plane_ * width_, at, 0, 0, sums, count, combine);
          store(task * row_ + first, at, sums, count);
        }
      }
    });
  }

 private:
  Dims row_position(int64_t row) const {
    Dims at = Dims::filled(window_.rank(), 0);
    for (int axis = window_.rank() - 2; axis >= 0; --axis) {
      at[axis] = row % window_[axis].output_size;
      row /= window_[axis].output_size;
    }
    return at;
  }

  template <typename Sum, typename T, typename Combine>
  void add_taps(const T* x, const Dims& at, int axis, int64_t offset, Sum* sums, int64_t count,
                const Combine& combine) const {
    if (axis == window_.rank() - 1) return add_last_taps(x, at, offset, sums, count, combine);
    int64_t start = at[axis] * window_[axis].stride - window_[axis].pad_begin;
    int64_t end = window_[axis].last_tap(at[axis]);
    for (int64_t k = window_[axis].first_tap(at[axis]); k < end; ++k) {
      int64_t position = start + k * window_[axis].dilation;
      add_taps(x, at, axis + 1, offset + position * input_strides_[axis], sums, count, combine);
    }
  }

  template <typename Sum, typename T, typename Combine>
  void add_last_taps(const T* x, const Dims& at, int64_t offset, Sum* sums, int64_t count,
                     const Combine& combine) const {
    int axis = window_.rank() - 1;
    int64_t stride = window_[axis].stride;
    // Taps that some of these positions have: the last position has the first of them.
    const int64_t end = window_[axis].last_tap(at[axis]);
    for (int64_t k = window_[axis].first_tap(at[axis] + count - 1); k < end; ++k) {
      int64_t start = at[axis] * stride + k * window_[axis].dilation - window_[axis].pad_begin;
      int64_t first = start >= 0 ? 0 : (-start + stride - 1) / stride;
      int64_t room = window_[axis].input_size - start;
      int64_t last = room <= 0 ? 0 : std::min(count, (room + stride - 1) / stride);
      if (first >= last) continue;
      combine(sums + first * width_, x + (offset + start + first * stride) * width_, last - first,
              stride);
    }
  }

  Window window_;
  int64_t planes_;
  int64_t width_;
  Strides input_strides_;
  int64_t input_plane_;
  int64_t output_plane_;
  int64_t row_;
  int64_t rows_;
};

}  // namespace convoy
