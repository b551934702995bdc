// ai.convoy::StackedConv(X, W, B?) -> Y: n convolutions with weights of their own, read and written
// where their operands lie. Private; what the rewrite of merged branches ends in.
//
//   Y[…, h, …] = f(Conv(X[…, h, …], W[h·O : (h+1)·O], B[h·O : (h+1)·O]))
//
// for h in [0, n), which stands at stack_axis in X and at output_axis in Y. X has the rank of one
// Conv's input plus one; W is [n·O, C / group, kernel…]. Attributes: those of one Conv (group is
// that of one), stack_axis, output_axis, and those of ops/conv/epilogue.h. float32 or 16-bit
// floats, 1 to 3 spatial axes.
#include "ops/conv/conv.h"
#include "ops/conv/cuda_conv.h"
#include "ops/conv/direct_conv_kernel.h"
#include "ops/conv/reference_conv.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct StackedConv {
  ConvAttributes attributes;
  Epilogue epilogue;
  int stack_axis = 0;
  int output_axis = 0;
  int64_t count = 0;  // n
  ConvShape member;
};

StackedConv describe(const Node& node, const Shape& x, const Shape& w) {
  StackedConv conv;
  AttributeReader attributes(node);
  conv.attributes = read_conv_attributes(attributes);
  conv.epilogue = read_epilogue(attributes);
  conv.stack_axis = normalize_axis(attributes.integer("stack_axis", 2), x.rank());
  conv.output_axis = normalize_axis(attributes.integer("output_axis", 2), x.rank());
  attributes.finish();
  conv.count = x[conv.stack_axis];
  check_input(conv.count > 0 && w[0] % conv.count == 0, "W of shape {} does not fit {} members",
              to_string(w), conv.count);
  Shape member = x;
  member.erase(conv.stack_axis);
  Shape weight = w;
  weight[0] /= conv.count;
  conv.member = resolve_conv(conv.attributes, member, weight);
  return conv;
}

void infer(InferRequest& request) {
  StackedConv conv = describe(request.node, request.inputs[0].shape, request.inputs[1].shape);
  Shape y = conv.member.output_shape();
  y.insert(conv.output_axis, conv.count);
  request.set_output(0, request.inputs[0].dtype, y);
}

Strides without(Strides strides, int axis) {
  strides.erase(axis);
  return strides;
}

const char* refusal(const KernelRequest& request) {
  if (!has_conv_element(request.input(0).dtype)) return "only float32 and 16-bit floats";
  int rank = request.input(0).shape.rank() - 3;
  return rank < 1 || rank > 3 ? "1 to 3 spatial axes" : nullptr;
}

// No schema checks the operands of this operator.
StackedConv describe_checked(const KernelRequest& request) {
  const TensorDesc &x = request.input(0), &w = request.input(1);
  StackedConv conv = describe(request.node(), x.shape, w.shape);
  check_input(w.dtype == x.dtype, "X and W are of the types {} and {}", to_string(x.dtype),
              to_string(w.dtype));
  if (!request.has_input(2)) return conv;
  const TensorDesc& bias = request.input(2);
  check_input(bias.dtype == x.dtype && bias.shape == Shape{w.shape[0]},
              "B is {}, but there are {} output channels", to_string(bias), w.shape[0]);
  return conv;
}

kernels::ConvProblem problem_of(const KernelRequest& request) {
  StackedConv conv = describe_checked(request);
  const ConvShape& member = conv.member;
  Strides x = without(request.input(0).strides, conv.stack_axis);
  Strides y = without(request.output(0).strides, conv.output_axis);
  kernels::ConvProblem problem;
  problem.batch[1] = {member.batch, x[0], y[0], 0};
  problem.group[0].size = conv.count;
  problem.group[0].input_stride = request.input(0).strides[conv.stack_axis];
  problem.group[0].output_stride = request.output(0).strides[conv.output_axis];
  problem.group[1].size = member.groups;
  problem.group[1].input_stride = member.group_in() * x[1];
  problem.group[1].output_stride = member.group_out() * y[1];
  problem.in_channels = member.group_in();
  problem.out_channels = member.group_out();
  problem.in_channel_stride = x[1];
  problem.out_channel_stride = y[1];
  problem.rank = member.window.rank();
  for (int i = 0; i < problem.rank; ++i) {
    problem.spatial[i] = {member.window[i], x[i + 2], y[i + 2], 0};
  }
  problem.element = conv_element(request.input(0).dtype);
  problem.epilogue = conv.epilogue;
  return problem;
}

