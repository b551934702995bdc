#include "runtime/device/tensor_view.h"

#include <cstring>
#include <utility>

namespace convoy {
namespace {

// The copy as a nest of loops, outermost first, with axes merged and sorted so that the innermost
// one walks the destination with the smallest stride.
struct CopyNest {
  int rank = 0;
  int64_t size[kMaxRank];
  int64_t from[kMaxRank];
  int64_t to[kMaxRank];

  CopyNest(const TensorView& source, const TensorView& target) {
    for (int i = 0; i < source.rank(); ++i) {
      if (source.shape[i] == 1) continue;
      size[rank] = source.shape[i];
      from[rank] = source.strides[i];
      to[rank] = target.strides[i];
      ++rank;
    }
    sort_axes();
    merge_axes();
  }

 private:
  static int64_t magnitude(int64_t value) { return value < 0 ? -value : value; }
  void sort_axes() {
    for (int i = 1; i < rank; ++i) {
      for (int j = i; j > 0 && magnitude(to[j - 1]) < magnitude(to[j]); --j) {
        std::swap(size[j - 1], size[j]);
        std::swap(from[j - 1], from[j]);
        std::swap(to[j - 1], to[j]);
      }
    }
  }
  void merge_axes() {
    int kept = 0;
    for (int i = 0; i < rank; ++i) {
      bool mergeable =
          kept > 0 && from[kept - 1] == from[i] * size[i] && to[kept - 1] == to[i] * size[i];
      if (mergeable) {
        size[kept - 1] *= size[i];
        from[kept - 1] = from[i];
        to[kept - 1] = to[i];
      } else {
        size[kept] = size[i];
        from[kept] = from[i];
        to[kept] = to[i];
        ++kept;
      }
    }
    rank = kept;
  }
};

template <typename T>
void copy_row(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t count) {
  if constexpr (std::is_trivially_copyable_v<T>) {
    if (from_stride == 1 && to_stride == 1) {
      std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
      return;
    }
    if (to_stride == 1) {
      for (int64_t i = 0; i < count; ++i) to[i] = from[i * from_stride];
      return;
    }
  }
  for (int64_t i = 0; i < count; ++i) to[i * to_stride] = from[i * from_stride];
}

// Both sides step by more than one element inside: tiles keep both in the cache.
template <typename T>
void copy_plane(const CopyNest& nest, int level, const T* from, T* to) {
  constexpr int64_t kTile = 32;
  int64_t rows = nest.size[level];
  int64_t columns = nest.size[level + 1];
  for (int64_t r0 = 0; r0 < rows; r0 += kTile) {
    int64_t r1 = std::min(rows, r0 + kTile);
    for (int64_t c0 = 0; c0 < columns; c0 += kTile) {
      int64_t width = std::min(columns, c0 + kTile) - c0;
      for (int64_t r = r0; r < r1; ++r) {
        copy_row(from + r * nest.from[level] + c0 * nest.from[level + 1], nest.from[level + 1],
                 to + r * nest.to[level] + c0 * nest.to[level + 1], nest.to[level + 1], width);
      }
    }
  }
}

template <typename T>
void copy_level(const CopyNest& nest, int level, const T* from, T* to) {
  if (level >= nest.rank - 1) {
    int64_t count = nest.rank == 0 ? 1 : nest.size[level];
    copy_row(from, nest.rank == 0 ? 1 : nest.from[level], to, nest.rank == 0 ? 1 : nest.to[level],
             count);
    return;
  }
  if (level == nest.rank - 2 && nest.from[level + 1] != 1) {
    copy_plane(nest, level, from, to);
    return;
  }
  for (int64_t i = 0; i < nest.size[level]; ++i) {
    copy_level(nest, level + 1, from + i * nest.from[level], to + i * nest.to[level]);
  }
}

struct Bytes16 {
  uint64_t words[2];
};

}  // namespace

int64_t TensorDesc::bytes() const {
  auto size = static_cast<int64_t>(size_of(dtype));
  if (layout.plain()) return checked_multiply(count(), size);
  Shape padded = shape;
  padded[1] = checked_add(padded[1], layout.block - 1) / layout.block * layout.block;
  return checked_multiply(element_count(padded), size);
}

void fail_element_type(DType dtype, DType wanted) {
  if (wanted == DType::kUndefined) {
    fail(ErrorCode::kInvalidModel, "an operand is {}, which takes too few bytes", to_string(dtype));
  }
  fail(ErrorCode::kInvalidModel, "an operand is {}, not {}", to_string(dtype), to_string(wanted));
}

std::string to_string(const TensorDesc& desc) {
  if (desc.dtype == DType::kUndefined) return "-";
  return fmt::format("{}{}", to_string(desc.dtype), to_string(desc.shape));
}

void copy_elements(const TensorView& from, const TensorView& to) {
  if (!(from.dtype == to.dtype && from.shape == to.shape && from.layout.plain() &&
        to.layout.plain())) {
    fail(ErrorCode::kInternal, "cannot copy {} to {}", to_string(from), to_string(to));
  }
  if (from.count() == 0) return;
  CopyNest nest(from, to);
  if (from.dtype == DType::kString) {
    return copy_level(nest, 0, from.as<std::string>(), to.as<std::string>());
  }
  switch (size_of(from.dtype)) {
    case 1: return copy_level(nest, 0, from.as<uint8_t>(), to.as<uint8_t>());
    case 2: return copy_level(nest, 0, from.as<uint16_t>(), to.as<uint16_t>());
    case 4: return copy_level(nest, 0, from.as<uint32_t>(), to.as<uint32_t>());
    case 8: return copy_level(nest, 0, from.as<uint64_t>(), to.as<uint64_t>());
    default: return copy_level(nest, 0, from.as<Bytes16>(), to.as<Bytes16>());
  }
}

}  // namespace convoy
