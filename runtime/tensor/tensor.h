// A tensor: a shared buffer and how to read it. Copying a Tensor shares the bytes.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/device/tensor_view.h"
#include "runtime/tensor/buffer.h"

namespace convoy {

class Tensor {
 public:
  Tensor() = default;

  // Contiguous, uninitialized (strings: empty). Throws kOutOfMemory, kInvalidInput on overflow.
  static Tensor allocate(DType dtype, const Shape& shape, Device& device = cpu_device());
  static Tensor zeros(DType dtype, const Shape& shape);
  // Reads `buffer` from byte_offset on, on its device; throws kInvalidInput if desc reaches outside
  // of it.
  static Tensor over(std::shared_ptr<Buffer> buffer, int64_t byte_offset, const TensorDesc& desc);
  // Memory of the caller's, which must outlive the tensor and every copy of it.
  static Tensor borrow(const TensorView& view);

  template <typename T>
  static Tensor from(const Shape& shape, std::span<const T> values) {
    Tensor tensor = allocate(dtype_of<T>, shape);
    check_input(static_cast<int64_t>(values.size()) == tensor.count(),
                "{} values do not fill shape {}", values.size(), to_string(shape));
    std::copy(values.begin(), values.end(), tensor.mutable_data<T>());
    return tensor;
  }
  template <typename T>
  static Tensor scalar(T value) {
    return from<T>({}, std::span<const T>(&value, 1));
  }
  static Tensor from_int64s(std::span<const int64_t> values) {
    return from<int64_t>({static_cast<int64_t>(values.size())}, values);
  }

  bool defined() const { return buffer_ != nullptr; }
  DType dtype() const { return desc_.dtype; }
  bool on_host() const { return desc_.device.is_host(); }
  const Shape& shape() const { return desc_.shape; }
  int rank() const { return desc_.rank(); }
  int64_t count() const { return desc_.count(); }
  const TensorDesc& desc() const { return desc_; }
  const std::shared_ptr<Buffer>& buffer() const { return buffer_; }

  void* raw() const { return buffer_ ? buffer_->data() + byte_offset_ : nullptr; }
  TensorView view() const { return {desc_, raw()}; }

  // Typed access; throws kInternal when T is not the tensor's element type, or the host cannot read
  // its memory.
  template <typename T>
  const T* data() const {
    check_type(dtype_of<T>);
    return static_cast<const T*>(raw());
  }
  template <typename T>
  T* mutable_data() {
    check_type(dtype_of<T>);
    return static_cast<T*>(raw());
  }
  // The elements of a contiguous tensor.
  template <typename T>
  std::span<const T> values() const {
    return {data<T>(), static_cast<size_t>(count())};
  }

  // This tensor if it is contiguous and plain, a copy on the host otherwise.
  Tensor contiguous() const;
  // The same bytes under another shape; needs a contiguous tensor and an equal element count.
  Tensor reshaped(const Shape& shape) const;
  // Another reading of the same bytes, `offset` elements of desc.dtype further on; the caller knows
  // that desc stays inside.
  Tensor sub_view(int64_t offset, const TensorDesc& desc) const;
  // Always a fresh contiguous copy, on the host.
  Tensor clone() const;
  // This tensor if it lies on that device, a contiguous copy there otherwise; not for strings.
  Tensor on(Device& device) const;

 private:
  void check_type(DType wanted) const {
    check_internal(wanted == desc_.dtype, "a {} tensor read as {}", to_string(desc_.dtype),
                   to_string(wanted));
    check_internal(on_host(), "a tensor on the device '{}' read by the host",
                   to_string(desc_.device));
  }

  Tensor from_device() const;  // a contiguous copy on the host

  std::shared_ptr<Buffer> buffer_;
  int64_t byte_offset_ = 0;
  TensorDesc desc_;
};

// Copies the elements to memory on any device: contiguous where that is not the host.
void write_elements(const Tensor& from, const TensorView& to);

// The elements of an integer tensor of any integer type as int64, or of a floating one as double;
// throws kInvalidInput for other types.
std::vector<int64_t> to_int64s(const Tensor& tensor);
std::vector<double> to_doubles(const Tensor& tensor);

// Equal dtype, shape and bytes (NaNs with equal bits are equal).
bool identical(const Tensor& a, const Tensor& b);

}  // namespace convoy
