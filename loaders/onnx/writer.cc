#include "loaders/onnx/writer.h"

#include <filesystem>
#include <memory>

#include "runtime/base/output_file.h"
#include "runtime/onnx/graph_writer.h"
#include "runtime/onnx/tensors.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

int64_t weigh(const Graph& graph) {
  int64_t bytes = 0;
  for (size_t i = 0; i < graph.value_count(); ++i) {
    const ValueInfo& info = graph.value(static_cast<ValueId>(i));
    if (info.initializer) bytes += info.initializer->desc().bytes();
  }
  for (NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    check_internal(node.domain != kPrivateDomain, "the private operator {} is not written",
                   node.op_type);
    node.for_each_body([&](Graph& body) { bytes += weigh(body); });
  }
  return bytes;
}

int64_t weigh(const Model& model) {
  int64_t bytes = weigh(model.graph);
  for (const Function& function : model.functions) bytes += weigh(*function.body);
  return bytes;
}

std::string serialize(const onnx::ModelProto& proto) {
  constexpr size_t kMostBytes = (size_t{1} << 31) - 1;
  check_supported(proto.ByteSizeLong() <= kMostBytes,
                  "the model takes more than 2 GiB without a data file");
  std::string bytes;
  check_internal(proto.SerializeToString(&bytes), "the model cannot be serialized");
  return bytes;
}

void set_entry(onnx::TensorProto& proto, const char* key, std::string value) {
  auto& entry = *proto.add_external_data();
  entry.set_key(key);
  entry.set_value(std::move(value));
}

// Writes the tensor to `file` and has the proto refer to it.
void place_externally(const Tensor& tensor, const std::string& location, OutputFile& file,
                      onnx::TensorProto& proto) {
  std::string bytes = packed_data(tensor);
  int64_t offset = file.align(kAlignment);
  file.write(bytes);
  proto.set_data_location(onnx::TensorProto::EXTERNAL);
  set_entry(proto, "location", location);
  set_entry(proto, "offset", std::to_string(offset));
  set_entry(proto, "length", std::to_string(bytes.size()));
}

std::string data_file_name(const std::string& path, const WriteOptions& options) {
  if (options.data_file.empty()) {
    return std::filesystem::path(path + ".data").filename().string();
  }
  std::filesystem::path name(options.data_file);
  check_input(name.has_filename() && name.filename() == name && name != "." && name != "..",
              "'{}' is no name of a data file: it lies in the model's folder", options.data_file);
  return options.data_file;
}

}  // namespace

std::string serialize_model(const Model& model) {
  int64_t bytes = weigh(model);
  check_supported(bytes <= WriteOptions{}.max_inline_bytes,
                  "a model with {} bytes of tensors does not fit into one file", bytes);
  onnx::ModelProto proto;
  model_to_proto(model, proto, {});
  return serialize(proto);
}

void write_model(const Model& model, const std::string& path, const WriteOptions& options) {
  OutputFile file(path);
  std::unique_ptr<OutputFile> data;
  std::string location = data_file_name(path, options);
  GraphWriteOptions writing;
  if (weigh(model) > options.max_inline_bytes) {
    std::filesystem::path folder = std::filesystem::path(path).parent_path();
    data = std::make_unique<OutputFile>((folder / location).string());
    writing.place = [&](const Tensor& tensor, onnx::TensorProto& proto) {
      bool external =
          tensor.dtype() != DType::kString && tensor.desc().bytes() >= options.least_external_bytes;
      if (external) place_externally(tensor, location, *data, proto);
      return external;
    };
  }
  onnx::ModelProto proto;
  model_to_proto(model, proto, writing);
  file.write(serialize(proto));
  if (data) data->commit();
  file.commit();
}

}  // namespace convoy
