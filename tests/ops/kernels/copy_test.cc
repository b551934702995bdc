#include "ops/kernels/copy/copy.h"

#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "ops/kernels/copy/plane.h"
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

struct Strided {
  Tensor memory;
  TensorView view;
};

// A view of random strides over memory of its own: axes in random order, gaps, perhaps repeated
// (stride 0) or backwards.
Strided random_view(std::mt19937& random, DType dtype, const Shape& shape, bool may_repeat) {
  std::vector<int> order(shape.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::shuffle(order.begin(), order.end(), random);
  Strides strides = Strides::filled(shape.rank(), 0);
  int64_t step = 1;
  int64_t start = 0;
  for (int axis : order) {
    if (may_repeat && random() % 8 == 0) continue;
    if (random() % 6 == 0) ++step;
    strides[axis] = step;
    step *= shape[axis];
    if (random() % 6 == 0) {
      start += strides[axis] * (shape[axis] - 1);
      strides[axis] = -strides[axis];
    }
  }
  Strided result;
  result.memory = Tensor::zeros(dtype, {step * 2 + 16});
  result.view = moved_view(result.memory.view(), shape, strides, start);
  return result;
}

void fill_bytes(std::mt19937& random, const Tensor& tensor) {
  auto* bytes = static_cast<uint8_t*>(tensor.raw());
  auto count = static_cast<size_t>(tensor.count()) * size_of(tensor.dtype());
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<uint8_t>(random());
}

TEST(Copy, AgreesWithTheSerialCopyOnRandomStrides) {
  std::mt19937 random(7);
  auto threads = make_thread_pool(2);
  DType types[] = {DType::kUInt8, DType::kFloat16, DType::kFloat32, DType::kFloat64,
                   DType::kComplex128};
  for (int round = 0; round < 400; ++round) {
    Shape shape;
    auto rank = static_cast<int>(random() % 6);
    int64_t most = rank < 3 ? 90 : 14;
    for (int i = 0; i < rank; ++i) {
      shape.push_back(1 + static_cast<int64_t>(random() % static_cast<unsigned>(most)));
    }
    DType dtype = types[random() % 5];
    Strided from = random_view(random, dtype, shape, true);
    fill_bytes(random, from.memory);
    Strided to = random_view(random, dtype, shape, false);
    Strided expected{Tensor::zeros(dtype, to.memory.shape()), to.view};
    expected.view.data =
        static_cast<std::byte*>(expected.memory.raw()) +
        (static_cast<std::byte*>(to.view.data) - static_cast<std::byte*>(to.memory.raw()));
    copy_parallel(from.view, to.view, *threads);
    copy_elements(from.view, expected.view);
    auto bytes = static_cast<size_t>(to.memory.count()) * size_of(dtype);
    ASSERT_EQ(std::memcmp(to.memory.raw(), expected.memory.raw(), bytes), 0)
        << "round " << round << ", " << to_string(from.view) << " strides "
        << to_string(from.view.strides) << " to " << to_string(to.view.strides);
  }
}

TEST(Copy, TransposesLargePlanesOnSeveralThreads) {
  auto threads = make_thread_pool(2);
  for (DType dtype : {DType::kFloat32, DType::kFloat16}) {
    Tensor source = Tensor::allocate(dtype, {3, 203, 331});
    std::mt19937 random(3);
    fill_bytes(random, source);
    TensorView turned = moved_view(source.view(), {3, 331, 203}, {203 * 331, 1, 331}, 0);
    Tensor copy = Tensor::allocate(dtype, {3, 331, 203});
    Tensor expected = Tensor::allocate(dtype, {3, 331, 203});
    copy_parallel(turned, copy.view(), *threads);
    copy_elements(turned, expected.view());
    EXPECT_TRUE(identical(copy, expected));
  }
}

TEST(Copy, FillsStridedViewsOnly) {
  auto threads = make_thread_pool(2);
  Tensor memory = Tensor::zeros(DType::kFloat32, {4, 6});
  float value = 3;
  fill_parallel(sliced_view(memory.view(), 1, 1, 3, 2), &value, *threads);
  for (int64_t i = 0; i < 24; ++i) {
    EXPECT_EQ(memory.data<float>()[i], i % 2 == 1 ? 3 : 0) << i;
  }
}

TEST(Copy, CopiesStringsAndEmptyViews) {
  auto threads = make_thread_pool(2);
  Tensor words = tensor<std::string>({2, 2}, {"a", "b", "c", "d"});
  Tensor turned = Tensor::allocate(DType::kString, {2, 2});
  copy_parallel(moved_view(words.view(), {2, 2}, {1, 2}, 0), turned.view(), *threads);
  EXPECT_EQ(turned.data<std::string>()[1], "c");
  Tensor nothing = Tensor::allocate(DType::kFloat32, {0, 5});
  copy_parallel(nothing.view(), nothing.view(), *threads);
}

}  // namespace
}  // namespace convoy
