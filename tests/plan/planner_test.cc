#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/device/machine.h"
#include "runtime/plan/describe.h"
#include "runtime/plan/plan.h"
#include "tests/plan/row_model.h"

namespace convoy {
namespace {

using testing::add_op;
using testing::make_row_model;
using testing::RowModel;

// A graph under construction with one input x, and its plan.
class PlannerTest : public ::testing::Test {
 protected:
  PlannerTest() {
    graph_.opset = 17;
    x_ = graph_.add_input("x", ValueType::tensor(DType::kFloat32, Shape{-1, -1}));
  }

  ValueId op(std::string_view type, std::vector<ValueId> inputs, Attributes attributes = {}) {
    return add_op(graph_, type, std::move(inputs), std::move(attributes));
  }
  ValueId constant(std::vector<int64_t> values) {
    return graph_.add_constant(Tensor::from_int64s(values), "c");
  }
  const Plan& plan(const Shape& x = {6, 8}) {
    PlanOptions options;
    options.registry = &Registry::standard();
    threads_ = make_thread_pool(1);
    options.threads = threads_.get();
    plan_ = make_plan(graph_, {TensorDesc::contiguous(DType::kFloat32, x)}, options);
    return *plan_;
  }
  static int64_t copies(const Plan& plan) {
    return std::ranges::count(plan.steps, Step::Kind::kCopy, &Step::kind);
  }

