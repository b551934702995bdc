#include "runtime/tensor/convert_layout.h"

#include <cstring>

namespace convoy {
namespace {

constexpr int64_t kGrainBytes = 64 << 10;

int64_t grain_for(int64_t item_bytes) {
  return std::max<int64_t>(1, kGrainBytes / std::max<int64_t>(item_bytes, 1));
}

// The part [begin, end) of a plain view along one axis.
TensorView narrow(const TensorView& view, int axis, int64_t begin, int64_t end) {
  TensorView part = view;
  part.shape[axis] = end - begin;
  part.data = static_cast<std::byte*>(view.data) +
              begin * view.strides[axis] * static_cast<int64_t>(size_of(view.dtype));
  return part;
}

void convert_plain(const TensorView& from, const TensorView& to, ThreadPool& threads) {
  int axis = -1;
  for (int i = 0; i < from.rank() && axis < 0; ++i) {
    if (from.shape[i] >= threads.thread_count()) axis = i;
  }
  int64_t count = from.count();
  if (axis < 0 || count == 0) return copy_elements(from, to);
  int64_t item = count / from.shape[axis] * static_cast<int64_t>(size_of(from.dtype));
  threads.parallel_for(from.shape[axis], grain_for(item), [&](int64_t begin, int64_t end) {
    copy_elements(narrow(from, axis, begin, end), narrow(to, axis, begin, end));
  });
}

// Walks the spatial positions (axes from 2 on) of a tensor in row-major order.
class SpatialWalk {
 public:
  explicit SpatialWalk(const TensorDesc& desc) : desc_(desc) {
    for (int i = 2; i < desc.rank(); ++i) count_ *= desc.shape[i];
  }
  int64_t count() const { return count_; }
  // Calls row(position, offset, length, stride) for every run along the last axis; `position` counts
  // spatial elements, `offset` is in the plain tensor's strides.
  template <typename F>
  void for_each_row(F row) const {
    int last = desc_.rank() - 1;
    if (last < 2) return row(int64_t{0}, int64_t{0}, int64_t{1}, int64_t{0});
    int64_t length = desc_.shape[last];
    Dims index = Dims::filled(desc_.rank(), 0);
    for (int64_t position = 0; position < count_; position += length) {
      int64_t offset = 0;
      for (int i = 2; i < last; ++i) offset += index[i] * desc_.strides[i];
      row(position, offset, length, desc_.strides[last]);
      for (int i = last - 1; i >= 2; --i) {
        if (++index[i] < desc_.shape[i]) break;
        index[i] = 0;
      }
    }
  }

 private:
  const TensorDesc& desc_;
  int64_t count_ = 1;
};

// One (batch, channel block) of a blocked tensor against the plain one.
template <typename T, bool kToBlocked>
void convert_block(const TensorView& plain, const SpatialWalk& walk, T* blocked, int block,
                   int64_t n, int64_t channel) {
  int64_t present = std::min<int64_t>(block, plain.shape[1] - channel);
  T* base = plain.as<T>() + n * plain.strides[0] + channel * plain.strides[1];
  int64_t channel_stride = plain.strides[1];
  walk.for_each_row([&](int64_t position, int64_t offset, int64_t length, int64_t stride) {
    T* block_row = blocked + position * block;
    for (int64_t c = 0; c < present; ++c) {
      T* plain_row = base + offset + c * channel_stride;
      for (int64_t i = 0; i < length; ++i) {
        if constexpr (kToBlocked) {
          block_row[i * block + c] = plain_row[i * stride];
        } else {
          plain_row[i * stride] = block_row[i * block + c];
        }
      }
    }
    if constexpr (kToBlocked) {
      for (int64_t c = present; c < block; ++c) {
        for (int64_t i = 0; i < length; ++i) block_row[i * block + c] = T{};
      }
    }
  });
}

template <typename T, bool kToBlocked>
void convert_blocked(const TensorView& plain, void* blocked, int block, ThreadPool& threads) {
  if (plain.count() == 0) return;
  SpatialWalk walk(plain);
  int64_t blocks = (plain.shape[1] + block - 1) / block;
  int64_t bytes = walk.count() * block * static_cast<int64_t>(sizeof(T));
  threads.parallel_for(plain.shape[0] * blocks, grain_for(bytes), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      T* part = static_cast<T*>(blocked) + i * walk.count() * block;
      convert_block<T, kToBlocked>(plain, walk, part, block, i / blocks, i % blocks * block);
    }
  });
}

template <bool kToBlocked>
void convert_sized(const TensorView& plain, void* blocked, int block, ThreadPool& threads) {
  switch (size_of(plain.dtype)) {
    case 1: return convert_blocked<uint8_t, kToBlocked>(plain, blocked, block, threads);
    case 2: return convert_blocked<uint16_t, kToBlocked>(plain, blocked, block, threads);
    case 4: return convert_blocked<uint32_t, kToBlocked>(plain, blocked, block, threads);
    default: return convert_blocked<uint64_t, kToBlocked>(plain, blocked, block, threads);
  }
}

}  // namespace

void convert_layout(const TensorView& from, const TensorView& to, ThreadPool& threads) {
  check_internal(from.dtype == to.dtype && from.shape == to.shape, "cannot convert {} to {}",
                 to_string(from), to_string(to));
  if (from.layout.plain() && to.layout.plain()) return convert_plain(from, to, threads);
  check_supported(from.dtype != DType::kString && size_of(from.dtype) <= 8 && from.rank() >= 2,
                  "{} has no blocked layout", to_string(from));
  if (from.layout == to.layout) {
    std::memcpy(to.data, from.data, static_cast<size_t>(from.bytes()));
  } else if (from.layout.plain()) {
    convert_sized<true>(from, to.data, to.layout.block, threads);
  } else if (to.layout.plain()) {
    convert_sized<false>(to, from.data, from.layout.block, threads);
  } else {
    fail(ErrorCode::kInternal, "conversion between two blocked layouts");
  }
}

}  // namespace convoy
