#include "ops/views/define_by_view.h"

#include <memory>

#include "ops/kernels/copy/copy.h"
#include "ops/views/copy_view.h"

namespace convoy {

void define_by_view(OpDef& definition, ViewReader read) {
  definition.view = [read](const KernelRequest& request, int j) -> std::optional<ViewSpec> {
    if (!request.input(0).layout.plain()) return std::nullopt;
    Viewer viewer = read(request);
    if (!viewer) return std::nullopt;
    std::optional<ViewSpec> spec = viewer(request.input(0), j);
    if (spec) request.check_output(j, spec->shape);
    return spec;
  };
  auto make = [read](KernelRequest& request) -> std::unique_ptr<Kernel> {
    Viewer viewer = read(request);
    if (!viewer) return request.refuse("an operand that decides the output's shape is not known");
    request.accept_strides(0);
    for (int j = 0; j < request.output_count(); ++j) {
      if (!request.has_output(j)) continue;
      if (auto spec = viewer(request.input(0), j)) request.check_output(j, spec->shape);
      request.accept_output_strides(j);
    }
    return make_kernel([viewer](KernelContext& context) {
      const TensorView& input = context.input(0);
      for (int j = 0; j < context.output_count(); ++j) {
        if (!context.has_output(j)) continue;
        std::optional<ViewSpec> spec = viewer(input, j);
        check_internal(spec.has_value(), "a view that was promised is none");
        if (spec->shape == context.output(j).shape && element_count(spec->shape) == 0) continue;
        copy_view(context, moved_view(input, spec->shape, spec->strides, spec->offset),
                  context.output(j));
      }
    });
  };
  definition.kernel("copy", make).kernel("copy", copies_on_gpu(make), DeviceKind::kCuda);
}

}  // namespace convoy
