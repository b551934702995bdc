#include "tests/fuzz/branch_check.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "loaders/onnx/reader.h"
#include "loaders/onnx/writer.h"
#include "runtime/graph/verifier.h"

namespace convoy::testing {
namespace {

constexpr double kTolerance = 1e-4;
// One rounding of float16 is 5e-4, and a merge adds up in another order.
constexpr double kHalfTolerance = 2e-2;
// Inputs are around 1. Outputs that cancel to less than this hold nothing but rounding.
constexpr double kSmallest = 1e-2;
constexpr double kSmallestHalf = 0.5;

uint64_t graph_seed(uint64_t seed, int64_t number) {
  return seed * 1000003 + static_cast<uint64_t>(number) * 7919 + 17;
}

std::string difference(const std::vector<Value>& actual, const std::vector<Value>& expected,
                       double tolerance) {
  for (size_t k = 0; k < expected.size(); ++k) {
    Tensor a = actual[k].tensor().contiguous();
    Tensor b = expected[k].tensor().contiguous();
    if (!(a.shape() == b.shape()) || a.dtype() != b.dtype()) {
      return fmt::format("output {} is {}, expected {}", k, to_string(a.desc()),
                         to_string(b.desc()));
    }
    std::vector<double> x = to_doubles(a);
    std::vector<double> y = to_doubles(b);
    double largest = tolerance > kTolerance ? kSmallestHalf : kSmallest;
    double off = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::isfinite(x[i]) != std::isfinite(y[i])) {
        return fmt::format("output {} has {}, expected {}", k, x[i], y[i]);
      }
      if (!std::isfinite(y[i])) continue;
      largest = std::max(largest, std::abs(y[i]));
      off = std::max(off, std::abs(x[i] - y[i]));
    }
    if (off > tolerance * largest) {
      return fmt::format("output {} differs by {:.3g} of {:.3g}", k, off, largest);
    }
  }
  return "";
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

// The inputs, each moved by about one rounding of float16.
Feeds nudged(const Feeds& feeds, float by) {
  Feeds moved;
  for (const auto& [name, value] : feeds) {
    const Tensor& from = value.tensor();
    if (from.dtype() != DType::kFloat32) {
      moved.emplace_back(name, value);
      continue;
    }
    Tensor to = from.contiguous().clone();
    float* x = to.mutable_data<float>();
    for (int64_t i = 0; i < to.count(); ++i) x[i] *= 1 + (i % 2 == 0 ? by : -by);
    moved.emplace_back(name, to);
  }
  return moved;
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
                         BranchVerdict& verdict, double tolerance = kTolerance) {
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
    const bool excused = tolerance == kHalfTolerance && !problem.empty() &&
                         !is_steady(bytes, feeds, expected);
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
  return std::any_of(feeds.begin(), feeds.end(), [](const auto& feed) {
    return feed.second.tensor().count() == 0;
  });
}

// Other sizes for what the graph leaves open; nothing where it leaves nothing open.
Feeds resized_feeds(uint64_t seed, const Model& model, const Feeds& feeds) {
  Dice dice(seed ^ 0x51);
  // Where two sizes are open, a Reshape needs -1 for one: the other may not be 0.
  int64_t least = 0;
  for (ValueId input : model.graph.inputs()) {
    for (const Dimension& dim : *model.graph.value(input).type.shape) {
      if (!dim.known() && dim.symbol != "batch") least = 1;
    }
  }
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
      int64_t other = batch ? dice.between(least, 3) : shape[i] + dice.below(3);
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
  double tolerance = graph.writer->dtype() == DType::kFloat16 ? kHalfTolerance : kTolerance;
  verdict.problem = compare_ways(own, bytes, graph.writer->feeds(), verdict, tolerance);
  Feeds resized = resized_feeds(own, graph.writer->model(), graph.writer->feeds());
  if (!verdict.problem.empty() || resized.empty()) return verdict;
  if (!runs(bytes, resized)) return verdict;
  verdict.problem = compare_ways(own, bytes, resized, verdict, tolerance);
  if (!verdict.problem.empty()) verdict.text += " (other sizes)";
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
  bool half = std::any_of(model.graph.outputs().begin(), model.graph.outputs().end(),
                          [&](ValueId output) {
                            return model.graph.value(output).type.dtype == DType::kFloat16;
                          });
  verdict.problem = compare_ways(0, serialize_model(model), feeds, verdict,
                                 half ? kHalfTolerance : kTolerance);
  return verdict;
}

Model branch_model(uint64_t seed, int64_t number) {
  BranchGraph graph = make_branch_graph(graph_seed(seed, number));
  return read_again(serialize_model(graph.writer->model()));
}

}  // namespace convoy::testing
