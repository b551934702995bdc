// A sliding window along one axis, of convolutions and pools alike: numbers alone, for kernels of
// any device.
#pragma once

#include <algorithm>
#include <cstdint>

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

}  // namespace convoy
