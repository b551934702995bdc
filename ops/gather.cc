// Gather, opset 1 and up: output[a…, i…, b…] = data[a…, indices[i…], b…] along one axis.
// Any element type. A view for a constant index that is a scalar or steps evenly.
#include <cstring>

#include "ops/batching/rules.h"
#include "ops/cuda_kernel.h"
#include "ops/kernels/copy/copy.h"
#include "ops/kernels/cuda/gather.h"
#include "ops/kernels/index/index.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

int read_axis(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  int64_t axis = attributes.integer("axis", 0);
  attributes.finish();
  const Shape& data = request.input(0).shape;
  int at = normalize_axis(axis, data.rank());
  Shape output(std::span(data.begin(), static_cast<size_t>(at)));
  for (int64_t size : request.input(1).shape) output.push_back(size);
  for (int i = at + 1; i < data.rank(); ++i) output.push_back(data[i]);
  request.check_output(0, output);
  return at;
}

// The axis of the indices replaces the gathered one: none for a scalar, one for a 1-D index.
std::optional<ViewSpec> view_gather(const KernelRequest& request, int) {
  const Tensor* constant = request.constant(1);
  const TensorDesc& data = request.input(0);
  if (constant == nullptr || constant->rank() > 1 || !data.layout.plain()) return std::nullopt;
  int axis = read_axis(request);
  std::vector<int64_t> indices = to_int64s(*constant);
  if (indices.empty()) return std::nullopt;
  for (int64_t& index : indices) index = checked_index(index, data.shape[axis]);
  int64_t step = indices.size() > 1 ? indices[1] - indices[0] : 1;
  for (size_t i = 1; i < indices.size(); ++i) {
    if (indices[i] - indices[i - 1] != step) return std::nullopt;
  }
  ViewSpec spec{data.shape, data.strides, indices[0] * data.strides[axis]};
  if (constant->rank() == 0) {
    spec.shape.erase(axis);
    spec.strides.erase(axis);
  } else {
    spec.shape[axis] = static_cast<int64_t>(indices.size());
    spec.strides[axis] *= step;
  }
  if (element_count(spec.shape) == 0) spec.offset = 0;
  return spec;
}

// Rows of `row` bytes: outer × indices of them in the output, outer × length in the data.
struct Rows {
  int64_t outer = 1;
  int64_t length = 0;
  int64_t picked = 0;
  size_t bytes = 0;
};

template <typename T>
void gather_elements(const Rows& rows, const T* data, const int64_t* indices, T* out, int64_t begin,
                     int64_t end) {
  int64_t outer = begin / rows.picked;
  int64_t k = begin % rows.picked;
  for (int64_t r = begin; r < end; ++r) {
    out[r] = data[outer * rows.length + indices[k]];
    if (++k == rows.picked) {
      k = 0;
      ++outer;
    }
  }
}

void gather_rows(const Rows& rows, const std::byte* data, const int64_t* indices, std::byte* out,
                 int64_t begin, int64_t end) {
  if (rows.bytes == 4) {
    return gather_elements(rows, reinterpret_cast<const uint32_t*>(data), indices,
                           reinterpret_cast<uint32_t*>(out), begin, end);
  }
  if (rows.bytes == 8) {
    return gather_elements(rows, reinterpret_cast<const uint64_t*>(data), indices,
                           reinterpret_cast<uint64_t*>(out), begin, end);
  }
  for (int64_t r = begin; r < end; ++r) {
    int64_t from = r / rows.picked * rows.length + indices[r % rows.picked];
    std::memcpy(out + static_cast<size_t>(r) * rows.bytes,
                data + static_cast<size_t>(from) * rows.bytes, rows.bytes);
  }
}

void gather_strings(const Rows& rows, int64_t inner, const std::string* data,
                    const int64_t* indices, std::string* out) {
  for (int64_t r = 0; r < rows.outer * rows.picked; ++r) {
    int64_t from = r / rows.picked * rows.length + indices[r % rows.picked];
    for (int64_t i = 0; i < inner; ++i) out[r * inner + i] = data[from * inner + i];
  }
}

