// Mean and variance that keep their digits when the mean is large beside the deviation, and when
// squares leave the range of a float.
#pragma once

#include <algorithm>
#include <cmath>

#include "ops/kernels/row/row.h"

namespace convoy {

struct RowStatistics {
  double mean = 0;
  double variance = 0;  // of the whole row, not a sample
};

// `runs(visit)` calls visit(const float* first, int64_t n) for every run of the row, as often as
// asked; `count` > 0 elements in all. Not centered: the mean stays 0.
template <typename Runs>
RowStatistics statistics_in_double(int64_t count, bool centered, const Runs& runs) {
  RowStatistics result;
  auto each = [&](auto&& take) {
    runs([&](const float* x, int64_t n) {
      for (int64_t k = 0; k < n; ++k) take(static_cast<double>(x[k]));
    });
  };
  if (centered) each([&](double x) { result.mean += x; });
  result.mean /= static_cast<double>(count);
  each([&](double x) { result.variance += (x - result.mean) * (x - result.mean); });
  result.variance /= static_cast<double>(count);
  return result;
}

template <typename Runs>
RowStatistics row_statistics(const RowKernels& kernels, int64_t count, bool centered,
                             const Runs& runs) {
  constexpr double kSmallest = 1e-25;  // below, squares may have vanished in a float
  double total = 0;
  if (centered) {
    runs([&](const float* x, int64_t n) { kernels.sum.row(x, n, &total); });
  }
  const auto center = static_cast<float>(total / static_cast<double>(count));
  double sum = 0;
  double squares = 0;
  runs([&](const float* x, int64_t n) { kernels.deviation(x, n, center, &sum, &squares); });
  if (!std::isfinite(squares) || squares < kSmallest) {
    return statistics_in_double(count, centered, runs);
  }
  if (!centered) return {0, squares / static_cast<double>(count)};
  const double rest = sum / static_cast<double>(count);
  const double variance = squares / static_cast<double>(count) - rest * rest;
  return {static_cast<double>(center) + rest, std::max(0.0, variance)};
}

}  // namespace convoy
