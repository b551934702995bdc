// Products with B in panels of our own: packed once where it is constant, in each run elsewhere.
#include <algorithm>

#include <fmt/format.h>

#include "ops/kernels/gemm/packed_gemm.h"
#include "ops/matmul/matmul_kernels.h"
#include "runtime/base/task_queue.h"

namespace convoy {
namespace {

// Fewer multiplications than this are not worth waking other threads.
constexpr int64_t kSerialWork = 200'000;
// Rows that make packing B in each run worth it.
constexpr int64_t kFewRows = 8;

kernels::PackedGemmProblem describe(const MatMulRequest& matmul) {
  const MatMulShape& shape = matmul.shape;
  kernels::PackedGemmProblem problem;
  problem.m = shape.m;
  problem.n = shape.n;
  problem.k = shape.k;
  problem.a_m = shape.a_m;
  problem.a_k = shape.a_k;
  problem.y_m = shape.y_m;
  problem.scale = matmul.scale;
  problem.epilogue = matmul.epilogue;
  return problem;
}

bool is_one_matrix(const MatMulShape& shape) {
  return std::all_of(shape.b_batch.begin(), shape.b_batch.end(),
                     [](int64_t stride) { return stride == 0; });
}

class PackedMatMul : public Kernel {
 public:
  PackedMatMul(KernelRequest& request, const MatMulRequest& matmul)
      : matmul_(matmul), gemm_(describe(matmul), request.isa) {
    const MatMulShape& shape = matmul.shape;
    int64_t count = shape.batch_count();
    per_matrix_ = count >= request.threads || gemm_.task_count() <= 1;
    int64_t tasks = per_matrix_ ? count : gemm_.task_count();
    pieces_ = std::min<int64_t>(tasks, request.threads);
    if (count * shape.m * shape.n * shape.k < kSerialWork) pieces_ = std::min<int64_t>(pieces_, 1);
    const Tensor* b = request.constant(matmul.b_input);
    int64_t packed = aligned(gemm_.packed_size());
    if (b && request.weights && is_one_matrix(shape)) {
      Tensor plain = b->contiguous();
      std::string format = fmt::format("panels,{},{},{},{},{}", to_string(request.isa), shape.k,
                                       shape.n, shape.b_k, shape.b_n);
      packed_ = request.weights->get(
          *b, format, static_cast<size_t>(packed) * sizeof(float), [&](void* to) {
            gemm_.pack(plain.data<float>(), shape.b_k, shape.b_n, static_cast<float*>(to));
          });
      packed = 0;
    }
    thread_scratch_ = aligned(gemm_.scratch_size()) + (per_matrix_ ? packed : 0);
    int64_t floats = pieces_ * thread_scratch_ + (per_matrix_ ? 0 : packed);
    request.use_scratch(static_cast<size_t>(floats) * sizeof(float));
  }

  void run(KernelContext& context) const override {
    if (per_matrix_) return run_matrices(context);
    for (int64_t i = 0; i < matmul_.shape.batch_count(); ++i) {
      float* shared = scratch(context) + pieces_ * thread_scratch_;
      const float* b = panels(context, i, shared);
      TaskQueue queue(gemm_.task_count(), pieces_);
      context.threads().parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
        for (int64_t piece = begin; piece < end; ++piece) {
          while (auto tasks = queue.take(piece)) {
            multiply(context, i, b, tasks.begin, tasks.end,
                     scratch(context) + piece * thread_scratch_);
          }
        }
      });
    }
  }

 private:
  static int64_t aligned(int64_t floats) { return (floats + 15) / 16 * 16; }
  static float* scratch(KernelContext& context) {
    return reinterpret_cast<float*>(context.scratch());
  }

  void run_matrices(KernelContext& context) const {
    TaskQueue queue(matmul_.shape.batch_count(), pieces_);
    context.threads().parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        float* mine = scratch(context) + piece * thread_scratch_;
        while (auto matrices = queue.take(piece)) {
          for (int64_t i = matrices.begin; i < matrices.end; ++i) {
            const float* b = panels(context, i, mine + aligned(gemm_.scratch_size()));
            multiply(context, i, b, 0, gemm_.task_count(), mine);
          }
        }
      }
    });
  }

  const float* panels(KernelContext& context, int64_t matrix, float* to) const {
    if (packed_) return reinterpret_cast<const float*>(packed_->data());
    const auto* b = context.input(matmul_.b_input).as<const float>();
    const MatMulShape& shape = matmul_.shape;
    gemm_.pack(b + matrix_offsets(shape, matrix).b, shape.b_k, shape.b_n, to);
    return to;
  }

  void multiply(KernelContext& context, int64_t matrix, const float* b, int64_t first, int64_t last,
                float* mine) const {
    MatMulOffsets at = matrix_offsets(matmul_.shape, matrix);
    const auto* a = context.input(matmul_.a_input).as<const float>();
    const float* bias = matmul_.has_c ? context.input(2).as<const float>() : nullptr;
    const float* residual = nullptr;
    if (matmul_.has_residual) residual = context.input(3).as<const float>() + at.y;
    auto* y = context.output(0).as<float>();
    gemm_.run_tasks(a + at.a, b, bias, residual, y + at.y, first, last, mine);
  }

  MatMulRequest matmul_;
  kernels::PackedGemm gemm_;
  std::shared_ptr<const Buffer> packed_;
  bool per_matrix_ = false;  // a thread takes whole matrices
  int64_t pieces_ = 0;
  int64_t thread_scratch_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_packed_product(KernelRequest& request, const MatMulRequest& matmul) {
  return std::make_unique<PackedMatMul>(request, matmul);
}

std::unique_ptr<Kernel> make_packed_matmul(KernelRequest& request, MatMulReader read) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  MatMulRequest matmul = read(request);
  const MatMulShape& shape = matmul.shape;
  if (shape.batch_count() == 0 || shape.m == 0 || shape.n == 0) {
    return request.refuse("nothing to compute");
  }
  const Tensor* b = request.constant(matmul.b_input);
  bool once = b != nullptr && request.weights != nullptr && is_one_matrix(shape) &&
              request.input(matmul.b_input).is_contiguous();
  if (b != nullptr && !once) return request.refuse("a constant B of several matrices");
  if (!once && shape.m < kFewRows) return request.refuse("too few rows to pack B for");
  if (shape.y_n != 1 && shape.n > 1) return request.refuse("columns of Y are apart");
  bool is_row = matmul.c_m == 0 && (matmul.c_n == 1 || shape.n == 1);
  if (matmul.has_c && (matmul.beta != 1 || !is_row)) return request.refuse("C is no plain row");
  request.accept_strides(matmul.a_input);
  request.accept_strides(matmul.b_input);
  if (matmul.has_residual) request.allow_in_place(3, 0);
  return make_packed_product(request, matmul);
}

}  // namespace convoy
