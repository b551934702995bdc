#include "runtime/device/half_rows.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/base/float16.h"

namespace convoy {
namespace {

constexpr uint16_t kGuard = 0xa5a5;

class HalfRowsOf : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (GetParam() > best_isa()) GTEST_SKIP() << to_string(GetParam()) << " is not here";
    rows_ = half_rows(GetParam());
  }
  HalfRows rows_ = {};
};

uint32_t bits_of(float x) { return std::bit_cast<uint32_t>(x); }

template <typename T>
void widens_all(WidenRow widen) {
  std::vector<uint16_t> all(65536);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<uint16_t>(i);
  std::vector<float> wide(all.size());
  widen(all.data(), wide.data(), static_cast<int64_t>(all.size()));
  for (size_t i = 0; i < all.size(); ++i) {
    T half;
    half.bits = all[i];
    float expected = half;
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(wide[i])) << i;
    } else {
      EXPECT_EQ(bits_of(wide[i]), bits_of(expected)) << i;
    }
  }
}

// Around every 16-bit float and halfway to the next, the neighbouring floats; and special ones.
template <typename T>
std::vector<float> telling_floats() {
  std::vector<float> values = {0.0F,
                               -0.0F,
                               std::numeric_limits<float>::infinity(),
                               -std::numeric_limits<float>::infinity(),
                               std::numeric_limits<float>::quiet_NaN(),
                               std::numeric_limits<float>::max(),
                               std::numeric_limits<float>::denorm_min(),
                               65519.9F,
                               65520.0F};
  for (uint32_t i = 0; i < 65535; ++i) {
    T low, high;
    low.bits = static_cast<uint16_t>(i);
    high.bits = static_cast<uint16_t>(i + 1);
    float a = low, b = high;
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    float middle = a + (b - a) / 2;
    for (float center : {a, middle}) {
      values.push_back(center);
      values.push_back(std::nextafter(center, -1e38F));
      values.push_back(std::nextafter(center, 1e38F));
    }
  }
  return values;
}

template <typename T>
void narrows(NarrowRow narrow) {
  std::vector<float> values = telling_floats<T>();
  std::vector<uint16_t> bits(values.size());
  narrow(values.data(), bits.data(), static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); ++i) {
    T half;
    half.bits = bits[i];
    if (std::isnan(values[i])) {
      EXPECT_TRUE(std::isnan(static_cast<float>(half))) << values[i];
    } else {
      ASSERT_EQ(bits[i], T(values[i]).bits) << values[i];
    }
  }
}

TEST_P(HalfRowsOf, WidenEveryNumber) {
  widens_all<Float16>(rows_.widen_float16);
  widens_all<BFloat16>(rows_.widen_bfloat16);
}

TEST_P(HalfRowsOf, RoundToNearestEven) {
  narrows<Float16>(rows_.narrow_float16);
  narrows<BFloat16>(rows_.narrow_bfloat16);
}

TEST_P(HalfRowsOf, WriteNothingBehindARow) {
  for (int64_t count = 0; count < 40; ++count) {
    auto size = static_cast<size_t>(count);
    std::vector<uint16_t> halves(size + 1, kGuard);
    std::vector<float> floats(size, 1.5F);
    for (auto [narrow, widen] : {std::pair(rows_.narrow_float16, rows_.widen_float16),
                                 std::pair(rows_.narrow_bfloat16, rows_.widen_bfloat16)}) {
      narrow(floats.data(), halves.data(), count);
      EXPECT_EQ(halves[size], kGuard) << count;
      std::vector<float> wide(size + 1, -7);
      widen(halves.data(), wide.data(), count);
      EXPECT_EQ(wide[size], -7) << count;
      wide.pop_back();
      EXPECT_EQ(wide, floats) << count;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, HalfRowsOf, testing::Values(Isa::kGeneric, Isa::kAvx2, Isa::kAvx512),
                         [](const auto& tested) { return std::string(to_string(tested.param)); });

}  // namespace
}  // namespace convoy
