// Shapes and strides of up to kMaxRank dimensions, stored in place.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

#include "runtime/base/error.h"

namespace convoy {

inline constexpr int kMaxRank = 12;

// A short list of int64: dimensions, strides, axes, permutations. Never allocates.
// Growing beyond kMaxRank throws kUnsupported.
class Dims {
 public:
  Dims() = default;
  Dims(std::initializer_list<int64_t> list) : Dims(std::span(list.begin(), list.size())) {}
  explicit Dims(std::span<const int64_t> list) {
    check_rank(list.size());
    rank_ = static_cast<int>(list.size());
    std::copy(list.begin(), list.end(), data_.begin());
  }
  static Dims filled(int rank, int64_t value) {
    Dims dims;
    dims.resize(rank, value);
    return dims;
  }

  int rank() const { return rank_; }
  size_t size() const { return static_cast<size_t>(rank_); }
  bool empty() const { return rank_ == 0; }
  int64_t& operator[](int i) { return data_[static_cast<size_t>(i)]; }
  int64_t operator[](int i) const { return data_[static_cast<size_t>(i)]; }
  int64_t back() const { return data_[static_cast<size_t>(rank_ - 1)]; }
  int64_t* begin() { return data_.data(); }
  int64_t* end() { return data_.data() + rank_; }
  const int64_t* begin() const { return data_.data(); }
  const int64_t* end() const { return data_.data() + rank_; }
  const int64_t* data() const { return data_.data(); }

  void push_back(int64_t value) { resize(rank_ + 1, value); }
  void insert(int at, int64_t value) {
    push_back(value);
    std::rotate(begin() + at, end() - 1, end());
  }
  void erase(int at) {
    std::copy(begin() + at + 1, end(), begin() + at);
    --rank_;
  }
  void resize(int rank, int64_t value = 0) {
    check_rank(static_cast<size_t>(rank));
    for (int i = rank_; i < rank; ++i) (*this)[i] = value;
    rank_ = rank;
  }

  friend bool operator==(const Dims& a, const Dims& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  static void check_rank(size_t rank) {
    if (rank > kMaxRank) {
      fail(ErrorCode::kUnsupported, "rank {} exceeds the supported {}", rank, kMaxRank);
    }
  }
  std::array<int64_t, kMaxRank> data_{};
  int rank_ = 0;
};

using Shape = Dims;    // sizes, all ≥ 0
using Strides = Dims;  // in elements; 0 repeats, negative walks backwards

// No machine holds more, and sums and small multiples of sizes up to here do not overflow.
inline constexpr int64_t kMostElements = int64_t{1} << 56;

// Product of the dimensions; throws kInvalidInput where a size is negative, and where those that
// are not 0 multiply to more than kMostElements.
int64_t element_count(const Shape& shape);

// Row-major strides.
Strides contiguous_strides(const Shape& shape);

// True if strides enumerate the elements in row-major order without gaps (sizes of 1 are free).
bool is_contiguous(const Shape& shape, const Strides& strides);

// NumPy's multidirectional broadcast; throws kInvalidInput when the shapes do not agree.
Shape broadcast_shapes(const Shape& a, const Shape& b);

// Strides that read a value of `shape` as if it had the shape `target` (0 where repeated).
Strides broadcast_strides(const Shape& shape, const Strides& strides, const Shape& target);

// axis in [-rank, rank) to [0, rank); throws kInvalidInput outside.
int normalize_axis(int64_t axis, int rank);

// "[2,3,4]"
std::string to_string(const Dims& dims);

// a * b and a + b; throw kInvalidInput ("size overflows") instead of wrapping around.
int64_t checked_multiply(int64_t a, int64_t b);
int64_t checked_add(int64_t a, int64_t b);

}  // namespace convoy
