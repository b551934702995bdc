#include "runtime/onnx/inference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/base/log.h"

namespace convoy {
namespace {

using ::testing::HasSubstr;

TensorDesc float32(const Shape& shape) { return TensorDesc::contiguous(DType::kFloat32, shape); }

Node make_node(Graph& graph, std::string type, int version, int inputs, int outputs = 1) {
  Node node;
  node.name = "n";
  node.op_type = std::move(type);
  node.version = version;
  for (int i = 0; i < inputs; ++i) node.inputs.push_back(graph.add_input("i", {}));
  for (int j = 0; j < outputs; ++j) node.outputs.push_back(graph.add_value("o"));
  return node;
}

TEST(InferOutputTypes, ConvolutionWithDefaultAttributes) {
  Graph graph;
  Node node = make_node(graph, "Conv", 17, 2);
  auto types = infer_output_types(node, {float32({2, 3, 10}), float32({4, 3, 3})}, {});
  ASSERT_EQ(types.size(), 1u);
  EXPECT_EQ(types[0], float32({2, 4, 8}));
}

TEST(InferOutputTypes, ReadsIntegerConstants) {
  Graph graph;
  Node node = make_node(graph, "Reshape", 17, 2);
  Tensor shape = Tensor::from_int64s(std::vector<int64_t>{0, -1});
  auto types = infer_output_types(node, {float32({2, 3, 4}), shape.desc()}, {nullptr, &shape});
  EXPECT_EQ(types[0], float32({2, 12}));
}

TEST(InferOutputTypes, UnknownWithoutTheConstant) {
  Graph graph;
  Node node = make_node(graph, "Reshape", 17, 2);
  TensorDesc shape = TensorDesc::contiguous(DType::kInt64, {2});
  auto types = infer_output_types(node, {float32({2, 3, 4}), shape}, {nullptr, nullptr});
  EXPECT_EQ(types[0].dtype, DType::kUndefined);
}

TEST(InferOutputTypes, UnknownOperatorsHaveUnknownOutputs) {
  Graph graph;
  Node node = make_node(graph, "NoSuchOperator", 17, 1, 2);
  auto types = infer_output_types(node, {float32({2})}, {nullptr});
  ASSERT_EQ(types.size(), 2u);
  EXPECT_EQ(types[0].dtype, DType::kUndefined);
}

TEST(InferOutputTypes, NamesTheNodeWhoseTypesDoNotFit) {
  Graph graph;
  Node node = make_node(graph, "MatMul", 13, 2);
  try {
    infer_output_types(node, {float32({2, 3}), float32({4, 5})}, {nullptr, nullptr});
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidModel);
    EXPECT_THAT(error.what(), HasSubstr("node 'n' (MatMul on float32[2,3], float32[4,5])"));
    EXPECT_THAT(error.what(), ::testing::Not(HasSubstr("InferenceError")));
  }
}

// MeanVarianceNormalization has a body and no inference function of its own.
TEST(InferOutputTypes, InfersThroughFunctionBodies) {
  Graph graph;
  Node node = make_node(graph, "MeanVarianceNormalization", 13, 1);
  auto types = infer_output_types(node, {float32({2, 3, 4, 5})}, {nullptr});
  EXPECT_EQ(types[0], float32({2, 3, 4, 5}));
}

TEST(InferOutputTypes, ScratchDoesNotLeakFromNodeToNode) {
  Graph graph;
  Node conv = make_node(graph, "Conv", 17, 2);
  conv.attributes["strides"] = std::vector<int64_t>{2};
  Node relu = make_node(graph, "Relu", 14, 1);
  for (int i = 0; i < 3; ++i) {
    auto conv_types = infer_output_types(conv, {float32({2, 3, 11}), float32({4, 3, 3})}, {});
    EXPECT_EQ(conv_types[0], float32({2, 4, 5}));
    EXPECT_EQ(infer_output_types(relu, {float32({7})}, {})[0], float32({7}));
    EXPECT_EQ(infer_output_types(relu, {float32({})}, {})[0], float32({}));
  }
}

TEST(Schemas, KnowVersionsAndDomains) {
  EXPECT_TRUE(has_schema("", "Conv", 1));
  EXPECT_TRUE(has_schema("ai.onnx", "Conv", 22));
  EXPECT_TRUE(has_schema("ai.onnx.ml", "Scaler", 3));
  EXPECT_FALSE(has_schema("", "GroupNormalization", 17));
  EXPECT_FALSE(has_schema("", "Upsample", 10)) << "deprecated";
  EXPECT_FALSE(has_schema("com.example", "Conv", 1));
  EXPECT_EQ(latest_opset(), 28);
}

TEST(Schemas, DefaultsAreFilledInAndKept) {
  Graph graph;
  Node node = make_node(graph, "Gemm", 13, 3);
  node.attributes["alpha"] = 2.0f;
  fill_default_attributes(node);
  EXPECT_EQ(std::get<float>(node.attributes.at("alpha")), 2.0f);
  EXPECT_EQ(std::get<float>(node.attributes.at("beta")), 1.0f);
  EXPECT_EQ(std::get<int64_t>(node.attributes.at("transA")), 0);
}

TEST(FunctionBody, ReplacesReferencesToAttributes) {
  Graph graph;
  Node node = make_node(graph, "ThresholdedRelu", 10, 1);
  auto body = function_body(node, {ValueType::tensor(DType::kFloat32, Shape{3})});
  ASSERT_TRUE(body);
  EXPECT_EQ(body->inputs().size(), 1u);
  EXPECT_EQ(body->outputs().size(), 1u);
  for (NodeId id : body->topological_order()) {
    const Node& inner = body->node(id);
    EXPECT_GT(inner.version, 0) << inner.op_type;
    for (const auto& [name, value] : inner.attributes) {
      EXPECT_FALSE(std::holds_alternative<AttributeReference>(value)) << inner.op_type << name;
    }
  }
}

TEST(FunctionBody, UsesTheClosestOpset) {
  Graph graph;
  Node node = make_node(graph, "LogSoftmax", 13, 1);
  node.attributes["axis"] = int64_t{1};
  std::vector<ValueType> types{ValueType::tensor(DType::kFloat32, Shape{2, 3})};
  auto version_of_reduction = [&](const Graph& body) {
    for (NodeId id : body.topological_order()) {
      if (body.node(id).op_type == "ReduceMax") return body.node(id).version;
    }
    return 0;
  };
  auto body = function_body(node, types);
  ASSERT_TRUE(body);
  EXPECT_EQ(version_of_reduction(*body), 13);
  node.version = 20;
  EXPECT_EQ(version_of_reduction(*function_body(node, types)), 18);
}

TEST(FunctionBody, ContextDependentBodiesSkipInputsThatAreLeftOut) {
  Graph graph;
  Node node = make_node(graph, "Clip", 13, 2);
  node.inputs[1] = ValueId::kNone;
  auto body = function_body(node, {ValueType::tensor(DType::kFloat32, Shape{3})});
  ASSERT_TRUE(body);
  for (NodeId id : body->topological_order()) {
    EXPECT_EQ(body->node(id).op_type, "Identity");
  }
}

// Its body calls NegativeLogLikelihoodLoss, whose body needs types in turn.
TEST(FunctionBody, ValuesOfTheBodyHaveTypes) {
  Graph graph;
  Node node = make_node(graph, "SoftmaxCrossEntropyLoss", 13, 2);
  auto body = function_body(node, {ValueType::tensor(DType::kFloat32, Shape{3, 5}),
                                   ValueType::tensor(DType::kInt64, Shape{3})});
  ASSERT_TRUE(body);
  bool found = false;
  for (NodeId id : body->topological_order()) {
    const Node& inner = body->node(id);
    if (inner.op_type != "NegativeLogLikelihoodLoss") continue;
    found = true;
    std::vector<ValueType> types;
    for (ValueId input : inner.inputs) types.push_back(body->value(input).type);
    EXPECT_TRUE(function_body(inner, types));
  }
  EXPECT_TRUE(found);
}

TEST(FunctionBody, ThereIsNoneForPrimitives) {
  Graph graph;
  EXPECT_FALSE(function_body(make_node(graph, "Conv", 17, 2), {}));
}

TEST(InferModelTypes, KeepsSymbolsAndFollowsShapeArithmetic) {
  Model model;
  model.ir_version = 8;
  model.opsets[""] = 17;
  Graph& graph = model.graph;
  ValueId x = graph.add_input(
      "x", ValueType::tensor(DType::kFloat32, std::vector<Dimension>{{-1, "batch"}, {6, ""}}));
  Tensor target = Tensor::from_int64s(std::vector<int64_t>{0, 2, 3});
  ValueId shape = graph.add_constant(target, "shape");
  ValueId y = graph.add_value("y");
  Node node;
  node.op_type = "Reshape";
  node.version = 17;
  node.inputs = {x, shape};
  node.outputs = {y};
  graph.add_node(node);
  graph.add_output(y);
  infer_model_types(model);
  EXPECT_EQ(to_string(graph.value(y).type), "float32[batch,2,3]");
}

ValueId add(Graph& graph, std::string type, std::vector<ValueId> inputs,
            Attributes attributes = {}) {
  ValueId out = graph.add_value("v");
  Node node;
  node.op_type = std::move(type);
  node.version = 17;
  node.inputs = std::move(inputs);
  node.outputs = {out};
  node.attributes = std::move(attributes);
  graph.add_node(std::move(node));
  return out;
}

Model make_model() {
  Model model;
  model.ir_version = 8;
  model.opsets[""] = 17;
  return model;
}

// Reshape(x, Concat(Shape(x)[0:1], [6, -1])), as PyTorch writes x.view(x.shape[0], 6, -1).
TEST(InferModelTypes, PropagatesElementsOfShapes) {
  Model model = make_model();
  Graph& graph = model.graph;
  ValueId x = graph.add_input(
      "x",
      ValueType::tensor(DType::kFloat32, std::vector<Dimension>{{-1, "batch"}, {2, ""}, {3, ""}}));
  auto numbers = [&](std::vector<int64_t> values) {
    return graph.add_constant(Tensor::from_int64s(values));
  };
  ValueId first =
      add(graph, "Gather", {add(graph, "Shape", {x}), numbers({0})}, {{"axis", int64_t{0}}});
  ValueId target = add(graph, "Concat", {first, numbers({6})}, {{"axis", int64_t{0}}});
  ValueId y = add(graph, "Reshape", {x, target});
  graph.add_output(y);
  infer_model_types(model);
  EXPECT_EQ(to_string(graph.value(y).type), "float32[batch,6]");
}

TEST(InferModelTypes, ShapesThatAreKnownWhollyCountAsConstants) {
  Model model = make_model();
  Graph& graph = model.graph;
  ValueId x = graph.add_input("x", ValueType::tensor(DType::kFloat32, Shape{3, 5}));
  ValueId flat = graph.add_input("flat", ValueType::tensor(DType::kFloat32, Shape{15}));
  ValueId y = add(graph, "Reshape", {flat, add(graph, "Shape", {x})});
  graph.add_output(y);
  infer_model_types(model);
  EXPECT_EQ(to_string(graph.value(y).type), "float32[3,5]");
}

// Looking into every element of a long vector would take gigabytes.
TEST(InferModelTypes, LongVectorsAreNotLookedInto) {
  Model model = make_model();
  Graph& graph = model.graph;
  Tensor length = Tensor::from_int64s(std::vector<int64_t>{int64_t{1} << 40});
  ValueId zeros = add(graph, "ConstantOfShape", {graph.add_constant(length)});
  ValueId y = add(graph, "Concat", {zeros, zeros}, {{"axis", int64_t{0}}});
  graph.add_output(y);
  infer_model_types(model);
  EXPECT_EQ(to_string(graph.value(y).type), "float32[2199023255552]");
}

TEST(InferModelTypes, BodiesAndTheirCaptures) {
  Model model = make_model();
  Graph& graph = model.graph;
  ValueId x = graph.add_input("x", ValueType::tensor(DType::kFloat32, Shape{2, 3}));
  ValueId c = graph.add_input("c", ValueType::tensor(DType::kBool, Shape{}));
  ValueId doubled = add(graph, "Concat", {x, x}, {{"axis", int64_t{1}}});
  Attributes attributes;
  for (const char* name : {"then_branch", "else_branch"}) {
    auto body = std::make_shared<Graph>();
    ValueId inner = body->capture(doubled, "doubled", {});
    body->add_output(add(*body, "Transpose", {inner}));
    attributes.emplace(name, body);
  }
  ValueId y = add(graph, "If", {c}, attributes);
  graph.add_output(y);
  infer_model_types(model);
  EXPECT_EQ(to_string(graph.value(y).type), "float32[6,2]");
}

TEST(InferModelTypes, LocalFunctionsWithReferences) {
  Model model = make_model();
  model.opsets["local"] = 1;
  auto body = std::make_shared<Graph>();
  ValueId a = body->add_input("a", {});
  body->add_output(add(*body, "Flatten", {a}, {{"axis", AttributeReference{"at", 2}}}));
  Function function;
  function.domain = "local";
  function.name = "F";
  function.attributes = {"at"};
  function.opsets[""] = 17;
  function.body = body;
  model.functions.push_back(function);
  Graph& graph = model.graph;
  ValueId x = graph.add_input("x", ValueType::tensor(DType::kFloat32, Shape{2, 3, 4}));
  ValueId y = add(graph, "F", {x}, {{"at", int64_t{2}}});
  graph.mutable_node(graph.value(y).producer).domain = "local";
  graph.add_output(y);
  infer_model_types(model);
  EXPECT_EQ(to_string(graph.value(y).type), "float32[6,4]");
}

TEST(InferModelTypes, DeclaredTypesStayAndContradictionsAreWarnings) {
  Model model = make_model();
  model.path = "m.onnx";
  Graph& graph = model.graph;
  ValueId x = graph.add_input("x", ValueType::tensor(DType::kFloat32, Shape{2, 3}));
  ValueId y = add(graph, "Transpose", {x});
  graph.set_type(y, ValueType::tensor(DType::kFloat32, Shape{2, 2}));
  graph.add_output(y);
  std::string warning;
  set_warning_sink([&](std::string_view text) { warning = text; });
  infer_model_types(model);
  set_warning_sink(nullptr);
  EXPECT_EQ(warning,
            "m.onnx: types do not fit: node 'v' (Transpose): 'v' is declared as float32[2,2] but "
            "would be float32[3,2]");
  EXPECT_EQ(to_string(graph.value(y).type), "float32[2,2]");
}

// --- names of sizes ---

std::string symbol_of(const Graph& graph, ValueId value, size_t axis) {
  return (*graph.value(value).type.shape)[axis].symbol;
}

struct WindowGraph {
  Model model;
  std::vector<Dimension> sizes = {{1, ""}, {4, ""}, {-1, "length"}};
  ValueId x = model.graph.add_input("x", ValueType::tensor(DType::kFloat32, sizes));

