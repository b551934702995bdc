// The candidate that defines an operator.
#pragma once

#include "runtime/op/op.h"

namespace convoy {

// The last one of the CPU; the operator must have one.
inline const KernelDef& reference_kernel(const OpDef& definition) {
  const KernelDef* last = nullptr;
  for (const KernelDef& kernel : definition.kernels) {
    if (kernel.device == DeviceKind::kCpu) last = &kernel;
  }
  check_internal(last != nullptr, "{} has no kernel", definition.name);
  return *last;
}

}  // namespace convoy
