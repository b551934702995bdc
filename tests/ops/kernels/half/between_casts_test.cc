#include "ops/kernels/half/between_casts.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "runtime/op/select_kernel.h"
#include "runtime/op/static_context.h"
#include "runtime/op/weight_cache.h"
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

void run(const Kernel& kernel, const KernelRequest& request, std::vector<TensorView> inputs,
         TensorView output) {
  auto threads = make_thread_pool(2);
  auto scratch = Buffer::allocate(request.scratch_bytes);
  StaticKernelContext context(inputs, {&output, 1}, *threads, scratch->data());
  kernel.run(context);
}

TEST(BetweenCasts, RoundsOnceAndKeepsSpecialNumbers) {
  SumNode sum;
  Tensor a = tensor<Float16>({7}, {2048, 65504, 65504, kInf, kInf, 0x1p-24F, NAN});
  Tensor b = tensor<Float16>({7}, {1, 15, 16, 1, -kInf, 0x1p-24F, 1});
  Tensor y = Tensor::zeros(DType::kFloat16, {7});
  KernelRequest request = sum.request(a.desc(), b.desc(), y.desc());
  auto kernel = make_between_casts(make_sum, request);
  ASSERT_TRUE(kernel);
  run(*kernel, request, {a.view(), b.view()}, y.view());
  Tensor expected = tensor<Float16>({7}, {2048, 65504, kInf, kInf, NAN, 0x1p-23F, NAN});
  expect_equal(y, expected, 0, "sums");
}

TEST(BetweenCasts, ReadsAndWritesAnyStrides) {
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
    run(*make_between_casts(make_sum, simple), simple, {plain.view(), plain.view()},
        doubled.view());
    for (auto place : {with_gaps, with_reversed_axes}) {
      Tensor a = place(plain);
      Tensor y = place(plain);
      KernelRequest request = sum.request(a.desc(), plain.desc(), y.desc());
      auto kernel = make_between_casts(make_sum, request);
      EXPECT_TRUE(demand_of(request, 0).any_strides && offer_of(request, 0).any_strides);
      run(*kernel, request, {a.view(), plain.view()}, y.view());
      expect_equal(y, doubled, 0, "doubled");
    }
  }
}

TEST(BetweenCasts, LeavesOtherOperandsAlone) {
  SumNode sum;
  Tensor a = tensor<float>({2}, {1, 0x1.000002p0F});
  Tensor b = tensor<BFloat16>({2}, {2, 0});
  Tensor y = Tensor::zeros(DType::kFloat32, {2});
  KernelRequest request = sum.request(a.desc(), b.desc(), y.desc());
  auto kernel = make_between_casts(make_sum, request);
  EXPECT_FALSE(demand_of(request, 0).any_strides || offer_of(request, 0).any_strides);
  EXPECT_EQ(request.scratch_bytes, kAlignment);
  run(*kernel, request, {a.view(), b.view()}, y.view());
  expect_equal(y, tensor<float>({2}, {3, 0x1.000002p0F}), 0, "exact");
}

TEST(BetweenCasts, WidensConstantsOnce) {
  SumNode sum;
  SessionWeights weights;
  Tensor a = tensor<Float16>({2}, {1, 2});
  Tensor b = tensor<Float16>({2}, {10, 20});
  Tensor y = Tensor::zeros(DType::kFloat16, {2});
  int packed = 0;
  auto make = [&](KernelRequest& request) {
    const Tensor* constant = request.constant(1);
    EXPECT_TRUE(constant != nullptr && constant->dtype() == DType::kFloat32);
    request.weights->get(*constant, "packed", 8, [&](void*) { ++packed; });
    return make_sum(request);
  };
  for (int i = 0; i < 2; ++i) {
    KernelRequest request = sum.request(a.desc(), b.desc(), y.desc());
    request.constants = {nullptr, &b};
    request.weights = &weights;
    auto kernel = make_between_casts(make, request);
    Tensor nothing = tensor<Float16>({2}, {0, 0});
    run(*kernel, request, {a.view(), nothing.view()}, y.view());
    expect_equal(y, tensor<Float16>({2}, {11, 22}), 0, "of the constant");
    EXPECT_EQ(weights.bytes(), 16u);
  }
  EXPECT_EQ(packed, 1);
}

TEST(BetweenCasts, SaysWhatTheKernelSays) {
  SumNode sum;
  TensorDesc wide = TensorDesc::contiguous(DType::kFloat64, {2});
  TensorDesc half = TensorDesc::contiguous(DType::kFloat16, {2});
  KernelRequest request = sum.request(half, wide, half);
  EXPECT_FALSE(make_between_casts(make_sum, request));
  EXPECT_EQ(request.reason, "only float32");
  KernelRequest none = sum.request(wide, wide, wide);
  EXPECT_FALSE(make_between_casts(make_sum, none));
  EXPECT_EQ(none.reason, "no 16-bit floats");
}

TEST(BetweenCasts, IsNotEvenAskedForOtherTypes) {
  const OpDef* conv = Registry::standard().find("", "Conv", 21);
  Graph graph;
  Node node;
  node.op_type = "Conv";
  node.outputs.push_back(graph.add_value("y"));
  auto choose = [&](DType dtype) {
    KernelRequest request(graph, node);
    request.inputs = {TensorDesc::contiguous(dtype, {1, 3, 20}),
                      TensorDesc::contiguous(dtype, {4, 3, 3})};
    request.outputs = {TensorDesc::contiguous(dtype, {1, 4, 18})};
    return select_kernel(*conv, request);
  };
  KernelChoice wide = choose(DType::kFloat32);
  for (const auto* names : {&wide.refusals, &wide.unasked}) {
    for (const std::string& name : *names) {
      EXPECT_EQ(name.find("between casts"), std::string::npos) << name;
    }
  }
  EXPECT_EQ(choose(DType::kFloat64).name, "reference");
  EXPECT_NE(choose(DType::kFloat16).name, "reference");
  EXPECT_NE(choose(DType::kBFloat16).name, "reference");
}

}  // namespace
}  // namespace convoy
