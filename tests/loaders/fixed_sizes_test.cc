// Sizes that the user of a model fixes.
#include <gtest/gtest.h>

#include "loaders/onnx/reader.h"
#include "tests/loaders/proto_model.h"

namespace convoy {
namespace {

// x and y float32[n,3], the first dimension of x denoted DATA_BATCH.
onnx::ModelProto open_model() {
  onnx::ModelProto model = empty_model();
  add_node(*model.mutable_graph(), "Relu", {"x"}, {"y"});
  for (auto* value :
       {model.mutable_graph()->mutable_input(0), model.mutable_graph()->mutable_output(0)}) {
    auto* shape = value->mutable_type()->mutable_tensor_type()->mutable_shape();
    shape->Clear();
    shape->add_dim()->set_dim_param("n");
    shape->add_dim()->set_dim_value(3);
  }
  auto* input = model.mutable_graph()->mutable_input(0)->mutable_type();
  input->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_denotation("DATA_BATCH");
  return model;
}

std::string types_with(const onnx::ModelProto& proto, const ReadOptions& options) {
  std::string bytes = proto.SerializeAsString();
  std::span<const std::byte> span(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size());
  Model model = read_model_bytes(span, "m", options);
  const Graph& graph = model.graph;
  return to_string(graph.value(graph.inputs()[0]).type) + " " +
         to_string(graph.value(graph.outputs()[0]).type);
}

TEST(FixedSizes, BySymbolAndByDenotation) {
  ReadOptions options;
  EXPECT_EQ(types_with(open_model(), options), "float32[n,3] float32[n,3]");
  options.sizes["m"] = 9;
  EXPECT_EQ(types_with(open_model(), options), "float32[n,3] float32[n,3]");
  options.sizes["n"] = 2;
  EXPECT_EQ(types_with(open_model(), options), "float32[2,3] float32[2,3]");
  options = {};
  options.denoted_sizes["DATA_BATCH"] = 4;
  EXPECT_EQ(types_with(open_model(), options), "float32[4,3] float32[4,3]");
}

TEST(FixedSizes, NegativeOnesAreErrors) {
  ReadOptions options;
  options.sizes["n"] = -1;
  EXPECT_THROW(types_with(open_model(), options), Error);
}

}  // namespace
}  // namespace convoy