  Graph graph_;
  ValueId x_;
  std::unique_ptr<ThreadPool> threads_;
  std::shared_ptr<const Plan> plan_;
};

// The step of a Conv of so many channels with three taps over X[1, channels, 400].
Step conv_step(int64_t channels) {
  Graph graph;
  graph.opset = 17;
  ValueId x = graph.add_input("x", ValueType::tensor(DType::kFloat32, Shape{1, channels, 400}));
  ValueId w = graph.add_constant(Tensor::zeros(DType::kFloat32, {channels, channels, 3}), "w");
  graph.add_output(add_op(graph, "Conv", {x, w}));
  auto threads = make_thread_pool(1);
  PlanOptions options;
  options.registry = &Registry::standard();
  options.threads = threads.get();
  auto plan =
      make_plan(graph, {TensorDesc::contiguous(DType::kFloat32, {1, channels, 400})}, options);
  return plan->steps.at(0);
}

TEST(Planner, TakesTheCheapestConvolutionByEstimate) {
  if (best_isa() != Isa::kAvx2) GTEST_SKIP() << "the estimates are of a core with AVX2";
  EXPECT_EQ(conv_step(64).kernel_name, "winograd_pixels");
  const Step few = conv_step(4);
  EXPECT_EQ(few.kernel_name, "direct");
  EXPECT_TRUE(std::ranges::any_of(few.refusals, [](const std::string& refusal) {
    return refusal.starts_with("winograd: ") && refusal.find("by estimate") != refusal.npos;
  }));
  ASSERT_TRUE(few.seconds);
  EXPECT_GT(*conv_step(64).seconds, 16 * *few.seconds);
}

TEST(Planner, RowsAreReadFromTheInputAndWrittenToTheOutput) {
  RowModel size;
  Model model = make_row_model(size);
  auto threads = make_thread_pool(1);
  PlanOptions options;
  options.registry = &Registry::standard();
  options.threads = threads.get();
  Shape x{size.batch, size.channels, size.rows, size.width};
  auto plan = make_plan(model.graph, {TensorDesc::contiguous(DType::kFloat32, x)}, options);
  ASSERT_EQ(plan->steps.size(), static_cast<size_t>(size.rows)) << describe_plan(*plan);
  EXPECT_EQ(plan->memory[0].arena_bytes, 0u);
  for (size_t h = 0; h < plan->steps.size(); ++h) {
    const Step& step = plan->steps[h];
    EXPECT_EQ(step.inputs[0].home, Home::kInput);
    EXPECT_EQ(step.inputs[0].byte_offset, static_cast<int64_t>(h) * size.width * 4);
    EXPECT_EQ(step.outputs[0].home, Home::kOutput);
    int64_t out_width = size.width - size.kernel + 1;
    EXPECT_EQ(step.outputs[0].byte_offset, static_cast<int64_t>(h) * out_width * 4);
  }
}

TEST_F(PlannerTest, ShapeArithmeticIsFolded) {
  ValueId shape = op("Shape", {x_});
  ValueId rows = op("Gather", {shape, constant({0})});
  ValueId target = op("Concat", {rows, constant({2, -1})}, {{"axis", int64_t{0}}});
  graph_.add_output(op("Relu", {op("Reshape", {x_, target})}));
  const Plan& made = plan({6, 8});
  ASSERT_EQ(made.steps.size(), 1u) << describe_plan(made);
  EXPECT_EQ(made.steps[0].inputs[0].desc.shape, (Shape{6, 2, 4}));
  EXPECT_EQ(made.outputs[0].desc.shape, (Shape{6, 2, 4}));
  EXPECT_GE(made.folded_nodes, 3u);
}

TEST_F(PlannerTest, AChainRunsInPlace) {
  ValueId value = op("Relu", {x_});
  for (int i = 0; i < 3; ++i) value = op("Sigmoid", {value});
  graph_.add_output(op("Softmax", {value}));
  const Plan& made = plan();
  EXPECT_LE(made.memory[0].arena_bytes, 6u * 8 * 4) << describe_plan(made);
  for (const Step& step : made.steps) EXPECT_NE(step.outputs[0].home, Home::kInput);
}

TEST_F(PlannerTest, MemoryIsUsedAgainAfterTheLastReader) {
  ValueId value = x_;
  for (int i = 0; i < 20; ++i) {
    value = op("Transpose", {op("Softmax", {value})}, {{"perm", std::vector<int64_t>{1, 0}}});
  }
  graph_.add_output(value);
  const Plan& made = plan({64, 64});
  EXPECT_LE(made.memory[0].arena_bytes, 3u * 64 * 64 * 4) << describe_plan(made);
}

TEST_F(PlannerTest, AnOutputThatIsAnInputIsCopied) {
  graph_.add_output(op("Identity", {x_}));
  const Plan& made = plan();
  ASSERT_EQ(made.steps.size(), 1u) << describe_plan(made);
  EXPECT_EQ(made.steps[0].inputs[0].home, Home::kInput);
  EXPECT_EQ(made.steps[0].outputs[0].home, Home::kOutput);
}

TEST_F(PlannerTest, OneValueAsTwoOutputsIsWrittenTwice) {
  ValueId y = op("Relu", {x_});
  graph_.add_output(y);
  graph_.add_output(op("Transpose", {y}, {{"perm", std::vector<int64_t>{1, 0}}}));
  const Plan& made = plan();
  ASSERT_EQ(made.outputs.size(), 2u);
  EXPECT_EQ(made.outputs[1].desc.shape, (Shape{8, 6}));
  EXPECT_EQ(made.steps.size(), 2u) << describe_plan(made);
  EXPECT_NE(made.steps[0].outputs[0].index, made.steps[1].outputs[0].index);
}

TEST_F(PlannerTest, AValueHasOneConcatHome) {
  ValueId a = op("Relu", {x_});
  ValueId b = op("Sigmoid", {x_});
  graph_.add_output(op("Concat", {a, b}, {{"axis", int64_t{0}}}));
  graph_.add_output(op("Concat", {b, a}, {{"axis", int64_t{1}}}));
  const Plan& made = plan();
  // Two producers write into the first Concat; the second one copies.
  size_t direct = 0;
  for (const Step& step : made.steps) {
    bool produces = step.node != NodeId::kNone && !graph_.node(step.node).is("Concat") &&
                    step.kind == Step::Kind::kKernel;
    if (produces && step.outputs[0].home == Home::kOutput) ++direct;
  }
  EXPECT_EQ(direct, 2u) << describe_plan(made);
}

TEST_F(PlannerTest, ARepeatedPartOfAConcatIsCopied) {
  ValueId a = op("Relu", {x_});
  graph_.add_output(op("Concat", {a, a}, {{"axis", int64_t{0}}}));
  const Plan& made = plan();
  EXPECT_EQ(made.outputs[0].desc.shape, (Shape{12, 8}));
  EXPECT_GE(made.steps.size(), 2u) << describe_plan(made);
}

TEST_F(PlannerTest, ShapesThatDependOnDataMakeDynamicSteps) {
  graph_.add_output(op("Cast", {op("NonZero", {x_})}, {{"to", int64_t{1}}}));
  const Plan& made = plan();
  ASSERT_FALSE(made.outputs[0].is_static);
  for (const Step& step : made.steps) EXPECT_EQ(step.kind, Step::Kind::kDynamic);
}

TEST_F(PlannerTest, ShapesThatDoNotAgreeAreAnErrorThatNamesTheNode) {
  ValueId weights = graph_.add_constant(Tensor::zeros(DType::kFloat32, {5, 3}), "w");
  graph_.add_output(op("MatMul", {x_, weights}));
  try {
    plan();
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("MatMul"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("float32[6,8]"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace convoy
