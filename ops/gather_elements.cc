// GatherElements, opset 11 and up: output[i][j][k] = data[i][indices[i][j][k]][k] for axis 1.
// Any element type.
#include "ops/kernels/index/index.h"
#include "ops/row_copies/rows_on_gpu.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Offset in `data` of the element at row-major position `at` of `shape`, its index on `axis` apart.
int64_t offset_of(const Shape& shape, const Strides& strides, int axis, int64_t at) {
  int64_t offset = 0;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (i != axis) offset += at % shape[i] * strides[i];
    at /= shape[i];
  }
  return offset;
}

template <typename T>
void gather(const TensorView& data, const TensorView& indices, int axis, T* out,
            ThreadPool& threads) {
  Strides strides = contiguous_strides(data.shape);
  int last = indices.rank() - 1;
  int64_t width = indices.shape[last];
  int64_t rows = indices.count() / width;
  int64_t column_step = axis == last ? 0 : 1;
  const T* from = data.as<T>();
  threads.parallel_for(rows, std::max<int64_t>(1, 16384 / width), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      int64_t base = offset_of(indices.shape, strides, axis, r * width);
      for (int64_t c = 0; c < width; ++c) {
        int64_t index = checked_index(index_at(indices, r * width + c), data.shape[axis]);
        out[r * width + c] = from[base + c * column_step + index * strides[axis]];
      }
    }
  });
}

void run_gather(KernelContext& context, int axis) {
  const TensorView& data = context.input(0);
  const TensorView& indices = context.input(1);
  if (indices.count() == 0) return;
  auto run = [&](auto zero) {
    using T = decltype(zero);
    gather<T>(data, indices, axis, context.output(0).as<T>(), context.threads());
  };
  if (data.dtype == DType::kString) return run(std::string());
  switch (size_of(data.dtype)) {
    case 1: return run(uint8_t{});
    case 2: return run(uint16_t{});
    case 4: return run(uint32_t{});
    case 8: return run(uint64_t{});
    default: return run(std::complex<double>{});
  }
}

int read_axis(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  int64_t given = attributes.integer("axis", 0);
  attributes.finish();
  const Shape& data = request.input(0).shape;
  const Shape& indices = request.input(1).shape;
  check_input(data.rank() == indices.rank() && data.rank() > 0, "data {} and indices {}",
              to_string(data), to_string(indices));
  int axis = normalize_axis(given, data.rank());
  for (int i = 0; i < data.rank(); ++i) {
    check_input(i == axis || indices[i] <= data[i], "indices {} reach outside of data {}",
                to_string(indices), to_string(data));
  }
  request.check_output(0, indices);
  return axis;
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  const int axis = read_axis(request);
  const Tensor* indices = request.constant(1);
  if (indices == nullptr) return request.refuse("indices that are not known before the run");
  return make_row_picks(request, element_offsets(*indices, request.input(0).shape, axis), 1);
}

std::unique_ptr<Kernel> make_gather(KernelRequest& request) {
  const int axis = read_axis(request);
  return make_kernel([axis](KernelContext& context) { run_gather(context, axis); });
}

}  // namespace

void register_gather_elements(Registry& registry) {
  registry.add("GatherElements")
      .kernel("reference", make_gather)
      .kernel("rows", make_on_gpu, DeviceKind::kCuda);
}

}  // namespace convoy
