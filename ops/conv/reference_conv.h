// The portable convolution that every other one is measured against: any element type, any rank,
// any window, rows of the output accumulated a chunk at a time.
#pragma once

#include <algorithm>
#include <type_traits>

#include "ops/conv/conv.h"
#include "runtime/base/parallel_for.h"

namespace convoy {

// Sums products of X and W in Acc. Integer operands have their zero points subtracted first;
// padding counts as the zero point.
template <typename Acc, typename X, typename W>
class ReferenceConv {
 public:
  static constexpr int64_t kChunk = 128;

  explicit ReferenceConv(const ConvShape& shape) : shape_(shape) {
    // A trailing axis of one position changes nothing and gives every shape a row.
    if (shape_.window.rank() == 0) shape_.window.axes.emplace_back();
    input_strides_ = contiguous_strides(shape_.window.input());
    kernel_strides_ = contiguous_strides(shape_.window.kernel());
    input_plane_ = element_count(shape_.window.input());
    output_plane_ = element_count(shape_.window.output());
    kernel_volume_ = shape_.window.kernel_volume();
    row_ = shape_.window.output().back();
    rows_ = row_ == 0 ? 0 : output_plane_ / row_;
  }

  // Contiguous operands. w_zeros has one entry an output channel, or is null. Calls
  // store(n, channel, first, sums, count) for runs of `count` outputs from `first` on in the plane.
  template <typename Store>
  void run(const X* x, const W* w, Acc x_zero, const Acc* w_zeros, ThreadPool& threads,
           const Store& store) const {
    int64_t planes = shape_.batch * shape_.out_channels;
    int64_t cost = std::max<int64_t>(1, row_ * shape_.group_in() * kernel_volume_);
    int64_t grain = std::max<int64_t>(1, 16384 / cost);
    threads.parallel_for(planes * rows_, grain, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        run_row(x, w, x_zero, w_zeros, task / rows_, task % rows_, store);
      }
    });
  }

 private:
  struct Row {
    const X* x;
    const W* w;
    Acc x_zero;
    Acc w_zero;
    Dims at;  // output position of the row; the last entry is where the chunk begins
    Acc* sums;
    int64_t count;
  };

  template <typename Store>
  void run_row(const X* x, const W* w, Acc x_zero, const Acc* w_zeros, int64_t plane,
               int64_t row_index, const Store& store) const {
    int64_t n = plane / shape_.out_channels;
    int64_t channel = plane % shape_.out_channels;
    int64_t group_in = shape_.group_in();
    int64_t first_in = channel / shape_.group_out() * group_in;
    int last = shape_.window.rank() - 1;
    Dims at = Dims::filled(last + 1, 0);
    int64_t rest = row_index;
    for (int axis = last - 1; axis >= 0; --axis) {
      at[axis] = rest % shape_.window[axis].output_size;
      rest /= shape_.window[axis].output_size;
    }
    Acc sums[kChunk];
    for (int64_t begin = 0; begin < row_; begin += kChunk) {
      int64_t count = std::min(kChunk, row_ - begin);
      std::fill_n(sums, count, Acc(0));
      at[last] = begin;
      Row row{nullptr, nullptr, x_zero, w_zeros ? w_zeros[channel] : Acc(0), at, sums, count};
      for (int64_t ic = 0; ic < group_in; ++ic) {
        row.x = x + (n * shape_.in_channels + first_in + ic) * input_plane_;
        row.w = w + (channel * group_in + ic) * kernel_volume_;
        add_taps(row, 0, 0, 0);
      }
      store(n, channel, row_index * row_ + begin, sums, count);
    }
  }

  void add_taps(const Row& row, int axis, int64_t x_offset, int64_t w_offset) const {
    const Window& window = shape_.window;
    if (axis == window.rank() - 1) return add_last_taps(row, x_offset, w_offset);
    int64_t start = row.at[axis] * window[axis].stride - window[axis].pad_begin;
    int64_t end = window[axis].last_tap(row.at[axis]);
    for (int64_t k = window[axis].first_tap(row.at[axis]); k < end; ++k) {
      int64_t position = start + k * window[axis].dilation;
      add_taps(row, axis + 1, x_offset + position * input_strides_[axis],
               w_offset + k * kernel_strides_[axis]);
    }
  }

  void add_last_taps(const Row& row, int64_t x_offset, int64_t w_offset) const {
    const Window& window = shape_.window;
    int axis = window.rank() - 1;
    int64_t stride = window[axis].stride;
    for (int64_t k = 0; k < window[axis].kernel; ++k) {
      int64_t start = row.at[axis] * stride + k * window[axis].dilation - window[axis].pad_begin;
      int64_t first = start >= 0 ? 0 : (-start + stride - 1) / stride;
      int64_t room = window[axis].input_size - start;
      int64_t last = room <= 0 ? 0 : std::min(row.count, (room + stride - 1) / stride);
      if (first >= last) continue;  // the pointer would lie outside
      const X* x = row.x + x_offset + start;
      Acc weight = to_acc(row.w[w_offset + k], row.w_zero);
      if (stride == 1) {
        for (int64_t i = first; i < last; ++i) row.sums[i] += weight * to_acc(x[i], row.x_zero);
      } else {
        for (int64_t i = first; i < last; ++i) {
          row.sums[i] += weight * to_acc(x[i * stride], row.x_zero);
        }
      }
    }
  }

  template <typename T>
  static Acc to_acc(T value, Acc zero) {
    if constexpr (std::is_integral_v<Acc>) {
      return static_cast<Acc>(value) - zero;
    } else {
      return static_cast<Acc>(value);
    }
  }

  ConvShape shape_;
  Strides input_strides_;
  Strides kernel_strides_;
  int64_t input_plane_ = 0;
  int64_t output_plane_ = 0;
  int64_t kernel_volume_ = 0;
  int64_t row_ = 0;
  int64_t rows_ = 0;
};

}  // namespace convoy
