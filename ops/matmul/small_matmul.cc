// Many small products, or one: no library call, no packing of B but a transpose where its columns
// are not neighbours.
#include <algorithm>

#include "ops/kernels/gemm/small_gemm.h"
#include "ops/matmul/matmul_kernels.h"

namespace convoy {
namespace {

// Of one product; beyond this oneDNN is faster. Measured with AVX2.
constexpr int64_t kMostWork = 48 * 48 * 48;
constexpr int64_t kMostOfB = 8192;  // elements, so that B stays in the first cache

class SmallMatMul : public Kernel {
 public:
  SmallMatMul(KernelRequest& request, const MatMulRequest& matmul)
      : matmul_(matmul), gemm_(kernels::small_gemm(request.isa)) {
    const MatMulShape& shape = matmul.shape;
    transpose_b_ = shape.b_n != 1 && shape.n > 1;
    int64_t count = shape.batch_count();
    int64_t grain = std::max<int64_t>(1, 65536 / std::max<int64_t>(1, shape.m * shape.n * shape.k));
    pieces_ = std::max<int64_t>(1, std::min<int64_t>(request.threads, count / grain));
    if (transpose_b_) {
      request.use_scratch(static_cast<size_t>(pieces_ * padded_b()) * sizeof(float));
    }
  }

  void run(KernelContext& context) const override {
    const MatMulShape& shape = matmul_.shape;
    auto* scratch = reinterpret_cast<float*>(context.scratch());
    int64_t count = shape.batch_count();
    context.threads().parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        float* mine = transpose_b_ ? scratch + piece * padded_b() : nullptr;
        run_range(context, count * piece / pieces_, count * (piece + 1) / pieces_, mine);
      }
    });
  }

 private:
  int64_t padded_b() const { return (matmul_.shape.k * matmul_.shape.n + 15) / 16 * 16; }

  void run_range(KernelContext& context, int64_t begin, int64_t end, float* scratch) const {
    const MatMulShape& shape = matmul_.shape;
    const auto* a = context.input(matmul_.a_input).as<const float>();
    const auto* b = context.input(matmul_.b_input).as<const float>();
    const float* bias = matmul_.has_c ? context.input(2).as<const float>() : nullptr;
    auto* y = context.output(0).as<float>();
    int64_t b_k = transpose_b_ ? shape.n : shape.b_k;
    kernels::SmallGemm gemm{shape.m,   shape.n, shape.k,   shape.a_m,
                            shape.a_k, b_k,     shape.y_m, matmul_.scale};
    const float* packed = nullptr;
    for (int64_t i = begin; i < end; ++i) {
      MatMulOffsets at = matrix_offsets(shape, i);
      const float* right = b + at.b;
      if (transpose_b_) {
        if (packed != right) transpose(right, scratch);
        packed = right;
        right = scratch;
      }
      gemm_(gemm, a + at.a, right, bias, y + at.y);
      if (!matmul_.epilogue.is_identity()) activate(y + at.y);
    }
  }

  void transpose(const float* b, float* to) const {
    const MatMulShape& shape = matmul_.shape;
    constexpr int64_t kTile = 8;
    for (int64_t j0 = 0; j0 < shape.n; j0 += kTile) {
      int64_t j1 = std::min(shape.n, j0 + kTile);
      for (int64_t p = 0; p < shape.k; ++p) {
        for (int64_t j = j0; j < j1; ++j) to[p * shape.n + j] = b[p * shape.b_k + j * shape.b_n];
      }
    }
  }

  void activate(float* y) const {
    const MatMulShape& shape = matmul_.shape;
    for (int64_t i = 0; i < shape.m; ++i) {
      for (int64_t j = 0; j < shape.n; ++j) {
        y[i * shape.y_m + j] = apply(matmul_.epilogue, y[i * shape.y_m + j]);
      }
    }
  }

  MatMulRequest matmul_;
  kernels::SmallGemmKernel* gemm_;
  bool transpose_b_ = false;
  int64_t pieces_ = 1;
};

}  // namespace

std::unique_ptr<Kernel> make_small_matmul(KernelRequest& request, MatMulReader read) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  MatMulRequest matmul = read(request);
  const MatMulShape& shape = matmul.shape;
  int64_t b_size = shape.k * shape.n;
  bool small = b_size <= kMostOfB && shape.m * b_size <= kMostWork;
  bool many_columns = shape.m == 1 && shape.b_n == 1 && shape.n > 1;
  if (!small && !(many_columns && b_size <= 16 * kMostOfB)) {
    return request.refuse("the matrices are not small");
  }
  if (shape.b_n != 1 && shape.n > 1 && shape.m < 4) {
    return request.refuse("too few rows to transpose B for");
  }
  if (shape.y_n != 1 && shape.n > 1) return request.refuse("columns of Y are apart");
  bool is_row = matmul.c_m == 0 && (matmul.c_n == 1 || shape.n == 1);
  if (matmul.has_c && (matmul.beta != 1 || !is_row)) return request.refuse("C is no plain row");
  if (matmul.has_residual) return request.refuse("there is a residual");
  request.accept_strides(matmul.a_input);
  request.accept_strides(matmul.b_input);
  return std::make_unique<SmallMatMul>(request, matmul);
}

}  // namespace convoy
