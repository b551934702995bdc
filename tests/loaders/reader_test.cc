// What the reader makes of the forms that a file can take.
#include "loaders/onnx/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/onnx/writer.h"
#include "tests/loaders/proto_model.h"
#include "tests/loaders/same_model.h"

namespace convoy {
namespace {

Model load(const onnx::ModelProto& proto) {
  std::string bytes = proto.SerializeAsString();
  return read_model_bytes(std::as_bytes(std::span(bytes)), "test");
}

Model load_again(const Model& model) {
  std::string bytes = serialize_model(model);
  return read_model_bytes(std::as_bytes(std::span(bytes)), "again");
}

onnx::AttributeProto& add_attribute(onnx::NodeProto& node, const std::string& name,
                                    onnx::AttributeProto::AttributeType type) {
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

Tensor constant_of(const std::function<void(onnx::NodeProto&)>& set_value) {
  onnx::ModelProto proto = empty_model();
  auto& node = add_node(*proto.mutable_graph(), "Constant", {}, {"c"});
  set_value(node);
  add_node(*proto.mutable_graph(), "Identity", {"c"}, {"y"});
  Model model = load(proto);
  EXPECT_EQ(model.graph.node_count(), 1u);
  const Tensor* tensor = model.graph.constant(model.graph.find_value("c"));
  return tensor == nullptr ? Tensor() : *tensor;
}

TEST(Reader, ConstantsInEveryForm) {
  Tensor integer = constant_of(
      [](auto& node) { add_attribute(node, "value_int", onnx::AttributeProto::INT).set_i(7); });
  EXPECT_TRUE(identical(integer, Tensor::scalar<int64_t>(7)));
  Tensor integers = constant_of([](auto& node) {
    auto& attribute = add_attribute(node, "value_ints", onnx::AttributeProto::INTS);
    attribute.add_ints(1);
    attribute.add_ints(2);
  });
  EXPECT_TRUE(identical(integers, Tensor::from_int64s(std::vector<int64_t>{1, 2})));
  Tensor number = constant_of([](auto& node) {
    add_attribute(node, "value_float", onnx::AttributeProto::FLOAT).set_f(0.5f);
  });
  EXPECT_TRUE(identical(number, Tensor::scalar<float>(0.5f)));
  Tensor numbers = constant_of([](auto& node) {
    add_attribute(node, "value_floats", onnx::AttributeProto::FLOATS).add_floats(2.5f);
  });
  EXPECT_EQ(numbers.shape(), Shape{1});
  Tensor text = constant_of([](auto& node) {
    add_attribute(node, "value_string", onnx::AttributeProto::STRING).set_s("text");
  });
  EXPECT_EQ(text.values<std::string>()[0], "text");
  Tensor texts = constant_of([](auto& node) {
    add_attribute(node, "value_strings", onnx::AttributeProto::STRINGS).add_strings("a");
  });
  EXPECT_EQ(texts.shape(), Shape{1});
  Tensor sparse = constant_of([](auto& node) {
    auto& value = *add_attribute(node, "sparse_value", onnx::AttributeProto::SPARSE_TENSOR)
                       .mutable_sparse_tensor();
    value.mutable_values()->set_data_type(onnx::TensorProto::FLOAT);
    value.mutable_values()->add_dims(1);
    value.mutable_values()->add_float_data(3);
    value.mutable_indices()->set_data_type(onnx::TensorProto::INT64);
    value.mutable_indices()->add_dims(1);
    value.mutable_indices()->add_dims(2);
    value.mutable_indices()->add_int64_data(1);
    value.mutable_indices()->add_int64_data(0);
    value.add_dims(2);
    value.add_dims(2);
  });
  EXPECT_EQ(to_doubles(sparse), (std::vector<double>{0, 0, 3, 0}));
}

TEST(Reader, InitializersThatAreInputs) {
  for (int ir_version : {3, 8}) {
    onnx::ModelProto proto = empty_model(8, ir_version);
    add_floats(*proto.mutable_graph(), "w", {2, 3});
    *proto.mutable_graph()->add_input() = proto.graph().input(0);
    proto.mutable_graph()->mutable_input(1)->set_name("w");
    add_node(*proto.mutable_graph(), "Add", {"x", "w"}, {"y"});
    Model model = load(proto);
    ValueId w = model.graph.find_value("w");
    EXPECT_NE(model.graph.value(w).initializer, nullptr);
    EXPECT_EQ(model.graph.constant(w) != nullptr, ir_version == 3);
    EXPECT_EQ(model.graph.inputs().size(), ir_version == 3 ? 1u : 2u);
    expect_same(model, load_again(model));
  }
}

TEST(Reader, PackedTensorsInEveryField) {
  struct Case {
    onnx::TensorProto::DataType type;
    std::vector<int32_t> data;  // one byte each
    std::vector<int> elements;
  };
  for (const Case& c : std::vector<Case>{{onnx::TensorProto::UINT4, {0xA1, 0x0F}, {1, 10, 15}},
                                         {onnx::TensorProto::INT4, {0xA1, 0x0F}, {1, -6, -1}},
                                         {onnx::TensorProto::FLOAT4E2M1, {0x21, 0x03}, {1, 2, 3}},
                                         {onnx::TensorProto::UINT2, {0x36}, {2, 1, 3}},
                                         {onnx::TensorProto::INT2, {0x36}, {-2, 1, -1}}}) {
    for (bool raw : {false, true}) {
      onnx::ModelProto proto = empty_model(25, 13);
      auto& tensor = add_floats(*proto.mutable_graph(), "w", {3});
      tensor.set_data_type(c.type);
      tensor.clear_raw_data();
      std::string bytes;
      for (int32_t value : c.data) {
        bytes += static_cast<char>(value);
        if (!raw) tensor.add_int32_data(value);
      }
      if (raw) tensor.set_raw_data(bytes);
      add_node(*proto.mutable_graph(), "Cast", {"w"}, {"y"});
      add_attribute(*proto.mutable_graph()->mutable_node(0), "to", onnx::AttributeProto::INT)
          .set_i(1);
      Model model = load(proto);
      const Tensor& read = *model.graph.constant(model.graph.find_value("w"));
      for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(static_cast<const int8_t*>(read.raw())[i], c.elements[i]) << c.type;
      }
      expect_same(model, load_again(model));
    }
  }
}

// As of a value that was made an output to look at it.
TEST(Reader, OutputsNeedNoType) {
  onnx::ModelProto proto = empty_model();
  add_node(*proto.mutable_graph(), "Relu", {"x"}, {"between"});
  add_node(*proto.mutable_graph(), "Neg", {"between"}, {"y"});
  proto.mutable_graph()->add_output()->set_name("between");
  Model model = load(proto);
  EXPECT_EQ(model.graph.outputs().size(), 2u);
  EXPECT_EQ(model.graph.outputs()[1], model.graph.find_value("between"));
}

TEST(Reader, AVersionOfZeroIsNotThatOfNone) {
  onnx::ModelProto proto = empty_model();
  add_node(*proto.mutable_graph(), "Relu", {"x"}, {"y"});
  EXPECT_EQ(load(proto).model_version, std::nullopt);
  proto.set_model_version(0);
  const Model model = load(proto);
  EXPECT_EQ(model.model_version, 0);
  EXPECT_EQ(load_again(model).model_version, 0);
}

TEST(Reader, BooleansAreZeroOrOne) {
  onnx::ModelProto proto = empty_model();
  auto& tensor = add_floats(*proto.mutable_graph(), "w", {2});
  tensor.set_data_type(onnx::TensorProto::BOOL);
  tensor.set_raw_data(std::string("\0\x7f", 2));
  add_node(*proto.mutable_graph(), "Not", {"w"}, {"y"});
  Model model = load(proto);
  const Tensor& read = *model.graph.constant(model.graph.find_value("w"));
  EXPECT_EQ(static_cast<const uint8_t*>(read.raw())[1], 1);
}

// Two levels of If; the inner one reads "a" of the main graph and "b" of the outer branch.
onnx::ModelProto nested_model() {
  onnx::ModelProto proto = empty_model();
  auto& graph = *proto.mutable_graph();
  graph.set_doc_string("nested");
  auto& condition = *graph.add_initializer();
  condition.set_name("c");
  condition.set_data_type(onnx::TensorProto::BOOL);
  condition.set_raw_data(std::string(1, '\1'));
  add_node(graph, "Relu", {"x"}, {"a"});
  auto add_branches = [](onnx::NodeProto& node, const auto& fill) {
    for (const char* name : {"then_branch", "else_branch"}) {
      auto& body = *add_attribute(node, name, onnx::AttributeProto::GRAPH).mutable_g();
      body.set_name(name);
      fill(body);
    }
  };
  auto& outer = add_node(graph, "If", {"c"}, {"y"});
  add_branches(outer, [&](onnx::GraphProto& branch) {
    add_node(branch, "Neg", {"a"}, {branch.name() + "_b"});
    auto& inner = add_node(branch, "If", {"c"}, {branch.name() + "_i"});
    std::string b = branch.name() + "_b";
    add_branches(inner, [&](onnx::GraphProto& leaf) {
      add_node(leaf, "Add", {"a", b}, {b + leaf.name()});
      leaf.add_output()->set_name(b + leaf.name());
    });
    branch.add_output()->set_name(branch.name() + "_i");
  });
  for (auto& node : *graph.mutable_node()) {
    for (auto& attribute : *node.mutable_attribute()) {
      auto& output = *attribute.mutable_g()->mutable_output(0);
      output.mutable_type()->mutable_tensor_type()->set_elem_type(1);
      for (auto& inner : *attribute.mutable_g()->mutable_node(1)->mutable_attribute()) {
        inner.mutable_g()->mutable_output(0)->mutable_type()->mutable_tensor_type()->set_elem_type(
            1);
      }
    }
  }
  return proto;
}

TEST(Reader, BodiesCaptureThroughEveryLevel) {
  Model model = load(nested_model());
  const Graph& graph = model.graph;
  ValueId a = graph.find_value("a");
  ValueId c = graph.find_value("c");
  ASSERT_EQ(graph.value(a).uses.size(), 1u);
  EXPECT_EQ(graph.value(a).uses[0].slot, Use::kCapture);
  NodeId user = graph.value(a).uses[0].node;
  int bodies = 0;
  graph.node(user).for_each_body([&](Graph& branch) {
    ++bodies;
    std::vector<ValueId> outer;
    for (const auto& capture : branch.captures()) outer.push_back(capture.outer);
    EXPECT_THAT(outer, ::testing::UnorderedElementsAre(a, c));
  });
  EXPECT_EQ(bodies, 2);
  expect_same(model, load_again(model));
}

// The same name may stand for different values in a body and around it, once graphs are changed.
TEST(Writer, RenamesValuesThatWouldHideACapture) {
  Model model = load(nested_model());
  Graph& graph = model.graph;
  ValueId a = graph.find_value("a");
  graph.rename(a, "then_branch_b");
  Model again = load_again(model);
  NodeId user = again.graph.value(again.graph.find_value("then_branch_b")).uses[0].node;
  again.graph.node(user).for_each_body([&](Graph& branch) {
    EXPECT_EQ(branch.node_count(), 2u);
    EXPECT_EQ(branch.captures().size(), 2u);
  });
}

TEST(Writer, ABodyThatReturnsACaptureGetsAnIdentity) {
  onnx::ModelProto proto = nested_model();
  for (auto& attribute : *proto.mutable_graph()->mutable_node(1)->mutable_attribute()) {
    attribute.mutable_g()->clear_node();
    attribute.mutable_g()->mutable_output(0)->set_name("a");
  }
  Model model = load(proto);
  std::string bytes = serialize_model(model);
  onnx::ModelProto written;
  ASSERT_TRUE(written.ParseFromString(bytes));
  const auto& body = written.graph().node(1).attribute(0).g();
  ASSERT_EQ(body.node_size(), 1);
  EXPECT_EQ(body.node(0).op_type(), "Identity");
  EXPECT_EQ(body.output(0).name(), body.node(0).output(0));
  EXPECT_NE(body.output(0).name(), "a");
}

TEST(Reader, FunctionsKeepReferencesDefaultsAndOpsets) {
  onnx::ModelProto proto = empty_model(17, 9);
  auto& metadata = *proto.add_metadata_props();
  metadata.set_key("k");
  metadata.set_value("v");
  proto.set_producer_name("test");
  auto& import = *proto.add_opset_import();
  import.set_domain("local");
  import.set_version(1);
  auto& function = *proto.add_functions();
  function.set_domain("local");
  function.set_name("Scale");
  function.add_input("a");
  function.add_output("b");
  function.add_opset_import()->set_version(15);
  function.add_attribute("slope");
  auto& otherwise = *function.add_attribute_proto();
  otherwise.set_name("shift");
  otherwise.set_type(onnx::AttributeProto::FLOAT);
  otherwise.set_f(0.25f);
  auto& node = *function.add_node();
  node.set_op_type("LeakyRelu");
  node.add_input("a");
  node.add_output("b");
  add_attribute(node, "alpha", onnx::AttributeProto::FLOAT).set_ref_attr_name("slope");
  auto& call = add_node(*proto.mutable_graph(), "Scale", {"x"}, {"y"});
  call.set_domain("local");
  add_attribute(call, "slope", onnx::AttributeProto::FLOAT).set_f(0.5f);

  Model model = load(proto);
  ASSERT_EQ(model.functions.size(), 1u);
  const Function& read = model.functions[0];
  EXPECT_EQ(read.attributes, std::vector<std::string>{"slope"});
  EXPECT_EQ(std::get<float>(read.attribute_defaults.at("shift")), 0.25f);
  const Node& inner = read.body->node(NodeId{0});
  EXPECT_EQ(inner.version, 15);
  EXPECT_EQ(std::get<AttributeReference>(inner.attributes.at("alpha")).name, "slope");
  EXPECT_EQ(model.metadata.size(), 1u);
  expect_same(model, load_again(model));
}

TEST(Reader, SymbolsOfDimensionsAndDomainsAreKept) {
  onnx::ModelProto proto = empty_model();
  auto& shape = *proto.mutable_graph()
                     ->mutable_input(0)
                     ->mutable_type()
                     ->mutable_tensor_type()
                     ->mutable_shape();
  shape.mutable_dim(0)->set_dim_param("batch");
  shape.mutable_dim(1)->clear_dim_value();
  add_node(*proto.mutable_graph(), "Relu", {"x"}, {"y"}).set_domain("ai.onnx");
  Model model = load(proto);
  EXPECT_EQ(to_string(model.graph.value(model.graph.inputs()[0]).type), "float32[batch,?]");
  EXPECT_EQ(model.graph.node(NodeId{0}).domain, "");
  EXPECT_EQ(model.graph.node(NodeId{0}).version, 17);
}

TEST(Reader, InputsAndOutputsNeedNoShape) {
  onnx::ModelProto proto = empty_model();
  onnx::GraphProto& graph = *proto.mutable_graph();
  graph.mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  graph.mutable_output(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  add_node(graph, "Relu", {"x"}, {"y"});
  Model model = load(proto);
  EXPECT_EQ(to_string(model.graph.value(model.graph.inputs()[0]).type), "float32[...]");
}

// A mark like the one that stands for lifted bytes cannot be brought along in a file.
TEST(Reader, ForgedMarksAreDropped) {
  onnx::ModelProto proto = empty_model();
  auto& tensor = add_floats(*proto.mutable_graph(), "w", {2, 3});
  tensor.GetReflection()->MutableUnknownFields(&tensor)->AddVarint(20210, 0);
  add_floats(*proto.mutable_graph(), "large", {1024});
  add_node(*proto.mutable_graph(), "Add", {"x", "w"}, {"y"});
  Model model = load(proto);
  EXPECT_EQ(model.graph.constant(model.graph.find_value("w"))->values<float>()[5], 1.0f);
  EXPECT_EQ(model.graph.constant(model.graph.find_value("large"))->values<float>()[1023], 1.0f);
}

}  // namespace
}  // namespace convoy
