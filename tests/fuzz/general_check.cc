#include "tests/fuzz/general_check.h"

#include <filesystem>
#include <map>

#include "loaders/onnx/reader.h"
#include "loaders/onnx/writer.h"
#include "loaders/tensor_files/tensor_pb.h"
#include "runtime/op/evaluate.h"
#include "tests/device/device_check.h"
#include "tests/fuzz/compare_outputs.h"
#include "tests/op/reference_kernel.h"

namespace convoy::testing {
namespace {

uint64_t graph_seed(uint64_t seed, int64_t number) {
  return seed * 1000033 + static_cast<uint64_t>(number) * 7907 + 29;
}

// Every operator with its last kernel alone, which computes in the types that it is given.
const Registry& reference_registry() {
  static const Registry* registry = [] {
    auto* made = new Registry;
    for (const OpDef& known : Registry::standard().all()) {
      OpDef& added = made->add(known.name, known.domain);
      added = known;
      if (!added.kernels.empty()) added.kernels = {reference_kernel(known)};
    }
    return made;
  }();
  return *registry;
}

std::vector<Value> run_node_by_node(const Graph& graph, const Feeds& feeds) {
  std::map<ValueId, Value> values;
  for (size_t i = 0; i < feeds.size(); ++i) values[graph.inputs()[i]] = feeds[i].second;
  std::unique_ptr<ThreadPool> thread = make_thread_pool(1);
  EvaluateEnvironment environment{reference_registry(), *thread};
  for (NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    std::vector<Value> inputs;
    for (ValueId input : node.inputs) {
      const Tensor* constant = input == ValueId::kNone ? nullptr : graph.constant(input);
      inputs.push_back(constant ? Value(*constant) : values[input]);
    }
    std::vector<Value> outputs = evaluate_node(graph, node, inputs, {}, environment);
    for (size_t j = 0; j < outputs.size(); ++j) values[node.outputs[j]] = outputs[j];
  }
  std::vector<Value> results;
  for (ValueId output : graph.outputs()) results.push_back(values[output]);
  return results;
}

Model read_again(const std::string& bytes) {
  return read_model_bytes(std::as_bytes(std::span(bytes)), "random.onnx");
}

// The same graph with another batch, of none at times; nothing where that is fixed.
Feeds resized(uint64_t seed, const GraphWriter& writer) {
  Dice dice(seed ^ 0x77);
  Feeds feeds;
  int64_t batch = dice.chance(12) ? 0 : dice.between(1, 5);
  const Graph& graph = const_cast<GraphWriter&>(writer).model().graph;
  for (size_t i = 0; i < writer.feeds().size(); ++i) {
    const auto& dims = *graph.value(graph.inputs()[i]).type.shape;
    if (dims[0].known()) return {};
    Shape shape = writer.feeds()[i].second.tensor().shape();
    shape[0] = batch;
    feeds.emplace_back(writer.feeds()[i].first, dice.floats(shape));
  }
  return feeds;
}

struct Given {
  Feeds feeds;
  std::vector<Value> expected;
  std::string name;
};

// Whether float16 keeps the graph within its tolerance when inputs are rounded another way.
bool is_steady(const Graph& graph, const Given& given) {
  for (float by : {1e-3F, -1e-3F}) {
    std::vector<Value> moved = run_node_by_node(graph, nudged(given.feeds, by));
    if (!difference(moved, given.expected, kHalfTolerance).empty()) return false;
  }
  return true;
}

class Checker {
 public:
  Checker(uint64_t seed, GeneralGraph& made)
      : seed_(seed),
        made_(made),
        half_(made.writer->dtype() == DType::kFloat16),
        bytes_(serialize_model(made.writer->model())) {}

  std::string run() {
    try {
      stage_ = "node by node";
      const Graph& graph = made_.writer->model().graph;
      const Feeds& feeds = made_.writer->feeds();
      givens_.push_back({feeds, run_node_by_node(graph, feeds), ""});
      add_other_batch();
      std::string problem = in_session(bytes_, "a session without rewrites", false, 1);
      if (problem.empty()) problem = in_session(bytes_, "a session", true, 1);
      if (problem.empty()) problem = in_session(bytes_, "a session of two threads", true, 2);
      if (problem.empty()) problem = in_optimized_file();
      return problem;
    } catch (const std::exception& error) {
      return stage_ + ": " + error.what();
    }
  }

