#include "loaders/tensor_files/tensor_pb.h"

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <onnx/onnx-data.pb.h>

#include "runtime/onnx/protobuf.h"
#include "runtime/onnx/tensors.h"

namespace convoy {
namespace {

template <typename Proto>
Proto parse(const std::string& bytes, const std::string& path) {
  Proto proto;
  check_input(proto.ParseFromString(bytes), "{}: not a {} file", path,
              std::string(Proto::descriptor()->name()));
  return proto;
}

Value value_of(const onnx::TensorProto& proto) { return tensor_from_proto(proto); }

Value value_of(const onnx::SequenceProto& proto);

Value value_of(const onnx::OptionalProto& proto) {
  Optional optional;
  if (proto.elem_type() == onnx::OptionalProto::TENSOR && proto.has_tensor_value()) {
    optional.element = std::make_shared<const Value>(value_of(proto.tensor_value()));
  } else if (proto.elem_type() == onnx::OptionalProto::SEQUENCE && proto.has_sequence_value()) {
    optional.element = std::make_shared<const Value>(value_of(proto.sequence_value()));
  }
  return optional;
}

Value value_of(const onnx::SequenceProto& proto) {
  auto sequence = std::make_shared<Sequence>();
  for (const auto& tensor : proto.tensor_values()) sequence->elements.push_back(value_of(tensor));
  for (const auto& inner : proto.sequence_values()) sequence->elements.push_back(value_of(inner));
  for (const auto& inner : proto.optional_values()) sequence->elements.push_back(value_of(inner));
  if (proto.tensor_values_size() > 0) {
    sequence->element_dtype = static_cast<DType>(proto.tensor_values(0).data_type());
  }
  return Value(std::shared_ptr<const Sequence>(std::move(sequence)));
}

void fill(onnx::SequenceProto& proto, const Sequence& sequence) {
  proto.set_elem_type(onnx::SequenceProto::TENSOR);
  for (const Value& element : sequence.elements) {
    if (element.is_tensor()) {
      tensor_to_proto(element.tensor(), *proto.add_tensor_values());
    } else {
      proto.set_elem_type(onnx::SequenceProto::SEQUENCE);
      fill(*proto.add_sequence_values(), element.sequence());
    }
  }
}

std::string serialize(const Value& value, const std::string& name) {
  if (value.is_tensor()) {
    onnx::TensorProto proto;
    tensor_to_proto(value.tensor(), proto);
    proto.set_name(name);
    return proto.SerializeAsString();
  }
  if (value.is_sequence()) {
    onnx::SequenceProto proto;
    fill(proto, value.sequence());
    proto.set_name(name);
    return proto.SerializeAsString();
  }
  onnx::OptionalProto proto;
  proto.set_name(name);
  const Optional& optional = value.optional();
  if (!optional.empty() && optional.element->is_sequence()) {
    proto.set_elem_type(onnx::OptionalProto::SEQUENCE);
    fill(*proto.mutable_sequence_value(), optional.element->sequence());
  } else {
    proto.set_elem_type(onnx::OptionalProto::TENSOR);
    if (!optional.empty()) {
      tensor_to_proto(optional.element->tensor(), *proto.mutable_tensor_value());
    }
  }
  return proto.SerializeAsString();
}

}  // namespace

Value read_tensor_pb(const std::string& path, const ValueType* expected) {
  std::ifstream file(path, std::ios::binary);
  check_input(file.good(), "{}: cannot be opened", path);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto kind = expected ? expected->kind : ValueType::Kind::kTensor;
  try {
    if (kind == ValueType::Kind::kSequence) return value_of(parse<onnx::SequenceProto>(bytes, path));
    if (kind == ValueType::Kind::kOptional) return value_of(parse<onnx::OptionalProto>(bytes, path));
    return value_of(parse<onnx::TensorProto>(bytes, path));
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInvalidInput) throw;
    fail(ErrorCode::kInvalidInput, "{}: {}", path, error.message());
  }
}

void write_tensor_pb(const std::string& path, const Value& value, const std::string& name) {
  std::string temporary = path + ".tmp";
  {
    std::ofstream file(temporary, std::ios::binary);
    file << serialize(value, name);
    check_input(file.good(), "{}: cannot be written", path);
  }
  std::filesystem::rename(temporary, path);
}

}  // namespace convoy
