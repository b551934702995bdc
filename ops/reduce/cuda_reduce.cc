#include "ops/reduce/cuda_reduce.h"

#include <algorithm>

#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/reduce.h"

namespace convoy {
namespace {

cuda::Reduction reduction_of(ReduceKind kind) {
  switch (kind) {
    case ReduceKind::kSum: return cuda::Reduction::sum;
    case ReduceKind::kMean: return cuda::Reduction::mean;
    case ReduceKind::kMax: return cuda::Reduction::max;
    case ReduceKind::kMin: return cuda::Reduction::min;
    case ReduceKind::kProd: return cuda::Reduction::product;
    case ReduceKind::kSumSquare: return cuda::Reduction::sum_square;
    case ReduceKind::kL1: return cuda::Reduction::l1;
    case ReduceKind::kL2: return cuda::Reduction::l2;
    case ReduceKind::kLogSum: return cuda::Reduction::log_sum;
    case ReduceKind::kLogSumExp: return cuda::Reduction::log_sum_exp;
  }
  return cuda::Reduction::sum;
}

// The axes of `rows`, then one of `n` elements; false where there are too many.
bool describe(const RowOffsets& rows, int64_t n, int64_t stride, cuda::StridedIndex& index) {
  if (rows.shape().rank() >= cuda::StridedIndex::kMaxAxes) return false;
  index.rank = rows.shape().rank();
  std::copy(rows.shape().begin(), rows.shape().end(), index.size);
  std::copy(rows.strides().begin(), rows.strides().end(), index.stride);
  index.size[index.rank] = n;
  index.stride[index.rank++] = stride;
  return true;
}

}  // namespace

std::unique_ptr<Kernel> make_cuda_reduction(KernelRequest& request, ReduceKind kind,
                                            const ReducePlan& plan) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only for float32");
  cuda::Reduce planned;
  planned.outputs = plan.outputs;
  planned.count = plan.reduced_count;
  planned.kind = reduction_of(kind);
  if (!describe(plan.kept_outer, plan.width, plan.width_stride, planned.kept) ||
      !describe(plan.reduced, plan.n, plan.stride, planned.reduced)) {
    return request.refuse("too many axes");
  }
  request.accept_strides(0);
  if (planned.outputs == 0) return make_kernel([](KernelContext&) {});
  return make_cuda_launch(request, "reduce", planned,
                          [](cuda::Reduce& reduce, KernelContext& context) {
                            reduce.x = context.input(0).as<const float>();
                            reduce.y = context.output(0).as<float>();
                          });
}

}  // namespace convoy