 private:
  void add_other_batch() {
    Feeds others = resized(seed_, *made_.writer);
    if (others.empty()) return;
    bool empty = others[0].second.tensor().count() == 0;
    try {
      std::vector<Value> expected = run_node_by_node(made_.writer->model().graph, others);
      givens_.push_back({others, std::move(expected), empty ? ", no batch" : ", another batch"});
      givens_.push_back({givens_[0].feeds, givens_[0].expected, ", the first batch again"});
    } catch (const Error&) {
      if (!empty) throw;  // nothing has no maximum
    }
  }

  std::string in_session(const std::string& bytes, const std::string& what, bool optimize,
                         int threads) {
    stage_ = what;
    SessionOptions options;
    options.optimize = optimize;
    options.threads = threads;
    Session session(read_again(bytes), options);
    double tolerance = half_ ? kHalfTolerance : kFloatTolerance;
    for (const Given& given : givens_) {
      stage_ = what + given.name;
      std::string problem = difference(session.run(given.feeds), given.expected, tolerance);
      if (problem.empty()) continue;
      if (half_ && !is_steady(made_.writer->model().graph, given)) continue;
      return stage_ + ": " + problem;
    }
    return "";
  }

  std::string in_optimized_file() {
    stage_ = "optimize";
    Model model = read_again(bytes_);
    RewriteOptions options;
    constexpr RewriteTarget kTargets[] = {RewriteTarget::kConvoy, RewriteTarget::kOrt,
                                          RewriteTarget::kAny};
    options.target = kTargets[seed_ % 3];
    optimize_graph(model, options);
    return in_session(serialize_model(model), "the optimized file", false, 1);
  }

  uint64_t seed_;
  GeneralGraph& made_;
  bool half_;
  std::string bytes_;
  std::string stage_;
  std::vector<Given> givens_;
};

void write_data_set(const std::filesystem::path& folder, const Feeds& feeds,
                    const std::vector<Value>& outputs) {
  std::filesystem::create_directories(folder);
  for (size_t i = 0; i < feeds.size(); ++i) {
    write_tensor_pb(folder / fmt::format("input_{}.pb", i), feeds[i].second, feeds[i].first);
  }
  for (size_t k = 0; k < outputs.size(); ++k) {
    write_tensor_pb(folder / fmt::format("output_{}.pb", k), outputs[k]);
  }
}

}  // namespace

GeneralVerdict check_general_graph(uint64_t seed, int64_t number) {
  uint64_t own = graph_seed(seed, number);
  GeneralGraph made = make_general_graph(own);
  GeneralVerdict verdict;
  verdict.text = fmt::format("opset {}, {}", made.writer->opset(), made.text);
  verdict.problem = Checker(own, made).run();
  return verdict;
}

GeneralVerdict check_general_graph_on(Device& device, uint64_t seed, int64_t number) {
  uint64_t own = graph_seed(seed, number);
  GeneralGraph made = make_general_graph(own);
  GeneralVerdict verdict;
  verdict.text = fmt::format("opset {}, {}", made.writer->opset(), made.text);
  std::string bytes = serialize_model(made.writer->model());
  SessionOptions options;
  options.optimize = own % 2 == 0;
  verdict.problem = difference_on_device(
      device, [&] { return read_again(bytes); }, made.writer->feeds(), own, options);
  return verdict;
}

void write_general_graph(uint64_t seed, int64_t number, const std::string& folder) {
  uint64_t own = graph_seed(seed, number);
  GeneralGraph made = make_general_graph(own);
  const Graph& graph = made.writer->model().graph;
  std::filesystem::create_directories(folder);
  write_model(made.writer->model(), folder + "/model.onnx");
  write_data_set(folder + "/test_data_set_0", made.writer->feeds(),
                 run_node_by_node(graph, made.writer->feeds()));
  Feeds others = resized(own, *made.writer);
  if (others.empty()) return;
  write_data_set(folder + "/test_data_set_1", others, run_node_by_node(graph, others));
}

}  // namespace convoy::testing