template <auto estimate>
std::optional<double> estimate_strided(KernelRequest& request) {
  if (const char* reason = refusal(request)) return request.refuse(reason);
  return estimate(request, problem_of(request));
}

template <auto make>
std::unique_ptr<Kernel> make_strided(KernelRequest& request) {
  if (const char* reason = refusal(request)) return request.refuse(reason);
  std::unique_ptr<Kernel> kernel = make(request, problem_of(request));
  if (!kernel) return nullptr;
  request.accept_strides(0);
  request.accept_output_strides(0);
  return kernel;
}

// Member h of the input as a contiguous tensor.
template <typename T>
void gather_member(const TensorView& x, const StackedConv& conv, int64_t h, T* to) {
  TensorView from = x;
  from.data = x.as<T>() + h * x.strides[conv.stack_axis];
  from.shape.erase(conv.stack_axis);
  from.strides.erase(conv.stack_axis);
  copy_elements(from, {TensorDesc::contiguous(dtype_of<T>, from.shape), to});
}

template <typename T>
void run_reference(const StackedConv& conv, KernelContext& context) {
  const ConvShape& member = conv.member;
  ReferenceConv<float, T, T> reference(member);
  T* x = reinterpret_cast<T*>(context.scratch());
  int64_t channel_terms = member.group_in() * member.window.kernel_volume();
  TensorView y = context.output(0);
  Strides strides = without(y.strides, conv.output_axis);
  int64_t plane = element_count(member.window.output());
  const T* biases = context.has_input(2) ? context.input(2).as<const T>() : nullptr;
  for (int64_t h = 0; h < conv.count; ++h) {
    gather_member(context.input(0), conv, h, x);
    int64_t first_channel = h * member.out_channels;
    const T* w = context.input(1).as<const T>() + first_channel * channel_terms;
    T* out = y.as<T>() + h * y.strides[conv.output_axis];
    Tensor member_y = Tensor::allocate(dtype_of<T>, member.output_shape());
    T* sums_of_member = member_y.mutable_data<T>();
    auto store = [&](int64_t n, int64_t channel, int64_t first, const float* sums, int64_t count) {
      float bias = biases ? static_cast<float>(biases[first_channel + channel]) : 0.0F;
      T* row = sums_of_member + (n * member.out_channels + channel) * plane;
      for (int64_t i = 0; i < count; ++i) {
        row[first + i] = static_cast<T>(apply(conv.epilogue, sums[i] + bias));
      }
    };
    reference.run(x, w, 0.0F, nullptr, context.threads(), store);
    copy_elements(member_y.view(), {{dtype_of<T>, member.output_shape(), strides, {}}, out});
  }
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  DType dtype = request.input(0).dtype;
  if (!has_conv_element(dtype)) return request.refuse("only float32 and 16-bit floats");
  StackedConv conv = describe_checked(request);
  request.accept_strides(0);
  int64_t in =
      conv.member.batch * conv.member.in_channels * element_count(conv.member.window.input());
  request.use_scratch(static_cast<size_t>(in) * size_of(dtype));
  return visit_dtype_among<float, Float16, BFloat16>(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel([conv](KernelContext& context) { run_reference<T>(conv, context); });
  });
}

}  // namespace

void register_stacked_conv(Registry& registry) {
  OpDef& definition = registry.add("StackedConv", kPrivateDomain);
  definition.infer = infer;
  definition.multiply_adds = multiply_adds_of_conv;
  definition
      .estimated_kernel("winograd_pixels", estimate_strided<estimate_winograd_pixels>,
                        make_strided<make_winograd_pixels>)
      .estimated_kernel("winograd", estimate_strided<estimate_winograd>,
                        make_strided<make_winograd>)
      .estimated_kernel("direct", estimate_strided<estimate_direct>, make_strided<make_direct>)
      .kernel("reference", make_reference)
      .kernel("by_outputs", make_strided<make_cuda_by_outputs>, DeviceKind::kCuda)
      .kernel("implicit_gemm", make_strided<make_cuda_implicit_gemm>, DeviceKind::kCuda);
}

}  // namespace convoy
