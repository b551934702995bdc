#include "runtime/base/shape.h"

#include <algorithm>
#include <limits>

#include <fmt/ranges.h>

namespace convoy {
namespace {

// The largest number instead of an overflow: a tensor of such a shape is refused by its count.
int64_t saturating_multiply(int64_t a, int64_t b) {
  int64_t result = 0;
  if (!__builtin_mul_overflow(a, b, &result)) return result;
  return std::numeric_limits<int64_t>::max();
}

}  // namespace

int64_t checked_multiply(int64_t a, int64_t b) {
  int64_t result = 0;
  check_input(!__builtin_mul_overflow(a, b, &result), "the size {} x {} overflows", a, b);
  return result;
}

int64_t checked_add(int64_t a, int64_t b) {
  int64_t result = 0;
  check_input(!__builtin_add_overflow(a, b, &result), "the size {} + {} overflows", a, b);
  return result;
}

int64_t element_count(const Shape& shape) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t size : shape) {
    if (!(size >= 0)) {
      fail(ErrorCode::kInvalidInput, "negative dimension in shape {}", to_string(shape));
    }
    empty = empty || size == 0;
    if (size != 0) count = checked_multiply(count, size);
  }
  if (count > kMostElements) {
    fail(ErrorCode::kInvalidInput, "the size of {} overflows", to_string(shape));
  }
  return empty ? 0 : count;
}

Strides contiguous_strides(const Shape& shape) {
  Strides strides = Dims::filled(shape.rank(), 1);
  for (int i = shape.rank() - 2; i >= 0; --i) {
    strides[i] = saturating_multiply(strides[i + 1], std::max<int64_t>(shape[i + 1], 1));
  }
  return strides;
}

bool is_contiguous(const Shape& shape, const Strides& strides) {
  int64_t expected = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (shape[i] == 0) return true;
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected = saturating_multiply(expected, shape[i]);
  }
  return true;
}

Shape broadcast_shapes(const Shape& a, const Shape& b) {
  int rank = std::max(a.rank(), b.rank());
  Shape result = Dims::filled(rank, 1);
  for (int i = 0; i < rank; ++i) {
    int ia = i - (rank - a.rank());
    int ib = i - (rank - b.rank());
    int64_t da = ia >= 0 ? a[ia] : 1;
    int64_t db = ib >= 0 ? b[ib] : 1;
    if (!(da == db || da == 1 || db == 1)) {
      fail(ErrorCode::kInvalidInput, "shapes {} and {} do not broadcast", to_string(a),
           to_string(b));
    }
    result[i] = da == 1 ? db : da;
  }
  return result;
}

Strides broadcast_strides(const Shape& shape, const Strides& strides, const Shape& target) {
  int extra = target.rank() - shape.rank();
  if (!(extra >= 0)) {
    fail(ErrorCode::kInvalidInput, "shape {} does not broadcast to {}", to_string(shape),
         to_string(target));
  }
  Strides result = Dims::filled(target.rank(), 0);
  for (int i = 0; i < shape.rank(); ++i) {
    if (!(shape[i] == target[i + extra] || shape[i] == 1)) {
      fail(ErrorCode::kInvalidInput, "shape {} does not broadcast to {}", to_string(shape),
           to_string(target));
    }
    result[i + extra] = shape[i] == 1 && target[i + extra] != 1 ? 0 : strides[i];
  }
  return result;
}

int normalize_axis(int64_t axis, int rank) {
  check_input(axis >= -rank && axis < rank, "axis {} is out of range for rank {}", axis, rank);
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::string to_string(const Dims& dims) {
  return fmt::format("[{}]", fmt::join(dims.begin(), dims.end(), ","));
}

}  // namespace convoy
