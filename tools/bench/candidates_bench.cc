// Times every candidate kernel of Conv, MatMul and pooling on the shapes of common layers, one
// thread. The layouts that a kernel asks for are prepared beforehand: reorders do not count.
#include <benchmark/benchmark.h>

#include <fmt/format.h>

#include "runtime/op/registry.h"
#include "runtime/op/weight_cache.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;

struct Case {
  std::string name;
  std::string op;
  std::vector<Shape> inputs;
  Shape output;
  Attributes attributes;
  double work;  // floating-point operations
};

class Context : public KernelContext {
 public:
  Context(KernelRequest& request, ThreadPool& threads) {
    threads_ = &threads;
    for (size_t i = 0; i < request.inputs.size(); ++i) {
      views_in_.push_back(place(request.inputs[i], request.demands, i));
    }
    views_out_.push_back(place(request.outputs[0], request.offers, 0));
    inputs_ = views_in_;
    outputs_ = views_out_;
    buffers_.push_back(Buffer::allocate(request.scratch_bytes + 1));
    scratch_ = buffers_.back()->data();
  }
  TensorView allocate_output(int, DType, const Shape&) override { return {}; }
  Value input_value(int) const override { return {}; }
  void set_output(int, Value) override {}
  bool wants_output(int) const override { return true; }
  BodyRunner& body(std::string_view) override { fail(ErrorCode::kInternal, "no bodies here"); }

 private:
  TensorView place(const TensorDesc& desc, const std::vector<KernelRequest::Demand>& demands,
                   size_t i) {
    TensorDesc placed = desc;
    if (i < demands.size()) placed.layout = demands[i].layout;
    auto bytes = static_cast<size_t>(placed.bytes());
    buffers_.push_back(Buffer::allocate(bytes));
    auto* values = reinterpret_cast<float*>(buffers_.back()->data());
    for (size_t k = 0; k < bytes / sizeof(float); ++k) {
      values[k] = static_cast<float>(k % 17) * 0.1f - 0.8f;
    }
    return {placed, buffers_.back()->data()};
  }

  std::vector<std::shared_ptr<Buffer>> buffers_;
  std::vector<TensorView> views_in_;
  std::vector<TensorView> views_out_;
};

