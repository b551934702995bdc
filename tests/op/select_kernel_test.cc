#include "runtime/op/select_kernel.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "runtime/op/formed_operands.h"
#include "runtime/op/registry.h"
#include "runtime/op/static_context.h"
#include "runtime/op/weight_cache.h"
#include "tests/op/reference_kernel.h"
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

// y = a + b, contiguous float32 only.
std::unique_ptr<Kernel> make_sum(KernelRequest& request) {
  for (const TensorDesc& desc : {request.input(0), request.input(1), request.output(0)}) {
    if (desc.dtype != DType::kFloat32) return request.refuse("only float32");
  }
  return make_kernel([](KernelContext& context) {
    ASSERT_TRUE(context.input(0).is_contiguous() && context.input(1).is_contiguous());
    ASSERT_TRUE(context.output(0).is_contiguous());
    for (int64_t i = 0; i < context.output(0).count(); ++i) {
      context.output(0).as<float>()[i] =
          context.input(0).as<float>()[i] + context.input(1).as<float>()[i];
    }
  });
}

// The operator of that one kernel.
OpDef sum_definition(KernelFactory make = make_sum) {
  OpDef definition;
  definition.name = "Add";
  definition.kernel("sum", std::move(make));
  return definition;
}

struct SumNode {
  SumNode() {
    node.op_type = "Add";
    node.outputs.push_back(graph.add_value("y"));
  }
  KernelRequest request(const TensorDesc& a, const TensorDesc& b, const TensorDesc& y) {
    KernelRequest made(graph, node);
    made.inputs = {a, b};
    made.outputs = {y};
    return made;
  }
  Graph graph;
  Node node;
};

// Asks the only kernel, and runs it on these operands.
KernelChoice run(const OpDef& definition, KernelRequest& request,
                 const std::vector<TensorView>& inputs, TensorView output) {
  KernelChoice choice = ask(definition, definition.kernels[0], request);
  if (!choice.kernel) return choice;
  auto threads = make_thread_pool(2);
  auto scratch = Buffer::allocate(request.scratch_bytes);
  FormedOperands operands(*threads);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Tensor* constant = request.constant(static_cast<int>(i));
    operands.add_input(constant ? constant->view() : inputs[i], request.input_need(i));
  }
  operands.add_output(output, request.output_need(0));
  operands.convert_inputs();
  StaticKernelContext context(operands.inputs(), operands.outputs(), *threads, scratch->data());
  choice.kernel->run(context);
  operands.convert_outputs();
  return choice;
}

TEST(InFloat32, RoundsOnceAndKeepsSpecialNumbers) {
  SumNode sum;
  Tensor a = tensor<Float16>({7}, {2048, 65504, 65504, kInf, kInf, 0x1p-24F, NAN});
  Tensor b = tensor<Float16>({7}, {1, 15, 16, 1, -kInf, 0x1p-24F, 1});
  Tensor y = Tensor::zeros(DType::kFloat16, {7});
  KernelRequest request = sum.request(a.desc(), b.desc(), y.desc());
  EXPECT_EQ(run(sum_definition(), request, {a.view(), b.view()}, y.view()).name, "sum in float32");
  Tensor expected = tensor<Float16>({7}, {2048, 65504, kInf, kInf, NAN, 0x1p-23F, NAN});
  expect_equal(y, expected, 0, "sums");
}

TEST(InFloat32, ReadsAndWritesAnyStrides) {
  SumNode sum;
  for (DType dtype : {DType::kFloat16, DType::kBFloat16}) {
    Shape shape{3, 4, 5};
    Tensor plain = Tensor::allocate(dtype, shape);
    visit_dtype_among<Float16, BFloat16>(dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      for (int64_t i = 0; i < 60; ++i) plain.mutable_data<T>()[i] = static_cast<float>(i);
    });
    Tensor doubled = Tensor::allocate(dtype, shape);
    KernelRequest simple = sum.request(plain.desc(), plain.desc(), plain.desc());
    run(sum_definition(), simple, {plain.view(), plain.view()}, doubled.view());
    for (auto place : {with_gaps, with_reversed_axes}) {
      Tensor a = place(plain);
      Tensor y = place(plain);
      KernelRequest request = sum.request(a.desc(), plain.desc(), y.desc());
      run(sum_definition(), request, {a.view(), plain.view()}, y.view());
      expect_equal(y, doubled, 0, "doubled");
    }
  }
}

