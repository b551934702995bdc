// MaxPool, AveragePool, LpPool and GlobalMaxPool, GlobalAveragePool, GlobalLpPool over any number
// of spatial axes. Opsets 1 to 28: storage_order and indices from 8, ceil_mode and dilations from
// 10.
#include "ops/batching/rules.h"
#include "ops/pool/pool_problem.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// LpPool and GlobalLpPool wrote p as a float in opset 1.
int64_t read_p(AttributeReader& attributes, int version) {
  if (version >= 2) {
    int64_t p = attributes.integer("p", 2);
    check_model(p >= 1, "p is {}", p);
    return p;
  }
  float p = attributes.number("p", 2.0f);
  check_model(p >= 1, "p is {}", p);
  check_supported(p < 1e6f && p == static_cast<float>(static_cast<int64_t>(p)), "p is {}", p);
  return static_cast<int64_t>(p);
}

void add_kernels(OpDef& definition, PoolKind kind) {
  auto with_problem = [kind](auto make) {
    return [kind, make](KernelRequest& request) {
      PoolProblem problem = read_pool(request.node(), request.input(0).shape, kind);
      for (int j = 0; j < request.output_count(); ++j) request.check_output(j, problem.output);
      return make(request, problem);
    };
  };
  definition.batching = {batch_pool};
  definition.infer = [kind](InferRequest& request) {
    check_model(request.has_input(0), "X is missing");
    PoolProblem problem = read_pool(request.node, request.inputs[0].shape, kind);
    request.set_output(0, request.inputs[0].dtype, problem.output);
    request.set_output(1, DType::kInt64, problem.output);
  };
  definition.kernel("plane", with_problem(make_plane_pool))
      .kernel("planes", with_problem(make_planes_pool))
      .kernel("rows", with_problem(make_rows_pool))
      .kernel("bytes", with_problem(make_byte_pool))
      .kernel("reference", with_problem(make_reference_pool))
      .kernel("outputs", with_problem(make_cuda_pool), DeviceKind::kCuda);
}

}  // namespace

int64_t PoolProblem::counted_along(int axis, int64_t o) const {
  int64_t first = window[axis].first_tap(o);
  int64_t last = window[axis].last_tap(o);
  if (count_include_pad) {
    int64_t dilation = window[axis].dilation;
    int64_t start = o * window[axis].stride - window[axis].pad_begin;
    int64_t room = window[axis].input_size + window[axis].pad_end - start;
    first = 0;
    last = std::min(window[axis].kernel, (room + dilation - 1) / dilation);
  }
  return std::max<int64_t>(0, last - first);
}

int64_t PoolProblem::counted(const Dims& at) const {
  int64_t count = 1;
  for (int axis = 0; axis < window.rank(); ++axis) {
    count *= counted_along(axis, at[axis]);
  }
  return std::max<int64_t>(count, 1);
}

PoolProblem read_pool(const Node& node, const Shape& x, PoolKind kind) {
  AttributeReader attributes(node);
  check_input(x.rank() >= 2, "a tensor of shape {} has no channels", to_string(x));
  PoolProblem problem;
  problem.kind = kind;
  problem.batch = x[0];
  problem.channels = x[1];
  problem.output = {x[0], x[1]};
  if (kind == PoolKind::kLp) problem.p = read_p(attributes, node.version);
  Dims spatial = spatial_sizes(x);
  if (node.op_type.starts_with("Global")) {
    problem.window = resolve_window({}, spatial, spatial);
  } else {
    WindowAttributes window = read_window(attributes);
    bool ceil_mode = attributes.integer("ceil_mode", 0) != 0;
    if (kind == PoolKind::kMax) {
      problem.column_major = attributes.integer("storage_order", 0) != 0;
    }
    if (kind == PoolKind::kAverage) {
      problem.count_include_pad = attributes.integer("count_include_pad", 0) != 0;
    }
    check_model(!window.kernel_shape.empty(), "the attribute 'kernel_shape' is missing");
    problem.window = resolve_window(window, spatial, Dims(window.kernel_shape), ceil_mode);
  }
  attributes.finish();
  for (int64_t size : problem.window.output()) problem.output.push_back(size);
  if (problem.window.rank() == 0) problem.window = resolve_window({}, Dims{1}, Dims{1});
  return problem;
}

void register_pool(Registry& registry) {
  add_kernels(registry.add("MaxPool"), PoolKind::kMax);
  add_kernels(registry.add("AveragePool").summing(), PoolKind::kAverage);
  add_kernels(registry.add("LpPool").summing(), PoolKind::kLp);
  add_kernels(registry.add("GlobalMaxPool"), PoolKind::kMax);
  add_kernels(registry.add("GlobalAveragePool").summing(), PoolKind::kAverage);
  add_kernels(registry.add("GlobalLpPool").summing(), PoolKind::kLp);
}

}  // namespace convoy
