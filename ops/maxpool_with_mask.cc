// MaxpoolWithMask of com.microsoft, opset 1: MaxPool that reads each line of a window up to the
// first element whose mask (int32, one or more planes, which repeat) is 0; element 0 of a plane is
// always read. The lowest float where nothing is. float32.
#include <algorithm>
#include <limits>

#include "ops/conv/window.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct MaskedPool {
  Window window;
  Strides strides;  // of the spatial axes of the input
  int64_t planes = 0;
  Shape output;
};

MaskedPool read(const Node& node, const Shape& x, const Shape& mask) {
  AttributeReader attributes(node);
  const WindowAttributes window = read_window(attributes);
  check_supported(attributes.integer("storage_order", 0) == 0, "storage_order 1");
  attributes.finish();
  check_model(!window.kernel_shape.empty(), "the attribute 'kernel_shape' is missing");
  check_input(x.rank() >= 3, "a tensor of shape {} has no planes", to_string(x));
  MaskedPool pool;
  const Dims spatial = spatial_sizes(x);
  pool.window = resolve_window(window, spatial, Dims(window.kernel_shape));
  pool.strides = contiguous_strides(spatial);
  pool.planes = checked_multiply(x[0], x[1]);
  const int64_t plane = element_count(spatial);
  const int64_t masked = element_count(mask);
  check_input(plane > 0 && masked > 0 && masked % plane == 0,
              "a mask of shape {} does not fit planes of {} elements", to_string(mask), plane);
  pool.output = x;
  for (int i = 0; i < pool.window.rank(); ++i) pool.output[2 + i] = pool.window[i].output_size;
  return pool;
}

// The largest of the taps of axis `axis` and those behind it.
float largest(const MaskedPool& pool, const float* x, const int32_t* mask, const Dims& at, int axis,
              int64_t offset) {
  const Window& window = pool.window;
  float top = std::numeric_limits<float>::lowest();
  const int64_t start = at[axis] * window[axis].stride - window[axis].pad_begin;
  for (int64_t k = window[axis].first_tap(at[axis]); k < window[axis].last_tap(at[axis]); ++k) {
    const int64_t element = offset + (start + k * window[axis].dilation) * pool.strides[axis];
    if (axis + 1 < window.rank()) {
      top = std::max(top, largest(pool, x, mask, at, axis + 1, element));
      continue;
    }
    if (element > 0 && mask[element] == 0) break;
    top = std::max(top, x[element]);
  }
  return top;
}

void run(const MaskedPool& pool, KernelContext& context) {
  const Window& window = pool.window;
  const int64_t plane = element_count(window.input());
  const int64_t outputs = element_count(window.output());
  const int64_t masks = context.input(1).count() / plane;
  context.threads().parallel_for(pool.planes, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; ++p) {
      const float* x = context.input(0).as<float>() + p * plane;
      const auto* mask = context.input(1).as<int32_t>() + p % masks * plane;
      for (int64_t i = 0; i < outputs; ++i) {
        Dims at = Dims::filled(window.rank(), 0);
        int64_t rest = i;
        for (int axis = window.rank() - 1; axis >= 0; --axis) {
          at[axis] = rest % window[axis].output_size;
          rest /= window[axis].output_size;
        }
        context.output(0).as<float>()[p * outputs + i] = largest(pool, x, mask, at, 0, 0);
      }
    }
  });
}

std::unique_ptr<Kernel> make_maxpool_with_mask(KernelRequest& request) {
  check_supported(
      request.input(0).dtype == DType::kFloat32 && request.input(1).dtype == DType::kInt32,
      "MaxpoolWithMask of {} with a mask of {}", to_string(request.input(0).dtype),
      to_string(request.input(1).dtype));
  const MaskedPool pool = read(request.node(), request.input(0).shape, request.input(1).shape);
  request.check_output(0, pool.output);
  return make_kernel([pool](KernelContext& context) { run(pool, context); });
}

}  // namespace

void register_maxpool_with_mask(Registry& registry) {
  OpDef& definition = registry.add("MaxpoolWithMask", "com.microsoft");
  definition.infer = [](InferRequest& request) {
    request.set_output(0, request.inputs[0].dtype,
                       read(request.node, request.inputs[0].shape, request.inputs[1].shape).output);
  };
  definition.kernel("reference", make_maxpool_with_mask);
}

}  // namespace convoy
