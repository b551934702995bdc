#include <cmath>

#include "ops/kernels/fft/fft.h"
#include "tests/ops/op_case.h"

namespace convoy {
namespace {

std::vector<Tensor> dft(const Tensor& x, int64_t length, int64_t inverse, int64_t onesided) {
  OpCase c{"dft",
           "DFT",
           {x, Tensor::scalar(length)},
           {Tensor::scalar(0.0f)},
           {{"inverse", inverse}, {"onesided", onesided}},
           20};
  return evaluate_case(c, c.inputs);
}

class Fourier : public testing::Test {
 protected:
  void SetUp() override {
    if (!fft_available()) GTEST_SKIP() << "this build has no FFT library";
  }
};

// Lengths of the factors 2, 3 and 5 are transformed in float32, others in double.
TEST_F(Fourier, ComplexLinesAgreeWithTheSum) {
  for (int64_t n : {1, 2, 3, 4, 5, 6, 10, 12, 15, 31, 49, 60, 64, 125}) {
    for (int64_t inverse : {0, 1}) {
      const Tensor x = pattern({2, n, 2});
      const Tensor y = dft(x, n, inverse, 0)[0];
      ASSERT_EQ(y.shape(), x.shape());
      Tensor expected = Tensor::zeros(DType::kFloat32, x.shape());
      const auto* from = reinterpret_cast<const std::complex<float>*>(x.data<float>());
      auto* to = reinterpret_cast<std::complex<float>*>(expected.mutable_data<float>());
      const double turn = (inverse ? 2 : -2) * M_PI / static_cast<double>(n);
      for (int64_t i = 0; i < 2 * n; ++i) {
        std::complex<double> sum;
        for (int64_t j = 0; j < n; ++j) {
          sum += std::complex<double>(from[i / n * n + j]) *
                 std::polar(1.0, turn * static_cast<double>(j * (i % n) % n));
        }
        to[i] = std::complex<float>(inverse ? sum / static_cast<double>(n) : sum);
      }
      expect_equal(y, expected, 1e-6, fmt::format("length {}, inverse {}", n, inverse));
    }
  }
}

TEST_F(Fourier, AgreesWithTheSum) {
  for (int64_t n : {1, 2, 5, 12, 31, 64}) {
    const Tensor x = pattern({3, n, 1});
    const Tensor y = dft(x, n, 0, 0)[0];
    ASSERT_EQ(y.shape(), (Shape{3, n, 2}));
    Tensor expected = Tensor::zeros(DType::kFloat32, y.shape());
    for (int64_t row = 0; row < 3; ++row) {
      for (int64_t k = 0; k < n; ++k) {
        std::complex<double> sum;
        for (int64_t j = 0; j < n; ++j) {
          const double angle = -2 * M_PI * static_cast<double>(j * k % n) / static_cast<double>(n);
          sum += static_cast<double>(x.data<float>()[row * n + j]) * std::polar(1.0, angle);
        }
        expected.mutable_data<float>()[(row * n + k) * 2] = static_cast<float>(sum.real());
        expected.mutable_data<float>()[(row * n + k) * 2 + 1] = static_cast<float>(sum.imag());
      }
    }
    expect_equal(y, expected, 1e-6, fmt::format("length {}", n));
  }
}

TEST_F(Fourier, InvertsOneSided) {
  for (int64_t n : {8, 9}) {
    const Tensor x = pattern({2, n, 1});
    const Tensor back = dft(dft(x, n, 0, 1)[0], n, 1, 1)[0];
    expect_equal(back, x, 1e-6, fmt::format("length {}", n));
  }
}

TEST_F(Fourier, PadsWithZeros) {
  const Tensor y = dft(tensor<float>({1, 2, 1}, {1, 1}), 4, 0, 0)[0];
  expect_equal(y, tensor<float>({1, 4, 2}, {2, 0, 1, -1, 0, 0, 1, 1}), 1e-6, "padded");
}

// Two real frames, or lines, are transformed at once.
TEST_F(Fourier, NaNStaysInItsFrame) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  OpCase frames;
  frames.op = "STFT";
  frames.inputs = {tensor<float>({1, 8, 1}, {1, 1, 1, 1, nan, 1, 1, 1}), Tensor::scalar(int64_t{4}),
                   Tensor(), Tensor::scalar(int64_t{4})};
  OpCase lines;
  lines.op = "DFT";
  lines.inputs = {tensor<float>({2, 2, 1}, {1, 2, nan, 1})};
  for (OpCase* c : {&frames, &lines}) {
    c->version = 17;
    c->expected = {Tensor::zeros(DType::kFloat32, {1})};  // only tells that Y is wanted
    const Tensor y = evaluate_case(*c, c->inputs, "reference")[0];
    const int64_t half = y.count() / 2;
    for (int64_t i = 0; i < half; ++i) EXPECT_FALSE(std::isnan(y.data<float>()[i])) << c->op << i;
    EXPECT_TRUE(std::isnan(y.data<float>()[half])) << c->op;
  }
}

TEST_F(Fourier, ShortTimeFramesAreWindowed) {
  OpCase c{"stft",
           "STFT",
           {tensor<float>({1, 4, 1}, {1, 2, 3, 4}), Tensor::scalar(int64_t{2}),
            tensor<float>({2}, {1, 2})},
           {tensor<float>({1, 2, 2, 2}, {5, 0, -3, 0, 11, 0, -5, 0})},
           {},
           17,
           1e-6,
           {1}};
  run_case(c);
}

TEST(MelWeightMatrix, HasTriangles) {
  OpCase c{"mel",
           "MelWeightMatrix",
           {Tensor::scalar(int64_t{8}), Tensor::scalar(int64_t{16}), Tensor::scalar(int64_t{8192}),
            Tensor::scalar(0.0f), Tensor::scalar(4096.0f)},
           {Tensor::scalar(0.0f)},
           {},
           17,
           0,
           {0, 1, 2, 3, 4}};
  const Tensor y = evaluate_case(c, c.inputs)[0];
  ASSERT_EQ(y.shape(), (Shape{9, 8}));
  for (float value : y.values<float>()) EXPECT_TRUE(value >= 0 && value <= 1);
}

}  // namespace
}  // namespace convoy
