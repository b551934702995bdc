// Quantized convolutions on integers: constant weights less their zero points, packed once in 16
// bits; images staged in 16 bits in every run.
#include "ops/kernels/quantized/integer_conv.h"

#include <algorithm>

#include <fmt/format.h>

#include "ops/quantized/quantized.h"
#include "runtime/base/task_queue.h"

namespace convoy {
namespace {

using kernels::IntegerConvProblem;
using kernels::IntegerConvSums;

// Images are staged together up to here.
constexpr int64_t kStagedBytes = 2 << 20;
// Strides that pass over most of an image, and padding beyond it, would be staged all the same.
constexpr double kMostStaged = 16;

class IntegerConvKernel : public Kernel {
 public:
  IntegerConvKernel(KernelRequest& request, const QuantizedSlots& slots, const ConvShape& shape,
                    const IntegerConvProblem& problem)
      : slots_(slots),
        shape_(shape),
        plane_(element_count(shape.window.output())),
        input_image_(shape.in_channels * element_count(shape.window.input())),
        isa_(request.isa),
        pieces_(threads_for(request, shape)),
        conv_(problem, pieces_ > shape.batch ? pieces_ : 1, request.isa),
        images_(
            std::clamp<int64_t>(kStagedBytes / (conv_.staged_size() * kNumber), 1, shape.batch)) {
    const Tensor w = request.constant(slots.w)->contiguous();
    const WeightZeros zeros(request, slots, shape.out_channels);
    const int64_t taps = shape.window.kernel_volume();
    packed_ = request.weights->get(
        *request.constant(slots.w),
        fmt::format("kernels pairs,{},{},{}", shape.groups, to_string(isa_), zeros.text()),
        static_cast<size_t>(conv_.packed_size() * kNumber), [&](void* to) {
          visit_bytes(w.view(), [&](const auto* from) {
            conv_.pack(
                [&](int64_t g, int64_t oc, int64_t ic, int64_t tap) {
                  const int64_t channel = g * shape_.group_out() + oc;
                  return from[(channel * shape_.group_in() + ic) * taps + tap] - zeros[channel];
                },
                static_cast<int16_t*>(to));
          });
        });
    request.use_scratch(static_cast<size_t>(
        (images_ * conv_.staged_size() + conv_.staged_slack() + pieces_ * conv_.scratch_size()) *
        kNumber));
  }

  void run(KernelContext& context) const override {
    const Rescale rescale(context, slots_, shape_.out_channels, false, isa_);
    for (int64_t first = 0; first < shape_.batch; first += images_) {
      const int64_t count = std::min(images_, shape_.batch - first);
      stage(context, first, count);
      multiply(context, rescale, first, count);
    }
  }

 private:
  static constexpr int64_t kNumber = sizeof(int16_t);

  static int64_t threads_for(const KernelRequest& request, const ConvShape& shape) {
    const int64_t work = shape.batch * shape.out_channels * element_count(shape.window.output()) *
                         shape.group_in() * shape.window.kernel_volume();
    return threads_for_products(request, work);
  }

  void stage(KernelContext& context, int64_t first, int64_t count) const {
    const TensorView& x = context.input(slots_.x);
    const ByteZero zero(x.dtype == DType::kInt8, zero_points(context, slots_.x_zero, 1)[0]);
    const auto* images = static_cast<const uint8_t*>(x.data) + first * input_image_;
    auto* staged = reinterpret_cast<int16_t*>(context.scratch());
    const int64_t tasks = count * conv_.planes();
    const int64_t grain = (tasks + pieces_ - 1) / pieces_;
    context.threads().parallel_for(tasks, grain, [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; ++task) {
        const int64_t image = task / conv_.planes();
        conv_.stage(images + image * input_image_, zero, task % conv_.planes(),
                    staged + image * conv_.staged_size());
      }
    });
  }

  void multiply(KernelContext& context, const Rescale& rescale, int64_t first,
                int64_t count) const {
    const int32_t* bias = bias_of(context, slots_);
    const auto* packed = reinterpret_cast<const int16_t*>(packed_->data());
    const auto* staged = reinterpret_cast<const int16_t*>(context.scratch());
    auto* scratch = reinterpret_cast<int16_t*>(context.scratch()) + images_ * conv_.staged_size() +
                    conv_.staged_slack();
    const int64_t blocks = conv_.blocks(), of_image = shape_.groups * blocks;
    TaskQueue queue(count * of_image, pieces_);
    context.threads().parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        while (auto tasks = queue.take(piece)) {
          for (int64_t task = tasks.begin; task < tasks.end; ++task) {
            const int64_t image = task / of_image, group = task % of_image / blocks;
            const int64_t first_channel = group * shape_.group_out();
            const int64_t y = ((first + image) * shape_.out_channels + first_channel) * plane_;
            conv_.run(staged + image * conv_.staged_size(), packed, group, task % blocks,
                      scratch + piece * conv_.scratch_size(), [&](const IntegerConvSums& sums) {
                        const int64_t channel = first_channel + sums.channel;
                        rescale.store_channel(context.output(0),
                                              y + sums.channel * plane_ + sums.first, channel,
                                              sums.sums, sums.count, bias ? bias[channel] : 0);
                      });
          }
        }
      }
    });
  }

  QuantizedSlots slots_;
  ConvShape shape_;
  int64_t plane_, input_image_;
  Isa isa_;
  int64_t pieces_;
  kernels::IntegerConv conv_;
  int64_t images_;
  std::shared_ptr<const Buffer> packed_;
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
    problem.spatial[static_cast<size_t>(axis)] = shape.window[axis];
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
  return std::make_unique<IntegerConvKernel>(request, slots, *shape, problem);
}

}  // namespace convoy
