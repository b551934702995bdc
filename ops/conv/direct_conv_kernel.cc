#include "ops/conv/direct_conv_kernel.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <type_traits>

#include <fmt/format.h>

#include "ops/conv/conv_cost.h"
#include "ops/conv/conv_kernels.h"
#include "ops/kernels/conv/conv_run.h"
#include "ops/kernels/conv/task_cut.h"
#include "ops/kernels/conv/winograd_pixels_run.h"
#include "ops/kernels/conv/winograd_run.h"
#include "ops/kernels/elementwise/convert_rows.h"
#include "runtime/base/divide_up.h"
#include "runtime/base/task_queue.h"

namespace convoy {
namespace {

using kernels::ConvProblem;
using kernels::DirectConv;
using kernels::WinogradConv;
using kernels::WinogradPixelsConv;

constexpr int64_t kFloatsPerLine = kAlignment / sizeof(float);
// Fewer multiplications than this are not worth waking other threads.
constexpr int64_t kSerialWork = 200'000;
// What fewer products must at least promise: their rounding errors are larger.
constexpr double kWorthwhile = 0.97;

// Work cut for several threads costs more on one.
int threads_for(const KernelRequest& request, const ConvProblem& problem) {
  return kernels::multiplications(problem) < kSerialWork ? 1 : request.threads;
}

// Of the weights as a kernel packs them; `form` says how.
std::string format_of(const ConvProblem& problem, std::string_view form, Isa isa) {
  std::string format = fmt::format("{},{},{},{},{}", form, to_string(isa), problem.group[0].size,
                                   problem.group[1].size, problem.out_channels);
  for (int i = 0; i < problem.rank; ++i) format += fmt::format(",{}", problem.spatial[i].kernel);
  return format;
}

// Contiguous weights or a bias as float32.
void widen(const TensorView& from, float* to) {
  elementwise::row_loader<float>(from.dtype)(from.data, 1, to, from.count());
}

// Runs a planned convolution: DirectConv, WinogradConv or WinogradPixelsConv.
template <typename Conv>
class PlannedKernel : public Kernel {
 public:
  PlannedKernel(KernelRequest& request, const ConvProblem& problem, const Conv& conv,
                std::string_view form)
      : conv_(conv),
        has_bias_(request.has_input(2)),
        is_half_(request.input(0).dtype != DType::kFloat32),
        pieces_(std::min<int64_t>(conv_.task_count(), threads_for(request, problem))) {
    thread_scratch_ = round_up(conv_.scratch_size(), kFloatsPerLine);
    int64_t floats = pieces_ * thread_scratch_;
    int64_t packed_size = conv_.packed_weights_size();
    if (const Tensor* weights = request.constant(1); weights && request.weights) {
      Tensor plain = weights->contiguous();
      packed_ = request.weights->get(
          *weights, format_of(problem, form, request.isa),
          static_cast<size_t>(packed_size) * sizeof(float),
          [&](void* destination) { pack_weights(plain, static_cast<float*>(destination)); });
    } else {
      packed_at_ = floats;
      floats += packed_size;
      weights_at_ = floats;
      if (is_half_) floats += request.input(1).count();
    }
    bias_at_ = floats;
    if (has_bias_ && is_half_) floats += request.input(2).count();
    request.use_scratch(static_cast<size_t>(floats) * sizeof(float));
  }

