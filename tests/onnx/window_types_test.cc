// Types of windows and resizes as a model is loaded, sizes known and not.
#include <limits>

#include <gtest/gtest.h>

#include "runtime/onnx/inference.h"

namespace convoy {
namespace {

using Ints = std::vector<int64_t>;
using Sizes = std::vector<Dimension>;

struct WindowModel {
  Model model;

  explicit WindowModel(int version) { model.opsets[""] = version; }

  ValueId input(Sizes sizes, DType dtype = DType::kFloat32) {
    Graph& graph = model.graph;
    return graph.add_input(graph.unique_name("x"), ValueType::tensor(dtype, std::move(sizes)));
  }
  ValueId constant(const Tensor& tensor) {
    return model.graph.add_constant(tensor, model.graph.unique_name("c"));
  }
  ValueId weight(const Shape& shape) { return constant(Tensor::zeros(DType::kFloat32, shape)); }
  // The types of the node's outputs, as text.
  std::vector<std::string> types(const char* op, std::vector<ValueId> inputs, Attributes attributes,
                                 size_t outputs = 1) {
    Graph& graph = model.graph;
    Node node;
    node.op_type = op;
    node.version = static_cast<int>(model.opsets[""]);
    node.inputs = std::move(inputs);
    for (size_t j = 0; j < outputs; ++j) {
      node.outputs.push_back(graph.add_value(graph.unique_name("y")));
    }
    node.attributes = std::move(attributes);
    std::vector<ValueId> made = graph.node(graph.add_node(std::move(node))).outputs;
    for (ValueId value : made) graph.add_output(value);
    infer_model_types(model);
    std::vector<std::string> texts;
    for (ValueId value : made) texts.push_back(to_string(graph.value(value).type));
    return texts;
  }
};

using Texts = std::vector<std::string>;

TEST(WindowTypes, FollowTheRulesOfTheOperators) {
  Sizes image = {{-1, "n"}, {4, ""}, {9, ""}, {-1, "w"}};
  {
    WindowModel m(11);
    EXPECT_EQ(
        m.types("MaxPool", {m.input(image)},
                {{"kernel_shape", Ints{1, 1}}, {"strides", Ints{4, 1}}, {"ceil_mode", int64_t{1}}},
                2),
        (Texts{"float32[n,4,3,?]", "int64[n,4,3,?]"}));
  }
  {
    WindowModel m(18);  // a window behind the input: dropped before opset 22 too
    EXPECT_EQ(m.types("AveragePool", {m.input({{1, ""}, {2, ""}, {6, ""}})},
                      {{"kernel_shape", Ints{1}}, {"strides", Ints{3}}, {"ceil_mode", int64_t{1}}}),
              Texts{"float32[1,2,2]"});
  }
  {
    WindowModel m(17);
    EXPECT_EQ(m.types("Conv", {m.input(image), m.weight({8, 4, 3, 3})},
                      {{"auto_pad", std::string("VALID")},
                       {"pads", Ints{1, 1, 1, 1}},
                       {"strides", Ints{2, 2}}}),
              Texts{"float32[n,8,4,?]"});
  }
  {
    WindowModel m(17);
    EXPECT_EQ(m.types("Conv", {m.input(image), m.weight({8, 4, 3, 3})},
                      {{"auto_pad", std::string("SAME_LOWER")}, {"strides", Ints{2, 1}}}),
              Texts{"float32[n,8,5,w]"});
  }
  {
    WindowModel m(17);
    EXPECT_EQ(
        m.types("ConvTranspose", {m.input(image), m.weight({4, 3, 2, 2})},
                {{"group", int64_t{2}}, {"strides", Ints{2, 2}}, {"output_padding", Ints{1, 0}}}),
        Texts{"float32[n,6,19,?]"});
  }
  {
    WindowModel m(17);
    EXPECT_EQ(m.types("GlobalMaxPool", {m.input(image)}, {}), Texts{"float32[n,4,1,1]"});
  }
}

TEST(WindowTypes, OfIntegersFollowTheZeroPoint) {
  Sizes row = {{1, ""}, {2, ""}, {5, ""}};
  WindowModel sums(17);
  ValueId w = sums.constant(Tensor::zeros(DType::kUInt8, {3, 2, 2}));
  EXPECT_EQ(sums.types("ConvInteger", {sums.input(row, DType::kUInt8), w}, {}),
            Texts{"int32[1,3,4]"});
  WindowModel m(17);
  ValueId x = m.input(row, DType::kUInt8);
  ValueId scale = m.constant(Tensor::scalar(1.0F));
  ValueId zero = m.constant(Tensor::scalar<uint8_t>(1));
  ValueId weight = m.constant(Tensor::zeros(DType::kUInt8, {3, 2, 2}));
  EXPECT_EQ(m.types("QLinearConv", {x, scale, zero, weight, scale, zero, scale, zero}, {}),
            Texts{"uint8[1,3,4]"});
}

TEST(WindowTypes, OfResizesAreProductsOfFloat32) {
  Sizes row = {{-1, "n"}, {2, ""}, {10, ""}, {-1, "w"}};
  auto factors = [](std::vector<float> list) {
    return Tensor::from<float>({static_cast<int64_t>(list.size())}, list);
  };
  WindowModel m(18);
  ValueId scales = m.constant(factors({1, 1, 0.7F, 2}));
  EXPECT_EQ(m.types("Resize", {m.input(row), ValueId::kNone, scales}, {}),
            Texts{"float32[n,2,7,?]"});
  WindowModel old(8);
  EXPECT_EQ(old.types("Upsample", {old.input(row)}, {{"scales", std::vector<float>{1, 1, .7F, 1}}}),
            Texts{"float32[n,2,7,w]"});
  WindowModel sized(18);
  ValueId sizes = sized.constant(Tensor::from_int64s(Ints{3, 4}));
  EXPECT_EQ(sized.types("Resize", {sized.input(row), ValueId::kNone, ValueId::kNone, sizes},
                        {{"axes", Ints{2, -1}}}),
            Texts{"float32[n,2,3,4]"});
}

TEST(WindowTypes, OfHostileNumbersStayOpen) {
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  Sizes row = {{1, ""}, {1, ""}, {5, ""}};
  for (const char* op : {"Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool"}) {
    for (const char* name : {"strides", "dilations", "kernel_shape", "pads"}) {
      for (Ints list : {Ints{0}, Ints{-1}, Ints{kHuge}, Ints{-kHuge - 1, kHuge}, Ints{1, 1, 1}}) {
        WindowModel m(17);
        Attributes attributes{{"kernel_shape", Ints{2}}, {name, list}};
        std::vector<ValueId> inputs{m.input(row)};
        if (!std::string(op).ends_with("Pool")) inputs.push_back(m.weight({1, 1, 2}));
        Texts types = m.types(op, inputs, attributes);
        EXPECT_TRUE(types[0].find('-') == std::string::npos) << op << " " << name << types[0];
      }
    }
  }
}

}  // namespace
}  // namespace convoy
