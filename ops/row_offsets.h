// Where the rows of a strided tensor begin.
#pragma once

#include "runtime/device/tensor_view.h"

namespace convoy {

// Maps the row-major index over the dimensions before `axis` to the element offset of that row.
class RowOffsets {
 public:
  RowOffsets() = default;
  RowOffsets(const TensorDesc& desc, int axis) {
    for (int i = 0; i < axis; ++i) {
      if (desc.shape[i] == 1) continue;
      const bool joins = !shape_.empty() && strides_.back() == desc.strides[i] * desc.shape[i];
      if (joins) {
        shape_[shape_.rank() - 1] *= desc.shape[i];
        strides_[shape_.rank() - 1] = desc.strides[i];
      } else {
        shape_.push_back(desc.shape[i]);
        strides_.push_back(desc.strides[i]);
      }
    }
  }
  // Row i begins at i · distance.
  static RowOffsets evenly(int64_t distance) {
    RowOffsets rows;
    rows.shape_.push_back(1);
    rows.strides_.push_back(distance);
    return rows;
  }

  // The dimensions that are left, of any size but 1, neighbours in one stride joined.
  const Shape& shape() const { return shape_; }
  const Strides& strides() const { return strides_; }

  int64_t operator[](int64_t row) const {
    int64_t offset = 0;
    for (int i = shape_.rank() - 1; i > 0; --i) {
      offset += row % shape_[i] * strides_[i];
      row /= shape_[i];
    }
    return shape_.empty() ? 0 : offset + row * strides_[0];
  }

 private:
  Shape shape_;
  Strides strides_;
};

}  // namespace convoy
