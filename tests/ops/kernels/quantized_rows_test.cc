#include "ops/kernels/quantized/quantized_rows.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

namespace convoy {
namespace {

std::vector<const QuantizedRows*> all_rows() {
  std::vector<const QuantizedRows*> list = {&quantized_rows(Isa::kGeneric)};
  if (best_isa() >= Isa::kAvx2) list.push_back(&quantized_rows(Isa::kAvx2));
  if (best_isa() >= Isa::kAvx512) list.push_back(&quantized_rows(Isa::kAvx512));
  return list;
}

std::vector<uint8_t> some_bytes(int64_t count, uint32_t state) {
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  for (uint8_t& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<uint8_t>(state >> 24);
  }
  return bytes;
}

double as_number(uint8_t byte, uint8_t flip) { return byte ^ flip; }

// Within half a step of the exact result.
void check_byte_row(ByteRow row, bool adds, int64_t n, bool repeats, uint8_t flip) {
  ByteArithmetic a{120, 7, adds ? 0.75f : 0.02f, adds ? 0.5f : 0.02f, 100, flip};
  std::vector<uint8_t> x = some_bytes(n, 1);
  std::vector<uint8_t> y = some_bytes(repeats ? 1 : n, 2);
  std::vector<uint8_t> z(static_cast<size_t>(n) + 1, 0xee);
  row(x.data(), y.data(), repeats, z.data(), n, a);
  for (size_t i = 0; i < x.size(); ++i) {
    double left = as_number(x[i], flip) - 120;
    double right = as_number(y[repeats ? 0 : i], flip) - 7;
    double exact = adds ? left * 0.75 + right * 0.5 : left * right * 0.02;
    exact = std::min(std::max(exact + 100, 0.0), 255.0);
    ASSERT_NEAR(as_number(z[i], flip), exact, 0.5001) << i << " of " << n;
  }
  EXPECT_EQ(z.back(), 0xee);
}

TEST(QuantizedRows, SumsAndProductsOfEveryLength) {
  for (const QuantizedRows* rows : all_rows()) {
    for (int64_t n = 1; n < 70; ++n) {
      for (bool repeats : {false, true}) {
        for (uint8_t flip : {0, 0x80}) {
          check_byte_row(rows->add, true, n, repeats, flip);
          check_byte_row(rows->multiply, false, n, repeats, flip);
        }
      }
    }
  }
}

TEST(QuantizedRows, UnpackEveryLength) {
  for (const QuantizedRows* rows : all_rows()) {
    for (int bits : {2, 4, 8}) {
      auto unpack = bits == 2 ? rows->unpack2 : bits == 4 ? rows->unpack4 : rows->unpack8;
      for (int64_t n = 0; n < 70; ++n) {
        // No byte more than the numbers take, for sanitizers to see.
        std::vector<uint8_t> bytes = some_bytes((n * bits + 7) / 8, 3);
        std::vector<float> values(static_cast<size_t>(n) + 1, -77.0f);
        unpack(bytes.data(), n, 1.5f, 0.25f, values.data());
        for (int64_t i = 0; i < n; ++i) {
          int bit = static_cast<int>(i) * bits;
          int number = bytes[static_cast<size_t>(bit / 8)] >> (bit % 8) & ((1 << bits) - 1);
          ASSERT_EQ(values[static_cast<size_t>(i)], (static_cast<float>(number) - 1.5f) * 0.25f)
              << i << " of " << n << ", " << bits << " bits";
        }
        EXPECT_EQ(values.back(), -77.0f);
      }
    }
  }
}

TEST(QuantizedRows, DotOfEveryLength) {
  for (const QuantizedRows* rows : all_rows()) {
    for (size_t n = 0; n < 150; ++n) {
      std::vector<float> a(n), b(n);
      float sum = 0;
      for (size_t i = 0; i < n; ++i) {
        a[i] = static_cast<float>(i % 7) - 3;
        b[i] = static_cast<float>(i % 5) - 1;
        sum += a[i] * b[i];
      }
      ASSERT_EQ(rows->dot(a.data(), b.data(), static_cast<int64_t>(n)), sum) << n;
    }
  }
}

}  // namespace
}  // namespace convoy
