// Matrix products and kernels over rows on a GPU against sums in double.
#include <cmath>

#include "ops/kernels/cuda/matmul.h"
#include "ops/kernels/cuda/normalize_rows.h"
#include "ops/kernels/cuda/reduce.h"
#include "ops/kernels/cuda/softmax.h"
#include "tests/cuda/kernel_test.h"

namespace convoy::testing {
namespace {

using Kernels = KernelTest;

TEST_F(Kernels, MatrixProducts) {
  for (int round = 0; round < kRounds; ++round) {
    cuda::MatMul product = {};
    product.m = draw(1, round % 3 == 0 ? 16 : 80);
    product.n = draw(1, 80);
    product.k = draw(1, 40);
    product.batch_axes = 1;
    product.batch[0] = draw(1, 3);
    product.scale = 0.5F;
    product.beta = 2;
    const bool repeats_b = draw(0, 1) == 1;
    std::vector<std::pair<int64_t, int64_t*>> of_b{{product.k, &product.b_k},
                                                   {product.n, &product.b_n}};
    if (!repeats_b) of_b.emplace_back(product.batch[0], &product.b_batch[0]);
    Floats a(numbers(lay_out({{product.m, &product.a_m},
                              {product.k, &product.a_k},
                              {product.batch[0], &product.a_batch[0]}},
                             random_)));
    Floats b(numbers(lay_out(of_b, random_)));
    Floats y(numbers(lay_out({{product.m, &product.y_m},
                              {product.n, &product.y_n},
                              {product.batch[0], &product.y_batch[0]}},
                             random_)));
    Floats c(numbers(product.n));
    product.c_n = 1;
    product.a = a.device();
    product.b = b.device();
    product.c = c.device();
    product.y = y.device();
    Library::get()->run("matmul", product);
    y.fetch();
    for (int64_t p = 0; p < product.batch[0]; ++p) {
      for (int64_t i = 0; i < product.m; ++i) {
        for (int64_t j = 0; j < product.n; ++j) {
          double total = 0, magnitude = 0;
          for (int64_t k = 0; k < product.k; ++k) {
            const auto left = p * product.a_batch[0] + i * product.a_m + k * product.a_k;
            const auto right = p * product.b_batch[0] + k * product.b_k + j * product.b_n;
            const double term = static_cast<double>(a.values[static_cast<size_t>(left)]) *
                                static_cast<double>(b.values[static_cast<size_t>(right)]);
            total += term;
            magnitude += std::abs(term);
          }
          const auto to = p * product.y_batch[0] + i * product.y_m + j * product.y_n;
          expect_near(y.values[static_cast<size_t>(to)],
                      total / 2 + 2 * static_cast<double>(c.values[static_cast<size_t>(j)]),
                      magnitude);
        }
      }
    }
  }
}

TEST_F(Kernels, ReductionsOfRows) {
  for (int64_t count : {1, 5, 31, 32, 33, 127, 128, 1000}) {
    const int64_t outputs = draw(1, 9);
    Floats x(numbers(outputs * count)), y(numbers(outputs));
    cuda::Reduce reduce;
    reduce.x = x.device();
    reduce.y = y.device();
    reduce.outputs = outputs;
    reduce.count = count;
    reduce.kept = {1, {outputs}, {1}};  // columns
    reduce.reduced = {1, {count}, {outputs}};
    for (auto kind : {cuda::Reduction::mean, cuda::Reduction::max, cuda::Reduction::l2,
                      cuda::Reduction::log_sum_exp}) {
      reduce.kind = kind;
      Library::get()->run("reduce", reduce);
      y.fetch();
      for (int64_t o = 0; o < outputs; ++o) {
        double sum = 0, squares = 0, exponentials = 0, top = -INFINITY;
        for (int64_t r = 0; r < count; ++r) {
          const double value = x.values[static_cast<size_t>(r * outputs + o)];
          sum += value;
          squares += value * value;
          exponentials += std::exp(value);
          top = std::max(top, value);
        }
        const double expected = kind == cuda::Reduction::mean  ? sum / static_cast<double>(count)
                                : kind == cuda::Reduction::max ? top
                                : kind == cuda::Reduction::l2  ? std::sqrt(squares)
                                                               : std::log(exponentials);
        expect_near(y.values[static_cast<size_t>(o)], expected, std::abs(expected));
      }
    }
  }
}

TEST_F(Kernels, SoftmaxAndNormalization) {
  for (int64_t n : {1, 3, 127, 128, 129, 500}) {
    const int64_t rows = draw(1, 5);
    Floats x(numbers(rows * n)), y(numbers(rows * n)), scale(numbers(n)), bias(numbers(n));
    Library::get()->run("softmax", cuda::Softmax{x.device(), y.device(), rows, n, 1, false});
    y.fetch();
    for (int64_t row = 0; row < rows; ++row) {
      double total = 0;
      auto at = [&](int64_t k) { return static_cast<size_t>(row * n + k); };
      for (int64_t k = 0; k < n; ++k) total += std::exp(static_cast<double>(x.values[at(k)]));
      for (int64_t k = 0; k < n; ++k) {
        expect_near(y.values[at(k)], std::exp(static_cast<double>(x.values[at(k)])) / total, 1);
      }
    }
    cuda::NormalizeRows normalize;
    normalize.x = x.device();
    normalize.scale = scale.device();
    normalize.bias = bias.device();
    normalize.y = y.device();
    normalize.rows = rows;
    normalize.n = n;
    normalize.epsilon = 1e-3F;
    Library::get()->run("normalize_rows", normalize);
    y.fetch();
    for (int64_t row = 0; row < rows; ++row) {
      double mean = 0, variance = 0;
      auto at = [&](int64_t k) { return static_cast<size_t>(row * n + k); };
      for (int64_t k = 0; k < n; ++k) mean += x.values[at(k)];
      mean /= static_cast<double>(n);
      for (int64_t k = 0; k < n; ++k) variance += std::pow(x.values[at(k)] - mean, 2);
      const double factor = 1 / std::sqrt(variance / static_cast<double>(n) + 1e-3);
      for (int64_t k = 0; k < n; ++k) {
        const auto parameter = static_cast<size_t>(k);
        expect_near(
            y.values[at(k)],
            (x.values[at(k)] - mean) * factor * scale.values[parameter] + bias.values[parameter],
            10);
      }
    }
  }
}

}  // namespace
}  // namespace convoy::testing
