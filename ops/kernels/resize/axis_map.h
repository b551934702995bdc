// How one axis of an output of Resize reads the input: the taps of every output coordinate.
// Formulas of ONNX's Resize-19, coordinates in float32 as ONNX Runtime has them: which pixel is the
// nearest depends on it.
#pragma once

#include <cstdint>
#include <vector>

namespace convoy {

enum class ResizeMode { kNearest, kLinear, kCubic };
enum class NearestMode { kRoundPreferFloor, kRoundPreferCeil, kFloor, kCeil };
enum class CoordinateMode {
  kHalfPixel,
  kHalfPixelSymmetric,
  kHalfPixelForNearest,  // (x + 0.5) / scale; opset 11 and 12 only
  kPytorchHalfPixel,
  kAlignCorners,
  kAsymmetric,
  kCropAndResize
};

struct ResizeRule {
  ResizeMode mode = ResizeMode::kNearest;
  NearestMode nearest = NearestMode::kRoundPreferFloor;
  CoordinateMode coordinates = CoordinateMode::kHalfPixel;
  bool antialias = false;
  bool exclude_outside = false;
  double cubic_a = -0.75;
  double extrapolation = 0;
};

struct AxisMap {
  int64_t in = 1;
  int64_t out = 1;
  int taps = 1;
  bool identity = true;          // out[i] = in[i]; the lists below are then empty
  std::vector<int64_t> index;    // [out][taps], in [0, in)
  std::vector<float> weight;     // [out][taps]
  std::vector<uint8_t> outside;  // [out], 1: the extrapolation value; empty where there is none
};

// One axis: lengths, scale (> 0) and the part of the input that crop-and-resize reads.
struct AxisScale {
  int64_t in = 1;
  int64_t out = 1;
  float scale = 1;
  float roi_start = 0;
  float roi_end = 1;
};

AxisMap make_axis_map(const AxisScale& axis, const ResizeRule& rule);

}  // namespace convoy
