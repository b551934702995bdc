// Sliding windows on concrete sizes, of convolutions and pools alike.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "runtime/base/shape.h"

namespace convoy {

// A window along one spatial axis. Positions are at most 2^31 apart in every number, so that sums
// and products of two of them fit int64.
struct AxisWindow {
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_begin = 0;
  int64_t pad_end = 0;

  // Positions from the first to the last tap, inclusive.
  int64_t extent() const { return dilation * (kernel - 1) + 1; }
  friend bool operator==(const AxisWindow&, const AxisWindow&) = default;
};

// The same on an axis of known size. Output position o reads input positions o * stride + k *
// dilation - pad_begin for k in [0, kernel); what lies outside [0, input_size) is padding, so
// output_size says all about padding at the end. Of a transposed convolution, input position i adds
// to output positions i * stride + k * dilation - pad_begin, and what lies outside is dropped.
struct SizedWindow : AxisWindow {
  int64_t input_size = 1;
  int64_t output_size = 1;

  // The taps [first, last) of output position o that lie inside the input; first >= last if none.
  int64_t first_tap(int64_t o) const {
    int64_t start = o * stride - pad_begin;
    return start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  }
  int64_t last_tap(int64_t o) const {
    int64_t room = input_size - (o * stride - pad_begin);
    return room <= 0 ? 0 : std::min(kernel, (room + dilation - 1) / dilation);
  }
  friend bool operator==(const SizedWindow&, const SizedWindow&) = default;
};

// One for each spatial axis, outermost first.
struct Window {
  std::vector<SizedWindow> axes;

  int rank() const { return static_cast<int>(axes.size()); }
  const SizedWindow& operator[](int axis) const { return axes[static_cast<size_t>(axis)]; }
  SizedWindow& operator[](int axis) { return axes[static_cast<size_t>(axis)]; }
  const SizedWindow& back() const { return axes.back(); }

  Dims input() const { return sizes(&SizedWindow::input_size); }
  Dims output() const { return sizes(&SizedWindow::output_size); }
  Dims kernel() const { return sizes(&SizedWindow::kernel); }
  int64_t kernel_volume() const { return element_count(kernel()); }
  friend bool operator==(const Window&, const Window&) = default;

 private:
  template <typename Member>
  Dims sizes(Member member) const {
    Dims list;
    for (const SizedWindow& axis : axes) list.push_back(axis.*member);
    return list;
  }
};

}  // namespace convoy
