// GridSample, opset 16 and up: the input interpolated at normalized positions (x first); nearest,
// linear, cubic; outside: zeros, border or reflection. Any number of spatial axes.
#include <cmath>

#include "ops/cuda_kernel.h"
#include "ops/kernels/cast/cast.h"
#include "ops/kernels/cuda/grid_sample.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

enum class Sampling { kNearest, kLinear, kCubic };
enum class Outside { kZeros, kBorder, kReflection };

struct GridForm {
  Sampling sampling = Sampling::kLinear;
  Outside outside = Outside::kZeros;
  bool align_corners = false;
};

GridForm read_form(const Node& node) {
  AttributeReader attributes(node);
  GridForm form;
  std::string mode = attributes.text("mode", "linear");
  std::string padding = attributes.text("padding_mode", "zeros");
  form.align_corners = attributes.integer("align_corners", 0) != 0;
  attributes.finish();
  if (mode == "nearest") {
    form.sampling = Sampling::kNearest;
  } else if (mode == "cubic" || mode == "bicubic") {
    form.sampling = Sampling::kCubic;
  } else {
    check_model(mode == "linear" || mode == "bilinear", "the mode '{}' is not known", mode);
  }
  if (padding == "border") {
    form.outside = Outside::kBorder;
  } else if (padding == "reflection") {
    form.outside = Outside::kReflection;
  } else {
    check_model(padding == "zeros", "the padding mode '{}' is not known", padding);
  }
  return form;
}

float reflected(float x, float low, float high) {
  float range = high - low;
  if (!(range > 0)) return low;
  float distance = x < low ? low - x : x - high;
  if (distance <= 0) return x;
  float turns = std::floor(distance / range);
  float rest = distance - turns * range;
  bool even = std::fmod(turns, 2.0f) == 0;
  return (x < low) == even ? low + rest : high - rest;
}

// Up to four taps along one axis; index -1 reads zero.
struct Taps {
  int count = 1;
  int64_t index[4];
  float weight[4];
};

void cubic_weights(float x, float* weight) {
  constexpr float kA = -0.75f;
  auto near = [](float t) { return ((kA + 2) * t - (kA + 3)) * t * t + 1; };
  auto far = [](float t) { return ((kA * t - 5 * kA) * t + 8 * kA) * t - 4 * kA; };
  weight[0] = far(x + 1);
  weight[1] = near(x);
  weight[2] = near(1 - x);
  weight[3] = far(2 - x);
}

int64_t placed(int64_t index, int64_t size, const GridForm& form, float low, float high) {
  if (index >= 0 && index < size) return index;
  if (form.outside == Outside::kZeros) return -1;
  if (form.outside == Outside::kReflection) {
    index = static_cast<int64_t>(reflected(static_cast<float>(index), low, high));
  }
  return std::clamp<int64_t>(index, 0, size - 1);
}

Taps taps_at(float normalized, int64_t size, const GridForm& form) {
  auto length = static_cast<float>(size);
  if (std::isnan(normalized)) normalized = -1;
  float x = form.align_corners ? (normalized + 1) / 2 * (length - 1)
                               : ((normalized + 1) * length - 1) / 2;
  float low = form.align_corners ? 0.0f : -0.5f;
  float high = form.align_corners ? length - 1 : length - 0.5f;
  if (form.sampling == Sampling::kNearest) x = std::nearbyint(x);
  // Cubic taps are placed one by one, as in PyTorch and ONNX Runtime.
  if (form.sampling != Sampling::kCubic && (x < low || x > high)) {
    if (form.outside == Outside::kBorder) x = std::clamp(x, 0.0f, length - 1);
    if (form.outside == Outside::kReflection) x = reflected(x, low, high);
  }
  if (std::isnan(x)) x = low;        // infinity on an axis of one position
  x = std::clamp(x, -1e12f, 1e12f);  // fits an index
  auto floor = static_cast<int64_t>(std::floor(x));
  float part = x - static_cast<float>(floor);
  Taps taps;
  int64_t first = floor;
  if (form.sampling == Sampling::kNearest) {
    taps.weight[0] = 1;
  } else if (form.sampling == Sampling::kLinear) {
    taps.count = 2;
    taps.weight[0] = 1 - part;
    taps.weight[1] = part;
  } else {
    taps.count = 4;
    first = floor - 1;
    cubic_weights(part, taps.weight);
  }
  for (int k = 0; k < taps.count; ++k) taps.index[k] = placed(first + k, size, form, low, high);
  return taps;
}

constexpr int kMostAxes = kMaxRank - 2;

// The taps of one output position: one Taps for each axis of `shape` behind the second.
struct Cloud {
  int rank = 0;
  Shape shape;
  Taps axes[kMostAxes];

  // visit(offset in a plane, weight) for the product of all axes' taps.
  template <typename Visit>
  void for_each(const Visit& visit, int axis = 0, int64_t at = 0, float weight = 1) const {
    if (axis == rank) return visit(at, weight);
    const Taps& taps = axes[axis];
    for (int k = 0; k < taps.count; ++k) {
      if (taps.index[k] < 0 || taps.weight[k] == 0) continue;
      for_each(visit, axis + 1, at * shape[axis + 2] + taps.index[k], weight * taps.weight[k]);
    }
  }
};

