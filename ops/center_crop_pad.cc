// CenterCropPad, opset 18 and up: crops or pads (with zeros) the named axes around their middle to
// the sizes given; of an odd difference the smaller half comes first. Any element type.
#include "ops/kernels/copy/copy.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

std::unique_ptr<Kernel> make_center(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  attributes.ignore("axes");
  attributes.finish();
  check_model(request.input(0).rank() == request.output(0).rank(), "the output has rank {}",
              request.output(0).rank());
  request.accept_strides(0);
  request.accept_output_strides(0);
  return make_kernel([](KernelContext& context) {
    TensorView from = context.input(0);
    TensorView to = context.output(0);
    if (to.count() == 0) return;
    if (!(from.shape == to.shape)) {
      std::complex<double> zero = 0;
      std::string empty;
      bool text = to.dtype == DType::kString;
      fill_parallel(to, text ? static_cast<const void*>(&empty) : &zero, context.threads());
    }
    for (int i = 0; i < to.rank(); ++i) {
      int64_t difference = to.shape[i] - from.shape[i];
      if (difference < 0) from = sliced_view(from, i, -difference / 2, to.shape[i]);
      if (difference > 0) to = sliced_view(to, i, difference / 2, from.shape[i]);
    }
    if (from.count() > 0) copy_parallel(from, to, context.threads());
  });
}

}  // namespace

void register_center_crop_pad(Registry& registry) {
  registry.add("CenterCropPad")
      .versions(18, std::numeric_limits<int>::max())
      .kernel("copy", make_center);
}

}  // namespace convoy
