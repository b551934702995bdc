// Copies that kernels of any device make.
#pragma once

#include "runtime/op/op.h"

namespace convoy {

// Copies elements between plain views of equal type and shape on the device that the kernel runs
// on.
void copy_view(const KernelContext& context, const TensorView& from, const TensorView& to);

// A factory whose kernels only copy by copy_view, for a GPU: it refuses texts.
KernelFactory copies_on_gpu(KernelFactory make);

}  // namespace convoy