void run_candidate(benchmark::State& state, const Case& c, const KernelDef& candidate) {
  Graph graph;
  Node node;
  node.op_type = c.op;
  node.version = 21;
  node.attributes = c.attributes;
  KernelRequest request(graph, node);
  std::vector<Tensor> weights;
  for (const Shape& shape : c.inputs) {
    request.inputs.push_back(TensorDesc::contiguous(DType::kFloat32, shape));
    weights.push_back(Tensor::zeros(DType::kFloat32, shape));
  }
  request.constants.assign(c.inputs.size(), nullptr);
  if (c.inputs.size() > 1) request.constants[1] = &weights[1];
  node.outputs = {ValueId{0}};
  request.outputs.push_back(TensorDesc::contiguous(DType::kFloat32, c.output));
  request.isa = best_isa();
  request.threads = 1;
  request.measured = true;
  TransientWeights cache(nullptr, {});
  request.weights = &cache;
  std::unique_ptr<Kernel> kernel = candidate.make(request);
  if (!kernel) return state.SkipWithError(request.reason.c_str());
  auto threads = make_thread_pool(1);
  Context context(request, *threads);
  for (auto _ : state) kernel->run(context);
  state.counters["GFLOP/s"] =
      benchmark::Counter(c.work * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

Case conv(const char* name, const Shape& x, const Shape& w, int64_t stride, int64_t pad,
          int64_t group = 1, int64_t dilation = 1) {
  auto rank = static_cast<size_t>(x.rank() - 2);
  Case c{name, "Conv", {x, w, Shape{w[0]}}, {x[0], w[0]}, {}, 2};
  for (int axis = 2; axis < x.rank(); ++axis) {
    int64_t extent = dilation * (w[axis] - 1) + 1;
    c.output.push_back((x[axis] + 2 * pad - extent) / stride + 1);
  }
  c.attributes["strides"] = Ints(rank, stride);
  c.attributes["pads"] = Ints(2 * rank, pad);
  c.attributes["dilations"] = Ints(rank, dilation);
  c.attributes["group"] = group;
  c.work *= static_cast<double>(element_count(c.output)) *
            static_cast<double>(element_count(w) / w[0]);
  return c;
}

Case matmul(int64_t batch, int64_t m, int64_t k, int64_t n, bool shared) {
  Case c{fmt::format("matmul/{}x{}x{}x{}{}", batch, m, k, n, shared ? "" : "/batched"),
         "MatMul", {{batch, m, k}, {k, n}}, {batch, m, n}, {}, 2.0};
  if (!shared) c.inputs[1] = {batch, k, n};
  c.work *= static_cast<double>(batch * m * k) * static_cast<double>(n);
  return c;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      conv("resnet/stem", {1, 3, 224, 224}, {64, 3, 7, 7}, 2, 3),
      conv("resnet/56", {1, 64, 56, 56}, {64, 64, 3, 3}, 1, 1),
      conv("resnet/28", {1, 128, 28, 28}, {128, 128, 3, 3}, 1, 1),
      conv("resnet/7", {1, 512, 7, 7}, {512, 512, 3, 3}, 1, 1),
      conv("pointwise/56", {1, 64, 56, 56}, {256, 64, 1, 1}, 1, 0),
      conv("few/1to8", {8, 1, 28, 28}, {8, 1, 3, 3}, 1, 1),
      conv("few/8to1", {1, 8, 64, 64}, {1, 8, 3, 3}, 1, 1),
      conv("few/12to20", {4, 12, 32, 32}, {20, 12, 3, 3}, 1, 1),
      conv("rows/16", {8, 16, 64, 256}, {16, 16, 1, 5}, 1, 0),
      conv("1d/256", {1, 256, 1000}, {256, 256, 3}, 1, 4, 1, 4),
      conv("1d/256unpadded", {1, 256, 1008}, {256, 256, 3}, 1, 0, 1, 4),
      conv("1d/32", {8, 32, 256}, {32, 32, 5}, 1, 2),
      conv("1d/15", {32, 15, 100}, {15, 15, 3}, 1, 0),
      conv("1d/1to8", {64, 1, 1000}, {8, 1, 5}, 1, 2),
      conv("1d/stem", {4, 3, 4000}, {64, 3, 7}, 2, 3),
      conv("depthwise/56", {1, 96, 56, 56}, {96, 1, 3, 3}, 1, 1, 96),
      conv("depthwise/112s2", {1, 96, 112, 112}, {96, 1, 3, 3}, 2, 1, 96),
      conv("depthwise/7x7", {1, 96, 56, 56}, {96, 1, 7, 7}, 1, 3, 96),
      conv("depthwise/1d", {8, 256, 400}, {256, 1, 7}, 1, 3, 256),
      conv("grouped/32x4", {1, 128, 56, 56}, {128, 4, 3, 3}, 1, 1, 32),
      conv("grouped/2x16", {1, 32, 56, 56}, {32, 16, 3, 3}, 1, 1, 2),
      conv("rows/grouped", {32, 150, 100}, {150, 15, 3}, 1, 0, 10),
      matmul(1, 1, 64, 64, true),
      matmul(1, 1, 768, 3072, true),
      matmul(1, 4, 256, 256, true),
      matmul(1, 16, 64, 64, true),
      matmul(1, 128, 768, 768, true),
      matmul(8, 64, 256, 64, true),
      matmul(12, 128, 64, 128, false),
      matmul(64, 8, 8, 8, false),
      matmul(1000, 1, 32, 32, false),
  };
  return list;
}

int register_cases() {
  for (const Case& c : cases()) {
    const OpDef* definition = Registry::standard().find("", c.op, 21);
    for (const KernelDef& candidate : definition->kernels) {
      if (candidate.device != DeviceKind::kCpu) continue;
      benchmark::RegisterBenchmark(
          fmt::format("{}/{}", c.name, candidate.name).c_str(),
          [&c, &candidate](benchmark::State& state) { run_candidate(state, c, candidate); })
          ->Unit(benchmark::kMicrosecond);
    }
  }
  return 0;
}

[[maybe_unused]] const int registered = register_cases();

}  // namespace
}  // namespace convoy
