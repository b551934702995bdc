#include "tests/fuzz/branch_graph.h"

#include <algorithm>

#include "runtime/onnx/inference.h"
#include "tests/fuzz/branch_layer.h"

namespace convoy::testing {
namespace {

bool can_be_sliced(const GraphWriter& writer, const Shape& shape) {
  if (!writer.is_static() || shape.rank() < 2) return false;
  return std::any_of(shape.begin() + 1, shape.end(), [](int64_t size) { return size >= 2; });
}

std::vector<SizedValue> random_sources(GraphWriter& writer) {
  Dice& dice = writer.dice();
  int rank = dice.chance(70) ? 4 : static_cast<int>(dice.between(2, 5));
  Shape shape = {dice.between(1, 3)};
  while (shape.rank() < rank - 1) shape.push_back(dice.between(2, rank > 4 ? 4 : 6));
  shape.push_back(dice.between(4, 9));
  std::vector<std::string> symbols(shape.size());
  if (dice.chance(20)) symbols[0] = "batch";
  if (symbols[0].empty() && dice.chance(3)) shape[0] = 0;
  if (rank > 2 && dice.chance(12)) symbols.back() = "width";
  std::vector<SizedValue> sources = {writer.input(shape, symbols)};
  while (sources.size() < 3 && dice.chance(12)) sources.push_back(writer.input(shape, symbols));
  if (dice.chance(10)) sources[0].value = writer.node("Relu", {sources[0].value});
  return sources;
}

// A layer within both branches of an If, or within a Loop of two rounds, which are stacked.
SizedValue layer_in_body(GraphWriter& writer, const std::vector<SizedValue>& sources, bool loop,
                         std::string& text) {
  ValueId condition = loop ? ValueId::kNone : writer.flag(writer.dice().chance(50));
  writer.begin_body();
  if (loop) {
    Graph& body = writer.build().graph();
    body.add_input("iteration", ValueType::tensor(DType::kInt64, Shape{}));
    ValueId go = body.add_input("go", ValueType::tensor(DType::kBool, Shape{}));
    writer.output(writer.node("Identity", {go}));
  }
  std::vector<SizedValue> inner;
  for (const SizedValue& source : sources) inner.push_back(writer.captured(source));
  text += loop ? "in a Loop: " : "in an If: ";
  SizedValue joined = write_branch_layer(writer, inner, text);
  writer.output(joined.value);
  std::shared_ptr<Graph> body = writer.end_body();
  size_t outputs = body->outputs().size() - (loop ? 1 : 0);
  std::vector<ValueType> types(outputs);
  std::vector<ValueId> values;
  if (loop) {
    ValueId rounds = writer.build().constant(Tensor::scalar<int64_t>(2));
    values = writer.build().nodes("Loop", {rounds, ValueId::kNone}, {{"body", body}}, types);
    joined.shape.insert(0, 2);
  } else {
    auto other = std::make_shared<Graph>(body->clone());
    ValueId last = other->outputs().back();
    other->set_output(outputs - 1,
                      GraphBuilder(*other, writer.opset(), "other").node("Neg", {last}));
    values = writer.build().nodes("If", {condition},
                                  {{"then_branch", body}, {"else_branch", other}}, types);
  }
  for (size_t i = 0; i + 1 < values.size(); ++i) writer.output(values[i]);
  return {values.back(), joined.shape};
}

SizedValue random_layer(GraphWriter& writer, const std::vector<SizedValue>& sources,
                        std::string& text) {
  if (writer.dice().chance(8)) {
    bool loop = writer.dice().chance(50) && writer.opset() >= 11;
    return layer_in_body(writer, sources, loop, text);
  }
  return write_branch_layer(writer, sources, text);
}

}  // namespace

BranchGraph make_branch_graph(uint64_t seed) {
  Dice dice(seed ^ 0x9e3779b97f4a7c15U);
  int opset = dice.pick(std::vector<int>{9,  10, 11, 11, 12, 13, 13, 14, 15, 16,
                                         17, 17, 18, 18, 19, 20, 21, 22, 23, 23});
  BranchGraph made{std::make_unique<GraphWriter>(seed, opset), ""};
  if (dice.chance(10)) {
    made.writer->set_dtype(DType::kFloat16);
    made.text += "float16, ";
  }
  if (dice.chance(30)) made.writer->vary_attributes();
  if (dice.chance(15)) made.writer->compute_parameters();
  std::vector<SizedValue> sources = random_sources(*made.writer);
  for (int layer = 0; layer < 3; ++layer) {
    if (layer > 0) made.text += "; ";
    SizedValue joined = random_layer(*made.writer, sources, made.text);
    bool more = dice.chance(25) && can_be_sliced(*made.writer, joined.shape) &&
                element_count(joined.shape) < kLargestValue && joined.shape.rank() <= 5;
    if (more) {
      sources = {joined};
      continue;
    }
    made.writer->output(joined.value);
    break;
  }
  if (made.writer->model().graph.outputs().empty()) made.writer->output(sources[0].value);
  infer_model_types(made.writer->model());
  return made;
}

}  // namespace convoy::testing
