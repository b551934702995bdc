#include "loaders/onnx/reader.h"

#include <limits>

#include <google/protobuf/stubs/logging.h>

#include "loaders/onnx/check.h"
#include "loaders/onnx/external_data.h"
#include "loaders/onnx/fixed_sizes.h"
#include "loaders/onnx/mapped_file.h"
#include "loaders/onnx/old_forms.h"
#include "loaders/onnx/skeleton.h"
#include "loaders/onnx/text.h"
#include "runtime/base/caught.h"
#include "runtime/base/log.h"
#include "runtime/onnx/attributes.h"
#include "runtime/onnx/graph_reader.h"

namespace convoy {
namespace {

constexpr size_t kLeastLiftedBytes = 1024;  // smaller tensors stay in the skeleton

bool starts_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() &&
         std::string_view(reinterpret_cast<const char*>(bytes.data()), text.size()) == text;
}

// FlatBuffers with the mark of ONNX Runtime's own format; an ONNX model has no such bytes.
bool is_ort_format(std::span<const std::byte> bytes) {
  return bytes.size() >= 8 && bytes[3] == std::byte{0} && starts_with(bytes.subspan(4), "ORTM");
}

void parse(const Skeleton& skeleton, onnx::ModelProto& proto) {
  check_model(skeleton.bytes.size() <= std::numeric_limits<int>::max(),
              "more than 2 GB remain of the model without its weights");
  google::protobuf::LogSilencer silence;
  auto size = static_cast<int>(skeleton.bytes.size());
  check_model(proto.ParseFromArray(skeleton.bytes.data(), size),
              "the file is truncated or no ONNX model");
}

Function read_function(const onnx::FunctionProto& proto, GraphReadOptions options) {
  Function function;
  function.domain = proto.domain();
  function.name = proto.name();
  function.overload = proto.overload();
  function.attributes.assign(proto.attribute().begin(), proto.attribute().end());
  for (const auto& item : proto.attribute_proto()) {
    function.attribute_defaults[item.name()] = attribute_from_proto(item, options.store);
  }
  function.opsets = read_opsets(proto.opset_import());
  options.opsets = function.opsets;
  function.body = std::make_shared<const Graph>(graph_from_proto(proto, options));
  return function;
}

Model convert(onnx::ModelProto& proto, TensorStore& store) {
  check_text(proto);
  Model model;
  model.ir_version = proto.ir_version();
  model.producer_name = proto.producer_name();
  model.producer_version = proto.producer_version();
  model.domain = proto.domain();
  if (proto.has_model_version()) model.model_version = proto.model_version();
  model.doc_string = proto.doc_string();
  model.opsets = read_opsets(proto.opset_import());
  check_versions(proto, model.opsets);
  import_missing_domains(proto, model.opsets);
  replace_old_forms(proto, model.opsets, store);
  for (const auto& item : proto.metadata_props()) {
    model.metadata.emplace_back(item.key(), item.value());
  }
  GraphReadOptions options;
  options.opsets = model.opsets;
  options.store = &store;
  options.overridable_initializers = proto.ir_version() >= 4;
  for (const auto& item : proto.functions()) {
    model.functions.push_back(read_function(item, options));
  }
  model.graph = graph_from_proto(proto.graph(), options);
  return model;
}

Model read(std::shared_ptr<Buffer> buffer, const std::string& path, const std::string& name,
           const ReadOptions& options) {
  std::span<const std::byte> bytes(buffer->data(), buffer->bytes());
  try {
    check_model(!bytes.empty(), "the file is empty");
    check_model(!starts_with(bytes, "version https://git-lfs"),
                "the file is a Git LFS pointer, not the model itself (run `git lfs pull`)");
    check_supported(!is_ort_format(bytes),
                    "the file is of ONNX Runtime's own format (.ort), which is not read: load the "
                    "ONNX model that it was made from");
    std::optional<Skeleton> skeleton = make_skeleton(bytes, kLeastLiftedBytes);
    check_model(skeleton.has_value(), "the file is truncated or no ONNX model");
    onnx::ModelProto proto;
    parse(*skeleton, proto);
    fix_sizes(proto, options.sizes, options.denoted_sizes);
    ModelData data(*skeleton, buffer, path, options.data_folder);
    data.set_dense_limit(options.max_dense_bytes);
    data.set_external(options.external_files, options.external_tensors);
    Model model = convert(proto, data);
    check_with_onnx(proto);
    model.path = path;
    return model;
  } catch (const std::exception&) {
    rethrow_caught({name, "", "", ""});
  }
}

}  // namespace

Model read_model(const std::string& path, const ReadOptions& options) {
  return read(map_file(path, ErrorCode::kInvalidInput), path, path, options);
}

Model read_model_bytes(std::span<const std::byte> bytes, std::string_view name,
                       const ReadOptions& options) {
  // Tensors that are read in place keep their buffer, so it must be one of ours.
  auto copy = Buffer::allocate(bytes.size());
  std::copy(bytes.begin(), bytes.end(), copy->data());
  return read(std::move(copy), "", std::string(name), options);
}

}  // namespace convoy
