#include "tests/fuzz/branch_check.h"

#include <algorithm>
#include <map>

#include "loaders/onnx/reader.h"
#include "loaders/onnx/writer.h"
#include "runtime/graph/verifier.h"
#include "tests/device/device_check.h"
#include "tests/fuzz/compare_outputs.h"

namespace convoy::testing {
namespace {

uint64_t graph_seed(uint64_t seed, int64_t number) {
  return seed * 1000003 + static_cast<uint64_t>(number) * 7919 + 17;
}

Model read_again(const std::string& bytes) {
  return read_model_bytes(std::as_bytes(std::span(bytes)), "random.onnx");
}

std::vector<Value> run(Model model, const Feeds& feeds, bool optimize) {
  SessionOptions options;
  options.optimize = optimize;
  options.threads = 1;
  return Session(std::move(model), options).run(feeds);
}

bool is_merge(const std::string& rule) {
  return rule.starts_with("merge_") && !rule.starts_with("merge_equal_");
}

// Whether the graph as it is stays within the tolerance of float16 when its inputs are rounded
// another way: of one that does not (a Sin or Tanh of hundreds) no way to compute it can be told
// from another.
bool is_steady(const std::string& bytes, const Feeds& feeds, const std::vector<Value>& expected) {
  for (float by : {1e-3F, -1e-3F}) {
    std::vector<Value> moved = run(read_again(bytes), nudged(feeds, by), false);
    if (!difference(moved, expected, kHalfTolerance).empty()) return false;
  }
  return true;
}

std::string compare_ways(uint64_t seed, const std::string& bytes, const Feeds& feeds,
                         BranchVerdict& verdict, double tolerance = kFloatTolerance) {
  std::string stage = "the graph as it is";
  try {
    std::vector<Value> expected = run(read_again(bytes), feeds, false);

    stage = "optimize";
    Model optimized = read_again(bytes);
    RewriteOptions options;
    constexpr RewriteTarget kTargets[] = {RewriteTarget::kConvoy, RewriteTarget::kOrt,
                                          RewriteTarget::kAny};
    options.target = kTargets[seed % 5 < 3 ? 0 : seed % 5 - 2];
    RewriteReport report = optimize_graph(optimized, options);
    for (const RewriteEntry& entry : report.fired) {
      verdict.merged = verdict.merged || is_merge(entry.rule);
    }
    verify(optimized.graph);

    stage = "the optimized graph";
    std::string problem =
        difference(run(read_again(serialize_model(optimized)), feeds, false), expected, tolerance);
    if (!problem.empty()) return stage + ": " + problem;
    stage = "the session";
    problem = difference(run(read_again(bytes), feeds, true), expected, tolerance);
    const bool excused =
        tolerance == kHalfTolerance && !problem.empty() && !is_steady(bytes, feeds, expected);
    return problem.empty() || excused ? "" : stage + ": " + problem;
  } catch (const std::exception& error) {
    return stage + ": " + error.what();
  }
}

// Windows may not fit other sizes, and nothing has no maximum.
bool runs(const std::string& bytes, const Feeds& feeds) {
  try {
    run(read_again(bytes), feeds, false);
  } catch (const Error&) {
    return false;
  }
  return true;
}

bool has_empty(const Feeds& feeds) {
  return std::any_of(feeds.begin(), feeds.end(),
                     [](const auto& feed) { return feed.second.tensor().count() == 0; });
}

// Other sizes for what the graph leaves open; nothing where it leaves nothing open.
Feeds resized_feeds(uint64_t seed, const Model& model, const Feeds& feeds) {
  Dice dice(seed ^ 0x51);
  std::map<std::string, int64_t> sizes;
  Feeds resized;
  for (const auto& [name, value] : feeds) {
    ValueId input = model.graph.find_value(name);
    Shape shape = value.tensor().shape();
    const auto& dims = *model.graph.value(input).type.shape;
    bool open = false;
    for (int i = 0; i < shape.rank(); ++i) {
      const Dimension& dim = dims[static_cast<size_t>(i)];
      if (dim.known()) continue;
      open = true;
      bool batch = dim.symbol == "batch";
      int64_t other = dice.chance(15) ? 0 : batch ? dice.between(1, 3) : shape[i] + dice.below(3);
      shape[i] = sizes.try_emplace(dim.symbol, other).first->second;
    }
    if (open) {
      resized.emplace_back(name, dice.floats(shape));
    } else {
      resized.emplace_back(name, value);
    }
  }
  return sizes.empty() ? Feeds() : resized;
}

}  // namespace

BranchVerdict check_branch_graph(uint64_t seed, int64_t number) {
  BranchVerdict verdict;
  uint64_t own = graph_seed(seed, number);
  BranchGraph graph = make_branch_graph(own);
  verdict.text = fmt::format("opset {}: {}", graph.writer->opset(), graph.text);
  std::string bytes = serialize_model(graph.writer->model());
  if (has_empty(graph.writer->feeds()) && !runs(bytes, graph.writer->feeds())) return verdict;
  double tolerance = graph.writer->dtype() == DType::kFloat16 ? kHalfTolerance : kFloatTolerance;
  verdict.problem = compare_ways(own, bytes, graph.writer->feeds(), verdict, tolerance);
  Feeds resized = resized_feeds(own, graph.writer->model(), graph.writer->feeds());
  if (!verdict.problem.empty() || resized.empty()) return verdict;
  if (!runs(bytes, resized)) return verdict;
  verdict.problem = compare_ways(own, bytes, resized, verdict, tolerance);
  if (!verdict.problem.empty()) verdict.text += " (other sizes)";
  return verdict;
}

BranchVerdict check_branch_graph_on(Device& device, uint64_t seed, int64_t number) {
  BranchVerdict verdict;
  BranchGraph graph = make_branch_graph(graph_seed(seed, number));
  verdict.text = fmt::format("opset {}: {}", graph.writer->opset(), graph.text);
  std::string bytes = serialize_model(graph.writer->model());
  verdict.problem = difference_on_device(
      device, [&] { return read_again(bytes); }, graph.writer->feeds(), graph_seed(seed, number));
  return verdict;
}

BranchVerdict check_branch_file(const std::string& path) {
  BranchVerdict verdict;
  verdict.text = path;
  Model model = read_model(path);
  Dice dice(1);
  Feeds feeds;
  for (ValueId input : model.graph.inputs()) {
    const ValueInfo& info = model.graph.value(input);
    Shape shape;
    for (const Dimension& dim : *info.type.shape) shape.push_back(dim.known() ? dim.size : 4);
    bool flag = info.type.dtype == DType::kBool;
    feeds.emplace_back(info.name, flag ? Tensor::scalar(true) : dice.floats(shape));
  }
  bool half = std::any_of(
      model.graph.outputs().begin(), model.graph.outputs().end(),
      [&](ValueId output) { return model.graph.value(output).type.dtype == DType::kFloat16; });
  verdict.problem = compare_ways(0, serialize_model(model), feeds, verdict,
                                 half ? kHalfTolerance : kFloatTolerance);
  return verdict;
}

Model branch_model(uint64_t seed, int64_t number) {
  BranchGraph graph = make_branch_graph(graph_seed(seed, number));
  return read_again(serialize_model(graph.writer->model()));
}

}  // namespace convoy::testing
