#include "loaders/onnx/external_data.h"

#include <charconv>
#include <cstring>
#include <filesystem>

#include "loaders/onnx/mapped_file.h"
#include "runtime/onnx/types.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;

int64_t parse_size(const std::string& key, const std::string& text) {
  int64_t value = 0;
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool good = problem == std::errc() && end == text.data() + text.size() && value >= 0;
  check_model(good, "the {} '{}' of external data is no size", key, text);
  return value;
}

// A location must be a relative path that stays inside the folder as it is written.
void check_location(const std::string& location) {
  check_model(!location.empty(), "external data has no location");
  check_model(location.find('\0') == std::string::npos, "external data has a bad location");
  fs::path path(location);
  check_model(path.is_relative() && location.front() != '\\',
              "external data at '{}' is outside the model's folder: the path is absolute",
              location);
  for (const fs::path& part : path) {
    check_model(part != "..", "external data at '{}' is outside the model's folder", location);
  }
}

bool lies_under(const fs::path& file, const fs::path& folder) {
  auto [left, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  return left == folder.end() && rest != file.end();
}

}  // namespace

ModelData::ModelData(const Skeleton& skeleton, std::shared_ptr<Buffer> model_bytes,
                     std::string model_path, std::string folder)
    : skeleton_(skeleton),
      model_bytes_(std::move(model_bytes)),
      model_path_(std::move(model_path)),
      folder_(std::move(folder)) {}

std::optional<StoredBytes> ModelData::find(const onnx::TensorProto& proto) {
  if (auto index = lifted_index(proto)) {
    check_model(*index < skeleton_.lifted.size(), "the tensor's data is missing");
    std::span<const std::byte> bytes = skeleton_.lifted[*index];
    auto offset = static_cast<size_t>(bytes.data() - model_bytes_->data());
    // A model file may be replaced while it is used, and its bytes need not outlive the reading.
    return StoredBytes{model_bytes_, offset, bytes.size(), false};
  }
  if (proto.data_location() != onnx::TensorProto::EXTERNAL) return std::nullopt;
  return find_external(proto);
}

StoredBytes ModelData::given(const onnx::TensorProto& proto, const Tensor& tensor) {
  TensorDesc wanted =
      TensorDesc::contiguous(dtype_from_proto(proto.data_type()), tensor_shape(proto));
  check_input(tensor.dtype() == wanted.dtype && tensor.shape() == wanted.shape,
              "initializer '{}' is {}, but {} is given for it", proto.name(), to_string(wanted),
              to_string(tensor.desc()));
  std::string packed = packed_data(tensor.contiguous());
  auto buffer = Buffer::allocate(packed.size());
  std::memcpy(buffer->data(), packed.data(), packed.size());
  return {std::move(buffer), 0, packed.size()};
}

StoredBytes ModelData::find_external(const onnx::TensorProto& proto) {
  auto found = tensors_.find(proto.name());
  if (found != tensors_.end()) return given(proto, found->second);
  std::string location;
  int64_t offset = 0;
  int64_t length =
      packed_bytes(dtype_from_proto(proto.data_type()), element_count(tensor_shape(proto)));
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = parse_size(entry.key(), entry.value());
    if (entry.key() == "length") {
      int64_t given = parse_size(entry.key(), entry.value());
      check_model(given == length, "external data has {} bytes where {} are needed", given, length);
    }
  }
  check_location(location);
  auto& file = files_[location];
  if (!file) file = open(location);
  auto size = static_cast<int64_t>(file->bytes());
  check_model(offset <= size && length <= size - offset,
              "external data '{}' is too short: {} bytes at {} of {}", location, length, offset,
              size);
  return {file, static_cast<size_t>(offset), static_cast<size_t>(length)};
}

std::shared_ptr<Buffer> ModelData::open(const std::string& location) {
  check_model(!model_path_.empty() || !folder_.empty(),
              "a model from memory has no folder with its external data '{}'", location);
  fs::path model(model_path_);
  fs::path folder = folder_.empty() ? model.parent_path() : fs::path(folder_);
  if (folder.empty()) folder = ".";
  std::error_code problem;
  fs::path target = fs::canonical(folder / location, problem);
  check_model(!problem, "external data '{}' cannot be opened: {}", location, problem.message());
  fs::path home = fs::canonical(folder, problem);
  bool inside = !problem && lies_under(target, home);
  if (!inside && !model_path_.empty()) {
    fs::path real_model = fs::canonical(model, problem);
    inside = !problem && lies_under(target, real_model.parent_path());
  }
  check_model(inside, "external data '{}' is a link to a file outside the model's folder",
              location);
  return map_file_without_links(target.string(), ErrorCode::kInvalidModel);
}

}  // namespace convoy
