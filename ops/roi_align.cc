// RoiAlign, opset 10 and up (half_pixel by default from 16 on): average or maximum over samples,
// interpolated bilinearly, of each cell of each region. Max is that of the weighted corners.
#include <cmath>
#include <span>
#include <vector>

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

// Where a sample lies along one axis of the input, between two neighbours.
struct AxisSample {
  int64_t low, high;
  double of_low, of_high;  // weights; both 0 outside of the input
};

AxisSample place(double at, int64_t length) {
  if (!(at >= -1 && at <= static_cast<double>(length))) return {0, 0, 0, 0};
  at = std::clamp(at, 0.0, static_cast<double>(length - 1));
  const auto low = static_cast<int64_t>(at);
  const double of_high = at - static_cast<double>(low);
  return {low, std::min(low + 1, length - 1), 1 - of_high, of_high};
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

// A region along one axis: where its cells are, and how many samples each has. In the type of the
// operands, which decides where a length is a whole number of samples.
template <typename Real>
struct RegionAxis {
  Real start;
  Real cell;
  int64_t count;   // of samples in a cell
  int64_t length;  // of the input

  void place_cell(int64_t index, AxisSample* to) const {
    constexpr Real kHalf = 0.5;
    const Real from = start + static_cast<Real>(index) * cell;
    for (int64_t s = 0; s < count; ++s) {
      const Real at = from + (static_cast<Real>(s) + kHalf) * cell / static_cast<Real>(count);
      to[s] = place(static_cast<double>(at), length);
    }
  }
};

template <typename Real>
struct Region {
  RegionAxis<Real> rows, columns;
};

template <typename Real>
Region<Real> place_region(const RoiForm& form, const Real* roi, const Shape& in, const Shape& out) {
  const Real offset = form.half_pixel ? Real{0.5} : Real{0};
  const auto scale = static_cast<Real>(form.scale);
  const Real left = roi[0] * scale - offset;
  const Real top = roi[1] * scale - offset;
  Real width = roi[2] * scale - offset - left;
  Real height = roi[3] * scale - offset - top;
  check_input(std::isfinite(left + top + width + height), "a region is not finite");
  if (!form.half_pixel) {
    width = std::max(width, Real{1});
    height = std::max(height, Real{1});
  }
  const Real cell_height = height / static_cast<Real>(out[2]);
  const Real cell_width = width / static_cast<Real>(out[3]);
  Region<Real> region{{top, cell_height, samples_along(cell_height, form.sampling), in[2]},
                      {left, cell_width, samples_along(cell_width, form.sampling), in[3]}};
  const int64_t per_cell = region.rows.count * region.columns.count;
  check_input(per_cell <= kMostOfCell, "a region takes {} samples a cell", per_cell);
  return region;
}

// Sum and maximum over the samples that a cell has been given so far.
struct CellTotal {
  double sum = 0;
  double largest = 0;
  bool any = false;

  template <typename T>
  void add(const AxisSample& y, const AxisSample& x, const T* plane, int64_t width) {
    const T* upper = plane + y.low * width;
    const T* lower = plane + y.high * width;
    const double part[4] = {y.of_low * x.of_low * static_cast<double>(upper[x.low]),
                            y.of_low * x.of_high * static_cast<double>(upper[x.high]),
                            y.of_high * x.of_low * static_cast<double>(lower[x.low]),
                            y.of_high * x.of_high * static_cast<double>(lower[x.high])};
    sum += part[0] + part[1] + part[2] + part[3];
    double top = std::max(std::max(part[0], part[1]), std::max(part[2], part[3]));
    largest = any ? std::max(largest, top) : top;
    any = true;
  }
};

// Room for the samples of a cell along one axis. Only where they are many is it allocated.
class AxisSamples {
 public:
  explicit AxisSamples(int64_t count)
      : many_(static_cast<size_t>(count > kFew ? count : 0)),
        samples_(many_.empty() ? few_ : many_.data(), static_cast<size_t>(count)) {}
  AxisSamples(const AxisSamples&) = delete;
  AxisSamples& operator=(const AxisSamples&) = delete;
  AxisSample* data() { return samples_.data(); }
  std::span<const AxisSample> all() const { return samples_; }

 private:
  static constexpr int64_t kFew = 32;
  AxisSample few_[kFew];
  std::vector<AxisSample> many_;
  std::span<AxisSample> samples_;
};

// One cell of one channel, of the samples of its row and its column of cells.
template <typename T>
T pool_cell(std::span<const AxisSample> rows, std::span<const AxisSample> columns, bool average,
            const T* plane, int64_t width) {
  CellTotal total;
  for (const AxisSample& y : rows) {
    for (const AxisSample& x : columns) total.add(y, x, plane, width);
  }
  const size_t count = std::max<size_t>(rows.size() * columns.size(), 1);
  return static_cast<T>(average ? total.sum / static_cast<double>(count) : total.largest);
}

// One region in all channels. The samples of a cell are the same in each.
template <typename Real, typename T>
void pool_region(const Region<Real>& region, bool average, const T* planes, const Shape& out,
                 T* to) {
  AxisSamples rows(region.rows.count);
  AxisSamples columns(region.columns.count);
  const int64_t width = region.columns.length;
  const int64_t plane = region.rows.length * width;
  for (int64_t row = 0; row < out[2]; ++row) {
    region.rows.place_cell(row, rows.data());
    for (int64_t column = 0; column < out[3]; ++column) {
      region.columns.place_cell(column, columns.data());
      for (int64_t c = 0; c < out[1]; ++c) {
        to[(c * out[2] + row) * out[3] + column] =
            pool_cell(rows.all(), columns.all(), average, planes + c * plane, width);
      }
    }
  }
}

template <typename T>
void run_typed(KernelContext& context, const RoiForm& form) {
  const TensorView& in = context.input(0);
  const TensorView& out = context.output(0);
  int64_t channels = in.shape[1];
  context.threads().parallel_for(out.shape[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      using Real = std::conditional_t<std::is_same_v<T, double>, double, float>;
      Real roi[4];
      for (int k = 0; k < 4; ++k) roi[k] = static_cast<Real>(context.input(1).as<T>()[n * 4 + k]);
      int64_t batch = checked_index(index_at(context.input(2), n), in.shape[0]);
      const Region<Real> region = place_region(form, roi, in.shape, out.shape);
      const T* planes = in.as<T>() + batch * channels * in.shape[2] * in.shape[3];
      T* to = out.as<T>() + n * channels * out.shape[2] * out.shape[3];
      pool_region(region, form.average, planes, out.shape, to);
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
