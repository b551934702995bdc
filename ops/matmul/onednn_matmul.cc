#include <algorithm>
#include <cstring>

#include "ops/kernels/onednn/primitive.h"
#include "ops/matmul/matmul_kernels.h"

namespace convoy {
namespace {

using onednn::Primitive;

// oneDNN multiplies fast where one of the last two axes has stride 1 and the other does not overlap
// it. Sizes of 1 have any stride; it is set to one that says so.
bool make_dense(int64_t rows, int64_t columns, int64_t& row_stride, int64_t& column_stride) {
  if (columns == 1 && row_stride != 1) column_stride = 1;
  if (columns == 1 && row_stride == 1) column_stride = rows;
  if (rows == 1 && column_stride == 1) row_stride = columns;
  if (rows == 1 && column_stride != 1) row_stride = 1;
  if (column_stride == 1) return row_stride >= columns;
  return row_stride == 1 && column_stride >= rows;
}

bool has_only_forward_strides(const Strides& strides) {
  return std::all_of(strides.begin(), strides.end(), [](int64_t stride) { return stride >= 0; });
}

bool a_is_dense(MatMulShape& shape) {
  return has_only_forward_strides(shape.a_batch) &&
         make_dense(shape.m, shape.k, shape.a_m, shape.a_k);
}
bool b_is_dense(MatMulShape& shape) {
  return has_only_forward_strides(shape.b_batch) &&
         make_dense(shape.k, shape.n, shape.b_k, shape.b_n);
}

// What oneDNN does not do along with the product: a pass over Y afterwards.
bool needs_finish(const MatMulRequest& matmul) {
  bool scaled = matmul.scale != 1 && (matmul.has_c || matmul.has_residual);
  bool is_row = matmul.c_m == 0 && (matmul.c_n == 1 || matmul.shape.n == 1);
  return scaled || (matmul.has_c && (matmul.beta != 1 || !is_row));
}

// Y holds the product; y = f(scale * y + beta * c + residual).
void finish(const MatMulRequest& matmul, KernelContext& context) {
  const MatMulShape& shape = matmul.shape;
  const float* c = matmul.has_c ? context.input(2).as<const float>() : nullptr;
  const float* residual = matmul.has_residual ? context.input(3).as<const float>() : nullptr;
  auto* y = context.output(0).as<float>();
  int64_t rows = shape.batch_count() * shape.m;
  int64_t grain = std::max<int64_t>(1, 16384 / std::max<int64_t>(1, shape.n));
  context.threads().parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      int64_t row = i % shape.m;
      int64_t offset = matrix_offsets(shape, i / shape.m).y + row * shape.y_m;
      for (int64_t j = 0; j < shape.n; ++j) {
        int64_t at = offset + j * shape.y_n;
        float value = matmul.scale * y[at];
        if (c) value += matmul.beta * c[row * matmul.c_m + j * matmul.c_n];
        if (residual) value += residual[at];
        y[at] = apply(matmul.epilogue, value);
      }
    }
  });
}

// Reads the node with the operands' strides where oneDNN takes them, contiguous otherwise; states
// which in the request.
MatMulRequest read_dense(KernelRequest& request, MatMulReader read) {
  std::vector<TensorDesc> given = request.inputs;
  MatMulRequest matmul = read(request);
  bool a_dense = a_is_dense(matmul.shape);
  bool b_dense = b_is_dense(matmul.shape);
  auto make_contiguous = [&](int i) {
    request.inputs[static_cast<size_t>(i)] = contiguous_input(request, i);
  };
  if (!a_dense) make_contiguous(matmul.a_input);
  if (!b_dense) make_contiguous(matmul.b_input);
  if (!a_dense || !b_dense) {
    matmul = read(request);
    a_is_dense(matmul.shape);
    b_is_dense(matmul.shape);
  }
  if (a_dense) request.accept_strides(matmul.a_input);
  if (b_dense) request.accept_strides(matmul.b_input);
  request.inputs = std::move(given);
  return matmul;
}

