// RoiAlign, opset 10 and up (half_pixel by default from 16 on): average or maximum over samples,
// interpolated bilinearly, of each cell of each region. Max is that of the weighted corners.
#include <cmath>

#include "ops/kernels/index/index.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct RoiForm {
  bool average = true;
  bool half_pixel = true;
  int64_t sampling = 0;
  double scale = 1;
};

struct Sample {
  int64_t at[4] = {0, 0, 0, 0};
  double weight[4] = {0, 0, 0, 0};
};

Sample bilinear(double y, double x, int64_t height, int64_t width) {
  Sample sample;
  bool inside =
      y >= -1 && y <= static_cast<double>(height) && x >= -1 && x <= static_cast<double>(width);
  if (!inside) return sample;
  y = std::clamp(y, 0.0, static_cast<double>(height - 1));
  x = std::clamp(x, 0.0, static_cast<double>(width - 1));
  auto top = static_cast<int64_t>(y);
  auto left = static_cast<int64_t>(x);
  int64_t bottom = std::min(top + 1, height - 1);
  int64_t right = std::min(left + 1, width - 1);
  double ly = y - static_cast<double>(top);
  double lx = x - static_cast<double>(left);
  sample.at[0] = top * width + left;
  sample.at[1] = top * width + right;
  sample.at[2] = bottom * width + left;
  sample.at[3] = bottom * width + right;
  sample.weight[0] = (1 - ly) * (1 - lx);
  sample.weight[1] = (1 - ly) * lx;
  sample.weight[2] = ly * (1 - lx);
  sample.weight[3] = ly * lx;
  return sample;
}

// Along one axis of a cell, and of both.
constexpr int64_t kMostSamples = 4096;
constexpr int64_t kMostOfCell = int64_t{1} << 20;

template <typename Real>
int64_t samples_along(Real length, int64_t sampling) {
  if (sampling > 0) return sampling;
  check_input(length <= static_cast<Real>(kMostSamples), "a region takes {} samples a cell",
              length);
  return static_cast<int64_t>(std::ceil(std::max(length, Real{0})));
}

// One region: where its cells are, and how many samples each has. In the type of the operands,
// which decides where a length is a whole number of samples.
template <typename Real>
struct Region {
  Real top, left;
  Real cell_height, cell_width;
  int64_t rows, columns;  // of samples in a cell
  int64_t height, width;  // of the input

  int64_t per_cell() const { return rows * columns; }
  Sample sample(int64_t cell_row, int64_t cell_column, int64_t s) const {
    constexpr Real kHalf = 0.5;
    const Real y0 = top + static_cast<Real>(cell_row) * cell_height;
    const Real x0 = left + static_cast<Real>(cell_column) * cell_width;
    const Real y =
        y0 + (static_cast<Real>(s / columns) + kHalf) * cell_height / static_cast<Real>(rows);
    const Real x =
        x0 + (static_cast<Real>(s % columns) + kHalf) * cell_width / static_cast<Real>(columns);
    return bilinear(static_cast<double>(y), static_cast<double>(x), height, width);
  }
};

template <typename Real>
Region<Real> place_region(const RoiForm& form, const Real* roi, const Shape& in, const Shape& out) {
  const Real offset = form.half_pixel ? Real{0.5} : Real{0};
  const auto scale = static_cast<Real>(form.scale);
  Region<Real> region;
  region.left = roi[0] * scale - offset;
  region.top = roi[1] * scale - offset;
  Real width = roi[2] * scale - offset - region.left;
  Real height = roi[3] * scale - offset - region.top;
  check_input(std::isfinite(region.left + region.top + width + height), "a region is not finite");
  if (!form.half_pixel) {
    width = std::max(width, Real{1});
    height = std::max(height, Real{1});
  }
  region.cell_height = height / static_cast<Real>(out[2]);
  region.cell_width = width / static_cast<Real>(out[3]);
  region.rows = samples_along(region.cell_height, form.sampling);
  region.columns = samples_along(region.cell_width, form.sampling);
  check_input(region.per_cell() <= kMostOfCell, "a region takes {} samples a cell",
              region.per_cell());
  region.height = in[2];
  region.width = in[3];
  return region;
}

// Sum and maximum over the samples that a cell has been given so far.
struct CellTotal {
  double sum = 0;
  double largest = 0;
  bool any = false;

  template <typename T>
  void add(const Sample& sample, const T* plane) {
    double part[4];
    for (int k = 0; k < 4; ++k) {
      part[k] = sample.weight[k] * static_cast<double>(plane[sample.at[k]]);
    }
    sum += part[0] + part[1] + part[2] + part[3];
    double top = std::max(std::max(part[0], part[1]), std::max(part[2], part[3]));
    largest = any ? std::max(largest, top) : top;
    any = true;
  }
};

