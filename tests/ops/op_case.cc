#include "tests/ops/op_case.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/parallel_for.h"
#include "runtime/device/mirror.h"
#include "runtime/onnx/operand_types.h"
#include "runtime/op/evaluate.h"
#include "tests/device/device_check.h"
#include "tests/fuzz/fuzz_seed.h"
#include "tests/op/reference_kernel.h"

namespace convoy {
namespace {

const OpDef& definition_of(const OpCase& c) {
  std::string_view domain = c.is_private ? kPrivateDomain : std::string_view(c.domain);
  const OpDef* found = Registry::standard().find(domain, c.op, c.version);
  check_supported(found != nullptr, "no operator {}-{}", c.op, c.version);
  return *found;
}

// A registry of the operator alone; if a kernel is named with that one alone.
Registry registry_of(const OpCase& c, const std::string& kernel) {
  Registry registry;
  const OpDef& source = definition_of(c);
  OpDef& copy = registry.add(source.name, source.domain);
  copy = source;
  if (!kernel.empty()) {
    copy.view = nullptr;
    std::erase_if(copy.kernels, [&](const KernelDef& k) { return k.name != kernel; });
  }
  return registry;
}

NodeId add_case_node(Graph& graph, const OpCase& c, const std::vector<Tensor>& inputs,
                     const std::vector<int>& constants = {}) {
  Node node;
  node.op_type = c.op;
  node.domain = c.is_private ? std::string(kPrivateDomain) : c.domain;
  node.version = c.version;
  node.attributes = c.attributes;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor& input = inputs[i];
    ValueId id = ValueId::kNone;
    if (!input.defined()) {
    } else if (std::ranges::find(constants, static_cast<int>(i)) != constants.end()) {
      id = graph.add_constant(input, "constant");
    } else {
      id = graph.add_input(fmt::format("x{}", i), ValueType::tensor(input.dtype(), input.shape()));
    }
    node.inputs.push_back(id);
  }
  for (const Tensor& output : c.expected) {
    node.outputs.push_back(output.defined() ? graph.add_value(graph.unique_name("y"))
                                            : ValueId::kNone);
  }
  return graph.add_node(std::move(node));
}

Tensor strided_copy(const Tensor& plain, const Strides& strides, int64_t elements) {
  size_t bytes = static_cast<size_t>(elements) * size_of(plain.dtype());
  auto buffer = plain.dtype() == DType::kString
                    ? Buffer::allocate_strings(static_cast<size_t>(elements))
                    : Buffer::allocate(bytes);
  if (plain.dtype() != DType::kString) {
    std::fill(buffer->data(), buffer->data() + bytes, std::byte{0x5a});
  }
  Tensor copy =
      Tensor::over(std::move(buffer), 0, TensorDesc{plain.dtype(), plain.shape(), strides, {}});
  copy_elements(plain.view(), copy.view());
  return copy;
}

template <typename T>
void expect_close(const Tensor& actual, const Tensor& expected, double within,
                  const std::string& what) {
  auto a = actual.values<T>();
  auto b = expected.values<T>();
  double largest = 0;
  for (T value : b) {
    if (std::isfinite(static_cast<double>(value))) {
      largest = std::max(largest, std::abs(static_cast<double>(value)));
    }
  }
  for (size_t i = 0; i < a.size(); ++i) {
    auto x = static_cast<double>(a[i]);
    auto y = static_cast<double>(b[i]);
    if (std::isnan(x) && std::isnan(y)) continue;
    if (x == y) continue;
    ASSERT_LE(std::abs(x - y), within * largest)
        << what << ": element " << i << " of " << a.size() << " is " << x << ", expected " << y;
  }
}

template <typename T>
void expect_same(const Tensor& actual, const Tensor& expected, const std::string& what) {
  auto a = actual.values<T>();
  auto b = expected.values<T>();
  for (size_t i = 0; i < a.size(); ++i) {
    ASSERT_EQ(a[i], b[i]) << what << ": element " << i << " of " << a.size();
  }
}

std::string describe(const OpCase& c, const std::string& kernel, const char* inputs, size_t j) {
  return fmt::format("{} ({} by kernel '{}', {} inputs), output {}", c.name, c.op, kernel, inputs,
                     j);
}

Tensor as_half(const Tensor& tensor, DType dtype) {
  if (!tensor.defined() || tensor.dtype() != DType::kFloat32) return tensor;
  Tensor half = Tensor::allocate(dtype, tensor.shape());
  Tensor plain = tensor.contiguous();
  const float* from = plain.data<float>();
  visit_dtype_among<Float16, BFloat16>(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::copy(from, from + plain.count(), half.mutable_data<T>());
  });
  return half;
}

