#include "runtime/device/convert_view.h"

#include <algorithm>
#include <complex>
#include <memory>

#include "runtime/base/error.h"
#include "runtime/device/half_rows.h"

namespace convoy {
namespace {

constexpr int64_t kGrainElements = 16384;

// Axes 2 and up with neighbours merged where both sides walk them as one.
struct Spatial {
  Dims sizes;
  Strides plain;  // strides of the plain side

  Spatial(const Shape& shape, const Strides& strides) {
    for (int axis = 2; axis < shape.rank(); ++axis) {
      int last = sizes.rank() - 1;
      if (last >= 0 && plain[last] == strides[axis] * shape[axis]) {
        sizes[last] *= shape[axis];
        plain[last] = strides[axis];
      } else {
        sizes.push_back(shape[axis]);
        plain.push_back(strides[axis]);
      }
    }
    if (sizes.empty()) {
      sizes.push_back(1);
      plain.push_back(1);
    }
  }
  int64_t row() const { return sizes.back(); }
  int64_t rows() const { return row() == 0 ? 0 : element_count(sizes) / row(); }
  int64_t row_offset(int64_t index) const {
    int64_t offset = 0;
    for (int axis = sizes.rank() - 2; axis >= 0; --axis) {
      offset += index % sizes[axis] * plain[axis];
      index /= sizes[axis];
    }
    return offset;
  }
};

// One row of one channel block: `channels` plain rows on one side, [row][block] on the other.
template <typename T, int64_t kBlock>
void pack_row(const T* from, int64_t channel_stride, int64_t step, int64_t channels, int64_t row,
              T* to) {
  if (channels == kBlock) {
    for (int64_t i = 0; i < row; ++i) {
      for (int64_t j = 0; j < kBlock; ++j) to[i * kBlock + j] = from[j * channel_stride + i * step];
    }
    return;
  }
  for (int64_t i = 0; i < row; ++i) {
    for (int64_t j = 0; j < kBlock; ++j) {
      to[i * kBlock + j] = j < channels ? from[j * channel_stride + i * step] : T{};
    }
  }
}

template <typename T, int64_t kBlock>
void unpack_row(const T* from, int64_t channel_stride, int64_t step, int64_t channels, int64_t row,
                T* to) {
  constexpr int64_t kTile = 64;
  for (int64_t begin = 0; begin < row; begin += kTile) {
    int64_t end = std::min(row, begin + kTile);
    for (int64_t j = 0; j < channels; ++j) {
      T* target = to + j * channel_stride;
      for (int64_t i = begin; i < end; ++i) target[i * step] = from[i * kBlock + j];
    }
  }
}

template <typename T, int64_t kBlock, bool kPack>
void convert_blocks(const TensorView& plain, T* blocked, ThreadPool& threads) {
  Spatial spatial(plain.shape, plain.strides);
  int64_t channels = plain.shape[1];
  int64_t blocks = (channels + kBlock - 1) / kBlock;
  int64_t rows = spatial.rows();
  int64_t row = spatial.row();
  int64_t grain = std::max<int64_t>(1, kGrainElements / std::max<int64_t>(1, row * kBlock));
  threads.parallel_for(plain.shape[0] * blocks * rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      int64_t block = task / rows % blocks;
      int64_t offset = task / rows / blocks * plain.strides[0] + block * kBlock * plain.strides[1] +
                       spatial.row_offset(task % rows);
      int64_t count = std::min(kBlock, channels - block * kBlock);
      T* plain_row = plain.as<T>() + offset;
      T* blocked_row = blocked + task * row * kBlock;
      if constexpr (kPack) {
        pack_row<T, kBlock>(plain_row, plain.strides[1], spatial.plain.back(), count, row,
                            blocked_row);
      } else {
        unpack_row<T, kBlock>(blocked_row, plain.strides[1], spatial.plain.back(), count, row,
                              plain_row);
      }
    }
  });
}

template <typename T, bool kPack>
void convert_typed(const TensorView& plain, const TensorView& blocked, ThreadPool& threads) {
  switch (blocked.layout.block) {
    case 4: return convert_blocks<T, 4, kPack>(plain, blocked.as<T>(), threads);
    case 8: return convert_blocks<T, 8, kPack>(plain, blocked.as<T>(), threads);
    case 16: return convert_blocks<T, 16, kPack>(plain, blocked.as<T>(), threads);
    default: fail(ErrorCode::kUnsupported, "blocks of {} channels", blocked.layout.block);
  }
}

template <bool kPack>
void convert(const TensorView& plain, const TensorView& blocked, ThreadPool& threads) {
  check_supported(plain.dtype != DType::kString, "strings have no blocked layout");
  check_internal(plain.rank() >= 2, "rank {} has no channel axis", plain.rank());
  switch (size_of(plain.dtype)) {
    case 1: return convert_typed<uint8_t, kPack>(plain, blocked, threads);
    case 2: return convert_typed<uint16_t, kPack>(plain, blocked, threads);
    case 4: return convert_typed<uint32_t, kPack>(plain, blocked, threads);
    case 8: return convert_typed<uint64_t, kPack>(plain, blocked, threads);
    default: return convert_typed<std::complex<double>, kPack>(plain, blocked, threads);
  }
}

