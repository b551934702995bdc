#include "ops/conv_transpose/conv_transpose.h"
#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/conv_transpose.h"

namespace convoy {

std::unique_ptr<Kernel> make_cuda_conv_transpose(KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  const ConvTransposeShape shape = read_conv_transpose(request);
  constexpr int kAxes = 3;
  if (shape.rank() > kAxes) return request.refuse("more than 3 spatial axes");
  cuda::ConvTranspose planned;
  planned.batch = shape.batch;
  planned.groups = shape.groups;
  planned.in = shape.group_in();
  planned.out = shape.group_out();
  for (int i = 0; i < shape.rank(); ++i) planned.axis[kAxes - shape.rank() + i] = shape[i];
  if (request.output(0).count() == 0) return make_kernel([](KernelContext&) {});
  return make_cuda_launch(request, "conv_transpose", planned,
                          [](cuda::ConvTranspose& conv, KernelContext& context) {
                            conv.x = context.input(0).as<const float>();
                            conv.w = context.input(1).as<const float>();
                            if (context.has_input(2))
                              conv.bias = context.input(2).as<const float>();
                            conv.y = context.output(0).as<float>();
                          });
}

}  // namespace convoy
