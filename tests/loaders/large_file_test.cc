// Files beyond 2 GiB. They are sparse, so neither disk nor memory holds their bytes.
#include <gtest/gtest.h>

#include "loaders/onnx/reader.h"
#include "tests/loaders/proto_model.h"
#include "tests/loaders/temporary_folder.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLarge = (int64_t{1} << 32) + 5;  // bytes

onnx::TensorProto& add_bytes(onnx::GraphProto& graph) {
  auto& tensor = *graph.add_initializer();
  tensor.set_name("w");
  tensor.set_data_type(onnx::TensorProto::INT8);
  tensor.add_dims(kLarge);
  return tensor;
}

// False where the file system cannot hold such a file.
bool extend(const std::string& path, int64_t size) {
  std::error_code problem;
  fs::resize_file(path, static_cast<uintmax_t>(size), problem);
  return !problem;
}

void expect_mapped(const Model& model) {
  const Tensor* tensor = model.graph.constant(model.graph.find_value("w"));
  ASSERT_NE(tensor, nullptr);
  EXPECT_EQ(tensor->count(), kLarge);
  EXPECT_EQ(tensor->data<int8_t>()[kLarge - 1], 0);
}

std::string varint(uint64_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text += static_cast<char>(value | 0x80);
  return text + static_cast<char>(value);
}

TEST(LargeFiles, ExternalDataIsMapped) {
  TemporaryFolder folder;
  onnx::ModelProto model = empty_model();
  auto& tensor = add_bytes(*model.mutable_graph());
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  auto& entry = *tensor.add_external_data();
  entry.set_key("location");
  entry.set_value("w.bin");
  add_node(*model.mutable_graph(), "Relu", {"x"}, {"y"});
  if (!extend(folder.write("w.bin", ""), kLarge)) GTEST_SKIP() << "no room for a sparse file";
  expect_mapped(read_model(folder.write("m.onnx", model.SerializeAsString())));
}

TEST(LargeFiles, WeightsInTheModelFileAreLifted) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the thread sanitizer keeps ten times as much memory as the file is large";
#endif
  TemporaryFolder folder;
  onnx::ModelProto model = empty_model();
  add_node(*model.mutable_graph(), "Relu", {"x"}, {"y"});
  onnx::GraphProto graph = model.graph();
  model.clear_graph();
  onnx::GraphProto weights;
  std::string tensor = add_bytes(weights).SerializeAsString();
  // TensorProto.raw_data is field 9, GraphProto.initializer 5, ModelProto.graph 7; what they hold
  // ends with the file.
  tensor += "\x4a" + varint(kLarge);
  std::string head = graph.SerializeAsString() + "\x2a" + varint(tensor.size() + kLarge) + tensor;
  std::string body = "\x3a" + varint(head.size() + kLarge) + head;
  // The weights come to lie at a multiple of 64 bytes, so that they need not be copied.
  std::string bytes;
  for (size_t padding = 0; padding < 64; ++padding) {
    model.set_doc_string(std::string(padding, ' '));
    bytes = model.SerializeAsString() + body;
    if (bytes.size() % 64 == 0) break;
  }
  std::string path = folder.write("m.onnx", bytes);
  if (!extend(path, static_cast<int64_t>(bytes.size()) + kLarge)) {
    GTEST_SKIP() << "no room for a sparse file";
  }
  expect_mapped(read_model(path));
}

}  // namespace
}  // namespace convoy
