#include "ops/conv/cuda_conv.h"

#include <limits>
#include <optional>

#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/grouped_conv.h"

namespace convoy {
namespace {

using cuda::GroupedConv;

// From so many output channels in a group on, tiles waste less than they save.
constexpr int64_t kFewChannels = 4;

// The same as one of rank 3; nullopt where sizes are beyond 32 bits, in which kernels count what is
// not an offset.
std::optional<kernels::ConvProblem> of_rank_3(const kernels::ConvProblem& problem) {
  check_internal(problem.rank >= 1 && problem.rank <= 3, "a convolution of rank {}", problem.rank);
  kernels::ConvProblem conv = problem;
  conv.rank = 3;
  const int added = conv.rank - problem.rank;
  bool narrow = true;
  auto check = [&narrow](int64_t size) {
    narrow = narrow && size <= std::numeric_limits<int32_t>::max();
  };
  int64_t terms = problem.in_channels;
  for (int i = 0; i < conv.rank; ++i) {
    conv.spatial[i] = i < added ? kernels::ConvWindow() : problem.spatial[i - added];
    const kernels::ConvWindow& axis = conv.spatial[i];
    check(axis.input_size + axis.extent());
    check(axis.output_size * axis.stride + axis.pad_begin);
    check(axis.pad_begin + axis.input_size);
    terms = checked_multiply(terms, axis.kernel);
  }
  check(terms);
  check(conv.out_channels);
  check(checked_multiply(conv.group[0].size, conv.group[1].size));
  if (!narrow) return std::nullopt;
  return conv;
}

bool is_empty(const kernels::ConvProblem& conv) {
  bool empty = conv.out_channels == 0;
  for (int i = 0; i < 2; ++i) empty = empty || conv.batch[i].size == 0 || conv.group[i].size == 0;
  for (const kernels::ConvWindow& axis : conv.spatial) empty = empty || axis.output_size == 0;
  return empty;
}

std::unique_ptr<Kernel> make(KernelRequest& request, const kernels::ConvProblem& problem,
                             std::string_view name) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  const auto conv = of_rank_3(problem);
  // There is a block for each output at most.
  if (!conv || request.output(0).count() > std::numeric_limits<int32_t>::max()) {
    return request.refuse("sizes beyond 32 bits");
  }
  GroupedConv planned;
  planned.problem = *conv;
  if (is_empty(planned.problem)) return make_kernel([](KernelContext&) {});
  return make_cuda_launch(request, name, planned, [](GroupedConv& conv, KernelContext& context) {
    conv.x = context.input(0).as<const float>();
    conv.w = context.input(1).as<const float>();
    if (context.has_input(2)) conv.bias = context.input(2).as<const float>();
    if (conv.problem.has_residual) conv.residual = context.input(3).as<const float>();
    conv.y = context.output(0).as<float>();
  });
}

template <auto make_planned>
std::unique_ptr<Kernel> make_of_node(KernelRequest& request, const ConvRequest& conv) {
  const int rank = conv.shape.window.rank();
  if (rank < 1 || rank > 3) return request.refuse("1 to 3 spatial axes");
  auto kernel = make_planned(request, strided_problem(request, conv));
  if (kernel) accept_conv_strides(request, conv);
  return kernel;
}

}  // namespace

std::unique_ptr<Kernel> make_cuda_implicit_gemm(KernelRequest& request,
                                                const kernels::ConvProblem& problem) {
  return make(request, problem, "grouped_conv_implicit_gemm");
}

std::unique_ptr<Kernel> make_cuda_by_outputs(KernelRequest& request,
                                             const kernels::ConvProblem& problem) {
  if (problem.out_channels >= kFewChannels) return request.refuse("many output channels");
  return make(request, problem, "grouped_conv_by_outputs");
}

std::unique_ptr<Kernel> make_cuda_implicit_gemm_conv(KernelRequest& request,
                                                     const ConvRequest& conv) {
  return make_of_node<make_cuda_implicit_gemm>(request, conv);
}

std::unique_ptr<Kernel> make_cuda_by_outputs_conv(KernelRequest& request, const ConvRequest& conv) {
  return make_of_node<make_cuda_by_outputs>(request, conv);
}

}  // namespace convoy
