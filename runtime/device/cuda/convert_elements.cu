#include "runtime/device/cuda/convert_elements.h"

#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

struct Words {
  uint64_t words[2];
};

template <typename Stored>
struct Copy {
  using From = Stored;
  using To = Stored;
  __device__ static Stored apply(Stored x) { return x; }
};
struct HalfToFloat {
  using From = uint16_t;
  using To = float;
  __device__ static float apply(uint16_t x) { return gpu::from_half(x); }
};
struct BFloat16ToFloat {
  using From = uint16_t;
  using To = float;
  __device__ static float apply(uint16_t x) { return gpu::from_bfloat16(x); }
};
struct FloatToHalf {
  using From = float;
  using To = uint16_t;
  __device__ static uint16_t apply(float x) { return gpu::to_half(x); }
};
struct FloatToBFloat16 {
  using From = float;
  using To = uint16_t;
  __device__ static uint16_t apply(float x) { return gpu::to_bfloat16(x); }
};

template <typename Conversion>
__global__ void __launch_bounds__(gpu::kThreadsOfElements) convert(ConvertElements problem) {
  for (int64_t i = gpu::first_index(); i < problem.count; i += gpu::index_step()) {
    int64_t rest = i, from = 0, to = 0;
    for (int axis = problem.rank - 1; axis >= 0; --axis) {
      const int64_t at = rest % problem.size[axis];
      rest /= problem.size[axis];
      from += at * problem.from_stride[axis];
      to += at * problem.to_stride[axis];
    }
    static_cast<typename Conversion::To*>(problem.to)[to] =
        Conversion::apply(static_cast<const typename Conversion::From*>(problem.from)[from]);
  }
}

template <typename Conversion>
int launch(const ConvertElements& problem, gpu::Stream stream) {
  return gpu::launch(convert<Conversion>, gpu::grid_for(problem.count), stream, problem);
}

CONVOY_CUDA_LAUNCH(convert_elements, ConvertElements) {
  switch (problem.how) {
    case ElementCopy::bytes1: return launch<Copy<uint8_t>>(problem, stream);
    case ElementCopy::bytes2: return launch<Copy<uint16_t>>(problem, stream);
    case ElementCopy::bytes4: return launch<Copy<uint32_t>>(problem, stream);
    case ElementCopy::bytes8: return launch<Copy<uint64_t>>(problem, stream);
    case ElementCopy::bytes16: return launch<Copy<Words>>(problem, stream);
    case ElementCopy::half_to_float: return launch<HalfToFloat>(problem, stream);
    case ElementCopy::bfloat16_to_float: return launch<BFloat16ToFloat>(problem, stream);
    case ElementCopy::float_to_half: return launch<FloatToHalf>(problem, stream);
    case ElementCopy::float_to_bfloat16: return launch<FloatToBFloat16>(problem, stream);
  }
  return -1;
}

}  // namespace
}  // namespace convoy::cuda