TEST(InFloat32, LeavesOtherOperandsAlone) {
  SumNode sum;
  Tensor a = tensor<float>({2}, {1, 0x1.000002p0F});
  Tensor b = tensor<BFloat16>({2}, {2, 0});
  Tensor y = Tensor::zeros(DType::kFloat32, {2});
  KernelRequest request = sum.request(a.desc(), b.desc(), y.desc());
  run(sum_definition(), request, {a.view(), b.view()}, y.view());
  expect_equal(y, tensor<float>({2}, {3, 0x1.000002p0F}), 0, "exact");
}

TEST(InFloat32, WidensConstantsOnce) {
  SumNode sum;
  SessionWeights weights;
  Tensor a = tensor<Float16>({2}, {1, 2});
  Tensor b = tensor<Float16>({2}, {10, 20});
  Tensor y = Tensor::zeros(DType::kFloat16, {2});
  int packed = 0;
  OpDef definition = sum_definition([&](KernelRequest& request) -> std::unique_ptr<Kernel> {
    if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
    const Tensor* constant = request.constant(1);
    EXPECT_TRUE(constant != nullptr && constant->dtype() == DType::kFloat32);
    request.weights->get(*constant, "packed", 8, [&](void*) { ++packed; });
    return make_sum(request);
  });
  for (int i = 0; i < 2; ++i) {
    KernelRequest request = sum.request(a.desc(), b.desc(), y.desc());
    request.constants = {nullptr, &b};
    request.weights = &weights;
    Tensor nothing = tensor<Float16>({2}, {0, 0});
    run(definition, request, {a.view(), nothing.view()}, y.view());
    expect_equal(y, tensor<Float16>({2}, {11, 22}), 0, "of the constant");
    EXPECT_EQ(weights.bytes(), 16u);
  }
  EXPECT_EQ(packed, 1);
}

TEST(InFloat32, SaysWhatTheKernelSays) {
  SumNode sum;
  OpDef definition = sum_definition();
  TensorDesc wide = TensorDesc::contiguous(DType::kFloat64, {2});
  TensorDesc half = TensorDesc::contiguous(DType::kFloat16, {2});
  KernelRequest request = sum.request(half, wide, half);
  KernelChoice choice = ask(definition, definition.kernels[0], request);
  EXPECT_FALSE(choice.kernel);
  EXPECT_EQ(choice.refusals,
            (std::vector<std::string>{"sum: only float32", "sum in float32: only float32"}));
  EXPECT_EQ(request.inputs[0], half);
  EXPECT_EQ(request.outputs[0], half);
  KernelRequest none = sum.request(wide, wide, wide);
  EXPECT_EQ(ask(definition, definition.kernels[0], none).refusals,
            std::vector<std::string>{"sum: only float32"});
}

TEST(InFloat32, TheReferenceComputesInItsOwnTypes) {
  const OpDef* conv = Registry::standard().find("", "Conv", 21);
  Graph graph;
  Node node;
  node.op_type = "Conv";
  node.outputs.push_back(graph.add_value("y"));
  auto choose = [&](DType dtype, const OpDef& definition) {
    KernelRequest request(graph, node);
    request.inputs = {TensorDesc::contiguous(dtype, {1, 3, 20}),
                      TensorDesc::contiguous(dtype, {4, 3, 3})};
    request.outputs = {TensorDesc::contiguous(dtype, {1, 4, 18})};
    return select_kernel(definition, request).name;
  };
  EXPECT_EQ(choose(DType::kFloat64, *conv), "reference");
  EXPECT_NE(choose(DType::kFloat16, *conv), "reference");
  EXPECT_NE(choose(DType::kBFloat16, *conv), "reference");
  OpDef reference = *conv;
  reference.kernels = {reference_kernel(*conv)};
  EXPECT_EQ(choose(DType::kFloat16, reference), "reference");
}

}  // namespace
}  // namespace convoy
