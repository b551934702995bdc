#include <cmath>

#include "ops/scores/scores.h"
#include "ops/support_vector/support_vector.h"

namespace convoy {
namespace {

double squared_distance(const float* a, const float* b, int64_t count) {
  double sums[4] = {};
  int64_t i = 0;
  auto square = [&](int64_t at) {
    const double difference = static_cast<double>(a[at]) - static_cast<double>(b[at]);
    return difference * difference;
  };
  for (; i + 4 <= count; i += 4) {
    for (int k = 0; k < 4; ++k) sums[k] += square(i + k);
  }
  for (; i < count; ++i) sums[0] += square(i);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace

VectorKernel::VectorKernel(AttributeReader& attributes) {
  static constexpr const char* kNames[] = {"LINEAR", "POLY", "RBF", "SIGMOID"};
  const std::string name = attributes.text("kernel_type", "LINEAR");
  int number = 0;
  while (number < 4 && name != kNames[number]) ++number;
  check_model(number < 4, "kernel_type '{}' is not known", name);
  type_ = static_cast<Type>(number);
  const auto given = attributes.numbers("kernel_params");
  check_model(given.empty() || given.size() == 3,
              "kernel_params has {} numbers, expected gamma, coef0 and degree", given.size());
  if (given.empty()) return;
  gamma_ = static_cast<double>(given[0]);
  coef0_ = static_cast<double>(given[1]);
  degree_ = static_cast<double>(given[2]);
}

double VectorKernel::operator()(const float* x, const float* v, int64_t features) const {
  switch (type_) {
    case Type::kLinear: return dot_product(x, v, features);
    case Type::kPoly: return std::pow(gamma_ * dot_product(x, v, features) + coef0_, degree_);
    case Type::kRbf: return std::exp(-gamma_ * squared_distance(x, v, features));
    case Type::kSigmoid: return std::tanh(gamma_ * dot_product(x, v, features) + coef0_);
  }
  return 0;
}

void couple_pairs(const double* pair, int64_t classes, double* probabilities) {
  const auto count = static_cast<size_t>(classes);
  constexpr int kMaxRounds = 100;
  const double tolerance = 0.005 / static_cast<double>(classes);
  std::vector<double> q(count * count);
  std::vector<double> qp(count);
  double* p = probabilities;
  for (size_t i = 0; i < count; ++i) {
    p[i] = 1 / static_cast<double>(classes);
    for (size_t j = 0; j < count; ++j) {
      if (j == i) continue;
      q[i * count + i] += pair[j * count + i] * pair[j * count + i];
      q[i * count + j] = -pair[j * count + i] * pair[i * count + j];
    }
  }
  for (int round = 0; round < kMaxRounds; ++round) {
    double pqp = 0;
    for (size_t i = 0; i < count; ++i) {
      qp[i] = 0;
      for (size_t j = 0; j < count; ++j) qp[i] += q[i * count + j] * p[j];
      pqp += p[i] * qp[i];
    }
    double error = 0;
    for (size_t i = 0; i < count; ++i) error = std::max(error, std::abs(qp[i] - pqp));
    if (error < tolerance) return;
    for (size_t i = 0; i < count; ++i) {
      const double step = (pqp - qp[i]) / q[i * count + i];
      const double scale = 1 + step;
      p[i] += step;
      pqp = (pqp + step * (step * q[i * count + i] + 2 * qp[i])) / scale / scale;
      for (size_t j = 0; j < count; ++j) {
        qp[j] = (qp[j] + step * q[i * count + j]) / scale;
        p[j] /= scale;
      }
    }
  }
}

}  // namespace convoy
