#include "ops/kernels/conv/half_storage.h"

#include <algorithm>

namespace convoy::kernels {

namespace {

constexpr int64_t kFew = 512;  // floats on the stack

DType dtype_of(ConvElement element) {
  return element == ConvElement::float16 ? DType::kFloat16 : DType::kBFloat16;
}

}  // namespace

HalfStorage::HalfStorage(ConvElement element)
    : load_(elementwise::row_loader<float>(dtype_of(element))),
      store_(elementwise::row_storer<float>(dtype_of(element))) {}

// Neighbours are widened together even where only some of them are wanted.
void HalfStorage::load_every(float* dst, int64_t count, const uint16_t* src, int64_t step,
                             int64_t stride) const {
  constexpr int64_t kMostStep = 8;
  if (step == 1 || stride != 1 || step > kMostStep) return load_(src, step * stride, dst, count);
  float row[kFew];
  const int64_t most = kFew / step;
  for (int64_t at = 0; at < count; at += most) {
    const int64_t some = std::min(most, count - at);
    load_(src + at * step, 1, row, (some - 1) * step + 1);
    for (int64_t i = 0; i < some; ++i) dst[at + i] = row[i * step];
  }
}

void HalfStorage::pack(const ConvPack& a, const uint16_t* src) const {
  // The columns that lie inside are begin .. end - 1.
  auto first_from = [&](int64_t position) {
    const int64_t distance = position - a.first;
    return distance <= 0 ? 0 : std::min((distance + a.step - 1) / a.step, a.count);
  };
  const int64_t begin = first_from(0), end = std::max(begin, first_from(a.size));
  for (int64_t i = 0; i < a.rows; ++i) {
    float* const dst = a.dst + i * a.dst_row;
    const int64_t row = a.first_row + i * a.row_step;
    if (row < 0 || row >= a.row_size || begin == end) {
      std::fill_n(dst, a.count, 0.0f);
      continue;
    }
    std::fill_n(dst, begin, 0.0f);
    load_every(dst + begin, end - begin,
               src + row * a.row_stride + (a.first + begin * a.step) * a.stride, a.step, a.stride);
    std::fill(dst + end, dst + a.count, 0.0f);
  }
}

void HalfStorage::add(float* values, const uint16_t* row, int64_t stride, int64_t count) const {
  float some[kFew];
  for (int64_t at = 0; at < count; at += kFew) {
    const int64_t length = std::min(kFew, count - at);
    load_(row + at * stride, stride, some, length);
    for (int64_t i = 0; i < length; ++i) values[at + i] += some[i];
  }
}

}  // namespace convoy::kernels