  ValueId add(const char* type, std::vector<ValueId> inputs, Attributes attributes = {}) {
    Graph& graph = model.graph;
    Node node;
    node.name = "n";
    node.op_type = type;
    node.version = 17;
    node.inputs = std::move(inputs);
    node.outputs = {graph.add_value("o")};
    node.attributes = std::move(attributes);
    return graph.node(graph.add_node(std::move(node))).outputs[0];
  }
  ValueId conv(ValueId from, int64_t kernel, int64_t stride, int64_t pad) {
    Tensor weights = Tensor::allocate(DType::kFloat32, {4, 4, kernel});
    std::fill_n(weights.mutable_data<float>(), weights.count(), 1.0F);
    return add(
        "Conv", {from, model.graph.add_constant(weights, "w")},
        {{"strides", std::vector<int64_t>{stride}}, {"pads", std::vector<int64_t>{pad, pad}}});
  }
};

TEST(InferModelTypes, EqualWindowsGiveEqualNames) {
  WindowGraph graph;
  graph.model.opsets[""] = 17;
  ValueId same = graph.conv(graph.x, 3, 1, 1);
  ValueId wide = graph.conv(graph.x, 3, 2, 1);
  ValueId narrow = graph.conv(graph.x, 1, 2, 0);
  ValueId shorter = graph.conv(graph.x, 3, 2, 0);
  ValueId pooled = graph.add("MaxPool", {same},
                             {{"kernel_shape", std::vector<int64_t>{3}},
                              {"strides", std::vector<int64_t>{2}},
                              {"pads", std::vector<int64_t>{1, 1}}});
  ValueId up = graph.add("MaxPool", {same},
                         {{"kernel_shape", std::vector<int64_t>{3}},
                          {"strides", std::vector<int64_t>{2}},
                          {"ceil_mode", int64_t{1}}});
  infer_model_types(graph.model);
  const Graph& g = graph.model.graph;
  EXPECT_EQ(symbol_of(g, same, 2), "length");
  EXPECT_TRUE(symbol_of(g, wide, 2).starts_with("?"));
  EXPECT_EQ(symbol_of(g, wide, 2), symbol_of(g, narrow, 2));
  EXPECT_EQ(symbol_of(g, wide, 2), symbol_of(g, pooled, 2));
  EXPECT_NE(symbol_of(g, wide, 2), symbol_of(g, shorter, 2));
  EXPECT_NE(symbol_of(g, wide, 2), symbol_of(g, up, 2));
}

TEST(InferModelTypes, UnknownSizesGetNamesThatElementwiseOperatorsKeep) {
  WindowGraph graph;
  graph.model.opsets[""] = 17;
  ValueId first = graph.add("NonZero", {graph.x});
  ValueId second = graph.add("NonZero", {graph.x});
  ValueId negative = graph.add("Neg", {first});
  ValueId told = graph.add("Neg", {second});
  graph.model.graph.add_output(told);
  infer_model_types(graph.model);
  const Graph& g = graph.model.graph;
  EXPECT_FALSE(symbol_of(g, first, 1).empty());
  EXPECT_NE(symbol_of(g, first, 1), symbol_of(g, second, 1));
  EXPECT_EQ(symbol_of(g, first, 1), symbol_of(g, negative, 1));
  EXPECT_EQ(symbol_of(g, told, 1), "");
}

}  // namespace
}  // namespace convoy
