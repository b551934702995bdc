#include "ops/matmul/matmul.h"

#include <utility>

namespace convoy {
namespace {

// Sizes and strides of one operand as a stack of matrices.
struct Matrices {
  Shape shape;
  Strides strides;
};

Matrices as_matrices(const TensorDesc& desc, bool left, bool transpose) {
  Matrices matrices{desc.shape, desc.strides};
  check_input(desc.rank() >= 1, "a scalar has no matrix product");
  if (desc.rank() == 1) {
    int at = left ? 0 : 1;
    matrices.shape.insert(at, 1);
    matrices.strides.insert(at, 0);
  } else if (transpose) {
    int rank = desc.rank();
    std::swap(matrices.shape[rank - 1], matrices.shape[rank - 2]);
    std::swap(matrices.strides[rank - 1], matrices.strides[rank - 2]);
  }
  return matrices;
}

Dims without_last_two(const Dims& dims) {
  Dims front = dims;
  front.resize(dims.rank() - 2);
  return front;
}

// Batch axis i can follow as the inner part of batch axis i - 1.
bool mergeable(const MatMulShape& shape, int i) {
  return shape.a_batch[i - 1] == shape.a_batch[i] * shape.batch[i] &&
         shape.b_batch[i - 1] == shape.b_batch[i] * shape.batch[i] &&
         shape.y_batch[i - 1] == shape.y_batch[i] * shape.batch[i];
}

void drop_axis(MatMulShape& shape, int i) {
  for (Dims* list : {&shape.batch, &shape.a_batch, &shape.b_batch, &shape.y_batch}) list->erase(i);
}

void simplify_batch(MatMulShape& shape) {
  for (int i = shape.batch.rank() - 1; i >= 0; --i) {
    if (shape.batch[i] == 1) drop_axis(shape, i);
  }
  for (int i = shape.batch.rank() - 1; i >= 1; --i) {
    if (!mergeable(shape, i)) continue;
    shape.batch[i] *= shape.batch[i - 1];
    drop_axis(shape, i - 1);
  }
}

// A batch axis over which B does not change may trade places with the rows: then the longer one
// should be the rows.
void prefer_long_rows(MatMulShape& shape) {
  int longest = -1;
  int64_t rows = shape.m;
  for (int i = 0; i < shape.batch.rank(); ++i) {
    if (shape.b_batch[i] == 0 && shape.batch[i] > rows) {
      longest = i;
      rows = shape.batch[i];
    }
  }
  if (longest < 0) return;
  std::swap(shape.batch[longest], shape.m);
  std::swap(shape.a_batch[longest], shape.a_m);
  std::swap(shape.y_batch[longest], shape.y_m);
}

// A last batch axis over which B does not change continues the rows of A and Y.
void fold_batch_into_rows(MatMulShape& shape) {
  while (shape.batch.rank() > 0) {
    int last = shape.batch.rank() - 1;
    if (shape.b_batch[last] != 0) return;
    bool single = shape.m == 1;
    bool continues =
        shape.a_batch[last] == shape.a_m * shape.m && shape.y_batch[last] == shape.y_m * shape.m;
    if (!single && !continues) return;
    if (single) {
      shape.a_m = shape.a_batch[last];
      shape.y_m = shape.y_batch[last];
    }
    shape.m *= shape.batch[last];
    drop_axis(shape, last);
  }
}

}  // namespace

Shape matmul_output_shape(const Shape& a, const Shape& b, bool transpose_a, bool transpose_b) {
  Matrices left = as_matrices(TensorDesc::contiguous(DType::kFloat32, a), true, transpose_a);
  Matrices right = as_matrices(TensorDesc::contiguous(DType::kFloat32, b), false, transpose_b);
  int rank_a = left.shape.rank();
  int rank_b = right.shape.rank();
  check_input(left.shape[rank_a - 1] == right.shape[rank_b - 2],
              "matrices of shapes {} and {} do not fit", to_string(a), to_string(b));
  Shape shape = broadcast_shapes(without_last_two(left.shape), without_last_two(right.shape));
  if (a.rank() > 1) shape.push_back(left.shape[rank_a - 2]);
  if (b.rank() > 1) shape.push_back(right.shape[rank_b - 1]);
  return shape;
}

MatMulShape describe_matmul(const TensorDesc& a, const TensorDesc& b, const TensorDesc& y,
                            bool transpose_a, bool transpose_b, bool keep_rows) {
  Shape expected = matmul_output_shape(a.shape, b.shape, transpose_a, transpose_b);
  check_input(y.shape == expected, "the output has shape {}, expected {}", to_string(y.shape),
              to_string(expected));
  Matrices left = as_matrices(a, true, transpose_a);
  Matrices right = as_matrices(b, false, transpose_b);
  int rank_a = left.shape.rank();
  int rank_b = right.shape.rank();

  MatMulShape shape;
  shape.m = left.shape[rank_a - 2];
  shape.k = left.shape[rank_a - 1];
  shape.n = right.shape[rank_b - 1];
  shape.a_m = left.strides[rank_a - 2];
  shape.a_k = left.strides[rank_a - 1];
  shape.b_k = right.strides[rank_b - 2];
  shape.b_n = right.strides[rank_b - 1];

  Shape batch_a = without_last_two(left.shape);
  Shape batch_b = without_last_two(right.shape);
  shape.batch = broadcast_shapes(batch_a, batch_b);
  shape.a_batch = broadcast_strides(batch_a, without_last_two(left.strides), shape.batch);
  shape.b_batch = broadcast_strides(batch_b, without_last_two(right.strides), shape.batch);
  for (int i = 0; i < shape.batch.rank(); ++i) shape.y_batch.push_back(y.strides[i]);
  int next = shape.batch.rank();
  if (a.rank() > 1) shape.y_m = y.strides[next++];
  if (b.rank() > 1) shape.y_n = y.strides[next];

  simplify_batch(shape);
  if (keep_rows) return shape;
  fold_batch_into_rows(shape);
  prefer_long_rows(shape);
  return shape;
}

MatMulOffsets matrix_offsets(const MatMulShape& shape, int64_t index) {
  MatMulOffsets offsets;
  for (int i = shape.batch.rank() - 1; i >= 0; --i) {
    int64_t at = index % shape.batch[i];
    index /= shape.batch[i];
    offsets.a += at * shape.a_batch[i];
    offsets.b += at * shape.b_batch[i];
    offsets.y += at * shape.y_batch[i];
  }
  return offsets;
}

}  // namespace convoy