// Splits the largest axis among the threads.
void copy_plain(const TensorView& from, const TensorView& to, ThreadPool& threads) {
  int64_t count = from.count();
  if (count == 0) return;
  int axis = 0;
  for (int i = 1; i < from.rank(); ++i) {
    if (from.shape[i] > from.shape[axis] && from.shape[axis] < 4 * threads.thread_count()) axis = i;
  }
  if (from.rank() == 0 || count < 2 * kGrainElements || from.dtype == DType::kString) {
    return copy_elements(from, to);
  }
  int64_t grain = std::max<int64_t>(1, kGrainElements / (count / from.shape[axis]));
  auto size = static_cast<int64_t>(size_of(from.dtype));
  threads.parallel_for(from.shape[axis], grain, [&](int64_t begin, int64_t end) {
    TensorView source = from;
    TensorView target = to;
    source.shape[axis] = end - begin;
    target.shape[axis] = end - begin;
    source.data = from.as<std::byte>() + begin * from.strides[axis] * size;
    target.data = to.as<std::byte>() + begin * to.strides[axis] * size;
    copy_elements(source, target);
  });
}

// Elements with the padding of a blocked tensor.
int64_t stored_count(const TensorDesc& desc) {
  return desc.bytes() / static_cast<int64_t>(size_of(desc.dtype));
}

void convert_type(const TensorView& from, const TensorView& to, ThreadPool& threads) {
  const HalfRows& rows = half_rows(best_isa());
  bool widens = to.dtype == DType::kFloat32;
  bool is_float16 = (widens ? from : to).dtype == DType::kFloat16;
  WidenRow widen = is_float16 ? rows.widen_float16 : rows.widen_bfloat16;
  NarrowRow narrow = is_float16 ? rows.narrow_float16 : rows.narrow_bfloat16;
  threads.parallel_for(stored_count(from), kGrainElements, [&](int64_t begin, int64_t end) {
    if (widens) {
      widen(from.as<uint16_t>() + begin, to.as<float>() + begin, end - begin);
    } else {
      narrow(from.as<float>() + begin, to.as<uint16_t>() + begin, end - begin);
    }
  });
}

bool are_convertible(const TensorDesc& from, const TensorDesc& to) {
  if (!(from.shape == to.shape)) return false;
  if (from.dtype == to.dtype) return true;
  bool types = (is_half(from.dtype) && to.dtype == DType::kFloat32) ||
               (from.dtype == DType::kFloat32 && is_half(to.dtype));
  bool alike = from.layout == to.layout && (!from.layout.plain() || from.is_contiguous()) &&
               (!to.layout.plain() || to.is_contiguous());
  return types && alike;
}

}  // namespace

void convert_view(const TensorView& from, const TensorView& to, ThreadPool& threads) {
  if (!are_convertible(from, to)) {
    fail(ErrorCode::kInternal, "cannot convert {} to {}", to_string(from), to_string(to));
  }
  if (from.dtype != to.dtype) return convert_type(from, to, threads);
  if (from.layout.plain()) {
    if (to.layout.plain()) return copy_plain(from, to, threads);
    return convert<true>(from, to, threads);
  }
  if (to.layout.plain()) return convert<false>(to, from, threads);
  if (from.layout == to.layout) {
    auto plain_of = [](const TensorView& view) {
      return TensorView(TensorDesc::contiguous(DType::kUInt8, Shape{view.bytes()}), view.data);
    };
    return copy_plain(plain_of(from), plain_of(to), threads);
  }
  auto middle = std::make_unique_for_overwrite<std::byte[]>(static_cast<size_t>(from.count()) *
                                                            size_of(from.dtype));
  TensorView plain(TensorDesc::contiguous(from.dtype, from.shape), middle.get());
  convert<false>(plain, from, threads);
  convert<true>(plain, to, threads);
}

namespace {

// Appends what leads from the last form, or `from`, to one on the same device.
void add_conversions(const TensorDesc& from, const TensorDesc& to, std::vector<TensorDesc>& path) {
  if (from == to) return;
  if (from.dtype != to.dtype) {
    // Strides and blocks change in the narrower type.
    const Layout layout = size_of(from.dtype) < size_of(to.dtype) ? to.layout : from.layout;
    for (DType dtype : {from.dtype, to.dtype}) {
      auto dense = TensorDesc::dense(dtype, from.shape, layout, from.device);
      if (!(dense == (path.empty() ? from : path.back()))) path.push_back(dense);
    }
    if (path.back() == to) return;
  }
  path.push_back(to);
}

}  // namespace

std::vector<TensorDesc> conversion_path(const TensorDesc& from, const TensorDesc& to) {
  std::vector<TensorDesc> path;
  if (from.device == to.device) {
    add_conversions(from, to, path);
    return path;
  }
  TensorDesc sent = from;
  if (from.device.is_host()) {
    sent = TensorDesc::dense(to.dtype, to.shape, to.layout, from.device);
    add_conversions(from, sent, path);
  } else if (!from.is_dense()) {
    sent = TensorDesc::contiguous(from.dtype, from.shape, from.device);
    path.push_back(sent);
  }
  TensorDesc received = sent;
  received.device = to.device;
  path.push_back(received);
  add_conversions(received, to, path);
  return path;
}

}  // namespace convoy
