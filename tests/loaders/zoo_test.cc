#include <gtest/gtest.h>

#include "loaders/onnx/reader.h"
#include "runtime/onnx/inference.h"
#include "tests/loaders/zoo.h"

namespace convoy {
namespace {

TEST(Zoo, EveryModelLoadsAndGetsTypes) {
  if (zoo_models().empty()) GTEST_SKIP() << "the zoo is not here";
  for (const std::string& path : zoo_models()) {
    Model model;
    ASSERT_NO_THROW(model = read_model(path)) << path;
    EXPECT_GT(model.graph.outputs().size(), 0u) << path;
    infer_model_types(model);
    for (ValueId output : model.graph.outputs()) {
      EXPECT_NE(model.graph.value(output).type.kind, ValueType::Kind::kUnknown) << path;
    }
  }
}

}  // namespace
}  // namespace convoy
