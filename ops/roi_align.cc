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
  bool inside = y >= -1 && y <= static_cast<double>(height) && x >= -1 &&
                x <= static_cast<double>(width);
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

// Samples of all cells of one region, the same number for each.
struct Region {
  int64_t per_cell = 0;
  std::vector<Sample> samples;
};

int64_t samples_along(double length, int64_t sampling) {
  if (sampling > 0) return sampling;
  constexpr double kMost = 4096;
  check_input(length <= kMost, "a region takes {} samples a cell", length);
  return std::max<int64_t>(0, static_cast<int64_t>(std::ceil(length)));
}

Region sample_region(const RoiForm& form, const double* roi, const Shape& in, const Shape& out) {
  double offset = form.half_pixel ? 0.5 : 0;
  double left = roi[0] * form.scale - offset;
  double top = roi[1] * form.scale - offset;
  double width = roi[2] * form.scale - offset - left;
  double height = roi[3] * form.scale - offset - top;
  check_input(std::isfinite(left + top + width + height), "a region is not finite");
  if (!form.half_pixel) {
    width = std::max(width, 1.0);
    height = std::max(height, 1.0);
  }
  double cell_height = height / static_cast<double>(out[2]);
  double cell_width = width / static_cast<double>(out[3]);
  int64_t rows = samples_along(cell_height, form.sampling);
  int64_t columns = samples_along(cell_width, form.sampling);
  Region region;
  region.per_cell = rows * columns;
  for (int64_t cell = 0; cell < out[2] * out[3]; ++cell) {
    double y0 = top + static_cast<double>(cell / out[3]) * cell_height;
    double x0 = left + static_cast<double>(cell % out[3]) * cell_width;
    for (int64_t s = 0; s < rows * columns; ++s) {
      double y = y0 + (static_cast<double>(s / columns) + 0.5) * cell_height /
                          static_cast<double>(rows);
      double x = x0 + (static_cast<double>(s % columns) + 0.5) * cell_width /
                          static_cast<double>(columns);
      region.samples.push_back(bilinear(y, x, in[2], in[3]));
    }
  }
  return region;
}

template <typename T>
double pool_cell(const Region& region, int64_t cell, const T* plane, bool average) {
  double sum = 0;
  double largest = 0;
  for (int64_t s = 0; s < region.per_cell; ++s) {
    const Sample& sample = region.samples[static_cast<size_t>(cell * region.per_cell + s)];
    double part[4];
    for (int k = 0; k < 4; ++k) {
      part[k] = sample.weight[k] * static_cast<double>(plane[sample.at[k]]);
    }
    sum += part[0] + part[1] + part[2] + part[3];
    double top = std::max(std::max(part[0], part[1]), std::max(part[2], part[3]));
    largest = s == 0 ? top : std::max(largest, top);
  }
  if (!average) return largest;
  return sum / static_cast<double>(std::max<int64_t>(region.per_cell, 1));
}

template <typename T>
void run_typed(KernelContext& context, const RoiForm& form) {
  const TensorView& in = context.input(0);
  const TensorView& out = context.output(0);
  int64_t channels = in.shape[1];
  int64_t plane = in.shape[2] * in.shape[3];
  int64_t cells = out.shape[2] * out.shape[3];
  context.threads().parallel_for(out.shape[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t n = begin; n < end; ++n) {
      double roi[4];
      for (int k = 0; k < 4; ++k) roi[k] = static_cast<double>(context.input(1).as<T>()[n * 4 + k]);
      int64_t batch = checked_index(index_at(context.input(2), n), in.shape[0]);
      Region region = sample_region(form, roi, in.shape, out.shape);
      for (int64_t c = 0; c < channels; ++c) {
        const T* from = in.as<T>() + (batch * channels + c) * plane;
        T* to = out.as<T>() + (n * channels + c) * cells;
        for (int64_t cell = 0; cell < cells; ++cell) {
          to[cell] = static_cast<T>(pool_cell(region, cell, from, form.average));
        }
      }
    }
  });
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
  check_model(form.sampling <= 4096, "sampling_ratio is {}", form.sampling);
  const Shape& in = request.input(0).shape;
  const Shape& rois = request.input(1).shape;
  check_input(in.rank() == 4 && rois.rank() == 2 && rois[1] == 4 &&
                  request.input(2).count() == rois[0] &&
                  request.input(1).dtype == request.input(0).dtype,
              "RoiAlign of {} in regions {}", to_string(request.input(0)),
              to_string(request.input(1)));
  check_input(in[2] > 0 && in[3] > 0, "RoiAlign of {}", to_string(in));
  return make_kernel([form](KernelContext& context) {
    visit_floating(context.input(0).dtype, [&](auto tag) {
      run_typed<typename decltype(tag)::type>(context, form);
    });
  });
}

}  // namespace

void register_roi_align(Registry& registry) {
  registry.add("RoiAlign").kernel("reference", make_roi_align);
}

}  // namespace convoy
