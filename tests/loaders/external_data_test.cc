// External data: where it may lie, and that it is mapped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include "loaders/onnx/reader.h"
#include "loaders/onnx/writer.h"
#include "tests/loaders/proto_model.h"
#include "tests/loaders/same_model.h"
#include "tests/loaders/temporary_folder.h"

namespace convoy {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kData(24, '\1');  // float32[2,3]

class ExternalData : public ::testing::Test {
 protected:
  std::string write_model_at(const std::string& name, const std::string& location) {
    return folder_.write(name, external_model(location).SerializeAsString());
  }
  static std::string complaint_about(const std::string& path) {
    try {
      read_model(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidModel);
      EXPECT_EQ(error.context().file, path);
      EXPECT_THAT(error.what(), HasSubstr("initializer 'w'"));
      return error.what();
    }
    return "no error";
  }
  void make_folder(const std::string& name) { fs::create_directories(folder_.path(name)); }

  TemporaryFolder folder_;
};

TEST_F(ExternalData, LoadsFromTheModelsFolder) {
  make_folder("sub");
  folder_.write("w.bin", kData);
  folder_.write("sub/w.bin", kData);
  EXPECT_EQ(complaint_about(write_model_at("m.onnx", "w.bin")), "no error");
  EXPECT_EQ(complaint_about(write_model_at("m.onnx", "sub/w.bin")), "no error");
  EXPECT_EQ(complaint_about(write_model_at("m.onnx", "./w.bin")), "no error");
}

TEST_F(ExternalData, MissingAndTooShort) {
  EXPECT_THAT(complaint_about(write_model_at("m.onnx", "w.bin")), HasSubstr("cannot be opened"));
  folder_.write("w.bin", kData.substr(1));
  EXPECT_THAT(complaint_about(write_model_at("m.onnx", "w.bin")),
              HasSubstr("'w.bin' is too short: 24 bytes at 0 of 23"));
  make_folder("folder");
  EXPECT_THAT(complaint_about(write_model_at("m.onnx", "folder")), HasSubstr("no regular file"));
  ASSERT_EQ(::mkfifo(folder_.path("pipe").c_str(), 0600), 0);
  EXPECT_THAT(complaint_about(write_model_at("m.onnx", "pipe")), HasSubstr("no regular file"));
}

TEST_F(ExternalData, OffsetsAndLengths) {
  folder_.write("w.bin", kData + kData);
  auto complaint = [&](std::string key, std::string value) {
    onnx::ModelProto model = external_model("w.bin");
    auto& entry = *model.mutable_graph()->mutable_initializer(0)->add_external_data();
    entry.set_key(std::move(key));
    entry.set_value(std::move(value));
    return complaint_about(folder_.write("m.onnx", model.SerializeAsString()));
  };
  EXPECT_EQ(complaint("offset", "24"), "no error");
  EXPECT_EQ(complaint("length", "24"), "no error");
  EXPECT_THAT(complaint("offset", "25"), HasSubstr("too short"));
  EXPECT_THAT(complaint("offset", "9223372036854775807"), HasSubstr("too short"));
  EXPECT_THAT(complaint("offset", "-8"), HasSubstr("offset '-8' of external data is no size"));
  EXPECT_THAT(complaint("offset", "8x"), HasSubstr("is no size"));
  EXPECT_THAT(complaint("offset", "99999999999999999999"), HasSubstr("is no size"));
  EXPECT_THAT(complaint("length", "20"), HasSubstr("20 bytes where 24 are needed"));
}

TEST_F(ExternalData, PathsMustNotLeaveTheFolder) {
  make_folder("model");
  folder_.write("w.bin", kData);
  auto complaint = [&](const std::string& location) {
    return complaint_about(write_model_at("model/m.onnx", location));
  };
  EXPECT_THAT(complaint("../w.bin"), HasSubstr("outside the model's folder"));
  EXPECT_THAT(complaint("a/../../w.bin"), HasSubstr("outside the model's folder"));
  EXPECT_THAT(complaint(folder_.path("w.bin")), HasSubstr("the path is absolute"));
  EXPECT_THAT(complaint("/etc/passwd"), HasSubstr("the path is absolute"));
  EXPECT_THAT(complaint(""), HasSubstr("no location"));
  EXPECT_THAT(complaint(std::string("w.bin\0x", 7)), HasSubstr("bad location"));
}

TEST_F(ExternalData, LinksMustNotLeaveTheFolder) {
  make_folder("model");
  folder_.write("w.bin", kData);
  fs::create_symlink("../w.bin", folder_.path("model/link.bin"));
  EXPECT_THAT(complaint_about(write_model_at("model/m.onnx", "link.bin")),
              HasSubstr("a link to a file outside the model's folder"));
  fs::create_directory_symlink("..", folder_.path("model/up"));
  EXPECT_THAT(complaint_about(write_model_at("model/m.onnx", "up/w.bin")),
              HasSubstr("outside the model's folder"));
  fs::create_hard_link(folder_.path("w.bin"), folder_.path("model/hard.bin"));
  EXPECT_THAT(complaint_about(write_model_at("model/m.onnx", "hard.bin")),
              HasSubstr("several hard links"));
  folder_.write("model/own.bin", kData);
  fs::create_symlink("own.bin", folder_.path("model/inner.bin"));
  EXPECT_EQ(complaint_about(write_model_at("model/m.onnx", "inner.bin")), "no error");
}

TEST_F(ExternalData, MayBeGivenInMemory) {
  std::string bytes = external_model("w.bin").SerializeAsString();
  std::span<const std::byte> span(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size());
  auto read = [&](const ReadOptions& options) {
    Model model = read_model_bytes(span, "m", options);
    return model.graph.constant(model.graph.find_value("w"))->values<float>()[5];
  };
  ReadOptions tensors;
  tensors.external_tensors["w"] = Tensor::from<float>({2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
  EXPECT_EQ(read(tensors), 6);
  ReadOptions files;
  files.external_files["w.bin"] = Buffer::allocate(24);
  std::fill_n(reinterpret_cast<float*>(files.external_files["w.bin"]->data()), 6, 7.0f);
  EXPECT_EQ(read(files), 7);

  auto complaint = [&](const ReadOptions& options) -> std::string {
    try {
      read(options);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  tensors.external_tensors["w"] = Tensor::zeros(DType::kFloat32, {3, 2});
  EXPECT_THAT(complaint(tensors), HasSubstr("'w' is float32[2,3], but float32[3,2] is given"));
  files.external_files["w.bin"] = Buffer::allocate(23);
  EXPECT_THAT(complaint(files), HasSubstr("'w.bin' is too short"));
}

// Caches of model hubs keep files under blobs/ and give them names under snapshots/.
TEST_F(ExternalData, SnapshotsOfModelHubsLoad) {
  make_folder("blobs");
  make_folder("snapshots/1");
  folder_.write("blobs/aaaa", external_model("model.onnx_data").SerializeAsString());
  folder_.write("blobs/bbbb", kData);
  fs::create_symlink("../../blobs/aaaa", folder_.path("snapshots/1/model.onnx"));
  fs::create_symlink("../../blobs/bbbb", folder_.path("snapshots/1/model.onnx_data"));
  EXPECT_EQ(complaint_about(folder_.path("snapshots/1/model.onnx")), "no error");
}

TEST_F(ExternalData, SparseTensorsFollowTheSameRules) {
  folder_.write("w.bin", kData);
  onnx::ModelProto model = empty_model();
  auto& sparse = *model.mutable_graph()->add_sparse_initializer();
  *sparse.mutable_values() = external_model("../w.bin").graph().initializer(0);
  sparse.mutable_values()->clear_dims();
  sparse.mutable_values()->add_dims(6);
  sparse.mutable_indices()->set_data_type(onnx::TensorProto::INT64);
  sparse.mutable_indices()->add_dims(6);
  for (int i = 0; i < 6; ++i) sparse.mutable_indices()->add_int64_data(i);
  sparse.add_dims(2);
  sparse.add_dims(3);
  add_node(*model.mutable_graph(), "Add", {"x", "w"}, {"y"});
  std::string path = folder_.write("m.onnx", model.SerializeAsString());
  EXPECT_THAT(complaint_about(path), HasSubstr("outside the model's folder"));
  sparse.mutable_values()->mutable_external_data(0)->set_value("w.bin");
  folder_.write("m.onnx", model.SerializeAsString());
  EXPECT_EQ(complaint_about(path), "no error");
}

TEST_F(ExternalData, ModelsFromMemoryNeedAFolder) {
  folder_.write("w.bin", kData);
  std::string bytes = external_model("w.bin").SerializeAsString();
  auto span = std::as_bytes(std::span(bytes));
  EXPECT_THROW(read_model_bytes(span, "m"), Error);
  ReadOptions options;
  options.data_folder = folder_.path("");
  EXPECT_NO_THROW(read_model_bytes(span, "m", options));
}

TEST_F(ExternalData, WrittenBesideTheModelAndMappedInPlace) {
  Model model;
  model.ir_version = 8;
  model.opsets[""] = 17;
  Graph& graph = model.graph;
  graph.name = "g";
  ValueId x = graph.add_input("x", ValueType::tensor(DType::kFloat32, Shape{1000}));
  std::vector<float> numbers(1000);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<float>(i);
  auto values = std::span<const float>(numbers);
  ValueId sum = x;
  for (int i = 0; i < 3; ++i) {
    Node add;
    add.op_type = "Add";
    add.version = 17;
    add.inputs = {sum, graph.add_constant(Tensor::from<float>({1000}, values), "w")};
    sum = graph.add_value("sum");
    add.outputs = {sum};
    graph.add_node(std::move(add));
  }
  graph.add_output(sum);
  graph.set_type(sum, ValueType::tensor(DType::kFloat32, Shape{1000}));
  std::string path = folder_.path("m.onnx");
  write_model(model, path, {.max_inline_bytes = 5000});
  EXPECT_EQ(fs::file_size(folder_.path("m.onnx.data")), 2u * 4032 + 4000);
  EXPECT_LT(fs::file_size(path), 2000u);
  Model again = read_model(path);
  expect_same(model, again);
  const Tensor& tensor = *again.graph.constant(again.graph.find_value("w"));
  EXPECT_GT(tensor.buffer()->bytes(), 10000u) << "the tensor was copied out of the mapped file";
  // The file may be replaced while its old content is mapped.
  write_model(again, path);
  expect_same(model, again);
  expect_same(model, read_model(path));
  size_t files = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder_.path(""))) ++files;
  EXPECT_EQ(files, 2u) << "a temporary file was left";
}

TEST_F(ExternalData, IsWrittenUnderAGivenName) {
  folder_.write("w.bin", kData);
  Model model = read_model(write_model_at("m.onnx", "w.bin"));
  WriteOptions options;
  options.max_inline_bytes = -1;
  options.data_file = "other.bin";
  options.least_external_bytes = 24;
  write_model(model, folder_.path("n.onnx"), options);
  EXPECT_EQ(fs::file_size(folder_.path("other.bin")), 24u);
  expect_same(model, read_model(folder_.path("n.onnx")));
  options.least_external_bytes = 25;
  write_model(model, folder_.path("n.onnx"), options);
  EXPECT_EQ(fs::file_size(folder_.path("other.bin")), 0u);
  for (const char* name : {"../other.bin", "a/b", "..", "/tmp/other.bin"}) {
    options.data_file = name;
    EXPECT_THROW(write_model(model, folder_.path("n.onnx"), options), Error) << name;
  }
}

TEST_F(ExternalData, WritingToNowhereIsAnError) {
  Model model;
  EXPECT_THROW(write_model(model, "/nonexistent/m.onnx"), Error);
}

}  // namespace
}  // namespace convoy
