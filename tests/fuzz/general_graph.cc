#include "tests/fuzz/general_graph.h"

#include "runtime/onnx/inference.h"
#include "tests/fuzz/value_pool.h"

namespace convoy::testing {
namespace {

void add_inputs(ValuePool& pool) {
  Dice& dice = pool.dice();
  GraphWriter& writer = pool.writer();
  int rank = static_cast<int>(dice.pick(std::vector<int64_t>{3, 4, 4, 4, 5}));
  Shape shape = {dice.between(1, 5),
                 dice.chance(50) ? dice.pick(std::vector<int64_t>{8, 16, 32}) : dice.between(1, 9)};
  while (shape.rank() < rank) shape.push_back(dice.between(3, rank == 3 ? 40 : rank == 4 ? 12 : 6));
  // Wide enough for kernels that small products do not take.
  if (rank == 3 && dice.chance(15)) shape[2] = 64;
  std::vector<std::string> symbols(shape.size());
  if (dice.chance(50)) symbols[0] = "batch";
  pool.add(writer.input(shape, symbols));
  while (pool.values().size() < 3 && dice.chance(30)) pool.add(writer.input(shape, symbols));
}

bool is_read(const Graph& graph, ValueId value) {
  const ValueInfo& info = graph.value(value);
  return !info.uses.empty() || info.is_output;
}

}  // namespace

GeneralGraph make_general_graph(uint64_t seed) {
  Dice dice(seed ^ 0x51ed270b9f4a7c15U);
  int opset = dice.pick(std::vector<int>{11, 12, 13, 14, 15, 16, 17, 17, 18, 19, 20, 21, 22, 23});
  GeneralGraph made{std::make_unique<GraphWriter>(seed, opset), ""};
  GraphWriter& writer = *made.writer;
  if (dice.chance(10)) writer.set_dtype(DType::kFloat16);
  ValuePool pool(writer);
  add_inputs(pool);
  int64_t wanted = dice.between(3, 16);
  int64_t steps = 0;
  for (int64_t tries = 0; steps < wanted && tries < 100; ++tries) {
    const auto& kinds = writer.dice().chance(45) ? window_steps() : general_steps();
    steps += writer.dice().pick(kinds)(pool) ? 1 : 0;
  }
  const Graph& graph = writer.model().graph;
  for (const SizedValue& value : pool.values()) {
    bool computed = graph.value(value.value).producer != NodeId::kNone;
    if (!is_read(graph, value.value) || (computed && writer.dice().chance(8))) {
      writer.output(value.value);
    }
  }
  infer_model_types(writer.model());
  made.text = (writer.dtype() == DType::kFloat16 ? "float16:" : "float32:") + pool.text();
  return made;
}

}  // namespace convoy::testing
