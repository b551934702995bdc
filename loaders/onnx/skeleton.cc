#include "loaders/onnx/skeleton.h"

#include <google/protobuf/unknown_field_set.h>

namespace convoy {
namespace {

// Numbers of fields, from onnx.proto. kLifted is in no version of it; files that use it lose it.
enum : uint32_t { kRawData = 9, kLifted = 20210 };
enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2, kFixed32 = 5 };

enum class Message { kOther, kModel, kGraph, kNode, kFunction, kAttribute, kTensor, kSparse };

// What a length-delimited field of a message holds.
Message message_of(Message parent, uint32_t field) {
  switch (parent) {
    case Message::kModel:
      return field == 7 ? Message::kGraph : field == 25 ? Message::kFunction : Message::kOther;
    case Message::kGraph:
      return field == 1    ? Message::kNode
             : field == 5  ? Message::kTensor
             : field == 15 ? Message::kSparse
                           : Message::kOther;
    case Message::kFunction:
      return field == 7 ? Message::kNode : field == 11 ? Message::kAttribute : Message::kOther;
    case Message::kNode: return field == 5 ? Message::kAttribute : Message::kOther;
    case Message::kAttribute:
      return field == 5 || field == 10    ? Message::kTensor
             : field == 6 || field == 11  ? Message::kGraph
             : field == 22 || field == 23 ? Message::kSparse
                                          : Message::kOther;
    case Message::kSparse: return field == 1 || field == 2 ? Message::kTensor : Message::kOther;
    default: return Message::kOther;
  }
}

class Scanner {
 public:
  Scanner(size_t least_bytes, std::vector<std::span<const std::byte>>& lifted)
      : least_bytes_(least_bytes), lifted_(lifted) {}

  bool rewrite(Message message, std::span<const std::byte> from, std::string& to, int depth) {
    constexpr int kMostDepth = 100;  // protobuf's own limit
    if (depth > kMostDepth) return false;
    size_t at = 0;
    while (at < from.size()) {
      size_t start = at;
      uint64_t tag = 0;
      if (!read_varint(from, at, tag)) return false;
      auto field = static_cast<uint32_t>(tag >> 3);
      if ((tag & 7) == kLengthDelimited) {
        uint64_t length = 0;
        if (!read_varint(from, at, length) || length > from.size() - at) return false;
        auto content = from.subspan(at, static_cast<size_t>(length));
        at += content.size();
        if (!rewrite_field(message, field, content, from.subspan(start, at - start), to, depth)) {
          return false;
        }
        continue;
      }
      if (!skip(static_cast<uint32_t>(tag & 7), from, at)) return false;
      if (message != Message::kTensor || field != kLifted) {
        append(to, from.subspan(start, at - start));
      }
    }
    return true;
  }

 private:
  static bool read_varint(std::span<const std::byte> from, size_t& at, uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at >= from.size()) return false;
      auto byte = std::to_integer<uint64_t>(from[at++]);
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return true;
    }
    return false;
  }

  static void write_varint(std::string& to, uint64_t value) {
    for (; value >= 0x80; value >>= 7) to += static_cast<char>(value | 0x80);
    to += static_cast<char>(value);
  }

  static void append(std::string& to, std::span<const std::byte> bytes) {
    to.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  static bool skip(uint32_t wire_type, std::span<const std::byte> from, size_t& at) {
    uint64_t ignored = 0;
    if (wire_type == kVarint) return read_varint(from, at, ignored);
    size_t size = wire_type == kFixed64 ? 8 : wire_type == kFixed32 ? 4 : 0;
    if (size == 0 || size > from.size() - at) return false;
    at += size;
    return true;
  }

  bool rewrite_field(Message message, uint32_t field, std::span<const std::byte> content,
                     std::span<const std::byte> whole, std::string& to, int depth) {
    if (message == Message::kTensor) {
      if (field == kLifted) return true;
      if (field == kRawData && content.size() >= least_bytes_) {
        write_varint(to, uint64_t{kLifted} << 3 | kVarint);
        write_varint(to, lifted_.size());
        lifted_.push_back(content);
        return true;
      }
    }
    Message inner = message_of(message, field);
    if (inner == Message::kOther) {
      append(to, whole);
      return true;
    }
    std::string rewritten;
    if (!rewrite(inner, content, rewritten, depth + 1)) return false;
    write_varint(to, uint64_t{field} << 3 | kLengthDelimited);
    write_varint(to, rewritten.size());
    to += rewritten;
    return true;
  }

  size_t least_bytes_;
  std::vector<std::span<const std::byte>>& lifted_;
};

void empty_if_absent(onnx::TensorProto& tensor) {
  bool external = tensor.data_location() == onnx::TensorProto::EXTERNAL;
  if (!external && !lifted_index(tensor)) return;
  tensor.clear_external_data();
  tensor.clear_data_location();
  tensor.clear_raw_data();
  tensor.clear_dims();
  tensor.add_dims(0);
}

void empty_sparse(onnx::SparseTensorProto& tensor) {
  bool absent = tensor.values().data_location() == onnx::TensorProto::EXTERNAL ||
                tensor.indices().data_location() == onnx::TensorProto::EXTERNAL ||
                lifted_index(tensor.values()) || lifted_index(tensor.indices());
  if (!absent) return;
  for (onnx::TensorProto* part : {tensor.mutable_values(), tensor.mutable_indices()}) {
    std::string name = part->name();
    int32_t type = part->data_type();
    part->Clear();
    part->set_name(name);
    part->set_data_type(type);
    part->add_dims(0);
  }
}

void empty_in_graph(onnx::GraphProto& graph);

template <typename Nodes>
void empty_in_nodes(Nodes& nodes) {
  for (auto& node : nodes) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_t()) empty_if_absent(*attribute.mutable_t());
      if (attribute.has_sparse_tensor()) empty_sparse(*attribute.mutable_sparse_tensor());
      if (attribute.has_g()) empty_in_graph(*attribute.mutable_g());
      for (auto& tensor : *attribute.mutable_tensors()) empty_if_absent(tensor);
      for (auto& tensor : *attribute.mutable_sparse_tensors()) empty_sparse(tensor);
      for (auto& graph : *attribute.mutable_graphs()) empty_in_graph(graph);
    }
  }
}

void empty_in_graph(onnx::GraphProto& graph) {
  for (auto& tensor : *graph.mutable_initializer()) empty_if_absent(tensor);
  for (auto& tensor : *graph.mutable_sparse_initializer()) empty_sparse(tensor);
  empty_in_nodes(*graph.mutable_node());
}

}  // namespace

std::optional<Skeleton> make_skeleton(std::span<const std::byte> model, size_t least_bytes) {
  Skeleton skeleton;
  Scanner scanner(least_bytes, skeleton.lifted);
  if (!scanner.rewrite(Message::kModel, model, skeleton.bytes, 0)) return std::nullopt;
  return skeleton;
}

std::optional<size_t> lifted_index(const onnx::TensorProto& proto) {
  const auto& fields = proto.GetReflection()->GetUnknownFields(proto);
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto& field = fields.field(i);
    if (field.number() == static_cast<int>(kLifted) &&
        field.type() == google::protobuf::UnknownField::TYPE_VARINT) {
      return static_cast<size_t>(field.varint());
    }
  }
  return std::nullopt;
}

void empty_absent_tensors(onnx::ModelProto& model) {
  empty_in_graph(*model.mutable_graph());
  for (auto& function : *model.mutable_functions()) empty_in_nodes(*function.mutable_node());
}

}  // namespace convoy
