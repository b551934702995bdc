#include "ops/kernels/resize/axis_map.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/error.h"

namespace convoy {
namespace {

// Length of the output before it is rounded down: a whole number wherever the factor stands for a
// quotient of sizes.
float exact_length(const AxisScale& axis) {
  float length = axis.scale * static_cast<float>(axis.in);
  auto whole = static_cast<float>(axis.out);
  return std::fabs(length - whole) <= 1e-6f * whole ? whole : length;
}

double source_coordinate(const AxisScale& axis, CoordinateMode mode, float x) {
  auto in = static_cast<float>(axis.in);
  float half_pixel = (x + 0.5f) / axis.scale - 0.5f;
  switch (mode) {
    case CoordinateMode::kHalfPixel: return half_pixel;
    case CoordinateMode::kHalfPixelSymmetric: {
      float shift = in / 2 * (1 - static_cast<float>(axis.out) / (axis.scale * in));
      return static_cast<float>(shift + (x + 0.5) / axis.scale - 0.5);
    }
    case CoordinateMode::kHalfPixelForNearest: return (x + 0.5f) / axis.scale;
    case CoordinateMode::kPytorchHalfPixel: return axis.out == 1 ? 0 : half_pixel;
    case CoordinateMode::kAlignCorners: {
      float out = exact_length(axis);
      return out == 1 ? 0 : x * (in - 1) / (out - 1);
    }
    case CoordinateMode::kAsymmetric: return x / axis.scale;
    case CoordinateMode::kCropAndResize: break;
  }
  float last = in - 1;
  if (axis.out == 1) return 0.5f * (axis.roi_start + axis.roi_end) * last;
  float inside = x * (axis.roi_end - axis.roi_start) * last / static_cast<float>(axis.out - 1);
  return axis.roi_start * last + inside;
}

double cubic(double x, double a) {
  x = std::fabs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a;
  return 0;
}

bool picks_right(NearestMode mode, double ratio) {
  constexpr double kHalfWithin = 1e-6;  // what rounding leaves of a half; as in ONNX Runtime
  if (ratio == 1) return true;
  switch (mode) {
    case NearestMode::kRoundPreferFloor: return ratio > 0.5 + kHalfWithin;
    case NearestMode::kRoundPreferCeil: return ratio >= 0.5 - kHalfWithin;
    case NearestMode::kFloor: return false;
    case NearestMode::kCeil: break;
  }
  return true;
}

// Taps lie at base + first … base + first + taps − 1, base being the pixel left of the coordinate.
struct Footprint {
  int64_t first = 0;
  int taps = 1;
  double shrink = 1;  // distances are multiplied by this
};

Footprint footprint_of(const AxisScale& axis, const ResizeRule& rule) {
  if (rule.mode == ResizeMode::kNearest) return {};
  Footprint footprint;
  double reach = rule.mode == ResizeMode::kLinear ? 1 : 2;
  if (rule.antialias) footprint.shrink = std::min<double>(axis.scale, 1.0);
  // Wider than the axis on both sides, more taps would only repeat its ends.
  double widest = static_cast<double>(2 * axis.in + 2);
  double start = std::floor(-reach / footprint.shrink) + 1;
  footprint.first = static_cast<int64_t>(std::max(start, -widest));
  footprint.taps = static_cast<int>(2 - 2 * footprint.first);
  return footprint;
}

void add_taps(const AxisScale& axis, const ResizeRule& rule, const Footprint& footprint,
              double coordinate, AxisMap& map) {
  double limit = static_cast<double>(2 * axis.in + 2);
  coordinate = std::clamp(std::isnan(coordinate) ? 0.0 : coordinate, -limit, limit);
  auto base = static_cast<int64_t>(std::ceil(coordinate)) - 1;
  double ratio = coordinate - static_cast<double>(base);  // in (0, 1]
  if (rule.mode == ResizeMode::kNearest) {
    int64_t index = base + (picks_right(rule.nearest, ratio) ? 1 : 0);
    map.index.push_back(std::clamp<int64_t>(index, 0, axis.in - 1));
    map.weight.push_back(1);
    return;
  }
  std::vector<double> weights(static_cast<size_t>(footprint.taps));
  double sum = 0;
  for (int k = 0; k < footprint.taps; ++k) {
    int64_t offset = footprint.first + k;
    double distance = (static_cast<double>(offset) - ratio) * footprint.shrink;
    double weight = rule.mode == ResizeMode::kLinear ? std::max(0.0, 1 - std::fabs(distance))
                                                     : cubic(distance, rule.cubic_a);
    bool outside = base + offset < 0 || base + offset >= axis.in;
    if (rule.exclude_outside && outside) weight = 0;
    weights[static_cast<size_t>(k)] = weight;
    sum += weight;
    map.index.push_back(std::clamp<int64_t>(base + offset, 0, axis.in - 1));
  }
  bool normalize = (rule.exclude_outside || rule.antialias) && sum != 0;
  for (double weight : weights) {
    map.weight.push_back(static_cast<float>(normalize ? weight / sum : weight));
  }
}

}  // namespace

AxisMap make_axis_map(const AxisScale& axis, const ResizeRule& rule) {
  AxisMap map;
  map.in = axis.in;
  map.out = axis.out;
  bool crops = rule.coordinates == CoordinateMode::kCropAndResize;
  bool whole = !crops || (axis.roi_start == 0 && axis.roi_end == 1);
  map.identity = axis.in == axis.out && axis.scale == 1 && whole;
  if (map.identity || axis.in == 0) return map;
  Footprint footprint = footprint_of(axis, rule);
  constexpr int64_t kMostTaps = int64_t{1} << 26;
  check_supported(axis.out <= kMostTaps / footprint.taps, "an axis of {} positions of {} taps",
                  axis.out, footprint.taps);
  map.taps = footprint.taps;
  for (int64_t o = 0; o < axis.out; ++o) {
    double coordinate = source_coordinate(axis, rule.coordinates, static_cast<float>(o));
    add_taps(axis, rule, footprint, coordinate, map);
    if (crops) {
      bool inside = coordinate >= 0 && coordinate <= static_cast<double>(axis.in - 1);
      map.outside.push_back(inside ? 0 : 1);
    }
  }
  return map;
}

}  // namespace convoy
