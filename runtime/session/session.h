// A model made ready to run.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/graph/graph.h"
#include "runtime/rewrite/optimize.h"
#include "runtime/session/graph_runner.h"

namespace convoy {

struct SessionOptions {
  int threads = 0;  // of one run; 0: default_thread_count()
  // Where nodes are computed that have a kernel there; the others are computed on the CPU.
  DeviceId device;
  Subnormals subnormals = Subnormals::kFlushedInSums;
  bool optimize = true;
  std::vector<std::string> skip_rules;
  std::vector<std::string> only_rules;
  size_t memory_limit = 0;  // bytes of intermediate values of one run; 0: no limit
  size_t max_plans = 64;    // plans kept, one for each set of input shapes
  std::string tuning_file;  // where measured kernel choices are kept; empty: chosen by rule
};

struct ValueDescription {
  std::string name;
  ValueType type;
};

struct StepTime {
  std::string name;     // node label
  std::string op_type;  // "Conv", "copy", "reorder"
  std::string kernel;
  std::string device;                // "cpu"
  std::string output_type;           // "float32[1,8,16]"
  std::chrono::nanoseconds start{};  // since the run began
  std::chrono::nanoseconds duration{};
};

// An observer that appends what each step took; `start` counts from this call. `steps` outlives it.
StepObserver record_steps(std::vector<StepTime>& steps);

using Feeds = std::vector<std::pair<std::string, Value>>;

// Thread-safe after construction: run() may be called from several threads at once. Lives on in a
// child that the process forks, with what it has planned and packed: run() works there too.
class Session {
 public:
  // Throws Error: kInvalidModel, kUnsupported (naming every operator that is missing, or the device
  // that is not there).
  explicit Session(Model model, SessionOptions options = {});
  ~Session();

  // What a caller feeds (initializers that are listed as inputs excepted) and gets.
  const std::vector<ValueDescription>& inputs() const { return inputs_; }
  // Initializers that are listed as inputs (from IR 4), in the model's order: a feed of that name
  // stands in for the default in its own run alone. They are never folded as constants.
  const std::vector<ValueDescription>& overridable_initializers() const { return overridable_; }
  // Sizes that the model leaves open are as inferred, where they are the same in every run.
  const std::vector<ValueDescription>& outputs() const { return outputs_; }
  const Model& model() const { return model_; }  // as it runs: expanded and rewritten
  const RewriteReport& report() const { return report_; }
  int threads() const { return pool_->thread_count(); }

  // Outputs by name, all of them in the model's order if `names` is empty. `feeds` are inputs() and
  // any of overridable_initializers(). Throws kInvalidInput for a missing, unknown, misshapen or
  // mistyped input, or an unknown output.
  std::vector<Value> run(const Feeds& feeds, std::span<const std::string> names = {},
                         const StepObserver* observer = nullptr);

  // What Binding needs. Positions among the graph's inputs and outputs; throw kInvalidInput for an
  // unknown name.
  size_t input_position(std::string_view name) const;
  size_t output_position(std::string_view name) const;
  // In the graph's order: the initializers that stand for inputs, empty optionals, undefined
  // elsewhere.
  std::vector<Value> default_inputs() const;
  // A value fed to input `index` as run_into takes it: with its maps as the model declares them.
  // Throws kInvalidInput.
  Value fit_feed(size_t index, const Value& value) const;
  // Inputs in the graph's order; see GraphRunner::run_into.
  void run_into(std::span<const Value> inputs, std::span<const TensorView> bound,
                std::span<Value> outputs, const StepObserver* observer = nullptr);

  // One run, and what each of its steps took.
  std::vector<Value> profile(const Feeds& feeds, std::vector<StepTime>& steps);

  // The plan for these feeds as text: kernel of each step, why others were refused, places.
  std::string explain(const Feeds& feeds);

  PlanCache::Statistics statistics() const { return runner_->statistics(); }
  size_t packed_weight_bytes() const;

 private:
  void optimize();
  template <typename Body>
  void call(const Body& body);
  void describe_outputs();
  std::vector<Value> order_feeds(const Feeds& feeds) const;
  std::string input_names() const;
  void check_input_type(size_t index, const Value& value) const;

  SessionOptions options_;
  Model model_;
  RewriteReport report_;
  std::vector<ValueDescription> inputs_;
  std::vector<ValueDescription> overridable_;
  std::vector<ValueDescription> outputs_;
  std::map<std::string, size_t, std::less<>> input_index_;  // into the graph's inputs
  std::unique_ptr<ThreadPool> pool_;
  SessionWeights weights_;
  std::unique_ptr<SessionWeights> device_weights_;  // nullptr where the device is the CPU
  std::shared_ptr<BufferPool> output_pool_;
  std::unique_ptr<Tuner> tuner_;
  std::unique_ptr<GraphRunner> runner_;
};

}  // namespace convoy
