#include "runtime/tensor/tensor.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/parallel_for.h"

namespace convoy {

Tensor Tensor::allocate(DType dtype, const Shape& shape, Device& device) {
  Tensor tensor;
  tensor.desc_ = TensorDesc::contiguous(dtype, shape, device.id());
  int64_t count = element_count(shape);
  if (dtype == DType::kString) {
    tensor.buffer_ = Buffer::allocate_strings(static_cast<size_t>(count));
  } else {
    int64_t bytes = checked_multiply(count, static_cast<int64_t>(size_of(dtype)));
    tensor.buffer_ = Buffer::allocate(static_cast<size_t>(bytes), device);
  }
  return tensor;
}

Tensor Tensor::zeros(DType dtype, const Shape& shape) {
  Tensor tensor = allocate(dtype, shape);
  if (dtype != DType::kString && tensor.buffer_->bytes() > 0) {
    std::memset(tensor.raw(), 0, tensor.buffer_->bytes());
  }
  return tensor;
}

Tensor Tensor::over(std::shared_ptr<Buffer> buffer, int64_t byte_offset, const TensorDesc& desc) {
  int64_t low = byte_offset;
  int64_t high = byte_offset;
  auto size = static_cast<int64_t>(size_of(desc.dtype));
  if (!desc.layout.plain()) {
    high = checked_add(high, desc.bytes());
  } else if (desc.count() > 0) {
    for (int i = 0; i < desc.rank(); ++i) {
      int64_t reach = checked_multiply(checked_multiply(desc.shape[i] - 1, desc.strides[i]), size);
      int64_t& edge = reach < 0 ? low : high;
      edge = checked_add(edge, reach);
    }
    high = checked_add(high, size);
  }
  if (!(low >= 0 && high <= static_cast<int64_t>(buffer->bytes()))) {
    fail(ErrorCode::kInvalidInput, "a tensor {} reaches outside its buffer of {} bytes",
         to_string(desc), buffer->bytes());
  }
  Tensor tensor;
  tensor.buffer_ = std::move(buffer);
  tensor.byte_offset_ = byte_offset;
  tensor.desc_ = desc;
  tensor.desc_.device = tensor.buffer_->device().id();
  return tensor;
}

Tensor Tensor::borrow(const TensorView& view) {
  Tensor tensor;
  tensor.buffer_ = Buffer::wrap(view.data, 0, nullptr, find_device(view.device));
  tensor.desc_ = view;
  return tensor;
}

Tensor Tensor::contiguous() const { return desc_.is_contiguous() ? *this : clone(); }

Tensor Tensor::reshaped(const Shape& shape) const {
  if (!(desc_.is_contiguous() && element_count(shape) == count())) {
    fail(ErrorCode::kInternal, "cannot view {} as {}", to_string(desc_), to_string(shape));
  }
  Tensor tensor = *this;
  tensor.desc_ = TensorDesc::contiguous(dtype(), shape, desc_.device);
  return tensor;
}

Tensor Tensor::sub_view(int64_t offset, const TensorDesc& desc) const {
  Tensor tensor = *this;
  tensor.byte_offset_ += offset * static_cast<int64_t>(size_of(desc.dtype));
  tensor.desc_ = desc;
  return tensor;
}

Tensor Tensor::clone() const {
  if (!on_host()) return from_device();
  Tensor copy = allocate(dtype(), shape());
  copy_elements(view(), copy.view());
  return copy;
}

Tensor Tensor::on(Device& device) const {
  if (desc_.device == device.id()) return *this;
  if (!on_host()) return from_device().on(device);
  Tensor copy = allocate(dtype(), shape(), device);
  write_elements(*this, copy.view());
  return copy;
}

Tensor Tensor::from_device() const {
  Device& device = buffer_->device();
  auto queue = device.make_queue(calling_thread());
  Tensor source = *this;
  if (!desc_.is_contiguous()) {
    source = allocate(dtype(), shape(), device);
    device.convert(view(), source.view(), *queue);
  }
  Tensor copy = allocate(dtype(), shape());
  device.copy_to_host(copy.raw(), source.raw(), static_cast<size_t>(copy.desc().bytes()), *queue);
  queue->synchronize();
  return copy;
}

void write_elements(const Tensor& from, const TensorView& to) {
  if (to.device.is_host()) return copy_elements(from.on(cpu_device()).view(), to);
  check_supported(from.dtype() != DType::kString, "strings lie on the host alone");
  Device& device = find_device(to.device);
  auto queue = device.make_queue(calling_thread());
  Tensor source = from.on(cpu_device()).contiguous();
  device.copy_from_host(to.data, source.raw(), static_cast<size_t>(to.bytes()), *queue);
  queue->synchronize();
}

std::vector<int64_t> to_int64s(const Tensor& tensor) {
  Tensor source = tensor.contiguous();
  std::vector<int64_t> result(static_cast<size_t>(source.count()));
  visit_dtype_among<int64_t, int32_t, int8_t, uint8_t, int16_t, uint16_t, uint32_t, uint64_t, bool>(
      source.dtype(), [&](auto tag) {
        using T = typename decltype(tag)::type;
        std::transform(source.data<T>(), source.data<T>() + result.size(), result.begin(),
                       [](T value) { return static_cast<int64_t>(value); });
      });
  return result;
}

std::vector<double> to_doubles(const Tensor& tensor) {
  Tensor source = tensor.contiguous();
  std::vector<double> result(static_cast<size_t>(source.count()));
  visit_numeric(source.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::transform(source.data<T>(), source.data<T>() + result.size(), result.begin(),
                   [](T value) { return static_cast<double>(value); });
  });
  return result;
}

bool identical(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || !(a.shape() == b.shape())) return false;
  Tensor x = a.contiguous();
  Tensor y = b.contiguous();
  if (a.dtype() == DType::kString) {
    auto xs = x.values<std::string>();
    auto ys = y.values<std::string>();
    return std::equal(xs.begin(), xs.end(), ys.begin(), ys.end());
  }
  auto bytes = static_cast<size_t>(a.count()) * size_of(a.dtype());
  return bytes == 0 || std::memcmp(x.raw(), y.raw(), bytes) == 0;
}

}  // namespace convoy
