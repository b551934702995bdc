// Convolution of float32 with three or more taps along the last axis by Winograd's minimal
// filtering F(2, 3): two outputs from four products in place of six. S. Winograd, "Arithmetic
// Complexity of Computations", 1980; for convolutions A. Lavin, S. Gray, arXiv:1509.09308.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/channel_panels.h"
#include "ops/kernels/conv/direct_conv.h"

namespace convoy::kernels {

class WinogradRun;

// The taps of the last axis in windows: window w reads the inputs of pairs 2 w taps further on.
// Even windows hold three taps, those between them the one tap left, and the last tap of all where
// it would be alone in its window.
struct WinogradTaps {
  int64_t count = 3;  // at least 3

  int64_t windows() const { return count / 2; }
  // The tap at position 0, 1 or 2 of a window; -1 where there is none. All windows have the middle.
  int64_t tap(int64_t window, int position) const;
  // Whether product `sum` (m0 .. m3) of a window can differ from zero.
  bool adds_to(int64_t window, int sum) const;
  // Windows that add to a sum: at least one.
  int64_t windows_of(int sum) const;
};

// Outputs o and o + dilation along the last axis make a pair, of inputs x0 .. x3 that lie dilation
// apart. With taps g0 .. g2:
//   m0 = (x0 - x2) g0, m1 = (x1 + x2) (g0 + g1 + g2) / 2, m2 = (x2 - x1) (g0 - g1 + g2) / 2,
//   m3 = (x1 - x3) g2; the outputs are m0 + m1 + m2 and m1 - m2 - m3,
// each m summed over input channels and the other axes' taps. Rounding errors are a few times those
// of the plain sum, relative to the largest input. An output that is not finite is computed again
// as the definition says, so that infinities and NaN spread no further.
// More taps are cut into windows of up to three at even distances, which share the sums of inputs:
// five taps take seven products in place of ten.
//
// A plain value, immutable, safe to share among threads; allocates and throws nothing. The
// conditions on sizes are DirectConv's.
class WinogradConv {
 public:
  using Run = WinogradRun;  // winograd_run.h: the tasks of one thread
  static constexpr const char* kName = "winograd";

  static constexpr int64_t kSums = 4;      // products of a pair
  static constexpr int64_t kShortRun = 8;  // shorter runs are gathered before their transform

  // Why the problem can't be computed so; null where it can.
  static const char* refusal(const ConvProblem& problem);

  // Only for problems without a refusal. Results do not depend on threads, bit for bit.
  WinogradConv(const ConvProblem& problem, Isa isa, int threads);
  WinogradConv(const ConvProblem& problem, const ConvKernels& kernels, int threads);

  // Estimated cycles per output position, as DirectConv::cycles.
  double cycles() const;

  int64_t packed_weights_size() const { return weight_groups_ * products_ * packed_channels(); }
  // weights: [weight groups][out_channels][in_channels][kernel...], contiguous.
  void pack_weights(const float* weights, float* packed) const;

  // Floats that a run needs for itself, 64-byte aligned.
  int64_t scratch_size() const;
  int64_t task_count() const { return task_count_; }

  const ConvProblem& problem() const { return problem_; }

 private:
  friend class WinogradRun;

  void choose_tiles();
  void choose_tasks(int threads);
  void pack_sum(const float* weights, int64_t panel, int sum, float* packed) const;
  int64_t packed_channels() const { return panels_.packed_channels(); }
  int64_t dilation() const { return problem_.spatial[2].dilation; }
  int64_t weight_uses() const;
  double transform_cycles() const;
  bool is_near() const;
  bool reads_rows() const;
  // Input rows that so many output rows read.
  int64_t input_rows(int64_t rows) const;
  int64_t plane_size(int64_t rows) const;  // floats of one input channel's transformed rows
  int64_t row_size() const;
  int64_t raw_size() const;
  int64_t half_size() const;

  ConvProblem problem_;  // always rank 3 here
  const ConvKernels* kernels_;
  ChannelPanels panels_;
  int64_t weight_groups_ = 1;
  int64_t weight_group_strides_[2] = {0, 0};
  WinogradTaps taps_;
  int64_t terms_ = 1;  // in_channels * kernel volume without the last axis
  int64_t sum_terms_[kSums] = {};
  int64_t products_ = 0;  // of a pair and an output channel

  // Pairs along the last axis come in segments of `dilation`. A block has some whole segments, or a
  // run of pairs out of one.
  int64_t segments_ = 1;  // of an output row
  int64_t block_segments_ = 1;
  int64_t runs_ = 1;     // of a segment
  int64_t run_ = 1;      // most pairs of a run
  int64_t tiles_ = 1;    // most pairs of a block's row
  int64_t columns_ = 1;  // transformed inputs of a row
  int64_t rows_ = 1;     // output rows of a block
  int64_t row_blocks_ = 1;
  int64_t width_blocks_ = 1;
  int64_t oc_parts_ = 1;
  int64_t task_count_ = 0;
};

}  // namespace convoy::kernels