void run_gather(KernelContext& context, int axis) {
  const TensorView& data = context.input(0);
  const TensorView& output = context.output(0);
  auto* indices = reinterpret_cast<int64_t*>(context.scratch());
  check_indices(context.input(1), data.shape[axis], indices, context.threads());
  if (output.count() == 0) return;
  Rows rows;
  int64_t inner = 1;
  for (int i = 0; i < data.rank(); ++i) {
    if (i != axis) (i < axis ? rows.outer : inner) *= data.shape[i];
  }
  rows.length = data.shape[axis];
  rows.picked = context.input(1).count();
  if (data.dtype == DType::kString) {
    return gather_strings(rows, inner, data.as<std::string>(), indices, output.as<std::string>());
  }
  rows.bytes = static_cast<size_t>(inner) * size_of(data.dtype);
  int64_t grain = std::max<int64_t>(1, 16384 / inner);
  context.threads().parallel_for(rows.outer * rows.picked, grain, [&](int64_t begin, int64_t end) {
    gather_rows(rows, data.as<const std::byte>(), indices, output.as<std::byte>(), begin, end);
  });
}

// A few slices, one copy each: reads and writes in place whatever the strides.
std::unique_ptr<Kernel> make_slices(KernelRequest& request) {
  constexpr int64_t kFew = 64;
  int axis = read_axis(request);
  const TensorDesc& indices = request.input(1);
  bool few = indices.rank() == 1 && indices.count() <= kFew;
  if (!few) return request.refuse("needs a 1-D index of at most 64 entries");
  const TensorDesc& data = request.input(0);
  constexpr int64_t kLongRow = 64;
  if (data.is_contiguous() && data.rank() > 0 && data.strides[axis] < kLongRow) {
    return request.refuse("short rows are gathered one by one");
  }
  request.accept_strides(0);
  request.accept_output_strides(0);
  return make_kernel([axis](KernelContext& context) {
    const TensorView& data = context.input(0);
    const TensorView& indices = context.input(1);
    const TensorView& output = context.output(0);
    for (int64_t k = 0; k < indices.count(); ++k) {
      int64_t index = checked_index(index_at(indices, k), data.shape[axis]);
      if (output.count() == 0) continue;
      copy_parallel(sliced_view(data, axis, index, 1), sliced_view(output, axis, k, 1),
                    context.threads());
    }
  });
}

std::unique_ptr<Kernel> make_gather(KernelRequest& request) {
  int axis = read_axis(request);
  request.use_scratch(static_cast<size_t>(request.input(1).count()) * sizeof(int64_t));
  return make_kernel([axis](KernelContext& context) { run_gather(context, axis); });
}

// Indices are checked while planning: a GPU has no way to complain.
std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  const int axis = read_axis(request);
  const TensorDesc& data = request.input(0);
  const Tensor* indices = request.constant(1);
  if (indices == nullptr) return request.refuse("indices that are not known before the run");
  if (data.dtype == DType::kString || size_of(data.dtype) > 8) {
    return request.refuse("elements of more than 8 bytes");
  }
  for (int64_t index : to_int64s(*indices)) checked_index(index, data.shape[axis]);
  cuda::Gather planned;
  planned.length = data.shape[axis];
  planned.picked = indices->count();
  for (int i = 0; i < data.rank(); ++i) {
    if (i != axis) (i < axis ? planned.outer : planned.inner) *= data.shape[i];
  }
  planned.element_bytes = static_cast<int>(size_of(data.dtype));
  planned.index_bytes = static_cast<int>(size_of(request.input(1).dtype));
  if (request.output(0).count() == 0) return make_kernel([](KernelContext&) {});
  return make_cuda_launch(request, "gather", planned,
                          [](cuda::Gather& gather, KernelContext& context) {
                            gather.data = context.input(0).data;
                            gather.indices = context.input(1).data;
                            gather.out = context.output(0).data;
                          });
}

}  // namespace

void register_gather(Registry& registry) {
  OpDef& definition = registry.add("Gather").batched({batch_gather});
  definition.kernel("slices", make_slices)
      .kernel("rows", make_gather)
      .kernel("elements", make_on_gpu, DeviceKind::kCuda)
      .view = view_gather;
}

}  // namespace convoy
