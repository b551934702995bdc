// Quantized convolutions on integers: constant weights less their zero points, packed once.
#include "ops/kernels/quantized/integer_conv.h"

#include <algorithm>

#include <fmt/format.h>

#include "ops/kernels/quantized/integer_row_conv.h"
#include "ops/quantized/quantized.h"
#include "runtime/base/task_queue.h"

namespace convoy {
namespace {

using kernels::IntegerConvProblem;
using kernels::IntegerConvSums;

// Images are staged together up to here.
constexpr int64_t kStagedWords = 1 << 19;
// Strides that pass over most of an image, and padding beyond it, would be staged all the same.
constexpr double kMostStaged = 16;
// Output channels of a group that are not worth a register tile.
constexpr int64_t kFewChannels = 4;

int64_t threads_for(const KernelRequest& request, const ConvShape& shape) {
  const int64_t work = shape.batch * shape.out_channels * element_count(shape.window.output()) *
                       shape.group_in() * shape.window.kernel_volume();
  return threads_for_products(request, work);
}

// What both kinds of kernels have: weights, packed by a Conv, and what its sums become.
template <typename Conv>
class PackedIntegerConv : public Kernel {
 public:
  template <typename MakeConv>
  PackedIntegerConv(KernelRequest& request, const QuantizedSlots& slots, const ConvShape& shape,
                    const MakeConv& make_conv)
      : slots_(slots),
        shape_(shape),
        plane_(element_count(shape.window.output())),
        input_image_(shape.in_channels * element_count(shape.window.input())),
        isa_(request.isa),
        pieces_(threads_for(request, shape)),
        weights_(request, slots, shape.out_channels),
        conv_(make_conv(weights_.loops(), pieces_)) {
    const int64_t taps = shape.window.kernel_volume();
    packed_ = weights_.pack(request, fmt::format("{},{}", Conv::kFormat, shape.groups),
                            conv_.packed_size(), [&](const auto* from, uint32_t* to) {
                              conv_.pack(
                                  [&](int64_t g, int64_t oc, int64_t ic, int64_t tap) {
                                    const int64_t channel = g * shape_.group_out() + oc;
                                    return from[(channel * shape_.group_in() + ic) * taps + tap] -
                                           weights_.zero(channel);
                                  },
                                  to);
                            });
  }

 protected:
  // What is added to the sums of each channel, and what rescales them.
  int64_t numbers_size() const { return shape_.out_channels + Rescale::size(shape_.out_channels); }
  Rescale rescale_by(const KernelContext& context, uint32_t* numbers) const {
    return {context, slots_, shape_.out_channels,
            false,   isa_,   reinterpret_cast<float*>(numbers + shape_.out_channels)};
  }
  void find_biases(const KernelContext& context, const ByteZero& zero, int32_t* biases) const {
    const int32_t* given = bias_of(context, slots_);
    for (int64_t channel = 0; channel < shape_.out_channels; ++channel) {
      const auto correction = static_cast<uint32_t>(conv_.correction(packed(), zero, channel));
      const auto bias = static_cast<uint32_t>(given ? given[channel] : 0);
      biases[channel] = static_cast<int32_t>(bias + correction);
    }
  }

  const uint8_t* image(const KernelContext& context, int64_t number) const {
    return static_cast<const uint8_t*>(context.input(slots_.x).data) + number * input_image_;
  }
  ByteZero zero_of_x(const KernelContext& context) const {
    return {context.input(slots_.x).dtype == DType::kInt8,
            zero_points(context, slots_.x_zero, 1)[0]};
  }
  const uint32_t* packed() const { return reinterpret_cast<const uint32_t*>(packed_->data()); }

  // run(image, group, block, piece) for all blocks, by all threads.
  template <typename Run>
  void run_blocks(KernelContext& context, int64_t images, const Run& run) const {
    const int64_t blocks = conv_.blocks(), of_image = shape_.groups * blocks;
    TaskQueue queue(images * of_image, pieces_);
    context.threads().parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        while (auto tasks = queue.take(piece)) {
          for (int64_t task = tasks.begin; task < tasks.end; ++task) {
            run(task / of_image, task % of_image / blocks, task % blocks, piece);
          }
        }
      }
    });
  }

  void store(const KernelContext& context, const Rescale& rescale, const int32_t* biases,
             int64_t image, int64_t group, const IntegerConvSums& sums) const {
    const int64_t channel = group * shape_.group_out() + sums.channel;
    const bool several = sums.channels > 1;
    const int64_t at = (image * shape_.out_channels + channel) * plane_ + sums.first;
    const SumsPlace place{sums.sums, sums.pitch,  at, several ? plane_ : sums.columns,
                          sums.rows, sums.columns};
    rescale.store_channels(context.output(0), place, channel,
                           several ? Requantization::Of::kRow : Requantization::Of::kAll, biases);
  }

  QuantizedSlots slots_;
  ConvShape shape_;
  int64_t plane_, input_image_;
  Isa isa_;
  int64_t pieces_;
  IntegerWeights weights_;
  Conv conv_;
  std::shared_ptr<const Buffer> packed_;
};

// By register tiles; images are staged in every run.
class StagedConv : public PackedIntegerConv<kernels::IntegerConv> {
 public:
  StagedConv(KernelRequest& request, const QuantizedSlots& slots, const ConvShape& shape,
             const IntegerConvProblem& problem)
      : PackedIntegerConv(request, slots, shape,
                          [&](const IntegerLoops& loops, int64_t pieces) {
                            const int64_t shares = pieces > shape.batch ? pieces : 1;
                            return kernels::IntegerConv(problem, shares, loops);
                          }),
        images_(std::clamp<int64_t>(kStagedWords / conv_.staged_size(), 1, shape.batch)) {
    request.use_scratch(
        static_cast<size_t>(scratch_at() + pieces_ * conv_.scratch_size() + numbers_size()) *
        sizeof(uint32_t));
  }

