#include "ops/scores/scores.h"

#include <cmath>
#include <limits>

namespace convoy {
namespace {

double logistic(double score) { return 1 / (1 + std::exp(-score)); }

void soften(double* scores, int64_t count, bool keep_zeros) {
  double top = -std::numeric_limits<double>::infinity();
  for (int64_t i = 0; i < count; ++i) top = std::max(top, scores[i]);
  double total = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (keep_zeros && std::abs(scores[i]) <= 1e-7) continue;
    scores[i] = std::exp(scores[i] - top);
    total += scores[i];
  }
  for (int64_t i = 0; i < count && total > 0; ++i) scores[i] /= total;
}

}  // namespace

PostTransform transform_of(const std::string& name) {
  if (name == "NONE") return PostTransform::kNone;
  if (name == "SOFTMAX") return PostTransform::kSoftmax;
  if (name == "LOGISTIC") return PostTransform::kLogistic;
  if (name == "SOFTMAX_ZERO") return PostTransform::kSoftmaxZero;
  if (name == "PROBIT") return PostTransform::kProbit;
  fail(ErrorCode::kInvalidModel, "post_transform '{}' is not known", name);
}

double probit(double p) {
  // Winitzki's approximation of the inverse error function, with a = 0.147.
  const double x = 2 * p - 1;
  const double log_term = std::log((1 - x) * (1 + x));
  const double half = 2 / (M_PI * 0.147) + 0.5 * log_term;
  const double inner = std::sqrt(half * half - log_term / 0.147) - half;
  return std::sqrt(2.0) * (x < 0 ? -1.0 : 1.0) * std::sqrt(inner);
}

void apply_transform(PostTransform transform, double* scores, int64_t count) {
  if (transform == PostTransform::kProbit) {
    for (int64_t i = 0; i < count; ++i) scores[i] = probit(scores[i]);
  } else if (count < 2 || transform == PostTransform::kNone) {
    return;
  } else if (transform == PostTransform::kLogistic) {
    for (int64_t i = 0; i < count; ++i) scores[i] = logistic(scores[i]);
  } else {
    soften(scores, count, transform == PostTransform::kSoftmaxZero);
  }
}

void spread_score(PostTransform transform, OneScore meaning, double score, double* pair) {
  if (transform == PostTransform::kLogistic) {
    pair[0] = logistic(-score);
    pair[1] = logistic(score);
  } else if (transform == PostTransform::kProbit) {
    pair[0] = probit(1 - score);
    pair[1] = probit(score);
  } else {
    pair[0] = meaning == OneScore::kProbability ? 1 - score : -score;
    pair[1] = score;
  }
}

void ClassLabels::write(const TensorView& to, int64_t row, int64_t label) const {
  if (texts.empty()) {
    to.as<int64_t>()[row] = numbers[static_cast<size_t>(label)];
  } else {
    to.as<std::string>()[row] = texts[static_cast<size_t>(label)];
  }
}

ClassLabels read_labels(AttributeReader& attributes, std::string_view integers) {
  ClassLabels labels{attributes.texts("classlabels_strings"), attributes.integers(integers)};
  check_model(labels.texts.empty() || labels.numbers.empty(),
              "the class labels are given as strings and as integers");
  return labels;
}

FeatureRows rows_of(const Shape& shape) {
  if (shape.rank() == 1) return {1, shape[0]};
  check_input(shape.rank() == 2, "input of rank {}, expected 2", shape.rank());
  return {shape[0], shape[1]};
}

double dot_product(const float* a, const float* b, int64_t count) {
  double sums[4] = {};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int k = 0; k < 4; ++k) {
      sums[k] += static_cast<double>(a[i + k]) * static_cast<double>(b[i + k]);
    }
  }
  for (; i < count; ++i) sums[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace convoy
