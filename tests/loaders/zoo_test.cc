#include <gtest/gtest.h>

#include "loaders/onnx/reader.h"
#include "loaders/onnx/writer.h"
#include "runtime/graph/verifier.h"
#include "runtime/onnx/inference.h"
#include "tests/loaders/same_model.h"
#include "tests/loaders/zoo.h"

namespace convoy {
namespace {

TEST(Zoo, EveryModelLoadsAndGetsTypes) {
  if (zoo_models().empty()) GTEST_SKIP() << "the zoo is not here";
  for (const std::string& path : zoo_models()) {
    Model model;
    ASSERT_NO_THROW(model = read_model(path)) << path;
    EXPECT_GT(model.graph.outputs().size(), 0u) << path;
    verify(model.graph);
    infer_model_types(model);
    for (ValueId output : model.graph.outputs()) {
      EXPECT_NE(model.graph.value(output).type.kind, ValueType::Kind::kUnknown) << path;
    }
  }
}

TEST(Zoo, EveryModelIsTheSameAfterWriting) {
  if (zoo_models().empty()) GTEST_SKIP() << "the zoo is not here";
  for (const std::string& path : zoo_models()) {
    SCOPED_TRACE(path);
    Model model = read_model(path);
    std::string bytes = serialize_model(model);
    Model again = read_model_bytes(std::as_bytes(std::span(bytes)), "again");
    expect_same(model, again);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace convoy