Tensor as_it_is(const Tensor& plain) { return plain; }

// False if the candidate refuses the node.
bool evaluate_candidate(const OpCase& c, const std::vector<Tensor>& inputs,
                        const std::string& kernel, std::vector<Tensor>& outputs) {
  try {
    outputs = evaluate_case(c, inputs, kernel);
    return true;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUnsupported) throw;
    return false;
  }
}

}  // namespace

Tensor pattern(const Shape& shape, float low, float high, uint32_t seed) {
  Tensor result = Tensor::allocate(DType::kFloat32, shape);
  float* values = result.mutable_data<float>();
  uint32_t state = seed * 2654435761u + 12345u;
  for (int64_t i = 0; i < result.count(); ++i) {
    state = state * 1664525u + 1013904223u;
    values[i] = low + (high - low) * static_cast<float>(state >> 8) * 0x1p-24f;
  }
  return result;
}

Tensor with_gaps(const Tensor& plain) {
  Strides strides = plain.desc().strides;
  for (int64_t& stride : strides) stride *= 2;
  return strided_copy(plain, strides, 2 * std::max<int64_t>(plain.count(), 1));
}

Tensor with_reversed_axes(const Tensor& plain) {
  Strides strides = plain.desc().strides;
  int64_t step = 1;
  for (int axis = 0; axis < plain.rank(); ++axis) {
    strides[axis] = step;
    step *= plain.shape()[axis];
  }
  return strided_copy(plain, strides, std::max<int64_t>(plain.count(), 1));
}

std::vector<Tensor> evaluate_case(const OpCase& c, const std::vector<Tensor>& inputs,
                                  const std::string& kernel) {
  static const std::unique_ptr<ThreadPool> threads = make_thread_pool(2);
  Registry registry = registry_of(c, kernel);
  Graph graph;
  NodeId id = add_case_node(graph, c, inputs);
  std::vector<Value> values;
  for (const Tensor& input : inputs) values.push_back(input.defined() ? Value(input) : Value());
  std::vector<bool> constants(inputs.size(), false);
  for (int i : c.constants) constants[static_cast<size_t>(i)] = true;
  EvaluateEnvironment environment{registry, *threads, nullptr, {}};
  std::vector<Tensor> outputs;
  for (Value& value : evaluate_node(graph, graph.node(id), values, constants, environment)) {
    outputs.push_back(value.defined() ? value.tensor() : Tensor());
  }
  return outputs;
}

void expect_equal(const Tensor& actual, const Tensor& expected, double within,
                  const std::string& what) {
  ASSERT_TRUE(actual.defined()) << what;
  ASSERT_EQ(to_string(actual.desc()), to_string(expected.desc())) << what;
  Tensor a = actual.contiguous();
  Tensor b = expected.contiguous();
  switch (expected.dtype()) {
    case DType::kFloat32: return expect_close<float>(a, b, within, what);
    case DType::kFloat64: return expect_close<double>(a, b, within, what);
    case DType::kFloat16: return expect_close<Float16>(a, b, within, what);
    case DType::kBFloat16: return expect_close<BFloat16>(a, b, within, what);
    case DType::kString: return expect_same<std::string>(a, b, what);
    case DType::kInt64: return expect_same<int64_t>(a, b, what);
    case DType::kInt32: return expect_same<int32_t>(a, b, what);
    case DType::kUInt8: return expect_same<uint8_t>(a, b, what);
    case DType::kInt8: return expect_same<int8_t>(a, b, what);
    case DType::kBool: return expect_same<bool>(a, b, what);
    default: ASSERT_TRUE(identical(a, b)) << what;
  }
}

void run_case(const OpCase& c) {
  std::vector<Tensor> gaps;
  std::vector<Tensor> reversed;
  for (const Tensor& input : c.inputs) {
    gaps.push_back(input.defined() ? with_gaps(input) : Tensor());
    reversed.push_back(input.defined() ? with_reversed_axes(input) : Tensor());
  }
  std::vector<std::string> candidates;
  for (const KernelDef& candidate : definition_of(c).kernels) {
    if (candidate.device == DeviceKind::kCpu) candidates.push_back(candidate.name);
  }
  if (definition_of(c).view) candidates.push_back("");  // a view where there is one
  int accepted = 0;
  for (const std::string& candidate : candidates) {
    struct Placed {
      const std::vector<Tensor>* inputs;
      const char* kind;
    };
    for (const auto& [inputs, kind] :
         {Placed{&c.inputs, "contiguous"}, {&gaps, "spaced"}, {&reversed, "turned"}}) {
      std::vector<Tensor> outputs;
      if (!evaluate_candidate(c, *inputs, candidate, outputs)) break;
      ++accepted;
      for (size_t j = 0; j < c.expected.size(); ++j) {
        if (!c.expected[j].defined()) continue;
        expect_equal(outputs[j], c.expected[j], c.within, describe(c, candidate, kind, j));
      }
    }
  }
  EXPECT_GT(accepted, 0) << c.name << ": no kernel accepts the node";
}