  void run(KernelContext& context) const override {
    auto* scratch = reinterpret_cast<float*>(context.scratch());
    kernels::ConvOperands operands;
    if (packed_) {
      operands.packed_weights = reinterpret_cast<const float*>(packed_->data());
    } else {
      const float* weights = as_floats(context.input(1), scratch + weights_at_);
      conv_.pack_weights(weights, scratch + packed_at_);
      operands.packed_weights = scratch + packed_at_;
    }
    if (has_bias_) operands.bias = as_floats(context.input(2), scratch + bias_at_);
    place(operands, context);
    if (pieces_ == 0) return;
    TaskQueue queue(conv_.task_count(), pieces_);
    context.threads().parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        typename Conv::Run run(conv_, operands, scratch + piece * thread_scratch_);
        while (auto tasks = queue.take(piece)) run.run_tasks(tasks.begin, tasks.end);
      }
    });
  }

 private:
  void pack_weights(const Tensor& plain, float* packed) const {
    if (!is_half_) return conv_.pack_weights(plain.data<float>(), packed);
    std::vector<float> wide(static_cast<size_t>(plain.count()));
    widen(plain.view(), wide.data());
    conv_.pack_weights(wide.data(), packed);
  }

  const float* as_floats(const TensorView& from, float* scratch) const {
    if (!is_half_) return from.as<const float>();
    widen(from, scratch);
    return scratch;
  }

  void place(kernels::ConvOperands& operands, const KernelContext& context) const {
    bool has_residual = conv_.problem().has_residual;
    if (is_half_) {
      operands.half_input = context.input(0).as<const uint16_t>();
      if (has_residual) operands.half_residual = context.input(3).as<const uint16_t>();
      operands.half_output = context.output(0).as<uint16_t>();
      return;
    }
    operands.input = context.input(0).as<const float>();
    if (has_residual) operands.residual = context.input(3).as<const float>();
    operands.output = context.output(0).as<float>();
  }

  Conv conv_;
  bool has_bias_;
  bool is_half_;
  int64_t pieces_;
  int64_t thread_scratch_ = 0;
  int64_t packed_at_ = 0;
  int64_t weights_at_ = 0;
  int64_t bias_at_ = 0;
  std::shared_ptr<const Buffer> packed_;
};

const char* refusal(const KernelRequest& request, const ConvRequest& conv) {
  if (!has_conv_element(request.input(0).dtype)) return "only float32 and 16-bit floats";
  int rank = conv.shape.window.rank();
  return rank < 1 || rank > 3 ? "1 to 3 spatial axes" : nullptr;
}

// Whether sums of a few weights are finite.
bool has_room(const Tensor& weights) {
  Tensor plain = weights.contiguous();
  const float* w = plain.data<float>();
  return std::all_of(w, w + plain.count(), [](float x) { return std::abs(x) < 1e37F; });
}

template <typename Winograd>
std::optional<double> estimate_by(KernelRequest& request, const ConvProblem& problem) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  if (const char* reason = Winograd::refusal(problem)) return request.refuse(reason);
  if (request.constant(1) == nullptr) return request.refuse("computed weights");
  Winograd conv(problem, request.isa, 1);
  return planned_seconds(request, problem, conv.cycles()) / kWorthwhile;
}

template <typename Winograd>
std::unique_ptr<Kernel> plan(KernelRequest& request, const ConvProblem& problem) {
  if (!has_room(*request.constant(1))) return request.refuse("weights near the largest number");
  Winograd winograd(problem, request.isa, threads_for(request, problem));
  return std::make_unique<PlannedKernel<Winograd>>(request, problem, winograd, Winograd::kName);
}

// Of a strided problem that is a node's.
template <auto estimate>
std::optional<double> estimate_conv(KernelRequest& request, const ConvRequest& conv) {
  if (const char* reason = refusal(request, conv)) return request.refuse(reason);
  return estimate(request, strided_problem(request, conv));
}

template <auto make>
std::unique_ptr<Kernel> make_conv(KernelRequest& request, const ConvRequest& conv) {
  std::unique_ptr<Kernel> kernel = make(request, strided_problem(request, conv));
  if (kernel) accept_conv_strides(request, conv);
  return kernel;
}

}  // namespace

bool has_conv_element(DType dtype) { return is_floating(dtype) && dtype != DType::kFloat64; }

kernels::ConvElement conv_element(DType dtype) {
  if (dtype == DType::kFloat16) return kernels::ConvElement::float16;
  return dtype == DType::kBFloat16 ? kernels::ConvElement::bfloat16 : kernels::ConvElement::float32;
}

