// MaxPool of bytes gives the reference's numbers, for random windows.
#include <gtest/gtest.h>

#include "runtime/base/error.h"
#include "tests/fuzz/dice.h"
#include "tests/fuzz/fuzz_seed.h"
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

OpCase draw_pool(testing::Dice& dice) {
  OpCase c;
  c.op = "MaxPool";
  const int64_t rank = dice.between(1, 3);
  Shape x{dice.between(1, 3), dice.between(1, 4)};
  std::vector<int64_t> kernel, strides, dilations, pads, ends;
  for (int64_t i = 0; i < rank; ++i) {
    kernel.push_back(dice.between(1, 4));
    strides.push_back(dice.between(1, 3));
    dilations.push_back(dice.between(1, 2));
    const bool cuts = dice.chance(10);
    pads.push_back(cuts ? -dice.between(1, 3) : dice.below(kernel.back()));
    ends.push_back(dice.below(kernel.back()));
    x.push_back((kernel.back() - 1) * dilations.back() + 4 + dice.below(rank == 1 ? 150 : 20));
  }
  pads.insert(pads.end(), ends.begin(), ends.end());
  Tensor bytes = Tensor::allocate(dice.chance(50) ? DType::kUInt8 : DType::kInt8, x);
  for (int64_t i = 0; i < bytes.count(); ++i) {
    static_cast<uint8_t*>(bytes.raw())[i] = static_cast<uint8_t>(dice.below(256));
  }
  c.inputs = {bytes};
  c.attributes = {{"kernel_shape", kernel},
                  {"strides", strides},
                  {"dilations", dilations},
                  {"pads", pads},
                  {"ceil_mode", int64_t{dice.chance(30)}}};
  c.expected = {Tensor::zeros(DType::kFloat32, {1})};  // only tells that Y is wanted
  return c;
}

TEST(BytePool, GivesTheMaximaOfTheReference) {
  const uint64_t seed = testing::fuzz_seed();
  int compared = 0;
  for (uint64_t number = 0; number < 200; ++number) {
    testing::Dice dice(seed * 1000 + number);
    const OpCase c = draw_pool(dice);
    try {
      const Tensor result = evaluate_case(c, c.inputs, "bytes")[0];
      const Tensor reference = evaluate_case(c, c.inputs, "reference")[0];
      ASSERT_TRUE(identical(result, reference))
          << "CONVOY_FUZZ_SEED=" << seed << ", number " << number;
      ++compared;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::kUnsupported) << error.what();
    }
  }
  EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace convoy
