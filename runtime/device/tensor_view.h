// What kernels see of a tensor: an address, a type, sizes and strides. Owns nothing.
#pragma once

#include "runtime/base/dtype.h"
#include "runtime/base/shape.h"
#include "runtime/device/device_id.h"

namespace convoy {

// How the elements of a tensor lie in memory. Plain: at data + Σ index·stride.
// Channel-blocked (block > 0): [d0, ceil(d1/block), d2 …, block], contiguous, axis 1 padded with
// zeros to a multiple of block (oneDNN's nCw8c/nChw16c …); strides are then meaningless.
struct Layout {
  int block = 0;
  bool plain() const { return block == 0; }
  friend bool operator==(const Layout&, const Layout&) = default;
};

// Type and place of a value without its address.
struct TensorDesc {
  DType dtype = DType::kUndefined;
  Shape shape;
  Strides strides;  // in elements
  Layout layout;
  DeviceId device = {};

  static TensorDesc contiguous(DType dtype, const Shape& shape, DeviceId device = {}) {
    return dense(dtype, shape, Layout{}, device);
  }
  static TensorDesc blocked(DType dtype, const Shape& shape, int block) {
    return dense(dtype, shape, Layout{block}, {});
  }
  // Contiguous, or blocked as the layout says.
  static TensorDesc dense(DType dtype, const Shape& shape, Layout layout, DeviceId device) {
    return {dtype, shape, contiguous_strides(shape), layout, device};
  }
  int rank() const { return shape.rank(); }
  int64_t count() const { return element_count(shape); }
  bool is_contiguous() const { return layout.plain() && convoy::is_contiguous(shape, strides); }
  bool is_dense() const { return !layout.plain() || is_contiguous(); }
  // Bytes from the first to one past the last element of a contiguous or blocked tensor.
  int64_t bytes() const;
  friend bool operator==(const TensorDesc&, const TensorDesc&) = default;
};

// "float32[1,3,224,224]"
std::string to_string(const TensorDesc& desc);

[[noreturn]] void fail_element_type(DType dtype, DType wanted);

// A null data pointer together with kUndefined marks an operand that was left out.
struct TensorView : TensorDesc {
  void* data = nullptr;

  TensorView() = default;
  TensorView(const TensorDesc& desc, void* address) : TensorDesc(desc), data(address) {}
  bool present() const { return dtype != DType::kUndefined; }
  // Throws kInvalidModel where the elements are none of T; unsigned integers and bytes stand for
  // whatever takes as many bytes or more.
  template <typename T>
  T* as() const {
    using Element = std::remove_const_t<T>;
    if (data != nullptr && !holds<Element>()) fail_element_type(dtype, dtype_named<Element>());
    return static_cast<T*>(data);
  }

 private:
  template <typename Element>
  bool holds() const {
    if constexpr (is_type_of_elements<Element> && !kStandsForBits<Element>) {
      return dtype == dtype_of<Element>;
    } else {
      return size_of(dtype) >= sizeof(Element);
    }
  }
  template <typename Element>
  static constexpr bool kStandsForBits =
      std::is_same_v<Element, int8_t> ||
      (std::is_unsigned_v<Element> && !std::is_same_v<Element, bool>);
  template <typename Element>
  static constexpr DType dtype_named() {
    if constexpr (is_type_of_elements<Element>) return dtype_of<Element>;
    return DType::kUndefined;
  }
};

// Copies elements between plain views of equal dtype and shape, any strides on either side, in
// memory that the caller may read and write.
// Strings are assigned. Single-threaded; the views must not overlap.
void copy_elements(const TensorView& from, const TensorView& to);

}  // namespace convoy