// The weighted sums at one position in `channels` planes, one after the other.
template <typename T, typename Sum>
void sample_channels(const Cloud& cloud, const T* planes, int64_t plane, int64_t channels, T* to,
                     int64_t to_channel) {
  constexpr int kMost = 64;  // taps of three axes
  int64_t offset[kMost];
  float weight[kMost];
  int count = 0;
  cloud.for_each([&](int64_t at, float part) {
    if (count < kMost) offset[count] = at, weight[count] = part;
    ++count;
  });
  for (int64_t c = 0; c < channels; ++c) {
    const T* from = planes + c * plane;
    Sum sum = 0;
    if (count <= kMost) {
      for (int k = 0; k < count; ++k) {
        sum += static_cast<Sum>(weight[k]) * static_cast<Sum>(from[offset[k]]);
      }
    } else {
      cloud.for_each([&](int64_t at, float part) {
        sum += static_cast<Sum>(part) * static_cast<Sum>(from[at]);
      });
    }
    if constexpr (std::is_integral_v<T>) {
      to[c * to_channel] = truncate<T>(sum);
    } else {
      to[c * to_channel] = static_cast<T>(sum);
    }
  }
}

template <typename T, typename G>
void sample_points(const TensorView& in, const TensorView& grid, const TensorView& out,
                   const GridForm& form, int64_t begin, int64_t end) {
  using Sum = std::conditional_t<sizeof(T) == 8 || std::is_integral_v<T>, double, float>;
  int axes = in.rank() - 2;
  int64_t channels = in.shape[1];
  int64_t points = grid.count() / axes / in.shape[0];
  int64_t plane = in.count() / (in.shape[0] * channels);
  Cloud cloud;
  cloud.rank = axes;
  cloud.shape = in.shape;
  for (int64_t item = begin; item < end; ++item) {
    for (int a = 0; a < axes; ++a) {
      auto position = static_cast<float>(grid.as<G>()[item * axes + axes - 1 - a]);
      cloud.axes[a] = taps_at(position, in.shape[a + 2], form);
    }
    int64_t n = item / points;
    sample_channels<T, Sum>(cloud, in.as<T>() + n * channels * plane, plane, channels,
                            out.as<T>() + n * channels * points + item % points, points);
  }
}

GridForm read_checked(const KernelRequest& request) {
  GridForm form = read_form(request.node());
  const Shape& in = request.input(0).shape;
  const Shape& grid = request.input(1).shape;
  check_input(in.rank() >= 3 && grid.rank() == in.rank() && grid.back() == in.rank() - 2 &&
                  grid[0] == in[0],
              "GridSample of {} at {}", to_string(in), to_string(grid));
  Shape output{in[0], in[1]};
  for (int i = 1; i < grid.rank() - 1; ++i) output.push_back(grid[i]);
  request.check_output(0, output);
  check_input(request.output(0).count() == 0 || request.input(0).count() > 0,
              "GridSample of an empty tensor");
  return form;
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  const TensorDesc& x = request.input(0);
  const TensorDesc& positions = request.input(1);
  if (x.dtype != DType::kFloat32 || positions.dtype != DType::kFloat32) {
    return request.refuse("only for float32");
  }
  const GridForm form = read_checked(request);
  constexpr int kAxes = 3;
  const int axes = x.rank() - 2;
  if (axes > kAxes) return request.refuse("more than 3 spatial axes");
  if (request.output(0).count() == 0) return make_kernel([](KernelContext&) {});
  cuda::GridSample planned;
  planned.batch = x.shape[0];
  planned.channels = x.shape[1];
  planned.axes = axes;
  planned.points = positions.count() / axes / x.shape[0];
  for (int i = 0; i < axes; ++i) planned.size[kAxes - axes + i] = x.shape[i + 2];
  planned.sampling = form.sampling == Sampling::kNearest  ? cuda::GridSampling::nearest
                     : form.sampling == Sampling::kLinear ? cuda::GridSampling::linear
                                                          : cuda::GridSampling::cubic;
  planned.outside = form.outside == Outside::kZeros    ? cuda::GridOutside::zeros
                    : form.outside == Outside::kBorder ? cuda::GridOutside::border
                                                       : cuda::GridOutside::reflection;
  planned.align_corners = form.align_corners;
  return make_cuda_launch(request, "grid_sample", planned,
                          [](cuda::GridSample& sample, KernelContext& context) {
                            sample.x = context.input(0).as<const float>();
                            sample.grid = context.input(1).as<const float>();
                            sample.y = context.output(0).as<float>();
                          });
}

std::unique_ptr<Kernel> make_grid_sample(KernelRequest& request) {
  const GridForm form = read_checked(request);
  if (request.output(0).count() == 0) return make_kernel([](KernelContext&) {});
  return make_kernel([form](KernelContext& context) {
    const TensorView& in = context.input(0);
    const TensorView& positions = context.input(1);
    int64_t points = positions.count() / (in.rank() - 2);
    visit_numeric(in.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      visit_floating(positions.dtype, [&](auto grid_tag) {
        using G = typename decltype(grid_tag)::type;
        context.threads().parallel_for(points, 512, [&](int64_t begin, int64_t end) {
          sample_points<T, G>(in, positions, context.output(0), form, begin, end);
        });
      });
    });
  });
}

}  // namespace

void register_grid_sample(Registry& registry) {
  registry.add("GridSample")
      .kernel("reference", make_grid_sample)
      .kernel("points", make_on_gpu, DeviceKind::kCuda);
}

}  // namespace convoy
