#include "ops/kernels/copy/plane.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/error.h"
#include "runtime/device/machine.h"

namespace convoy {
namespace {

struct Bytes16 {
  uint64_t words[2];
};

template <typename T>
void copy_row(const T* from, int64_t from_stride, T* to, int64_t to_stride, int64_t count) {
  if (to_stride == 1) {
    if (from_stride == 1) {
      std::memcpy(to, from, static_cast<size_t>(count) * sizeof(T));
    } else if (from_stride == 0) {
      std::fill_n(to, count, *from);
    } else if (from_stride == -1) {
      for (int64_t i = 0; i < count; ++i) to[i] = *(from - i);
    } else {
      for (int64_t i = 0; i < count; ++i) to[i] = from[i * from_stride];
    }
    return;
  }
  for (int64_t i = 0; i < count; ++i) to[i * to_stride] = from[i * from_stride];
}

// Neither side steps by one in the walk of the other: tiles keep both in the first-level cache.
template <typename T>
void copy_tiles(const Plane& plane, const T* from, T* to) {
  constexpr int64_t kTile = 16;
  for (int64_t r0 = 0; r0 < plane.rows; r0 += kTile) {
    int64_t r1 = std::min(plane.rows, r0 + kTile);
    for (int64_t c0 = 0; c0 < plane.columns; c0 += kTile) {
      int64_t width = std::min(plane.columns, c0 + kTile) - c0;
      for (int64_t r = r0; r < r1; ++r) {
        copy_row(from + r * plane.from_row + c0 * plane.from_column, plane.from_column,
                 to + r * plane.to_row + c0 * plane.to_column, plane.to_column, width);
      }
    }
  }
}

// A few columns, each read straight on: the planes of an image become pixels.
template <int kColumns, typename T>
void interleave(const Plane& plane, const T* from, T* to) {
  for (int64_t r = 0; r < plane.rows; ++r) {
    for (int c = 0; c < kColumns; ++c) to[r * plane.to_row + c] = from[r + c * plane.from_column];
  }
}

// Source rows and destination columns of stride 1. Blocks of eight columns walk along the source's
// lines, so that power-of-two strides do not evict them before they are used up.
template <typename T>
void transpose_plane(const Plane& plane, const T* from, T* to) {
  if (plane.columns == 2) return interleave<2>(plane, from, to);
  if (plane.columns == 3) return interleave<3>(plane, from, to);
  if (plane.columns == 4) return interleave<4>(plane, from, to);
  constexpr int64_t kBand = 64;
  int64_t columns = plane.columns / 8 * 8;
  for (int64_t r0 = 0; r0 < plane.rows; r0 += kBand) {
    int64_t r1 = std::min(plane.rows, r0 + kBand);
    for (int64_t c = 0; c < columns; c += 8) {
      Plane block = plane;
      block.rows = r1 - r0;
      interleave<8>(block, from + r0 + c * plane.from_column, to + r0 * plane.to_row + c);
    }
    for (int64_t r = r0; r < r1; ++r) {
      for (int64_t c = columns; c < plane.columns; ++c) {
        to[r * plane.to_row + c] = from[r + c * plane.from_column];
      }
    }
  }
}

template <typename T>
void copy_plane(const Plane& plane, const void* source, void* target) {
  const T* from = static_cast<const T*>(source);
  T* to = static_cast<T*>(target);
  if (plane.from_column != 1 && plane.from_column != 0 && plane.rows > 1) {
    bool transposes = plane.from_row == 1 && plane.to_column == 1;
    return transposes ? transpose_plane(plane, from, to) : copy_tiles(plane, from, to);
  }
  for (int64_t r = 0; r < plane.rows; ++r) {
    copy_row(from + r * plane.from_row, plane.from_column, to + r * plane.to_row, plane.to_column,
             plane.columns);
  }
}

#if defined(__x86_64__)
void copy_plane_4_avx2(const Plane& plane, const void* source, void* target) {
  bool transposes = plane.from_row == 1 && plane.to_column == 1 && plane.from_column != 1 &&
                    plane.rows >= 8 && plane.columns >= 8;
  if (!transposes) return copy_plane<uint32_t>(plane, source, target);
  transpose_plane_avx2(plane, static_cast<const uint32_t*>(source), static_cast<uint32_t*>(target));
}
#endif

}  // namespace

CopyPlane plane_copier(size_t element_bytes) {
  switch (element_bytes) {
    case 1: return copy_plane<uint8_t>;
    case 2: return copy_plane<uint16_t>;
    case 4:
#if defined(__x86_64__)
      if (best_isa() >= Isa::kAvx2) return copy_plane_4_avx2;
#endif
      return copy_plane<uint32_t>;
    case 8: return copy_plane<uint64_t>;
    case 16: return copy_plane<Bytes16>;
    default: fail(ErrorCode::kInternal, "elements of {} bytes", element_bytes);
  }
}

}  // namespace convoy
