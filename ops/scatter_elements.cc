// ScatterElements, opset 11 and up (reductions add, mul from 16, min, max from 18 on), and Scatter,
// opset 9 and 10: copies data, then output[i][indices[i][j]] ⊕= updates[i][j] for axis 1.
#include "ops/kernels/copy/copy.h"
#include "ops/kernels/index/index.h"
#include "ops/kernels/index/reduce_into.h"
#include "ops/row_copies/rows_on_gpu.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Updates are applied in order: of two that fall on one element the later one wins. Lines along the
// axis never meet, so threads share the lines.
template <typename T, typename Combine>
void scatter(KernelContext& context, int axis, Combine combine) {
  const TensorView& out = context.output(0);
  const TensorView& indices = context.input(1);
  const T* updates = context.input(2).as<T>();
  Strides strides = contiguous_strides(out.shape);
  Strides steps = contiguous_strides(indices.shape);
  int64_t length = indices.shape[axis];
  int64_t lines = indices.count() / length;
  int64_t grain = std::max<int64_t>(1, 16384 / length);
  context.threads().parallel_for(lines, grain, [&](int64_t begin, int64_t end) {
    for (int64_t line = begin; line < end; ++line) {
      int64_t rest = line;
      int64_t to = 0;
      int64_t from = 0;
      for (int i = out.rank() - 1; i >= 0; --i) {
        if (i == axis) continue;
        to += rest % indices.shape[i] * strides[i];
        from += rest % indices.shape[i] * steps[i];
        rest /= indices.shape[i];
      }
      for (int64_t k = 0; k < length; ++k) {
        int64_t at = from + k * steps[axis];
        int64_t index = checked_index(index_at(indices, at), out.shape[axis]);
        combine(out.as<T>()[to + index * strides[axis]], updates[at]);
      }
    }
  });
}

struct ScatterForm {
  int axis = 0;
  ScatterReduction reduction = ScatterReduction::kNone;
};

ScatterForm read_form(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  int64_t given = attributes.integer("axis", 0);
  ScatterReduction reduction = scatter_reduction(attributes.text("reduction", "none"));
  attributes.finish();
  const Shape& data = request.input(0).shape;
  const Shape& indices = request.input(1).shape;
  check_input(data.rank() == indices.rank() && data.rank() > 0 &&
                  indices == request.input(2).shape &&
                  request.input(2).dtype == request.input(0).dtype,
              "data {}, indices {} and updates {}", to_string(request.input(0)), to_string(indices),
              to_string(request.input(2)));
  int axis = normalize_axis(given, data.rank());
  for (int i = 0; i < data.rank(); ++i) {
    check_input(i == axis || indices[i] <= data[i], "indices {} reach outside of data {}",
                to_string(indices), to_string(data));
  }
  request.check_output(0, data);
  return {axis, reduction};
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  const ScatterForm form = read_form(request);
  const Tensor* indices = request.constant(1);
  if (indices == nullptr) return request.refuse("indices that are not known before the run");
  return make_row_scatter(request, element_offsets(*indices, request.input(0).shape, form.axis), 1,
                          form.reduction);
}

std::unique_ptr<Kernel> make_scatter(KernelRequest& request) {
  const auto [axis, reduction] = read_form(request);
  request.accept_strides(0);
  request.allow_in_place(0, 0);
  return make_kernel([axis = axis, reduction = reduction](KernelContext& context) {
    const TensorView& data = context.input(0);
    if (data.data != context.output(0).data) {
      copy_parallel(data, context.output(0), context.threads());
    }
    if (context.input(1).count() == 0) return;
    visit_scatter(reduction, data.dtype, [&](auto tag, auto combine) {
      scatter<typename decltype(tag)::type>(context, axis, combine);
    });
  });
}

}  // namespace

void register_scatter_elements(Registry& registry) {
  for (const char* name : {"ScatterElements", "Scatter"}) {
    registry.add(name)
        .kernel("reference", make_scatter)
        .kernel("rows", make_on_gpu, DeviceKind::kCuda);
  }
}

}  // namespace convoy
