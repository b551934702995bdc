// What the reader says of files that are wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "loaders/onnx/reader.h"
#include "runtime/base/log.h"
#include "tests/loaders/proto_model.h"
#include "tests/loaders/temporary_folder.h"

namespace convoy {
namespace {

using ::testing::HasSubstr;

struct Complaint {
  ErrorCode code{};
  std::string text;
};

Complaint complaint_about(const std::string& bytes) {
  try {
    read_model_bytes(std::as_bytes(std::span(bytes)), "m.onnx");
  } catch (const Error& error) {
    EXPECT_EQ(error.context().file, "m.onnx");
    EXPECT_EQ(std::string_view(error.what()).find('\n'), std::string_view::npos);
    return {error.code(), error.what()};
  }
  return {{}, "no error"};
}

Complaint complaint_about(const onnx::ModelProto& model) {
  return complaint_about(model.SerializePartialAsString());
}

onnx::ModelProto relu_model() {
  onnx::ModelProto model = empty_model();
  add_node(*model.mutable_graph(), "Relu", {"x"}, {"y"}).set_name("act");
  return model;
}

#define EXPECT_COMPLAINT(subject, expected_code, expected_text) \
  {                                                             \
    Complaint complaint = complaint_about(subject);             \
    EXPECT_EQ(complaint.code, ErrorCode::expected_code);        \
    EXPECT_THAT(complaint.text, HasSubstr(expected_text));      \
  }

TEST(BadModel, TheGoodOneLoads) { EXPECT_EQ(complaint_about(relu_model()).text, "no error"); }

TEST(BadModel, MissingFile) {
  try {
    read_model("/nonexistent/m.onnx");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(error.what(), HasSubstr("'/nonexistent/m.onnx': No such file"));
  }
  EXPECT_THROW(read_model("/tmp"), Error);
}

TEST(BadModel, EmptyAndForeignFiles) {
  EXPECT_COMPLAINT(std::string(), kInvalidModel, "m.onnx: the file is empty");
  EXPECT_COMPLAINT(std::string("version https://git-lfs.github.com/spec/v1\n"), kInvalidModel,
                   "Git LFS pointer");
  EXPECT_COMPLAINT(std::string("<!DOCTYPE html><html></html>"), kInvalidModel, "no ONNX model");
  EXPECT_COMPLAINT(std::string(64, '\0'), kInvalidModel, "no ONNX model");
}

TEST(BadModel, EveryTruncationIsAnError) {
  std::string bytes = relu_model().SerializeAsString();
  for (size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_NE(complaint_about(bytes.substr(0, length)).text, "no error") << length;
  }
}

TEST(BadModel, RandomBytes) {
  std::mt19937 random(1);
  for (int i = 0; i < 500; ++i) {
    std::string bytes(random() % 300, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    EXPECT_NE(complaint_about(bytes).text, "no error");
  }
}

TEST(BadModel, Versions) {
  EXPECT_COMPLAINT(empty_model(29), kUnsupported,
                   "opset 29 of ai.onnx is newer than 28, the newest that this build knows");
  EXPECT_COMPLAINT(empty_model(17, 15), kUnsupported, "IR version 15 is newer than 14");
  EXPECT_COMPLAINT(empty_model(17, 2), kUnsupported, "IR version 2 is older than 3");
  EXPECT_COMPLAINT(empty_model(-1), kInvalidModel, "imported at version -1");
  onnx::ModelProto twice = relu_model();
  twice.add_opset_import()->set_version(13);
  EXPECT_COMPLAINT(twice, kInvalidModel, "imported twice, at versions 17 and 13");
  onnx::ModelProto none = relu_model();
  none.clear_opset_import();
  EXPECT_COMPLAINT(none, kInvalidModel, "node 'act' (Relu): the model imports no version");
  onnx::ModelProto graphless = relu_model();
  graphless.clear_graph();
  EXPECT_COMPLAINT(graphless, kInvalidModel, "the model has no graph");
}

TEST(BadModel, Cycle) {
  onnx::ModelProto model = empty_model();
  add_node(*model.mutable_graph(), "Add", {"x", "b"}, {"a"}).set_name("first");
  add_node(*model.mutable_graph(), "Relu", {"a"}, {"b"});
  add_node(*model.mutable_graph(), "Relu", {"b"}, {"y"});
  EXPECT_COMPLAINT(model, kInvalidModel, "cycle through node 'first'");
}

TEST(BadModel, CycleThroughABody) {
  onnx::ModelProto model = empty_model();
  auto& graph = *model.mutable_graph();
  auto& condition = *graph.add_initializer();
  condition.set_name("c");
  condition.set_data_type(onnx::TensorProto::BOOL);
  condition.set_raw_data(std::string(1, '\1'));
  auto& branch = add_node(graph, "If", {"c"}, {"z"});
  branch.set_name("branch");
  for (const char* name : {"then_branch", "else_branch"}) {
    auto& attribute = *branch.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::GRAPH);
    attribute.mutable_g()->set_name(name);
    add_node(*attribute.mutable_g(), "Relu", {"y"}, {"inner"});
    attribute.mutable_g()->add_output()->set_name("inner");
  }
  add_node(graph, "Relu", {"z"}, {"y"});
  EXPECT_COMPLAINT(model, kInvalidModel, "cycle");
}

TEST(BadModel, Names) {
  onnx::ModelProto unknown = empty_model();
  add_node(*unknown.mutable_graph(), "Relu", {"nowhere"}, {"y"}).set_name("act");
  EXPECT_COMPLAINT(unknown, kInvalidModel,
                   "m.onnx: node 'act' (Relu): input 'nowhere' is no graph input");
  onnx::ModelProto twice = relu_model();
  add_node(*twice.mutable_graph(), "Relu", {"x"}, {"y"});
  EXPECT_COMPLAINT(twice, kInvalidModel, "value 'y' is defined twice");
  onnx::ModelProto uncomputed = empty_model();
  EXPECT_COMPLAINT(uncomputed, kInvalidModel, "graph output 'y' is not computed");
  onnx::ModelProto computed = relu_model();
  add_floats(*computed.mutable_graph(), "y", {2, 3});
  EXPECT_COMPLAINT(computed, kInvalidModel, "value 'y' is defined twice");
  onnx::ModelProto input_twice = relu_model();
  *input_twice.mutable_graph()->add_input() = input_twice.graph().input(0);
  EXPECT_COMPLAINT(input_twice, kInvalidModel, "value 'x' is defined twice");
}

TEST(BadModel, Attributes) {
  onnx::ModelProto model = relu_model();
  auto& attribute = *model.mutable_graph()->mutable_node(0)->add_attribute();
  attribute.set_name("nonsense");
  attribute.set_type(onnx::AttributeProto::INT);
  EXPECT_COMPLAINT(model, kInvalidModel, "nonsense");
  EXPECT_COMPLAINT(model, kInvalidModel, "node 'act' (Relu)");
  *model.mutable_graph()->mutable_node(0)->add_attribute() = attribute;
  EXPECT_COMPLAINT(model, kInvalidModel, "attribute 'nonsense' is given twice");
  onnx::ModelProto inputs = empty_model();
  add_node(*inputs.mutable_graph(), "Relu", {"x", "x"}, {"y"}).set_name("act");
  EXPECT_COMPLAINT(inputs, kInvalidModel, "node 'act' (Relu)");
}

// Python could not even show such a name.
TEST(BadModel, TextThatIsNotUtf8) {
  const std::string whole = [] {
    onnx::ModelProto model = relu_model();
    model.set_producer_name("maker");
    model.set_doc_string("about");
    auto& entry = *model.add_metadata_props();
    entry.set_key("a key");
    entry.set_value("a value");
    auto& input = *model.mutable_graph()->mutable_input(0);
    input.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_param(
        "batch");
    input.set_name("input");
    model.mutable_graph()->mutable_node(0)->set_input(0, "input");
    return model.SerializeAsString();
  }();
  EXPECT_EQ(complaint_about(whole).text, "no error");
  const std::pair<std::string, std::string> cases[] = {
      {"input", "the name of a value"},   {"batch", "the symbol of a size"},
      {"act", "the name of a node"},      {"Relu", "the type of a node"},
      {"maker", "the producer's name"},   {"about", "the model's documentation"},
      {"a key", "a key of the metadata"}, {"a value", "a value of the metadata"},
  };
  for (const char* bad : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82"}) {
    for (const auto& [text, what] : cases) {
      std::string bytes = whole;
      for (size_t at; (at = bytes.find(text)) != std::string::npos;) {
        bytes.replace(at, text.size(), text.size(), 'q').replace(at, strlen(bad), bad);
      }
      EXPECT_COMPLAINT(bytes, kInvalidModel, what + " is not UTF-8: '\\x");
    }
  }
  std::string accents = whole;
  accents.replace(accents.find("about"), 5, "\xc3\xa9\xe2\x82\xac");
  EXPECT_EQ(complaint_about(accents).text, "no error");
}

TEST(BadModel, TensorSizes) {
  auto with_dims = [](std::initializer_list<int64_t> dims) {
    onnx::ModelProto model = relu_model();
    auto& tensor = add_floats(*model.mutable_graph(), "w", {2});
    tensor.clear_dims();
    for (int64_t size : dims) tensor.add_dims(size);
    return model;
  };
  EXPECT_EQ(complaint_about(with_dims({2})).text, "no error");
  EXPECT_COMPLAINT(with_dims({-2}), kInvalidModel, "initializer 'w': a tensor has the negative");
  EXPECT_COMPLAINT(with_dims({int64_t{1} << 40, int64_t{1} << 40}), kInvalidModel, "overflow");
  EXPECT_COMPLAINT(with_dims({0, int64_t{1} << 62, 4}), kInvalidModel, "overflow");
  EXPECT_COMPLAINT(with_dims({int64_t{1} << 50}), kInvalidModel, "8 bytes of data where");
  EXPECT_COMPLAINT(with_dims({3}), kInvalidModel, "8 bytes of data where float32[3] takes 12");
  EXPECT_COMPLAINT(with_dims({1}), kInvalidModel, "8 bytes of data where float32[1] takes 4");
  EXPECT_COMPLAINT(with_dims({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2}), kUnsupported, "rank");
}

TEST(BadModel, TypedFields) {
  onnx::ModelProto model = relu_model();
  auto& tensor = add_floats(*model.mutable_graph(), "w", {4});
  tensor.clear_raw_data();
  tensor.add_float_data(1);
  EXPECT_COMPLAINT(model, kInvalidModel, "1 values where float32[4] needs 4");
  tensor.set_data_type(99);
  EXPECT_COMPLAINT(model, kInvalidModel, "element type 99");
  tensor.set_data_type(onnx::TensorProto::STRING);
  tensor.set_raw_data("abcd");
  EXPECT_COMPLAINT(model, kInvalidModel, "strings");
}

TEST(BadModel, DeclaredTypes) {
  onnx::ModelProto model = relu_model();
  model.mutable_graph()
      ->mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(0)
      ->set_dim_value(-5);
  EXPECT_COMPLAINT(model, kInvalidModel, "value 'x': a dimension has the negative size -5");
}

TEST(BadModel, DefaultsOfInputs) {
  onnx::ModelProto model = relu_model();
  add_floats(*model.mutable_graph(), "x", {2, 2});
  std::string warning;
  set_warning_sink([&](std::string_view text) { warning = text; });
  EXPECT_EQ(complaint_about(model).text, "no error");
  set_warning_sink(nullptr);
  EXPECT_EQ(warning, "input 'x' is declared as float32[2,3], its default is float32[2,2]");
  model.mutable_graph()->mutable_initializer(0)->set_data_type(onnx::TensorProto::INT32);
  EXPECT_COMPLAINT(model, kInvalidModel,
                   "initializer 'x': it is int32[2,2], the input of that name float32[2,3]");
}

TEST(BadModel, SparseTensorsAreBounded) {
  onnx::ModelProto model = relu_model();
  auto& sparse = *model.mutable_graph()->add_sparse_initializer();
  sparse.mutable_values()->set_name("s");
  sparse.mutable_values()->set_data_type(onnx::TensorProto::FLOAT);
  sparse.mutable_values()->add_dims(1);
  sparse.mutable_values()->add_float_data(1);
  sparse.mutable_indices()->set_data_type(onnx::TensorProto::INT64);
  sparse.mutable_indices()->add_dims(1);
  sparse.mutable_indices()->add_int64_data(7);
  sparse.add_dims(4);
  EXPECT_COMPLAINT(model, kInvalidModel, "index 7 of a sparse tensor lies outside its shape [4]");
  sparse.set_dims(0, int64_t{1} << 40);
  EXPECT_COMPLAINT(model, kInvalidModel, "takes more than 1073741824 bytes");
}

TEST(BadModel, DeepNestingIsRefused) {
  std::string bytes;
  for (int i = 0; i < 2000; ++i) {
    // ModelProto.graph, then node, attribute, graph again and again.
    std::string outer(1, static_cast<char>(i == 1999    ? 0x3a
                                           : i % 3 == 0 ? 0x32
                                           : i % 3 == 1 ? 0x2a
                                                        : 0x0a));
    size_t length = bytes.size();
    do {
      outer += static_cast<char>((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
      length >>= 7;
    } while (length > 0);
    bytes = outer + bytes;
  }
  EXPECT_NE(complaint_about(bytes).text, "no error");
}

TEST(BadModel, RecursiveFunctions) {
  onnx::ModelProto model = empty_model();
  auto& import = *model.add_opset_import();
  import.set_domain("local");
  import.set_version(1);
  auto& function = *model.add_functions();
  function.set_domain("local");
  function.set_name("F");
  function.add_input("a");
  function.add_output("b");
  *function.add_opset_import() = import;
  auto& inner = *function.add_node();
  inner.set_op_type("F");
  inner.set_domain("local");
  inner.add_input("a");
  inner.add_output("b");
  add_node(*model.mutable_graph(), "F", {"x"}, {"y"}).set_domain("local");
  EXPECT_COMPLAINT(model, kInvalidModel, "F");
}

// The session names operators that are missing, all at once.
TEST(BadModel, UnknownOperatorsAreLeftToTheSession) {
  onnx::ModelProto model = empty_model();
  add_node(*model.mutable_graph(), "NoSuchOperator", {"x"}, {"y"});
  EXPECT_EQ(complaint_about(model).text, "no error");
}

TEST(BadModel, UnsortedNodesLoadWithoutAWarning) {
  onnx::ModelProto model = empty_model();
  add_node(*model.mutable_graph(), "Relu", {"a"}, {"y"});
  add_node(*model.mutable_graph(), "Relu", {"x"}, {"a"});
  std::string warning;
  set_warning_sink([&](std::string_view text) { warning = text; });
  EXPECT_EQ(complaint_about(model).text, "no error");
  set_warning_sink(nullptr);
  EXPECT_EQ(warning, "");
}

TEST(BadModel, OnnxRuntimesOwnFormatIsNamed) {
  EXPECT_COMPLAINT(std::string("\x20\0\0\0ORTM and so on", 18), kUnsupported, ".ort");
}

}  // namespace
}  // namespace convoy
