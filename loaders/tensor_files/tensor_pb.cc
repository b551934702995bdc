#include "loaders/tensor_files/tensor_pb.h"

#include <limits>

#include <google/protobuf/stubs/logging.h>
#include <onnx/onnx-data.pb.h>

#include "loaders/onnx/mapped_file.h"
#include "runtime/base/output_file.h"
#include "runtime/onnx/tensors.h"

namespace convoy {
namespace {

template <typename Proto>
Proto parse(const Buffer& file) {
  check_input(file.bytes() <= std::numeric_limits<int>::max(), "the file is larger than 2 GiB");
  Proto proto;
  google::protobuf::LogSilencer silence;
  bool parsed = proto.ParseFromArray(file.data(), static_cast<int>(file.bytes()));
  check_input(parsed, "the file is truncated or holds something else");
  return proto;
}

Value convert(const onnx::TensorProto& proto) { return tensor_from_proto(proto); }
Value convert(const onnx::SparseTensorProto& proto) { return tensor_from_proto(proto); }
Value convert(const onnx::SequenceProto& proto);
Value convert(const onnx::OptionalProto& proto);
Value convert(const onnx::MapProto& proto);

template <typename Items>
void append_all(const Items& items, Sequence& sequence) {
  for (const auto& item : items) sequence.elements.push_back(convert(item));
}

Value convert(const onnx::SequenceProto& proto) {
  auto sequence = std::make_shared<Sequence>();
  append_all(proto.tensor_values(), *sequence);
  append_all(proto.sparse_tensor_values(), *sequence);
  append_all(proto.sequence_values(), *sequence);
  append_all(proto.map_values(), *sequence);
  append_all(proto.optional_values(), *sequence);
  if (!sequence->elements.empty() && sequence->elements[0].is_tensor()) {
    sequence->element_dtype = sequence->elements[0].tensor().dtype();
  }
  return Value(std::shared_ptr<const Sequence>(std::move(sequence)));
}

Value convert(const onnx::OptionalProto& proto) {
  auto holding = [](Value value) {
    return Value(Optional{std::make_shared<const Value>(std::move(value))});
  };
  switch (proto.elem_type()) {
    case onnx::OptionalProto::TENSOR:
      return proto.has_tensor_value() ? holding(convert(proto.tensor_value())) : Value(Optional{});
    case onnx::OptionalProto::SPARSE_TENSOR: return holding(convert(proto.sparse_tensor_value()));
    case onnx::OptionalProto::SEQUENCE:
      return proto.has_sequence_value() ? holding(convert(proto.sequence_value()))
                                        : Value(Optional{});
    case onnx::OptionalProto::MAP: return holding(convert(proto.map_value()));
    case onnx::OptionalProto::OPTIONAL: return holding(convert(proto.optional_value()));
    default: return Value(Optional{});
  }
}

Value convert(const onnx::MapProto& proto) {
  auto map = std::make_shared<Map>();
  const auto& values = proto.values().tensor_values();
  const bool texts = proto.string_keys_size() > 0 || proto.key_type() == onnx::TensorProto::STRING;
  const int keys = texts ? proto.string_keys_size() : proto.keys_size();
  check_input(values.size() == keys, "the map has {} values for {} keys", values.size(), keys);
  if (texts) {
    map->keys = std::vector<std::string>(proto.string_keys().begin(), proto.string_keys().end());
  } else {
    map->keys = std::vector<int64_t>(proto.keys().begin(), proto.keys().end());
  }
  std::vector<Tensor> tensors;
  for (const auto& item : values) tensors.push_back(tensor_from_proto(item));
  if (tensors.empty()) {
    map->values = Tensor::allocate(DType::kFloat32, {0});
    return Value(std::shared_ptr<const Map>(std::move(map)));
  }
  auto count = static_cast<int64_t>(tensors.size());
  Tensor joined = Tensor::allocate(tensors[0].dtype(), {count});
  for (int64_t i = 0; i < count; ++i) {
    const Tensor& one = tensors[static_cast<size_t>(i)];
    check_input(one.count() == 1 && one.dtype() == joined.dtype(),
                "the values of the map are not scalars of one type");
    TensorView place = joined.view();
    place.shape = {1};
    place.data =
        static_cast<std::byte*>(place.data) + static_cast<size_t>(i) * size_of(joined.dtype());
    copy_elements(one.reshaped({1}).view(), place);
  }
  map->values = std::move(joined);
  return Value(std::shared_ptr<const Map>(std::move(map)));
}

// Sequences that are empty do not say what they would hold.
Value with_element_type(Value value, const ValueType& expected) {
  if (!value.is_sequence() || value.sequence().element_dtype != DType::kUndefined) return value;
  if (!expected.element || !expected.element->is_tensor()) return value;
  auto sequence = std::make_shared<Sequence>(value.sequence());
  sequence->element_dtype = expected.element->dtype;
  return Value(std::shared_ptr<const Sequence>(std::move(sequence)));
}

Value read(const Buffer& file, const ValueType* expected) {
  ValueType::Kind kind = expected == nullptr ? ValueType::Kind::kUnknown : expected->kind;
  switch (kind) {
    case ValueType::Kind::kSequence:
      return with_element_type(convert(parse<onnx::SequenceProto>(file)), *expected);
    case ValueType::Kind::kOptional: return convert(parse<onnx::OptionalProto>(file));
    case ValueType::Kind::kMap: return convert(parse<onnx::MapProto>(file));
    case ValueType::Kind::kSparseTensor: return convert(parse<onnx::SparseTensorProto>(file));
    default: break;
  }
  check_input(file.bytes() > 0, "the file is empty");
  return convert(parse<onnx::TensorProto>(file));
}

void write(const Value& value, onnx::SequenceProto& proto);
void write(const Map& map, onnx::MapProto& proto);

void write(const Value& value, onnx::OptionalProto& proto) {
  const Optional& optional = value.optional();
  if (optional.empty()) {
    proto.set_elem_type(onnx::OptionalProto::UNDEFINED);
  } else if (optional.element->is_tensor()) {
    proto.set_elem_type(onnx::OptionalProto::TENSOR);
    tensor_to_proto(optional.element->tensor(), *proto.mutable_tensor_value());
  } else if (optional.element->is_map()) {
    proto.set_elem_type(onnx::OptionalProto::MAP);
    write(optional.element->map(), *proto.mutable_map_value());
  } else {
    proto.set_elem_type(onnx::OptionalProto::SEQUENCE);
    write(*optional.element, *proto.mutable_sequence_value());
  }
}

void write(const Value& value, onnx::SequenceProto& proto) {
  proto.set_elem_type(onnx::SequenceProto::TENSOR);
  for (const Value& element : value.sequence().elements) {
    if (element.is_tensor()) {
      tensor_to_proto(element.tensor(), *proto.add_tensor_values());
    } else if (element.is_map()) {
      proto.set_elem_type(onnx::SequenceProto::MAP);
      write(element.map(), *proto.add_map_values());
    } else if (element.is_optional()) {
      proto.set_elem_type(onnx::SequenceProto::OPTIONAL);
      write(element, *proto.add_optional_values());
    } else {
      proto.set_elem_type(onnx::SequenceProto::SEQUENCE);
      write(element, *proto.add_sequence_values());
    }
  }
}

void write(const Map& map, onnx::MapProto& proto) {
  if (const auto* texts = std::get_if<std::vector<std::string>>(&map.keys)) {
    proto.set_key_type(onnx::TensorProto::STRING);
    for (const std::string& key : *texts) proto.add_string_keys(key);
  } else {
    proto.set_key_type(onnx::TensorProto::INT64);
    for (int64_t key : std::get<std::vector<int64_t>>(map.keys)) proto.add_keys(key);
  }
  auto& values = *proto.mutable_values();
  values.set_elem_type(onnx::SequenceProto::TENSOR);
  Tensor all = map.values.contiguous();
  for (int64_t i = 0; i < all.count(); ++i) {
    auto offset = i * static_cast<int64_t>(size_of(all.dtype()));
    TensorDesc scalar = TensorDesc::contiguous(all.dtype(), {});
    TensorView one(scalar, static_cast<std::byte*>(all.raw()) + offset);
    tensor_to_proto(Tensor::borrow(one), *values.add_tensor_values());
  }
}

template <typename Proto>
std::string serialize(Proto& proto, const std::string& name) {
  proto.set_name(name);
  std::string bytes;
  check_internal(proto.SerializeToString(&bytes), "the value cannot be serialized");
  return bytes;
}

std::string serialize(const Value& value, const std::string& name) {
  if (value.is_sequence()) {
    onnx::SequenceProto proto;
    write(value, proto);
    return serialize(proto, name);
  }
  if (value.is_optional()) {
    onnx::OptionalProto proto;
    write(value, proto);
    return serialize(proto, name);
  }
  if (value.is_map()) {
    onnx::MapProto proto;
    write(value.map(), proto);
    return serialize(proto, name);
  }
  onnx::TensorProto proto;
  tensor_to_proto(value.tensor(), proto);
  return serialize(proto, name);
}

}  // namespace

Value read_tensor_pb(const std::string& path, const ValueType* expected) {
  auto file = map_file(path, ErrorCode::kInvalidInput);
  try {
    return read(*file, expected);
  } catch (const Error& error) {
    throw Error(ErrorCode::kInvalidInput, error.message(), {path, "", "", ""});
  }
}

void write_tensor_pb(const std::string& path, const Value& value, const std::string& name) {
  OutputFile file(path);
  file.write(serialize(value, name));
  file.commit();
}

}  // namespace convoy
