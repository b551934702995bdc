// Quantized matrix products on integers: constant weights less their zero points, packed once in 16
// bits, and rows that are packed as they are needed.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "ops/kernels/gemm/integer_gemm.h"
#include "ops/matmul/matmul.h"
#include "ops/quantized/quantized.h"
#include "runtime/base/task_queue.h"

namespace convoy {
namespace {

using kernels::IntegerGemm;

// A block of packed rows is to stay in the second-level cache.
constexpr int64_t kBlockNumbers = 96 * 1024;
constexpr int64_t kMostRows = 96;

// Rows of a block: enough blocks for the threads to share, and no more than the cache holds.
int64_t rows_of_block(int64_t m, int64_t k, int threads) {
  const int64_t shared = (m + 4 * threads - 1) / (4 * threads);
  const int64_t most =
      std::min(kMostRows, std::max<int64_t>(1, kBlockNumbers / std::max<int64_t>(k, 1)));
  return std::max<int64_t>(1, std::min(threads == 1 ? most : shared, most));
}

// Row i of A[m, k], less its zero point, to its place in a block; rows behind the last are 0.
template <typename T>
void pack_rows(const IntegerGemm& gemm, const T* a, int64_t k, int64_t rows, int32_t zero,
               int16_t* block) {
  std::memset(block, 0, static_cast<size_t>(gemm.block_size()) * sizeof(int16_t));
  for (int64_t i = 0; i < rows; ++i) {
    int16_t* to = block + gemm.place(i, 0);
    const T* from = a + i * k;
    for (int64_t p = 0; p + 1 < k; p += 2, to += gemm.step_of_pair()) {
      to[0] = static_cast<int16_t>(from[p] - zero);
      to[1] = static_cast<int16_t>(from[p + 1] - zero);
    }
    if (k % 2 == 1) to[0] = static_cast<int16_t>(from[k - 1] - zero);
  }
}

class IntegerMatMul : public Kernel {
 public:
  IntegerMatMul(KernelRequest& request, const QuantizedSlots& slots, const MatMulShape& shape)
      : slots_(slots),
        isa_(request.isa),
        n_(shape.n),
        k_(shape.k),
        gemm_(shape.m, shape.n, shape.k,
              rows_of_block(shape.m, shape.k, threads_for(request, shape)), request.isa),
        pieces_(std::min<int64_t>(gemm_.block_count(), threads_for(request, shape))) {
    const Tensor b = request.constant(slots.w)->contiguous();
    const WeightZeros zeros(request, slots, n_);
    const size_t bytes = static_cast<size_t>(gemm_.packed_size()) * sizeof(int16_t);
    packed_ = request.weights->get(
        *request.constant(slots.w),
        fmt::format("matrix pairs,{},{}", to_string(request.isa), zeros.text()), bytes,
        [&](void* to) {
          visit_bytes(b.view(), [&](const auto* from) {
            gemm_.pack([&](int64_t p, int64_t j) { return from[p * n_ + j] - zeros[j]; },
                       static_cast<int16_t*>(to));
          });
        });
    request.use_scratch(static_cast<size_t>(pieces_ * gemm_.block_size()) * sizeof(int16_t));
  }

  void run(KernelContext& context) const override {
    const TensorView& a = context.input(slots_.x);
    const int32_t zero = zero_points(context, slots_.x_zero, 1)[0];
    const Rescale rescale(context, slots_, n_, true, isa_);
    const auto* packed = reinterpret_cast<const int16_t*>(packed_->data());
    TaskQueue queue(gemm_.block_count(), pieces_);
    context.threads().parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        int16_t* block = reinterpret_cast<int16_t*>(context.scratch()) + piece * gemm_.block_size();
        while (auto tasks = queue.take(piece)) {
          for (int64_t task = tasks.begin; task < tasks.end; ++task) {
            const int64_t first = gemm_.first_row(task), rows = gemm_.row_count(task);
            visit_bytes(a, [&](const auto* from) {
              pack_rows(gemm_, from + first * k_, k_, rows, zero, block);
            });
            gemm_.multiply(block, rows, packed, [&](const kernels::IntegerSums& sums) {
              for (int64_t i = 0; i < sums.rows; ++i) {
                rescale.store_channels(context.output(0), (first + sums.row + i) * n_ + sums.column,
                                       sums.column, sums.at(i), sums.columns);
              }
            });
          }
        }
      }
    });
  }

 private:
  static int threads_for(const KernelRequest& request, const MatMulShape& shape) {
    return threads_for_products(request, shape.m * shape.n * shape.k);
  }

  QuantizedSlots slots_;
  Isa isa_;
  int64_t n_, k_;
  IntegerGemm gemm_;
  int64_t pieces_;
  std::shared_ptr<const Buffer> packed_;
};

}  // namespace

std::unique_ptr<Kernel> make_integer_matmul(KernelRequest& request, const QuantizedSlots& slots) {
  if (const char* why = objection(request, slots)) return request.refuse(why);
  request.attributes().finish();
  if (request.input(slots.w).rank() != 2) return request.refuse("B is no single matrix");
  const MatMulShape shape =
      describe_matmul(contiguous_input(request, slots.x), contiguous_input(request, slots.w),
                      contiguous_output(request, 0));
  const bool plain = shape.batch.rank() == 0 && (shape.m == 1 || shape.y_m == shape.n);
  if (!plain) return request.refuse("several products");
  return std::make_unique<IntegerMatMul>(request, slots, shape);
}

}  // namespace convoy
