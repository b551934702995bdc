// Softmax, LogSoftmax, Hardmax, opset 1 to 28. Up to opset 12 the input is read as a matrix split
// before `axis` (default 1) and the whole row is normalized; from 13 on only `axis` (default -1).

#include <cmath>

#include "ops/batching/rules.h"
#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/softmax.h"
#include "ops/kernels/softmax/softmax.h"
#include "ops/row_offsets.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

enum class Kind { kSoftmax, kLogSoftmax, kHardmax };

// The input as [outer, n, inner], normalized along n.
struct Extent {
  int axis = 0;
  int64_t outer = 1;
  int64_t n = 1;
  int64_t inner = 1;
};

Extent read_extent(const KernelRequest& request) {
  const bool flatten = request.node().version < 13;
  AttributeReader attributes = request.attributes();
  int64_t axis = attributes.integer("axis", flatten ? 1 : -1);
  attributes.finish();
  const Shape& shape = request.input(0).shape;
  request.check_output(0, shape);
  Extent extent;
  const int rank = shape.rank();
  if (flatten && axis == rank) {
    extent.axis = rank;
  } else if (rank > 0) {
    extent.axis = normalize_axis(axis, rank);
  }
  for (int i = 0; i < rank; ++i) {
    int64_t& part = i < extent.axis                 ? extent.outer
                    : (flatten || i == extent.axis) ? extent.n
                                                    : extent.inner;
    part = checked_multiply(part, shape[i]);
  }
  return extent;
}

int64_t grain_of(int64_t elements_a_piece) {
  return std::max<int64_t>(1, 8192 / std::max<int64_t>(1, elements_a_piece));
}

// One column of x[n][inner].
template <typename T, typename Work>
void normalize(Kind kind, const T* x, T* y, int64_t n, int64_t inner) {
  Work top = -std::numeric_limits<Work>::infinity();
  int64_t first = 0;
  for (int64_t i = 0; i < n; ++i) {
    Work value = static_cast<Work>(x[i * inner]);
    if (value > top) {
      top = value;
      first = i;
    }
  }
  if (kind == Kind::kHardmax) {
    for (int64_t i = 0; i < n; ++i) y[i * inner] = static_cast<T>(i == first ? 1.0f : 0.0f);
    return;
  }
  Work total = 0;
  for (int64_t i = 0; i < n; ++i) total += std::exp(static_cast<Work>(x[i * inner]) - top);
  const Work log_total = std::log(total);
  for (int64_t i = 0; i < n; ++i) {
    Work shifted = static_cast<Work>(x[i * inner]) - top;
    y[i * inner] =
        static_cast<T>(kind == Kind::kSoftmax ? std::exp(shifted) / total : shifted - log_total);
  }
}

template <typename T>
void run_reference(Kind kind, const Extent& extent, KernelContext& context) {
  using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
  const T* x = context.input(0).as<T>();
  T* y = context.output(0).as<T>();
  const int64_t slab = extent.n * extent.inner;
  context.threads().parallel_for(
      extent.outer * extent.inner, grain_of(extent.n), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          int64_t at = i / extent.inner * slab + i % extent.inner;
          normalize<T, Work>(kind, x + at, y + at, extent.n, extent.inner);
        }
      });
}

template <Kind kind>
std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  const Extent extent = read_extent(request);
  return make_kernel([extent](KernelContext& context) {
    if (context.output(0).count() == 0) return;
    visit_floating(context.input(0).dtype, [&](auto tag) {
      run_reference<typename decltype(tag)::type>(kind, extent, context);
    });
  });
}

// float32; rows may lie anywhere, each contiguous or not.
std::unique_ptr<Kernel> make_rows(KernelRequest& request, const Extent& extent, bool log) {
  const SoftmaxKernels& kernels = softmax_kernels(request.isa);
  auto row = log ? kernels.log_row : kernels.row;
  const bool one_axis = extent.axis == request.input(0).rank() - 1;
  RowOffsets rows;
  int64_t step = 1;
  if (one_axis) {
    request.accept_strides(0);
    rows = RowOffsets(request.input(0), extent.axis);
    step = request.input(0).strides[extent.axis];
  } else {
    rows = RowOffsets::evenly(extent.n);
  }
  return make_kernel([extent, row, rows, step](KernelContext& context) {
    if (context.output(0).count() == 0) return;
    const float* x = context.input(0).as<float>();
    float* y = context.output(0).as<float>();
    const int64_t n = extent.n;
    context.threads().parallel_for(extent.outer, grain_of(n), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float* in = x + rows[i];
        float* out = y + i * n;
        if (step != 1) {
          for (int64_t k = 0; k < n; ++k) out[k] = in[k * step];
          in = out;
        }
        row(in, out, n);
      }
    });
  });
}

constexpr int64_t kWidth = 256;  // columns in one piece of work

std::unique_ptr<Kernel> make_columns(KernelRequest& request, const Extent& extent, bool log) {
  const SoftmaxKernels& kernels = softmax_kernels(request.isa);
  auto columns = log ? kernels.log_columns : kernels.columns;
  return make_kernel([extent, columns](KernelContext& context) {
    if (context.output(0).count() == 0) return;
    const float* x = context.input(0).as<float>();
    float* y = context.output(0).as<float>();
    const auto [axis, outer, n, inner] = extent;
    const int64_t pieces = (inner + kWidth - 1) / kWidth;
    const int64_t grain = grain_of(n * std::min(inner, kWidth));
    context.threads().parallel_for(outer * pieces, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t column = i % pieces * kWidth;
        const int64_t at = i / pieces * n * inner + column;
        columns(x + at, y + at, n, inner, std::min(kWidth, inner - column));
      }
    });
  });
}

template <bool log>
std::unique_ptr<Kernel> make_vectorized(KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only for float32");
  const Extent extent = read_extent(request);
  request.allow_in_place(0, 0);
  return extent.inner == 1 ? make_rows(request, extent, log) : make_columns(request, extent, log);
}

template <bool log>
std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only for float32");
  const Extent extent = read_extent(request);
  request.allow_in_place(0, 0);
  if (request.output(0).count() == 0) return make_kernel([](KernelContext&) {});
  const cuda::Softmax planned{nullptr, nullptr, extent.outer, extent.n, extent.inner, log};
  return make_cuda_launch(request, "softmax", planned,
                          [](cuda::Softmax& softmax, KernelContext& context) {
                            softmax.x = context.input(0).as<const float>();
                            softmax.y = context.output(0).as<float>();
                          });
}

}  // namespace

void register_softmax(Registry& registry) {
  registry.add("Softmax")
      .summing()
      .kernel("vectorized", make_vectorized<false>)
      .kernel("reference", make_reference<Kind::kSoftmax>)
      .kernel("blocks", make_on_gpu<false>, DeviceKind::kCuda)
      .batching = {batch_softmax};
  registry.add("LogSoftmax")
      .summing()
      .kernel("vectorized", make_vectorized<true>)
      .kernel("reference", make_reference<Kind::kLogSoftmax>)
      .kernel("blocks", make_on_gpu<true>, DeviceKind::kCuda)
      .batching = {batch_softmax};
  registry.add("Hardmax").kernel("reference", make_reference<Kind::kHardmax>).batching = {
      batch_softmax};
}

}  // namespace convoy
