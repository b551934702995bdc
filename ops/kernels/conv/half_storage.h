// 16-bit floats on the way into the scratch of a convolution and out of it.
#pragma once

#include <cstdint>

#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/elementwise/convert_rows.h"

namespace convoy::kernels {

class HalfStorage {
 public:
  // Not float32.
  explicit HalfStorage(ConvElement element);

  // What ConvKernels::pack does, from src in place of pack.src.
  void pack(const ConvPack& pack, const uint16_t* src) const;

  // values[i] += row[i * stride] for i < count
  void add(float* values, const uint16_t* row, int64_t stride, int64_t count) const;

  // row[i * stride] = values[i], rounded to nearest even.
  void store(const float* values, uint16_t* row, int64_t stride, int64_t count) const {
    store_(values, row, stride, count);
  }

 private:
  void load_every(float* dst, int64_t count, const uint16_t* src, int64_t step,
                  int64_t stride) const;

  elementwise::LoadRow<float> load_;
  elementwise::StoreRow<float> store_;
};

}  // namespace convoy::kernels
