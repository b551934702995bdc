#include "ops/row_copies/rows_on_gpu.h"

#include <algorithm>
#include <cstring>

#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/rows.h"
#include "ops/kernels/index/index.h"
#include "ops/views/copy_view.h"
#include "runtime/op/weight_cache.h"

namespace convoy {
namespace {

bool is_copied_by_bytes(const TensorDesc& desc) {
  return desc.dtype != DType::kString && size_of(desc.dtype) <= 8;
}

std::shared_ptr<const Buffer> send(const KernelRequest& request,
                                   const std::vector<int64_t>& offsets) {
  const size_t bytes = offsets.size() * sizeof(int64_t);
  return packed_on(find_device(request.device), bytes, [&](void* to) {
    if (bytes > 0) std::memcpy(to, offsets.data(), bytes);
  });
}

bool rows_meet(std::vector<int64_t> offsets, int64_t inner) {
  std::ranges::sort(offsets);
  for (size_t i = 1; i < offsets.size(); ++i) {
    if (offsets[i] - offsets[i - 1] < inner) return true;
  }
  return false;
}

cuda::RowUpdate update_of(ScatterReduction reduction) {
  switch (reduction) {
    case ScatterReduction::kNone: return cuda::RowUpdate::assign;
    case ScatterReduction::kAdd: return cuda::RowUpdate::add;
    case ScatterReduction::kMultiply: return cuda::RowUpdate::multiply;
    case ScatterReduction::kMinimum: return cuda::RowUpdate::minimum;
    case ScatterReduction::kMaximum: return cuda::RowUpdate::maximum;
  }
  return cuda::RowUpdate::assign;
}

}  // namespace

std::vector<int64_t> element_offsets(const Tensor& indices, const Shape& data, int axis) {
  const Strides strides = contiguous_strides(data);
  std::vector<int64_t> offsets = to_int64s(indices);
  for (size_t i = 0; i < offsets.size(); ++i) {
    int64_t offset = checked_index(offsets[i], data[axis]) * strides[axis];
    auto rest = static_cast<int64_t>(i);
    for (int other = data.rank() - 1; other >= 0; --other) {
      const int64_t size = indices.shape()[other];
      if (other != axis) offset += rest % size * strides[other];
      rest /= size;
    }
    offsets[i] = offset;
  }
  return offsets;
}

std::unique_ptr<Kernel> make_row_picks(KernelRequest& request, const std::vector<int64_t>& offsets,
                                       int64_t inner) {
  if (!is_copied_by_bytes(request.input(0))) {
    return request.refuse("elements of more than 8 bytes");
  }
  if (request.output(0).count() == 0) return make_kernel([](KernelContext&) {});
  cuda::PickRows planned;
  planned.rows = static_cast<int64_t>(offsets.size());
  planned.inner = inner;
  planned.element_bytes = static_cast<int>(size_of(request.input(0).dtype));
  return make_cuda_launch(
      request, "pick_rows", planned,
      [places = send(request, offsets)](cuda::PickRows& picks, KernelContext& context) {
        picks.data = context.input(0).data;
        picks.offsets = reinterpret_cast<const int64_t*>(places->data());
        picks.out = context.output(0).data;
      });
}

std::unique_ptr<Kernel> make_row_scatter(KernelRequest& request,
                                         const std::vector<int64_t>& offsets, int64_t inner,
                                         ScatterReduction reduction) {
  if (!is_copied_by_bytes(request.input(0))) {
    return request.refuse("elements of more than 8 bytes");
  }
  if (reduction != ScatterReduction::kNone && request.input(0).dtype != DType::kFloat32) {
    return request.refuse("reductions of float32 only");
  }
  if (rows_meet(offsets, inner)) return request.refuse("updates that fall on one element");
  request.accept_strides(0);
  request.allow_in_place(0, 0);
  cuda::ScatterRows planned;
  planned.rows = static_cast<int64_t>(offsets.size());
  planned.inner = inner;
  planned.element_bytes = static_cast<int>(size_of(request.input(0).dtype));
  planned.how = update_of(reduction);
  auto copy_data = [](KernelContext& context) {
    const TensorView& data = context.input(0);
    if (data.data != context.output(0).data) copy_view(context, data, context.output(0));
  };
  if (planned.rows * planned.inner == 0) return make_kernel(copy_data);
  return make_cuda_launch(request, "scatter_rows", planned,
                          [copy_data, places = send(request, offsets)](cuda::ScatterRows& scatter,
                                                                       KernelContext& context) {
                            copy_data(context);
                            scatter.updates = context.input(2).data;
                            scatter.offsets = reinterpret_cast<const int64_t*>(places->data());
                            scatter.out = context.output(0).data;
                          });
}

}  // namespace convoy
