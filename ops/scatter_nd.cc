// ScatterND, opset 11 and up (reductions add, mul from 16, min, max from 18 on): copies data, then
// combines each slice that a tuple of indices names with its update.
#include "ops/kernels/copy/copy.h"
#include "ops/kernels/index/index.h"
#include "ops/kernels/index/reduce_into.h"
#include "ops/row_copies/rows_on_gpu.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct SliceForm {
  int tuple = 0;
  int64_t rows = 1;   // tuples
  int64_t inner = 1;  // elements of a slice
  ScatterReduction reduction = ScatterReduction::kNone;
};

SliceForm describe(const Shape& data, const Shape& indices, const Shape& updates) {
  check_input(data.rank() > 0 && indices.rank() > 0, "ScatterND of {} at {}", to_string(data),
              to_string(indices));
  SliceForm form;
  form.tuple = static_cast<int>(std::min<int64_t>(indices.back(), kMaxRank + 1));
  check_input(form.tuple <= data.rank(), "tuples of {} indices for data {}", form.tuple,
              to_string(data));
  for (int i = 0; i < indices.rank() - 1; ++i) form.rows *= indices[i];
  for (int i = form.tuple; i < data.rank(); ++i) form.inner *= data[i];
  check_input(element_count(updates) == checked_multiply(form.rows, form.inner),
              "updates {} for {} slices of {} elements", to_string(updates), form.rows, form.inner);
  return form;
}

// Slices may repeat, so rows go in order and threads share the elements of a slice.
template <typename T, typename Combine>
void scatter(KernelContext& context, const SliceForm& form, const int64_t* offsets,
             Combine combine) {
  T* out = context.output(0).as<T>();
  const T* updates = context.input(2).as<T>();
  int64_t grain = std::max<int64_t>(64, 16384 / std::max<int64_t>(1, form.rows));
  context.threads().parallel_for(form.inner, grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = 0; r < form.rows; ++r) {
      T* to = out + offsets[r];
      const T* from = updates + r * form.inner;
      for (int64_t i = begin; i < end; ++i) combine(to[i], from[i]);
    }
  });
}

void find_offsets(const TensorView& data, const TensorView& indices, const SliceForm& form,
                  int64_t* offsets, ThreadPool& threads) {
  Strides strides = contiguous_strides(data.shape);
  threads.parallel_for(form.rows, 8192, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      int64_t offset = 0;
      for (int i = 0; i < form.tuple; ++i) {
        int64_t index = index_at(indices, r * form.tuple + i);
        offset += checked_index(index, data.shape[i]) * strides[i];
      }
      offsets[r] = offset;
    }
  });
}

SliceForm read_form(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const ScatterReduction reduction = scatter_reduction(attributes.text("reduction", "none"));
  attributes.finish();
  SliceForm form = describe(request.input(0).shape, request.input(1).shape, request.input(2).shape);
  check_input(request.input(2).dtype == request.input(0).dtype, "updates {} of data {}",
              to_string(request.input(2)), to_string(request.input(0)));
  request.check_output(0, request.input(0).shape);
  form.reduction = reduction;
  return form;
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  const SliceForm form = read_form(request);
  const Tensor* indices = request.constant(1);
  if (indices == nullptr) return request.refuse("indices that are not known before the run");
  std::vector<int64_t> offsets(static_cast<size_t>(form.rows));
  find_offsets(TensorView(request.input(0), nullptr), indices->contiguous().view(), form,
               offsets.data(), calling_thread());
  return make_row_scatter(request, offsets, form.inner, form.reduction);
}

std::unique_ptr<Kernel> make_scatter(KernelRequest& request) {
  const SliceForm form = read_form(request);
  request.accept_strides(0);
  request.allow_in_place(0, 0);
  request.use_scratch(static_cast<size_t>(form.rows) * sizeof(int64_t));
  return make_kernel([form](KernelContext& context) {
    const TensorView& data = context.input(0);
    if (data.data != context.output(0).data) {
      copy_parallel(data, context.output(0), context.threads());
    }
    if (form.rows == 0 || form.inner == 0) return;
    auto* offsets = reinterpret_cast<int64_t*>(context.scratch());
    find_offsets(data, context.input(1), form, offsets, context.threads());
    visit_scatter(form.reduction, data.dtype, [&](auto tag, auto combine) {
      scatter<typename decltype(tag)::type>(context, form, offsets, combine);
    });
  });
}

}  // namespace

void register_scatter_nd(Registry& registry) {
  registry.add("ScatterND")
      .kernel("reference", make_scatter)
      .kernel("rows", make_on_gpu, DeviceKind::kCuda);
}

}  // namespace convoy