Strides with_matrix(const Strides& batch, int64_t rows, int64_t columns) {
  Strides strides = batch;
  strides.push_back(rows);
  strides.push_back(columns);
  return strides;
}

onednn::MatMulProblem describe(const KernelRequest& request, const MatMulRequest& matmul) {
  const MatMulShape& shape = matmul.shape;
  onednn::MatMulProblem problem;
  problem.m = shape.m;
  problem.n = shape.n;
  problem.k = shape.k;
  problem.batch = shape.batch;
  problem.a = with_matrix(shape.a_batch, shape.a_m, shape.a_k);
  problem.b = with_matrix(shape.b_batch, shape.b_k, shape.b_n);
  int64_t y_m = shape.y_m;
  int64_t y_n = shape.y_n;
  make_dense(shape.m, shape.n, y_m, y_n);
  if (shape.n == 1) y_n = 1;
  problem.y = with_matrix(shape.y_batch, y_m, y_n);
  if (!needs_finish(matmul)) {
    problem.has_bias = matmul.has_c;
    problem.add_to_output = matmul.has_residual;
    problem.scale = matmul.scale;
    problem.epilogue = matmul.epilogue;
  }
  problem.threads = request.threads;
  return problem;
}

class OneDnnMatMul : public Kernel {
 public:
  OneDnnMatMul(KernelRequest& request, const MatMulRequest& matmul,
               std::shared_ptr<const Primitive> primitive)
      : primitive_(std::move(primitive)), matmul_(matmul), needs_finish_(needs_finish(matmul)) {
    request.use_scratch(primitive_->scratch_bytes());
    if (primitive_->weights_format().empty()) return;
    const Tensor& b = *request.constant(matmul.b_input);
    packed_ = request.weights->get(b, primitive_->weights_format(),
                                   primitive_->packed_weights_bytes(), [&](void* destination) {
                                     primitive_->pack_weights(b.data<float>(),
                                                              static_cast<float*>(destination));
                                   });
  }

  void run(KernelContext& context) const override {
    const TensorView& output = context.output(0);
    if (matmul_.has_residual && !needs_finish_ && context.input(3).data != output.data) {
      std::memcpy(output.data, context.input(3).data, static_cast<size_t>(output.bytes()));
    }
    onednn::Operands operands;
    operands.source = context.input(matmul_.a_input).as<const float>();
    operands.weights = packed_ ? reinterpret_cast<const float*>(packed_->data())
                               : context.input(matmul_.b_input).as<const float>();
    if (matmul_.has_c && !needs_finish_) operands.bias = context.input(2).as<const float>();
    operands.destination = output.as<float>();
    operands.scratch = context.scratch();
    primitive_->run(operands);
    if (needs_finish_) finish(matmul_, context);
  }

 private:
  std::shared_ptr<const Primitive> primitive_;
  std::shared_ptr<const Buffer> packed_;
  MatMulRequest matmul_;
  bool needs_finish_;
};

}  // namespace

std::unique_ptr<Kernel> make_onednn_matmul(KernelRequest& request, MatMulReader read) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  if (request.input(0).count() == 0 || request.input(1).count() == 0) {
    return request.refuse("nothing to compute");
  }
  MatMulRequest matmul = read_dense(request, read);
  onednn::MatMulProblem problem = describe(request, matmul);
  const Tensor* b = request.constant(matmul.b_input);
  bool constant_b = b != nullptr && request.weights != nullptr && b->desc().is_contiguous() &&
                    request.input(matmul.b_input).is_contiguous();
  problem.packed_b = constant_b && matmul.shape.batch.rank() == 0;
  auto primitive = onednn::matmul(problem);
  if (!primitive) return request.refuse("oneDNN has no kernel for this");
  if (matmul.has_residual && !needs_finish(matmul)) request.allow_in_place(3, 0);
  return std::make_unique<OneDnnMatMul>(request, matmul, std::move(primitive));
}

}  // namespace convoy
