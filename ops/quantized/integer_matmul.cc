// Quantized matrix products on integers: constant weights less their zero points, packed once, and
// rows that are packed as they are needed.
#include <algorithm>

#include "ops/kernels/quantized/integer_gemm.h"
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

class IntegerMatMul : public Kernel {
 public:
  IntegerMatMul(KernelRequest& request, const QuantizedSlots& slots, const MatMulShape& shape)
      : slots_(slots),
        isa_(request.isa),
        n_(shape.n),
        k_(shape.k),
        scaled_(request.output(0).dtype == DType::kFloat32),
        weights_(request, slots, n_),
        gemm_(shape.m, shape.n, shape.k,
              rows_of_block(shape.m, shape.k, threads_for(request, shape)), weights_.loops()),
        pieces_(std::min<int64_t>(gemm_.block_count(), threads_for(request, shape))) {
    packed_ = weights_.pack(request, "matrix", gemm_.packed_size(), [&](auto* from, uint32_t* to) {
      gemm_.pack([&](int64_t p, int64_t j) { return from[p * n_ + j] - weights_.zero(j); }, to);
    });
    biases_at_ = pieces_ * gemm_.block_size();
    numbers_at_ = biases_at_ + n_ + kVectorSlack;
    request.use_scratch(static_cast<size_t>(numbers_at_ + Rescale::size(n_)) * sizeof(uint32_t));
  }

  void run(KernelContext& context) const override {
    const TensorView& a = context.input(slots_.x);
    const ByteZero zero(a.dtype == DType::kInt8, zero_points(context, slots_.x_zero, 1)[0]);
    const auto* packed = reinterpret_cast<const uint32_t*>(packed_->data());
    auto* scratch = reinterpret_cast<uint32_t*>(context.scratch());
    const Rescale rescale(context, slots_, n_, true, isa_,
                          reinterpret_cast<float*>(scratch + numbers_at_));
    int32_t* biases = nullptr;
    const int32_t* given = scaled_ ? nullptr : bias_of(context, slots_);
    if (gemm_.needs_correction() || given != nullptr) {
      biases = reinterpret_cast<int32_t*>(scratch + biases_at_);
      gemm_.correct(packed, zero, given, biases);
    }
    TaskQueue queue(gemm_.block_count(), pieces_);
    context.threads().parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        uint32_t* block = scratch + piece * gemm_.block_size();
        while (auto tasks = queue.take(piece)) {
          for (int64_t task = tasks.begin; task < tasks.end; ++task) {
            const int64_t first = gemm_.first_row(task), rows = gemm_.row_count(task);
            gemm_.pack_rows(static_cast<const uint8_t*>(a.data) + first * k_, rows, zero, block);
            gemm_.multiply(block, rows, packed, [&](const kernels::IntegerSums& sums) {
              const int64_t at = (first + sums.row) * n_ + sums.column;
              rescale.store_channels(context.output(0),
                                     {sums.sums, sums.pitch, at, n_, sums.rows, sums.columns},
                                     sums.column, Requantization::Of::kColumn, biases);
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
  bool scaled_;  // to float32: the bias is no integer
  IntegerWeights weights_;
  IntegerGemm gemm_;
  int64_t pieces_;
  int64_t biases_at_ = 0, numbers_at_ = 0;  // in words of scratch
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
