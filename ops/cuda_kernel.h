// How an operator's factory makes a kernel of the library of CUDA kernels.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "runtime/device/cuda/cuda_device.h"
#include "runtime/op/kernel.h"

namespace convoy {

// Launches `name` for `planned`, to which `bind(problem, context)` has given the addresses of a
// run; refuses where the device's library has no such kernel.
template <typename Problem, typename Bind>
std::unique_ptr<Kernel> make_cuda_launch(KernelRequest& request, std::string_view name,
                                         const Problem& planned, Bind bind) {
  CudaLaunch<Problem> launch(request.device, name);
  if (!launch) return request.refuse("not in the library of kernels");
  return make_kernel([planned, launch, bind = std::move(bind)](KernelContext& context) {
    Problem problem = planned;
    bind(problem, context);
    launch(context.queue(), problem);
  });
}

}  // namespace convoy
