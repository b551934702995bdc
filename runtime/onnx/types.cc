#include "runtime/onnx/types.h"

namespace convoy {
namespace {

constexpr int kMaxNesting = 64;

Dimension dimension_from_proto(const onnx::TensorShapeProto::Dimension& proto) {
  if (proto.has_dim_param()) return {-1, proto.dim_param()};
  if (!proto.has_dim_value()) return {};
  // Some exporters write -1 for a size that they do not know.
  check_model(proto.dim_value() >= -1, "a dimension has the negative size {}", proto.dim_value());
  return {proto.dim_value(), {}};
}

template <typename TensorType>
ValueType tensor_type_from_proto(ValueType::Kind kind, const TensorType& proto) {
  ValueType type;
  type.kind = kind;
  if (proto.elem_type() != 0) type.dtype = dtype_from_proto(proto.elem_type());
  if (proto.has_shape()) {
    type.shape.emplace();
    type.shape->reserve(static_cast<size_t>(proto.shape().dim_size()));
    for (const auto& dimension : proto.shape().dim()) {
      type.shape->push_back(dimension_from_proto(dimension));
    }
  }
  return type;
}

ValueType convert(const onnx::TypeProto& proto, int depth) {
  check_model(depth < kMaxNesting, "a type is nested more than {} deep", kMaxNesting);
  auto element = [&](const onnx::TypeProto& inner) {
    return std::make_shared<const ValueType>(convert(inner, depth + 1));
  };
  switch (proto.value_case()) {
    case onnx::TypeProto::kTensorType:
      return tensor_type_from_proto(ValueType::Kind::kTensor, proto.tensor_type());
    case onnx::TypeProto::kSparseTensorType:
      return tensor_type_from_proto(ValueType::Kind::kSparseTensor, proto.sparse_tensor_type());
    case onnx::TypeProto::kSequenceType:
      return {ValueType::Kind::kSequence, {}, {}, element(proto.sequence_type().elem_type())};
    case onnx::TypeProto::kOptionalType:
      return {ValueType::Kind::kOptional, {}, {}, element(proto.optional_type().elem_type())};
    case onnx::TypeProto::kMapType:
      return {ValueType::Kind::kMap,
              dtype_from_proto(proto.map_type().key_type()),
              {},
              element(proto.map_type().value_type())};
    default: return {};
  }
}

template <typename TensorType>
void tensor_type_to_proto(const ValueType& type, TensorType& proto) {
  proto.set_elem_type(static_cast<int32_t>(type.dtype));
  if (!type.shape) return;
  auto& shape = *proto.mutable_shape();
  for (const Dimension& dimension : *type.shape) {
    auto& added = *shape.add_dim();
    if (dimension.known()) {
      added.set_dim_value(dimension.size);
    } else if (!dimension.symbol.empty()) {
      added.set_dim_param(dimension.symbol);
    }
  }
}

}  // namespace

DType dtype_from_proto(int32_t data_type) {
  auto dtype = static_cast<DType>(data_type);
  check_model(is_known(dtype), "element type {} is not one that ONNX defines", data_type);
  return dtype;
}

ValueType type_from_proto(const onnx::TypeProto& proto) { return convert(proto, 0); }

void type_to_proto(const ValueType& type, onnx::TypeProto& proto) {
  switch (type.kind) {
    case ValueType::Kind::kUnknown: return;
    case ValueType::Kind::kTensor: return tensor_type_to_proto(type, *proto.mutable_tensor_type());
    case ValueType::Kind::kSparseTensor:
      return tensor_type_to_proto(type, *proto.mutable_sparse_tensor_type());
    case ValueType::Kind::kSequence:
      return type_to_proto(*type.element, *proto.mutable_sequence_type()->mutable_elem_type());
    case ValueType::Kind::kOptional:
      return type_to_proto(*type.element, *proto.mutable_optional_type()->mutable_elem_type());
    case ValueType::Kind::kMap:
      proto.mutable_map_type()->set_key_type(static_cast<int32_t>(type.dtype));
      return type_to_proto(*type.element, *proto.mutable_map_type()->mutable_value_type());
  }
}

}  // namespace convoy