  void run(KernelContext& context) const override {
    auto* staged = reinterpret_cast<uint32_t*>(context.scratch());
    uint32_t* scratch = staged + scratch_at();
    uint32_t* numbers = scratch + pieces_ * conv_.scratch_size();
    auto* biases = reinterpret_cast<int32_t*>(numbers);
    const Rescale rescale = rescale_by(context, numbers);
    const ByteZero zero = zero_of_x(context);
    find_biases(context, zero, biases);
    for (int64_t first = 0; first < shape_.batch; first += images_) {
      const int64_t count = std::min(images_, shape_.batch - first);
      stage(context, zero, first, count, staged);
      run_blocks(context, count, [&](int64_t image, int64_t group, int64_t block, int64_t piece) {
        conv_.run(staged + image * conv_.staged_size(), packed(), group, block,
                  scratch + piece * conv_.scratch_size(), [&](const IntegerConvSums& sums) {
                    store(context, rescale, biases, first + image, group, sums);
                  });
      });
    }
  }

 private:
  int64_t scratch_at() const { return images_ * conv_.staged_size() + conv_.staged_slack(); }

  void stage(KernelContext& context, const ByteZero& zero, int64_t first, int64_t count,
             uint32_t* staged) const {
    const int64_t tasks = count * conv_.planes();
    const int64_t grain = divide_up(tasks, pieces_);
    context.threads().parallel_for(tasks, grain, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t number = task / conv_.planes();
        conv_.stage(image(context, first + number), zero, task % conv_.planes(),
                    staged + number * conv_.staged_size());
      }
    });
  }

  int64_t images_;
};

class RowConv : public PackedIntegerConv<kernels::IntegerRowConv> {
 public:
  RowConv(KernelRequest& request, const QuantizedSlots& slots, const ConvShape& shape,
          const IntegerConvProblem& problem)
      : PackedIntegerConv(request, slots, shape, [&](const IntegerLoops& loops, int64_t) {
          return kernels::IntegerRowConv(problem, loops);
        }) {
    request.use_scratch(static_cast<size_t>(pieces_ * conv_.scratch_size() + numbers_size()) *
                        sizeof(uint32_t));
  }

  void run(KernelContext& context) const override {
    auto* scratch = reinterpret_cast<uint32_t*>(context.scratch());
    uint32_t* numbers = scratch + pieces_ * conv_.scratch_size();
    auto* biases = reinterpret_cast<int32_t*>(numbers);
    const Rescale rescale = rescale_by(context, numbers);
    const ByteZero zero = zero_of_x(context);
    find_biases(context, zero, biases);
    run_blocks(
        context, shape_.batch, [&](int64_t number, int64_t group, int64_t block, int64_t piece) {
          conv_.run(image(context, number), zero, packed(), group, block,
                    scratch + piece * conv_.scratch_size(), [&](const IntegerConvSums& sums) {
                      store(context, rescale, biases, number, group, sums);
                    });
        });
  }
};

// Where no window reaches beyond its own position, all positions are one line.
bool is_pointwise(const Window& window) {
  for (int axis = 0; axis < window.rank(); ++axis) {
    const SizedWindow& one = window[axis];
    const bool pads = one.pad_begin != 0 || one.input_size != one.output_size;
    if (one.kernel != 1 || one.stride != 1 || pads) return false;
  }
  return true;
}

IntegerConvProblem describe(const ConvShape& shape) {
  IntegerConvProblem problem;
  problem.groups = shape.groups;
  problem.in_channels = shape.group_in();
  problem.out_channels = shape.group_out();
  if (is_pointwise(shape.window)) {
    SizedWindow& line = problem.spatial[0];
    line.input_size = line.output_size = element_count(shape.window.output());
    return problem;
  }
  problem.rank = shape.window.rank();
  for (int axis = 0; axis < problem.rank; ++axis) {
    SizedWindow& window = problem.spatial[static_cast<size_t>(axis)];
    window = shape.window[axis];
    // What says nothing is not to be staged for.
    if (window.output_size == 1) window.stride = 1;
    if (window.kernel == 1) window.dilation = 1;
  }
  return problem;
}

bool stages_too_much(const IntegerConvProblem& problem) {
  double staged = 1, used = 1, read = 1;
  for (int axis = 0; axis < problem.rank; ++axis) {
    const SizedWindow& window = problem.spatial[static_cast<size_t>(axis)];
    const auto reach = static_cast<double>(window.output_size - 1);
    staged *= reach * static_cast<double>(window.stride) + static_cast<double>(window.extent());
    used *= static_cast<double>(window.output_size);
    read *= static_cast<double>(window.input_size);
  }
  return staged > kMostStaged * (used + read + 256);
}

}  // namespace

std::unique_ptr<Kernel> make_integer_conv(KernelRequest& request, const QuantizedSlots& slots) {
  const auto shape = accepted_conv(request, slots);
  if (!shape) return nullptr;
  const int rank = shape->window.rank();
  if (rank < 1 || rank > 3) return request.refuse("only one to three spatial axes");
  const IntegerConvProblem problem = describe(*shape);
  if (stages_too_much(problem)) return request.refuse("strides or padding beyond the image");
  if (problem.out_channels < kFewChannels) {
    return std::make_unique<RowConv>(request, slots, *shape, problem);
  }
  return std::make_unique<StagedConv>(request, slots, *shape, problem);
}

}  // namespace convoy
