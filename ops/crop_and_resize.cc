// CropAndResize of com.microsoft, opset 1: the regions [y1, x1, y2, x2] (0 and 1 are the centers of
// the first and last pixels) of images [batch, channels, height, width], sampled at crop_size
// points, corners included. float32, float64, float16.
#include <algorithm>
#include <cmath>

#include "ops/kernels/index/index.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Where one row or column of a crop lies between two of the image; none: outside.
struct Sample {
  bool inside = false;
  int64_t low = 0, high = 0;
  float weight = 0;  // of high
};

Sample sample(float from, float to, int64_t i, int64_t count, int64_t size, bool nearest) {
  const auto last = static_cast<float>(size - 1);
  float at = 0.5f * (from + to) * last;
  if (count > 1) {
    const float step = (to - from) * last / static_cast<float>(count - 1);
    at = from * last + static_cast<float>(i) * step;
  }
  Sample made;
  made.inside = at >= 0 && at <= last;
  if (!made.inside) return made;
  if (nearest) {
    made.low = made.high = std::min(static_cast<int64_t>(std::round(at)), size - 1);
    return made;
  }
  // As a float, the last position may be the one behind it.
  made.low = std::min(static_cast<int64_t>(std::floor(at)), size - 1);
  made.high = std::min(static_cast<int64_t>(std::ceil(at)), size - 1);
  made.weight = at - static_cast<float>(made.low);
  return made;
}

struct Crop {
  float otherwise = 0;
  bool nearest = false;
};

template <typename T>
void run(const Crop& crop, KernelContext& context) {
  const TensorView& x = context.input(0);
  const TensorView& y = context.output(0);
  const int64_t channels = x.shape[1], height = x.shape[2], width = x.shape[3];
  const int64_t rows = y.shape[2], columns = y.shape[3];
  context.threads().parallel_for(y.shape[0], 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const int64_t image = index_at(context.input(2), r);
      check_input(image >= 0 && image < x.shape[0], "region {} is of image {} of {}", r, image,
                  x.shape[0]);
      float box[4];
      for (int i = 0; i < 4; ++i) box[i] = static_cast<float>(context.input(1).as<T>()[r * 4 + i]);
      for (int64_t i = 0; i < rows; ++i) {
        const Sample down = sample(box[0], box[2], i, rows, height, crop.nearest);
        for (int64_t j = 0; j < columns; ++j) {
          const Sample across = sample(box[1], box[3], j, columns, width, crop.nearest);
          for (int64_t c = 0; c < channels; ++c) {
            const T* plane = x.as<T>() + (image * channels + c) * height * width;
            float value = crop.otherwise;
            if (down.inside && across.inside) {
              auto pixel = [&](int64_t h, int64_t w) {
                return static_cast<float>(plane[h * width + w]);
              };
              auto line = [&](int64_t h) {
                const float left = pixel(h, across.low);
                return left + (pixel(h, across.high) - left) * across.weight;
              };
              const float top = line(down.low);
              value = top + (line(down.high) - top) * down.weight;
            }
            y.as<T>()[((r * channels + c) * rows + i) * columns + j] = static_cast<T>(value);
          }
        }
      }
    }
  });
}

Shape crops_shape(const Shape& x, const Shape& regions, int64_t rows, int64_t columns) {
  check_input(x.rank() == 4 && regions.rank() == 2 && regions[1] == 4,
              "images of shape {} have no regions of shape {}", to_string(x), to_string(regions));
  check_input(rows > 0 && columns > 0, "crops of {} x {}", rows, columns);
  return {regions[0], x[1], rows, columns};
}

void infer(InferRequest& request) {
  const Tensor* size = request.constant(3);
  if (size == nullptr) return;
  check_input(size->count() == 2, "crop_size has {} elements", size->count());
  const Tensor plain = size->contiguous();
  request.set_output(0, request.inputs[0].dtype,
                     crops_shape(request.inputs[0].shape, request.inputs[1].shape,
                                 index_at(plain.view(), 0), index_at(plain.view(), 1)));
}

std::unique_ptr<Kernel> make_crop_and_resize(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  Crop crop;
  crop.otherwise = attributes.number("extrapolation_value", 0);
  const std::string mode = attributes.text("mode", "bilinear");
  attributes.finish();
  check_model(mode == "bilinear" || mode == "nearest", "the mode '{}' is not known", mode);
  crop.nearest = mode == "nearest";
  const Shape& out = request.output(0).shape;
  const Shape& x = request.input(0).shape;
  check_input(out.rank() == 4, "crops of shape {}", to_string(out));
  request.check_output(0, crops_shape(x, request.input(1).shape, out[2], out[3]));
  check_input(request.input(2).shape == Shape{out[0]}, "{} regions and batch indices of shape {}",
              out[0], to_string(request.input(2).shape));
  check_input(request.input(1).dtype == request.input(0).dtype,
              "images and regions are of different types");
  check_input(x[2] > 0 && x[3] > 0, "images of shape {} are empty", to_string(x));
  return make_kernel([crop](KernelContext& context) {
    visit_floating(context.input(0).dtype,
                   [&](auto tag) { run<typename decltype(tag)::type>(crop, context); });
  });
}

}  // namespace

void register_crop_and_resize(Registry& registry) {
  OpDef& definition = registry.add("CropAndResize", "com.microsoft");
  definition.infer = infer;
  definition.kernel("reference", make_crop_and_resize);
}

}  // namespace convoy
