#include "runtime/onnx/tensors.h"

#include <cstring>

#include "runtime/onnx/types.h"

namespace convoy {
namespace {

static_assert(std::endian::native == std::endian::little, "ONNX files are little-endian");

bool is_packed(DType dtype) { return bits_of(dtype) > 0 && bits_of(dtype) < 8; }

bool is_signed_packed(DType dtype) { return dtype == DType::kInt4 || dtype == DType::kInt2; }

// Elements are packed from the least significant bits on; signed ones are extended to int8.
void unpack(DType dtype, const uint8_t* from, int64_t count, uint8_t* to) {
  int bits = bits_of(dtype);
  int per_byte = 8 / bits;
  int unused = 8 - bits;
  for (int64_t i = 0; i < count; ++i) {
    auto shifted = static_cast<uint8_t>(from[i / per_byte] << (unused - bits * (i % per_byte)));
    to[i] = is_signed_packed(dtype) ? static_cast<uint8_t>(static_cast<int8_t>(shifted) >> unused)
                                    : static_cast<uint8_t>(shifted >> unused);
  }
}

void pack(DType dtype, const uint8_t* from, int64_t count, uint8_t* to) {
  int bits = bits_of(dtype);
  int per_byte = 8 / bits;
  auto mask = static_cast<uint8_t>((1 << bits) - 1);
  for (int64_t i = 0; i < count; ++i) {
    to[i / per_byte] |= static_cast<uint8_t>((from[i] & mask) << (bits * (i % per_byte)));
  }
}

Tensor from_packed(DType dtype, const Shape& shape, const void* bytes, size_t size) {
  Tensor tensor = Tensor::allocate(dtype, shape);
  auto wanted = static_cast<size_t>(packed_bytes(dtype, tensor.count()));
  check_model(size == wanted, "{} bytes of data where {} take {}", size, to_string(tensor.desc()),
              wanted);
  if (is_packed(dtype)) {
    unpack(dtype, static_cast<const uint8_t*>(bytes), tensor.count(),
           static_cast<uint8_t*>(tensor.raw()));
  } else if (dtype == DType::kBool) {
    auto* from = static_cast<const uint8_t*>(bytes);
    std::transform(from, from + size, static_cast<uint8_t*>(tensor.raw()),
                   [](uint8_t value) -> uint8_t { return value != 0; });
  } else if (size > 0) {
    std::memcpy(tensor.raw(), bytes, size);
  }
  return tensor;
}

Tensor from_stored(DType dtype, const Shape& shape, const StoredBytes& stored) {
  auto wanted = packed_bytes(dtype, element_count(shape));
  check_model(static_cast<int64_t>(stored.size) == wanted, "{} bytes of data where {}{} takes {}",
              stored.size, to_string(dtype), to_string(shape), wanted);
  const std::byte* address = stored.buffer->data() + stored.offset;
  bool aligned = reinterpret_cast<uintptr_t>(address) % kAlignment == 0;
  TensorDesc desc = TensorDesc::contiguous(dtype, shape);
  if (stored.stays && aligned && !is_packed(dtype) && dtype != DType::kBool && wanted > 0) {
    return Tensor::over(stored.buffer, static_cast<int64_t>(stored.offset), desc);
  }
  return from_packed(dtype, shape, address, stored.size);
}

void check_field_size(int64_t held, int64_t wanted, const Tensor& tensor) {
  check_model(held == wanted, "{} values where {} needs {}", held, to_string(tensor.desc()),
              wanted);
}

// Typed fields hold one value an element, complex numbers two; narrow types are cast from the
// wider field type.
template <typename Element, typename Field>
void copy_field(const Field& field, Tensor& tensor) {
  auto* to = static_cast<Element*>(tensor.raw());
  auto wanted = tensor.count() * static_cast<int64_t>(size_of(tensor.dtype()) / sizeof(Element));
  check_field_size(field.size(), wanted, tensor);
  for (int64_t i = 0; i < wanted; ++i) {
    to[i] = static_cast<Element>(field.Get(static_cast<int>(i)));
  }
}

// int32_data holds packed types as in raw_data: one byte a value as ONNX's own tools write it, or
// four as its checker allows.
void unpack_field(const onnx::TensorProto& proto, Tensor& tensor) {
  int64_t bytes = packed_bytes(tensor.dtype(), tensor.count());
  int64_t held = proto.int32_data_size();
  int per_value = held == bytes ? 1 : 4;
  check_field_size(held, per_value == 1 ? bytes : (bytes + 3) / 4, tensor);
  std::string packed(static_cast<size_t>(held * per_value), '\0');
  for (int i = 0; i < proto.int32_data_size(); ++i) {
    int32_t value = proto.int32_data(i);
    std::memcpy(packed.data() + i * per_value, &value, static_cast<size_t>(per_value));
  }
  unpack(tensor.dtype(), reinterpret_cast<const uint8_t*>(packed.data()), tensor.count(),
         static_cast<uint8_t*>(tensor.raw()));
}

// Values that the typed fields hold, before any memory is spent on the declared shape.
int64_t held_values(const onnx::TensorProto& proto) {
  return int64_t{proto.float_data_size()} + proto.int32_data_size() + proto.int64_data_size() +
         proto.double_data_size() + proto.uint64_data_size() + proto.string_data_size();
}

Tensor from_fields(DType dtype, const Shape& shape, const onnx::TensorProto& proto) {
  int64_t count = element_count(shape);
  int64_t least = is_packed(dtype) ? (packed_bytes(dtype, count) + 3) / 4 : count;
  check_model(held_values(proto) >= least, "{} values where {}{} needs {}", held_values(proto),
              to_string(dtype), to_string(shape), least);
  Tensor tensor = Tensor::allocate(dtype, shape);
  switch (dtype) {
    case DType::kFloat32:
    case DType::kComplex64: copy_field<float>(proto.float_data(), tensor); break;
    case DType::kFloat64:
    case DType::kComplex128: copy_field<double>(proto.double_data(), tensor); break;
    case DType::kInt64: copy_field<int64_t>(proto.int64_data(), tensor); break;
    case DType::kUInt64: copy_field<uint64_t>(proto.uint64_data(), tensor); break;
    case DType::kUInt32: copy_field<uint32_t>(proto.uint64_data(), tensor); break;
    case DType::kInt32: copy_field<int32_t>(proto.int32_data(), tensor); break;
    case DType::kBool:
      check_field_size(proto.int32_data_size(), tensor.count(), tensor);
      std::transform(proto.int32_data().begin(), proto.int32_data().end(),
                     tensor.mutable_data<bool>(), [](int32_t value) { return value != 0; });
      break;
    case DType::kString: {
      check_field_size(proto.string_data_size(), tensor.count(), tensor);
      std::copy(proto.string_data().begin(), proto.string_data().end(),
                tensor.mutable_data<std::string>());
      break;
    }
    default:
      if (is_packed(dtype)) {
        unpack_field(proto, tensor);
      } else if (size_of(dtype) == 2) {
        copy_field<uint16_t>(proto.int32_data(), tensor);
      } else {
        copy_field<uint8_t>(proto.int32_data(), tensor);
      }
  }
  return tensor;
}

// Fills `dense` at one position an element of `values`.
void scatter(const Tensor& values, const std::vector<int64_t>& positions, Tensor& dense) {
  size_t size = size_of(values.dtype());
  for (size_t i = 0; i < positions.size(); ++i) {
    check_model(positions[i] >= 0 && positions[i] < dense.count(),
                "index {} of a sparse tensor lies outside its shape {}", positions[i],
                to_string(dense.shape()));
    auto at = static_cast<size_t>(positions[i]);
    if (values.dtype() == DType::kString) {
      dense.mutable_data<std::string>()[at] = values.data<std::string>()[i];
    } else {
      std::memcpy(static_cast<std::byte*>(dense.raw()) + at * size,
                  static_cast<const std::byte*>(values.raw()) + i * size, size);
    }
  }
}

// Indices of shape [n] are positions in row-major order, of shape [n, rank] coordinates.
std::vector<int64_t> flat_positions(const Tensor& indices, const Shape& shape) {
  std::vector<int64_t> numbers = to_int64s(indices);
  if (indices.rank() == 1) return numbers;
  Strides strides = contiguous_strides(shape);
  auto rank = static_cast<size_t>(shape.rank());
  std::vector<int64_t> positions(numbers.size() / std::max<size_t>(rank, 1), 0);
  for (size_t i = 0; i < positions.size(); ++i) {
    for (size_t axis = 0; axis < rank; ++axis) {
      int64_t coordinate = numbers[i * rank + axis];
      auto k = static_cast<int>(axis);
      check_model(coordinate >= 0 && coordinate < shape[k],
                  "coordinate {} of a sparse tensor lies outside its shape {}", coordinate,
                  to_string(shape));
      positions[i] += coordinate * strides[k];
    }
  }
  return positions;
}

Shape checked_shape(const google::protobuf::RepeatedField<int64_t>& dims) {
  Shape shape;
  int64_t count = 1;
  for (int64_t size : dims) {
    check_model(size >= 0, "a tensor has the negative size {}", size);
    // Sizes of 0 do not excuse the others: strides are products too.
    bool fits =
        !__builtin_mul_overflow(count, std::max<int64_t>(size, 1), &count) && count < kMostElements;
    check_model(fits, "the sizes of a tensor overflow");
    shape.push_back(size);
  }
  return shape;
}

}  // namespace

Shape tensor_shape(const onnx::TensorProto& proto) { return checked_shape(proto.dims()); }

int64_t packed_bytes(DType dtype, int64_t count) {
  if (!is_packed(dtype)) return checked_multiply(count, static_cast<int64_t>(size_of(dtype)));
  int per_byte = 8 / bits_of(dtype);
  return count / per_byte + (count % per_byte != 0 ? 1 : 0);
}

Tensor tensor_from_proto(const onnx::TensorProto& proto, TensorStore* store) {
  DType dtype = dtype_from_proto(proto.data_type());
  Shape shape = tensor_shape(proto);
  if (store != nullptr) {
    if (auto stored = store->find(proto)) {
      check_model(dtype != DType::kString, "strings are kept as raw or external data");
      return from_stored(dtype, shape, *stored);
    }
  }
  check_model(proto.data_location() != onnx::TensorProto::EXTERNAL,
              "external data is not available here");
  if (proto.has_raw_data()) {
    check_model(dtype != DType::kString, "strings are kept as raw or external data");
    int64_t wanted = packed_bytes(dtype, element_count(shape));
    check_model(static_cast<int64_t>(proto.raw_data().size()) == wanted,
                "{} bytes of data where {}{} takes {}", proto.raw_data().size(), to_string(dtype),
                to_string(shape), wanted);
    return from_packed(dtype, shape, proto.raw_data().data(), proto.raw_data().size());
  }
  return from_fields(dtype, shape, proto);
}

Tensor tensor_from_proto(const onnx::SparseTensorProto& proto, TensorStore* store) {
  Tensor values = tensor_from_proto(proto.values(), store);
  Shape shape = checked_shape(proto.dims());
  int64_t limit = store != nullptr ? store->dense_limit() : int64_t{1} << 30;
  auto size = static_cast<int64_t>(size_of(values.dtype()));
  check_model(element_count(shape) <= limit / size,
              "a sparse tensor of shape {} takes more than {} bytes when it is made dense",
              to_string(shape), limit);
  Tensor dense = Tensor::zeros(values.dtype(), shape);
  if (values.count() == 0) return dense;
  Tensor indices = tensor_from_proto(proto.indices(), store);
  check_model(indices.dtype() == DType::kInt64, "the indices of a sparse tensor are no int64");
  bool flat = indices.rank() == 1 && indices.shape()[0] == values.count();
  bool coordinates = indices.rank() == 2 && indices.shape()[0] == values.count() &&
                     indices.shape()[1] == shape.rank();
  check_model(flat || coordinates, "a sparse tensor has {} values and indices of shape {}",
              values.count(), to_string(indices.shape()));
  scatter(values, flat_positions(indices, shape), dense);
  return dense;
}

std::string packed_data(const Tensor& tensor) {
  check_internal(tensor.dtype() != DType::kString, "strings have no packed form");
  Tensor source = tensor.contiguous();
  std::string bytes(static_cast<size_t>(packed_bytes(source.dtype(), source.count())), '\0');
  if (is_packed(source.dtype())) {
    pack(source.dtype(), static_cast<const uint8_t*>(source.raw()), source.count(),
         reinterpret_cast<uint8_t*>(bytes.data()));
  } else if (!bytes.empty()) {
    std::memcpy(bytes.data(), source.raw(), bytes.size());
  }
  return bytes;
}

void tensor_to_proto(const Tensor& tensor, onnx::TensorProto& proto) {
  proto.set_data_type(static_cast<int32_t>(tensor.dtype()));
  for (int64_t size : tensor.shape()) proto.add_dims(size);
  if (tensor.dtype() == DType::kString) {
    Tensor source = tensor.contiguous();
    for (const std::string& text : source.values<std::string>()) proto.add_string_data(text);
  } else {
    proto.set_raw_data(packed_data(tensor));
  }
}

}  // namespace convoy