namespace {

Model model_of(const OpCase& c) {
  Model model;
  model.ir_version = 8;
  model.opsets[""] = c.version;
  model.graph.opset = c.version;
  NodeId id = add_case_node(model.graph, c, c.inputs, c.constants);
  for (ValueId output : model.graph.node(id).outputs) {
    if (output != ValueId::kNone) model.graph.add_output(output);
  }
  return model;
}

Feeds feeds_of(const OpCase& c) {
  Feeds feeds;
  const Model model = model_of(c);
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    const std::string name = fmt::format("x{}", i);
    if (model.graph.find_value(name) != ValueId::kNone) feeds.emplace_back(name, c.inputs[i]);
  }
  return feeds;
}

void run_case_on(Device& device, const OpCase& c) {
  SessionOptions options;
  options.threads = 2;
  options.optimize = false;
  EXPECT_EQ(testing::difference_on_device(
                device, [&c] { return model_of(c); }, feeds_of(c), testing::fuzz_seed(), options),
            "")
      << c.name;
}

}  // namespace

void run_case_on_mirror(const OpCase& c) { run_case_on(mirror_device(), c); }

void run_case_on_emulated_gpu(const OpCase& c) {
  if (testing::emulated_gpu() == nullptr) GTEST_SKIP() << "the emulated GPU was not built";
  run_case_on(*testing::emulated_gpu(), c);
}

namespace {

// Some operators take float32 alone in some places, such as scales.
bool takes_types(const OpCase& c) {
  Node node;
  node.domain = c.is_private ? std::string(kPrivateDomain) : c.domain;
  node.op_type = c.op;
  node.version = c.version;
  std::vector<TensorDesc> types;
  for (const Tensor& input : c.inputs) {
    types.push_back(input.defined() ? input.desc() : TensorDesc{});
  }
  node.inputs.assign(types.size(), ValueId{0});
  try {
    check_operand_types(node, types);
  } catch (const Error&) {
    return false;
  }
  return true;
}

}  // namespace

void compare_half_kernels(const OpCase& c, DType dtype) {
  OpCase half = c;
  half.name += fmt::format("_{}", to_string(dtype));
  // Results that round differently are a unit in the last place apart.
  half.within = std::max(c.within, dtype == DType::kFloat16 ? 0x1p-10 : 0x1p-7);
  for (Tensor& input : half.inputs) input = as_half(input, dtype);
  if (!takes_types(half)) return;
  const std::vector<KernelDef>& kernels = definition_of(c).kernels;
  std::vector<Tensor> reference;
  if (!evaluate_candidate(half, half.inputs, reference_kernel(definition_of(c)).name, reference))
    return;
  for (const KernelDef& candidate : kernels) {
    if (candidate.device != DeviceKind::kCpu) continue;
    for (auto place : {as_it_is, with_gaps, with_reversed_axes}) {
      std::vector<Tensor> inputs, outputs;
      for (const Tensor& input : half.inputs) {
        inputs.push_back(input.defined() ? place(input) : Tensor());
      }
      if (!evaluate_candidate(half, inputs, candidate.name, outputs)) break;
      for (size_t j = 0; j < c.expected.size(); ++j) {
        if (!c.expected[j].defined()) continue;
        expect_equal(outputs[j], reference[j], half.within,
                     describe(half, candidate.name, "placed", j));
      }
    }
  }
}

void compare_kernels(const OpCase& c) {
  const std::vector<KernelDef>& kernels = definition_of(c).kernels;
  std::vector<Tensor> reference =
      evaluate_case(c, c.inputs, reference_kernel(definition_of(c)).name);
  for (const KernelDef& candidate : kernels) {
    std::vector<Tensor> outputs;
    if (candidate.device != DeviceKind::kCpu ||
        !evaluate_candidate(c, c.inputs, candidate.name, outputs)) {
      continue;
    }
    for (size_t j = 0; j < c.expected.size(); ++j) {
      if (!c.expected[j].defined()) continue;
      expect_equal(outputs[j], reference[j], c.within,
                   describe(c, candidate.name, "contiguous", j));
    }
  }
  for (DType dtype : {DType::kFloat16, DType::kBFloat16}) compare_half_kernels(c, dtype);
}

}  // namespace convoy