ConvProblem strided_problem(const KernelRequest& request, const ConvRequest& conv) {
  const TensorDesc& x = request.input(0);
  const TensorDesc& y = request.output(0);
  const TensorDesc& residual = conv.has_residual ? request.input(3) : y;
  const ConvShape& shape = conv.shape;
  ConvProblem problem;
  problem.batch[1] = {shape.batch, x.strides[0], y.strides[0], residual.strides[0]};
  auto& group = problem.group[1];
  group.size = shape.groups;
  group.input_stride = shape.group_in() * x.strides[1];
  group.output_stride = shape.group_out() * y.strides[1];
  group.residual_stride = shape.group_out() * residual.strides[1];
  problem.in_channels = shape.group_in();
  problem.out_channels = shape.group_out();
  problem.in_channel_stride = x.strides[1];
  problem.out_channel_stride = y.strides[1];
  problem.residual_channel_stride = residual.strides[1];
  problem.rank = shape.window.rank();
  for (int i = 0; i < problem.rank; ++i) {
    problem.spatial[i] = {shape.window[i], x.strides[i + 2], y.strides[i + 2],
                          residual.strides[i + 2]};
  }
  problem.has_residual = conv.has_residual;
  problem.element = conv_element(x.dtype);
  problem.epilogue = conv.epilogue;
  return problem;
}

void accept_conv_strides(KernelRequest& request, const ConvRequest& conv) {
  request.accept_strides(0);
  request.accept_output_strides(0);
  if (conv.has_residual) request.accept_strides(3);
}

std::optional<double> estimate_direct(KernelRequest& request, const ConvProblem& problem) {
  DirectConv conv(problem, request.isa, 1);
  return planned_seconds(request, problem, conv.cycles());
}

std::unique_ptr<Kernel> make_direct(KernelRequest& request, const ConvProblem& problem) {
  DirectConv conv(problem, request.isa, threads_for(request, problem));
  bool channels = conv.form() == kernels::ConvForm::channels;
  return std::make_unique<PlannedKernel<DirectConv>>(request, problem, conv,
                                                     channels ? "channels" : "pixels");
}

std::optional<double> estimate_winograd(KernelRequest& request, const ConvProblem& problem) {
  return estimate_by<WinogradConv>(request, problem);
}

std::unique_ptr<Kernel> make_winograd(KernelRequest& request, const ConvProblem& problem) {
  return plan<WinogradConv>(request, problem);
}

std::optional<double> estimate_winograd_pixels(KernelRequest& request, const ConvProblem& problem) {
  return estimate_by<WinogradPixelsConv>(request, problem);
}

std::unique_ptr<Kernel> make_winograd_pixels(KernelRequest& request, const ConvProblem& problem) {
  return plan<WinogradPixelsConv>(request, problem);
}

std::optional<double> estimate_direct_conv(KernelRequest& request, const ConvRequest& conv) {
  return estimate_conv<estimate_direct>(request, conv);
}

std::unique_ptr<Kernel> make_direct_conv(KernelRequest& request, const ConvRequest& conv) {
  return make_conv<make_direct>(request, conv);
}

std::optional<double> estimate_winograd_conv(KernelRequest& request, const ConvRequest& conv) {
  return estimate_conv<estimate_winograd>(request, conv);
}

std::unique_ptr<Kernel> make_winograd_conv(KernelRequest& request, const ConvRequest& conv) {
  return make_conv<make_winograd>(request, conv);
}

std::optional<double> estimate_winograd_pixels_conv(KernelRequest& request,
                                                    const ConvRequest& conv) {
  return estimate_conv<estimate_winograd_pixels>(request, conv);
}

std::unique_ptr<Kernel> make_winograd_pixels_conv(KernelRequest& request, const ConvRequest& conv) {
  return make_conv<make_winograd_pixels>(request, conv);
}

}  // namespace convoy