// One cell in all channels. The samples of a cell are the same in each; so many are kept, and more
// are placed again for each channel.
template <typename Real, typename T>
void pool_cell(const Region<Real>& region, int64_t row, int64_t column, bool average,
               const T* planes, int64_t channels, T* to, int64_t to_channel) {
  constexpr int64_t kMost = 64;
  Sample samples[kMost];
  int64_t count = region.per_cell();
  for (int64_t s = 0; s < std::min(count, kMost); ++s) samples[s] = region.sample(row, column, s);
  for (int64_t c = 0; c < channels; ++c) {
    const T* plane = planes + c * region.height * region.width;
    CellTotal total;
    for (int64_t s = 0; s < count; ++s) {
      total.add(s < kMost ? samples[s] : region.sample(row, column, s), plane);
    }
    double mean = total.sum / static_cast<double>(std::max<int64_t>(count, 1));
    to[c * to_channel] = static_cast<T>(average ? mean : total.largest);
  }
}

template <typename T>
void run_typed(KernelContext& context, const RoiForm& form) {
  const TensorView& in = context.input(0);
  const TensorView& out = context.output(0);
  int64_t channels = in.shape[1];
  int64_t cells = out.shape[2] * out.shape[3];
  context.threads().parallel_for(out.shape[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      using Real = std::conditional_t<std::is_same_v<T, double>, double, float>;
      Real roi[4];
      for (int k = 0; k < 4; ++k) roi[k] = static_cast<Real>(context.input(1).as<T>()[n * 4 + k]);
      int64_t batch = checked_index(index_at(context.input(2), n), in.shape[0]);
      const Region<Real> region = place_region(form, roi, in.shape, out.shape);
      const T* planes = in.as<T>() + batch * channels * in.shape[2] * in.shape[3];
      T* to = out.as<T>() + n * channels * cells;
      for (int64_t cell = 0; cell < cells; ++cell) {
        pool_cell(region, cell / out.shape[3], cell % out.shape[3], form.average, planes, channels,
                  to + cell, cells);
      }
    }
  });
}

Shape output_shape(const Node& node, const Shape& in, const Shape& rois) {
  AttributeReader attributes(node);
  int64_t height = attributes.integer("output_height", 1);
  int64_t width = attributes.integer("output_width", 1);
  check_model(height >= 1 && width >= 1, "an output of {} by {}", height, width);
  check_input(in.rank() == 4 && rois.rank() == 2, "X has {} axes, rois {}", in.rank(), rois.rank());
  return {rois[0], in[1], height, width};
}

void infer(InferRequest& request) {
  check_model(request.has_input(0) && request.has_input(1), "X or rois is missing");
  const TensorDesc& x = request.inputs[0];
  request.set_output(0, x.dtype, output_shape(request.node, x.shape, request.inputs[1].shape));
}

std::unique_ptr<Kernel> make_roi_align(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  RoiForm form;
  std::string mode = attributes.text("mode", "avg");
  form.half_pixel = request.node().version >= 16 &&
                    attributes.text("coordinate_transformation_mode", "half_pixel") == "half_pixel";
  form.sampling = attributes.integer("sampling_ratio", 0);
  form.scale = attributes.number("spatial_scale", 1);
  attributes.ignore("output_height");
  attributes.ignore("output_width");
  attributes.finish();
  form.average = mode == "avg";
  check_model(mode == "avg" || mode == "max", "the mode '{}' is not known", mode);
  check_model(form.sampling <= kMostSamples, "sampling_ratio is {}", form.sampling);
  const Shape& in = request.input(0).shape;
  const Shape& rois = request.input(1).shape;
  check_input(
      in.rank() == 4 && rois.rank() == 2 && rois[1] == 4 && request.input(2).count() == rois[0] &&
          request.input(1).dtype == request.input(0).dtype,
      "RoiAlign of {} in regions {}", to_string(request.input(0)), to_string(request.input(1)));
  check_input(in[2] > 0 && in[3] > 0, "RoiAlign of {}", to_string(in));
  request.check_output(0, output_shape(request.node(), in, rois));
  return make_kernel([form](KernelContext& context) {
    visit_floating(context.input(0).dtype,
                   [&](auto tag) { run_typed<typename decltype(tag)::type>(context, form); });
  });
}

}  // namespace

void register_roi_align(Registry& registry) {
  registry.add("RoiAlign").kernel("reference", make_roi_align).infer = infer;
}

}  // namespace convoy
