// Direct convolution in float32 for many small groups: strided operands are read and written in
// place, the vector runs along the last spatial axis, a register tile holds several output
// channels.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/channel_panels.h"
#include "ops/kernels/conv/conv_problem.h"

namespace convoy {
enum class Isa;  // runtime/device/machine.h
}

namespace convoy::kernels {

// bias is [weight groups * out_channels] or null. residual, read only where the problem has one,
// must not overlap the output. packed_weights is what pack_weights wrote. The half_ members replace
// their namesakes where the problem's element is a 16-bit float.
struct ConvOperands {
  const float* input = nullptr;
  const float* packed_weights = nullptr;
  const float* bias = nullptr;
  const float* residual = nullptr;
  float* output = nullptr;
  const uint16_t* half_input = nullptr;
  const uint16_t* half_residual = nullptr;
  uint16_t* half_output = nullptr;
};

struct ConvKernels;
class ConvRun;

// What the vectors of a tile run along.
enum class ConvForm {
  fastest,   // by estimate
  pixels,    // the last spatial axis
  channels,  // output channels; only where outputs along the last axis are neighbours
};

// A convolution with its decisions made: a plain value, immutable, safe to share among threads.
// Nothing in it allocates or throws. Sizes must be valid: all counts >= 0, kernel, stride and
// dilation >= 1, rank in 1..3; their products must fit int64_t.
class DirectConv {
 public:
  using Run = ConvRun;  // conv_run.h: the tasks of one thread

  // isa above best_isa() is lowered to it. threads says how finely to cut the work; results do not
  // depend on it, bit for bit.
  DirectConv(const ConvProblem& problem, Isa isa, int threads, ConvForm form = ConvForm::fastest);
  DirectConv(const ConvProblem& problem, const ConvKernels& kernels, int threads,
             ConvForm form = ConvForm::fastest);

  // The form that was chosen.
  ConvForm form() const { return channels_ ? ConvForm::channels : ConvForm::pixels; }

  // Estimated cycles per output position, for all output channels of a group; 0 where there is no
  // output.
  double cycles() const;

  // Floats that pack_weights writes. The packed form depends only on the instruction set, the
  // form, the weights' shape and the kernel sizes, so it can be shared by problems that differ
  // otherwise.
  int64_t packed_weights_size() const { return weight_groups_ * packed_channels_ * terms_; }

  // weights: [weight groups][out_channels][in_channels][kernel...], contiguous.
  void pack_weights(const float* weights, float* packed) const;

  // Floats that a run needs for itself, 64-byte aligned.
  int64_t scratch_size() const { return scratch_size_; }

  // Independent pieces of work, of similar cost. 0 when the output is empty.
  int64_t task_count() const { return task_count_; }

  const ConvProblem& problem() const { return problem_; }

 private:
  friend class ConvRun;

  // How input positions along one axis are laid out in scratch so that neighbouring outputs are
  // neighbours: taps k with equal k % copies share one copy of the axis, shifted by whole elements.
  struct Packing {
    int64_t copies = 1;
    int64_t extra = 0;  // positions beyond the number of outputs
    int64_t shift = 0;  // from one tap of a copy to the next
  };

  void normalise();
  void choose_oc_blocks();
  bool allows_channels() const;
  bool prefers_channels() const;
  double pixels_cost() const;
  double depthwise_cost() const;
  double channels_cost() const;
  double weights_cost() const;
  void choose_panels();
  void choose_channel_layout();
  int64_t packed_floats(int64_t rows, int64_t columns) const;
  bool reads_padding() const;
  bool suits_depthwise() const;
  void choose_flat();
  void find_inner();
  void choose_layout();
  void choose_tasks(int threads);
  void size_scratch();
  static Packing pack_axis(const ConvWindow& window, int64_t outputs);
  int64_t block_size(int64_t block) const;
  int64_t first_channel(int64_t block) const;
  void pack_panels(const float* weights, float* packed) const;
  bool is_half() const { return problem_.element != ConvElement::float32; }

  ConvProblem problem_;  // always rank 3 here
  const ConvKernels* kernels_;
  int64_t weight_groups_ = 1;
  int64_t weight_group_strides_[2] = {0, 0};
  int64_t out_channels_ = 1;
  int64_t packed_channels_ = 1;  // out_channels, in panels filled up to whole vectors
  int64_t terms_ = 1;            // in_channels * kernel volume

  // The first large_blocks_ blocks of output channels hold oc_block_ channels, the others one less.
  int64_t oc_block_ = 1;
  int64_t block_count_ = 1;
  int64_t large_blocks_ = 1;

  bool channels_ = false;  // blocks of output channels are panels
  ChannelPanels panels_;
  int64_t term_chunk_ = 1;   // most terms between two visits to the same sums
  bool depthwise_ = false;   // a channel on its own, by the kernel for it
  bool in_place_ = true;     // the input may be read where it is
  bool streams_ = false;     // many operands at once come from memory, and are asked for before
  bool bounce_ = false;      // outputs pass through scratch
  bool flat_ = false;        // the rows of a block are computed as one long row
  int64_t rows_ = 1;         // output rows of a block
  int64_t chunk_ = 1;        // most outputs along the last axis between two packings
  int64_t inner_begin_ = 0;  // outputs along the last axis that read no padding
  int64_t inner_end_ = 0;
  Packing row_packing_;
  Packing width_packing_;
  int64_t row_len_ = 1;    // length of a packed row
  int64_t plane_len_ = 1;  // of one copy of the rows of a block

  int64_t chunks_ = 1;  // of a row
  int64_t width_parts_ = 1;
  int64_t row_blocks_ = 1;
  int64_t oc_parts_ = 1;
  int64_t task_count_ = 0;

  int64_t packed_input_size_ = 0;
  int64_t bounce_row_ = 0;
  int64_t bounce_size_ = 0;
  int64_t scratch_size_ = 0;
};

}  // namespace convoy::kernels
