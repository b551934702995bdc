#include "ops/views/copy_view.h"

#include "ops/kernels/copy/copy.h"

namespace convoy {

void copy_view(const KernelContext& context, const TensorView& from, const TensorView& to) {
  if (to.device.is_host()) return copy_parallel(from, to, context.threads());
  find_device(to.device).convert(from, to, context.queue());
}

KernelFactory copies_on_gpu(KernelFactory make) {
  return [make = std::move(make)](KernelRequest& request) -> std::unique_ptr<Kernel> {
    if (!request.has_input(0)) return request.refuse("no tensor");
    for (const TensorDesc& input : request.inputs) {
      if (input.dtype == DType::kString) return request.refuse("texts");
    }
    return make(request);
  };
}

}  // namespace convoy
