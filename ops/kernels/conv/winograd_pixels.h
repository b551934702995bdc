// Winograd's F(2, 3), as winograd_conv.h explains it, with vectors along pairs of outputs: fewer
// instructions a product than along channels, and no sums to turn over.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/direct_conv.h"

namespace convoy::kernels {

class WinogradPixelsRun;

// The taps of the last axis in windows of three, of which each transforms the input for itself. The
// last may have fewer: of two, m3 is zero; one alone is in the middle, and m0 and m3 are zero.
struct TapTriples {
  int64_t count = 3;  // of taps

  int64_t windows() const { return (count + 2) / 3; }
  // Windows that add to m0 .. m3: so many of the first.
  int64_t windows_of(int sum) const {
    const bool lacks = sum == 0 ? count % 3 == 1 : sum == 3 && count % 3 != 0;
    return windows() - lacks;
  }
  // The tap at position 0 of a window; it may be one of the window before.
  int64_t first_tap(int64_t window) const {
    const bool alone = 3 * window == count - 1;
    return 3 * window - alone;
  }
};

// A vector has the pairs of 2 * lanes outputs: where the dilation is below lanes they follow each
// other, else they are two runs of lanes that lie a dilation apart. Up to four vectors make a
// panel, the transformed inputs of which stay in the cache for all output channels. The few pairs
// of a row that fill no vector are gathered from all rows of a task.
//
// A plain value, immutable, safe to share among threads; allocates and throws nothing. The
// conditions on sizes are DirectConv's.
class WinogradPixelsConv {
 public:
  using Run = WinogradPixelsRun;  // winograd_pixels_run.h: the tasks of one thread
  static constexpr const char* kName = "winograd_pixels";

  static constexpr int kSums = 4;
  // The sums in the order in which they are computed.
  static constexpr int kOrder[kSums] = {1, 2, 0, 3};

  // Why the problem can't be computed so; null where it can.
  static const char* refusal(const ConvProblem& problem);

  // Only for problems without a refusal. Results do not depend on threads, bit for bit.
  WinogradPixelsConv(const ConvProblem& problem, Isa isa, int threads);
  WinogradPixelsConv(const ConvProblem& problem, const ConvKernels& kernels, int threads);

  // Estimated cycles per output position, as DirectConv::cycles.
  double cycles() const;

  int64_t packed_weights_size() const { return weight_groups_ * products_ * problem_.out_channels; }
  // weights: [weight groups][out_channels][in_channels][kernel...], contiguous. Packed: for each
  // group, block of output channels, and sum in order, [depth][row][window][in_channels][channels
  // of the block].
  void pack_weights(const float* weights, float* packed) const;

  // Floats that a run needs for itself, 64-byte aligned.
  int64_t scratch_size() const;
  int64_t task_count() const { return task_count_; }

  const ConvProblem& problem() const { return problem_; }

 private:
  friend class WinogradPixelsRun;

  double vector_cycles(double side_by_side) const;
  double gather_cycles() const;
  double ragged_cycles() const;
  void choose_vectors();
  void choose_tasks(int threads);
  int64_t block_size(int64_t block) const { return oc_block_ - (block >= large_blocks_); }
  int64_t first_channel(int64_t block) const;
  int64_t dilation() const { return problem_.spatial[2].dilation; }
  int64_t planes() const { return problem_.spatial[0].kernel * problem_.spatial[1].kernel; }
  // Of a vector of pairs, one input channel and window each.
  double transforms() const {
    return static_cast<double>(problem_.in_channels * planes() * taps_.windows());
  }
  int64_t panel_size() const;
  int64_t sums_size() const;
  void pack_block(const float* weights, int64_t block, float* packed) const;

  ConvProblem problem_;  // always rank 3 here
  const ConvKernels* kernels_;
  int64_t weight_groups_ = 1;
  int64_t weight_group_strides_[2] = {0, 0};
  TapTriples taps_;
  int64_t terms_[kSums] = {};    // of the sums in order
  int64_t products_ = 0;         // of a pair and an output channel
  int64_t windows_[kSums] = {};  // of taps that add to m0 .. m3: so many of the first

  // The first large_blocks_ blocks of output channels hold oc_block_ channels, the others one less.
  int64_t oc_block_ = 1;
  int64_t block_count_ = 1;
  int64_t large_blocks_ = 1;

  int64_t step_ = 1;           // from the first to the second half of the outputs of a vector
  int log_ = 0;                // of the dilation, or of lanes where that is less
  int64_t vectors_ = 0;        // of a row
  int64_t gathered_ = 0;       // pairs of a row beyond them
  int64_t gathered_from_ = 0;  // their first output
  bool streams_ = false;       // operands come from memory
  int64_t rows_ = 1;           // most output rows of a task
  int64_t row_blocks_ = 1;
  int64_t width_units_ = 1;  // panels of a row
  int64_t width_parts_ = 1;
  int64_t oc_parts_ = 1;
  int64_t task_count_ = 0;
};

}  // namespace convoy::kernels
