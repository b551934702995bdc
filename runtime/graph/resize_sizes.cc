#include "runtime/graph/resize_sizes.h"

#include <cmath>

namespace convoy {
namespace {

// Of a finite product that is not negative.
int64_t to_size(float product) {
  check_input(product < 9.2e18f, "a size of {}", product);
  return static_cast<int64_t>(product);
}

}  // namespace

int64_t scaled_size(int64_t size, float factor) {
  check_input(factor > 0 && std::isfinite(factor), "an axis is to be scaled by {}", factor);
  return to_size(static_cast<float>(size) * factor);
}

SizeFactors factors_of(const std::vector<int64_t>& input, const std::vector<int64_t>& sizes,
                       std::string_view policy) {
  check_model(policy == "stretch" || policy == "not_larger" || policy == "not_smaller",
              "keep_aspect_ratio_policy is '{}'", policy);
  check_input(sizes.size() == input.size(), "{} sizes for {} axes", sizes.size(), input.size());
  SizeFactors result{{}, sizes};
  for (size_t i = 0; i < sizes.size(); ++i) {
    check_input(sizes[i] >= 0, "a size of {}", sizes[i]);
    auto length = static_cast<float>(std::max<int64_t>(1, input[i]));
    result.factors.push_back(static_cast<float>(sizes[i]) / length);
  }
  if (policy == "stretch" || sizes.empty()) return result;
  auto [low, high] = std::minmax_element(result.factors.begin(), result.factors.end());
  float factor = policy == "not_larger" ? *low : *high;
  for (size_t i = 0; i < sizes.size(); ++i) {
    result.factors[i] = factor;
    result.sizes[i] = to_size(std::round(factor * static_cast<float>(input[i])));
  }
  return result;
}

std::vector<int> resized_axes(const std::vector<int64_t>& axes, int rank) {
  std::vector<int> result;
  for (int i = 0; axes.empty() && i < rank; ++i) result.push_back(i);
  for (int64_t axis : axes) {
    int64_t at = axis < 0 ? axis + rank : axis;
    check_model(at >= 0 && at < rank, "axis {} of a tensor of {} axes", axis, rank);
    bool twice = std::find(result.begin(), result.end(), at) != result.end();
    check_model(!twice, "axis {} is named twice", axis);
    result.push_back(static_cast<int>(at));
  }
  return result;
}

}  // namespace convoy
