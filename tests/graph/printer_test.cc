#include "runtime/graph/printer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/graph/verifier.h"

namespace convoy {
namespace {

using ::testing::HasSubstr;

Node make(std::string type, std::vector<ValueId> inputs, std::vector<ValueId> outputs) {
  Node node;
  node.op_type = std::move(type);
  node.version = 13;
  node.inputs = std::move(inputs);
  node.outputs = std::move(outputs);
  return node;
}

// y = Gemm(x, w); z = If(c) { then: Relu(y), else: y }
Graph example() {
  Graph graph;
  ValueId x = graph.add_input("x", ValueType::tensor(DType::kFloat32, Shape{1, 4}));
  ValueId c = graph.add_input("c", ValueType::tensor(DType::kBool, Shape{}));
  ValueId w = graph.add_constant(Tensor::zeros(DType::kFloat32, {4, 8}), "w");
  ValueId y = graph.add_value("y", ValueType::tensor(DType::kFloat32, Shape{1, 8}));
  Node gemm = make("Gemm", {x, w, ValueId::kNone}, {y});
  gemm.name = "project";
  gemm.attributes["alpha"] = 1.0f;
  graph.add_node(gemm);
  auto body = [&](bool relu) {
    auto made = std::make_shared<Graph>();
    ValueId inner = made->capture(y, "y", graph.value(y).type);
    ValueId out = made->add_value("out");
    made->add_node(make(relu ? "Relu" : "Identity", {inner}, {out}));
    made->add_output(out);
    return made;
  };
  ValueId z = graph.add_value("z");
  Node branch = make("If", {c}, {z});
  branch.attributes["then_branch"] = body(true);
  branch.attributes["else_branch"] = body(false);
  graph.add_node(branch);
  graph.add_output(z);
  return graph;
}

TEST(Printer, WritesOneLineANode) {
  EXPECT_EQ(to_text(example()),
            "input x: float32[1,4]\n"
            "input c: bool[]\n"
            "constant w: float32[4,8]\n"
            "y: float32[1,8] = Gemm-13(x, w, -) {alpha=1}  # project\n"
            "z = If-13(c)\n"
            "  else_branch:\n"
            "    capture y: float32[1,8]\n"
            "    out = Identity-13(y)\n"
            "    output out\n"
            "  then_branch:\n"
            "    capture y: float32[1,8]\n"
            "    out = Relu-13(y)\n"
            "    output out\n"
            "output z\n");
}

TEST(Printer, DotHasEdgesWithTypesAndClusters) {
  std::string dot = to_dot(example());
  EXPECT_THAT(dot, HasSubstr("label=\"Gemm 'project'\", tooltip=\"alpha=1\""));
  EXPECT_THAT(dot, HasSubstr("[label=\"float32[1,4]\"]"));
  EXPECT_THAT(dot, HasSubstr("subgraph cluster_"));
  EXPECT_EQ(std::count(dot.begin(), dot.end(), '{'), std::count(dot.begin(), dot.end(), '}'));
}

TEST(Verifier, AcceptsAGraphThatWasChangedByItsFunctions) {
  Graph graph = example();
  EXPECT_NO_THROW(verify(graph));
  ValueId y = graph.find_value("y");
  graph.replace_uses(y, graph.find_value("x"));
  EXPECT_NO_THROW(verify(graph));
  EXPECT_EQ(graph.remove_dead(), 1u);
  EXPECT_NO_THROW(verify(graph));
  EXPECT_NO_THROW(verify(graph.clone()));
}

TEST(Verifier, FindsUsesThatAreNotRecorded) {
  Graph graph = example();
  graph.mutable_node(NodeId{0}).inputs[0] = graph.find_value("c");
  EXPECT_THROW(verify(graph), Error);
}

TEST(Verifier, FindsCapturesThatTheGraphWasNotToldOf) {
  Graph graph = example();
  Node& branch = graph.mutable_node(NodeId{1});
  Graph& body = *std::get<std::shared_ptr<Graph>>(branch.attributes["then_branch"]);
  ValueId x = graph.find_value("x");
  body.capture(x, "x", graph.value(x).type);
  EXPECT_THROW(verify(graph), Error);
  graph.refresh_captures(NodeId{1});
  EXPECT_NO_THROW(verify(graph));
}

TEST(Verifier, FindsValuesThatNothingDefines) {
  Graph graph;
  graph.add_output(graph.add_value("y"));
  EXPECT_THROW(verify(graph), Error);
}

}  // namespace
}  // namespace convoy
